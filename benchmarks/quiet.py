"""A fleet in which nothing is due: thousands of instances at rest, over a store and a vendor that count every call."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone
from itertools import count
from typing import Any

from benchmarks.example import LADDER, POLICY
from tidegate.app import codec
from tidegate.app.calendars import calendar_of
from tidegate.app.index import index_entry
from tidegate.app.surroundings import Surroundings
from tidegate.app.tick import Ticked, tick
from tidegate.domain.alertrule import Confirm
from tidegate.domain.facts import Adopted
from tidegate.domain.measures import Measure, Usage
from tidegate.domain.policy import InstancePolicy
from tidegate.domain.reading import Billing, Direction, Health, Order, Purchase, Reading, Spec
from tidegate.domain.state import Stance, State
from tidegate.ledger.ledger import Ledger
from tidegate.ledger.memory import MemoryShelf
from tidegate.ledger.policies import Policies

INSTANCES = 10_000
NOON = datetime(2026, 3, 4, 4, 0, tzinfo=timezone.utc)
"""Of a Wednesday in Shanghai: office hours since long, and for long."""
STANDS_ON = "medium"
"""What the timetable wants then."""
SPEC: Spec = {**LADDER[STANDS_ON], "SupportEip": True, "MaxEipTps": 128}


class CountingShelf:
    """A store in memory that counts what is asked of it, by verb and by the first part of the key."""

    def __init__(self) -> None:
        self._shelf = MemoryShelf()
        self.calls: Counter[tuple[str, str]] = Counter()

    def get(self, key: str) -> bytes | None:
        """Give what stands under a key."""
        self._count("get", key)
        return self._shelf.get(key)

    def create(self, key: str, body: bytes) -> bool:
        """Put `body` where nothing stands."""
        self._count("create", key)
        return self._shelf.create(key, body)

    def list(self, prefix: str, after: str = "", limit: int = 1000) -> list[str]:
        """Give keys in order."""
        self._count("list", prefix)
        return self._shelf.list(prefix, after, limit)

    def delete(self, key: str) -> None:
        """Remove a key."""
        self._count("delete", key)
        self._shelf.delete(key)

    def _count(self, verb: str, key: str) -> None:
        whose = "fleet" if key.startswith("ledger/fleet/") else key.partition("/")[0]
        self.calls[verb, whose] += 1


class CountingProduct:
    """A vendor whose instances all stand where they are wanted. It counts every call, by instance and verb."""

    name = "rabbitmq"
    fields = tuple(SPEC)
    keeps_token = True

    def __init__(self) -> None:
        self.calls: Counter[tuple[str, str]] = Counter()

    def read(self, instance_id: str) -> Reading:
        """Look at the instance once."""
        self.calls["read", instance_id] += 1
        return Reading(NOON, SPEC, "SERVING", Health.HEALTHY, Billing.SUBSCRIPTION, "enterprise")

    def submit(self, purchase: Purchase) -> str:
        """Place an order, which nobody should."""
        self.calls["submit", purchase.instance_id] += 1
        return "order"

    def order(self, order_id: str) -> Order | None:
        """Give one order: there is none."""
        self.calls["order", order_id] += 1
        return None

    def orders_since(self, since: datetime, until: datetime) -> list[Order]:
        """Give all orders: there are none."""
        self.calls["orders_since", f"{since:%H:%M}-{until:%H:%M}"] += 1
        return []

    def orders_expected(self, billing: Billing) -> bool:
        """Say whether a resize leaves an order."""
        return billing is Billing.SUBSCRIPTION

    def measure(self, instance_id: str, confirm: Confirm) -> Measure:
        """Read a metric: it is low."""
        self.calls["measure", instance_id] += 1
        return Measure(confirm.metric, 0.0, NOON)

    def usage(self, instance_id: str, spec: Spec, over: timedelta) -> Usage:
        """Give what is in use: nothing."""
        self.calls[f"usage over {over} of {len(spec)} fields", instance_id] += 1
        return Usage()

    def direction(self, old: Spec, new: Spec) -> Direction | None:
        """Say which way a change goes."""
        del old, new
        return Direction.UP


class QuietFleet:
    """So many instances of one policy, each adopted long ago and standing where it is wanted."""

    def __init__(self, instances: int = INSTANCES) -> None:
        self.now, self.size = NOON, instances
        self.shelf, self.product = CountingShelf(), CountingProduct()
        nonces = count()
        self._hints: dict[str, int] = {}
        self._ledger = Ledger(self.shelf, lambda: self.now, lambda: f"nonce-{next(nonces)}", hints=self._hints)
        self.around = Surroundings(
            account="1234567890123456",
            ledger=self._ledger,
            policies=Policies(self.shelf, lambda: self.now, self._hints),
            product=lambda _policy: self.product,
            start=lambda _name, _given: True,
            send=lambda *_message: True,
            now=lambda: self.now,
            calendar=calendar_of,
            checked=[True],
            cache={},
        )
        self._settle(_documents(instances))
        # All that was written by other processes.
        self._hints.clear()

    def tick(self, *, cold: bool = False) -> Ticked:
        """Let a minute pass, and the tick run: where it ran before, or in a process that knows nothing yet."""
        self.now += timedelta(minutes=1)
        if cold:
            self.around.cache.clear()
            self._hints.clear()
        self.shelf.calls.clear()
        self.product.calls.clear()
        return tick(self.around, lambda: True)

    def lists(self) -> Counter[str]:
        """How often the last tick listed what."""
        return Counter({whose: times for (verb, whose), times in self.shelf.calls.items() if verb == "list"})

    def _settle(self, documents: Mapping[str, Mapping[str, Any]]) -> None:
        """Put the policy in force, give every instance a ledger and its next mark, and let a tick have run."""
        example = InstancePolicy.model_validate(next(iter(documents.values())))
        entry = index_entry(example)
        index = {name: {**entry, "instance_id": given["instance_id"]} for name, given in documents.items()}
        hashed = self.around.policies.publish(documents, {"instances": index}, "bench")
        fact, state = codec.write_fact(Adopted(STANDS_ON, SPEC)), codec.write_state(self._state())
        wake = self.around.terms(example).timetable.next_change(self.now)
        for each in index.values():
            key = self.around.key_of(each)
            self._ledger.append(key, fact, state, after=None, policy=hashed, wake=wake)
        self.around.fleet.ticked(self.now, hashed, len(index))

    def _state(self) -> State:
        since = self.now - timedelta(hours=4)
        stance = Stance("hold", "as-wanted", "", STANDS_ON, since)
        return State(
            home="small", adopted_at=self.now - timedelta(days=90), rung=STANDS_ON, last_set=SPEC, stance=stance
        )


def _documents(instances: int) -> dict[str, dict[str, Any]]:
    policy = InstancePolicy.model_validate(POLICY).model_dump(mode="json", by_alias=True)
    names: Sequence[str] = [f"orders-{number:05d}" for number in range(instances)]
    return {name: {**policy, "name": name, "instance_id": f"amqp-cn-{name}"} for name in names}
