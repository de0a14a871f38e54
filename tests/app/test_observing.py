"""Observing: what acting would have come to is recorded as it changes, nobody is asked, and nothing is ordered."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from tests.app.conftest import NOON
from tidegate.app import codec
from tidegate.app.report import Watched, observed
from tidegate.domain.facts import Decided
from tidegate.domain.signal import AlertState

Opens = Callable[..., Any]
DAY = timedelta(days=1)
USAGE = ("GetMetadataAmount", "DescribeMetricList")
WRITES = ("UpdateInstance", "ModifyInstanceSpec")


def _watching(desk: Opens, **over: Any) -> Any:
    at = desk()
    at.push({**at.orders_mq, "mode": "observe", **over})
    at.live(1)
    return at


def _first(at: Any) -> Watched:
    told = observed(at.around, DAY, "orders-mq").instances[0]
    assert isinstance(told, Watched)
    return told


def _report(at: Any) -> Watched:
    told = _first(at)
    assert [call for action in WRITES for call in at.calls(action)] == []
    return told


def test_a_window_that_would_hold_is_recorded_and_the_order_counted_when_it_opens(desk: Opens) -> None:
    at = _watching(desk, resize_windows={"up": [{"from": "12:30", "to": "13:00"}]})
    at.hear(at.alert())
    would = at.state().stance.would
    assert (would.code, would.start, would.end) == ("window", "small", "medium")
    assert at.state().stance.reason.endswith(
        "but would be held: ups have windows; the next one opens at 2026-03-02 12:30Z"
    )
    at.live(60)
    (wish,) = _report(at).would_be
    assert wish.at == NOON + timedelta(minutes=30)
    assert [(held.code, held.minutes) for held in wish.held] == [("window", 29)]
    assert (wish.cause.kind, wish.cause.name, wish.cause.key) == (
        "alert",
        "rabbit-tps-high",
        "instances.orders-mq.alerts[0]",
    )
    assert at.messages == []


def test_what_would_need_a_yes_asks_nobody(desk: Opens) -> None:
    at = _watching(desk, approval={"when": ["up"]})
    at.hear(at.alert())
    at.live(30)
    assert (at.state().stance.would.code, at.state().approval) == ("approval", None)
    told = _report(at)
    assert (told.orders, [held.code for held in told.held]) == (0, ["approval"])
    assert told.minutes_below_need == 30
    assert at.asked() == []


def test_a_want_that_stays_is_one_record_and_one_order_however_often_it_is_looked_at(desk: Opens) -> None:
    at = _watching(desk)
    at.hear(at.alert())
    before = at.page().head.seq
    at.live(180)
    assert at.page().head.seq == before
    told = _report(at)
    assert (told.orders, told.minutes_below_need, told.would_be[0].ended_at) == (1, 180, None)


def test_a_downgrade_that_would_not_fit_is_told_so_and_its_usage_is_read_ever_more_seldom(desk: Opens) -> None:
    at = desk()
    at.by_hand("large")
    at.clock.advance(1200)
    at.push({**at.orders_mq, "mode": "observe", "base": "small"})
    at.use(queues=400, connections=100, tps=100)
    at.live(60)
    assert at.state().stance.would.code == "fit"
    assert 1 <= len(at.calls("GetMetadataAmount")) <= 16
    at.use(queues=10)
    at.live(20)
    told = _report(at)
    assert (told.orders, told.would_be[0].to_rung, told.would_be[0].held[0].code) == (1, "small", "fit")


def test_an_urgent_rules_part_of_the_way_is_an_order_and_the_rest_of_it_another(desk: Opens) -> None:
    rules = [{"rule": "rabbit-tps-high", "at_least": "medium", "urgent": True}]
    sale = [{"name": "sale", "from": "12:00", "to": "18:00", "rung": "large"}]
    window = {"up": [{"from": "12:30", "to": "13:00"}]}
    at = _watching(desk, alerts=rules, timetable=sale, resize_windows=window)
    at.hear(at.alert())
    at.live(60)
    told = _report(at)
    assert [(wish.to_rung, wish.cause.kind, wish.cause.name) for wish in told.would_be] == [
        ("medium", "alert", "rabbit-tps-high"),
        ("large", "timetable", "sale"),
    ]
    assert told.would_be[0].ended_at == told.would_be[1].at == NOON + timedelta(minutes=30)


def test_an_instance_that_cannot_be_read_for_a_while_does_not_begin_its_order_anew(desk: Opens) -> None:
    at = _watching(desk)
    at.hear(at.alert())
    at.fault("GetInstance", "error-before", times=None)
    at.live(70)
    assert at.state().stance.code == "unread"
    at.mend()
    at.live(20)
    told = _report(at)
    assert (told.orders, [held.code for held in told.held]) == (1, ["unread"])


def test_records_of_before_are_told_as_held_by_observing(desk: Opens) -> None:
    """They do not say what the other guards thought; that is not made up."""
    at = _watching(desk)
    at.hear(at.alert())
    page = at.page()
    old = replace(page.state.stance, would=None)
    assert page.write(Decided.of(page.state, old, acked=False)) is not None
    assert at.state().stance.would is None
    at.clock.advance(600)
    told = _report(at)
    assert [(held.code, held.minutes) for held in told.held] == [("observe", 10)]


def test_once_it_is_acted_on_what_was_wanted_is_ordered_and_the_report_tells_both(desk: Opens) -> None:
    at = _watching(desk)
    at.hear(at.alert())
    at.live(30)
    at.push({**at.orders_mq, "cooldown": {"up": "0s", "down": "0s"}, "release_after": "5m"})
    at.live(30)
    at.hear(at.alert("a2", AlertState.OK))
    told = _first(at)
    assert (told.orders, told.would_be[0].ended_at, told.mode) == (1, told.done[0].at, "act")
    assert (told.done[0].to_rung, told.done[0].outcome) == ("medium", "resized")


def test_an_instance_that_was_never_seen_has_nothing_to_tell(desk: Opens) -> None:
    told = _report(desk())
    assert (told.would_be, told.held, told.minutes_below_need, told.rung) == ((), (), 0, "")


def test_a_record_with_what_a_later_version_adds_to_a_verdict_can_be_read(desk: Opens) -> None:
    """Lenient in reading: it is the schema that keeps an older version from writing it again without that."""
    at = _watching(desk)
    at.hear(at.alert())
    state = json.loads(json.dumps(at.page().head.state))
    state["stance"]["added_later"] = {"code": "resize"}
    assert codec.read_state(state) == at.state()
