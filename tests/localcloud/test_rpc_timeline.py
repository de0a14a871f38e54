from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from localcloud.rpc.timeline import Change, Phase, at

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=timezone.utc)
SMALL = {"size": 0}


def minutes(number: float) -> timedelta:
    """Shorten a test."""
    return timedelta(minutes=number)


def change(number: int, begins: float | None, takes: float = 5, **more: Any) -> Change:
    """Write a change that begins so many minutes after noon."""
    begins_at = None if begins is None else NOON + minutes(begins)
    return Change(number, {"size": number}, begins_at, minutes(takes), **more)


def sizes(changes: list[Change], *times: float) -> list[Any]:
    """Read the instance at several moments."""
    return [at(SMALL, changes, NOON + minutes(time)).spec["size"] for time in times]


def test_changes_paid_together_go_one_after_the_other() -> None:
    both = [change(1, 0), change(2, 1)]
    assert sizes(both, 4, 5, 9, 10) == [0, 1, 1, 2]


def test_changes_go_in_the_order_of_payment_not_of_ordering() -> None:
    assert sizes([change(1, 10), change(2, 0)], 5, 15) == [2, 1]


def test_an_unpaid_change_never_begins() -> None:
    assert sizes([change(1, None)], 0, 10_000) == [0, 0]


def test_a_switch_pressed_too_late_does_not_count() -> None:
    late = change(1, 0, switchover=True, switched_at=NOON + minutes(5 + 24 * 60))
    assert sizes([late], 6 + 24 * 60) == [0]


def test_a_change_behind_a_switchover_waits_for_it() -> None:
    waiting = [change(1, 0, switchover=True, switched_at=NOON + minutes(60)), change(2, 10)]
    moment = at(SMALL, waiting, NOON + minutes(30))
    assert moment.phase is Phase.WAITING_FOR_SWITCH
    assert sizes(waiting, 60, 64, 65) == [1, 1, 2]


CHANGES = st.lists(
    st.builds(
        change,
        number=st.integers(1, 9),
        begins=st.none() | st.integers(0, 200),
        takes=st.integers(0, 50),
        shows_early=st.booleans(),
        rolls_back=st.booleans(),
        switchover=st.booleans(),
    ),
    max_size=5,
)


@given(CHANGES, st.integers(0, 5000))
@settings(deadline=None)
def test_an_instance_always_has_a_spec_that_somebody_bought_or_its_first(changes: list[Change], time: int) -> None:
    bought = {entry.to["size"] for entry in changes if entry.begins_at}
    assert at(SMALL, changes, NOON + minutes(time)).spec["size"] in {0, *bought}


@given(CHANGES)
@settings(deadline=None)
def test_every_instance_comes_to_rest(changes: list[Change]) -> None:
    assert at(SMALL, changes, NOON + timedelta(days=30)).phase is Phase.STEADY
