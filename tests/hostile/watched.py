"""A shelf that notes what it is asked for."""

from __future__ import annotations

import builtins

from tidegate.ledger.shelf import Shelf


class Watched:
    """Another shelf, and every key that somebody wanted of it."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self.asked: builtins.list[str] = []

    def get(self, key: str) -> bytes | None:
        """Give what stands there."""
        self.asked.append(key)
        return self._shelf.get(key)

    def create(self, key: str, body: bytes) -> bool:
        """Create it."""
        self.asked.append(key)
        return self._shelf.create(key, body)

    def list(self, prefix: str, after: str = "", limit: int = 1000) -> builtins.list[str]:
        """Give keys in order."""
        return self._shelf.list(prefix, after, limit)

    def delete(self, key: str) -> None:
        """Remove it."""
        self.asked.append(key)
        self._shelf.delete(key)
