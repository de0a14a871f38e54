"""Windows, blackouts and freezes: what must wait is held with its time, and begins by itself when that comes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from tidegate.domain.operation import Outcome
from tidegate.domain.signal import AlertState

Opens = Callable[..., Any]
RULE = "rabbit-tps-high"


def _opened(desk: Opens, **policy: Any) -> Any:
    """A desk at ten past noon of a Monday, with this said of times."""
    at = desk()
    at.push({**at.orders_mq, "cooldown": {"up": "0s", "down": "0s"}, **policy}, at.edge)
    at.live(10)
    return at


def _at(text: str) -> datetime:
    """A moment of that week in UTC, such as `02T18:00`."""
    return datetime.fromisoformat(f"2026-03-{text}:00").replace(tzinfo=timezone.utc)


def _until(at: Any, text: str) -> None:
    """Live until a moment."""
    at.live((_at(text) - at.clock.now()) / timedelta(minutes=1))


def _is_due(at: Any, text: str) -> bool:
    """Whether the ledger's marks wake the instance at that moment."""
    moment = _at(text)
    before = {mark.key for mark in at.around.ledger.due(moment - timedelta(minutes=1))}
    return at.key() in {mark.key for mark in at.around.ledger.due(moment)} - before


EVENING = {"resize_windows": {"up": [{"from": "18:00", "to": "20:00"}]}}
NIGHT = {"resize_windows": {"up": [{"days": "daily", "from": "22:00", "to": "02:00"}]}}


def test_an_up_waits_for_its_window_and_begins_by_itself_when_it_opens(desk: Opens) -> None:
    at = _opened(desk, **EVENING)
    verdict = at.hear(at.alert())
    assert verdict.decision.code == "window"
    assert verdict.decision.reason == "ups have windows; the next one opens at 2026-03-02 18:00Z"
    at.live(30)
    assert _is_due(at, "02T18:00")
    _until(at, "02T17:59")
    assert (at.orders(), at.started) == ([], [])
    at.live(1)
    assert at.operation().to_rung == "medium"
    at.live(20)
    assert at.settled().outcome is Outcome.RESIZED


def test_nobody_looks_at_it_more_often_for_waiting(desk: Opens) -> None:
    """Its turn once an hour, and the mark of the moment when the window opens: no more."""
    at = _opened(desk, **EVENING)
    at.hear(at.alert())
    at.live(10)
    looks = len(at.calls("GetInstance"))
    at.live(180)
    assert len(at.calls("GetInstance")) - looks <= 4


def test_within_the_window_it_begins_at_once(desk: Opens) -> None:
    at = _opened(desk, **EVENING)
    _until(at, "02T19:59")
    assert at.hear(at.alert()).decision.code == "resize"


def test_what_was_begun_in_the_window_is_followed_past_its_end(desk: Opens) -> None:
    at = _opened(desk, **EVENING)
    _until(at, "02T19:58")
    at.hear(at.alert())
    at.submit()
    at.live(30)
    assert (at.settled().outcome, len(at.orders())) == (Outcome.RESIZED, 1)


def test_what_was_planned_in_the_window_and_not_ordered_in_it_waits_for_the_next(desk: Opens) -> None:
    at = _opened(desk, **EVENING)
    _until(at, "02T19:59")
    at.hear(at.alert())
    at.clock.advance(90)
    assert at.follow() == ["submit", "settle", "done"]
    assert at.settled().outcome is Outcome.CANCELLED
    assert at.settled().why == "not ordered: ups have windows; the next one opens at 2026-03-03 18:00Z"
    _until(at, "03T18:20")
    assert (at.settled().outcome, len(at.orders())) == (Outcome.RESIZED, 1)


@pytest.mark.parametrize(
    ("when", "code"),
    [
        ("02T21:59", "window"),
        ("02T22:00", "resize"),
        ("03T00:30", "resize"),
        ("03T01:59", "resize"),
        ("03T02:00", "window"),
    ],
)
def test_a_window_may_last_over_midnight(desk: Opens, when: str, code: str) -> None:
    at = _opened(desk, **NIGHT)
    _until(at, when)
    assert at.hear(at.alert()).decision.code == code


