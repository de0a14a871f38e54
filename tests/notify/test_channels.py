"""Each kind of channel: the address that docs/messages.md gives, and what a server then gets; and servers that fail."""

from __future__ import annotations

import json
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import apprise
import pytest

from tidegate.notify import AT_MOST_S, hurry, notify

PAGE = Path(__file__).parents[2] / "docs" / "messages.md"
TITLE, TEXT = "edge-gateway needs you by Wed 03:10", "Whitelist the new egress 47.1.2.3, then press Switch."
OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
SLACK_SAYS, ROBOT_SAYS = b"ok", b'{"errcode": 0, "errmsg": "ok", "code": 0, "msg": "success", "StatusCode": 0}'


def addresses() -> dict[str, str]:
    """The example addresses of the page, by what they begin with."""
    found = re.findall(r"^export TIDEGATE_\w+_URL='(.+)'$", PAGE.read_text("utf-8"), re.MULTILINE)
    return {url.partition("://")[0]: url for url in found}


class Wire:
    """A server on this machine that speaks raw bytes: it keeps what it gets, and answers as it is told to."""

    def __init__(self, answer: Callable[[socket.socket, bytes], None]) -> None:
        self.got: list[bytes] = []
        self._answer = answer
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while not self._ends.is_set():
            try:
                peer, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._one, args=(peer,), daemon=True).start()

    def _one(self, peer: socket.socket) -> None:
        with peer:
            peer.settimeout(20)
            raw = b""
            try:
                while b"\r\n\r\n" not in raw:
                    raw += peer.recv(65536)
                head, _, body = raw.partition(b"\r\n\r\n")
                length = int((re.findall(rb"(?i)content-length: *(\d+)", head) or [b"0"])[0])
                while len(body) < length:
                    body += peer.recv(65536)
                self.got.append(body)
                self._answer(peer, body)
            except OSError:
                return

    def close(self) -> None:
        """Stop listening."""
        self._ends.set()
        self._socket.close()


@contextmanager
def wire(answer: Callable[[socket.socket, bytes], None]) -> Iterator[Wire]:
    """A server while it is needed."""
    server = Wire(answer)
    try:
        yield server
    finally:
        server.close()


def says(body: bytes) -> Callable[[socket.socket, bytes], None]:
    """Answer 200 with this body."""
    return lambda peer, _: peer.sendall(OK % (len(body), body))


def drip(peer: socket.socket, _body: bytes) -> None:
    """Answer a byte a second, so that no read ever times out."""
    for each in OK % (2, b"ok") * 10:
        peer.sendall(bytes([each]))
        time.sleep(1)  # noqa: TID251 - a server that takes its time


def hang(peer: socket.socket, _body: bytes) -> None:
    """Take the message and say nothing."""
    peer.recv(1)


def test_the_page_gives_an_address_for_each_kind_of_channel_that_apprise_reads() -> None:
    found = addresses()
    assert {"dingtalk", "feishu", "wecombot", "slack", "mailtos", "jsons", "forms"} <= set(found)
    assert [url for url in found.values() if apprise.Apprise.instantiate(url) is None] == []


@pytest.mark.parametrize("scheme", ["json", "form"])
def test_a_webhook_gets_title_text_and_weight(scheme: str) -> None:
    with wire(says(b"ok")) as server:
        assert notify(f"{scheme}://127.0.0.1:{server.port}/hook", TITLE, TEXT, "needs-person")
    (body,) = server.got
    said = json.loads(body) if scheme == "json" else {key: one for key, (one,) in parse_qs(body.decode()).items()}
    assert (said["title"], said["message"], said["type"]) == (TITLE, TEXT, "warning")


ROBOTS: dict[str, Callable[[dict[str, Any]], str]] = {
    "dingtalk": lambda said: str(said["text"]["content"]),
    "feishu": lambda said: str(said["content"]["text"]),
    "wecombot": lambda said: str(said["text"]["content"]),
}


