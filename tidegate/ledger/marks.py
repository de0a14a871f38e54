"""Notes that an instance is due, so that a tick costs one listing and not a read per instance.

A mark is written *before* the record or the item it serves. A mark without either is harmless: whoever comes finds
nothing to do. The other way round an instance would be forgotten.
"""

from __future__ import annotations

from collections.abc import Iterable, MutableMapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import lru_cache

from tidegate.ledger.record import Corrupt
from tidegate.ledger.shelf import Shelf

PREFIX = "wake/"
FURTHEST = timedelta(days=366)
MINUTE = timedelta(minutes=1)
FORM = "%Y%m%dT%H%M"
PAGE = 1000
GRACE = timedelta(minutes=3)
"""How long a mark is kept after its minute. It may have been seen just before its record or item was written; so it
is shown on the ticks after as well, for longer than any writer takes."""


@dataclass(frozen=True, order=True)
class Mark:
    """An instance is due at a minute, or soon after."""

    minute: datetime
    key: str

    def __str__(self) -> str:
        """Give the mark's own key on the shelf."""
        return f"{PREFIX}{self.minute:{FORM}}/{self.key}"


def put_mark(shelf: Shelf, key: str, wake: datetime, now: datetime) -> Mark:
    """Note that an instance is due at `wake`, rounded up to the minute, and never in the past."""
    mark = _mark(key, wake, now)
    shelf.create(str(mark), b"{}")
    return mark


def put_mark_once(shelf: Shelf, key: str, wake: datetime, now: datetime, marked: MutableMapping[str, int]) -> None:
    """Note the same, unless `marked` says that this was done: a mark outlives its minute by `GRACE`."""
    minute = int(_mark(key, wake, now).minute.timestamp())
    if marked.get(PREFIX + key) != minute:
        put_mark(shelf, key, wake, now)
        marked[PREFIX + key] = minute


def due_marks(shelf: Shelf, now: datetime) -> list[Mark]:
    """Give the marks whose minute has come, oldest first: one listing, unless there are over a thousand."""
    due: list[Mark] = []
    after = ""
    while True:
        page = [_read(key) for key in shelf.list(PREFIX, after=after, limit=PAGE)]
        due += [mark for mark in page if mark.minute <= now]
        if len(page) < PAGE or page[-1].minute > now:
            return due
        after = str(page[-1])


def clear_marks(shelf: Shelf, marks: Iterable[Mark], now: datetime) -> None:
    """Remove marks that were served, except those still within `GRACE`."""
    for mark in marks:
        if mark.minute + GRACE <= now:
            shelf.delete(str(mark))


def _mark(key: str, wake: datetime, now: datetime) -> Mark:
    # What lies further ahead is looked at then, and marked again; the calendar's last day has no minute after it.
    wake = min(max(wake, now).astimezone(timezone.utc), now.astimezone(timezone.utc) + FURTHEST)
    minute = wake.replace(second=0, microsecond=0)
    return Mark(minute if minute == wake else minute + MINUTE, key)


def _read(key: str) -> Mark:
    minute, _, owner = key.removeprefix(PREFIX).partition("/")
    try:
        return Mark(minute_of(minute), owner)
    except ValueError as error:
        raise Corrupt(f"{key} is not a mark") from error


@lru_cache(maxsize=1000)
def minute_of(text: str) -> datetime:
    """Read the minute in a mark's key. Raises ValueError."""
    return datetime.strptime(text, FORM).replace(tzinfo=timezone.utc)