def test_windows_are_by_the_wall_clock_of_the_instance(desk: Opens) -> None:
    at = _opened(desk, timezone="Asia/Shanghai", **EVENING)
    assert at.hear(at.alert()).decision.reason == "ups have windows; the next one opens at 2026-03-03 10:00Z"


def test_each_direction_has_its_own(desk: Opens) -> None:
    at = _opened(desk, resize_windows={"down": [{"from": "01:00", "to": "06:00"}]})
    at.say("resize", to="large", **{"for": "1h"})
    at.live(90)
    assert (at.state().rung, at.state().stance.code) == ("large", "window")
    _until(at, "03T00:59")
    assert len(at.orders()) == 1
    _until(at, "03T01:20")
    assert (at.state().rung, len(at.orders())) == ("small", 2)


def test_a_window_that_opens_no_more_is_told_to_a_person(desk: Opens) -> None:
    at = _opened(desk, resize_windows={"up": [{"days": ["2026-03-01"], "from": "01:00", "to": "06:00"}]})
    verdict = at.hear(at.alert())
    assert verdict.decision.reason == "ups have windows; none opens any more"
    ((kind, text),) = at.messages
    assert (kind, "Give the policy a resize window that opens" in text) == ("held", True)


# Who may overrule a window


def test_an_urgent_rule_needs_no_window(desk: Opens) -> None:
    at = _opened(desk, alerts=[{"rule": RULE, "raise": 1, "urgent": True}], **EVENING)
    assert at.hear(at.alert()).decision.code == "resize"
    at.live(20)
    assert at.state().rung == "medium"


def test_an_urgent_rule_goes_up_without_a_window_and_comes_down_within_one(desk: Opens) -> None:
    windows = {"resize_windows": {"up": [{"from": "18:00", "to": "20:00"}], "down": [{"from": "01:00", "to": "06:00"}]}}
    at = _opened(desk, alerts=[{"rule": RULE, "raise": 1, "urgent": True, "release_after": "1m"}], **windows)
    at.hear(at.alert())
    at.live(20)
    at.use(tps=10)
    at.hear(at.alert("calm", AlertState.OK))
    at.live(60)
    assert at.state().stance.code == "window"
    _until(at, "03T01:15")
    assert at.state().rung == "small"


def test_what_others_want_beyond_an_urgent_rule_waits_for_the_window(desk: Opens) -> None:
    rules = [{"rule": RULE, "raise": 1, "urgent": True}, {"rule": "other", "at_least": "large"}]
    at = _opened(desk, alerts=rules, **EVENING)
    at.leave(at.alert("one"))
    at.hear(at.alert("two", rule="other"))
    at.live(20)
    assert (at.state().rung, at.state().stance.code) == ("medium", "window")
    _until(at, "02T18:20")
    assert at.state().rung == "large"
    assert len(at.orders()) == 2


def test_a_person_needs_no_window_despite_it(desk: Opens) -> None:
    at = _opened(desk, **EVENING)
    over = {"to": "large", "for": "2h", "reason": "sale"}
    assert at.say("resize", **over)["code"] == "window"
    assert at.say("resize", despite=["window"], **over)["decision"] == "resize"


# Blackouts and freezes


FAIR = {"blackouts": [{"name": "fair", "from": "12:00", "to": "15:00"}]}


def test_in_a_blackout_nothing_is_ordered_and_afterwards_what_is_wanted_begins_by_itself(desk: Opens) -> None:
    at = _opened(desk, **FAIR)
    verdict = at.hear(at.alert())
    assert (verdict.decision.code, verdict.decision.reason) == ("blackout", "blackout fair until 2026-03-02 15:00Z")
    at.live(30)
    assert _is_due(at, "02T15:00")
    _until(at, "02T14:59")
    assert at.orders() == []
    at.live(1)
    assert at.operation().to_rung == "medium"


