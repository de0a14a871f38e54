"""The bucket in simulated time: what stands there, and the line to it."""

from __future__ import annotations

import builtins
from bisect import bisect_left, bisect_right, insort
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import TypeVar

from localcloud.project.simulate.platform import Failing, Invocation, Platform
from tidegate.ledger.creation import Taken
from tidegate.ledger.shelf import ShelfUnavailable, Unsure

T = TypeVar("T")

READ_S, DOOR_READ_S = 5.0, 2.0
"""How long a client waits for an answer (tidegate.app.wiring)."""
REMEMBERED = timedelta(minutes=10)
FOLLOWS = ("look", "on_schedule")
"""Those who have seen all that an older mark may stand for: who follows an operation, and who ticks."""
CONCLUDED = b'"fact":{"kind":"concluded"'
"""In a record after which the next tick may close an operation."""
FLEET_RECORDS = "ledger/fleet/"
NO_INSTANCES = (FLEET_RECORDS, "ledger/unreadable/")
"""Ledgers that are of no instance."""
KINDS = {"ledger": "record", "inbox": "item", "wake": "mark", "policy": "policy", "epoch": "epoch", "probe": "probe"}

READING = Failing(
    lambda: ShelfUnavailable("OSS gave no answer: TimeoutError"),
    lambda: ShelfUnavailable("OSS says 500 InternalError (request 5C3D9175B6FC201293AD)"),
    lambda: ShelfUnavailable("OSS says 503 TotalQpsLimitExceeded (request 5C3D9175B6FC201293AD)"),
    lambda: ShelfUnavailable("OSS says 409 OperationConflict (request 5C3D9175B6FC201293AD)"),
)
WRITING = Failing(
    lambda: Unsure("OSS gave no answer: TimeoutError"),
    lambda: Unsure("OSS says 500 InternalError (request 5C3D9175B6FC201293AD)"),
    lambda: Unsure("OSS says 503 TotalQpsLimitExceeded (request 5C3D9175B6FC201293AD)"),
    lambda: Unsure("OSS says 409 OperationConflict (request 5C3D9175B6FC201293AD)"),
)


@lru_cache(maxsize=10_000)
def of_what(key: str) -> str:
    """What a key, or the prefix of a listing, is about: `record`, `fleet record`, `mark`, `pointer`."""
    top, _, rest = key.partition("/")
    if top == "ledger" and rest.startswith(("fleet/", "unreadable/")):
        return f"{rest.partition('/')[0]} record"
    return "pointer" if top == "policy" and rest.startswith("current/") else KINDS[top]


