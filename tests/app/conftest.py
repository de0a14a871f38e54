"""The use cases on localcloud's products over HTTP, with a clock that stands still until it is moved."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from itertools import count
from typing import Any

import pytest

from localcloud.clock import Clock
from localcloud.faults import Fault
from localcloud.server import Running, running
from tidegate.aliyun.client import Aliyun
from tidegate.aliyun.credentials import Credentials
from tidegate.aliyun.patience import Patience
from tidegate.app import codec, steps
from tidegate.app.index import index_entry
from tidegate.app.page import Page
from tidegate.app.reconcile import Verdict, reconcile
from tidegate.app.requests import receive_request
from tidegate.app.steps import Which
from tidegate.app.surroundings import Surroundings
from tidegate.app.tick import Ticked, tick
from tidegate.domain.calendars import PLAIN
from tidegate.domain.operation import Operation
from tidegate.domain.policy import InstancePolicy
from tidegate.domain.signal import Alert, AlertState, Request, Signal, Verb
from tidegate.domain.state import Settled, State
from tidegate.ledger.ledger import Ledger
from tidegate.ledger.memory import MemoryShelf
from tidegate.ledger.policies import Policies
from tidegate.ledger.shelf import Shelf
from tidegate.products import product

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=timezone.utc)
RABBIT, GATEWAY = "amqp-cn-demo0001", "apigateway-cn-demo0001"
WAIT_S = {"look15": 15, "look30": 30, "look60": 60, "look120": 120, "look300": 300}

ORDERS_MQ: dict[str, Any] = {
    "name": "orders-mq",
    "product": "rabbitmq",
    "region": "cn-hangzhou",
    "instance_id": RABBIT,
    "mode": "act",
    "ladder": [
        {"rung": "small", "MaxPrivateTps": 3000, "QueueCapacity": 200, "MaxConnections": 2000},
        {"rung": "medium", "MaxPrivateTps": 5000, "QueueCapacity": 400, "MaxConnections": 3000},
        {"rung": "large", "MaxPrivateTps": 8000, "QueueCapacity": 1000, "MaxConnections": 5000},
    ],
    "alerts": [{"rule": "rabbit-tps-high", "raise": 1}],
    "subscription_down": "allow",
    "notify": [{"url_env": "TIDEGATE_ONCALL_URL", "on": ["resized", "failed", "held", "needs-person"]}],
}
EDGE: dict[str, Any] = {
    "name": "edge-gateway",
    "product": "apigateway",
    "region": "cn-hangzhou",
    "instance_id": GATEWAY,
    "mode": "act",
    "ladder": ["api.s1.small", "api.s1.medium", "api.s2.large"],
    "alerts": [{"rule_id": "gw-qps-high", "raise": 1}],
    "notify": [{"url_env": "TIDEGATE_ONCALL_URL", "on": ["resized", "failed", "held", "needs-person"]}],
}
SMALL = {"MaxPrivateTps": 3000, "QueueCapacity": 200, "MaxConnections": 2000, "SupportEip": True, "MaxEipTps": 128}


class Desk:
    """One account with Tidegate at work on it, moved step by step."""

    orders_mq = ORDERS_MQ
    edge = EDGE

    def __init__(self, server: Running, shelf: Shelf, clock: Clock) -> None:
        self.server, self.shelf, self.clock = server, shelf, clock
        self.messages: list[tuple[str, str]] = []
        self.channel_works = True
        self.started: list[str] = []
        self.given: list[tuple[str, Mapping[str, Any]]] = []
        self.ended: set[str] = set()
        self._walking: dict[str, tuple[Which, str, float]] = {}
        self._begun = 0
        self._nonce = count()
        self._aliyuns: list[Aliyun] = []
        self.around = self.surroundings()

    def surroundings(self, now: Callable[[], datetime] | None = None) -> Surroundings:
        """Another process at work on the same account; its own clock may differ."""
        keys = self.server.keys
        patience = Patience(sleep=lambda _: None, clock=lambda: 0.0, chance=lambda: 0.5, limit_s=1.0)
        credentials = Credentials(keys.access_key_id, keys.access_key_secret)
        endpoints = {"*": self.server.endpoint}
        aliyun = Aliyun(credentials, "cn-hangzhou", patience, endpoints=endpoints, connect_s=2, read_s=2)
        self._aliyuns.append(aliyun)
        when = now or self.clock.now
        return Surroundings(
            account="1234567890123456",
            ledger=Ledger(self.shelf, when, lambda: f"nonce-{next(self._nonce)}-{id(aliyun)}"),
            policies=Policies(self.shelf, when),
            product=lambda policy: product(policy.product, aliyun, now=when),
            start=self._start,
            send=self._send,
            now=when,
            calendar=lambda _: PLAIN,
            checked=[],
            cache={},
        )

    def elsewhere(self) -> Surroundings:
        """The same account with an empty ledger."""
        shelf = MemoryShelf()
        ledger = Ledger(shelf, self.clock.now, lambda: "nonce")
        return replace(self.around, ledger=ledger, policies=Policies(shelf, self.clock.now), checked=[], cache={})

    def _start(self, name: str, given: Mapping[str, Any]) -> bool:
        assert given["execution"] == name
        self.started.append(name)
        self.given.append((name, given))
        return name not in self.ended

    def _send(self, channel: str, title: str, text: str, kind: str) -> bool:
        assert channel
        assert title
        if self.channel_works:
            self.messages.append((kind, text))
        return self.channel_works

    def push(self, *policies: Mapping[str, Any], fleet: Mapping[str, int] | None = None) -> str:
        """Put a policy in force, with the fleet's limits where they are given."""
        read = [InstancePolicy.model_validate(policy) for policy in policies]
        documents = {policy.name: policy.model_dump(mode="json", by_alias=True) for policy in read}
        limits = {"fleet": dict(fleet)} if fleet else {}
        index = {"instances": {policy.name: index_entry(policy) for policy in read}, **limits}
        return self.around.policies.publish(documents, index, "test")

    def page(self, name: str = "orders-mq") -> Page:
        """The newest page of an instance's ledger."""
        book = self.around.book()
        assert book is not None
        return Page.open(self.around, book.read(name), book.hash)

    def state(self, name: str = "orders-mq") -> State:
        """What is known of an instance."""
        return self.page(name).state

    def operation(self, name: str = "orders-mq") -> Operation:
        """The open operation."""
        operation = self.state(name).operation
        assert operation is not None
        return operation

    def settled(self, name: str = "orders-mq") -> Settled:
        """How the last operation ended."""
        return self.state(name).recent[-1]

    def hear(self, signal: Signal, name: str = "orders-mq") -> Verdict:
        """Post a signal and reconcile."""
        page = self.page(name)
        self.around.ledger.post(page.key, codec.write_signal(signal), due=self.clock.now())
        return self.reconcile(name)

    def leave(self, signal: Signal, name: str = "orders-mq") -> None:
        """Leave a signal in the inbox; whoever comes next takes it in."""
        self.around.ledger.post(self.key(name), codec.write_signal(signal), due=self.clock.now())

    def key(self, name: str = "orders-mq") -> str:
        """Where an instance's ledger is, without opening it."""
        book = self.around.book()
        assert book is not None
        return self.around.key(book.read(name))

    def hear_blindly(self, signal: Signal, name: str = "orders-mq") -> Verdict:
        """Post a signal and reconcile, without a look at the ledger before."""
        book = self.around.book()
        assert book is not None
        self.around.ledger.post(self.key(name), codec.write_signal(signal), due=self.clock.now())
        return reconcile(self.around, book.read(name), book.hash)

    def reconcile(self, name: str = "orders-mq", *, force: bool = False) -> Verdict:
        """Reconcile one instance."""
        page = self.page(name)
        return reconcile(self.around, page.policy, page.policy_hash, force_read=force)

    def tick(self) -> Ticked:
        """Let the tick run."""
        return tick(self.around, lambda: True)

    def alert(
        self, key: str = "a1", state: AlertState = AlertState.FIRING, rule: str = "rabbit-tps-high", **over: Any
    ) -> Alert:
        """An alert that rings now."""
        return Alert(**{"key": key, "at": self.clock.now(), "rule": rule, "state": state, "source": "test", **over})

    def request(self, to: str, hours: float = 2, name: str = "orders-mq", **over: Any) -> Request:
        """A person's request for a rung."""
        now = self.clock.now()
        given = {"key": f"request-{next(self._nonce)}", "at": now, "verb": Verb.RESIZE, "instance": name}
        return Request(**{**given, "caller": "li", "to": to, "until": now + timedelta(hours=hours), **over})

    def which(self, name: str = "orders-mq") -> Which:
        """What the execution of the open operation is given."""
        operation = self.operation(name)
        return Which(name, operation.number, operation.execution)

    def submit(self, name: str = "orders-mq") -> str:
        """The workflow's first step."""
        return steps.submit(self.around, self.which(name))

    def look(self, name: str = "orders-mq") -> str:
        """The workflow's middle step."""
        return steps.look(self.around, self.which(name))

    def follow(self, name: str = "orders-mq", limit: int = 400) -> list[str]:
        """Walk the workflow as resize.yml does, from Submit until Settle or a handover; time passes in its waits."""
        which = self.which(name)
        path, answer = [], "submit"
        for _ in range(limit):
            path.append(answer)
            if answer in ("done", "handover"):
                return path
            if answer == "submit":
                answer = self._submit(which)
            elif answer == "settle":
                answer = steps.settle(self.around, which)
            else:
                self.clock.advance(WAIT_S[answer])
                answer = steps.look(self.around, which)
        raise AssertionError(f"no end in sight: {path[-10:]}")

    def live(self, minutes: float) -> None:
        """Let time pass as it does: a tick every minute, and every execution that was started walks on."""
        for _ in range(round(minutes)):
            self.clock.advance(60)
            self.tick()
            self._walk_all()

    def _walk_all(self) -> None:
        for name, given in self.given[self._begun :]:
            self._walking[name] = Which.read(given), "submit", 0.0
        self._begun = len(self.given)
        now_s = self.clock.now().timestamp()
        for name, (which, answer, due_s) in list(self._walking.items()):
            step = which, answer, due_s
            while step[1] not in ("done", "handover") and step[2] <= now_s:
                step = self.walk(step[0], step[1], now_s)
            self._walking[name] = step
        self._walking = {name: step for name, step in self._walking.items() if step[1] not in ("done", "handover")}

    def say(self, verb: str, name: str = "orders-mq", **over: Any) -> dict[str, Any]:
        """What a person's request is answered at the door; `over` is by the names of the request's form."""
        form = {"verb": verb, "caller": "li", "key": f"said-by-li-{next(self._nonce):06}", "instance": name, **over}
        return receive_request(self.around, json.dumps(form).encode())

    def by_hand(self, rung: str | Mapping[str, Any], name: str = "orders-mq") -> None:
        """A colleague resizes an instance in the vendor's console."""
        policy = self.page(name).policy
        spec = policy.rungs.rung(rung).spec if isinstance(rung, str) else rung
        colleague = f"acs:ram::{self.around.account}:user/wang"
        self.server.run(lambda: self.server.cloud.estate.resize_by_hand(policy.instance_id, spec, colleague))

    def use(self, name: str = "orders-mq", **usage: int) -> None:
        """Let an instance be used by its users: `queues`, `connections` and `tps`."""
        cloud, instance_id = self.server.cloud, self.page(name).policy.instance_id
        self.server.run(lambda: cloud.load.change(cloud.estate.known(instance_id), usage))

    def mend(self) -> None:
        """End every misfortune that was planned."""
        self.server.run(self.server.cloud.faults.clear)

    def walk(self, which: Which, answer: str, now_s: float) -> tuple[Which, str, float]:
        """One step of an execution, by the clock of whoever calls: the next answer, and when it is due."""
        if answer == "submit":
            answer = self._submit(which)
        elif answer == "settle":
            answer = steps.settle(self.around, which)
        else:
            answer = steps.look(self.around, which)
        return which, answer, now_s + WAIT_S.get(answer, 0)

    def _submit(self, which: Which) -> str:
        try:
            return steps.submit(self.around, which)
        except (steps.InstanceUpgradeOrDownGradeTopicMigrating, steps.Throttled):
            self.clock.advance(30)
            return "look15"

    def asked(self) -> list[str]:
        """What people were asked to do, but for the tick, which most stories leave out."""
        return [text for kind, text in self.messages if kind == "needs-person" and "tick does not run" not in text]

    def orders(self) -> list[Any]:
        """Every order the vendor has booked."""
        return self.server.run(self.server.cloud.orders.orders)

    def calls(self, action: str) -> list[Any]:
        """Every call of one action that reached the vendor's front door."""
        return list(self.server.run(lambda: self.server.cloud.door.calls.listed(action)))

    def fault(self, call: str, do: str, **over: Any) -> None:
        """Plan a misfortune."""
        self.server.run(lambda: self.server.cloud.faults.add(Fault.model_validate({"call": call, "do": do, **over})))

    def behave(self, **behaviour: Any) -> None:
        """Let the vendor behave in another way from now on."""
        world = self.server.cloud.world
        now = world.behaviour.model_dump(by_alias=True, exclude_unset=True)
        world.behaviour = type(world.behaviour).model_validate({**now, **behaviour})

    def close(self) -> None:
        """Let go of connections."""
        for aliyun in self._aliyuns:
            aliyun.close()


