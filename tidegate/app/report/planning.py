"""What would be ordered now. The same decision as everywhere, and nothing is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from tidegate.app.consider import Considered, consider
from tidegate.app.report.facts import Unreadable, book_of
from tidegate.app.surroundings import Book, Surroundings
from tidegate.domain.reading import Value
from tidegate.domain.verdict import Hold, Resize
from tidegate.ledger.record import Corrupt, NewerSchema


@dataclass(frozen=True)
class Change:
    """One field that an order would change."""

    field: str
    before: Value | None
    after: Value


@dataclass(frozen=True)
class Intent:
    """What would be decided for one instance. `unchanged` are the fields no rung names, which are ordered as found."""

    instance: str
    decision: Literal["resize", "hold"]
    code: str
    reason: str
    needs_person: bool
    says: str
    """All that had a say in what is wanted."""
    rung: str
    wanted: str
    record: int
    direction: str = ""
    changes: tuple[Change, ...] = ()
    unchanged: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True)
class Plan:
    """What would be ordered for the whole fleet."""

    now: datetime
    policy: str
    instances: tuple[Intent | Unreadable, ...]

    @property
    def orders(self) -> int:
        """How many orders would be placed."""
        return sum(1 for each in self.instances if isinstance(each, Intent) and each.decision == "resize")

    @property
    def unchanged(self) -> int:
        """How many instances are as wanted."""
        return sum(1 for each in self.instances if isinstance(each, Intent) and each.code == "as-wanted")

    @property
    def holds(self) -> int:
        """How many are held, or cannot be judged."""
        return len(self.instances) - self.orders - self.unchanged


def plan(around: Surroundings, book: Book | None = None) -> Plan:
    """Read every instance and decide. Writes nothing. Raises NothingPushed."""
    known = book_of(around, book)
    return Plan(around.now(), known.hash, tuple(_one(around, known, name) for name in known.names))


def _one(around: Surroundings, book: Book, name: str) -> Intent | Unreadable:
    try:
        return _intent(name, consider(around, book.read(name), book.hash, limits=book.limits))
    except (NewerSchema, Corrupt) as error:
        return Unreadable(name, str(error))


def _intent(name: str, considered: Considered) -> Intent:
    decision, reading, want = considered.decision, considered.reading, considered.want
    intent = Intent(
        instance=name,
        decision="hold",
        code=decision.code,
        reason=decision.reason,
        needs_person=isinstance(decision, Hold) and decision.needs_person,
        says=want.says() if want else "",
        rung=considered.state.rung,
        wanted=want.rung if want else "",
        record=considered.record,
    )
    if isinstance(decision, Hold) or reading is None:
        return intent
    return replace(
        intent,
        decision="resize",
        rung=decision.start.name,
        direction=decision.direction.value,
        changes=_changes(decision, reading.spec),
        unchanged={key: value for key, value in reading.spec.items() if key not in decision.end.spec},
    )


def _changes(resize: Resize, found: Mapping[str, Value]) -> tuple[Change, ...]:
    return tuple(
        Change(name, found.get(name), value) for name, value in resize.end.spec.items() if found.get(name) != value
    )
