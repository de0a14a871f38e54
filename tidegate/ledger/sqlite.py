"""A shelf in one SQLite file: for local use, by any number of processes on one machine."""

from __future__ import annotations

import builtins
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from weakref import finalize

from tenacity import Retrying, retry_if_exception, stop_after_delay, wait_random

from tidegate.ledger.shelf import ShelfUnavailable, Unprotected, Unsure

BUSY_S = 5.0
FUNCTION_COMPUTE_MARK = "FC_FUNCTION_NAME"
LAST = "\U0010ffff"


class SqliteShelf:
    """Rows of one table. Raises `Unprotected` on Function Compute, where each instance would have a file of its own."""

    def __init__(self, path: Path, environment: Mapping[str, str]) -> None:
        if FUNCTION_COMPUTE_MARK in environment:
            raise Unprotected("a file ledger on Function Compute is private to one instance: name a bucket instead")
        self._lock = threading.Lock()
        self._db = opened(path)
        # Whoever is done with a shelf just drops it; Python 3.13 warns of connections that nobody closed.
        finalize(self, self._db.close)
        with self._answers():
            write_ahead(self._db)
            self._db.execute("PRAGMA synchronous=FULL")
            self._db.execute("CREATE TABLE IF NOT EXISTS shelf (key TEXT PRIMARY KEY, body BLOB) WITHOUT ROWID")

    def get(self, key: str) -> bytes | None:
        """Give what stands under a key now."""
        with self._answers():
            row = self._db.execute("SELECT body FROM shelf WHERE key = ?", (key,)).fetchone()
        return None if row is None else bytes(row[0])

    def create(self, key: str, body: bytes) -> bool:
        """Put `body` where nothing stands; exactly one of all threads and processes wins."""
        with self._answers(writing=True):
            won = self._db.execute("INSERT OR IGNORE INTO shelf VALUES (?, ?)", (key, body)).rowcount == 1
        return won or self.get(key) == body

    def list(self, prefix: str, after: str = "", limit: int = 1000) -> builtins.list[str]:
        """Give keys in order."""
        with self._answers():
            rows = self._db.execute(
                "SELECT key FROM shelf WHERE key >= ? AND key > ? AND key < ? ORDER BY key LIMIT ?",
                (prefix, after, prefix + LAST, limit),
            ).fetchall()
        return [str(row[0]) for row in rows]

    def delete(self, key: str) -> None:
        """Remove a key."""
        with self._answers():
            self._db.execute("DELETE FROM shelf WHERE key = ?", (key,))

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    @contextmanager
    def _answers(self, *, writing: bool = False) -> Iterator[None]:
        with self._lock:
            try:
                yield
            except sqlite3.DatabaseError as error:
                if isinstance(error, (sqlite3.ProgrammingError, sqlite3.IntegrityError)):
                    # No fault of the file's.
                    raise
                # A lock that was never won leaves no trace; a full or failing disk might have kept the row.
                if writing and not is_locked(error):
                    raise Unsure(str(error)) from error
                raise ShelfUnavailable(str(error)) from error


def opened(path: Path) -> sqlite3.Connection:
    """Open a file, and make it and its folder where they are not there. Raises `ShelfUnavailable`."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return sqlite3.connect(path, timeout=BUSY_S, isolation_level=None, check_same_thread=False)
    except (OSError, ValueError, sqlite3.OperationalError) as error:
        why = getattr(error, "strerror", None) or error
        raise ShelfUnavailable(f"the ledger's file cannot be opened: {why}") from error


def write_ahead(db: sqlite3.Connection) -> None:
    """Have a file written ahead. Raises `sqlite3.OperationalError` where it stays locked for `BUSY_S`.

    Of two who do this to a new file at once one is told "locked" right away, whatever its timeout: each holds what the
    other waits for, so SQLite asks no busy handler (https://www.sqlite.org/c3ref/busy_handler.html). It is tried again.
    """
    for attempt in Retrying(
        retry=retry_if_exception(is_locked), stop=stop_after_delay(BUSY_S), wait=wait_random(0.005, 0.05), reraise=True
    ):
        with attempt:
            db.execute("PRAGMA journal_mode=WAL")


def is_locked(error: BaseException) -> bool:
    """Say whether SQLite did nothing, as somebody else holds the file."""
    return isinstance(error, sqlite3.OperationalError) and "locked" in str(error)
