"""Times as a scenario writes them: `2026-11-10 21:55` by the wall clock, ISO with an offset, `21:55`, `+2h`."""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

from tidegate.domain.durations import parse_duration

FORMS = "a time such as 2026-11-10 21:55, 2026-11-10T21:55+08:00, 21:55 or +2h"
CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?")
LEAP = timedelta(days=1)


def moment(text: str, before: datetime, zone: str) -> datetime:
    """Give the instant that is meant, in UTC: `+2h` and `21:55` are reckoned from `before`. Raises ValueError.

    Of a wall-clock time alone the next one counts, which may be `before` itself.
    """
    written = text.strip()
    if written.startswith("+"):
        try:
            span: timedelta = parse_duration(written[1:])
        except ValueError as error:
            raise ValueError(f"expected {FORMS}, found `{text}`") from error
        return before + span
    if match := CLOCK.fullmatch(written):
        hour, minute, second = (int(part or 0) for part in match.groups())
        return _next(time(hour, minute, second), before, ZoneInfo(zone))
    return _dated(written, ZoneInfo(zone))


def _next(at: time, before: datetime, zone: ZoneInfo) -> datetime:
    today = before.astimezone(zone).date()
    candidates = (datetime.combine(today + LEAP * days, at, zone).astimezone(timezone.utc) for days in range(3))
    return next(instant for instant in candidates if instant >= before)


def _dated(written: str, zone: ZoneInfo) -> datetime:
    try:
        found = datetime.fromisoformat(re.sub(r"[zZ]$", "+00:00", written))
    except ValueError as error:
        raise ValueError(f"expected {FORMS}, found `{written}`") from error
    if len(written) <= len("2026-11-10"):
        raise ValueError(f"expected {FORMS}, found the day `{written}` without a time")
    local = found if found.tzinfo else found.replace(tzinfo=zone)
    return local.astimezone(timezone.utc)
