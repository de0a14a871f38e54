"""Three stores to put a ledger on, each with the misfortunes it can have."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from itertools import count
from pathlib import Path
from typing import Any, Protocol

import pytest

from localcloud.faults import Fault
from localcloud.oss import Oss
from localcloud.server import Running, running
from tidegate.ledger.creation import Patience
from tidegate.ledger.ledger import Ledger
from tidegate.ledger.memory import MemoryShelf
from tidegate.ledger.oss import Bucket, OssObjects
from tidegate.ledger.remote import RemoteShelf
from tidegate.ledger.shelf import Shelf, ShelfUnavailable, Unsure
from tidegate.ledger.sqlite import SqliteShelf

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=timezone.utc)
EVERYTHING = 10_000


def at_once(seconds: float) -> None:
    """Wait for nothing."""
    del seconds


class Store(Protocol):
    """One store under test. Each `shelf()` is another client of it."""

    name: str

    def shelf(self, sleep: Callable[[float], None] = at_once) -> Shelf:
        """Give a client."""

    def lose(self, side: str, times: int = 1) -> None:
        """Lose the next creations' `request` or `reply`."""

    def hide(self) -> None:
        """Show nothing of what was written in any listing from now on."""

    def outside(self) -> dict[str, Any]:
        """Say how another process reaches the store."""


@dataclass
class Plan:
    """Misfortunes of a shelf in memory, one after the other."""

    requests_lost: int = 0
    replies_lost: int = 0
    hidden: int = 0
    die_after_creations: int | None = None
    seen: list[tuple[str, str]] = field(default_factory=list)

    def before(self, verb: str, key: str) -> None:
        """Lose a request."""
        self.seen.append((verb, key))
        if verb == "create" and self.die_after_creations is not None:
            self.die_after_creations -= 1
        if self.die_after_creations is not None and self.die_after_creations < 0:
            raise ShelfUnavailable("down")
        if verb == "create" and self.requests_lost:
            self.requests_lost -= 1
            raise Unsure("request lost")

    def revive(self) -> None:
        """Answer again."""
        self.die_after_creations = None

    def after(self, verb: str, key: str) -> None:
        """Lose a reply."""
        del key
        if verb == "create" and self.replies_lost:
            self.replies_lost -= 1
            raise Unsure("reply lost")

    def unseen(self, prefix: str) -> int:
        """Hide the newest changes."""
        del prefix
        return self.hidden


class Memory:
    """A dictionary."""

    name = "memory"

    def __init__(self) -> None:
        self.plan = Plan()
        self._shelf = MemoryShelf(self.plan)

    def shelf(self, sleep: Callable[[float], None] = at_once) -> Shelf:
        """Give the one shelf, with another patience."""
        self._shelf._patience = Patience(sleep)
        return self._shelf

    def lose(self, side: str, times: int = 1) -> None:
        """Plan it."""
        if side == "request":
            self.plan.requests_lost = times
        else:
            self.plan.replies_lost = times

    def hide(self) -> None:
        """Plan it."""
        self.plan.hidden = EVERYTHING

    def outside(self) -> dict[str, Any]:
        """Refuse: nobody else reaches this memory."""
        raise NotImplementedError


class Sqlite:
    """A file."""

    name = "sqlite"

    def __init__(self, path: Path) -> None:
        self._path = path
        self._open: list[SqliteShelf] = []

    def shelf(self, sleep: Callable[[float], None] = at_once) -> Shelf:
        """Open the file once more."""
        del sleep
        self._open.append(SqliteShelf(self._path, {}))
        return self._open[-1]

    def lose(self, side: str, times: int = 1) -> None:
        """Refuse: a file loses no replies."""
        raise NotImplementedError

    def hide(self) -> None:
        """Refuse: a file's listings are true."""
        raise NotImplementedError

    def outside(self) -> dict[str, Any]:
        """Say where the file is."""
        return {"path": str(self._path)}

    def close(self) -> None:
        """Let go of the file."""
        for shelf in self._open:
            shelf.close()


