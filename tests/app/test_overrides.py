"""Overrides: a person's rung counts until it ends by itself, and what is begun for it is one order."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from tidegate.app.requests import receive_request
from tidegate.domain.operation import Outcome
from tidegate.domain.signal import Verb

Opens = Callable[..., Any]
CALM = {"cooldown": {"up": "0s", "down": "0s"}}


@pytest.fixture
def calm(desk: Opens) -> Any:
    """A desk whose instance needs no rest between resizes."""
    at = desk()
    at.push({**at.orders_mq, **CALM}, at.edge)
    at.live(1)
    return at


def _rungs(at: Any) -> list[str]:
    """The rungs that were resized to, one after the other."""
    return [settled.to_rung for settled in at.state().recent if settled.outcome is Outcome.RESIZED]


def _mistakes(at: Any, caplog: pytest.LogCaptureFixture, **asked: Any) -> str:
    """Why a request is turned down: the one thing that is answered, and logged."""
    caplog.clear()
    caplog.set_level(logging.INFO, "tidegate")
    answer = at.say("resize", **asked)
    assert list(answer) == ["mistake"]
    assert any("mistake" in record.getMessage() for record in caplog.records)
    return str(answer["mistake"])


def test_the_newest_override_wins(calm: Any) -> None:
    calm.say("resize", to="large", **{"for": "8h"})
    calm.live(30)
    calm.say("resize", to="medium", **{"for": "2h"})
    calm.live(30)
    assert _rungs(calm) == ["large", "medium"]
    assert calm.state().override.rung == "medium"


def test_when_the_newest_ends_the_one_before_it_does_not_come_back(calm: Any) -> None:
    calm.say("resize", to="large", **{"for": "8h"})
    calm.live(30)
    calm.say("resize", to="medium", **{"for": "1h"})
    calm.live(120)
    assert _rungs(calm) == ["large", "medium", "small"]
    assert calm.state().override is None


def test_an_override_ends_by_itself_in_the_minute_that_it_said(calm: Any) -> None:
    """The ledger has a mark for that minute, so that nobody has to come by."""
    answer = calm.say("resize", to="large", **{"for": "2h"})
    assert answer["override"] == {"to": "large", "until": "2026-03-02T14:01:00+00:00"}
    calm.live(119)
    assert (calm.state().rung, calm.state().operation) == ("large", None)
    assert calm.key() in {mark.key for mark in calm.around.ledger.due(calm.clock.now() + timedelta(minutes=1))}
    calm.live(1)
    assert calm.operation().to_rung == "small"
    calm.live(30)
    assert _rungs(calm) == ["large", "small"]
    assert len(calm.orders()) == 2


def test_an_ended_override_leaves_no_trace(calm: Any) -> None:
    """Beside the word that nothing older counts any more."""
    before = calm.state()
    calm.say("resize", to="small", reason="sale", despite=["cooldown", "window"], **{"for": "1h"})
    calm.live(90)
    after = calm.state()
    assert (after.override, after.demands, after.pause, after.drift) == (None, (), None, None)
    assert (after.home, after.rung, after.last_set, after.spent) == (before.home, before.rung, before.last_set, ())
    assert after.stance.reason == "small as wanted by home"
    assert calm.orders() == []


def test_an_override_without_an_end_stands_until_it_is_released_and_is_told_every_day(calm: Any) -> None:
    answer = calm.say("resize", to="large", until_released=True, reason="sale")
    assert answer["override"] == {"to": "large", "until": "released"}
    calm.live(3 * 24 * 60 + 90)
    told = [text for kind, text in calm.messages if kind == "held" and "has no end" in text]
    assert len(told) == 3
    assert all("End it with `tidegate release orders-mq`" in text and "(sale)" in text for text in told)
    calm.say("release")
    calm.live(26 * 60)
    assert sum("has no end" in text for _, text in calm.messages) == 3
    assert _rungs(calm) == ["large", "small"]
    assert len(calm.orders()) == 2


def test_the_daily_word_is_said_when_the_day_is_over_and_not_some_time_later(calm: Any) -> None:
    calm.say("resize", to="large", until_released=True)
    calm.live(24 * 60 - 1)
    assert not any("has no end" in text for _, text in calm.messages)
    calm.live(2)
    assert sum("has no end" in text for _, text in calm.messages) == 1


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        (
            {"to": "large"},
            "an override ends by itself: say --for 2h or --until TIME, or --until-released if it must not",
        ),
        ({"to": "large", "for": "2h", "until_released": True}, "say either when it ends, or --until-released"),
        ({"to": "large", "for": "2h", "until": "2026-03-02T18:00:00Z"}, "give either --for or --until, not both"),
        ({"to": "huge", "for": "2h"}, "orders-mq has no rung `huge`; its ladder is small, medium, large"),
        ({"to": "large", "for": "32d"}, "an override lasts 31 days at most; one without an end is --until-released"),
        ({"to": "large", "for": "0s"}, "the override would have ended already, at 2026-03-02 12:01Z"),
        (
            {"to": "large", "until": "2026-03-02T12:00:00Z"},
            "the override would have ended already, at 2026-03-02 12:00Z",
        ),
        ({"to": "large", "until": "2026-03-02T18:00:00"}, "--until needs an offset, such as 2026-03-02T18:00+08:00"),
        ({"to": "large", "until": "9999-12-31T23:59:59-10:00"}, "--until is beyond the calendar"),
        ({"to": "large", "for": "2h", "despite": ["cooldown"]}, "--despite needs a --reason"),
        (
            {"to": "large", "for": "2h", "despite": ["pause"], "reason": "r"},
            "--despite knows cooldown, budget, window, drift, fit, not pause",
        ),
    ],
)
def test_a_request_that_cannot_be_met_says_why_and_changes_nothing(
    calm: Any, caplog: pytest.LogCaptureFixture, asked: dict[str, Any], why: str
) -> None:
    before = calm.state()
    assert _mistakes(calm, caplog, **asked) == why
    calm.live(5)
    after = calm.state()
    assert (after.override, after.operation, after.words) == (before.override, None, before.words)


@pytest.mark.parametrize("bounds", [{"max": "medium"}, {"min": "medium"}])
def test_no_override_leads_outside_the_bounds(
    calm: Any, caplog: pytest.LogCaptureFixture, bounds: dict[str, str]
) -> None:
    calm.push({**calm.orders_mq, **bounds}, calm.edge)
    rung = "large" if "max" in bounds else "small"
    lowest, highest = bounds.get("min", "small"), bounds.get("max", "large")
    everything = {"despite": ["cooldown", "budget", "window", "drift", "fit"], "reason": "I must"}
    why = _mistakes(calm, caplog, to=rung, **everything, **{"for": "2h"})
    assert why == f"{rung} is outside the bounds {lowest} to {highest}"


def test_bounds_that_the_policy_sets_later_hold_an_override_that_stands(calm: Any) -> None:
    calm.say("resize", to="large", **{"for": "24h"})
    calm.live(30)
    calm.push({**calm.orders_mq, **CALM, "max": "medium"}, calm.edge)
    calm.live(30)
    assert _rungs(calm) == ["large", "medium"]
    assert "large is outside min/max" in calm.settled().reason


def test_one_bad_request_costs_its_neighbours_nothing(calm: Any) -> None:
    """Left in the inbox together and taken in by one tick."""
    requests = [
        calm.request("huge", key="bad-1"),
        calm.request("large", key="good-1"),
        calm.request("small", key="bad-2", until=calm.clock.now() - timedelta(hours=1)),
    ]
    for request in requests[:-1]:
        calm.leave(request)
    verdict = calm.hear(requests[-1])
    answers = {answer.key: answer.refused for answer in verdict.answers}
    assert answers == {"bad-1": True, "good-1": False, "bad-2": True}
    assert calm.state().override.rung == "large"


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "request: "),
        (b"{", "request: "),
        (b"[]", "request: "),
        (b"\xff\xfe", "request: "),
        (b"{}", "verb: "),
        ({"verb": "fly"}, "verb: "),
        ({"caller": ""}, "caller: "),
        ({"caller": "x" * 201}, "caller: "),
        ({"key": "short"}, "key: "),
        ({"for": 5}, "for: "),
        ({"for": "2 hours"}, "for: "),
        ({"for": "400d"}, "for: "),
        ({"until": "tomorrow"}, "until: "),
        ({"despite": "cooldown"}, "despite: "),
        ({"reason": "x" * 501}, "reason: "),
        ({"at": "2026-03-02T12:00:00Z"}, "at: "),
        ({"instance": "nobody"}, "the policy has no instance `nobody`; it has edge-gateway, orders-mq"),
        ({"instance": "../orders-mq"}, "the policy has no instance `../orders-mq`"),
    ],
)
def test_a_request_that_is_none_is_answered_with_what_is_wrong_with_it(
    calm: Any, body: bytes | dict[str, Any], says: str
) -> None:
    before = dict(calm.shelf._bodies)
    good = {"verb": "resize", "instance": "orders-mq", "caller": "li", "key": "key-of-li", "to": "large", "for": "2h"}
    event = body if isinstance(body, bytes) else json.dumps({**good, **body}).encode()
    answer = receive_request(calm.around, event)
    assert list(answer) == ["mistake"]
    assert says in answer["mistake"]
    assert dict(calm.shelf._bodies) == before


def test_a_request_whose_answer_was_lost_may_be_sent_again_and_counts_once(calm: Any) -> None:
    first = calm.say("resize", to="large", key="the-same-key", **{"for": "8h"})
    calm.live(30)
    again = calm.say("resize", to="large", key="the-same-key", **{"for": "8h"})
    assert (first["duplicate"], again["duplicate"]) == (False, True)
    assert again["override"] == first["override"]
    assert len(calm.orders()) == 1


# In the middle of an operation


def test_an_override_that_comes_after_the_order_acts_when_it_has_settled(calm: Any) -> None:
    calm.hear(calm.alert())
    calm.submit()
    answer = calm.say("resize", to="large", **{"for": "8h"})
    assert (answer["decision"], answer["code"]) == ("hold", "operation")
    assert len(calm.orders()) == 1
    calm.live(60)
    assert _rungs(calm) == ["medium", "large"]
    assert len(calm.orders()) == 2


def test_an_override_that_comes_before_the_claim_cancels_what_was_planned(calm: Any) -> None:
    calm.hear(calm.alert())
    assert calm.operation().to_rung == "medium"
    calm.say("resize", to="large", **{"for": "8h"})
    calm.live(30)
    first, second = calm.state().recent
    assert (first.outcome, first.why) == (Outcome.CANCELLED, "not ordered: now large is wanted")
    assert (second.outcome, second.to_rung) == (Outcome.RESIZED, "large")
    assert len(calm.orders()) == 1


def test_an_override_for_the_same_rung_lets_what_was_planned_go_on(calm: Any) -> None:
    calm.hear(calm.alert())
    calm.say("resize", to="medium", **{"for": "8h"})
    calm.live(30)
    assert [settled.outcome for settled in calm.state().recent] == [Outcome.RESIZED]
    assert len(calm.orders()) == 1


def test_a_release_that_comes_after_the_order_acts_when_it_has_settled(calm: Any) -> None:
    calm.say("resize", to="large", **{"for": "8h"})
    calm.submit()
    calm.say("release")
    calm.live(60)
    assert _rungs(calm) == ["large", "small"]
    assert len(calm.orders()) == 2


def test_an_override_that_ends_before_the_claim_orders_nothing(calm: Any) -> None:
    calm.say("resize", to="large", **{"for": "1m"})
    calm.clock.advance(61)
    assert calm.follow() == ["submit", "settle", "done"]
    assert calm.settled().outcome is Outcome.CANCELLED
    assert calm.orders() == []


def test_an_older_override_that_arrives_after_a_release_does_not_count(calm: Any) -> None:
    """A person's first request was stuck on its way, and the second one was to take it back."""
    stuck = calm.request("large", at=calm.clock.now())
    calm.live(2)
    assert calm.say("release") == {"mistake": "there is no override to release"}
    verdict = calm.hear(stuck)
    assert [answer.reason for answer in verdict.answers] == ["a newer request of 12:03:00Z counts"]
    calm.live(30)
    assert (calm.state().override, calm.orders()) == (None, [])


