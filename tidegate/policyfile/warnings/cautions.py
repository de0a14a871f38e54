"""What a look at an instance gives, and what it needs to know: ranks, days, and spans as stretches of time."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from tidegate.domain.calendars import Calendar
from tidegate.domain.policy import InstancePolicy
from tidegate.domain.spans import DAY, LAST_DAY, Days, Span, WallSpans
from tidegate.domain.when import WallSpan
from tidegate.policyfile.problems import Where

AHEAD = timedelta(days=400)
"""How far ahead spans are compared: over a year, for what comes once a year."""
FARTHEST_D = 8 * 366
"""How far ahead a day is looked for: between two 29 Februaries there can be eight years."""
MOST_SPANS = 50
"""So many spans of one instance are compared with each other; nobody could read more, and it would take long."""


@dataclass(frozen=True)
class Caution:
    """One thing to be warned of: where in the instance's policy, what is amiss, and what to do."""

    where: Where
    why: str
    advice: str


class Spare:
    """One instance's policy with what several looks ask of it."""

    def __init__(self, policy: InstancePolicy, today: date, *, compares: bool = True) -> None:
        self.policy, self.today, self._compares = policy, today, compares
        self.yesterday = today - DAY
        """What began then by UTC may still be going on somewhere."""
        self.calendar = _calendar(policy)
        self.lowest, self.highest = policy.rungs.index(policy.lowest), policy.rungs.index(policy.highest)
        home = self.lowest if policy.base == "keep" else policy.rungs.index(policy.base)
        self.floor = min(max(home, self.lowest), self.highest)
        """Below this place on the ladder it never is, whatever nobody asks for."""

    def next_day(self, span: WallSpan) -> date | None:
        """The next day a span starts on, None where there is none."""
        days = Days(span, self.calendar)
        day = max(self.yesterday, days.first)
        farthest = min(day.toordinal() + FARTHEST_D, LAST_DAY.toordinal())
        last = min(days.last, date.fromordinal(farthest))
        while day <= last:
            if day in days:
                return day
            day += DAY
        return None

    def compares(self, spans: Sequence[Any]) -> bool:
        """Whether these spans are few enough to be compared with each other."""
        return self._compares and len(spans) <= MOST_SPANS

    def stretches(self, span: WallSpan, early: timedelta = timedelta(0)) -> list[Span[Any]]:
        """Every stretch of time of a span that has a part in the time ahead."""
        spans = WallSpans(span, self.policy.timezone, self.calendar, None, early)
        found = spans.overlapping(self.yesterday, self.yesterday + AHEAD)
        return [stretch for stretch in found if stretch.end.date() >= self.yesterday]


class Cover:
    """Stretches of time put together, to see whether others lie within."""

    def __init__(self, stretches: Iterable[Span[Any]]) -> None:
        self.merged: list[tuple[datetime, datetime]] = []
        for stretch in sorted(stretches, key=lambda each: each.start):
            if self.merged and stretch.start <= self.merged[-1][1]:
                start, end = self.merged[-1]
                self.merged[-1] = (start, max(end, stretch.end))
            else:
                self.merged.append((stretch.start, stretch.end))
        self._starts = [start for start, _ in self.merged]

    def around(self, at: datetime) -> tuple[datetime, datetime] | None:
        """The whole stretch around a moment, None where none is."""
        place = bisect_right(self._starts, at) - 1
        return self.merged[place] if place >= 0 and at < self.merged[place][1] else None

    def covers(self, start: datetime, end: datetime) -> bool:
        """Whether all of a stretch is within."""
        found = self.around(start)
        return found is not None and end <= found[1]


def dead(spare: Spare, span: WallSpan, where: Where, verb: str) -> Iterator[Caution]:
    """A caution where a span never comes (again); `verb` says what it would do."""
    if spare.next_day(span) is not None:
        return
    if span.valid_until and span.valid_until < spare.yesterday:
        why, advice = f"never {verb} again: its last day was {span.valid_until}", "remove it, or write a later one"
        yield Caution((*where, "valid_until"), why, advice)
        return
    why = f"never {verb}: none of its days ({_days(span.days)}) comes any more"
    yield Caution((*where, "days"), why, "correct the days and their validity, or remove it")


def _days(days: str | list[str]) -> str:
    return ", ".join([days] if isinstance(days, str) else days[:7])


def _calendar(policy: InstancePolicy) -> Calendar:
    from tidegate.app.calendars import calendar_of  # noqa: PLC0415 - it takes a while to load

    return calendar_of(policy.calendars.workdays.get("country", ""))
