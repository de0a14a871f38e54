"""Whatever a browser, a scanner or a forger sends to the door for links is answered, and approves nothing."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import strategies as st

from tests.hostile.words import DANGEROUS, DEEP_JSON, ESCAPES, NUMBERS, TRICKS, mutated, values
from tidegate.app.approving import LARGEST, show_or_approve
from tidegate.app.links import Link, opened, url_of
from tidegate.app.sheets import HEADERS

Opens = Callable[..., Any]
KEY, BASE = "a-key-of-two-and-thirty-signs-ok", "https://a.example.com"
STATUSES = (200, 202, 404, 405, 410, 413)


def asking(desk: Opens) -> tuple[Any, str]:
    """A desk where something is asked, and the path of a good link for it."""
    at = desk()
    at.push({**at.orders_mq, "approval": {"when": ["up"]}, "cooldown": {"up": "0s", "down": "0s"}}, at.edge)
    at.reconcile()
    at.hear(at.alert())
    link = Link.of(at.page().policy, at.state().approval, "TIDEGATE_ONCALL_URL")
    return at, url_of(link, at.around.account, KEY, BASE).removeprefix(BASE)


def event(path: str, method: str = "POST", body: bytes = b"approve=yes") -> dict[str, Any]:
    """What an HTTP trigger makes of a request."""
    return {
        "rawPath": path,
        "headers": {},
        "body": base64.b64encode(body).decode(),
        "isBase64Encoded": True,
        "requestContext": {"http": {"method": method}},
    }


def sent(at: Any, what: Any) -> dict[str, Any]:
    """What the door answers; it must be a page that can be sent, with nothing in it that rules anybody."""
    raw = what if isinstance(what, bytes) else json.dumps(what).encode()
    response = show_or_approve(at.around, raw, (KEY,)).as_response()
    json.dumps(response).encode()
    assert response["statusCode"] in STATUSES
    assert response["headers"] == dict(HEADERS)
    assert len(response["body"]) < 5_000
    assert not DANGEROUS.search(response["body"].rstrip("\n"))
    return response


def test_whatever_comes_in_is_answered_and_approves_nothing(desk: Opens, tries: Any, lines: Any) -> None:
    at, path = asking(desk)
    inbox = f"inbox/{at.key()}/"
    good = event(path, "GET", b"")

    def check(what: Any) -> None:
        sent(at, what)
        lines.facts()
        assert at.shelf.list(inbox, limit=10) == []

    worse = values.filter(lambda one: one != "POST")
    tries(150, check, what=st.one_of(st.binary(max_size=200), values, mutated(good, worse)))
    for trick in (*TRICKS, *ESCAPES):
        check(event(trick))
        check(event(f"/approve/{trick}"))
        check(event(f"{path}{trick}") if trick else b"")
        check(event(path, trick))
        check(event(path, body=trick.encode(errors="replace")))
    assert at.orders() == []


def test_a_link_with_any_sign_changed_opens_nothing(desk: Opens, lines: Any) -> None:
    at, path = asking(desk)
    token = path.rpartition("/")[2]
    assert opened(token, at.around.account, (KEY,))
    for place in range(len(token)):
        for sign in "A.=_":
            changed = token[:place] + sign + token[place + 1 :]
            # The last sign of a seal holds bits that say nothing: it is compared as it is written all the same.
            if changed != token:
                assert sent(at, event(f"/approve/{changed}"))["statusCode"] == 404
    assert at.shelf.list(f"inbox/{at.key()}/", limit=10) == []
    assert not [line for line in lines.facts() if token in json.dumps(line)]


def test_a_forger_without_the_key_makes_us_read_nothing(desk: Opens) -> None:
    """Somebody on the internet costs a comparison, and no request to the store."""
    at, path = asking(desk)
    read: list[str] = []
    get = at.shelf.get

    def noted(key: str) -> bytes | None:
        read.append(key)
        found: bytes | None = get(key)
        return found

    at.shelf.get = noted
    sent(at, event(path[:-3] + "AAA"))
    sent(at, event("/approve/x.y"))
    assert read == []


@pytest.mark.parametrize("body", [*DEEP_JSON, *(b'{"rawPath": ' + number + b"}" for number in NUMBERS), b"\xff" * 1000])
def test_nesting_and_figures_beyond_measure_cost_no_time(desk: Opens, body: bytes, soon: Any) -> None:
    at, _ = asking(desk)
    with soon():
        assert sent(at, body)["statusCode"] in (404, 413)
    with soon():
        assert sent(at, body[: LARGEST - 1])["statusCode"] == 404


def test_a_request_is_read_to_its_limit_and_not_beyond(desk: Opens) -> None:
    at, path = asking(desk)
    assert sent(at, event(path, "GET", b"x" * LARGEST))["statusCode"] == 413
    assert sent(at, event(path + "x" * 4000, "GET"))["statusCode"] == 404


def test_a_seal_over_what_is_no_link_opens_nothing(desk: Opens, tries: Any) -> None:
    """Only we can seal; and even then what does not read as a link is none."""
    from tidegate.app.links import _seal, _text  # noqa: PLC0415 - as somebody with the key would

    at, _ = asking(desk)

    def check(said: Any) -> None:
        payload = _text(json.dumps(said).encode())
        sent(at, event(f"/approve/{payload}.{_seal(payload, at.around.account, KEY)}"))

    tries(100, check, said=values)
    check(["orders-mq", "x", "small", "medium", None, 10**30, "C"])
    check(["orders-mq", "x", {}, [], {}, 4e9, "C"])
