"""An account on paper: the use cases over a shelf in memory and products that are values, for properties.

Nothing takes time but what is told to. Executions are carried step by step, by whoever calls.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from random import Random
from typing import Any

from tests.domain.strategies import METRICS, START
from tests.domain.world import FIELD, Diary, World
from tidegate.aliyun.errors import Throttled
from tidegate.app import codec, steps
from tidegate.app.index import index_entry
from tidegate.app.page import Page
from tidegate.app.steps import Which
from tidegate.app.surroundings import Book, Surroundings
from tidegate.domain.calendars import PLAIN
from tidegate.domain.policy import InstancePolicy
from tidegate.domain.reading import Billing, Direction, Order, Payment, Purchase, Reading, Spec
from tidegate.domain.signal import Signal
from tidegate.domain.state import State
from tidegate.ledger.ledger import Ledger
from tidegate.ledger.memory import MemoryShelf, Misfortunes
from tidegate.ledger.policies import Policies

WAIT_S = {"look15": 15, "look30": 30, "look60": 60, "look120": 120, "look300": 300}


@dataclass
class Instance(World):
    """An instance that can be bought for: an order has its effect at once."""

    desk: Paper = field(kw_only=True)
    instance_id: str = field(kw_only=True)
    name = "rabbitmq"
    keeps_token = True
    fields = (FIELD,)

    def read(self, _instance_id: str) -> Reading:
        """Look at it."""
        self.desk.reads += 1
        reading = self.reading(self.desk.now)
        if reading is None:
            raise Throttled("Throttling", "try again")
        return reading

    def submit(self, purchase: Purchase) -> str:
        """Take an order."""
        order_id = f"order-{len(self.desk.orders) + 1}"
        direction = Direction(purchase.direction)
        order = Order(order_id, Payment.PAID, self.desk.now, direction, instance_ids=(self.instance_id,))
        self.desk.orders.append(order)
        self.desk.placed(self.instance_id, purchase)
        self.place, self.off = int(purchase.spec[FIELD]) // 1000 - 1, False
        return order_id

    def order(self, order_id: str) -> Order | None:
        """Show an order."""
        return next((order for order in self.desk.orders if order.order_id == order_id), None)

    def orders_since(self, since: datetime, until: datetime) -> list[Order]:
        """Show the orders of a window."""
        return [order for order in self.desk.orders if since <= order.created_at <= until]

    def orders_expected(self, _billing: Billing) -> bool:
        """Every order shows."""
        return True

    def direction(self, old: Spec, new: Spec) -> Direction | None:
        """Which way a change goes."""
        before, after = int(old[FIELD]), int(new[FIELD])
        return None if before == after else Direction.UP if after > before else Direction.DOWN


@dataclass(frozen=True)
class Execution:
    """Where an execution of the workflow is, and when it goes on."""

    which: Which
    answer: str
    due_at: datetime


class Paper:
    """One account, with as many processes at work on it as are asked for."""

    def __init__(self, misfortunes: Misfortunes | None = None) -> None:
        self.now, self.shelf = START, MemoryShelf(misfortunes)
        self.instances: dict[str, Instance] = {}
        self.orders: list[Order] = []
        self.reads = 0
        self.going: list[Execution] = []
        self._nonce = count()
        self.around = self.process()

    def placed(self, instance_id: str, purchase: Purchase) -> None:
        """An order is being placed: for those who watch."""

    def process(self) -> Surroundings:
        """Another process at work on the account."""
        return Surroundings(
            account="1234567890123456",
            ledger=Ledger(self.shelf, lambda: self.now, lambda: f"nonce-{next(self._nonce)}"),
            policies=Policies(self.shelf, lambda: self.now),
            product=lambda policy: self.instances[policy.instance_id],
            start=self._start,
            send=lambda *_: True,
            now=lambda: self.now,
            calendar=lambda _: PLAIN,
            checked=[True],
            cache={},
        )

    def _start(self, name: str, given: Mapping[str, Any]) -> bool:
        assert given["execution"] == name
        self.going.append(Execution(Which.read(given), "submit", self.now))
        return True

    def add(self, instance_id: str, place: int, billing: Billing = Billing.PAY_AS_YOU_GO) -> Instance:
        """Put an instance into the world."""
        load: dict[str, float | None] = dict.fromkeys(METRICS.values(), 0.0)
        self.instances[instance_id] = Instance(place, billing, load=load, desk=self, instance_id=instance_id)
        return self.instances[instance_id]

    def push(self, *policies: InstancePolicy, fleet: Mapping[str, int] | None = None) -> None:
        """Put policies in force."""
        documents = {policy.name: policy.model_dump(mode="json", by_alias=True) for policy in policies}
        index = {"instances": {policy.name: index_entry(policy) for policy in policies}, "fleet": dict(fleet or {})}
        self.around.policies.publish(documents, index, "li")

    def book(self, around: Surroundings | None = None) -> Book:
        """The policy in force."""
        book = (around or self.around).book()
        assert book is not None
        return book

    def page(self, name: str) -> Page:
        """The newest page of an instance's ledger."""
        book = self.book()
        return Page.open(self.around, book.read(name), book.hash)

    def post(self, name: str, *signals: Signal) -> None:
        """Leave signals in an instance's inbox."""
        key = self.around.key(self.book().read(name))
        for signal in signals:
            self.around.ledger.post(key, codec.write_signal(signal), due=self.now)

    def kept(self) -> dict[str, bytes]:
        """All that the store holds, byte by byte."""
        return dict(self.shelf._bodies)

    def step(self, around: Surroundings, which: Which, answer: str) -> str:
        """One step of an execution, as the workflow chooses it."""
        if answer == "submit":
            return steps.submit(around, which)
        return steps.settle(around, which) if answer == "settle" else steps.look(around, which)

    def work(self, around: Surroundings | None = None) -> None:
        """Let every execution do what is due."""
        going, self.going = self.going, []
        for execution in going:
            if execution.due_at > self.now:
                self.going.append(execution)
                continue
            answer = self.step(around or self.around, execution.which, execution.answer)
            if answer not in ("done", "handover"):
                due_at = self.now + timedelta(seconds=WAIT_S.get(answer, 0))
                self.going.append(Execution(execution.which, answer, due_at))

    def carry(self) -> None:
        """Carry every execution to its end; time passes in its waits."""
        while self.going:
            self.now = max(self.now, min(execution.due_at for execution in self.going))
            self.work()


@dataclass
class Papered:
    """One instance of such an account, as the deeds of a life know it."""

    desk: Paper
    policy: InstancePolicy
    chance: Random
    keys: int = 0
    diary: Diary = field(default_factory=Diary)

    @property
    def world(self) -> Instance:
        """What is true of it."""
        return self.desk.instances[self.policy.instance_id]

    @property
    def now(self) -> datetime:
        """The time."""
        return self.desk.now

    @property
    def rungs(self) -> tuple[str, ...]:
        """The ladder's names."""
        return self.policy.rungs.names

    @property
    def state(self) -> State:
        """What is known of it."""
        return self.desk.page(self.policy.name).state

    def held_to(self, policy: InstancePolicy) -> None:
        """Put a policy in force."""
        self.policy = policy
        self.desk.push(policy)
