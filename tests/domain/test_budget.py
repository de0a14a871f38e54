"""Budgets: used at the first claim of an operation, counted by the local day; an instance that flaps stays up."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest

from tidegate.domain.decide import decide
from tidegate.domain.facts import Claimed, Closed, Concluded, Judged, Planned
from tidegate.domain.fold import fold
from tidegate.domain.operation import Event, Outcome, Phase, Verdict
from tidegate.domain.reading import Direction
from tidegate.domain.state import SPENT_FOR, Spent, State
from tidegate.domain.verdict import Decision, Hold

if TYPE_CHECKING:
    from tests.domain.conftest import Make

UP, DOWN = Direction.UP, Direction.DOWN
CALM = {"cooldown": {"up": "0s", "down": "0s"}}


def _moment(text: str) -> datetime:
    """An instant as `2026-03-02 15:59`, in UTC."""
    return datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=timezone.utc)


def _decided(
    make: Make, direction: Direction, now: datetime, *spent: Spent, placing: int = 0, **policy: Any
) -> Decision:
    """What is decided of an instance that is to go in a direction and has spent so much."""
    start, home = ("small", "large") if direction is UP else ("large", "small")
    terms = make.terms(**{**CALM, **policy})
    return decide(terms, make.state(start, home=home, spent=spent), make.seen(start, placing=placing), now)


def _spent(make: Make, direction: Direction, *minutes: float, is_reversal: bool = False) -> tuple[Spent, ...]:
    return tuple(Spent(number, direction, make.after(minute), is_reversal) for number, minute in enumerate(minutes, 1))


def _budget(**limits: int) -> dict[str, Any]:
    return {"budget": {"ups_per_day": 9, "downs_per_day": 9, "reversals_per_day": 9, **limits}}


# What counts


def _planned(make: Make, state: State, number: int, direction: Direction, at: datetime) -> State:
    rungs = ("small", "medium") if direction is UP else ("medium", "small")
    operation = make.operation(Phase.PLANNED, number=number, direction=direction, attempts=(), phases=())
    return fold(state, Planned(replace(operation, from_rung=rungs[0], to_rung=rungs[1])), at)


def _claimed(make: Make, state: State, number: int, attempt: int, at: datetime) -> State:
    claim = Claimed(number, make.attempt(None, attempt), make.spec("small"), make.spec("medium"), at)
    return fold(state, claim, at)


def _closed(state: State, number: int, at: datetime) -> State:
    assert state.operation is not None
    if state.operation.outcome is None:
        state = fold(state, Concluded(number, Outcome.RESIZED, "read back twice"), at)
    return fold(state, Closed(number, "", opens_circuit=False), at)


def _resized(make: Make, state: State, number: int, direction: Direction, at: datetime) -> State:
    """The state after one resize in that direction, claimed and settled at once."""
    state = _claimed(make, _planned(make, state, number, direction, at), number, 1, at)
    state = fold(state, Judged(number, 1, Verdict.ACCEPTED, Event.ACCEPTED, at), at)
    return _closed(state, number, at)


def test_a_plan_uses_no_budget(make: Make) -> None:
    assert _planned(make, make.state(), 7, UP, make.noon).spent == ()


def test_a_plan_that_was_cancelled_has_used_none(make: Make) -> None:
    state = _planned(make, make.state(), 7, UP, make.noon)
    state = fold(state, Concluded(7, Outcome.CANCELLED, "not ordered"), make.after(1))
    assert _closed(state, 7, make.after(1)).spent == ()


def test_the_first_claim_uses_it(make: Make) -> None:
    state = _claimed(make, _planned(make, make.state(), 7, UP, make.noon), 7, 1, make.after(3))
    assert state.spent == (Spent(7, UP, make.after(3)),)


def test_later_attempts_of_the_same_operation_use_no_more_however_many(make: Make) -> None:
    state = _planned(make, make.state(), 7, UP, make.noon)
    for attempt in range(1, 30):
        at = make.after(attempt)
        state = _claimed(make, state, 7, attempt, at)
        verdict, event = Verdict.REFUSED_FOR_NOW, Event.REFUSED_FOR_NOW
        if attempt % 3 == 0:
            verdict, event = Verdict.UNSENT, Event.UNSENT
        state = fold(state, Judged(7, attempt, verdict, event, at), at)
    assert state.spent == (Spent(7, UP, make.after(1)),)


@pytest.mark.parametrize("verdict", [Verdict.REFUSED, Verdict.UNANSWERED])
def test_what_became_of_the_order_does_not_give_it_back(make: Make, verdict: Verdict) -> None:
    state = _claimed(make, _planned(make, make.state(), 7, UP, make.noon), 7, 1, make.noon)
    event = Event.CONCLUDE if verdict is Verdict.REFUSED else Event.UNANSWERED
    state = fold(state, Judged(7, 1, verdict, event, make.after(1)), make.after(1))
    assert _closed(state, 7, make.after(2)).spent == (Spent(7, UP, make.noon),)


def test_a_resize_against_the_last_one_of_a_day_is_a_reversal(make: Make) -> None:
    state = make.state()
    for number, (direction, minute) in enumerate([(UP, 0), (DOWN, 60), (DOWN, 120), (UP, 180)], 7):
        state = _resized(make, state, number, direction, make.after(minute))
    assert [one.is_reversal for one in state.spent] == [False, True, False, True]


@pytest.mark.parametrize(("hours", "is_reversal"), [(23.99, True), (24, False), (30, False)])
def test_a_resize_against_one_of_a_day_ago_is_none(make: Make, hours: float, *, is_reversal: bool) -> None:
    state = _resized(make, make.state(), 7, UP, make.noon)
    state = _resized(make, state, 8, DOWN, make.noon + timedelta(hours=hours))
    assert state.spent[-1].is_reversal is is_reversal


def test_what_was_spent_days_ago_is_forgotten(make: Make) -> None:
    state, at = make.state(), make.noon
    for number in range(7, 107):
        state = _resized(make, state, number, UP, at)
        at += timedelta(hours=5)
    last = state.spent[-1].at
    assert {last - one.at < SPENT_FOR for one in state.spent} == {True}
    assert timedelta(days=2) == SPENT_FOR
    assert len(state.spent) == 10


# How many


@pytest.mark.parametrize(("direction", "limit"), [(UP, "ups_per_day"), (DOWN, "downs_per_day")])
@pytest.mark.parametrize(("used", "code"), [(0, "resize"), (2, "resize"), (3, "budget"), (4, "budget")])
def test_so_many_of_a_direction_a_day_and_no_more(
    make: Make, direction: Direction, limit: str, used: int, code: str
) -> None:
    spent = _spent(make, direction, *range(used))
    decision = _decided(make, direction, make.after(60), *spent, **_budget(**{limit: 3}))
    assert decision.code == code
    if isinstance(decision, Hold):
        of = f"{used} of 3 {direction.value}s of today are used; the next day begins at 2026-03-03 00:00Z"
        assert (decision.reason, decision.until) == (of, _moment("2026-03-03 00:00"))
        assert decision.needs_person is (direction is UP)


def test_a_direction_without_any_budget_is_held_from_the_beginning(make: Make) -> None:
    assert _decided(make, UP, make.noon, **_budget(ups_per_day=0)).code == "budget"
    assert _decided(make, DOWN, make.noon, **_budget(downs_per_day=0)).code == "budget"


def test_ups_have_a_budget_of_their_own(make: Make) -> None:
    """An instance that may go down no more may still go up, and the other way round."""
    downs, ups = _spent(make, DOWN, 1, 2, 3), _spent(make, UP, 1, 2, 3)
    assert _decided(make, UP, make.after(60), *downs, **_budget(ups_per_day=1, downs_per_day=3)).code == "resize"
    assert _decided(make, DOWN, make.after(60), *ups, **_budget(ups_per_day=3, downs_per_day=1)).code == "resize"


def test_the_claim_that_is_being_made_does_not_count_against_itself(make: Make) -> None:
    """A second attempt of the last operation of the day is no operation more."""
    spent = _spent(make, UP, 1, 2)
    assert _decided(make, UP, make.after(60), *spent, **_budget(ups_per_day=2)).code == "budget"
    assert _decided(make, UP, make.after(60), *spent, placing=2, **_budget(ups_per_day=2)).code == "resize"
    assert _decided(make, UP, make.after(60), *spent, placing=3, **_budget(ups_per_day=2)).code == "budget"


# Reversals


def _flapping(make: Make, count: int) -> tuple[Spent, ...]:
    """Up and down by turns, a half hour each, the last time up; all but the first are reversals."""
    directions = [UP if number % 2 == 0 else DOWN for number in range(count)]
    return tuple(Spent(n, each, make.after(30 * n), is_reversal=n > 0) for n, each in enumerate(directions))


def test_too_many_reversals_hold_a_down(make: Make) -> None:
    decision = _decided(make, DOWN, make.after(180), *_flapping(make, 3), **_budget(reversals_per_day=2))
    assert isinstance(decision, Hold)
    why = "2 of 2 reversals of today are used, so it stays up; the next day begins at 2026-03-03 00:00Z"
    assert (decision.code, decision.reason) == ("budget", why)
    assert (decision.needs_person, decision.until) == (False, _moment("2026-03-03 00:00"))


def test_too_many_reversals_never_hold_an_up(make: Make) -> None:
    spent = _flapping(make, 4)
    assert spent[-1].direction is DOWN
    assert _decided(make, UP, make.after(180), *spent, **_budget(reversals_per_day=0)).code == "resize"


def test_a_down_that_is_no_reversal_needs_none_of_their_budget(make: Make) -> None:
    """Further down after a down."""
    spent = _flapping(make, 4)
    assert _decided(make, DOWN, make.after(180), *spent, **_budget(reversals_per_day=2)).code == "resize"


def test_a_down_a_day_after_the_up_is_no_reversal(make: Make) -> None:
    spent = (Spent(1, UP, make.noon),)
    limits = _budget(reversals_per_day=0)
    assert _decided(make, DOWN, make.noon + timedelta(hours=23, minutes=59), *spent, **limits).code == "budget"
    assert _decided(make, DOWN, make.noon + timedelta(hours=24), *spent, **limits).code == "resize"


# Days


@pytest.mark.parametrize(
    ("zone", "spent_at", "now", "is_today"),
    [
        # Midnight in Shanghai is 16:00 in UTC.
        ("Asia/Shanghai", "2026-03-02 15:59", "2026-03-02 15:59", True),
        ("Asia/Shanghai", "2026-03-02 15:59", "2026-03-02 16:00", False),
        ("Asia/Shanghai", "2026-03-02 16:00", "2026-03-03 15:59", True),
        ("UTC", "2026-03-02 15:59", "2026-03-02 16:00", True),
        # 29 March has 23 hours in Berlin, from 23:00 to 22:00 in UTC.
        ("Europe/Berlin", "2026-03-28 23:00", "2026-03-29 21:59", True),
        ("Europe/Berlin", "2026-03-28 23:00", "2026-03-29 22:00", False),
        ("Europe/Berlin", "2026-03-28 22:59", "2026-03-28 23:00", False),
        # 25 October has 25 hours, from 22:00 to 23:00.
        ("Europe/Berlin", "2026-10-24 22:00", "2026-10-25 22:59", True),
        ("Europe/Berlin", "2026-10-24 22:00", "2026-10-25 23:00", False),
        # In Santiago the clocks go ahead at midnight: 6 September begins at 01:00, which is 04:00 in UTC.
        ("America/Santiago", "2026-09-06 03:59", "2026-09-06 04:00", False),
        ("America/Santiago", "2026-09-06 04:00", "2026-09-07 02:59", True),
        ("America/Santiago", "2026-09-06 04:00", "2026-09-07 03:00", False),
    ],
)
def test_a_day_is_one_of_the_instances_zone(make: Make, zone: str, spent_at: str, now: str, *, is_today: bool) -> None:
    spent = Spent(1, UP, _moment(spent_at))
    decision = _decided(make, UP, _moment(now), spent, timezone=zone, **_budget(ups_per_day=1))
    assert decision.code == ("budget" if is_today else "resize")


@pytest.mark.parametrize(
    ("zone", "now", "again"),
    [
        ("Asia/Shanghai", "2026-03-02 12:00", "2026-03-02 16:00"),
        ("Europe/Berlin", "2026-03-29 00:30", "2026-03-29 22:00"),
        ("Europe/Berlin", "2026-10-25 00:30", "2026-10-25 23:00"),
        ("America/Santiago", "2026-09-05 20:00", "2026-09-06 04:00"),
    ],
)
def test_a_budget_that_is_used_up_says_when_the_next_day_begins_and_then_it_goes_on(
    make: Make, zone: str, now: str, again: str
) -> None:
    spent, limits = Spent(1, UP, _moment(now)), {"timezone": zone, **_budget(ups_per_day=1)}
    decision = _decided(make, UP, _moment(now), spent, **limits)
    assert isinstance(decision, Hold)
    assert decision.until == _moment(again)
    assert _decided(make, UP, _moment(again) - timedelta(seconds=1), spent, **limits).code == "budget"
    assert _decided(make, UP, _moment(again), spent, **limits).code == "resize"


def test_reversals_count_by_the_same_day(make: Make) -> None:
    """Two were used before midnight; the day after, there is budget again."""
    spent = _flapping(make, 3)
    limits = {"timezone": "Asia/Shanghai", **_budget(reversals_per_day=2)}
    assert _decided(make, DOWN, _moment("2026-03-02 15:59"), *spent, **limits).code == "budget"
    assert _decided(make, DOWN, _moment("2026-03-02 16:00"), *spent, **limits).code == "resize"
