"""A shelf at the other end of a line, on which requests and replies get lost: what is asked again, and how it ends.

Every remote store goes through here, the simulated one too; what differs is only the line to it.
"""

from __future__ import annotations

import builtins
from functools import partial
from typing import Protocol

from tidegate.ledger.creation import Patience, create_once

LARGEST_PAGE = 1000


class Objects(Protocol):
    """A remote store, one request a call and each sent once. All raise `ShelfUnavailable`, or `ShelfRefused`."""

    def get(self, key: str) -> bytes | None:
        """Give what stands under a key now, None if nothing does."""

    def put(self, key: str, body: bytes) -> None:
        """Create it; raises `Taken` where something stands, `Unsure` where no answer came."""

    def page(self, prefix: str, after: str, size: int) -> builtins.list[str]:
        """Give up to `size` keys with a prefix, behind `after`, in order."""

    def delete(self, key: str) -> None:
        """Remove what stands under a key."""


class RemoteShelf:
    """A `Shelf` of objects that are elsewhere."""

    def __init__(self, objects: Objects, patience: Patience) -> None:
        self._objects, self._patience = objects, patience

    def get(self, key: str) -> bytes | None:
        """Give an object's body now."""
        return self._patience(lambda: self._objects.get(key))

    def create(self, key: str, body: bytes) -> bool:
        """Create an object; after a timeout, a 5xx or a 409 its bytes tell whether it is ours."""
        objects = self._objects
        return create_once(lambda: objects.put(key, body), lambda: objects.get(key), body, self._patience)

    def list(self, prefix: str, after: str = "", limit: int = LARGEST_PAGE) -> builtins.list[str]:
        """Give keys in order, one request for up to 1000 of them."""
        found: builtins.list[str] = []
        while len(found) < limit:
            size = min(limit - len(found), LARGEST_PAGE)
            start = found[-1] if found else after
            page = self._patience(partial(self._objects.page, prefix, start, size))
            found += page
            if len(page) < size:
                break
        return found

    def delete(self, key: str) -> None:
        """Remove an object; repeating it does no harm."""
        self._patience(lambda: self._objects.delete(key))
