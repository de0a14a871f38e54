"""One operation as it stands now, from the ledger alone: what whoever watches it wants to know."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from tidegate.app import codec
from tidegate.app.report.facts import NotKnown, book_of
from tidegate.app.report.needs import Need, needs
from tidegate.app.report.receipts import Receipt, receipt
from tidegate.app.surroundings import Book, Surroundings
from tidegate.domain.operation import Outcome, Phase, opens_circuit
from tidegate.domain.state import Settled, State

SETTLED = "settled"
NUMBER = re.compile(r"[0-9]{1,9}")
INTENDED = (Outcome.RESIZED, Outcome.RESIZED_ELSEWHERE, Outcome.CANCELLED)
"""Ends that somebody meant: the wanted values are read back, or nobody wanted them any more before the order."""


@dataclass(frozen=True)
class Followed:
    """One operation at one moment. `good` is whether it ended as somebody meant; None while it is open."""

    instance: str
    number: int
    timezone: str
    direction: str
    from_rung: str
    to_rung: str
    phase: str
    since: datetime | None
    order_id: str
    attempts: int
    next_look_at: datetime | None
    needs: tuple[Need, ...]
    outcome: str
    why: str
    good: bool | None


def which(around: Surroundings, what: str, book: Book | None = None) -> tuple[str, int]:
    """The operation that is meant: `orders-mq#12`, or the open or else the last one of `orders-mq`.

    Raises NothingPushed, NotKnown.
    """
    known = book_of(around, book)
    name, numbered, number = what.partition("#")
    if name not in known.names:
        raise NotKnown(f"the policy has no instance `{name}`; it has {', '.join(known.names)}")
    if numbered:
        if not NUMBER.fullmatch(number):
            raise NotKnown(f"`{what}` is no operation; write {name}#3")
        return name, int(number)
    state = _state(around, known, name)
    if not state.operations:
        raise NotKnown(f"{name} has had no operation yet")
    return name, state.operation.number if state.operation else state.operations


def follow(around: Surroundings, name: str, number: int, book: Book | None = None) -> Followed:
    """Where the operation is now. Raises NothingPushed, NotKnown."""
    known = book_of(around, book)
    policy = known.read(name)
    state = _state(around, known, name)
    operation = state.operation
    if operation is not None and operation.number == number:
        return Followed(
            instance=name,
            number=number,
            timezone=policy.timezone,
            direction=operation.direction.value,
            from_rung=operation.from_rung,
            to_rung=operation.to_rung,
            phase=operation.phase.value,
            since=operation.phases[-1][1] if operation.phases else operation.planned_at,
            order_id=operation.order_id,
            attempts=len(operation.attempts),
            next_look_at=operation.next_look_at,
            needs=tuple(needs(policy, state, around.now())),
            outcome="",
            why="",
            good=None,
        )
    settled = next((one for one in state.recent if one.number == number), None)
    if settled is not None:
        return _ended(name, policy.timezone, settled)
    return _of_old(receipt(around, name, number, known))


def _state(around: Surroundings, book: Book, name: str) -> State:
    head = around.ledger.head(around.key(book.read(name)))
    return codec.state_in(head) if head else State()


def _ended(name: str, zone: str, settled: Settled) -> Followed:
    return Followed(
        instance=name,
        number=settled.number,
        timezone=zone,
        direction=settled.direction.value,
        from_rung=settled.from_rung,
        to_rung=settled.to_rung,
        phase=SETTLED,
        since=settled.at,
        order_id=settled.order_id,
        attempts=settled.attempts,
        next_look_at=None,
        needs=(),
        outcome=settled.outcome.value,
        why=settled.why,
        good=_meant(settled.outcome, settled.phases),
    )


def _of_old(told: Receipt) -> Followed:
    """One that the state does not remember any more."""
    phases = tuple((Phase(stay.phase), stay.entered) for stay in told.phases)
    return Followed(
        instance=told.instance,
        number=told.number,
        timezone=told.timezone,
        direction=told.direction,
        from_rung=told.from_rung,
        to_rung=told.to_rung,
        phase=told.phase,
        since=told.settled_at,
        order_id=told.order_id,
        attempts=len(told.attempts),
        next_look_at=None,
        needs=(),
        outcome=told.outcome,
        why=told.why,
        good=_meant(Outcome(told.outcome), phases) if told.outcome else None,
    )


def _meant(outcome: Outcome, phases: tuple[tuple[Phase, datetime], ...]) -> bool:
    return outcome in INTENDED or (outcome is Outcome.UNCHANGED and not opens_circuit(outcome, phases))
