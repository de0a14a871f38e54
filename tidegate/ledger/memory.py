"""A shelf in memory, for the simulation and for tests. What goes wrong on it, and when, is injected."""

from __future__ import annotations

import builtins
import threading
from bisect import bisect_left, bisect_right, insort
from collections import deque
from typing import Protocol

from tidegate.ledger.creation import Patience, Taken, create_once

REMEMBERED_CHANGES = 10_000


class Misfortunes(Protocol):
    """What goes wrong: `before` raises where a request never arrives, `after` where the reply is lost (`Unsure`)."""

    def before(self, verb: str, key: str) -> None:
        """Raise `ShelfUnavailable` or `Unsure` to keep a request from having its effect."""

    def after(self, verb: str, key: str) -> None:
        """Raise `Unsure` (on reads `ShelfUnavailable`) to lose the reply after the effect."""

    def unseen(self, prefix: str) -> int:
        """Say how many of the newest changes a listing does not show yet."""


class NoMisfortune:
    """Nothing goes wrong."""

    def before(self, verb: str, key: str) -> None:
        """Let the request arrive."""

    def after(self, verb: str, key: str) -> None:
        """Let the reply arrive."""

    def unseen(self, prefix: str) -> int:
        """Show everything."""
        del prefix
        return 0


def _no_wait(seconds: float) -> None:
    del seconds


class MemoryShelf:
    """A dictionary that behaves as a remote store does."""

    def __init__(self, misfortunes: Misfortunes | None = None, patience: Patience | None = None) -> None:
        self._misfortunes = misfortunes or NoMisfortune()
        self._patience = patience or Patience(_no_wait)
        self._bodies: dict[str, bytes] = {}
        self._keys: builtins.list[str] = []
        self._changes: deque[tuple[str, bool]] = deque(maxlen=REMEMBERED_CHANGES)
        self._lock = threading.Lock()

    def get(self, key: str) -> bytes | None:
        """Give what stands under a key now."""
        self._misfortunes.before("get", key)
        body = self._bodies.get(key)
        self._misfortunes.after("get", key)
        return body

    def create(self, key: str, body: bytes) -> bool:
        """Put `body` where nothing stands, and settle lost replies as a remote store must."""
        return create_once(lambda: self._put(key, body), lambda: self.get(key), body, self._patience)

    def list(self, prefix: str, after: str = "", limit: int = 1000) -> builtins.list[str]:
        """Give keys in order, without the newest changes if the plan says so."""
        self._misfortunes.before("list", prefix)
        with self._lock:
            keys = self._as_seen(self._misfortunes.unseen(prefix))
        start = max(bisect_left(keys, prefix), bisect_right(keys, after))
        # A prefix is followed by all that begins with it, so the first key beyond ends the listing.
        page = [key for key in keys[start : start + limit] if key.startswith(prefix)]
        self._misfortunes.after("list", prefix)
        return page

    def delete(self, key: str) -> None:
        """Remove a key."""
        self._misfortunes.before("delete", key)
        with self._lock:
            if self._bodies.pop(key, None) is not None:
                del self._keys[bisect_left(self._keys, key)]
                self._changes.append((key, False))
        self._misfortunes.after("delete", key)

    def _put(self, key: str, body: bytes) -> None:
        self._misfortunes.before("create", key)
        with self._lock:
            if key in self._bodies:
                raise Taken(key)
            self._bodies[key] = body
            insort(self._keys, key)
            self._changes.append((key, True))
        self._misfortunes.after("create", key)

    def _as_seen(self, unseen: int) -> builtins.list[str]:
        if not unseen:
            return self._keys
        keys = set(self._keys)
        for key, was_created in list(reversed(self._changes))[:unseen]:
            (keys.discard if was_created else keys.add)(key)
        return sorted(keys)
