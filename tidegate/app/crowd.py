"""What a door may do for one delivery, by how long its sender has waited already, and by what this process knows.

The platform rather starts another process than let a request wait for one that is busy, as long as its limits allow it.
So a request that had to wait for a warm process came with more others than there may be processes, as in a storm of
alerts. Then every alert is kept first, with as few requests to the store as can be, and the tick answers them.
"""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tidegate.alerts import receive
from tidegate.app.machine import machine
from tidegate.app.surroundings import Book

ANSWERS_WITHIN_S = 4.0
"""Since the platform took the request. CloudMonitor waits 5 s and then sends again (fact fc 2.3)."""
CROWDED_S = 0.1
BELIEVED_S = 60.0
"""No request waits so long: then it is the clocks that differ."""
KNOWN_FOR_S = 10.0
"""How long a crowded door goes by the policy it has read, to tell whose an alert is. Nothing is decided by it."""
BOOK = "book of the door"


@dataclass(frozen=True)
class Recall:
    """What this process remembers of its store, for its doors."""

    marked: MutableMapping[str, int]
    """The minute of the mark that it put last, by the ledger it is for."""
    _cache: MutableMapping[str, Any]
    _monotonic: Callable[[], float]
    is_crowded: bool = False

    def book(self) -> Book | None:
        """The policy as it was read a moment ago; none where there is time to read it."""
        read_at, book = self._cache.get(BOOK, (0.0, None))
        is_known = self.is_crowded and self._monotonic() - read_at < KNOWN_FOR_S
        return book if is_known else None

    def keep(self, book: Book) -> None:
        """Remember the policy that was read just now."""
        self._cache[BOOK] = (self._monotonic(), book)


def at_the_door(event: bytes, limit_s: float) -> tuple[Callable[[], bool], Recall]:
    """Whether there is time to reconcile inline: for `limit_s` from now at most, and in a crowd not at all."""
    here = machine()
    memory = here.memory()
    began, waited_s = here.monotonic(), _waited_s(event, here.now())
    is_crowded = bool(memory.hints) and waited_s > CROWDED_S
    limit_s = 0.0 if is_crowded else min(limit_s, ANSWERS_WITHIN_S - waited_s)
    return lambda: here.monotonic() - began < limit_s, Recall(memory.hints, memory.cache, here.monotonic, is_crowded)


def _waited_s(event: bytes, now: datetime) -> float:
    arrived_at = receive(event).arrived_at
    waited_s = (now - arrived_at).total_seconds() if arrived_at else 0.0
    return waited_s if 0 < waited_s < BELIEVED_S else 0.0
