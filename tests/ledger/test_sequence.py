"""Where a row of entries ends, also after old ones were removed and whatever a listing shows."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tidegate.ledger.ledger import Ledger
from tidegate.ledger.memory import MemoryShelf
from tidegate.ledger.record import Corrupt
from tidegate.ledger.sequence import MILESTONE, Entry, Sequence
from tidegate.ledger.shelf import Shelf

if TYPE_CHECKING:
    from tests.ledger.conftest import Hands, Memory

TODAY = 3000
"""In these rows one entry is written a day, and today is this one's."""


def row(shelf: Shelf, today: int = TODAY) -> Sequence:
    return Sequence(shelf, "row/", lambda entry: timedelta(days=today - entry.number))


def filled(shelf: Shelf, to: int) -> Sequence:
    """A row that others have filled: whoever created an entry himself would know where to look."""
    others = row(shelf, to)
    for number in range(1, to + 1):
        others.create(number, str(number).encode())
    return row(shelf, to)


@pytest.mark.parametrize("hidden", [0, 1, 5, 999, 1000, 1001, 2500, 2999, 3000])
def test_the_newest_entry_is_found_however_old_the_listing_is(memory: Memory, hidden: int) -> None:
    sequence = filled(memory.shelf(), TODAY)
    memory.plan.hidden = hidden
    assert sequence.newest() == Entry(TODAY, b"3000")


@pytest.mark.parametrize("unseen_of_listing", ["nothing", "everything", "the present"])
@pytest.mark.parametrize("length", [1, 2, 999, 1000, 1001, 1999, 2000, 2345, 3000])
def test_removing_old_entries_never_hides_the_newest(memory: Memory, length: int, unseen_of_listing: str) -> None:
    sequence = filled(memory.shelf(), length)
    sequence.compact()
    memory.plan.hidden = {"nothing": 0, "everything": 10_000, "the present": 1700}[unseen_of_listing]
    newest = sequence.newest()
    assert newest is not None
    assert newest.number == length


def test_removal_keeps_the_first_the_milestones_and_what_is_young_or_behind_the_last_milestone() -> None:
    sequence = filled(MemoryShelf(), 2345)
    assert sequence.compact() == 1942
    left = [entry.number for entry in sequence.newest_first()]
    assert left == [*range(2345, 1944, -1), 1000, 1]
    assert sequence.compact() == 0


def test_an_empty_row_has_no_end_and_nothing_to_remove() -> None:
    sequence = row(MemoryShelf())
    assert sequence.newest() is None
    assert sequence.compact() == 0
    assert list(sequence.newest_first()) == []


def test_finding_the_end_is_cheap_when_the_listing_is_true(memory: Memory) -> None:
    sequence = filled(memory.shelf(), 50)
    memory.plan.seen.clear()
    sequence.newest()
    assert [verb for verb, _ in memory.plan.seen] == ["list", "get", "get"]


def test_finding_the_end_without_a_listing_takes_few_reads(memory: Memory) -> None:
    sequence = filled(memory.shelf(), TODAY)
    memory.plan.hidden = 10_000
    memory.plan.seen.clear()
    sequence.newest()
    assert len(memory.plan.seen) < 30


def test_a_foreign_object_among_the_entries_is_named(memory: Memory) -> None:
    memory.shelf().create("row/README", b"")
    with pytest.raises(Corrupt, match="row/README"):
        row(memory.shelf()).newest()


def test_a_ledger_compacts_by_the_age_of_its_records(hands: Hands) -> None:
    ledger = Ledger(MemoryShelf(), hands, lambda: "n")
    head = None
    for _ in range(MILESTONE + 5):
        head = ledger.append("key", {}, {}, after=head, policy="", wake=None)
    assert ledger.compact("key") == 0
    hands.move(days=401)
    assert ledger.compact("key") == MILESTONE - 2
    assert ledger.head("key") == head
    assert [record.seq for record in ledger.records("key")] == [1005, 1004, 1003, 1002, 1001, 1000, 1]
