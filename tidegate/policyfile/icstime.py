"""The moments of a calendar file: on which wall, or in which zone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tidegate.domain.spans import readings

YEARS = range(1970, 2200)
"""What lies outside was mistyped."""


class BadEvent(Exception):  # noqa: N818 - reads as what it is
    """One event cannot be read; the message says why."""


@dataclass(frozen=True)
class Moment:
    """A wall's time, in a zone or, with none, floating: that of whoever reads it. A whole day begins at midnight."""

    wall: datetime
    zone: str | None = None
    whole_day: bool = False

    @property
    def instant(self) -> datetime:
        """When that is; only with a zone. In a gap, and of a time that comes twice, as RFC 5545 (3.3.5) says."""
        return readings(self.wall, ZoneInfo(self.zone or "UTC")).first

    def like(self, other: Moment) -> Moment:
        """The same moment on the wall of another one. Raises BadEvent where it is of another kind."""
        self.check_kind(other)
        if self.zone is None or self.zone == other.zone:
            return self
        return Moment(to_wall(self.instant, ZoneInfo(other.zone or "UTC")), other.zone)

    def check_kind(self, other: Moment) -> None:
        """Raise BadEvent if only one of the two floats, or is a whole day."""
        if (self.whole_day, self.zone is None) != (other.whole_day, other.zone is None):
            raise BadEvent("its dates are of different kinds: whole days, floating times, or times with a zone")


def read_moment(given: Any, key: str) -> Moment:
    """Read a DTSTART or the like. Raises BadEvent."""
    return _moment(getattr(given, "dt", None), given.params, key)


def read_moments(given: Any, start: Moment) -> Iterator[datetime]:
    """Read EXDATEs, as times on the wall of the start. Raises BadEvent."""
    for dates in given if isinstance(given, list) else [given]:
        for each in dates.dts:
            yield _moment(each.dt, dates.params, "EXDATE").like(start).wall


def _moment(value: Any, params: Any, key: str) -> Moment:
    if not isinstance(value, date):
        raise BadEvent(f"{key} is neither a date nor a time")
    if value.year not in YEARS:
        raise BadEvent(f"{key} is in the year {value.year}")
    if not isinstance(value, datetime):
        return Moment(datetime.combine(value, time.min), whole_day=True)
    tzid = params.get("TZID")
    zone = _zone(str(tzid)) if tzid else "UTC" if value.tzinfo is not None else None
    return Moment(value.replace(tzinfo=None, fold=0), zone)


def _zone(tzid: str) -> str:
    """Find the zone of the IANA database, by Windows' name for it too. What the file's VTIMEZONE says is not read."""
    from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON  # noqa: PLC0415 - as icalendar itself

    name = str(WINDOWS_TO_OLSON.get(tzid, tzid))
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise BadEvent(f"TZID `{tzid}` is no time zone of the IANA database") from error
    return name


def to_wall(instant: datetime, zone: ZoneInfo) -> datetime:
    """What a zone's walls show at an instant."""
    return instant.astimezone(zone).replace(tzinfo=None, fold=0)
