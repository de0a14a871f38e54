"""Canaries in the place of secrets, servers that shout back what they were told, and processes that log everything."""

from __future__ import annotations

import json
import os
import re
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote
from xml.sax.saxutils import escape

import pytest

ROOT = Path(__file__).parents[2]
WITHIN_S = 180.0
WINDOW = 12
"""So many characters of a secret in a row are a leak: a secret that is cut is still half a secret."""

CANARIES = {
    "access key secret": "cNry0Secret/Of+An=AccessKey0301",
    "security token": "CAIScNry1Temporary/Token+" + "xKq7/Zp+" * 60 + "end==",
    "hook token": "cNry2HookTokenInAPath_W7hJ",
    "older hook token": "cNry3OlderHookToken-9fGk2",
    "approval key": "cNry6KeyThatSealsLinks-4mZq-ofApprovals",
    "channel": "cNry4PathOfAChatRobot5tYb",
    "channel key": "cNry5QueryOfAChatRobot8uVc",
}
KEY_ID = "LTAIcanary0301"


def leaks_in(text: str, canaries: Mapping[str, str]) -> list[str]:
    """The canaries of which a piece is in the text, in any spelling that a URL, a log or a message gives them."""
    found = []
    for name, plain in canaries.items():
        spellings = {plain, quote(plain, safe=""), quote(quote(plain, safe=""), safe=""), escape(plain)}
        if any(one[at : at + WINDOW] in text for one in spellings for at in range(len(one) - WINDOW + 1)):
            found.append(name)
    return found


@pytest.fixture(scope="session")
def canaries() -> Mapping[str, str]:
    """One secret of each kind, none of them like anything else."""
    return CANARIES


@pytest.fixture(scope="session")
def key_id() -> str:
    """The name of the access key. It is no secret, and may be told."""
    return KEY_ID


@pytest.fixture(scope="session")
def leaks() -> Callable[..., list[str]]:
    """Say which canaries a text gives away, in whole or in part."""
    return lambda text, among=CANARIES: leaks_in(text, among)


@pytest.fixture(scope="session")
def root() -> Path:
    """The project's folder."""
    return ROOT


@dataclass(frozen=True)
class Heard:
    """One request as it came over the line, secrets and all."""

    line: str
    headers: str
    body: bytes

    @property
    def whole(self) -> str:
        """All of it."""
        return f"{self.line}\n{self.headers}\n{self.body.decode(errors='replace')}"


@dataclass
class Shouter:
    """A server that knows no discretion."""

    endpoint: str = ""
    heard: list[Heard] = field(default_factory=list)


Answer = Callable[[BaseHTTPRequestHandler, Heard], None]


def says(status: int, kind: str, shape: Callable[[str], str], **headers: str) -> Answer:
    """Answer with all that was asked, in some shape."""

    def answer(handler: BaseHTTPRequestHandler, heard: Heard) -> None:
        raw = shape(heard.whole).encode()
        handler.send_response(status)
        for name, value in {"Content-Type": kind, **headers}.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(raw)))
        handler.end_headers()
        handler.wfile.write(raw)

    return answer


def raw(head: str) -> Answer:
    """Answer with these very bytes, then hang up."""

    def answer(handler: BaseHTTPRequestHandler, heard: Heard) -> None:
        path = heard.line.split(" ")[1]
        handler.wfile.write(head.format(path=path).encode())
        handler.close_connection = True

    return answer


def _resets(handler: BaseHTTPRequestHandler, _heard: Heard) -> None:
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.close_connection = True
    handler.connection.close()


def envelope(whole: str) -> str:
    """The vendor's refusal of a signature: it prints what it would have signed."""
    message = (
        f"Specified signature is not matched with our calculation. server string to sign is:{quote(whole, safe='')}"
    )
    said = {"Code": "SignatureDoesNotMatch", "Message": message, "RequestId": "R-1", "HostId": "h"}
    return json.dumps({**said, "ErrorCode": said["Code"], "ErrorMessage": whole, "Recommend": whole})


def canonical(whole: str) -> str:
    """The newer refusal: the canonical request, headers and all, in the clear."""
    message = f"signature does not conform. server CanonicalRequest is [{whole}]"
    return json.dumps({"Code": "SignatureDoesNotMatch", "Message": message, "RequestId": "R-1"})


def oss_refusal(whole: str) -> str:
    """The refusal of OSS, which has the canonical request in elements of its own."""
    told = f"<StringToSign>{escape(whole)}</StringToSign><CanonicalRequest>{escape(whole)}</CanonicalRequest>"
    said = "<Code>SignatureDoesNotMatch</Code><Message>The request signature does not match.</Message>"
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<Error>{said}<RequestId>R-1</RequestId>{told}</Error>'


