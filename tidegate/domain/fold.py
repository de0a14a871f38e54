"""Taking a fact into the state: the newest record of a ledger holds the fold of all that went before."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from functools import singledispatch

from tidegate.domain.facts import (
    Adopted,
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
from tidegate.domain.operation import Event, Operation, Outcome
from tidegate.domain.state import (
    CHANNELS_KEPT,
    RECENT_KEPT,
    REVERSAL_WITHIN,
    SEEN_FOR,
    SEEN_KEPT,
    SPENT_FOR,
    SPENT_KEPT,
    TOLD_KEPT,
    Approved,
    Circuit,
    Seen,
    Settled,
    Spent,
    State,
    Told,
    Topic,
    newest,
)


class ForeignFact(Exception):  # noqa: N818 - reads as what it is
    """A fact about another operation than the open one."""


def fold(state: State, fact: Fact, at: datetime) -> State:
    """The state after a fact that was recorded at `at`."""
    return _fold(fact, state, at)


@singledispatch
def _fold(fact: object, _state: State, _at: datetime) -> State:
    raise TypeError(f"no fact: {fact!r}")


@_fold.register
def _(fact: Adopted, state: State, at: datetime) -> State:
    return replace(state, home=fact.rung, rung=fact.rung, adopted_at=at, last_set=fact.spec)


@_fold.register
def _(fact: Decided, state: State, at: datetime) -> State:
    fresh = tuple(Seen(answer.key, at) for answer in fact.answers if answer.key)
    kept = tuple(seen for seen in state.seen if at - seen.at < SEEN_FOR)
    told = tuple(replace(told, acked=True) for told in state.told) if fact.acked else state.told
    return replace(
        state,
        stance=fact.stance,
        demands=fact.demands,
        override=fact.override,
        seen=newest((*kept, *fresh), SEEN_KEPT),
        told=told,
        circuit=None if fact.acked else state.circuit,
        rung=fact.rung or ("" if _left_the_ladder(fact, state) else state.rung),
        words=fact.words,
        pause=fact.pause,
        approval=fact.approval,
        drift=fact.drift,
        home=fact.home,
        found=fact.found,
        last_set=fact.last_set,
        ringing=fact.ringing,
    )


def _left_the_ladder(fact: Decided, state: State) -> bool:
    """Whether a person has just adopted what is on no rung, whatever it stood on before."""
    return bool(fact.found) and fact.words.get(Topic.HOME) != state.words.get(Topic.HOME)


@_fold.register
def _(fact: Planned, state: State, at: datetime) -> State:
    if state.operation is not None:
        raise ForeignFact(f"operation {state.operation.number} is open, so {fact.operation.number} cannot be planned")
    operation = replace(fact.operation, phases=((fact.operation.phase, at),))
    return replace(state, operation=operation, operations=operation.number)


@_fold.register
def _(fact: Claimed, state: State, at: datetime) -> State:
    before = _open(state, fact.operation)
    approval = state.approval
    if approval and approval.at and not approval.used_by and _allowed(approval, before):
        approval = replace(approval, used_by=before.number)
    operation = before.moved(Event.CLAIM, at).with_attempt(fact.attempt)
    by = approval.by if approval and approval.used_by == before.number else ""
    operation = replace(
        operation,
        from_spec=fact.from_spec,
        to_spec=fact.to_spec,
        skips_switchover=fact.skips_switchover,
        sent_back=0,
        approved_by=by,
    )
    return replace(state, operation=operation, approval=approval, spent=_spent(state, before, at))


def _allowed(approval: Approved, operation: Operation) -> bool:
    return (approval.from_rung, approval.to_rung) == (operation.from_rung, operation.to_rung)


def _spent(state: State, operation: Operation, at: datetime) -> tuple[Spent, ...]:
    """The budget is used at the first claim of an operation; its later attempts are the same resize."""
    if any(one.operation == operation.number for one in state.spent):
        return state.spent
    last = state.spent[-1] if state.spent else None
    is_reversal = last is not None and last.direction is not operation.direction and at - last.at < REVERSAL_WITHIN
    kept = tuple(one for one in state.spent if at - one.at < SPENT_FOR)
    return newest((*kept, Spent(operation.number, operation.direction, at, is_reversal)), SPENT_KEPT)


@_fold.register
def _(fact: Judged, state: State, at: datetime) -> State:
    operation = _open(state, fact.operation)
    attempt = next(a for a in operation.attempts if a.number == fact.attempt)
    judged = replace(
        attempt,
        verdict=fact.verdict,
        order_id=fact.order_id,
        code=fact.code,
        message=fact.message,
        request_id=fact.request_id,
    )
    moved = operation.with_attempt(judged).moved(fact.event, at)
    if fact.event is Event.CONCLUDE:
        moved = replace(moved, outcome=Outcome.REFUSED, outcome_why=_refusal(fact))
    return replace(
        state,
        operation=replace(
            moved, order_id=fact.order_id or operation.order_id, next_look_at=fact.next_look_at, wait_s=0
        ),
    )


@_fold.register
def _(fact: Looked, state: State, at: datetime) -> State:
    operation = _open(state, fact.operation)
    moved = operation.moved(fact.event, at) if fact.event else operation
    looked = replace(
        moved,
        looks=operation.looks + 1,
        next_look_at=fact.next_look_at,
        wait_s=fact.wait_s,
        handed_over=fact.handed_over,
        evidence=fact.evidence,
        order_id=fact.order_id or operation.order_id,
        sent_back=fact.sent_back,
        cleared=operation.cleared + (fact.event is Event.CLEARED),
        revivals=0,
    )
    # Somebody has seen to what was so then. If it comes back, people hear of it again.
    told = state.told if moved.phase is operation.phase else tuple(_heard(each, operation) for each in state.told)
    return replace(state, operation=looked, told=told)


def _heard(told: Told, operation: Operation) -> Told:
    return replace(told, acked=False) if told.notice.startswith(f"op{operation.number}-") else told


@_fold.register
def _(fact: Carried, state: State, at: datetime) -> State:
    carried = replace(
        _open(state, fact.operation),
        execution=fact.execution,
        executions=fact.number,
        execution_at=at,
        revivals=fact.revivals,
        next_look_at=fact.next_look_at,
        wait_s=0,
        handed_over=False,
    )
    return replace(state, operation=carried)


@_fold.register
def _(fact: Concluded, state: State, at: datetime) -> State:
    operation = _open(state, fact.operation).moved(Event.CONCLUDE, at)
    evidence = replace(operation.evidence, spec=fact.spec or operation.evidence.spec)
    return replace(state, operation=replace(operation, outcome=fact.outcome, outcome_why=fact.why, evidence=evidence))


@_fold.register
def _(fact: Closed, state: State, at: datetime) -> State:
    operation = _open(state, fact.operation)
    if operation.outcome is None:
        raise ForeignFact(f"operation {operation.number} has no outcome yet")
    settled = Settled(
        number=operation.number,
        direction=operation.direction,
        from_rung=operation.from_rung,
        to_rung=operation.to_rung,
        outcome=operation.outcome,
        why=operation.outcome_why,
        at=at,
        reason=operation.reason,
        spec=operation.evidence.spec,
        order_id=operation.order_id,
        attempts=len(operation.sent),
        execution=operation.execution,
        executions=operation.executions,
        looks=operation.looks,
        planned_at=operation.planned_at,
        phases=operation.phases,
    )
    as_it_was = _is_as_it_was(operation)
    return replace(
        state,
        operation=None,
        recent=_recent(replace(state, recent=(*state.recent, settled))),
        # Off the ladder no rung is known, so that the next decision reads.
        rung=fact.rung or (state.rung if as_it_was else ""),
        last_set=state.last_set if as_it_was else operation.evidence.spec,
        drift=state.drift if as_it_was else None,
        circuit=Circuit(f"operation {operation.number} {operation.outcome.value}: {operation.outcome_why}", at)
        if fact.opens_circuit
        else state.circuit,
    )


def _is_as_it_was(operation: Operation) -> bool:
    """Whether it has changed nothing in the end. What is found then that we had not set is somebody else's doing."""
    is_undone = operation.outcome in (Outcome.CANCELLED, Outcome.REFUSED, Outcome.UNCHANGED)
    return is_undone or operation.evidence.spec in ({}, operation.from_spec)


def _recent(state: State) -> tuple[Settled, ...]:
    """The newest operations, and in any case the newest that changed the instance: cooldowns count from that one."""
    kept, last = newest(state.recent, RECENT_KEPT), state.last_resize()
    return kept if last is None or last in kept else (last, *kept[1:])


@_fold.register
def _(fact: Telling, state: State, _at: datetime) -> State:
    others = [told for told in state.told if told.channel != fact.told.channel]
    same = [told for told in state.told if told.channel == fact.told.channel and told.notice != fact.told.notice]
    kept = (*others, *newest((*same, fact.told), TOLD_KEPT))
    return replace(state, told=newest(kept, TOLD_KEPT * CHANNELS_KEPT))


def _refusal(fact: Judged) -> str:
    """The vendor's own words, with the request id that its support asks for."""
    request = f" (request {fact.request_id})" if fact.request_id else ""
    return f"{fact.code}: {fact.message}{request}"


def _open(state: State, number: int) -> Operation:
    if state.operation is None or state.operation.number != number:
        raise ForeignFact(f"operation {number} is not the open one")
    return state.operation
