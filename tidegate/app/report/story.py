"""The history of one instance: every record in a phrase."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import singledispatch

from tidegate.app import codec
from tidegate.app.report.facts import NotKnown, book_of
from tidegate.app.surroundings import Book, Surroundings
from tidegate.domain import facts
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
    records = around.ledger.records(around.key(policy), limit=limit)
    return History(name, policy.timezone, tuple(_entry(record) for record in records))


def _entry(record: Record) -> Entry:
    fact = codec.read_fact(dict(record.fact))
    number = getattr(fact, "operation", None)
    operation = number if isinstance(number, int) else number.number if number else None
    return Entry(record.seq, record.at, fact.kind, phrase(fact), operation, record.policy, record.code)


@singledispatch
def phrase(fact: object) -> str:
    """A fact in a phrase for people."""
    raise TypeError(f"no fact: {fact!r}")


@phrase.register
def _(fact: facts.Adopted) -> str:
    return f"first contact: found on {fact.rung}" if fact.rung else "first contact: found on no rung of the ladder"


@phrase.register
def _(fact: facts.Decided) -> str:
    verdict = "resize" if fact.stance.kind == "resize" else "hold"
    answers = "".join(f"{answer.what} -> {answer.verdict}: {answer.reason}; " for answer in fact.answers)
    acked = "acknowledged; " if fact.acked else ""
    # What the last answer was told is the decision itself, unless it was turned down.
    said = fact.answers and fact.answers[-1].reason == fact.stance.reason
    return (answers + acked).removesuffix("; ") if said else f"{answers}{acked}{verdict}: {fact.stance.reason}"


@phrase.register
def _(fact: facts.Planned) -> str:
    operation = fact.operation
    return f"{operation.direction.value} {operation.from_rung} -> {operation.to_rung}: {operation.reason}"


@phrase.register
def _(fact: facts.Claimed) -> str:
    return f"attempt {fact.attempt.number} is claimed"


@phrase.register
def _(fact: facts.Judged) -> str:
    order = f", order {fact.order_id}" if fact.order_id else ""
    why = f": {fact.code}: {fact.message}" if fact.code else ""
    return f"attempt {fact.attempt} {fact.verdict.value}{order}{why}"


@phrase.register
def _(fact: facts.Looked) -> str:
    seen = fact.event.value if fact.event else "nothing could be read"
    order = f", order {fact.order_id}" if fact.order_id else ""
    return f"{seen}{order}{'; handed over to the next execution' if fact.handed_over else ''}"


@phrase.register
def _(fact: facts.Carried) -> str:
    return f"carried on by execution {fact.execution}"


@phrase.register
def _(fact: facts.Concluded) -> str:
    return f"{fact.outcome.value}: {fact.why}"


@phrase.register
def _(fact: facts.Closed) -> str:
    after = "; nothing more is ordered until somebody looks" if fact.opens_circuit else ""
    return f"settled on {fact.rung or 'no rung'}{after}"


@phrase.register
def _(fact: facts.Telling) -> str:
    told = fact.told
    if told.sent_at is None or told.sent_at < told.claimed_at:
        return f"about to tell {told.channel}: {told.notice}"
    return f"told {told.channel}: {told.notice}"