def test_requests_that_arrive_in_another_order_than_they_were_made_come_to_the_same(calm: Any) -> None:
    first = calm.request("large", hours=8)
    calm.clock.advance(5)
    second = calm.request("", verb=Verb.RELEASE, until=None)
    calm.clock.advance(5)
    third = calm.request("medium", hours=8)
    for request in (third, first, second):
        calm.hear(request)
    assert calm.state().override.rung == "medium"
    calm.live(30)
    assert _rungs(calm) == ["medium"]


# --despite


def test_despite_cooldown_needs_no_rest_and_without_it_one_is_needed(desk: Opens) -> None:
    at = desk()
    at.live(1)
    at.say("resize", to="large", **{"for": "8h"})
    at.live(10)
    assert at.state().rung == "large"
    assert at.say("resize", to="medium", **{"for": "8h"})["code"] == "cooldown"
    answer = at.say("resize", to="medium", despite=["cooldown"], reason="it is broken", **{"for": "8h"})
    assert answer["decision"] == "resize"
    at.live(15)
    assert _rungs(at) == ["large", "medium"]


def test_what_an_override_may_overrule_ends_with_it(desk: Opens) -> None:
    """Going home after it needs its rest like any other."""
    at = desk()
    at.live(1)
    at.say("resize", to="large", despite=["cooldown"], reason="sale", **{"for": "15m"})
    at.live(20)
    assert (at.state().rung, at.state().stance.code) == ("large", "cooldown")
    at.live(90)
    assert _rungs(at) == ["large", "small"]


def test_who_asked_for_what_and_why_is_in_the_ledger(calm: Any) -> None:
    calm.say("resize", to="large", reason="sale", caller="li@example", **{"for": "8h"})
    calm.live(30)
    records = [record.fact for record in calm.around.ledger.records(calm.key())]
    (answer,) = [answer for fact in records for answer in fact.get("answers", []) if "large" in answer["what"]]
    assert answer["what"] == "resize to large until 2026-03-02 20:01Z by li@example"
    assert calm.state().override.reason == "sale"
    assert calm.settled().reason == "large wanted by override by li@example until 2026-03-02 20:01Z"
