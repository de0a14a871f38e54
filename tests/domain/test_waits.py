"""How long to wait, when somebody is late, and which event a verdict is."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tidegate.domain.follow import WAITS, next_wait, overdue_at, rest_after, verdict_event
from tidegate.domain.operation import TRANSITIONS, Event, Operation, Phase, Verdict

if TYPE_CHECKING:
    from tests.domain.conftest import Make

NOW, AGAIN = Verdict.REFUSED_FOR_NOW, Verdict.UNANSWERED


def _attempted(make: Make, *verdicts: Verdict | None) -> Operation:
    """An operation with these attempts behind it, one an hour, and one open."""
    attempts = [
        make.attempt(verdict, number, sent_at=make.after(60 * (number - 1)))
        for number, verdict in enumerate([*verdicts, None], start=1)
    ]
    return make.operation(Phase.CLAIMED, attempts=tuple(attempts))


@pytest.mark.parametrize(
    ("earlier", "verdict", "event"),
    [
        ([], Verdict.ACCEPTED, Event.ACCEPTED),
        ([], Verdict.UNANSWERED, Event.UNANSWERED),
        ([], Verdict.UNSENT, Event.UNSENT),
        ([], Verdict.REFUSED_FOR_NOW, Event.REFUSED_FOR_NOW),
        ([], Verdict.REFUSED, Event.CONCLUDE),
        # Every attempt was refused or never left: so is the operation.
        ([NOW], Verdict.REFUSED, Event.CONCLUDE),
        ([Verdict.UNSENT, NOW], Verdict.REFUSED, Event.CONCLUDE),
        ([NOW, NOW], Verdict.REFUSED_FOR_NOW, Event.REFUSED_FOR_NOW),
        # An earlier one went unanswered: a refusal says nothing of that one.
        ([AGAIN], Verdict.REFUSED, Event.REFUSED_AGAIN),
        ([AGAIN], Verdict.REFUSED_FOR_NOW, Event.REFUSED_AGAIN),
        ([NOW, AGAIN], Verdict.REFUSED, Event.REFUSED_AGAIN),
        ([AGAIN], Verdict.ACCEPTED, Event.ACCEPTED),
        ([AGAIN], Verdict.UNSENT, Event.UNSENT),
        ([AGAIN], Verdict.UNANSWERED, Event.UNANSWERED),
    ],
)
def test_a_refusal_ends_the_operation_only_if_every_attempt_was_refused(
    make: Make, earlier: list[Verdict], verdict: Verdict, event: Event
) -> None:
    assert verdict_event(_attempted(make, *earlier), verdict) is event


@pytest.mark.parametrize("verdict", Verdict)
@pytest.mark.parametrize("earlier", [None, *Verdict])
def test_every_verdict_is_an_event_that_a_claimed_operation_expects(
    make: Make, earlier: Verdict | None, verdict: Verdict
) -> None:
    event = verdict_event(_attempted(make, *([earlier] if earlier else [])), verdict)
    assert (Phase.CLAIMED, event) in TRANSITIONS


@pytest.mark.parametrize(
    ("minutes", "wait_s"),
    [(0, 15), (2.5, 15), (2.51, 30), (5, 30), (5.1, 60), (10, 60), (10.1, 120), (20, 120), (20.1, 300), (9999, 300)],
)
def test_the_wait_is_about_a_tenth_of_the_time_since_the_order(make: Make, minutes: float, wait_s: int) -> None:
    assert next_wait(make.operation(), make.after(minutes)) == wait_s


def test_before_an_order_the_wait_grows_with_the_time_since_the_plan(make: Make) -> None:
    operation = make.operation(Phase.PLANNED, attempts=(), planned_at=make.noon)
    assert [next_wait(operation, make.after(minutes)) for minutes in (0, 4, 30)] == [15, 30, 300]


def test_the_wait_counts_from_the_last_attempt_that_was_sent(make: Make) -> None:
    attempts = (make.attempt(AGAIN), make.attempt(None, 2, sent_at=make.after(60)))
    assert next_wait(make.operation(attempts=attempts), make.after(61)) == 15


def test_a_proof_is_read_after_a_minute_however_old_the_order(make: Make) -> None:
    assert next_wait(make.operation(Phase.PROVING), make.after(days=2)) == 60


def test_every_wait_is_one_the_workflow_has_a_pause_for() -> None:
    assert WAITS == (15, 30, 60, 120, 300)


def test_a_look_is_overdue_after_two_waits_and_a_minute(make: Make) -> None:
    operation = make.operation(next_look_at=make.after(10), wait_s=120)
    assert overdue_at(operation) == make.after(10 + 4 + 1)


def test_after_a_handover_the_next_execution_starts_when_the_look_is_due(make: Make) -> None:
    operation = make.operation(next_look_at=make.after(10), wait_s=300, handed_over=True)
    assert overdue_at(operation) == make.after(10)


def test_an_operation_nobody_ever_looked_at_is_overdue_a_minute_after_its_plan(make: Make) -> None:
    assert overdue_at(make.operation(planned_at=make.noon)) == make.after(1)


@pytest.mark.parametrize(("refusals", "rest_s"), [(1, 30), (2, 45), (3, 67.5), (6, 227.8125), (7, 300), (40, 300)])
def test_the_rest_after_a_refusal_grows_by_half_up_to_five_minutes(make: Make, refusals: int, rest_s: float) -> None:
    attempts = tuple(make.attempt(NOW, number) for number in range(1, refusals + 1))
    operation = make.operation(Phase.WAITING, attempts=attempts)
    assert rest_after(operation, make.noon) == rest_s
    assert rest_after(operation, make.noon + timedelta(seconds=rest_s)) == 0
    assert rest_after(operation, make.noon + timedelta(seconds=rest_s - 1)) == 1


def test_the_rest_counts_from_the_last_refusal(make: Make) -> None:
    attempts = (make.attempt(NOW), make.attempt(NOW, 2, sent_at=make.after(10)))
    assert rest_after(make.operation(Phase.WAITING, attempts=attempts), make.after(10)) == 45


@pytest.mark.parametrize("verdict", [None, Verdict.UNSENT, Verdict.UNANSWERED])
def test_without_a_refusal_that_passes_there_is_nothing_to_rest_from(make: Make, verdict: Verdict | None) -> None:
    assert rest_after(make.operation(attempts=(make.attempt(verdict),)), make.noon) == 0
    assert rest_after(replace(make.operation(), attempts=()), make.noon) == 0
