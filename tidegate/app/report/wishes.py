"""Counting would-be orders along the course of one instance.

Nothing is simulated. An observed instance is never resized, so it goes on to stand where it stands, and every moment is
judged from there. How would-be orders are counted follows from that:

- One is counted when nothing would hold it any more, and it stands until another rung is wanted, or the one the
  instance stands on. However often the same is asked meanwhile, and whatever would hold it later, it is one.
- An urgent rule's part of the way, and later the rest of it, are two.
- Where the instance stands is wanted again: that ends it. Whoever had ordered would have had to order back: that order
  is not counted, since nothing was ordered.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from tidegate.app.report.causes import Cause, Places, cause_of, placed
from tidegate.app.report.course import ENDING, Stretch, minutes
from tidegate.domain.state import Would

HOUR = timedelta(hours=1)
MONEY = 4
"""Places after the point of what hours cost."""
HeldKey = tuple[str, str, str, str]
"""Of a hold: its code, the rung that was wanted, and who wanted it, by kind and name."""


@dataclass(frozen=True)
class HeldFor:
    """One kind of hold of what somebody wanted: how often it began, how many minutes it stood, what it said last."""

    code: str
    times: int
    minutes: float
    reason: str
    to_rung: str
    """The rung that was wanted; empty where nobody could tell."""
    cause: Cause
    """Who or what wanted it."""


@dataclass
class Holds:
    """Holds of one code so far, of what one cause wanted."""

    to_rung: str
    cause: Cause
    times: int = 0
    span: timedelta = timedelta(0)
    reason: str = ""


@dataclass
class Wish:
    """A rung that was wanted, and, once nothing would have held it, the order for it."""

    stretch: Stretch
    would: Would
    wanted_at: datetime
    held: dict[HeldKey, Holds] = field(default_factory=dict)
    placed_at: datetime | None = None
    before: bool = False
    """Whether that was before the time that is looked at: how long before is in its record."""
    ended_at: datetime | None = None
    minutes: float = 0.0
    cost: float | None = 0.0

    def is_for(self, stretch: Stretch, would: Would) -> bool:
        """Whether it is still the same that is wanted, from the same rung."""
        mine, other = self.stretch.stance, stretch.stance
        return (
            mine is not None and other is not None and mine.wanted == other.wanted and self.would.start == would.start
        )

    @property
    def unpriced(self) -> list[str]:
        """The rungs without a price."""
        return [rung for rung in (self.would.start, self.would.end) if self.stretch.price(rung) is None]


class Seen:
    """Goes along a course and counts."""

    def __init__(self, stretches: Sequence[Stretch]) -> None:
        self._stretches = stretches
        self.wishes: list[Wish] = []
        """Those that would have been ordered."""
        self.held: dict[HeldKey, Holds] = {}
        self.below = self.above = self.unknown = timedelta(0)
        self._wish: Wish | None = None
        self._held_by: HeldKey | None = None

    def take(self, stretch: Stretch) -> None:
        """Count one stretch."""
        if stretch.leads:
            self._judge(stretch)
            return
        lacks = stretch.lacks
        if lacks is None:
            self.unknown += stretch.span
        elif lacks:
            self.below += stretch.span if lacks > 0 else timedelta(0)
            self.above += stretch.span if lacks < 0 else timedelta(0)
        self._held(stretch, self._judge(stretch))

    def over(self, now: datetime) -> list[Wish]:
        """What would have been ordered, each with its end; the last one may still stand."""
        return [_priced(wish, wish.ended_at or now) for wish in self.wishes]

    def _judge(self, stretch: Stretch) -> tuple[str, str]:
        """Go on with what is wanted. Gives the code and the reason of what holds it; empty where nothing does."""
        stance = stretch.stance
        if stance is None:
            return "", ""
        if stance.would is not None:
            wish = self._wish_for(stretch, stance.would)
            if stance.would.code == "resize":
                self._place(wish, stretch, stance.would)
            return ("", "") if wish.placed_at else (stance.would.code, stance.would.reason)
        if stance.code in ENDING:
            self._end(stretch.begin)
        # What could not be judged ends nothing: afterwards it is the same that is wanted, or something else.
        is_hold = stance.kind != "resize" and stance.code not in ("as-wanted", "operation")
        return (stance.code, stance.reason) if is_hold else ("", "")

    def _wish_for(self, stretch: Stretch, would: Would) -> Wish:
        if self._wish is None or not self._wish.is_for(stretch, would):
            self._end(stretch.begin)
            self._wish = Wish(stretch, would, stretch.begin)
            self._held_by = None
        return self._wish

    def _place(self, wish: Wish, stretch: Stretch, would: Would) -> None:
        if wish.placed_at is not None and wish.would.end == would.end:
            return
        if wish.placed_at is not None:
            # The rest of the way, after an urgent rule's part of it.
            wish.ended_at = stretch.begin
            wish = self._wish = Wish(stretch, would, wish.wanted_at)
        wish.stretch, wish.would, wish.placed_at = stretch, would, stretch.begin
        wish.before = stretch.record.at < stretch.begin
        self.wishes.append(wish)

    def _end(self, at: datetime) -> None:
        if self._wish is not None:
            self._wish.ended_at = at
        self._wish = None

    def _held(self, stretch: Stretch, held: tuple[str, str]) -> None:
        code, reason = held
        if not code:
            self._held_by = None
            return
        to_rung, cause = self._wanted(stretch)
        key = (code, to_rung, cause.kind, cause.name)
        mine = self._wish.held if self._wish and self._wish.placed_at is None else {}
        for holds in (self.held, mine):
            one = holds.setdefault(key, Holds(to_rung, cause))
            one.times += key != self._held_by or not one.times
            one.span += stretch.span
            one.reason = reason
        self._held_by = key

    def _wanted(self, stretch: Stretch) -> tuple[str, Cause]:
        """What would have been ordered had nothing held it, and for whom."""
        stance = stretch.stance
        to_rung = stance.would.end if stance and stance.would else stance.wanted if stance else ""
        return to_rung, replace(cause_of(self._stretches, stretch, to_rung), policy=stretch.record.policy)


def _priced(wish: Wish, end: datetime) -> Wish:
    """A wish with its minutes and what they would have cost more."""
    began = wish.placed_at or end
    before, after = wish.stretch.price(wish.would.start), wish.stretch.price(wish.would.end)
    wish.minutes = minutes(end - began)
    wish.cost = None if before is None or after is None else round((after - before) * ((end - began) / HOUR), MONEY)
    return wish


def sorted_holds(held: Mapping[HeldKey, Holds], name: str, places: Places) -> tuple[HeldFor, ...]:
    """Holds for a report, the longest first, each with where the policy says who wanted it."""
    told = [
        HeldFor(
            key[0],
            one.times,
            minutes(one.span),
            one.reason,
            one.to_rung,
            placed(one.cause, one.cause.policy, name, places),
        )
        for key, one in held.items()
    ]
    return tuple(sorted(told, key=lambda one: (-one.minutes, one.code, one.to_rung)))