@dataclass
class Store:
    """The objects, in the order of their keys, and their recent changes."""

    now: Callable[[], datetime]
    bodies: dict[str, bytes] = field(default_factory=dict)
    keys: list[str] = field(default_factory=list)
    created: dict[str, datetime] = field(default_factory=dict)
    """When it was written; of a mark, when it was asked for last."""
    heads_at: dict[str, datetime] = field(default_factory=dict)
    """When the newest record of each ledger was written."""
    head_marks: dict[str, str] = field(default_factory=dict)
    """The mark that its writer asked for last before that: older ones mean nothing any more."""
    concluded: set[str] = field(default_factory=set)
    """The ledgers whose newest record ends an operation: whoever comes by next closes it, whatever mark called him."""
    fleet_head: str = ""
    """The key of the newest record of the fleet's ledger."""
    fleet_seq: int = 0
    """Its number: how many there are."""
    news_at: datetime | None = None
    """When a record of an instance or a signal was last written."""
    on_record: Callable[[str, bytes], None] | None = None
    """Told of every record of an instance as it is written."""
    _changes: deque[tuple[datetime, str, bool]] = field(default_factory=deque)

    def put(self, key: str, body: bytes, mark: str = "") -> None:
        """Create an object; of a record with the mark that its writer asked for. Raises Taken where one stands."""
        if key in self.bodies:
            if key.startswith("wake/"):
                self.created[key] = self.now()
            raise Taken(key)
        self.bodies[key] = body
        self.created[key] = self.now()
        if key.startswith(FLEET_RECORDS):
            self.fleet_head, self.fleet_seq = key, self.fleet_seq + 1
        if key.startswith(("ledger/", "inbox/")) and not key.startswith(NO_INSTANCES):
            self.news_at = self.now()
            if key.startswith("ledger/"):
                ledger = key[len("ledger/") :].rpartition("/")[0]
                self.heads_at[ledger] = self.now()
                self.head_marks[ledger] = mark
                (self.concluded.add if CONCLUDED in body else self.concluded.discard)(ledger)
                if self.on_record is not None:
                    self.on_record(key, body)
        insort(self.keys, key)
        self._note(key, was_created=True)

    def read(self, key: str) -> bytes | None:
        """Give an object. Whoever reads a mark asks for it, and does not put it again where it is there."""
        body = self.bodies.get(key)
        if body is not None and key.startswith("wake/"):
            self.created[key] = self.now()
        return body

    def delete(self, key: str) -> None:
        """Remove an object, if it is there."""
        if self.bodies.pop(key, None) is not None:
            del self.keys[bisect_left(self.keys, key)]
            self._note(key, was_created=False)

    def page(self, prefix: str, after: str, size: int, age_s: float = 0.0) -> builtins.list[str]:
        """Give keys in order, as they were some seconds ago."""
        keys = self.keys if not age_s else self._then(self.now() - timedelta(seconds=age_s))
        start = max(bisect_left(keys, prefix), bisect_right(keys, after))
        # Keys are ASCII, so the last with a prefix comes before this.
        return keys[start : min(start + size, bisect_left(keys, prefix + "\x7f"))]

    def first(self, prefix: str, after: str = "") -> str:
        """The first key with a prefix, and behind another one; empty where there is none."""
        at = max(bisect_left(self.keys, prefix), bisect_right(self.keys, after))
        return self.keys[at] if at < len(self.keys) and self.keys[at].startswith(prefix) else ""

    def _note(self, key: str, *, was_created: bool) -> None:
        now = self.now()
        self._changes.append((now, key, was_created))
        while self._changes[0][0] < now - REMEMBERED:
            self._changes.popleft()

    def _then(self, at: datetime) -> builtins.list[str]:
        keys = set(self.keys)
        for changed, key, was_created in reversed(self._changes):
            if changed <= at:
                break
            (keys.discard if was_created else keys.add)(key)
        return sorted(keys)


@dataclass
class Objects:
    """The line to the bucket, as processes see it."""

    store: Store
    platform: Platform

    def get(self, key: str) -> bytes | None:
        """Give what stands under a key now."""
        here = self.platform.here()
        if here is not None and key.startswith("wake/"):
            here.mark = key
        return self._cross(here, f"get {of_what(key)}", key, lambda _: self.store.read(key), READING)

    def put(self, key: str, body: bytes) -> None:
        """Create an object; raises Taken, Unsure."""
        here, mark = self.platform.here(), ""
        if here is not None:
            if key.startswith("wake/"):
                here.mark = key
            if here.worker.function in FOLLOWS:
                mark = here.mark
        self._cross(here, f"put {of_what(key)}", key, lambda _: self.store.put(key, body, mark), WRITING)

    def page(self, prefix: str, after: str, size: int) -> builtins.list[str]:
        """Give keys in order, perhaps of some time ago."""
        here, call = self.platform.here(), f"list {of_what(prefix)}s"
        return self._cross(here, call, prefix, lambda age: self.store.page(prefix, after, size, age), READING)

    def delete(self, key: str) -> None:
        """Remove an object."""
        here, call = self.platform.here(), f"delete {of_what(key)}"
        self._cross(here, call, key, lambda _: self.store.delete(key), READING)

    def _cross(self, here: Invocation | None, call: str, key: str, effect: Callable[[float], T], failing: Failing) -> T:
        wait_s = DOOR_READ_S if here is not None and here.worker.function == "on_alert" else READ_S
        return self.platform.cross(here, call, key, effect, failing, wait_s=wait_s, family="bucket")
