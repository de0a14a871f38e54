"""Times as people write and read them, in an instance's zone."""

from __future__ import annotations

import re
from datetime import datetime
from zoneinfo import ZoneInfo

from tidegate.cli.errors import Mistake

HOUR = re.compile(r"\d{1,2}:\d{2}(:\d{2})?")


def read_time(text: str, zone: str, now: datetime) -> datetime:
    """Read `20:05` (of today), `2026-03-02T20:05`, or a time with its offset. Raises Mistake."""
    here = ZoneInfo(zone)
    written = text.strip()
    if HOUR.fullmatch(written):
        written = f"{now.astimezone(here):%Y-%m-%d}T{written.zfill(len(written) + (len(written) in (4, 7)))}"
    try:
        at = datetime.fromisoformat(written.replace("Z", "+00:00").replace("z", "+00:00"))
    except ValueError:
        raise Mistake(f"`{text}` is no time; write 20:05, 2026-03-02T20:05 or 2026-03-02T20:05+08:00") from None
    return at if at.tzinfo else at.replace(tzinfo=here)


def show_time(at: datetime, zone: str) -> str:
    """A moment with its date and offset."""
    return at.astimezone(ZoneInfo(zone)).isoformat(sep=" ", timespec="seconds")


def show_hour(at: datetime, zone: str, now: datetime) -> str:
    """A moment not far from now: the weekday where it is another day, the time, and the offset."""
    there, here = at.astimezone(ZoneInfo(zone)), now.astimezone(ZoneInfo(zone))
    days = abs((there.date() - here.date()).days)
    offset = re.sub(r"(\d\d)(\d\d)$", r"\1:\2", f"{there:%z}")
    day = "" if days == 0 else f"{there:%a} " if days < 7 else f"{there:%Y-%m-%d} "  # noqa: PLR2004 - a week
    return f"{day}{there:%H:%M}{offset}"
