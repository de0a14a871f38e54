"""Invoking functions whose platform misbehaves: every end is told, and nothing that signs is."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tidegate.aliyun.credentials import Credentials
from tidegate.aliyun.functions import Function, InvokeFailed, acs3, invoke

SECRET, TOKEN = "s3cr3t/that=nobody+sees", "CAIS-temporary-token"
CREDENTIALS = Credentials("LTAI-example", SECRET, TOKEN)
AT = datetime(2026, 3, 2, 12, tzinfo=timezone.utc)
HTML = b"<html>502 Bad Gateway</html>"
RAISED = b'{"errorMessage": "the store refuses", "errorType": "ShelfRefused", "stackTrace": [["File ..."]]}'
Answers = Callable[[int, bytes, dict[str, str]], str]


@pytest.fixture
def answers() -> Iterator[Answers]:
    """Open servers that give one answer; a status of 0 hangs up."""
    servers: list[ThreadingHTTPServer] = []

    def opens(status: int, body: bytes, headers: dict[str, str]) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                if status:
                    self.send_response(status)
                    for name, value in {**headers, "Content-Length": str(len(body))}.items():
                        self.send_header(name, value)
                    self.end_headers()
                    self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
                """Keep quiet."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        servers.append(server)
        return f"127.0.0.1:{server.server_address[1]}"

    yield opens
    for server in servers:
        server.shutdown()
        server.server_close()


def tries(endpoint: str, service: str) -> bytes:
    return invoke(Function(endpoint, "on-request", service), CREDENTIALS, b'{"a": 1}', at=AT, nonce="n-1")


ENDS: dict[str, tuple[int, bytes, dict[str, str]]] = {
    "HTTP 502: no reason was given": (502, HTML, {}),
    "ShelfRefused: the store refuses": (200, RAISED, {"X-Fc-Error-Type": "UnhandledInvocationError"}),
    "UnhandledInvocationError: no reason was given": (200, HTML, {"X-Fc-Error-Type": "UnhandledInvocationError"}),
    "ResourceThrottled: no": (429, b'{"Code": "ResourceThrottled", "Message": "no"}', {}),
    "NoAnswer: 127.0.0.1:": (0, b"", {}),
}
FINAL_ENDS: dict[str, tuple[int, bytes, dict[str, str]]] = {
    "HTTP 404: no reason was given": (404, HTML, {}),
    "FunctionNotFound: no f": (404, b'{"ErrorCode": "FunctionNotFound", "ErrorMessage": "no f"}', {}),
    "AccessDenied: no (request r-1)": (403, b'{"Code": "AccessDenied", "Message": "no"}', {"X-Fc-Request-Id": "r-1"}),
}


@pytest.mark.parametrize("service", ["", "tidegate"])
@pytest.mark.parametrize("told", [*ENDS, *FINAL_ENDS])
def test_every_bad_end_is_told_and_whether_it_may_pass(answers: Answers, told: str, service: str) -> None:
    endpoint = answers(*{**ENDS, **FINAL_ENDS}[told])
    with pytest.raises(InvokeFailed) as failed:
        tries(endpoint, service)
    assert str(failed.value).startswith(told)
    assert failed.value.again is (told in ENDS)


@pytest.mark.parametrize("service", ["", "tidegate"])
@pytest.mark.parametrize("told", [*ENDS, *FINAL_ENDS])
def test_nothing_that_signs_is_written_anywhere(
    answers: Answers, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str], told: str, service: str
) -> None:
    """`fc2` by itself logs the headers of every call that fails."""
    endpoint = answers(*{**ENDS, **FINAL_ENDS}[told])
    with caplog.at_level(logging.INFO), pytest.raises(InvokeFailed) as failed:
        tries(endpoint, service)
    written = caplog.text + "".join(capfd.readouterr()) + repr(failed.value)
    assert not [secret for secret in (SECRET, TOKEN) if secret in written]


@pytest.mark.parametrize("service", ["", "tidegate"])
def test_a_result_comes_back_as_it_is(answers: Answers, service: str) -> None:
    assert tries(answers(200, b"\x00result", {}), service) == b"\x00result"


def test_nobody_listening_is_no_answer() -> None:
    with pytest.raises(InvokeFailed, match="NoAnswer"):
        tries("127.0.0.1:1", "")


@pytest.mark.parametrize(
    ("endpoint", "url"),
    [
        ("127.0.0.1:80", "http://127.0.0.1:80"),
        ("http://localhost:80/", "http://localhost:80"),
        ("1.cn-hangzhou.fc.aliyuncs.com", "https://1.cn-hangzhou.fc.aliyuncs.com"),
        ("https://fc.example", "https://fc.example"),
    ],
)
def test_only_this_machine_is_spoken_to_in_the_clear_without_being_told(endpoint: str, url: str) -> None:
    assert Function(endpoint, "f").url == url


def test_the_token_of_temporary_keys_is_signed() -> None:
    headers = acs3("https://fc.example", "/x", b"", CREDENTIALS, at=AT, nonce="n")
    assert headers["x-acs-security-token"] == TOKEN
    assert "x-acs-security-token" in headers["Authorization"]
    assert SECRET not in str(headers)
