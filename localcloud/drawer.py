"""Where a service keeps its things: in memory, or in one SQLite file so that they survive a restart."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any


class Drawer(MutableMapping[str, Any]):
    """A mapping of JSON values. Every write outlives the process when it returns, where there is a folder.

    A value must be assigned to be kept: changing a list or dict that was read changes a copy.
    """

    def __init__(self, cabinet: Cabinet, name: str) -> None:
        self._cabinet, self._name = cabinet, name
        self._values: dict[str, str] = dict(cabinet.rows(name))

    def __getitem__(self, key: str) -> Any:
        return json.loads(self._values[key])

    def __setitem__(self, key: str, value: Any) -> None:
        text = json.dumps(value)
        self._cabinet.write(self._name, key, text)
        self._values[key] = text

    def __delitem__(self, key: str) -> None:
        del self._values[key]
        self._cabinet.remove(self._name, key)

    def __iter__(self) -> Iterator[str]:
        return iter(list(self._values))

    def __len__(self) -> int:
        return len(self._values)


class Cabinet:
    """All drawers of one cloud. Without a folder nothing outlives the process."""

    def __init__(self, folder: Path | None = None) -> None:
        self._db: sqlite3.Connection | None = None
        if folder is not None:
            # Its keys and tokens open nothing but this cloud; all the same they are its owner's.
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._db = sqlite3.connect(folder / "localcloud.db", isolation_level=None)
            self._db.execute("PRAGMA journal_mode=WAL")
            # A write survives the end of this process, however sudden. Only a machine that loses power may lose the
            # last ones; to wait for its disk at every write would make a storm of calls three times as slow.
            self._db.execute("PRAGMA synchronous=NORMAL")
            self._db.execute(
                "CREATE TABLE IF NOT EXISTS things (drawer TEXT, key TEXT, value TEXT, PRIMARY KEY (drawer, key))"
            )

    def drawer(self, name: str) -> Drawer:
        """Open a drawer, with what it held before."""
        return Drawer(self, name)

    def rows(self, drawer: str) -> list[tuple[str, str]]:
        """Give all that a drawer holds on disk."""
        if self._db is None:
            return []
        return list(self._db.execute("SELECT key, value FROM things WHERE drawer = ? ORDER BY rowid", (drawer,)))

    def write(self, drawer: str, key: str, text: str) -> None:
        """Keep one value."""
        if self._db is not None:
            self._db.execute("INSERT OR REPLACE INTO things VALUES (?, ?, ?)", (drawer, key, text))

    def remove(self, drawer: str, key: str) -> None:
        """Forget one value."""
        if self._db is not None:
            self._db.execute("DELETE FROM things WHERE drawer = ? AND key = ?", (drawer, key))

    @contextmanager
    def together(self) -> Iterator[None]:
        """Keep all that is written inside, or nothing: a process that is killed leaves no half of it behind.

        Also what was written before an exception is kept: a reply may be lost, and its effect stands.
        """
        if self._db is None or self._db.in_transaction:
            yield
            return
        self._db.execute("BEGIN")
        try:
            yield
        finally:
            self._db.execute("COMMIT")

    def close(self) -> None:
        """Let go of the file."""
        if self._db is not None:
            self._db.close()
