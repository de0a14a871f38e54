"""When the summary of a day is told: once, at nine o'clock by the policy's zone."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

TOLD_AT = time(9, 0)
NOT_LATER_THAN = timedelta(hours=6)
"""After the hour: where the tick did not run all morning, the next day's says it all."""
DAY = timedelta(days=1)
LONGEST_LOOK_BACK = timedelta(days=2)


def day_due(zone: str, told_at: datetime | None, now: datetime) -> date | None:
    """The local day whose summary is to be told now; None where it is too early, too late, or done."""
    local = now.astimezone(ZoneInfo(zone))
    late = now - _told_at(local.date(), zone)
    is_told = told_at is not None and told_at.astimezone(local.tzinfo).date() >= local.date()
    return local.date() if timedelta(0) <= late < NOT_LATER_THAN and not is_told else None


def next_due(zone: str, told_at: datetime | None, after: datetime) -> datetime:
    """The first instant from `after` on at which a summary is to be told."""
    if day_due(zone, told_at, after):
        return after
    today = after.astimezone(ZoneInfo(zone)).date()
    at = _told_at(today, zone)
    return at if at > after else _told_at(today + DAY, zone)


def looks_back_to(told_at: datetime | None, now: datetime) -> datetime:
    """Since when a summary tells what happened: since the one before it, or for a day."""
    return told_at if told_at is not None and now - told_at < LONGEST_LOOK_BACK else now - DAY


def _told_at(day: date, zone: str) -> datetime:
    return datetime.combine(day, TOLD_AT, tzinfo=ZoneInfo(zone)).astimezone(timezone.utc)
