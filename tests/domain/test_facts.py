"""Facts fold into a state that stays bounded; what does not fit the open operation is refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast, get_args

import pytest

from tidegate.domain.facts import (
    Adopted,
    Answer,
    Carried,
    Claimed,
    Closed,
    Concluded,
    Decided,
    Fact,
    Judged,
    Looked,
    Planned,
    Telling,
)
from tidegate.domain.fold import ForeignFact, fold
from tidegate.domain.operation import Event, Evidence, Operation, Outcome, Phase, UnexpectedEvent, Verdict
from tidegate.domain.state import (
    CHANNELS_KEPT,
    RECENT_KEPT,
    SEEN_FOR,
    SEEN_KEPT,
    TOLD_KEPT,
    Circuit,
    Seen,
    Stance,
    State,
    Told,
)

if TYPE_CHECKING:
    from tests.domain.conftest import Make


def _stance(make: Make) -> Stance:
    return Stance("hold", "as-wanted", "small as wanted by home", "small", make.noon)


def _planned(make: Make, **over: Any) -> Operation:
    return make.operation(Phase.PLANNED, attempts=(), phases=(), **over)


def _story(make: Make) -> list[Fact]:
    """A whole operation: refused once, ordered, seen, proven, settled."""
    small, medium, later = make.spec("small"), make.spec("medium"), make.after(30)
    first, second = make.attempt(None), make.attempt(None, 2, sent_at=make.after(3))
    seen = Evidence(spec=medium, since=make.after(5), last=make.after(6))
    return [
        Planned(_planned(make)),
        Claimed(7, first, small, medium, later),
        Judged(7, 1, Verdict.REFUSED_FOR_NOW, Event.REFUSED_FOR_NOW, later, code="TopicMigrating"),
        Claimed(7, second, small, medium, later),
        Judged(7, 2, Verdict.ACCEPTED, Event.ACCEPTED, later, order_id="o-1"),
        Looked(7, Event.SAW_WANTED, later, seen, 60),
        Carried(7, "e1-orders-mq-7-2", 2, 1, later),
        Looked(7, Event.SAW_WANTED, later, seen, 60, order_id="o-1"),
        Concluded(7, Outcome.RESIZED, "read back twice", medium),
        Closed(7, "medium", opens_circuit=False),
    ]


def test_first_contact_takes_over_what_is_there(make: Make) -> None:
    state = fold(State(), Adopted("medium", make.spec("medium")), make.noon)
    assert (state.home, state.rung, state.adopted_at) == ("medium", "medium", make.noon)
    assert state.last_set == make.spec("medium")


def test_a_whole_operation_folds_into_how_it_settled(make: Make) -> None:
    state = make.folded(make.state(), *_story(make))
    (settled,) = state.recent
    assert (settled.number, settled.outcome, settled.why) == (7, Outcome.RESIZED, "read back twice")
    assert (settled.order_id, settled.attempts, settled.looks, settled.executions) == ("o-1", 2, 2, 2)
    assert [phase for phase, _ in settled.phases] == [
        Phase.PLANNED,
        Phase.CLAIMED,
        Phase.WAITING,
        Phase.CLAIMED,
        Phase.ORDERED,
        Phase.PROVING,
        Phase.CONCLUDED,
    ]
    assert (settled.at, settled.spec) == (make.after(9), make.spec("medium"))
    assert (state.operation, state.operations, state.rung) == (None, 7, "medium")
    assert state.last_set == make.spec("medium")


def test_a_claim_takes_over_the_specs_of_the_read_just_made(make: Make) -> None:
    moved = make.spec("small", MaxEipTps=256)
    facts: list[Fact] = [
        Planned(_planned(make)),
        Claimed(7, make.attempt(None), moved, {**moved, "X": 1}, make.after(9)),
    ]
    operation = make.folded(make.state(), *facts).operation
    assert operation is not None
    assert (operation.phase, operation.from_spec, operation.to_spec) == (Phase.CLAIMED, moved, {**moved, "X": 1})


def test_a_refusal_for_good_concludes_with_the_vendors_words(make: Make) -> None:
    state = make.folded(make.state(), *_story(make)[:2])
    fact = Judged(
        7, 1, Verdict.REFUSED, Event.CONCLUDE, make.after(9), code="Quota", message="too much", request_id="r"
    )
    operation = fold(state, fact, make.after(2)).operation
    assert operation is not None
    assert (operation.phase, operation.outcome) == (Phase.CONCLUDED, Outcome.REFUSED)
    assert operation.outcome_why == "Quota: too much (request r)"
    (attempt,) = operation.attempts
    assert (attempt.verdict, attempt.code, attempt.request_id) == (Verdict.REFUSED, "Quota", "r")


def test_a_look_counts_and_ends_the_row_of_revivals(make: Make) -> None:
    state = make.state(operation=make.operation(revivals=3, sent_back=2, looks=4))
    operation = fold(state, Looked(7, None, make.after(9), Evidence(), 30), make.noon).operation
    assert operation is not None
    assert (operation.looks, operation.revivals, operation.wait_s, operation.sent_back) == (5, 0, 30, 0)
    assert (operation.phase, operation.next_look_at) == (Phase.ORDERED, make.after(9))


def test_an_order_once_known_is_not_forgotten_by_a_look_that_does_not_see_it(make: Make) -> None:
    state = make.state(operation=make.operation(order_id="o-1"))
    operation = fold(state, Looked(7, Event.SAW_NOTHING, make.after(9), Evidence(), 30), make.noon).operation
    assert operation is not None
    assert operation.order_id == "o-1"


def test_an_ack_lasts_as_long_as_what_it_was_said_of(make: Make) -> None:
    """Who has seen to an unpaid order has not seen to the next one, nor to what comes after it."""
    acked = Told("op7-unpaid", "TIDEGATE_CHAT_URL", claimed_at=make.noon, sent_at=make.noon, acked=True)
    other = replace(acked, notice="held-fit")
    state = replace(make.state(operation=make.operation(Phase.UNPAID)), told=(acked, other))
    still = fold(state, Looked(7, Event.SAW_UNPAID, make.after(9), Evidence(), 30), make.noon)
    assert [each.acked for each in still.told] == [True, True]
    paid = fold(state, Looked(7, Event.SAW_CHANGE, make.after(9), Evidence(), 30), make.noon)
    assert [each.acked for each in paid.told] == [False, True]


def test_a_doubt_that_was_cleared_is_counted(make: Make) -> None:
    state = make.state(operation=make.doubtful())
    operation = fold(state, Looked(7, Event.CLEARED, make.after(9), Evidence(), 15), make.noon).operation
    assert operation is not None
    assert (operation.cleared, operation.phase) == (1, Phase.WAITING)


def test_a_new_execution_starts_with_a_clean_slate(make: Make) -> None:
    state = make.state(operation=make.operation(handed_over=True, wait_s=300))
    operation = fold(state, Carried(7, "e1-orders-mq-7-2", 2, 1, make.after(9)), make.after(1)).operation
    assert operation is not None
    assert (operation.execution, operation.executions, operation.execution_at) == ("e1-orders-mq-7-2", 2, make.after(1))
    assert (operation.handed_over, operation.wait_s, operation.revivals) == (False, 0, 1)


@pytest.mark.parametrize("outcome", Outcome)
def test_an_outcome_opens_the_circuit_only_where_the_fact_says_so(make: Make, outcome: Outcome) -> None:
    concluded = make.operation(Phase.CONCLUDED, outcome=outcome, outcome_why="so it was")
    state = make.state(operation=concluded)
    assert fold(state, Closed(7, "", opens_circuit=False), make.noon).circuit is None
    opened = fold(state, Closed(7, "", opens_circuit=True), make.noon)
    assert opened.circuit == Circuit(f"operation 7 {outcome.value}: so it was", make.noon)
    assert opened.rung == "small"


def test_a_circuit_stays_open_until_it_is_acked(make: Make) -> None:
    state = make.state(circuit=Circuit("why", make.noon), told=(Told("n", "CHAT", make.noon, make.noon),))
    assert fold(state, Decided(_stance(make), (), None), make.noon).circuit is not None
    acked = fold(state, Decided(_stance(make), (), None, acked=True), make.noon)
    assert (acked.circuit, [told.acked for told in acked.told]) == (None, [True])


def test_a_decision_replaces_demands_and_override_and_remembers_the_signals_it_answered(make: Make) -> None:
    state = make.state(demands=(make.demand(),), override=make.override())
    answers = (Answer("a1", "alert", "hold", "why"), Answer("", "nothing to remember", "hold", "why"))
    after = fold(state, Decided(_stance(make), (), None, answers), make.noon)
    assert (after.demands, after.override, after.stance) == ((), None, _stance(make))
    assert after.seen == (Seen("a1", make.noon),)
    assert after.has_seen("a1")
    assert not after.has_seen("a2")


def test_a_decision_may_bring_the_settled_rung_up_to_date_and_does_not_lose_it(make: Make) -> None:
    state = fold(make.state("small"), Decided(_stance(make), (), None, rung="large"), make.noon)
    assert state.rung == "large"
    assert fold(state, Decided(_stance(make), (), None), make.noon).rung == "large"


# Bounded


def test_signals_are_remembered_for_three_days_and_never_more_than_so_many(make: Make) -> None:
    answers = tuple(Answer(f"a{number}", "alert", "hold", "why") for number in range(SEEN_KEPT - 1))
    state = fold(make.state(), Decided(_stance(make), (), None, answers), make.noon)
    two = (Answer("b1", "alert", "hold", "why"), Answer("b2", "alert", "hold", "why"))
    state = fold(state, Decided(_stance(make), (), None, two), make.after(1))
    assert len(state.seen) == SEEN_KEPT
    assert (state.has_seen("a0"), state.has_seen("a1"), state.has_seen("b2")) == (False, True, True)
    state = fold(state, Decided(_stance(make), (), None), make.noon + SEEN_FOR)
    assert {seen.key for seen in state.seen} == {"b1", "b2"}


def test_the_newest_outcomes_are_kept(make: Make) -> None:
    state = make.state()
    for number in range(1, RECENT_KEPT + 6):
        concluded = make.operation(Phase.CONCLUDED, number=number, outcome=Outcome.CANCELLED)
        state = fold(replace(state, operation=concluded), Closed(number, "", opens_circuit=False), make.noon)
    assert [settled.number for settled in state.recent] == list(range(6, RECENT_KEPT + 6))


def test_what_was_told_is_kept_for_each_channel_by_itself(make: Make) -> None:
    state = fold(make.state(), Telling(Told("quiet", "QUIET", make.noon)), make.noon)
    for number in range(TOLD_KEPT + 5):
        state = fold(state, Telling(Told(f"n{number}", "BUSY", make.noon)), make.noon)
    kept = [told.notice for told in state.told if told.channel == "BUSY"]
    assert kept == [f"n{number}" for number in range(5, TOLD_KEPT + 5)]
    assert [told.notice for told in state.told if told.channel == "QUIET"] == ["quiet"]


def test_telling_is_bounded_also_where_channels_come_and_go(make: Make) -> None:
    state = make.state()
    for number in range(400):
        state = fold(state, Telling(Told("n", f"CHANNEL_{number}", make.noon)), make.noon)
    assert len(state.told) == TOLD_KEPT * CHANNELS_KEPT
    assert state.told[-1].channel == "CHANNEL_399"


def test_a_message_told_again_takes_the_place_of_its_note(make: Make) -> None:
    state = fold(make.state(), Telling(Told("n", "CHAT", make.noon)), make.noon)
    sent = Told("n", "CHAT", make.noon, make.noon, times=1)
    assert fold(state, Telling(sent), make.noon).told == (sent,)


# Foreign facts


def _about(make: Make, number: int) -> list[Fact]:
    spec, at = make.spec(), make.noon
    return [
        Claimed(number, make.attempt(None), spec, spec, at),
        Judged(number, 1, Verdict.ACCEPTED, Event.ACCEPTED, at),
        Looked(number, Event.SAW_NOTHING, at, Evidence(), 15),
        Carried(number, "e", 2, 0, at),
        Concluded(number, Outcome.RESIZED, "why"),
        Closed(number, "medium", opens_circuit=False),
    ]


@pytest.mark.parametrize("index", range(6))
def test_a_fact_about_another_operation_than_the_open_one_is_refused(make: Make, index: int) -> None:
    for state, number in [(make.state(operation=make.operation()), 6), (make.state(), 7)]:
        with pytest.raises(ForeignFact, match=f"operation {number} is not the open one"):
            fold(state, _about(make, number)[index], make.noon)


def test_every_fact_about_an_operation_is_tried_above() -> None:
    """A new kind of fact that belongs to an operation must find its way into these tests."""
    of_an_operation = {kind for kind in get_args(Fact) if "operation" in kind.__dataclass_fields__} - {Planned}
    assert of_an_operation == {Claimed, Judged, Looked, Carried, Concluded, Closed}


def test_while_an_operation_is_open_no_other_can_be_planned(make: Make) -> None:
    with pytest.raises(ForeignFact, match="operation 7 is open, so 8 cannot be planned"):
        fold(make.state(operation=make.operation()), Planned(_planned(make, number=8)), make.noon)


def test_an_operation_without_an_outcome_cannot_be_closed(make: Make) -> None:
    with pytest.raises(ForeignFact, match="operation 7 has no outcome yet"):
        fold(make.state(operation=make.operation()), Closed(7, "medium", opens_circuit=False), make.noon)


def test_a_claim_on_an_order_that_stands_is_an_error(make: Make) -> None:
    claim = Claimed(7, make.attempt(None, 2), make.spec(), make.spec(), make.noon)
    for phase in set(Phase) - {Phase.PLANNED, Phase.WAITING}:
        with pytest.raises(UnexpectedEvent):
            fold(make.state(operation=make.operation(phase)), claim, make.noon)


def test_what_is_no_fact_cannot_be_folded(make: Make) -> None:
    with pytest.raises(TypeError, match="no fact: 'claimed'"):
        fold(make.state(), cast("Fact", "claimed"), make.noon)


def test_folding_changes_nothing_of_the_state_before(make: Make) -> None:
    state = make.state()
    for at, fact in enumerate(_story(make)):
        before, copy = state, replace(state)
        state = fold(state, fact, make.noon + timedelta(minutes=at))
        assert before == copy
