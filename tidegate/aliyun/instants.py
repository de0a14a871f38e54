"""The vendor's ways to write a time, all of them UTC where they do not say otherwise."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from functools import lru_cache

FRACTION = re.compile(r"\.\d+")


@lru_cache(maxsize=1024)
def instant(text: str) -> datetime:
    """Read `2017-06-08T09:41:30Z`, also with a blank, a fraction, an offset or no zone. Raises ValueError."""
    plain = FRACTION.sub("", text.strip()).replace("Z", "+00:00")
    read = datetime.fromisoformat(plain)
    try:
        return read.replace(tzinfo=timezone.utc) if read.tzinfo is None else read.astimezone(timezone.utc)
    except OverflowError as error:
        raise ValueError(f"beyond the calendar: {text}") from error


def as_text(at: datetime) -> str:
    """Write an aware time as the vendor's parameters want it, whole seconds in UTC, rounded down."""
    return at.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def rounded_up(at: datetime) -> datetime:
    """Give the next whole second, so that the end of a window loses nothing."""
    return at if not at.microsecond else at.replace(microsecond=0) + timedelta(seconds=1)
