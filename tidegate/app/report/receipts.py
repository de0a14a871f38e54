"""The receipt of one operation: what was wanted and why, what was ordered, how long it took, what is read back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from tidegate.app import codec
from tidegate.app.report.before import Approval, HeldBefore, approval_of, held_before
from tidegate.app.report.facts import NotKnown, book_of, policy_of
from tidegate.app.surroundings import Book, Surroundings
from tidegate.domain import facts
from tidegate.domain.ladder import Ladder
from tidegate.domain.operation import Attempt, Operation
from tidegate.domain.reading import Spec
from tidegate.ledger.record import Record


@dataclass(frozen=True)
class Stay:
    """One phase: when it was entered, and how many seconds it lasted (so far)."""

    phase: str
    entered: datetime
    seconds: float


@dataclass(frozen=True)
class Tried:
    """One attempt to place the order; no verdict while it is open."""

    number: int
    sent_at: datetime
    verdict: str
    order_id: str
    code: str
    message: str


@dataclass(frozen=True)
class Receipt:
    """One operation. `spec` is what was last read back, `as_wanted` whether that is what was ordered."""

    instance: str
    number: int
    timezone: str
    product: str
    instance_id: str
    direction: str
    from_rung: str
    to_rung: str
    reason: str
    held_before: tuple[HeldBefore, ...]
    """What had held it back, oldest first."""
    approved: Approval | None
    hourly_price_before: float | None
    hourly_price_after: float | None
    planned_at: datetime
    phase: str
    outcome: str
    why: str
    settled_at: datetime | None
    order_id: str
    attempts: tuple[Tried, ...]
    phases: tuple[Stay, ...]
    executions: tuple[str, ...]
    looks: int
    from_spec: Spec
    to_spec: Spec
    spec: Spec
    as_wanted: bool
    policy: str
    records: tuple[int, int]
    """The first and the last record that tell of it."""


def receipt(around: Surroundings, name: str, number: int, book: Book | None = None) -> Receipt:
    """The receipt of an operation, open or settled. Raises NothingPushed, NotKnown."""
    known = book_of(around, book)
    if name not in known.names:
        raise NotKnown(f"the policy has no instance `{name}`; it has {', '.join(known.names)}")
    policy = known.read(name)
    newest_first = around.ledger.records(around.key(policy))
    records = _of(newest_first, number)
    if not records:
        raise NotKnown(f"{name} has no operation {number} in the records that are kept")
    rungs = policy_of(around, records[0], policy).rungs
    last, operation = _last(records, number)
    closed = codec.read_fact(dict(last.fact)).kind == "closed"
    ended = last.at if closed else around.now()
    spec = operation.evidence.spec
    return Receipt(
        instance=name,
        number=number,
        timezone=policy.timezone,
        product=policy.product,
        instance_id=policy.instance_id,
        direction=operation.direction.value,
        from_rung=operation.from_rung,
        to_rung=operation.to_rung,
        reason=operation.reason,
        held_before=held_before(newest_first, operation.to_rung),
        approved=approval_of(records, number),
        hourly_price_before=_price(rungs, operation.from_rung),
        hourly_price_after=_price(rungs, operation.to_rung),
        planned_at=operation.planned_at,
        phase="settled" if closed else operation.phase.value,
        outcome=operation.outcome.value if operation.outcome else "",
        why=operation.outcome_why,
        settled_at=last.at if closed else None,
        order_id=operation.order_id,
        attempts=tuple(_tried(attempt) for attempt in operation.attempts),
        phases=tuple(_stays(operation, ended)),
        executions=_executions(records),
        looks=operation.looks,
        from_spec=operation.from_spec,
        to_spec=operation.to_spec,
        spec=spec,
        as_wanted=bool(spec) and all(spec.get(key) == value for key, value in operation.to_spec.items()),
        policy=records[0].policy,
        records=(records[0].seq, last.seq),
    )


def _of(newest_first: Iterator[Record], number: int) -> list[Record]:
    """The records of one operation, oldest first. Reading stops where it was planned."""
    found: list[Record] = []
    for record in newest_first:
        fact = codec.read_fact(dict(record.fact))
        about = getattr(fact, "operation", None)
        planned = isinstance(fact, facts.Planned)
        if (fact.operation.number if isinstance(fact, facts.Planned) else about) == number:
            found.append(record)
            if planned:
                return found[::-1]
    return []


def _price(ladder: Ladder, rung: str) -> float | None:
    return ladder.rung(rung).hourly_price if rung in ladder else None


def _last(records: Sequence[Record], number: int) -> tuple[Record, Operation]:
    """The newest record of the operation, and the operation as it was when it was last open."""
    for record in reversed(records):
        operation = codec.read_state(dict(record.state)).operation
        if operation is not None and operation.number == number:
            return records[-1], operation
    raise NotKnown(f"operation {number} is in no state that is kept")


def _executions(records: Sequence[Record]) -> tuple[str, ...]:
    names: list[str] = []
    for record in records:
        fact = codec.read_fact(dict(record.fact))
        if isinstance(fact, facts.Planned):
            names.append(fact.operation.execution)
        if isinstance(fact, facts.Carried):
            names.append(fact.execution)
    return tuple(dict.fromkeys(name for name in names if name))


def _tried(attempt: Attempt) -> Tried:
    verdict = attempt.verdict.value if attempt.verdict else "open"
    return Tried(attempt.number, attempt.sent_at, verdict, attempt.order_id, attempt.code, attempt.message)


def _stays(operation: Operation, ended: datetime) -> Iterator[Stay]:
    starts = operation.phases
    ends = [*(at for _, at in starts[1:]), ended]
    for (phase, entered), end in zip(starts, ends, strict=True):
        yield Stay(phase.value, entered, (end - entered).total_seconds())
