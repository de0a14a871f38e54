"""What observing shows: what would have been ordered, what would have held it, and what that did to need and cost.

How would-be orders are counted stands in `wishes`. Of an instance that is acted on, what was done is told instead.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from tidegate.app.report.causes import Cause, Places, cause_of, nowhere, placed
from tidegate.app.report.course import Stretch, course, minutes, newest_of
from tidegate.app.report.facts import NotKnown, Unreadable, book_of, policy_in
from tidegate.app.report.wishes import MONEY, HeldFor, Seen, Wish, sorted_holds
from tidegate.app.surroundings import Book, Surroundings
from tidegate.domain import facts
from tidegate.ledger.record import Corrupt, NewerSchema


@dataclass(frozen=True)
class WouldBe:
    """One order that would have been placed."""

    at: datetime
    before: bool
    """Whether it would have been placed before the time asked about: it stood at `at` already, and is not of it."""
    wanted_at: datetime
    """Since when that rung was wanted; what held it until `at` is in `held`."""
    ended_at: datetime | None
    """When another rung was wanted; None where it still is."""
    from_rung: str
    to_rung: str
    direction: str
    cause: Cause
    held: tuple[HeldFor, ...]
    minutes: float
    cost_difference: float | None
    """What those minutes would have cost more on the other rung, less where it is negative; None without prices."""
    record: int


@dataclass(frozen=True)
class Done:
    """One operation of an instance that is acted on."""

    operation: int
    at: datetime
    from_rung: str
    to_rung: str
    direction: str
    cause: Cause
    outcome: str
    """Empty while it is open."""
    why: str
    order_id: str
    hourly_price_before: float | None
    hourly_price_after: float | None
    record: int


@dataclass(frozen=True)
class Watched:
    """What one instance came to in that time."""

    instance: str
    mode: str
    """Of now."""
    timezone: str
    since: datetime
    """When the time asked about begins, or the first record if that is later."""
    until: datetime
    rung: str
    """Where it stands at the end; empty where that is not known."""
    would_be: tuple[WouldBe, ...]
    done: tuple[Done, ...]
    held: tuple[HeldFor, ...]
    minutes_below_need: float
    minutes_above_need: float
    minutes_unknown: float
    """In which nobody knows where it stood, or what was wanted."""
    cost_difference: float | None
    """Of all would-be orders; None where a rung has no price in the policy."""
    unpriced: tuple[str, ...]
    """The rungs whose price would be needed for that."""

    @property
    def orders(self) -> int:
        """How many orders would have been placed in that time."""
        return sum(1 for each in self.would_be if not each.before)


@dataclass(frozen=True)
class Observed:
    """What observing has shown of every instance."""

    now: datetime
    since: datetime
    policy: str
    instances: tuple[Watched | Unreadable, ...]


def observed(
    around: Surroundings, over: timedelta, name: str = "", book: Book | None = None, places: Places = nowhere
) -> Observed:
    """What observing has shown lately, of one instance or of all. Raises NothingPushed, NotKnown."""
    known, now = book_of(around, book), around.now()
    if name and name not in known.names:
        raise NotKnown(f"the policy has no instance `{name}`; it has {', '.join(known.names)}")
    names = [name] if name else known.names
    instances = tuple(_one(around, known, each, now - over, places) for each in names)
    return Observed(now, now - over, known.hash, instances)


def _one(around: Surroundings, book: Book, name: str, since: datetime, places: Places) -> Watched | Unreadable:
    try:
        policy = policy_in(book, name)
        stretches = course(around, policy, since, around.now(), lead=True)
    except (NewerSchema, Corrupt) as error:
        return Unreadable(name, str(error))
    seen = Seen(stretches)
    for stretch in stretches:
        seen.take(stretch)
    wishes = [_would_be(wish, stretches, policy.name, places) for wish in seen.over(around.now())]
    unpriced = sorted({rung for wish in seen.wishes for rung in wish.unpriced})
    costs = [wish.cost_difference for wish in wishes if wish.cost_difference is not None]
    return Watched(
        instance=policy.name,
        mode=policy.mode,
        timezone=policy.timezone,
        since=stretches[0].begin if stretches else around.now(),
        until=around.now(),
        rung=stretches[-1].rung if stretches else "",
        would_be=tuple(wishes),
        done=tuple(_done(stretches, policy.name, places)),
        held=sorted_holds(seen.held, policy.name, places),
        minutes_below_need=minutes(seen.below),
        minutes_above_need=minutes(seen.above),
        minutes_unknown=minutes(seen.unknown),
        cost_difference=round(sum(costs), MONEY) if len(costs) == len(wishes) else None,
        unpriced=tuple(unpriced),
    )


def _would_be(wish: Wish, stretches: list[Stretch], name: str, places: Places) -> WouldBe:
    stretch, would = wish.stretch, wish.would
    at = wish.placed_at or stretch.begin
    cause = cause_of(stretches, stretch, would.end)
    return WouldBe(
        at=at,
        before=wish.before,
        wanted_at=wish.wanted_at,
        ended_at=wish.ended_at,
        from_rung=would.start,
        to_rung=would.end,
        direction=would.direction.value,
        cause=placed(cause, stretch.record.policy, name, places),
        held=sorted_holds(wish.held, name, places),
        minutes=wish.minutes,
        cost_difference=wish.cost,
        record=stretch.record.seq,
    )


def _done(stretches: list[Stretch], name: str, places: Places) -> Iterator[Done]:
    """Every operation that was planned in that time."""
    for stretch in stretches:
        fact = stretch.fact
        if not isinstance(fact, facts.Planned) or stretch.record.at != stretch.begin:
            continue
        operation = fact.operation
        last = newest_of(stretches, operation.number) or fact.operation
        cause = cause_of(stretches, stretch, operation.to_rung)
        yield Done(
            operation=operation.number,
            at=stretch.begin,
            from_rung=operation.from_rung,
            to_rung=operation.to_rung,
            direction=operation.direction.value,
            cause=placed(cause, stretch.record.policy, name, places),
            outcome=last.outcome.value if last.outcome else "",
            why=last.outcome_why,
            order_id=last.order_id,
            hourly_price_before=stretch.price(operation.from_rung),
            hourly_price_after=stretch.price(operation.to_rung),
            record=stretch.record.seq,
        )