def after_token(whole: str) -> str:
    """An answer that begins with the token, and is cut in the middle of it by whoever shows only so much."""
    return re.split(r"(?i)security-?token[=:] *", whole)[-1]


ANSWERS: dict[str, Answer] = {
    "the string to sign": says(400, "application/json", envelope),
    "the canonical request": says(403, "application/json", canonical),
    "a refusal of OSS": says(403, "application/xml", oss_refusal),
    "a page of a proxy": says(502, "text/html", lambda whole: f"<html><pre>{whole}</pre></html>"),
    "a forbidding page": says(403, "text/html", lambda whole: f"<html>{whole}"),
    "an error of the server": says(500, "application/json", lambda whole: json.dumps({"Message": whole})),
    "a page with 200": says(200, "text/html", lambda whole: whole),
    "what follows the token, with 200": says(200, "text/html", after_token),
    "what follows the token, with 403": says(403, "text/html", after_token),
    "a redirect": says(307, "text/html", lambda whole: whole, Location="{elsewhere}"),
    "half an answer": raw("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{path}"),
    "headers that are none": raw("HTTP/1.1 500 No\r\nno colon {path}\r\nContent-Length: 2\r\n\r\n{{}}"),
    "no HTTP": raw("{path}\r\n\r\n"),
    "a reset": _resets,
}


@pytest.fixture(scope="module")
def shouters() -> Iterator[tuple[dict[str, Shouter], Shouter]]:
    """One server for each bad end, and the one that a redirect leads to."""
    with ExitStack() as stack:
        elsewhere = _open(stack, says(200, "application/json", envelope), "")
        url = f"http://{elsewhere.endpoint}/elsewhere"
        yield {name: _open(stack, answer, url) for name, answer in ANSWERS.items()}, elsewhere


def _open(stack: ExitStack, answer: Answer, elsewhere: str) -> Shouter:
    shouter = Shouter()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def take(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            heard = Heard(self.requestline, str(self.headers), body)
            shouter.heard.append(heard)
            answer(self, heard)

        do_GET = do_POST = do_PUT = do_DELETE = take  # noqa: N815 - names that the base class calls

        def send_header(self, keyword: str, value: str) -> None:
            super().send_header(keyword, value.replace("{elsewhere}", elsewhere))

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    shouter.endpoint = f"127.0.0.1:{server.server_address[1]}"
    stack.callback(server.server_close)
    stack.callback(server.shutdown)
    return shouter


Runs = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def runs() -> Runs:
    """Run Python code in a process of its own that logs everything, the SDKs' debugging too. `environ` has secrets."""

    def run(code: str, environ: Mapping[str, str], *arguments: str, check: bool = True) -> Any:
        return python(["-c", LOUD + code, *arguments], environ, check=check)

    return run


LOUD = "import logging, sys\nlogging.basicConfig(level=logging.DEBUG, stream=sys.stderr)\n"


def python(arguments: Sequence[str], environ: Mapping[str, str], *, check: bool = True) -> Any:
    """Run Python with this environment, and nothing more of ours than it needs to run."""
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG")}  # noqa: TID251
    given = {**kept, "DEBUG": "sdk", "PYTHONPATH": str(ROOT), **environ}
    ran = subprocess.run(
        [sys.executable, *arguments], env=given, capture_output=True, text=True, timeout=WITHIN_S, check=False
    )
    assert not check or ran.returncode == 0, ran.stderr[-2000:]
    return ran


@pytest.fixture
def asking(canaries: Mapping[str, str], key_id: str) -> dict[str, str]:
    """The environment of a process that asks and tells: every secret, and each only here."""
    url = f"ENDPOINT/{canaries['channel']}?"
    return {
        "TIDEGATE_ACCOUNT": "1",
        "TIDEGATE_REGION": "cn-hangzhou",
        "TIDEGATE_STORE": "oss://ledger",
        "ALIBABA_CLOUD_ACCESS_KEY_ID": key_id,
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": canaries["access key secret"],
        "ALIBABA_CLOUD_SECURITY_TOKEN": canaries["security token"],
        "TIDEGATE_HOOK_TOKENS": f"{canaries['hook token']},{canaries['older hook token']}",
        "TIDEGATE_CHAT_URL": f"json://{url}+X-Key={canaries['channel key']}",
        "TIDEGATE_ROBOT_URL": f"form://u:pass@{url}-token={canaries['channel key']}",
    }
