"""What can happen to an instance, as records keep it; and `fold`, which takes a fact into the state.

Facts carry results, not orders to compute them: folding the same records gives the same state with any later policy.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import singledispatch
from typing import Literal

from tidegate.domain.operation import Attempt, Event, Evidence, Operation, Outcome, Verdict
from tidegate.domain.reading import Spec
from tidegate.domain.state import (
    CHANNELS_KEPT,
    RECENT_KEPT,
    SEEN_FOR,
    SEEN_KEPT,
    TOLD_KEPT,
    Circuit,
    Demand,
    Override,
    Seen,
    Settled,
    Stance,
    State,
    Told,
    newest,
)


@dataclass(frozen=True)
class Answer:
    """What one alert or request was answered."""

    key: str
    what: str
    """The signal in a phrase: `alert rabbit-tps-high firing (97.39)`."""
    verdict: Literal["resize", "hold"]
    reason: str
    refused: bool = False
    """Whether it was turned down, and so changed nothing."""


@dataclass(frozen=True)
class Adopted:
    """First contact: what was there is taken over as it is."""

    rung: str
    spec: Spec
    kind: Literal["adopted"] = "adopted"


@dataclass(frozen=True)
class Decided:
    """Signals were folded in, or the verdict changed. Demands and override are as they are afterwards."""

    stance: Stance
    demands: tuple[Demand, ...]
    override: Override | None
    answers: tuple[Answer, ...] = ()
    acked: bool = False
    rung: str = ""
    kind: Literal["decided"] = "decided"


@dataclass(frozen=True)
class Planned:
    """The intent of an operation, written before anything is ordered."""

    operation: Operation
    kind: Literal["planned"] = "planned"


@dataclass(frozen=True)
class Claimed:
    """The right to make one attempt. The specs are those of the read just made."""

    operation: int
    attempt: Attempt
    from_spec: Spec
    to_spec: Spec
    next_look_at: datetime
    kind: Literal["claimed"] = "claimed"


@dataclass(frozen=True)
class Judged:
    """The verdict on an attempt."""

    operation: int
    attempt: int
    verdict: Verdict
    event: Event
    next_look_at: datetime
    order_id: str = ""
    code: str = ""
    message: str = ""
    request_id: str = ""
    kind: Literal["judged"] = "judged"


@dataclass(frozen=True)
class Looked:
    """One look at the instance and its order, and what it was taken for."""

    operation: int
    event: Event | None
    next_look_at: datetime
    evidence: Evidence
    wait_s: int
    order_id: str = ""
    sent_back: int = 0
    handed_over: bool = False
    kind: Literal["looked"] = "looked"


@dataclass(frozen=True)
class Carried:
    """An execution was chosen to carry the operation: the first one, or after a handover or a death."""

    operation: int
    execution: str
    number: int
    revivals: int
    next_look_at: datetime
    kind: Literal["carried"] = "carried"


@dataclass(frozen=True)
class Concluded:
    """The outcome is known."""

    operation: int
    outcome: Outcome
    why: str
    spec: Spec = field(default_factory=dict)
    kind: Literal["concluded"] = "concluded"


@dataclass(frozen=True)
class Closed:
    """The operation is settled and makes room for the next one."""

    operation: int
    rung: str
    opens_circuit: bool
    kind: Literal["closed"] = "closed"


@dataclass(frozen=True)
class Telling:
    """A message is about to be sent to a channel, or was."""

    told: Told
    kind: Literal["telling"] = "telling"


Fact = Adopted | Decided | Planned | Claimed | Judged | Looked | Carried | Concluded | Closed | Telling


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
        rung=fact.rung or state.rung,
    )


@_fold.register
def _(fact: Planned, state: State, at: datetime) -> State:
    if state.operation is not None:
        raise ForeignFact(f"operation {state.operation.number} is open, so {fact.operation.number} cannot be planned")
    operation = replace(fact.operation, phases=((fact.operation.phase, at),))
    return replace(state, operation=operation, operations=operation.number)


@_fold.register
def _(fact: Claimed, state: State, at: datetime) -> State:
    operation = _open(state, fact.operation).moved(Event.CLAIM, at).with_attempt(fact.attempt)
    return replace(state, operation=replace(operation, from_spec=fact.from_spec, to_spec=fact.to_spec, sent_back=0))


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
    return replace(state, operation=looked)


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
    return replace(
        state,
        operation=None,
        recent=newest((*state.recent, settled), RECENT_KEPT),
        rung=fact.rung or state.rung,
        last_set=operation.evidence.spec or state.last_set,
        circuit=Circuit(f"operation {operation.number} {operation.outcome.value}: {operation.outcome_why}", at)
        if fact.opens_circuit
        else state.circuit,
    )


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
