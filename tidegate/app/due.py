"""Who is due at a tick: whom marks call for, whose timetable moves, whose turn it is."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from zlib import crc32

from tidegate.app.index import timetable_of
from tidegate.app.logs import log
from tidegate.app.surroundings import Book, Surroundings
from tidegate.domain.calendars import Calendar
from tidegate.domain.fleet import FleetState
from tidegate.domain.timetable import Timetable
from tidegate.ledger.marks import Mark
from tidegate.ledger.record import UNREADABLE, Corrupt

ROUND = 60
"""Every instance is read for real once in so many minutes, whatever its ledger says: drift, lost marks."""
LONGEST_CATCH_UP = timedelta(days=2)
CLOCKS_DIFFER = timedelta(minutes=1)
"""By how much the clocks of two functions may be apart."""
SHAPE = ("timetable", "timezone", "country", "rungs", "lead_s")
"""What of an index entry decides when the rung that the timetable wants changes."""


@dataclass(frozen=True)
class Due:
    """An instance that is due, and why."""

    name: str
    in_turn: bool
    """Whether it is to be read whatever its ledger says."""
    marked_until: datetime | None
    """The minute of its newest mark where nothing but marks call for it."""


def marks_due(around: Surroundings, book: Book, now: datetime) -> list[Mark]:
    """The marks that are due. Where something else lies among them, every instance is, rather than none."""
    try:
        return around.ledger.due(now)
    except Corrupt as error:
        log("marks-unread", error=str(error))
        return [Mark(now, key) for key in (*keys_of(around, book), UNREADABLE)]


def due_now(  # noqa: PLR0917 - all that a tick has read
    around: Surroundings, book: Book, keys: Mapping[str, str], marks: list[Mark], fleet: FleetState, now: datetime
) -> list[Due]:
    """Who is due: marks, transitions, its turn, or a policy that is new. `keys` are those of `keys_of`.

    After a word about the fleet's pause all are: what it holds, or held, has no mark that knows of that.
    """
    last = fleet.last_tick
    # The newest mark of each comes last.
    marked = {keys[mark.key]: mark.minute for mark in sorted(marks) if mark.key in keys}
    turns = {name for name in book.names if crc32(name.encode()) % ROUND == now.minute}
    word = fleet.pause_word
    if last is None or (word is not None and word.at >= last - CLOCKS_DIFFER):
        moved = set(book.names)
    else:
        moved = set(_transitions(around, book, max(last, now - LONGEST_CATCH_UP), now))
    called = turns | moved
    return [
        Due(name, name in turns or last is None, None if name in called else marked[name])
        for name in book.names
        if name in called or name in marked
    ]


def _transitions(around: Surroundings, book: Book, last: datetime, now: datetime) -> Iterator[str]:
    """The instances whose timetable wants another rung since the last tick, reckoned from the times alone.

    Instances of one profile share a timetable, which is reckoned once.
    """
    known: dict[str, bool] = {}
    for name, entry in book.index["instances"].items():
        if not entry.get("timetable"):
            continue
        shape = json.dumps([(key, entry[key]) for key in SHAPE if key in entry])
        if shape not in known:
            known[shape] = _moves(around, entry, shape, last, now)
        if known[shape]:
            yield name


def _moves(around: Surroundings, entry: Mapping[str, Any], shape: str, last: datetime, now: datetime) -> bool:
    try:
        table = _table(shape, around.calendar)
        return next(table.changes(last, now), None) is not None
    except Exception as error:  # noqa: BLE001 - one bad calendar must not stop the tick of all
        log("timetable-unread", entry=dict(entry), error=type(error).__name__, message=str(error)[:300])
        return True


@lru_cache(maxsize=64)
def _table(shape: str, calendar: Callable[[str], Calendar]) -> Timetable:
    """The timetable of a shape. Kept from tick to tick, as it remembers the days it has reckoned."""
    entry = dict(json.loads(shape))
    return timetable_of(entry, calendar(entry["country"]))


def keys_of(around: Surroundings, book: Book) -> dict[str, str]:
    """The name of each instance by its ledger."""
    return {around.key_of(entry): name for name, entry in book.index["instances"].items()}
