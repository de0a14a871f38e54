"""Where a service keeps its things: in memory, or in one SQLite file so that they survive a restart."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

BUSY_S = 2.0
"""How long a cloud that is about to end may keep the next one from its folder."""


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


class CannotKeep(Exception):  # noqa: N818 - reads as what it is
    """Nothing can be kept in the folder that was named."""


class Cabinet:
    """All drawers of one cloud. Without a folder nothing outlives the process.

    A folder serves one cloud at a time, for each remembers what it keeps. Raises `CannotKeep` where another one has it,
    or where it is no folder to write in.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._db: sqlite3.Connection | None = None
        if folder is not None:
            try:
                self._db = kept_in(folder)
            except (OSError, sqlite3.DatabaseError) as error:
                raise CannotKeep(f"{folder}: {why(error)}") from error

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


def kept_in(folder: Path) -> sqlite3.Connection:
    """Open the file of a folder, for this process alone."""
    # Its keys and tokens open nothing but this cloud; all the same they are its owner's.
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    db = sqlite3.connect(folder / "localcloud.db", isolation_level=None, timeout=BUSY_S)
    try:
        # Held until this process ends, however it ends (https://www.sqlite.org/pragma.html#pragma_locking_mode).
        db.execute("PRAGMA locking_mode=EXCLUSIVE")
        db.execute("PRAGMA journal_mode=WAL")
        # A write survives the end of this process, however sudden. Only a machine that loses power may lose the
        # last ones; to wait for its disk at every write would make a storm of calls three times as slow.
        db.execute("PRAGMA synchronous=NORMAL")
        db.execute("CREATE TABLE IF NOT EXISTS things (drawer TEXT, key TEXT, value TEXT, PRIMARY KEY (drawer, key))")
    except BaseException:
        db.close()
        raise
    return db


def why(error: Exception) -> str:
    """Say in words of its owner's why a folder cannot be used."""
    if isinstance(error, FileExistsError):
        return "a file, and no folder"
    if isinstance(error, OSError):
        return error.strerror or str(error)
    if "locked" in str(error):
        return "another localcloud keeps its state there; stop that one, or name another folder"
    return f"{error} (localcloud.db)"
