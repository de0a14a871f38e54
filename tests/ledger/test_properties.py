"""Whatever two writers do in whatever order, and whatever is lost on the way: one row, without gap or fork."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from tidegate.ledger.ledger import Ledger
from tidegate.ledger.memory import MemoryShelf
from tidegate.ledger.record import Record
from tidegate.ledger.shelf import Shelf, ShelfUnavailable, Unsure
from tidegate.ledger.sqlite import SqliteShelf

KEY = "instance"
NOON = datetime(2026, 3, 2, 12, tzinfo=timezone.utc)
STEPS = st.lists(st.tuples(st.sampled_from(["one", "other"]), st.sampled_from(["read", "write"])), max_size=40)
LUCK = st.lists(st.sampled_from(["well", "request lost", "reply lost", "down"]), max_size=60)
CLOCK = st.lists(st.integers(-3600, 3600), max_size=40)


@dataclass
class Bad:
    """Misfortunes drawn one after the other; when they are used up, all goes well."""

    luck: list[str]
    hidden: int
    now: str = "well"

    def before(self, verb: str, key: str) -> None:
        """Draw, and lose the request if so drawn."""
        del key
        self.now = self.luck.pop() if self.luck else "well"
        if self.now == "down":
            raise ShelfUnavailable("down")
        if self.now == "request lost":
            raise (Unsure if verb == "create" else ShelfUnavailable)("lost")

    def after(self, verb: str, key: str) -> None:
        """Lose the reply if so drawn."""
        del key
        if self.now == "reply lost":
            raise (Unsure if verb == "create" else ShelfUnavailable)("lost")

    def unseen(self, prefix: str) -> int:
        """Hide what was drawn."""
        del prefix
        return self.hidden


@dataclass
class Writer:
    """Reads and writes as told, and remembers what it was told in return."""

    ledger: Ledger
    head: Record | None = None
    has_read: bool = False
    written: list[Record] = field(default_factory=list)
    refused: int = 0

    def step(self, what: str) -> None:
        """Do one step. After a failure or a lost race the head must be read again."""
        try:
            if what == "read":
                self.head, self.has_read = self.ledger.head(KEY), True
            elif self.has_read:
                self._write()
        except (ShelfUnavailable, Unsure):
            self.has_read = False

    def _write(self) -> None:
        state = {"length": self.head.seq + 1 if self.head else 1}
        self.has_read = False
        record = self.ledger.append(KEY, {}, state, after=self.head, policy="", wake=NOON)
        if record is None:
            self.refused += 1
        else:
            self.written.append(record)
            self.head, self.has_read = record, True


def play(shelf: Shelf, steps: list[tuple[str, str]], ticks: list[int]) -> dict[str, Writer]:
    words, moves = count(), iter(ticks)

    def now() -> datetime:
        return NOON + timedelta(seconds=next(moves, 0))

    writers = {name: Writer(Ledger(shelf, now, lambda: f"word-{next(words)}")) for name in ("one", "other")}
    for name, what in steps:
        writers[name].step(what)
    return writers


def assert_one_row(read: Callable[[], Ledger], writers: dict[str, Writer]) -> list[Record]:
    records = list(read().records(KEY, newest_first=False))
    assert [record.seq for record in records] == list(range(1, len(records) + 1))
    assert [record.state["length"] for record in records] == [record.seq for record in records]
    assert sorted(record.at for record in records) == [record.at for record in records]
    claimed = [record for writer in writers.values() for record in writer.written]
    assert len({record.seq for record in claimed}) == len(claimed)
    assert all(record in records for record in claimed)
    return records


@settings(deadline=None)
@given(steps=STEPS, luck=LUCK, hidden=st.integers(0, 50), ticks=CLOCK)
def test_any_interleaving_over_a_store_that_loses_things_gives_one_row(
    steps: list[tuple[str, str]], luck: list[str], hidden: int, ticks: list[int]
) -> None:
    bad = Bad(list(luck), hidden)
    shelf = MemoryShelf(bad)
    writers = play(shelf, steps, ticks)
    bad.luck.clear()
    assert_one_row(lambda: Ledger(shelf, lambda: NOON, lambda: "reader"), writers)


@settings(deadline=None, max_examples=25)
@given(steps=STEPS, ticks=CLOCK)
def test_any_interleaving_over_a_file_gives_one_row_and_loses_no_write(
    steps: list[tuple[str, str]], ticks: list[int]
) -> None:
    with TemporaryDirectory() as folder, closing(SqliteShelf(Path(folder) / "ledger.db", {})) as shelf:
        writers = play(shelf, steps, ticks)
        records = assert_one_row(lambda: Ledger(shelf, lambda: NOON, lambda: "reader"), writers)
        assert len(records) == sum(len(writer.written) for writer in writers.values())


@settings(deadline=None)
@given(
    posts=st.lists(st.tuples(st.sampled_from(["a", "b", "c"]), st.sampled_from(["post", "take"])), max_size=30),
    luck=LUCK,
)
def test_a_signal_that_was_acknowledged_stays_until_it_is_taken(posts: list[tuple[str, str]], luck: list[str]) -> None:
    bad = Bad(list(luck), 0)
    words = count()
    ledger = Ledger(MemoryShelf(bad), lambda: NOON, lambda: f"word-{next(words)}")
    waiting: set[str] = set()
    unknown: set[str] = set()
    for name, what in posts:
        if not succeeds(ledger, name, what):
            unknown.add(name)
            continue
        unknown.discard(name)
        (waiting.add if what == "post" else waiting.discard)(name)
    bad.luck.clear()
    found = {item["id"] for item in ledger.inbox(KEY)}
    assert found - unknown == waiting - unknown


def succeeds(ledger: Ledger, name: str, what: str) -> bool:
    try:
        if what == "post":
            ledger.post(KEY, {"id": name}, due=NOON)
        else:
            ledger.take(KEY, [name])
    except (ShelfUnavailable, Unsure):
        return False
    return True
