"""The port: what the ledger asks of a store. Everything else is written once, over these four verbs.

`create` is the only write that decides anything: of all who create a key, exactly one wins. A listing is a hint and
may be as old as it likes; `get` and `create` are not.
"""

from __future__ import annotations

import builtins
from typing import Protocol


class ShelfUnavailable(Exception):  # noqa: N818 - named by what it means for the caller
    """The store did not answer, and nothing was written. Try again later."""


class ShelfRefused(ShelfUnavailable):
    """The store refuses: no permission, no such bucket, a wrong key. A person must mend it before a retry helps."""


class Unsure(Exception):  # noqa: N818 - named by what it means for the caller
    """It cannot be told whether our bytes were written, or will still be: read again before deciding anything."""


class Unprotected(Exception):  # noqa: N818 - named by what it means for the caller
    """This store would let two writers both win. Nothing may be ordered on its word."""


class Shelf(Protocol):
    """Bytes under keys. Keys are compared byte by byte, and listed in that order."""

    def get(self, key: str) -> bytes | None:
        """Give what stands under a key now, None if nothing does. Raises `ShelfUnavailable`."""

    def create(self, key: str, body: bytes) -> bool:
        """Put `body` where nothing stands: True if ours stands there now, False if somebody else's does.

        `body` must be the caller's own (hold a nonce): after a lost reply it is by its bytes that we know it again.
        Raises `ShelfUnavailable` if it surely was not written, `Unsure` if it may have been.
        """

    def list(self, prefix: str, after: str = "", limit: int = 1000) -> builtins.list[str]:
        """Give the first `limit` keys with a prefix, those behind `after` only. May be stale."""

    def delete(self, key: str) -> None:
        """Remove a key; one that is not there is no error."""


def listed(shelf: Shelf, prefix: str, page: int = 1000) -> builtins.list[str]:
    """Give all keys with a prefix, page by page."""
    keys = shelf.list(prefix, limit=page)
    found = keys
    while len(keys) == page:
        keys = shelf.list(prefix, after=keys[-1], limit=page)
        found = found + keys
    return found


def check(shelf: Shelf, nonce: str) -> None:
    """See by trying whether the store keeps what was created first; raises `Unprotected` if it does not.

    A bucket with versioning enabled or suspended lets a second writer overwrite without a word (fact fc 5.2).
    """
    key, first, second = f"probe/{nonce}", f"first {nonce}".encode(), f"second {nonce}".encode()
    shelf.create(key, first)
    overwritten = shelf.create(key, second)
    kept = shelf.get(key)
    shelf.delete(key)
    if overwritten or kept != first:
        raise Unprotected(
            "the store overwrote an object that was to be created only once; "
            "if it is a bucket, its versioning must never have been enabled"
        )
