"""Published policies: compiled documents under their hash, and a pointer that is written last.

A push that dies half-way leaves the last good policy in force, and can simply be repeated.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from hashlib import sha256
from typing import Any

from tidegate.ledger.record import Corrupt, Json, decode, encode, read_instant
from tidegate.ledger.sequence import Entry, Sequence
from tidegate.ledger.shelf import Shelf

NAME = re.compile(r"[a-z][a-z0-9-]{0,47}")
INDEX = "_index"
HASH_LENGTH = 12
HASH = re.compile(rf"[0-9a-f]{{{HASH_LENGTH}}}")
POINTERS = "policy/current/"


@dataclass(frozen=True)
class Pointer:
    """Which policy came into force, when, and by whose hand."""

    number: int
    hash: str
    by: str
    at: datetime


class NoSuchPolicy(Exception):  # noqa: N818 - named by what it means for the caller
    """This policy was never published, or has no document of that name."""


class Overtaken(Exception):  # noqa: N818 - named by what it means for the caller
    """Another policy came into force since the one that was gone by; nothing was put in force."""

    def __init__(self, current: Pointer) -> None:
        super().__init__(f"policy {current.hash} by {current.by} came into force meanwhile")
        self.current = current


class Policies:
    """The policies on one shelf. The current one is what the newest pointer names."""

    def __init__(
        self, shelf: Shelf, now: Callable[[], datetime], hints: MutableMapping[str, int] | None = None
    ) -> None:
        self._shelf, self._now = shelf, now
        # Pointers are few and never removed.
        self._pointers = Sequence(shelf, POINTERS, lambda _entry: timedelta(), hints)

    def publish(self, documents: Mapping[str, Json], index: Json, by: str, *, after: int | None = None) -> str:
        """Publish a policy, one document an instance, and give its hash. Publishing it again changes nothing.

        With `after`, the number of the pointer that it was judged by (0: there was none), it comes into force only in
        place of that one. Raises `Overtaken`.
        """
        if bad := [name for name in documents if not NAME.fullmatch(name)]:
            raise ValueError(f"not names of instances: {bad}")
        hashed = hash_of(documents, index)
        for name, document in {**documents, INDEX: index}.items():
            self._put(_key(hashed, name), encode(document))
        self._point(hashed, by, after)
        return hashed

    def restore(self, hashed: str, by: str, *, after: int | None = None) -> None:
        """Put an earlier policy in force again. Raises `NoSuchPolicy`, and `Overtaken` as `publish` does."""
        self.index(hashed)
        self._point(hashed, by, after)

    def current(self) -> Pointer | None:
        """Give the policy in force, None before the first was published."""
        entry = self._pointers.newest()
        return self._read(entry) if entry else None

    def history(self) -> Iterator[Pointer]:
        """Give what was in force, newest first."""
        return map(self._read, self._pointers.newest_first())

    def index(self, hashed: str) -> dict[str, Any]:
        """Give what concerns the whole policy. Raises `NoSuchPolicy`."""
        return self._get(hashed, INDEX)

    def document(self, hashed: str, name: str) -> dict[str, Any]:
        """Give one instance's document. Raises `NoSuchPolicy`."""
        if not NAME.fullmatch(name):
            raise NoSuchPolicy(_key(hashed, name))
        return self._get(hashed, name)

    def _point(self, hashed: str, by: str, after: int | None) -> None:
        won = False
        while not won:
            current = self.current()
            if current and current.hash == hashed:
                return
            if current and after is not None and current.number != after:
                raise Overtaken(current)
            number = current.number + 1 if current else 1
            at = self._now().astimezone(timezone.utc).isoformat()
            won = self._pointers.create(number, encode({"hash": hashed, "by": by, "at": at}))

    def _put(self, key: str, body: bytes) -> None:
        if not self._shelf.create(key, body):
            raise Corrupt(f"{key} holds something else than its hash says")

    def _get(self, hashed: str, name: str) -> dict[str, Any]:
        key = _key(hashed, name)
        # What is no hash comes from outside, and would name another place on the shelf.
        if not HASH.fullmatch(hashed) or (body := self._shelf.get(key)) is None:
            raise NoSuchPolicy(key)
        return decode(key, body)

    def _read(self, entry: Entry) -> Pointer:
        return _pointer(self._pointers.key(entry.number), entry)


@lru_cache(maxsize=64)
def _pointer(key: str, entry: Entry) -> Pointer:
    """Read a pointer; once while it is among the last, for the newest is read again and again."""
    raw = decode(key, entry.body)
    try:
        return Pointer(entry.number, str(raw["hash"]), str(raw["by"]), read_instant(raw["at"]))
    except (KeyError, TypeError, ValueError) as error:
        raise Corrupt(f"{key} is not a pointer: {error!r}") from error


def hash_of(documents: Mapping[str, Json], index: Json) -> str:
    """Give the hash of a policy: equal policies have equal hashes, whatever the order of their keys."""
    return sha256(encode({"documents": documents, "index": index})).hexdigest()[:HASH_LENGTH]


def _key(hashed: str, name: str) -> str:
    return f"policy/{hashed}/{name}.json"
