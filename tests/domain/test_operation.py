"""The phase table, against a drawing of it made by hand; and what no path through it may do."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidegate.domain.diagram import mermaid
from tidegate.domain.operation import (
    OPENS_CIRCUIT,
    PHASES_KEPT,
    TRANSITIONS,
    Event,
    Outcome,
    Phase,
    UnexpectedEvent,
    Verdict,
    advance,
)

if TYPE_CHECKING:
    from tests.domain.conftest import Make

# Across: the phase before. In the cells: the phase after; a dot where the event is not expected.
DRAWING = """
                         planned    claimed    waiting    ordered    unpaid     applying   switchover proving    doubt
claim                    claimed    .          claimed    .          .          .          .          .          .
unsent                   .          waiting    .          .          .          .          .          .          .
accepted                 .          ordered    .          ordered    unpaid     applying   switchover proving    ordered
refused for now          .          waiting    .          .          .          .          .          .          .
refused after doubt      .          doubt      .          .          .          .          .          .          .
unanswered               .          doubt      doubt      .          .          .          .          .          .
doubt cleared            .          .          .          .          .          .          .          .          waiting
found the order          .          .          .          .          .          .          .          .          ordered
saw the old values       .          .          .          ordered    ordered    applying   applying   applying   doubt
saw an unpaid order      .          .          .          unpaid     unpaid     unpaid     unpaid     unpaid     unpaid
saw a change             .          .          .          applying   applying   applying   applying   applying   applying
saw the switchover wait  .          .          .          switchover switchover switchover switchover switchover switchover
saw the wanted values    .          .          .          proving    proving    proving    proving    proving    proving
conclude                 concluded  concluded  concluded  concluded  concluded  concluded  concluded  concluded  concluded
"""  # noqa: E501 - a table
LICENCES = {Event.UNSENT, Event.REFUSED_FOR_NOW, Event.CLEARED}
"""What must lie between one call to the vendor and the right to make another."""


def _drawn() -> dict[tuple[Phase, Event], Phase | None]:
    across, *rows = DRAWING.strip().splitlines()
    drawn: dict[tuple[Phase, Event], Phase | None] = {}
    for row in rows:
        event, cells = Event(row[:25].strip()), row[25:].split()
        for phase, cell in zip(across.split(), cells, strict=True):
            drawn[Phase(phase), event] = None if cell == "." else Phase(cell)
    # Nothing is expected any more of what is concluded.
    return drawn | {(Phase.CONCLUDED, event): None for event in Event}


def _reachable(start: Phase, without: set[Event]) -> set[Phase]:
    reached, edge = {start}, [start]
    while edge:
        here = edge.pop()
        for (before, event), after in TRANSITIONS.items():
            if before is here and event not in without and after not in reached:
                reached.add(after)
                edge.append(after)
    return reached


@pytest.mark.parametrize("phase", Phase)
@pytest.mark.parametrize("event", Event)
def test_every_event_in_every_phase_is_a_row_or_an_error(phase: Phase, event: Event) -> None:
    after = _drawn()[phase, event]
    if after is None:
        with pytest.raises(UnexpectedEvent) as raised:
            advance(phase, event)
        assert (raised.value.phase, raised.value.event) == (phase, event)
        assert str(raised.value) == f"an operation that is {phase.value} does not expect: {event.value}"
    else:
        assert advance(phase, event) is after


def test_no_path_leads_to_a_second_claim_but_through_a_verdict_that_nothing_stands() -> None:
    """Once claimed, and with those verdicts taken out of the table, no phase is left that would let anyone claim."""
    claimable = {before for before, event in TRANSITIONS if event is Event.CLAIM}
    assert claimable == {Phase.PLANNED, Phase.WAITING}
    assert _reachable(Phase.CLAIMED, LICENCES) & claimable == set()


def test_every_claim_leads_to_the_one_phase_in_which_a_call_is_made() -> None:
    assert {after for (_, event), after in TRANSITIONS.items() if event is Event.CLAIM} == {Phase.CLAIMED}
    assert {event for (_, event), after in TRANSITIONS.items() if after is Phase.CLAIMED} == {Event.CLAIM}


def test_nothing_leads_back_to_planned_and_nothing_on_from_concluded() -> None:
    assert Phase.PLANNED not in TRANSITIONS.values()
    assert _reachable(Phase.CONCLUDED, set()) == {Phase.CONCLUDED}


@pytest.mark.parametrize("phase", Phase)
def test_every_phase_can_be_reached_and_can_end(phase: Phase) -> None:
    assert phase in _reachable(Phase.PLANNED, set())
    assert Phase.CONCLUDED in _reachable(phase, set())


def test_what_was_ordered_is_followed_to_its_end_and_never_waits_to_be_ordered_again() -> None:
    followed = _reachable(Phase.ORDERED, set())
    assert followed == {
        Phase.ORDERED,
        Phase.UNPAID,
        Phase.APPLYING,
        Phase.SWITCHOVER,
        Phase.PROVING,
        Phase.CONCLUDED,
    }


@settings(deadline=None)
@given(st.lists(st.sampled_from(Event), max_size=60))
def test_on_any_walk_there_are_never_more_claims_than_licences_and_one(events: list[Event]) -> None:
    phase, walked = Phase.PLANNED, Counter[Event]()
    for event in events:
        if (phase, event) in TRANSITIONS:
            phase = advance(phase, event)
            walked[event] += 1
    assert walked[Event.CLAIM] <= 1 + sum(walked[event] for event in LICENCES)


def test_the_page_of_phases_shows_what_the_table_says() -> None:
    """If this fails, the table has changed: put what `mermaid()` gives into the page, and say what is new there."""
    page = (Path(__file__).parents[2] / "docs" / "phases.md").read_text()
    assert f"```mermaid\n{mermaid()}```\n" in page
    assert all(f"- `{phase.value}`: " in page for phase in Phase)


def test_the_picture_has_an_arrow_for_every_row_that_leads_on_and_no_other() -> None:
    arrows = [line.strip().partition(": ") for line in mermaid().splitlines() if ": " in line]
    drawn = {(way, event) for way, _, events in arrows for event in events.split(", ")}
    led = {(f"{b.value} --> {a.value}", e.value) for (b, e), a in TRANSITIONS.items() if a is not b}
    assert drawn == led
    assert mermaid().startswith("stateDiagram-v2\n    [*] --> planned\n")
    assert mermaid().endswith("    concluded --> [*]\n")


def test_an_operation_remembers_when_it_entered_each_phase_and_not_that_it_stayed(make: Make) -> None:
    planned = make.in_phase(make.operation(), Phase.PLANNED, make.noon)
    ordered = make.moved(planned, Event.CLAIM, Event.ACCEPTED, Event.SAW_NOTHING, Event.SAW_NOTHING, Event.SAW_WANTED)
    assert ordered.phases == (
        (Phase.PLANNED, make.noon),
        (Phase.CLAIMED, make.noon),
        (Phase.ORDERED, make.after(1)),
        (Phase.PROVING, make.after(4)),
    )


def test_an_operation_that_goes_to_and_fro_for_days_does_not_grow_and_keeps_its_beginning(make: Make) -> None:
    start = make.in_phase(make.operation(), Phase.PLANNED, make.noon - timedelta(hours=1))
    operation = make.moved(start, Event.CLAIM, Event.ACCEPTED, *([Event.SAW_UNPAID, Event.SAW_NOTHING] * 1000))
    assert len(operation.phases) == PHASES_KEPT
    assert operation.phases[0] == (Phase.PLANNED, make.noon - timedelta(hours=1))
    assert operation.phases[-1] == (Phase.ORDERED, make.after(2001))


def test_an_attempt_put_back_takes_the_place_of_the_one_with_its_number(make: Make) -> None:
    open_, judged = make.attempt(None, 2), make.attempt(Verdict.UNANSWERED, 2)
    operation = make.operation(attempts=(make.attempt(Verdict.REFUSED_FOR_NOW, 1), open_))
    assert operation.open_attempt == open_
    after = operation.with_attempt(judged)
    assert [attempt.number for attempt in after.attempts] == [1, 2]
    assert after.attempts[1] == judged
    assert after.open_attempt is None


def test_only_an_attempt_that_never_left_was_not_sent(make: Make) -> None:
    attempts = tuple(make.attempt(verdict, number) for number, verdict in enumerate([*Verdict, None], start=1))
    sent = make.operation(attempts=attempts).sent
    assert [attempt.verdict for attempt in sent] == [
        verdict for verdict in Verdict if verdict is not Verdict.UNSENT
    ] + [None]


def test_an_order_may_stand_after_an_attempt_that_was_accepted_or_went_unanswered_or_is_open(make: Make) -> None:
    attempts = tuple(make.attempt(verdict, number) for number, verdict in enumerate([*Verdict, None], start=1))
    standing = {attempt.verdict for attempt in make.operation(attempts=attempts).may_stand}
    assert standing == {Verdict.ACCEPTED, Verdict.UNANSWERED, None}


def test_an_operation_without_attempts_has_sent_nothing_and_nothing_is_open(make: Make) -> None:
    fresh = make.operation(Phase.PLANNED, attempts=())
    assert (fresh.open_attempt, fresh.sent, fresh.may_stand) == (None, (), ())


def test_the_circuit_opens_after_what_a_person_must_look_at() -> None:
    assert {
        Outcome.REFUSED,
        Outcome.ROLLED_BACK,
        Outcome.ORDER_CANCELLED,
        Outcome.ABANDONED,
    } == OPENS_CIRCUIT
