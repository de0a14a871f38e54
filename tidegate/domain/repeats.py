"""The events of a calendar file as instants, repeated by the wall clock of their zone (RFC 5545, 3.3.10).

An event lasts by the wall clock too: a night from 22:00 to 06:00 is one when the clocks are changed in it as well. A
local time that does not exist is read with the offset before the gap; of one that comes twice, the first counts.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from datetime import MAXYEAR, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from tidegate.domain.spans import DAY, FIRST_DAY, LAST_DAY, Span, readings
from tidegate.domain.when import FreezeEvent

UNTIL = "%Y%m%dT%H%M%S"
"""How a compiled rule writes its end: by the wall clock of the event's zone."""
WEEK_D, YEAR_M = 7, 12
MOST_YEARS = 8
"""Asked for more, it forgets them all, and memory stays bounded."""


class Repeats:
    """One event, with all of its repeats. `zone` is the instance's."""

    def __init__(self, event: FreezeEvent, zone: str) -> None:
        self._event, self._zone = event, ZoneInfo(event.timezone or zone)
        self._without = frozenset(event.without)
        self._years: dict[int, list[datetime]] = {}

    def overlapping(self, first: date, last: date) -> Iterator[Span[str]]:
        """Give the occurrences that have a part in these days of UTC, and maybe some near them."""
        event, margin = self._event, 3 * DAY
        low = max(first.toordinal() - (event.lasts + margin).days, FIRST_DAY.toordinal())
        high = min(last.toordinal() + margin.days, (LAST_DAY - event.lasts).toordinal())
        for wall in self._between(_midnight(low), _midnight(high)):
            start, end = readings(wall, self._zone).first, readings(wall + event.lasts, self._zone).first
            if wall not in self._without and start < end:
                yield Span(start, end, event.name)

    def _between(self, low: datetime, high: datetime) -> Iterator[datetime]:
        if not self._event.rrule:
            yield from walls(self._event, low, high)
            return
        for year in range(low.year, high.year + 1):
            found = self._year(year)
            yield from found[bisect_left(found, low) : bisect_left(found, high)]

    def _year(self, year: int) -> list[datetime]:
        """The local starts of a year: a rule costs far more to begin than to go on with."""
        if (found := self._years.get(year)) is None:
            if len(self._years) >= MOST_YEARS:
                self._years = {}
            begin = datetime(year, 1, 1)  # noqa: DTZ001 - a wall's time
            found = self._years[year] = list(walls(self._event, begin, begin.replace(year=min(year + 1, MAXYEAR))))
        return found


def walls(event: FreezeEvent, low: datetime, high: datetime) -> Iterator[datetime]:
    """Give the local starts of an event in [low, high), those left out (EXDATE) among them."""
    starts = _repeated(event, low, high) if event.rrule else iter([event.start])
    return (wall for wall in starts if low <= wall < high)


def _repeated(event: FreezeEvent, low: datetime, high: datetime) -> Iterator[datetime]:
    from dateutil.rrule import rrulestr  # noqa: PLC0415 - only where an event repeats

    parts = dict(part.split("=", 1) for part in event.rrule.upper().split(";"))
    until = datetime.strptime(parts.pop("UNTIL"), UNTIL) if "UNTIL" in parts else high  # noqa: DTZ007 - a wall's time
    count, start = parts.pop("COUNT", None), event.start
    if count is None:
        start, parts = _forward(start, parts, low)
    rule: Any = rrulestr(";".join(f"{key}={value}" for key, value in parts.items()), dtstart=start)
    # A rule goes on until the end of Python's calendar of its own accord: it must be told where to stop.
    found = iter(rule.replace(until=min(until, high)))
    return found if count is None else (wall for _, wall in zip(range(int(count)), found, strict=False))


def _forward(start: datetime, parts: dict[str, str], low: datetime) -> tuple[datetime, dict[str, str]]:
    """Let a rule begin in the period of `low`, in step with its first start: years need not be walked through."""
    interval = int(parts.get("INTERVAL", "1"))
    if parts["FREQ"] in ("DAILY", "WEEKLY"):
        period = interval * DAY * (WEEK_D if parts["FREQ"] == "WEEKLY" else 1)
        return start + max((low - start) // period, 0) * period, parts
    months = interval * (YEAR_M if parts["FREQ"] == "YEARLY" else 1)
    skipped = ((low.year - start.year) * YEAR_M + low.month - start.month) // months
    if skipped < 1:
        return start, parts
    begin = start.year * YEAR_M + (0 if parts["FREQ"] == "YEARLY" else start.month - 1) + skipped * months
    return start.replace(year=begin // YEAR_M, month=begin % YEAR_M + 1, day=1), {**_spelled(start, parts), **parts}


def _spelled(start: datetime, parts: dict[str, str]) -> dict[str, str]:
    """What a monthly or yearly rule leaves to its first start."""
    if "BYDAY" in parts or "BYMONTHDAY" in parts:
        return {}
    yearly = {"BYMONTH": str(start.month)} if parts["FREQ"] == "YEARLY" else {}
    return {"BYMONTHDAY": str(start.day), **yearly}


def _midnight(ordinal: int) -> datetime:
    return datetime.combine(date.fromordinal(max(ordinal, 1)), time.min)
