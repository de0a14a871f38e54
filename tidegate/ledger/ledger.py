"""The append-only history of every instance: one record after the other, written once, and never changed."""

from __future__ import annotations

import string
from collections.abc import Callable, Iterable, Iterator, MutableMapping
from datetime import datetime, timedelta, timezone
from functools import partial
from hashlib import sha256
from itertools import islice
from typing import Any

from tidegate import __version__
from tidegate.ledger import inbox, marks
from tidegate.ledger.marks import Mark
from tidegate.ledger.record import Corrupt, Json, NewerSchema, Record, decode, encode, known_record, write_record
from tidegate.ledger.sequence import Entry, Sequence
from tidegate.ledger.shelf import Shelf, check

EPOCH = "epoch"
EPOCH_LETTERS = string.ascii_lowercase
EPOCH_SIGNS = string.ascii_lowercase + string.digits
EPOCH_LENGTH = 9


class Ledger:
    """The ledgers of all instances on one shelf; `key` is `str(InstanceKey(...))` or `FLEET`.

    `now` gives the time, `nonce` a new word on every call that no other writer has. `hints` are those of `Sequence`,
    and may outlive the ledger. Every method raises `ShelfUnavailable`; those that write also raise `Unsure`, after
    which the head tells what happened.
    """

    def __init__(
        self,
        shelf: Shelf,
        now: Callable[[], datetime],
        nonce: Callable[[], str],
        code: str = __version__,
        hints: MutableMapping[str, int] | None = None,
    ) -> None:
        self._shelf, self._now, self._nonce, self._code = shelf, now, nonce, code
        self._hints = {} if hints is None else hints
        self._epoch = ""
        self._sequences: dict[str, Sequence] = {}

    def check(self) -> None:
        """See by trying whether the shelf lets only one writer win; raises `Unprotected` if not."""
        check(self._shelf, self._nonce())

    def epoch(self) -> str:
        """Give the word this ledger was born with.

        It parts our execution names and tokens from those of a ledger that was lost and begun anew.
        """
        if not self._epoch:
            self._epoch = self._born()
        return self._epoch

    def head(self, key: str) -> Record | None:
        """Give the newest record, None for an instance never seen. Raises `NewerSchema`, `Corrupt`."""
        entry = self._sequence(key).newest()
        return self._record(key, entry) if entry else None

    def newest_or_blank(self, key: str) -> Record | None:
        """Give the newest record, or a blank one in its place where that cannot be read: of what may be begun anew.

        Only for a ledger that is never compacted.
        """
        prefix = self._sequence(key).prefix
        entry = Sequence(self._shelf, prefix, lambda _: timedelta(), self._hints).newest()
        if entry is None:
            return None
        try:
            return self._record(key, entry)
        except (NewerSchema, Corrupt):
            first = datetime.min.replace(tzinfo=timezone.utc)
            return Record(entry.number, first, {}, {}, policy="", code="", nonce="")

    def append(
        self,
        key: str,
        fact: Json,
        state: Json,
        *,
        after: Record | None,
        policy: str,
        wake: datetime | None,
        at: datetime | None = None,
    ) -> Record | None:
        """Write the record behind `after`, and before it the mark that it is due at `wake`.

        `at` is the time at which the state was folded, where that counts; now otherwise.
        None means that somebody else wrote there first: read the head and decide again.
        """
        now = at.astimezone(timezone.utc) if at else self._utc_now()
        record = Record(
            seq=after.seq + 1 if after else 1,
            at=max(now, after.at) if after else now,
            fact=fact,
            state=state,
            policy=policy,
            code=self._code,
            nonce=self._nonce(),
        )
        body = write_record(record)
        if wake is not None:
            marks.put_mark(self._shelf, key, wake, self._utc_now())
        return record if self._sequence(key).create(record.seq, body) else None

    def records(self, key: str, *, newest_first: bool = True, limit: int | None = None) -> Iterator[Record]:
        """Give the last `limit` records, or all that are kept. `newest_first` is about their order, not about which."""
        last = (self._record(key, entry) for entry in islice(self._sequence(key).newest_first(), limit))
        return last if newest_first else reversed(list(last))

    def post(self, key: str, item: Json, *, due: datetime, marked: MutableMapping[str, int] | None = None) -> bool:
        """Leave a signal for an instance that is then `due`; False if one with its `id` is waiting already.

        `marked` is what a process remembers of the marks that it put on this shelf itself: each is put once.
        """
        now = self._utc_now()
        marks.put_mark_once(self._shelf, key, due, now, {} if marked is None else marked)
        return inbox.put_item(self._shelf, key, item, now, self._nonce())

    def inbox(self, key: str) -> list[dict[str, Any]]:
        """Give the signals that wait for an instance, in the order they came in."""
        return inbox.items(self._shelf, key)

    def take(self, key: str, ids: Iterable[str]) -> None:
        """Remove signals that a record of this instance has taken in."""
        inbox.remove_items(self._shelf, key, ids)

    def mark(self, key: str, wake: datetime) -> None:
        """Note that an instance is due at `wake`, without a record."""
        marks.put_mark(self._shelf, key, wake, self._utc_now())

    def due(self, now: datetime) -> list[Mark]:
        """Give the marks whose time has come, oldest first; an instance may have several."""
        return marks.due_marks(self._shelf, now)

    def clear(self, served: Iterable[Mark]) -> None:
        """Remove marks that were served. A fresh one stays for some minutes and is due again, see `marks.GRACE`."""
        marks.clear_marks(self._shelf, served, self._utc_now())

    def compact(self, key: str) -> int:
        """Remove records older than `sequence.KEPT`, as far as its rules allow, and say how many."""
        return self._sequence(key).compact()

    def _born(self) -> str:
        word = _as_epoch(self._nonce())
        if self._shelf.create(EPOCH, encode({"epoch": word, "at": self._utc_now().isoformat()})):
            return word
        body = self._shelf.get(EPOCH)
        if body is None or not isinstance(winner := decode(EPOCH, body).get("epoch"), str):
            raise Corrupt(f"{EPOCH} holds no epoch")
        return winner

    def _sequence(self, key: str) -> Sequence:
        if key not in self._sequences:
            self._sequences[key] = Sequence(self._shelf, f"ledger/{key}/", partial(self._age, key), self._hints)
        return self._sequences[key]

    def _record(self, key: str, entry: Entry) -> Record:
        return known_record(self._sequence(key).key(entry.number), entry.number, entry.body)

    def _age(self, key: str, entry: Entry) -> timedelta:
        """How old an entry is: also one of a later version, whose state must not be read."""
        try:
            at = self._record(key, entry).at
        except NewerSchema as newer:
            at = newer.record.at
        return self._utc_now() - at

    def _utc_now(self) -> datetime:
        return self._now().astimezone(timezone.utc)


def _as_epoch(nonce: str) -> str:
    """Make a name out of a nonce: a letter, then eight letters or digits."""
    number = int.from_bytes(sha256(nonce.encode()).digest(), "big")
    number, first = divmod(number, len(EPOCH_LETTERS))
    word = EPOCH_LETTERS[first]
    while len(word) < EPOCH_LENGTH:
        number, sign = divmod(number, len(EPOCH_SIGNS))
        word += EPOCH_SIGNS[sign]
    return word
