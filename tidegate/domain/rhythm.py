"""When to look again at what may change at any time: ever rarer, and on beats of the instance's own.

Whoever looks says when to look next. Without beats every extra look would begin a row of its own, and an instance that
is held for long would soon be looked at in every minute.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from zlib import crc32

BEATS = tuple(timedelta(minutes=minutes) for minutes in (2, 5, 10, 20, 60))
MINUTE = timedelta(minutes=1)
_BEGIN = datetime(2000, 1, 1, tzinfo=timezone.utc)


def next_beat(now: datetime, since: datetime | None, name: str, soonest: timedelta, longest: timedelta) -> datetime:
    """The next beat of an instance, in UTC: about a tenth of the time that has passed `since`, within two spans."""
    tenth = (now - since) / 10 if since is not None else timedelta(0)
    span = min(max(tenth, soonest), longest)
    beat = max((each for each in BEATS if each <= span), default=BEATS[0])
    own = crc32(name.encode()) % (beat // MINUTE) * MINUTE
    return _BEGIN + own + ((now - _BEGIN - own) // beat + 1) * beat
