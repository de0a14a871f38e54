"""What a process has seen of a row spares it a listing, and is trusted no further than a listing is."""

from __future__ import annotations

from collections.abc import MutableMapping
from datetime import timedelta

import pytest

from benchmarks.quiet import CountingShelf
from tidegate.ledger.sequence import Sequence
from tidegate.ledger.shelf import Shelf

PREFIX = "row/"


def row(shelf: Shelf, today: int, hints: MutableMapping[str, int] | None = None) -> Sequence:
    """A row that grew by one entry a day until today."""
    return Sequence(shelf, PREFIX, lambda entry: timedelta(days=today - entry.number), hints)


def grown(shelf: Shelf, first: int, last: int) -> None:
    for number in range(first, last + 1):
        row(shelf, last).create(number, str(number).encode())


def newest(sequence: Sequence) -> int:
    entry = sequence.newest()
    return entry.number if entry else 0


def test_a_row_that_was_seen_before_is_not_listed_again() -> None:
    shelf, hints = CountingShelf(), dict[str, int]()
    grown(shelf, 1, 3)
    assert newest(row(shelf, 3, hints)) == 3
    grown(shelf, 4, 9)
    assert newest(row(shelf, 9, hints)) == 9
    assert (shelf.calls["list", "row"], hints) == (1, {PREFIX: 9})


def test_whoever_created_the_newest_entry_reads_it_and_looks_for_one_behind_it() -> None:
    """A tick does so every minute: the newest record of the fleet is nearly always its own."""
    shelf, hints = CountingShelf(), dict[str, int]()
    grown(shelf, 1, 3)
    mine = row(shelf, 4, hints)
    assert newest(mine) == 3
    assert mine.create(4, b"4")
    before = shelf.calls["get", "row"]
    assert newest(row(shelf, 4, hints)) == 4
    assert shelf.calls["get", "row"] - before == 2


def test_who_lost_against_another_writer_remembers_what_was_seen_only() -> None:
    shelf, hints = CountingShelf(), dict[str, int]()
    grown(shelf, 1, 4)
    assert not row(shelf, 4, hints).create(4, b"mine")
    assert hints == {}
    assert newest(row(shelf, 4, hints)) == 4


def test_one_object_needs_no_memory_of_others() -> None:
    shelf = CountingShelf()
    grown(shelf, 1, 3)
    sequence = row(shelf, 3)
    assert [newest(sequence), newest(sequence)] == [3, 3]
    assert shelf.calls["list", "row"] == 1


@pytest.mark.parametrize("hint", [1, 2, 700, 999, 1000, 1001, 1944, 1945, 2344, 2345, 9000])
def test_the_newest_is_found_from_any_memory_also_after_old_entries_were_removed(hint: int) -> None:
    """Also from that of another store, which is longer."""
    shelf = CountingShelf()
    grown(shelf, 1, 2345)
    row(shelf, 2345).compact()
    assert newest(row(shelf, 2345, {PREFIX: hint})) == 2345


def test_an_empty_row_is_not_remembered() -> None:
    hints: dict[str, int] = {}
    assert newest(row(CountingShelf(), 1, hints)) == 0
    assert hints == {}
