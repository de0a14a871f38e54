"""One request is sent once, and what is said of its end tells nothing that is secret."""

from __future__ import annotations

import socket

import pytest

from tidegate.aliyun.once import NoAnswer, send_once


def test_a_password_in_an_endpoint_is_told_to_nobody() -> None:
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port = nobody.getsockname()[1]
    with pytest.raises(NoAnswer) as failed:
        send_once("GET", f"http://li:sesame@127.0.0.1:{port}/", {})
    assert str(failed.value) == f"127.0.0.1:{port} gave no answer (ConnectionError)"
    assert failed.value.__cause__ is None


def test_it_is_known_whether_a_request_without_an_answer_may_have_arrived() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with pytest.raises(NoAnswer) as unread:
            send_once("GET", f"http://127.0.0.1:{port}/", {}, read_s=0.2)
    with pytest.raises(NoAnswer) as unreached:
        send_once("GET", f"http://127.0.0.1:{port}/", {})
    with pytest.raises(NoAnswer) as unknown:
        send_once("GET", "http://nonsense.invalid/", {})
    assert [each.value.sent for each in (unread, unreached, unknown)] == [True, False, False]
