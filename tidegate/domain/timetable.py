"""Which rung the timetable wants: a function of the time alone, never of the tick that asks.

Clock changes (RFC 5545): a local time that does not exist is read with the offset before the gap, so 02:30 becomes
03:30; in a repeated hour an entry starts at the first occurrence and ends at the last.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

from tidegate.domain.policy import InstancePolicy
from tidegate.domain.when import WEEKDAYS, TimetableEntry

Workdays = Callable[[date], bool]


def weekdays_only(day: date) -> bool:
    """Monday to Friday: what `workdays` means where no calendar is named."""
    return day.weekday() < 5  # noqa: PLR2004 - Saturday


@dataclass(frozen=True)
class Span:
    """One stretch of time in which an entry wants its rung: from `start` (included) to `end` (not included)."""

    start: datetime
    end: datetime
    entry: TimetableEntry


@dataclass(frozen=True)
class Wish:
    """What the timetable wants at one moment, why, and until when at the longest that stays so."""

    rung: str
    why: str
    until: datetime


class Timetable:
    """The timetable of one instance, in its zone. `rungs` are the ladder's names, smallest first."""

    def __init__(
        self, entries: Sequence[TimetableEntry], zone: str, rungs: Sequence[str], workdays: Workdays = weekdays_only
    ) -> None:
        self._entries, self._zone, self._rungs = tuple(entries), ZoneInfo(zone), tuple(rungs)
        self._workdays = workdays

    @classmethod
    def of(cls, policy: InstancePolicy, workdays: Workdays = weekdays_only) -> Timetable:
        """The timetable a policy says."""
        return cls(policy.timetable, policy.timezone, policy.rungs.names, workdays)

    def wish(self, now: datetime) -> Wish | None:
        """What is wanted now: of overlapping entries the one with the highest rung."""
        spans = [span for span in self._around(now) if span.start <= now < span.end]
        if not spans:
            return None
        best = max(spans, key=lambda span: (self._rungs.index(span.entry.rung), span.end))
        name = best.entry.name or "timetable"
        return Wish(best.entry.rung, f"{name} to {best.end.astimezone(self._zone):%H:%M}", best.end)

    def changes(self, after: datetime, until: datetime) -> Iterator[tuple[datetime, Wish | None]]:
        """Every moment in (after, until] at which the wanted rung changes, with what is wanted from then."""
        edges = {edge for day in _days(after, until) for span in self._on(day) for edge in (span.start, span.end)}
        before = self.wish(after)
        for edge in sorted(edge for edge in edges if after < edge <= until):
            wish = self.wish(edge)
            if _rung(wish) != _rung(before):
                yield edge, wish
            before = wish

    def next_change(self, after: datetime, within: timedelta = timedelta(days=14)) -> datetime | None:
        """When the wanted rung next becomes another one, or None if it does not within that time."""
        return next((at for at, _ in self.changes(after, after + within)), None)

    def _around(self, now: datetime) -> Iterator[Span]:
        today = now.astimezone(self._zone).date()
        for day in (today - timedelta(days=1), today):
            yield from self._on(day)

    def _on(self, day: date) -> Iterator[Span]:
        """The spans that start on this local day."""
        for entry in self._entries:
            if not self._applies(entry, day):
                continue
            last = day if entry.end > entry.start else day + timedelta(days=1)
            start, end = self._instant(day, entry.start, fold=0), self._instant(last, entry.end, fold=1)
            if start < end:
                yield Span(start, end, entry)

    def _applies(self, entry: TimetableEntry, day: date) -> bool:
        if WEEKDAYS[day.weekday()] in entry.days:
            return True
        return "workdays" in entry.days and self._workdays(day)

    def _instant(self, day: date, at: time, *, fold: int) -> datetime:
        first = datetime.combine(day, at, self._zone)
        last = first.replace(fold=1)
        # Where the second reading is earlier, the time does not exist: the offset before the gap counts.
        chosen = last if fold and last.astimezone(timezone.utc) > first.astimezone(timezone.utc) else first
        return chosen.astimezone(timezone.utc)


def _rung(wish: Wish | None) -> str:
    return wish.rung if wish else ""


def _days(after: datetime, until: datetime) -> Iterator[date]:
    day = (after - timedelta(days=2)).date()
    while day <= (until + timedelta(days=2)).date():
        yield day
        day += timedelta(days=1)
