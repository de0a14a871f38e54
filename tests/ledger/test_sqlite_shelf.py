"""What is special about the ledger in a file."""

from __future__ import annotations

import json
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from tests.ledger.rivals import rivals
from tidegate.ledger import sqlite as shelves
from tidegate.ledger.shelf import ShelfUnavailable, Unprotected
from tidegate.ledger.sqlite import SqliteShelf


def test_a_file_ledger_refuses_to_start_on_function_compute(tmp_path: Path) -> None:
    with pytest.raises(Unprotected, match="name a bucket"):
        SqliteShelf(tmp_path / "ledger.db", {"FC_FUNCTION_NAME": "on-alert"})
    assert not (tmp_path / "ledger.db").exists()


def test_what_was_written_is_there_after_a_restart(tmp_path: Path) -> None:
    with closing(SqliteShelf(tmp_path / "deep" / "ledger.db", {})) as shelf:
        shelf.create("one", b"mine")
    with closing(SqliteShelf(tmp_path / "deep" / "ledger.db", {})) as shelf:
        assert shelf.get("one") == b"mine"


def test_a_file_that_somebody_else_holds_is_unavailable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shelves, "BUSY_S", 0.05)
    with closing(SqliteShelf(tmp_path / "ledger.db", {})) as shelf, closing(holder(tmp_path / "ledger.db")):
        with pytest.raises(ShelfUnavailable, match="locked"):
            shelf.create("one", b"mine")
        assert shelf.get("one") is None


def test_two_processes_may_open_one_new_file_at_the_same_moment(tmp_path: Path) -> None:
    start = time.time() + 2  # by then both processes are up
    moments = [[start + 0.03 * number, str(tmp_path / f"{number}.db")] for number in range(60)]
    assert rivals("tests.ledger.opener", [[], []], json.dumps(moments)) == [[], []]


def test_a_place_where_no_file_can_be_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    for place in (tmp_path / "file" / "ledger.db", tmp_path):
        with pytest.raises(ShelfUnavailable, match="the ledger's file cannot be opened: "):
            SqliteShelf(place, {})


def test_a_file_of_something_else_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no ledger " * 500)
    with pytest.raises(ShelfUnavailable, match="not a database"):
        SqliteShelf(tmp_path / "file", {})


def holder(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    return connection
