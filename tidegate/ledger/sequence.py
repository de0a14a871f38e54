"""Numbered entries on a shelf, each created only once, the newest listed first.

Whoever creates entry *n+1* has seen entry *n*: of two writers one loses. A listing only hints at the newest entry, and
so does the memory of an earlier one; where the row ends is found by reading. Old entries may be removed, so reading
relies on two rules of `compact`:

1. Entry 1 and every thousandth (the milestones) are never removed, nor anything behind the last milestone.
2. Nothing younger than `KEPT` is ever removed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, MutableMapping
from datetime import timedelta
from typing import NamedTuple

from tidegate.ledger.record import Corrupt
from tidegate.ledger.shelf import Shelf

NEWEST_FIRST = 10**12
MILESTONE = 1000
KEPT = timedelta(days=400)
TRUSTED = KEPT - timedelta(days=1)
"""A reader whose clock is a little behind the remover's must not take a gap for the end."""


class Entry(NamedTuple):
    """One entry as it stands on the shelf."""

    number: int
    body: bytes


class Sequence:
    """The entries under one prefix. `age` tells how old an entry is; no entry is older than the one before it.

    `hints` are the numbers of the newest entries seen or created so far, by prefix. With one no listing is needed; kept
    for long, or of another store, it costs some reads more and harms nothing.
    """

    def __init__(
        self,
        shelf: Shelf,
        prefix: str,
        age: Callable[[Entry], timedelta],
        hints: MutableMapping[str, int] | None = None,
    ) -> None:
        self._shelf, self._prefix, self._age = shelf, prefix, age
        self._hints = {} if hints is None else hints

    @property
    def prefix(self) -> str:
        """What every key begins with."""
        return self._prefix

    def key(self, number: int) -> str:
        """Give the key of an entry; later ones sort first."""
        return f"{self._prefix}{NEWEST_FIRST - number:012d}.json"

    def read(self, number: int) -> Entry | None:
        """Give one entry, None if it does not exist."""
        body = self._shelf.get(self.key(number))
        return None if body is None else Entry(number, body)

    def create(self, number: int, body: bytes) -> bool:
        """Create one entry; False if somebody else did. Nobody has to search for an entry of his own afterwards."""
        is_ours = self._shelf.create(self.key(number), body)
        if is_ours:
            self._hints[self._prefix] = number
        return is_ours

    def newest(self) -> Entry | None:
        """Give the newest entry, however old or empty the listing is."""
        found = self._remembered() or self._listed() or self.read(1)
        if found is None:
            return None
        if self._age(found) > TRUSTED:
            # From here to the last milestone there may be gaps, so climb over milestones first.
            passed = found.number // MILESTONE
            found = _farthest(found, lambda step: self.read((passed + step) * MILESTONE))
        start = found.number
        newest = _farthest(found, lambda step: self.read(start + step))
        self._hints[self._prefix] = newest.number
        return newest

    def newest_first(self) -> Iterator[Entry]:
        """Give all entries that are kept, from the newest down."""
        entry = self.newest()
        while entry:
            yield entry
            entry = self._before(entry.number)

    def compact(self) -> int:
        """Remove entries older than `KEPT`, the oldest first, within the two rules; say how many."""
        entries = self.newest_first()
        newest = next(entries, None)
        if newest is None:
            return 0
        last_milestone = newest.number // MILESTONE * MILESTONE
        gone = [each.number for each in entries if each.number < last_milestone and self._is_removable(each)]
        for number in reversed(gone):
            self._shelf.delete(self.key(number))
        return len(gone)

    def _is_removable(self, entry: Entry) -> bool:
        return entry.number > 1 and entry.number % MILESTONE != 0 and self._age(entry) > KEPT

    def _before(self, number: int) -> Entry | None:
        if number == 1:
            return None
        # Below a gap there are only milestones.
        return self.read(number - 1) or self.read(max((number - 1) // MILESTONE * MILESTONE, 1))

    def _remembered(self) -> Entry | None:
        number = self._hints.get(self._prefix)
        return self.read(number) if number else None

    def _listed(self) -> Entry | None:
        keys = self._shelf.list(self._prefix, limit=1)
        if not keys:
            return None
        name = keys[0].removeprefix(self._prefix).removesuffix(".json")
        if not name.isdecimal():
            raise Corrupt(f"{keys[0]} is no entry of ours")
        return self.read(NEWEST_FIRST - int(name))


def _farthest(start: Entry, read: Callable[[int], Entry | None]) -> Entry:
    """Give the last entry of an unbroken row: `start` is step 0, `read(step)` gives the others, None behind the end."""
    low, found, stride = 0, start, 1
    while (further := read(low + stride)) is not None:
        low, found, stride = low + stride, further, stride * 2
    high = low + stride
    while high - low > 1:
        middle = (low + high) // 2
        if (further := read(middle)) is None:
            high = middle
        else:
            low, found = middle, further
    return found