class InBucket:
    """A bucket of localcloud, over HTTP."""

    name = "oss"

    def __init__(self, cloud: Running, bucket: str) -> None:
        self.cloud, self.bucket = cloud, bucket
        self.create()

    def create(self, versioning: str = "") -> None:
        """Create the bucket, or change its versioning."""
        oss = self.cloud.cloud.oss
        assert isinstance(oss, Oss)
        self.cloud.run(lambda: oss.create_bucket(self.bucket, versioning))

    def shelf(self, sleep: Callable[[float], None] = at_once) -> RemoteShelf:
        """Give a client with the account's own key."""
        bucket = Bucket(self.bucket, "cn-hangzhou", f"http://{self.cloud.oss_endpoint}", path_style=True)
        return RemoteShelf(OssObjects(bucket, lambda: self.cloud.keys), Patience(sleep))

    def lose(self, side: str, times: int = 1) -> None:
        """Plan it in the cloud."""
        self.plan(call="oss.PutObject", do=f"lost-{side}", times=times)

    def hide(self) -> None:
        """Plan it in the cloud."""
        self.plan(call="oss.ListObjects", do="stale-read", times=None, age="1d")

    def plan(self, **fault: Any) -> None:
        """Plan a misfortune for this bucket alone."""
        planned = Fault.model_validate({"instance": f"{self.bucket}*", **fault})
        self.cloud.run(lambda: self.cloud.cloud.faults.add(planned))

    def outside(self) -> dict[str, Any]:
        """Say where the bucket is."""
        keys = self.cloud.keys
        return {
            "bucket": self.bucket,
            "endpoint": f"http://{self.cloud.oss_endpoint}",
            "access_key_id": keys.access_key_id,
            "access_key_secret": keys.access_key_secret,
        }


@pytest.fixture(scope="session")
def cloud() -> Iterator[Running]:
    """Run one cloud with OSS for all tests of a worker; each test has a bucket of its own."""
    with running(attach=lambda c: c.attach(oss=Oss(c.cabinet.drawer("oss"), c.clock, c.identity, c.faults))) as server:
        yield server


@pytest.fixture(scope="session")
def bucket_names() -> Iterator[str]:
    """Give names that no other test has."""
    return (f"ledger-{number:04d}" for number in count())


@pytest.fixture
def in_bucket(cloud: Running, bucket_names: Iterator[str]) -> Iterator[InBucket]:
    """Give an empty bucket."""
    yield InBucket(cloud, next(bucket_names))
    cloud.run(cloud.cloud.faults.clear)


@pytest.fixture
def memory() -> Memory:
    """Give an empty memory."""
    return Memory()


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Sqlite]:
    """Give a new file."""
    store = Sqlite(tmp_path / "ledger.db")
    yield store
    store.close()


@pytest.fixture(params=["memory", "sqlite", "in_bucket"])
def store(request: pytest.FixtureRequest) -> Store:
    """Give each of the three stores."""
    given: Store = request.getfixturevalue(request.param)
    return given


@dataclass
class Hands:
    """A clock that a test moves."""

    now: datetime = NOON

    def __call__(self) -> datetime:
        """Tell the time."""
        return self.now

    def move(self, **by: float) -> None:
        """Move the clock."""
        self.now += timedelta(**by)


@pytest.fixture
def hands() -> Hands:
    """Give a clock that stands at noon."""
    return Hands()


OpenLedger = Callable[[], Ledger]


@pytest.fixture
def open_ledger(store: Store, hands: Hands) -> OpenLedger:
    """Give a way to open the ledger, as one more writer each time."""
    writers = count()

    def open_one() -> Ledger:
        writer, words = next(writers), count()
        return Ledger(store.shelf(), hands, lambda: f"writer-{writer}-{next(words)}")

    return open_one


@pytest.fixture
def ledger(open_ledger: OpenLedger) -> Ledger:
    """Give the ledger to one writer."""
    return open_ledger()