def test_an_urgent_rule_waits_for_a_blackout_to_end(desk: Opens) -> None:
    at = _opened(desk, alerts=[{"rule": RULE, "raise": 1, "urgent": True}], **FAIR, **EVENING)
    assert at.hear(at.alert()).decision.code == "blackout"
    _until(at, "02T15:02")
    assert len(at.orders()) == 1


def test_a_person_passes_windows_and_blackouts_by_one_word(desk: Opens) -> None:
    at = _opened(desk, **FAIR, **EVENING)
    over = {"to": "large", "for": "2h", "reason": "sale"}
    assert at.say("resize", despite=["window"], **over)["decision"] == "resize"
    at.live(20)
    assert at.state().rung == "large"


def test_a_blackout_of_one_direction_leaves_the_other_alone(desk: Opens) -> None:
    lectures = {"blackouts": [{"name": "lectures", "from": "12:00", "to": "15:00", "directions": ["down"]}]}
    at = _opened(desk, **lectures)
    at.say("resize", to="large", **{"for": "30m"})
    at.live(60)
    assert (at.state().rung, at.state().stance.code) == ("large", "blackout")
    _until(at, "02T15:15")
    assert at.state().rung == "small"


def test_a_window_that_opens_in_a_blackout_is_no_use_until_that_ends(desk: Opens) -> None:
    late = {"blackouts": [{"name": "closing", "from": "17:00", "to": "19:00"}]}
    at = _opened(desk, **late, **EVENING)
    at.hear(at.alert())
    _until(at, "02T18:59")
    assert (at.state().stance.code, at.orders()) == ("blackout", [])
    _until(at, "02T19:02")
    assert len(at.orders()) == 1


def test_of_blackouts_that_follow_each_other_the_last_end_counts(desk: Opens) -> None:
    both = {"blackouts": [{"from": "12:00", "to": "13:00"}, {"from": "13:00", "to": "14:00"}]}
    at = _opened(desk, **both)
    at.hear(at.alert())
    _until(at, "02T13:59")
    assert at.orders() == []
    _until(at, "02T14:02")
    assert len(at.orders()) == 1


def test_a_freeze_holds_as_a_blackout_does(desk: Opens) -> None:
    event = {"name": "inventory", "start": "2026-03-02T11:00:00", "lasts": "4h"}
    at = _opened(desk, freezes=[{"ics": "freeze.ics", "events": [event]}])
    verdict = at.hear(at.alert())
    assert verdict.decision.reason == "blackout inventory until 2026-03-02 15:00Z"
    _until(at, "02T15:02")
    assert len(at.orders()) == 1


def test_a_blackout_that_begins_between_plan_and_claim_cancels_what_was_planned(desk: Opens) -> None:
    at = _opened(desk, blackouts=[{"name": "fair", "from": "12:11", "to": "13:00"}])
    assert at.hear(at.alert()).decision.code == "resize"
    at.clock.advance(60)
    assert at.follow() == ["submit", "settle", "done"]
    assert at.settled().why == "not ordered: blackout fair until 2026-03-02 13:00Z"
    assert at.calls("UpdateInstance") == []


def test_a_demand_that_ends_before_the_window_opens_orders_nothing(desk: Opens) -> None:
    at = _opened(desk, **EVENING)
    at.hear(at.alert())
    at.live(10)
    at.hear(at.alert("calm", AlertState.OK))
    _until(at, "02T19:00")
    assert (at.orders(), at.state().stance.code) == ([], "as-wanted")


def test_a_new_policy_without_the_window_acts_at_the_next_tick(desk: Opens) -> None:
    at = _opened(desk, **EVENING)
    at.hear(at.alert())
    at.live(10)
    at.push(at.orders_mq, at.edge)
    at.live(2)
    assert at.state().operation is not None
