"""Links for approvals: who opens one sees what is asked; who presses says yes to just that, once, in time."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tidegate.app.approving import show_or_approve
from tidegate.app.links import Link, good_base, good_keys, opened, url_of
from tidegate.app.sheets import Sheet
from tidegate.domain.state import Approved

Opens = Callable[..., Any]
KEY, OLDER = "k" * 32, "an-older-key-of-thirty-two-signs"
BASE = "https://approve.example.com"
CALM = {"cooldown": {"up": "0s", "down": "0s"}, "approval": {"when": ["up"]}}


def _asked(desk: Opens, **policy: Any) -> Any:
    """A desk whose instance asks to go up to medium, in a message with a link."""
    at = desk()
    at.push({**at.orders_mq, **CALM, **policy}, at.edge)
    at.around = replace(at.around, link=lambda p, a, c: url_of(Link.of(p, a, c), at.around.account, KEY, BASE))
    at.live(10)
    assert at.hear(at.alert()).decision.code == "approval"
    return at


def _link(at: Any) -> str:
    """The link in the newest message."""
    words = at.messages[-1][1].split()
    (found,) = [word for word in words if word.startswith(BASE)]
    return str(found)


def _event(url: str, method: str = "GET", body: str = "", **over: Any) -> bytes:
    event = {
        "rawPath": url.removeprefix(BASE),
        "headers": {"Content-Type": "application/x-www-form-urlencoded"},
        "body": base64.b64encode(body.encode()).decode(),
        "isBase64Encoded": True,
        "requestContext": {"http": {"method": method}},
    }
    return json.dumps({**event, **over}).encode()


def _get(at: Any, url: str, keys: tuple[str, ...] = (KEY,)) -> Sheet:
    return show_or_approve(at.around, _event(url), keys)


def _press(at: Any, url: str, keys: tuple[str, ...] = (KEY,)) -> Sheet:
    return show_or_approve(at.around, _event(url, "POST", "approve=yes"), keys)


def _kept(at: Any) -> dict[str, bytes]:
    """All that stands in the store."""
    return {key: at.shelf.get(key) for key in at.shelf.list("", limit=100_000)}


def test_a_message_that_asks_carries_a_link_beside_the_command(desk: Opens) -> None:
    at = _asked(desk)
    ((kind, text),) = at.messages
    asked = at.state().approval
    assert kind == "needs-person"
    assert f"open {_link(at)} and press Approve, or say `tidegate approve orders-mq --id {asked.id}`" in text


def test_where_no_links_are_set_up_a_message_names_the_command_alone(desk: Opens) -> None:
    at = desk()
    at.push({**at.orders_mq, **CALM}, at.edge)
    at.hear(at.alert())
    ((_, text),) = at.messages
    assert "to say yes, `tidegate approve orders-mq --id " in text
    assert "http" not in text


def test_who_opens_a_link_sees_what_is_asked_and_changes_nothing(desk: Opens) -> None:
    """Chats do so by themselves to show a preview."""
    at = _asked(desk)
    before = _kept(at)
    for _ in range(3):
        sheet = _get(at, _link(at))
        assert (sheet.status, sheet.button) == (200, "Approve small -> medium")
        assert sheet.lines[:3] == (
            "orders-mq (rabbitmq amqp-cn-demo0001): small -> medium",
            "Why: the policy asks before every up",
            "Until: Tue 03 Mar 12:10 (UTC)",
        )
    assert _kept(at) == before
    at.live(5)
    assert at.orders() == []


def test_who_presses_says_yes_and_it_is_ordered_once(desk: Opens) -> None:
    at = _asked(desk)
    link = _link(at)
    sheet = _press(at, link)
    assert (sheet.status, sheet.title) == (202, "Your yes is kept")
    at.live(20)
    assert len(at.orders()) == 1
    assert at.settled().to_rung == "medium"
    assert _press(at, link).status == 410
    at.live(20)
    assert len(at.orders()) == 1


def test_it_is_recorded_where_the_link_was_sent_since_nobody_has_said_who_they_are(desk: Opens) -> None:
    at = _asked(desk)
    _press(at, _link(at))
    at.live(1)
    assert at.operation().approved_by == "link sent to TIDEGATE_ONCALL_URL"


def test_pressing_twice_before_the_tick_is_one_yes(desk: Opens) -> None:
    at = _asked(desk)
    assert [_press(at, _link(at)).status for _ in range(3)] == [202, 202, 202]
    assert len(at.around.ledger.inbox(at.key())) == 1


def test_a_link_that_was_used_says_so_and_by_whom(desk: Opens) -> None:
    at = _asked(desk)
    at.say("approve", caller="wang")
    sheet = _get(at, _link(at))
    assert (sheet.status, sheet.title, sheet.button) == (410, "This was approved already", "")
    assert "small -> medium was approved by wang, Mon 02 Mar 12:10" in sheet.lines[0]


@pytest.mark.parametrize("press", [False, True])
def test_a_link_ends_with_its_question(desk: Opens, press: bool) -> None:  # noqa: FBT001 - a parameter
    at = _asked(desk)
    link = _link(at)
    at.clock.advance(timedelta(hours=24).total_seconds() - 1)
    assert _get(at, link).status == 200
    at.clock.advance(1)
    before = _kept(at)
    sheet = (_press if press else _get)(at, link)
    assert (sheet.status, sheet.title) == (410, "This link has expired")
    assert _kept(at) == before


def test_a_link_for_what_is_not_wanted_any_more_changes_nothing(desk: Opens) -> None:
    at = _asked(desk)
    link = _link(at)
    at.say("cancel")
    before = _kept(at)
    assert [sheet.title for sheet in (_get(at, link), _press(at, link))] == ["This is not asked any more"] * 2
    assert _kept(at) == before


@pytest.mark.parametrize("change", [{"cost": 9.5}, {"to_rung": "large"}, {"from_rung": "large"}, {"id": "deadbeef"}])
def test_a_link_is_for_just_this_change_at_just_this_cost(desk: Opens, change: dict[str, Any]) -> None:
    at = _asked(desk)
    other = Link.of(at.page().policy, replace(at.state().approval, **change), "TIDEGATE_ONCALL_URL")
    url = url_of(other, at.around.account, KEY, BASE)
    assert _press(at, url).title == "This is not asked any more"
    assert at.around.ledger.inbox(at.key()) == []


def test_a_link_of_another_account_or_key_opens_nothing(desk: Opens) -> None:
    at = _asked(desk)
    link = Link.of(at.page().policy, at.state().approval, "TIDEGATE_ONCALL_URL")
    for url in (
        url_of(link, "another-account", KEY, BASE),
        url_of(link, at.around.account, OLDER, BASE),
        url_of(link, at.around.account, KEY, BASE).rpartition(".")[0] + ".",
    ):
        assert _press(at, url).status == 404
    assert _press(at, _link(at), ()).status == 404
    assert at.around.ledger.inbox(at.key()) == []


def test_a_key_that_was_rotated_out_opens_links_until_it_is_removed(desk: Opens) -> None:
    at = _asked(desk)
    assert _get(at, _link(at), (OLDER, KEY)).status == 200
    assert _get(at, _link(at), (OLDER,)).status == 404


def test_a_key_that_can_be_guessed_opens_nothing(desk: Opens) -> None:
    at = _asked(desk)
    url = url_of(Link.of(at.page().policy, at.state().approval, "X"), at.around.account, "short", BASE)
    assert _get(at, url, ("short", "", "s" * 31)).status == 404
    assert good_keys(("short", KEY)) == (KEY,)


def test_a_post_that_pressed_no_button_is_no_yes(desk: Opens) -> None:
    """Some scanners post whatever they find."""
    at = _asked(desk)
    for body in ("", "approve=no", "approve=yes&approve=yes", "x" * 1000, "yes"):
        assert show_or_approve(at.around, _event(_link(at), "POST", body), (KEY,)).status == 200
    for method in ("PUT", "DELETE", "OPTIONS"):
        assert show_or_approve(at.around, _event(_link(at), method, "approve=yes"), (KEY,)).status == 405
    assert at.around.ledger.inbox(at.key()) == []


def test_a_page_keeps_nothing_loads_nothing_and_tells_nobody_where_it_was(desk: Opens) -> None:
    at = _asked(desk)
    for sheet in (_get(at, _link(at)), _press(at, _link(at)), _get(at, f"{BASE}/approve/x.y")):
        headers = sheet.as_response()["headers"]
        assert headers["Cache-Control"] == "no-store"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert headers["Content-Type"] == "text/html; charset=utf-8"


def test_what_others_wrote_is_text_on_a_page_and_nothing_more() -> None:
    page = Sheet(
        200, "<script>alert(1)</script>", ('"><img src=x onerror=alert(1)>\u202e\x00', "'\"&"), "<b>"
    ).as_response()
    assert "<script" not in page["body"]
    assert "<img" not in page["body"]
    assert "\u202e" not in page["body"]
    assert "&lt;script&gt;" in page["body"]


@pytest.mark.parametrize(
    ("url", "good"),
    [
        ("https://a.example.com", "https://a.example.com"),
        ("https://a.example.com/tidegate/", "https://a.example.com/tidegate"),
        ("http://127.0.0.1:80/_fc/x", "http://127.0.0.1:80/_fc/x"),
        ("http://a.example.com", ""),
        ("https://", ""),
        ("https://a.example.com/?x=1", ""),
        ("javascript:alert(1)", ""),
        ("https://[", ""),
        ("", ""),
    ],
)
def test_a_link_leads_to_an_address_that_hides_it_on_the_way(url: str, good: str) -> None:
    assert good_base(url) == good


def test_a_link_ends_no_later_than_its_question_whatever_the_fraction(desk: Opens) -> None:
    at = desk()
    policy = at.page().policy
    ends = at.clock.now() + timedelta(hours=1, microseconds=999_999)
    asked = Approved("a1", "small", "medium", at.clock.now(), ends, "why", 2.7)
    link = Link.of(policy, asked, "C")
    again = opened(url_of(link, "1", KEY, BASE).rpartition("/")[2], "1", (KEY,))
    assert again == link
    assert link.expires_at <= ends


def test_a_yes_is_for_what_the_rung_was_and_not_for_what_a_new_policy_calls_so(desk: Opens) -> None:
    at = _asked(desk)
    link, first = _link(at), at.state().approval
    assert "medium is MaxConnections 3000, MaxPrivateTps 5000, QueueCapacity 400" in _get(at, link).lines
    small, medium, large = at.orders_mq["ladder"]
    other = {**medium, "MaxPrivateTps": 8000, "MaxConnections": 5000}
    at.push({**at.orders_mq, **CALM, "ladder": [small, other, large]}, at.edge)
    assert _press(at, link).status == 202
    at.live(20)
    assert at.orders() == []
    asked = at.state().approval
    assert asked.id != first.id
    assert asked.at is None
    assert _press(at, link).status == 410
    assert _press(at, _link(at)).status == 202
    at.live(20)
    assert [order.after["MaxPrivateTps"] for order in at.orders()] == [8000]
