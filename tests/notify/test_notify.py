"""Messages to people, through apprise, to a webhook on this machine."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from tests.notify.examples import rendered
from tidegate.notify import notify


class Hook(BaseHTTPRequestHandler):
    """Keeps what is posted, and answers with the status it is told to."""

    posted: list[dict[str, Any]]
    status = 200

    def do_POST(self) -> None:
        """Take a message."""
        length = int(self.headers["Content-Length"])
        self.posted.append(json.loads(self.rfile.read(length)))
        self.send_response(self.status)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
        """Say nothing."""


@pytest.fixture
def hook() -> Iterator[tuple[str, type[Hook]]]:
    """A webhook, by its apprise URL."""
    kind = type("OneHook", (Hook,), {"posted": [], "status": 200})
    server = HTTPServer(("127.0.0.1", 0), kind)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"json://127.0.0.1:{server.server_address[1]}/s3cret-path", kind
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_message_arrives_with_its_title_text_and_kind(hook: tuple[str, type[Hook]]) -> None:
    url, kind = hook
    assert notify(url, "edge-gateway needs you", "Press Switch.", "needs-person")
    [message] = kind.posted
    assert (message["title"], message["message"], message["type"]) == (
        "edge-gateway needs you",
        "Press Switch.",
        "warning",
    )


@pytest.mark.parametrize(("kind", "type_"), [("resized", "info"), ("held", "info"), ("failed", "failure")])
def test_each_kind_has_its_weight(hook: tuple[str, type[Hook]], kind: str, type_: str) -> None:
    url, sink = hook
    notify(url, "t", "x", kind)
    assert sink.posted[0]["type"] == type_


def test_every_message_there_is_arrives_as_it_was_rendered(hook: tuple[str, type[Hook]]) -> None:
    url, sink = hook
    every = [text.split("\n") for _, text in rendered()]
    for kind, title, _, text, _ in every:
        assert notify(url, title.removeprefix("title: "), text, kind.removeprefix("kind: "))
    assert [(one["title"], one["message"]) for one in sink.posted] == [
        (title.removeprefix("title: "), text) for _, title, _, text, _ in every
    ]
    assert len(every) > 30


def test_a_channel_that_refuses_has_not_taken_the_message(hook: tuple[str, type[Hook]]) -> None:
    url, kind = hook
    kind.status = 500
    assert notify(url, "t", "x", "failed") is False


@pytest.mark.parametrize("url", ["", "nonsense", "nosuchservice://token/x", "json://127.0.0.1:1/x"])
def test_a_channel_that_is_not_set_up_or_not_there_takes_nothing(url: str) -> None:
    assert notify(url, "t", "x", "failed") is False


def test_the_url_which_holds_secrets_is_in_no_log_line(
    hook: tuple[str, type[Hook]], caplog: pytest.LogCaptureFixture
) -> None:
    url, kind = hook
    kind.status = 403
    caplog.set_level(logging.DEBUG)
    notify(url, "t", "x", "failed")
    notify("s3cret-path://nonsense", "t", "x", "failed")
    assert "s3cret-path" not in caplog.text
