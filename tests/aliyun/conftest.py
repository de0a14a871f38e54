"""A vendor of loopback HTTP that answers as told, also in ways no well-behaved server does."""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from tidegate.aliyun.client import Aliyun
from tidegate.aliyun.credentials import Credentials
from tidegate.aliyun.patience import Patience

SECRET = "kfg0S3cr/tKey+nobody=sees"
TOKEN = "CAIS+temporary/token=="


@dataclass(frozen=True)
class Seen:
    """One request as it arrived."""

    method: str
    query: dict[str, str]
    form: dict[str, str]
    from_port: int

    @property
    def parameters(self) -> dict[str, str]:
        """Query and form together."""
        return {**self.query, **self.form}


@dataclass
class Vendor:
    """Answers in the order told; the last answer stays."""

    endpoint: str = ""
    answers: deque[Callable[[BaseHTTPRequestHandler], None]] = field(default_factory=deque)
    seen: list[Seen] = field(default_factory=list)
    closing: threading.Event = field(default_factory=threading.Event)

    def says(self, status: int, body: Any, kind: str = "application/json") -> None:
        """Answer with this body: bytes as they are, anything else as JSON."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()

        def answer(handler: BaseHTTPRequestHandler) -> None:
            handler.send_response(status)
            handler.send_header("Content-Type", kind)
            handler.send_header("Content-Length", str(len(raw)))
            handler.end_headers()
            handler.wfile.write(raw)

        self.answers.append(answer)

    def refuses(self, status: int, code: str, message: str = "no") -> None:
        """Answer with the vendor's error envelope."""
        self.says(status, {"Code": code, "Message": message, "RequestId": "R-1", "HostId": "h"})

    def resets(self) -> None:
        """Reset the connection instead of answering."""

        def answer(handler: BaseHTTPRequestHandler) -> None:
            linger = struct.pack("ii", 1, 0)
            handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            handler.close_connection = True
            handler.connection.close()

        self.answers.append(answer)

    def breaks_off(self) -> None:
        """Send half an answer, then hang up."""

        def answer(handler: BaseHTTPRequestHandler) -> None:
            handler.send_response(200)
            handler.send_header("Content-Length", "1000")
            handler.end_headers()
            handler.wfile.write(b'{"RequestId"')
            handler.close_connection = True

        self.answers.append(answer)

    def hangs(self) -> None:
        """Say nothing for as long as the test takes."""

        def answer(handler: BaseHTTPRequestHandler) -> None:
            self.closing.wait(30)
            handler.close_connection = True

        self.answers.append(answer)


@pytest.fixture
def vendors() -> Iterator[Callable[[], Vendor]]:
    """Open vendors as asked; all close with the test."""
    opened: list[tuple[Vendor, ThreadingHTTPServer]] = []

    def opens() -> Vendor:
        vendor = Vendor()
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler_of(vendor))
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        vendor.endpoint = f"127.0.0.1:{server.server_address[1]}"
        opened.append((vendor, server))
        return vendor

    yield opens
    for vendor, server in opened:
        vendor.closing.set()
        server.shutdown()
        server.server_close()


@pytest.fixture
def vendor(vendors: Callable[[], Vendor]) -> Vendor:
    """One vendor."""
    return vendors()


def handler_of(vendor: Vendor) -> type[BaseHTTPRequestHandler]:
    """Give the request handler that answers for a vendor."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            query = dict(parse_qsl(urlsplit(self.path).query, keep_blank_values=True))
            form = dict(parse_qsl(body, keep_blank_values=True))
            vendor.seen.append(Seen(self.command, query, form, self.client_address[1]))
            answers = vendor.answers
            (answers.popleft() if len(answers) > 1 else answers[0])(self)

        do_GET = do_POST = answer  # noqa: N815 - names that the base class calls

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so
            """Keep quiet."""

    return Handler


@pytest.fixture
def pauses() -> list[float]:
    """How long each pause was, in seconds; nobody really waits."""
    return []


@pytest.fixture
def aliyun_at(pauses: list[float]) -> Iterator[Callable[..., Aliyun]]:
    """Make clients that ask a given endpoint, patient without waiting."""
    made: list[Aliyun] = []

    def make(endpoint: str, *, security_token: str = "", read_s: float = 5.0) -> Aliyun:
        patience = Patience(sleep=pauses.append, clock=lambda: 0.0, chance=lambda: 0.5, limit_s=3.0)
        credentials = Credentials("LTAI-example", SECRET, security_token)
        endpoints = {"*": endpoint}
        made.append(Aliyun(credentials, "cn-hangzhou", patience, endpoints=endpoints, read_s=read_s))
        return made[-1]

    yield make
    for aliyun in made:
        aliyun.close()


@pytest.fixture
def aliyun(vendor: Vendor, aliyun_at: Callable[..., Aliyun]) -> Aliyun:
    """A client of the one vendor."""
    return aliyun_at(vendor.endpoint)
