"""Wall-clock spans as instants: the one place where days, zones and clock changes are reckoned with.

Clock changes (RFC 5545, 3.3.5): a local time that does not exist is read with the offset before the gap, so that 02:30
becomes 03:30, or the span of that day is left out (`gap: skip`). Of a local time that comes twice, a span starts at the
first and ends at the last (`overlap: longest`), or takes the first of both, or the last of both. A day that a zone
skips as a whole, such as 30 December 2011 in Pacific/Apia, has no spans.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from typing import Generic, TypeVar
from zoneinfo import ZoneInfo

from tidegate.domain.calendars import Calendar
from tidegate.domain.when import DATED, MONTH_END, WEEKDAYS, YEARLY, WallSpan

What = TypeVar("What")

DAY = timedelta(days=1)
FIRST_DAY, LAST_DAY = date.min + 7 * DAY, date.max - 7 * DAY
"""Nothing starts days outside of these, so that no reckoning leaves the calendar of Python."""


@dataclass(frozen=True)
class Span(Generic[What]):
    """A stretch of time, from `start` (included) to `end` (not included), in UTC, and what it is about."""

    start: datetime
    end: datetime
    what: What


class Days:
    """The local days on which a wall-clock span starts."""

    def __init__(self, span: WallSpan, calendar: Calendar) -> None:
        self._words = frozenset(span.days)
        self._dated = any(DATED.fullmatch(word) or YEARLY.fullmatch(word) for word in self._words)
        self._calendar = calendar
        self.first, self.last = span.valid_from or date.min, span.valid_until or date.max

    def __contains__(self, day: date) -> bool:
        words = self._words
        return (
            WEEKDAYS[day.weekday()] in words
            or ("workdays" in words and self._calendar.is_workday(day))
            or ("holidays" in words and self._calendar.is_holiday(day))
            or (MONTH_END in words and (day + DAY).day == 1)
            or (self._dated and not words.isdisjoint((day.isoformat(), day.isoformat()[5:])))
        )


class WallSpans(Generic[What]):
    """A wall-clock span in a zone, on all of its days. `early` is how much earlier it starts, as time that passes."""

    def __init__(
        self, span: WallSpan, zone: str, calendar: Calendar, what: What, early: timedelta = timedelta(0)
    ) -> None:
        self._zone = ZoneInfo(span.timezone or zone)
        self._days, self._what, self._early = Days(span, calendar), what, early
        self._start, self._end, self._gap, self._overlap = span.start, span.end, span.gap, span.overlap
        self._nights = timedelta(0) if span.end > span.start else DAY

    def overlapping(self, first: date, last: date) -> Iterator[Span[What]]:
        """Give the spans that have a part in these days of UTC, and maybe some near them.

        No offset of any zone is over 16 h, so a span ends within 64 h of the midnight of the day it belongs to,
        and starts at most 16 h before it, or 40 h with the longest `early`.
        """
        day = max(max(first, FIRST_DAY) - 3 * DAY, self._days.first)
        last = min(min(last, LAST_DAY) + 2 * DAY, self._days.last)
        while day <= last:
            if day in self._days and (span := self._on(day)):
                yield span
            day += DAY

    def _on(self, day: date) -> Span[What] | None:
        """The span that starts on this day, None where the clock leaves nothing of it."""
        starts = readings(datetime.combine(day, self._start), self._zone)
        ends = readings(datetime.combine(day + self._nights, self._end), self._zone)
        skipped = starts.missing or ends.missing
        if skipped and (self._gap == "skip" or is_skipped(day, self._zone)):
            return None
        start = starts.last if self._overlap == "last" else starts.first
        end = ends.first if self._overlap == "first" else ends.last
        return Span(start - self._early, end, self._what) if start < end else None


@dataclass(frozen=True)
class Readings:
    """The instants at which a wall shows a local time. One that it never shows is read with the offset before."""

    first: datetime
    last: datetime
    missing: bool = False


def readings(wall: datetime, zone: ZoneInfo) -> Readings:
    """When the walls of a zone show a local time, given without an offset."""
    before = wall.replace(tzinfo=zone).astimezone(timezone.utc)
    after = wall.replace(tzinfo=zone, fold=1).astimezone(timezone.utc)
    # The two offsets are those before and after a change. In a gap, the one before gives the later instant.
    return Readings(before, before, missing=True) if before > after else Readings(before, after)


def is_skipped(day: date, zone: ZoneInfo) -> bool:
    """Whether no wall of the zone ever showed this date."""
    ends = (datetime.combine(day, time.min), datetime.combine(day, time.max))
    return all(readings(wall, zone).missing for wall in ends)


def clock_changes(zone: str, after: datetime, until: datetime) -> Iterator[tuple[datetime, timedelta]]:
    """Give every instant in (after, until] at which the zone's clocks are changed, to the second, and by how much."""
    # On a zone's own wall a day may have 23 hours: it is reckoned in UTC.
    info, low, until = ZoneInfo(zone), after.astimezone(timezone.utc), until.astimezone(timezone.utc)
    while low < until:
        high = min(low + DAY, until)
        if change := _offset(info, high) - _offset(info, low):
            yield _first_after(info, low, high), change
        low = high


def _first_after(info: ZoneInfo, low: datetime, high: datetime) -> datetime:
    """The second between the two at which the offset is another one than at `low`."""
    before, second = _offset(info, low), timedelta(seconds=1)
    low, high = low.replace(microsecond=0), high.replace(microsecond=0)
    while high - low > second:
        middle = low + (high - low) // 2 // second * second
        low, high = (middle, high) if _offset(info, middle) == before else (low, middle)
    return high


def _offset(info: ZoneInfo, at: datetime) -> timedelta:
    return at.astimezone(info).utcoffset() or timedelta(0)
