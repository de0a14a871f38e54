"""A ledger's shelf for functions that may die: between what they did to the vendor and what they write of it."""

from __future__ import annotations

import builtins
from dataclasses import dataclass

from tidegate.ledger.shelf import Shelf


class Killed(BaseException):
    """The function instance is gone; nothing in it may catch this."""


@dataclass
class Mortal:
    """A shelf whose caller is dead once `is_dead`: nothing more reaches the store from there."""

    shelf: Shelf
    is_dead: bool = False

    def get(self, key: str) -> bytes | None:
        """Give what stands under a key now."""
        self._live()
        return self.shelf.get(key)

    def create(self, key: str, body: bytes) -> bool:
        """Put `body` where nothing stands."""
        self._live()
        return self.shelf.create(key, body)

    def list(self, prefix: str, after: str = "", limit: int = 1000) -> builtins.list[str]:
        """Give keys in order."""
        self._live()
        return self.shelf.list(prefix, after, limit)

    def delete(self, key: str) -> None:
        """Remove a key."""
        self._live()
        self.shelf.delete(key)

    def _live(self) -> None:
        if self.is_dead:
            raise Killed