@pytest.fixture
def desk() -> Iterator[Callable[..., Desk]]:
    """Open desks in worlds that behave as asked."""
    with ExitStack() as stack:

        def opens(
            billing: str = "PRE_PAID", instance: Mapping[str, Any] | None = None, more: int = 0, **behaviour: Any
        ) -> Desk:
            """`more` queues, named `amqp-cn-more0001` and so on, are as the first one is."""
            spec = SMALL if billing == "PRE_PAID" else {**SMALL, **(instance or {})}
            instances: list[dict[str, Any]] = [
                {
                    "product": "rabbitmq",
                    "instance_id": RABBIT,
                    "spec": spec,
                    "billing": billing,
                    "edition": "enterprise",
                },
                {"product": "apigateway", "instance_id": GATEWAY, "billing": billing},
            ]
            instances += [{**instances[0], "instance_id": f"amqp-cn-more{number:04}"} for number in range(1, more + 1)]
            clock = Clock(NOON, speed=0)
            world = {"start": NOON.isoformat(), "instances": instances, "behaviour": behaviour}
            server = stack.enter_context(running(world, clock))
            opened = Desk(server, MemoryShelf(), clock)
            stack.callback(opened.close)
            opened.push(ORDERS_MQ, EDGE)
            return opened

        yield opens
