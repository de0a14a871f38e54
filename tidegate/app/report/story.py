"""The history of one instance: every record in a phrase."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import singledispatch

from tidegate.app import codec
from tidegate.app.report.changes import changes
from tidegate.app.report.facts import NotKnown, book_of
from tidegate.app.surroundings import Book, Surroundings
from tidegate.domain import facts
from tidegate.domain.state import State
from tidegate.ledger.record import Record


@dataclass(frozen=True)
class Entry:
    """One record of the ledger."""

    record: int
    at: datetime
    kind: str
    what: str
    operation: int | None
    policy: str
    code: str


@dataclass(frozen=True)
class Step:
    """The states before and after a record."""

    before: State
    after: State


@dataclass(frozen=True)
class History:
    """The last records of one instance, newest first."""

    instance: str
    timezone: str
    records: tuple[Entry, ...]


def history(around: Surroundings, name: str, limit: int = 20, book: Book | None = None) -> History:
    """The last `limit` records of an instance. Raises NothingPushed, NotKnown."""
    known = book_of(around, book)
    if name not in known.names:
        raise NotKnown(f"the policy has no instance `{name}`; it has {', '.join(known.names)}")
    policy = known.read(name)
    records = list(around.ledger.records(around.key(policy), limit=limit + 1))
    befores = [*records[1:], None]
    entries = (_entry(record, before) for record, before in zip(records[:limit], befores, strict=False))
    return History(name, policy.timezone, tuple(entries))


def _entry(record: Record, before: Record | None) -> Entry:
    """One record in words, beside the one before it; without that nothing is said of what changed."""
    fact = codec.read_fact(dict(record.fact))
    after = codec.read_state(dict(record.state))
    step = Step(codec.read_state(dict(before.state)) if before else State() if record.seq == 1 else after, after)
    number = getattr(fact, "operation", None)
    operation = number if isinstance(number, int) else number.number if number else None
    return Entry(record.seq, record.at, fact.kind, phrase(fact, step), operation, record.policy, record.code)


@singledispatch
def phrase(fact: object, _step: Step) -> str:
    """A fact in a phrase for people."""
    raise TypeError(f"no fact: {fact!r}")


@phrase.register
def _(fact: facts.Adopted, _step: Step) -> str:
    return f"first contact: found on {fact.rung}" if fact.rung else "first contact: found on no rung of the ladder"


@phrase.register
def _(fact: facts.Decided, step: Step) -> str:
    parts = [f"{answer.what} -> {answer.verdict}: {answer.reason}" for answer in fact.answers]
    verbs = frozenset(answer.what.partition(" ")[0] for answer in fact.answers if not answer.refused)
    parts += changes(step.before, step.after, verbs)
    # What the last answer was told ends with the decision itself, unless it was turned down.
    if not fact.answers or not fact.answers[-1].reason.endswith(fact.stance.reason):
        parts.append(f"{'resize' if fact.stance.kind == 'resize' else 'hold'}: {fact.stance.reason}")
    return "; ".join(parts)


@phrase.register
def _(fact: facts.Planned, _step: Step) -> str:
    operation = fact.operation
    return f"{operation.direction.value} {operation.from_rung} -> {operation.to_rung}: {operation.reason}"


@phrase.register
def _(fact: facts.Claimed, step: Step) -> str:
    used = "".join(f"; {change}" for change in changes(step.before, step.after, frozenset()))
    return f"attempt {fact.attempt.number} is claimed{used}"


@phrase.register
def _(fact: facts.Judged, _step: Step) -> str:
    order = f", order {fact.order_id}" if fact.order_id else ""
    why = f": {fact.code}: {fact.message}" if fact.code else ""
    return f"attempt {fact.attempt} {fact.verdict.value}{order}{why}"


@phrase.register
def _(fact: facts.Looked, _step: Step) -> str:
    seen = fact.event.value if fact.event else "nothing could be read"
    order = f", order {fact.order_id}" if fact.order_id else ""
    return f"{seen}{order}{'; handed over to the next execution' if fact.handed_over else ''}"


@phrase.register
def _(fact: facts.Carried, _step: Step) -> str:
    return f"carried on by execution {fact.execution}"


@phrase.register
def _(fact: facts.Concluded, _step: Step) -> str:
    return f"{fact.outcome.value}: {fact.why}"


@phrase.register
def _(fact: facts.Closed, step: Step) -> str:
    after = "; nothing more is ordered until somebody looks" if fact.opens_circuit else ""
    was_read = bool(step.after.recent and step.after.recent[-1].spec)
    where = f" on {fact.rung or 'no rung'}" if fact.rung or was_read else ""
    return f"settled{where}{after}"


@phrase.register
def _(fact: facts.Telling, _step: Step) -> str:
    told = fact.told
    if told.sent_at is None or told.sent_at < told.claimed_at:
        return f"about to tell {told.channel}: {told.notice}"
    return f"told {told.channel}: {told.notice}"