@pytest.mark.parametrize("scheme", ROBOTS)
def test_a_chat_robot_gets_title_and_text_where_its_own_address_is_put_on_this_machine(scheme: str) -> None:
    """Their hosts are built into apprise; the attribute it keeps them in is exchanged, and nothing else."""
    robot: Any = apprise.Apprise.instantiate(addresses()[scheme])
    host = re.match(r"https://[^/]+", robot.notify_url)
    assert host
    with wire(says(ROBOT_SAYS)) as server:
        robot.notify_url = robot.notify_url.replace(host[0], f"http://127.0.0.1:{server.port}")
        if hasattr(robot, "api_url"):
            robot.api_url = robot.api_url.replace(host[0], f"http://127.0.0.1:{server.port}")
        assert robot.notify(title=TITLE, body=TEXT)
    (body,) = server.got
    told = ROBOTS[scheme](json.loads(body))
    assert TEXT in told
    assert TITLE in told


def test_slack_gets_title_and_text_where_its_own_address_is_put_on_this_machine() -> None:
    robot: Any = apprise.Apprise.instantiate(addresses()["slack"])
    with wire(says(SLACK_SAYS)) as server:
        robot.webhook_url = f"http://127.0.0.1:{server.port}/services"
        assert robot.notify(title=TITLE, body=TEXT)
    (body,) = server.got
    assert TITLE in body.decode()
    assert TEXT in body.decode()


class Post:
    """A mail server of one mail, which asks for no key."""

    def __init__(self) -> None:
        self.mail = b""
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        peer, _ = self._socket.accept()
        with peer, peer.makefile("rwb") as talk:

            def say(line: bytes) -> None:
                talk.write(line + b"\r\n")
                talk.flush()

            say(b"220 here")
            while line := talk.readline():
                if line.startswith((b"DATA", b"data")):
                    say(b"354 go on")
                    while (each := talk.readline()) not in (b".\r\n", b""):
                        self.mail += each
                    say(b"250 taken")
                elif line.lower().startswith(b"quit"):
                    say(b"221 bye")
                    return
                else:
                    say(b"250 ok")

    def close(self) -> None:
        """Stop listening."""
        self._thread.join(5)
        self._socket.close()


def test_a_mail_has_the_title_as_its_subject() -> None:
    post = Post()
    url = f"mailto://127.0.0.1:{post.port}?from=tidegate@example.com&to=oncall@example.com&format=text"
    assert notify(url, TITLE, TEXT, "needs-person")
    post.close()
    mail = message_from_bytes(post.mail, policy=default)
    assert mail["Subject"] == TITLE
    assert mail["To"] == "oncall@example.com"
    body = mail.get_body(("plain",))
    assert body is not None
    assert TEXT in body.get_content()


def test_a_long_message_to_wecom_is_split_where_its_address_says_so() -> None:
    robot: Any = apprise.Apprise.instantiate(addresses()["wecombot"])
    assert robot.overflow_mode == "split"
    assert robot.body_maxlen == 2048


@pytest.mark.once
@pytest.mark.parametrize("answer", [hang, drip])
def test_a_server_that_is_slow_is_given_up_within_seconds(answer: Callable[[socket.socket, bytes], None]) -> None:
    with wire(answer) as server:
        began = time.monotonic()
        assert notify(f"json://127.0.0.1:{server.port}/s3cret", TITLE, TEXT, "failed") is False
        assert time.monotonic() - began < AT_MOST_S + 3


def test_an_address_may_ask_for_less_time_and_not_for_more() -> None:
    server: Any = apprise.Apprise.instantiate("json://127.0.0.1/x?cto=600&rto=1")
    hurry(server)
    assert (server.socket_connect_timeout, server.socket_read_timeout) == (3.0, 1.0)


def test_a_server_that_hangs_up_has_taken_nothing() -> None:
    with wire(lambda peer, _: peer.close()) as server:
        assert notify(f"json://127.0.0.1:{server.port}/x", TITLE, TEXT, "failed") is False
