"""What would be ordered now. The same decision as everywhere, and nothing is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from tidegate.app.consider import Considered, consider
from tidegate.app.report.ended import ended
from tidegate.app.report.facts import Unreadable, book_of, policy_in
from tidegate.app.surroundings import Book, Surroundings
from tidegate.domain.ladder import Rung
from tidegate.domain.measures import Use
from tidegate.domain.reading import Direction, Value
from tidegate.domain.state import Question
from tidegate.domain.terms import Terms
from tidegate.domain.verdict import Hold
from tidegate.ledger.record import Corrupt, NewerSchema

MONEY = 6
"""Decimals of a price, so that a difference is not told with seventeen."""


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
    timezone: str
    decision: Literal["resize", "hold"]
    code: str
    reason: str
    needs_person: bool
    says: str
    """All that had a say in what is wanted."""
    rung: str
    wanted: str
    record: int
    until: datetime | None = None
    """When time alone may end a hold."""
    asks: Question | None = None
    """What a person would be asked to approve."""
    direction: str = ""
    ended: str = ""
    """What had wanted more until lately, where it goes down: `office ended`."""
    changes: tuple[Change, ...] = ()
    unchanged: Mapping[str, Value] = field(default_factory=dict)
    in_use: tuple[Use, ...] = ()
    """What is in use against what would remain, where it goes down; all of it fits."""
    hourly_price_before: float | None = None
    hourly_price_after: float | None = None

    @property
    def hourly_cost_change(self) -> float | None:
        """How much more an hour costs after it, less where it is negative; None where no prices are known."""
        before, after = self.hourly_price_before, self.hourly_price_after
        return None if before is None or after is None else round(after - before, MONEY)


@dataclass(frozen=True)
class Plan:
    """What would be ordered for the whole fleet."""

    now: datetime
    policy: str
    instances: tuple[Intent | Unreadable, ...]
    orders_allowed: int
    """How many orders the fleet's limits allow at this moment."""

    @property
    def orders(self) -> int:
        """How many orders would be placed."""
        return sum(1 for each in self.instances if isinstance(each, Intent) and each.decision == "resize")

    @property
    def orders_now(self) -> int:
        """How many of them the fleet's limits allow at once; the others wait."""
        return min(self.orders, self.orders_allowed)

    @property
    def hourly_cost_change(self) -> float | None:
        """How much more an hour costs after all orders with known prices; None where there is none."""
        known = [each.hourly_cost_change for each in self.instances if isinstance(each, Intent)]
        changes = [change for change in known if change is not None]
        return round(sum(changes), MONEY) if changes else None

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
    instances = tuple(_one(around, known, name) for name in known.names)
    return Plan(around.now(), known.hash, instances, _allowed(around, known))


def _allowed(around: Surroundings, book: Book) -> int:
    limits = book.limits
    use = around.fleet.state().use(limits, "", around.now())
    return max(min(limits.orders_at_once - use.at_once, limits.orders_per_hour - use.in_hour), 0)


def _one(around: Surroundings, book: Book, name: str) -> Intent | Unreadable:
    try:
        policy = policy_in(book, name)
        return intent_of(around.terms(policy), consider(around, policy, book.hash, limits=book.limits), around.now())
    except (NewerSchema, Corrupt) as error:
        return Unreadable(name, str(error))


def intent_of(terms: Terms, considered: Considered, now: datetime) -> Intent:
    """What was considered, as a plan tells it."""
    decision, reading, want = considered.decision, considered.reading, considered.want
    intent = Intent(
        instance=terms.policy.name,
        timezone=terms.policy.timezone,
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
        asks = decision.question if isinstance(decision, Hold) else None
        return replace(intent, until=decision.until if isinstance(decision, Hold) else None, asks=asks)
    is_down, usage = decision.direction is Direction.DOWN, considered.observed.usage
    return replace(
        intent,
        decision="resize",
        rung=decision.start.name,
        direction=decision.direction.value,
        ended=ended(terms, considered.known, decision.end.name, now) if is_down else "",
        changes=changes_to(decision.end, reading.spec),
        unchanged={key: value for key, value in reading.spec.items() if key not in decision.end.spec},
        in_use=usage.uses if usage else (),
        hourly_price_before=decision.start.hourly_price,
        hourly_price_after=decision.end.hourly_price,
    )


def changes_to(rung: Rung, found: Mapping[str, Value]) -> tuple[Change, ...]:
    """The fields of a rung that are otherwise now."""
    return tuple(Change(name, found.get(name), value) for name, value in rung.spec.items() if found.get(name) != value)
