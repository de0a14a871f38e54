"""Confirmation: the metric is read again before a callback moves anything, and once more before the order."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tidegate.app import codec
from tidegate.app.doors import receive_alerts
from tidegate.domain.arbiter import open_demands
from tidegate.domain.operation import Outcome, Phase
from tidegate.domain.signal import AlertState

Opens = Callable[..., Any]
EVENTS = Path(__file__).parents[1] / "events"
OK = AlertState.OK
READ = "DescribeMetricLast"
METRIC = "InstanceMaxTpsInMiunte"
CONFIRM = {"metric": METRIC, "above": 2700}
BUSY, CALM = 2900, 100
TOLD_WITHIN = 5
"""Minutes within which a tick comes by."""


def _opened(desk: Opens, tps: int, *, rule: dict[str, Any] | None = None, **behaviour: Any) -> Any:
    """A desk whose alert rule is held against its metric, and an instance that is used so much."""
    at = desk(**behaviour)
    confirmed = {"rule": "rabbit-tps-high", "raise": 1, "confirm": CONFIRM, **(rule or {})}
    at.push({**at.orders_mq, "alerts": [confirmed], "cooldown": {"up": "0s", "down": "0s"}}, at.edge)
    at.use(tps=tps)
    at.live(10)
    return at


def _raised(desk: Opens) -> Any:
    """A desk whose instance was raised by an alert that was borne out."""
    at = _opened(desk, BUSY)
    at.hear(at.alert("rings"))
    at.live(20)
    assert at.state().rung == "medium"
    return at


def _demanding(at: Any) -> tuple[str, ...]:
    """The rules whose demands count at this moment."""
    return tuple(demand.rule for demand in open_demands(at.page().terms, at.state(), at.clock.now()))


def _unreadable(at: Any) -> None:
    at.fault(READ, "error-before", times=None)


def test_a_callback_that_the_metric_bears_out_moves_the_instance(desk: Opens) -> None:
    at = _opened(desk, BUSY)
    assert at.hear(at.alert()).decision.code == "resize"
    at.live(20)
    assert (at.settled().outcome, at.settled().to_rung) == (Outcome.RESIZED, "medium")
    assert len(at.orders()) == 1


def test_a_forged_callback_moves_nothing_and_is_answered_with_the_figures(desk: Opens) -> None:
    at = _opened(desk, CALM)
    verdict = at.hear(at.alert())
    why = f"alert rabbit-tps-high is not borne out: {METRIC} 100 is not above 2700; so small stays, as wanted by home"
    assert [(answer.verdict, answer.reason) for answer in verdict.answers] == [("hold", why)]
    at.live(120)
    assert (at.orders(), at.started, at.messages) == ([], [], [])


def test_a_hundred_forged_callbacks_move_nothing(desk: Opens) -> None:
    at = _opened(desk, CALM)
    for number in range(100):
        at.leave(at.alert(f"forged-{number}"))
    at.live(30)
    assert at.orders() == []
    assert {answer.verdict for answer in _answers(at)} == {"hold"}
    assert len(_answers(at)) == 100


def _answers(at: Any) -> list[Any]:
    """Every answer in the ledger."""
    facts = [codec.read_fact(record.fact) for record in at.around.ledger.records(at.key())]
    return [answer for fact in facts for answer in getattr(fact, "answers", ())]


def test_a_stale_callback_moves_nothing_once_the_load_is_gone(desk: Opens) -> None:
    """It rang an hour ago and was delivered only now."""
    at = _opened(desk, BUSY)
    rang = at.alert()
    at.use(tps=CALM)
    at.live(60)
    assert at.hear(rang).decision.code == "unconfirmed"
    at.live(30)
    assert at.orders() == []


def test_a_callback_that_comes_before_the_metric_shows_the_load_is_not_lost(desk: Opens) -> None:
    """The tick holds it against the metric again, without another ringing."""
    at = _opened(desk, CALM)
    assert at.hear(at.alert()).decision.code == "unconfirmed"
    at.use(tps=BUSY)
    at.live(TOLD_WITHIN)
    assert at.operation().to_rung == "medium"
    at.live(20)
    assert len(at.orders()) == 1


@pytest.mark.parametrize("metrics", ["empty", "late"])
def test_points_that_are_missing_or_too_old_are_not_guessed(desk: Opens, metrics: str) -> None:
    at = _opened(desk, BUSY, metrics=metrics)
    verdict = at.hear(at.alert())
    assert verdict.decision.code == "unmeasured"
    assert f"{METRIC} could not be read (" in verdict.decision.reason
    at.live(30)
    assert at.orders() == []


@pytest.mark.parametrize("do", ["error-before", "lost-request", "throttle"])
def test_a_metric_that_cannot_be_read_holds_with_the_reason_and_is_read_again(desk: Opens, do: str) -> None:
    at = _opened(desk, BUSY)
    at.fault(READ, do, times=None)
    verdict = at.hear(at.alert())
    assert verdict.decision.code == "unmeasured"
    assert "could not be read (" in verdict.decision.reason
    at.live(10)
    assert at.orders() == []
    at.mend()
    at.live(TOLD_WITHIN)
    assert at.operation().to_rung == "medium"


def test_a_metric_that_stays_unreadable_is_told_after_an_hour_and_not_before(desk: Opens) -> None:
    at = _opened(desk, BUSY)
    _unreadable(at)
    at.hear(at.alert())
    at.live(59)
    assert at.messages == []
    at.live(TOLD_WITHIN)
    ((kind, text),) = at.messages
    assert kind == "held"
    assert f"{METRIC} could not be read (InternalError" in text
    assert "whether Tidegate's role may read the metric" in text


def test_a_metric_that_does_not_bear_an_alert_out_is_nothing_to_tell_people_of(desk: Opens) -> None:
    at = _opened(desk, CALM)
    at.hear(at.alert())
    at.live(3 * 60)
    assert at.messages == []


def test_the_metric_is_read_before_the_order_and_a_load_that_is_gone_by_then_is_not_paid_for(desk: Opens) -> None:
    at = _opened(desk, BUSY)
    at.hear(at.alert())
    assert at.operation().phase is Phase.PLANNED
    at.use(tps=CALM)
    at.clock.advance(120)
    assert at.follow() == ["submit", "settle", "done"]
    assert at.settled().outcome is Outcome.CANCELLED
    assert at.settled().why.startswith(f"not ordered: alert rabbit-tps-high is not borne out: {METRIC} 100")
    assert at.calls("UpdateInstance") == []


def test_a_metric_that_cannot_be_read_at_the_claim_orders_nothing(desk: Opens) -> None:
    at = _opened(desk, BUSY)
    at.hear(at.alert())
    _unreadable(at)
    assert at.follow() == ["submit", "settle", "done"]
    assert (at.settled().outcome, at.calls("UpdateInstance")) == (Outcome.CANCELLED, [])
    at.mend()
    at.live(30)
    assert at.settled().outcome is Outcome.RESIZED
    assert len(at.orders()) == 1


def test_the_metric_is_read_for_this_instance_and_only_where_something_hangs_on_it(desk: Opens) -> None:
    at = _opened(desk, CALM)
    at.live(60)
    assert at.calls(READ) == []
    at.hear(at.alert("other", rule="nobody-knows"))
    assert at.calls(READ) == []
    at.hear(at.alert())
    assert {call["instance"] for call in at.calls(READ)} == {at.orders_mq["instance_id"]}


def test_a_raised_instance_stays_raised_while_the_alert_rings_though_the_metric_has_room_again(desk: Opens) -> None:
    at = _raised(desk)
    at.use(tps=2000)
    at.live(3 * 60)
    assert (at.state().rung, len(at.orders())) == ("medium", 1)


# The end


def test_an_ok_that_the_metric_bears_out_ends_the_demand(desk: Opens) -> None:
    at = _raised(desk)
    at.use(tps=CALM)
    at.live(3)
    at.hear(at.alert("calm", OK))
    at.live(90)
    assert (at.state().rung, _demanding(at)) == ("small", ())
    assert len(at.orders()) == 2


def test_a_forged_ok_does_not_take_away_what_the_load_needs(desk: Opens) -> None:
    at = _raised(desk)
    verdict = at.hear(at.alert("forged", OK))
    why = f"the OK is not borne out: {METRIC} is 2900, above 2700"
    assert [(answer.refused, answer.reason) for answer in verdict.answers] == [(True, why)]
    at.live(2 * 60)
    assert (at.state().rung, len(at.orders())) == ("medium", 1)


def test_an_ok_that_cannot_be_held_against_the_metric_waits_and_is_taken_in_later(desk: Opens) -> None:
    at = _raised(desk)
    at.use(tps=CALM)
    at.live(3)
    _unreadable(at)
    verdict = at.hear(at.alert("calm", OK))
    assert list(verdict.left) == ["calm"]
    assert verdict.answers == ()
    at.live(30)
    assert [item["id"] for item in at.around.ledger.inbox(at.key())] == ["calm"]
    assert at.state().demands[0].ok_at is None
    at.mend()
    at.live(TOLD_WITHIN)
    assert at.around.ledger.inbox(at.key()) == []
    # It rang off half an hour ago, and that counts: its demand has ended by now.
    assert _demanding(at) == ()
    at.live(60)
    assert at.state().rung == "small"


def test_an_ok_that_waits_is_found_wanting_when_the_load_has_come_back(desk: Opens) -> None:
    at = _raised(desk)
    at.use(tps=CALM)
    at.live(3)
    _unreadable(at)
    at.hear(at.alert("calm", OK))
    at.use(tps=BUSY)
    at.live(5)
    at.mend()
    at.live(TOLD_WITHIN)
    assert at.around.ledger.inbox(at.key()) == []
    assert at.state().demands[0].ok_at is None
    assert any("the OK is not borne out" in answer.reason for answer in _answers(at))


def test_an_ok_that_waits_keeps_no_request_from_being_answered(desk: Opens) -> None:
    at = _raised(desk)
    _unreadable(at)
    at.hear(at.alert("calm", OK))
    answer = at.say("resize", to="large", **{"for": "2h"})
    assert answer["decision"] == "resize"


def test_an_ok_that_was_never_held_against_anything_is_turned_down_after_a_day(desk: Opens) -> None:
    """It waits no longer than an alert may be old, so the inbox does not fill up."""
    at = _raised(desk)
    _unreadable(at)
    at.hear(at.alert("calm", OK))
    at.clock.advance(24 * 3600)
    at.live(3)
    assert at.around.ledger.inbox(at.key()) == []
    assert any("too old to say anything of now" in answer.reason for answer in _answers(at))


def test_a_sender_whose_ok_waits_is_told_why(desk: Opens) -> None:
    at = _raised(desk)
    _unreadable(at)
    event = (EVENTS / "cms_metric_callback_recovery_via_fc3_http.json").read_bytes()
    reply = receive_alerts(at.around, event, ("T0KEN-demo",), lambda: True)
    (answer,) = reply.body["alerts"]
    assert (reply.status, answer["answer"]) == (200, "kept")
    assert answer["reason"].startswith(f"{METRIC} could not be read (InternalError")


def _calmed(desk: Opens) -> Any:
    """A desk whose alert has ended, ten minutes ago, as its metric bears out."""
    at = _raised(desk)
    at.use(tps=CALM)
    at.live(3)
    at.hear(at.alert("calm", OK))
    at.live(10)
    return at


def test_a_forged_callback_after_the_ok_does_not_keep_an_instance_up(desk: Opens) -> None:
    at = _calmed(desk)
    verdict = at.hear(at.alert("forged"))
    assert list(verdict.left.values()) == [
        f"the alert is not borne out: {METRIC} is 100, not above 2700; the next tick looks again"
    ]
    at.live(60)
    assert (at.state().rung, len(at.orders())) == ("small", 2)
    at.clock.advance(24 * 3600)
    at.live(3)
    assert at.around.ledger.inbox(at.key()) == []
    assert any("too old to say anything of now" in answer.reason for answer in _answers(at))


def test_a_callback_after_the_ok_that_the_metric_bears_out_a_little_later_keeps_it_up(desk: Opens) -> None:
    at = _calmed(desk)
    at.hear(at.alert("rings again"))
    at.use(tps=BUSY)
    at.live(TOLD_WITHIN)
    assert at.around.ledger.inbox(at.key()) == []
    at.live(3 * 60)
    assert (at.state().rung, len(at.orders())) == ("medium", 1)


def test_a_callback_after_the_ok_whose_metric_cannot_be_read_keeps_it_up(desk: Opens) -> None:
    at = _calmed(desk)
    _unreadable(at)
    at.hear(at.alert("rings again"))
    at.live(60)
    assert (at.state().rung, len(at.orders())) == ("medium", 1)


def test_what_was_measured_is_logged(desk: Opens, caplog: pytest.LogCaptureFixture) -> None:
    at = _opened(desk, CALM)
    caplog.set_level(logging.INFO, "tidegate")
    at.hear(at.alert())
    (line,) = [record.getMessage() for record in caplog.records if "measured" in record.getMessage()]
    assert METRIC in line
    assert "100" in line


# Climbing, and gateways


def test_a_climb_is_held_against_the_metric_at_every_step(desk: Opens) -> None:
    at = _opened(desk, BUSY, rule={"repeat": "climb"})
    at.hear(at.alert("one"))
    at.live(20)
    at.use(tps=CALM)
    at.live(3)
    assert at.hear(at.alert("two")).decision.code == "unconfirmed"
    at.live(10)
    assert (at.state().rung, at.state().demands[0].rung) == ("medium", "large")
    at.use(tps=4900)
    at.live(20)
    assert at.state().rung == "large"
    assert len(at.orders()) == 2


@pytest.mark.parametrize(("tps", "code"), [(2000, "resize"), (50, "unconfirmed")])
def test_a_gateways_alert_is_held_against_its_own_monitor(desk: Opens, tps: int, code: str) -> None:
    at = desk()
    rule = {"rule_id": "gw-qps-high", "raise": 1, "confirm": {"metric": "qps", "above": 1500}}
    at.push(at.orders_mq, {**at.edge, "alerts": [rule]})
    at.use("edge-gateway", tps=tps)
    at.live(10)
    assert at.hear(at.alert(rule="", rule_id="gw-qps-high"), "edge-gateway").decision.code == code
    assert at.calls("DescribeInstanceQps")
