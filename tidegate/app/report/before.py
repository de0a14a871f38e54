"""What came before an order: the holds that stood in its way, and the yes that it needed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from tidegate.app import codec
from tidegate.domain import facts
from tidegate.ledger.record import Record

HELD_SEARCHED = 50
"""How many records before a plan are looked through for what had held it back."""


@dataclass(frozen=True)
class Approval:
    """The yes that allowed the order."""

    id: str
    by: str
    at: datetime | None
    asked_at: datetime
    why: str
    cost: float | None


@dataclass(frozen=True)
class HeldBefore:
    """One hold that stood between the wish and the plan."""

    record: int
    at: datetime
    code: str
    reason: str


def held_before(older: Iterator[Record], to_rung: str) -> tuple[HeldBefore, ...]:
    """The holds just before a plan, back to where another rung was wanted, as many as there is room for."""
    found: list[HeldBefore] = []
    for record in islice(older, HELD_SEARCHED):
        fact = codec.read_fact(dict(record.fact))
        if isinstance(fact, facts.Telling):
            continue
        if not isinstance(fact, facts.Decided) or fact.stance.wanted != to_rung:
            break
        if fact.stance.kind != "resize":
            found.append(HeldBefore(record.seq, record.at, fact.stance.code, fact.stance.reason))
    # A hold that is written again, with an answer to somebody, is one hold: told as of when it began.
    oldest_first = found[::-1]
    return tuple(one for one, before in zip(oldest_first, [None, *oldest_first], strict=False) if _is_new(one, before))


def _is_new(one: HeldBefore, before: HeldBefore | None) -> bool:
    return before is None or (one.code, one.reason) != (before.code, before.reason)


def approval_of(records: Sequence[Record], number: int) -> Approval | None:
    """The approval that this operation used up, as it was when the first attempt was claimed."""
    for record in records:
        approval = codec.read_state(dict(record.state)).approval
        if approval is not None and approval.used_by == number:
            said = (approval.id, approval.by, approval.at, approval.asked_at, approval.why, approval.cost)
            return Approval(*said)
    return None
