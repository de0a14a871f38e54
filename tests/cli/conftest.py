"""The command line against real stores and localcloud's vendor, with a clock that stands still until it is moved."""

from __future__ import annotations

import json
import re
import signal
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from functools import partial
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from localcloud.clock import Clock
from localcloud.faults import Fault
from localcloud.project.compose import Whole, compose
from localcloud.server import Running, running
from tests.cli.shop import LEDGER, SPEED, Shop, deployed, stop_ticks
from tests.said import Said
from tidegate.app import codec
from tidegate.app.reconcile import Verdict, reconcile
from tidegate.app.requests import receive_request
from tidegate.app.steps import Which, look, settle, submit
from tidegate.app.surroundings import Surroundings
from tidegate.app.wiring import shelf, wire
from tidegate.cli import main
from tidegate.domain.operation import Operation
from tidegate.domain.signal import Alert, AlertState
from tidegate.domain.state import Stance
from tidegate.ledger.sequence import Sequence
from tidegate.settings import read_settings

if TYPE_CHECKING:
    from localcloud.cloud import Cloud

RABBIT, GATEWAY = "amqp-cn-demo0001", "apigateway-cn-demo0001"
SMALL = {"MaxPrivateTps": 3000, "QueueCapacity": 200, "MaxConnections": 2000}
WORLD: dict[str, Any] = {
    "instances": [
        {"product": "rabbitmq", "instance_id": RABBIT, "spec": SMALL},
        {"product": "apigateway", "instance_id": GATEWAY},
    ],
    "behaviour": {"order_visible_after": "0s", "apply_takes": "2m"},
}
POLICY = """
version: 1
timezone: Asia/Shanghai
instances:
  orders-mq:
    product: rabbitmq
    region: cn-hangzhou
    instance_id: amqp-cn-demo0001
    mode: act
    ladder:
      - {rung: small, MaxPrivateTps: 3000, QueueCapacity: 200, MaxConnections: 2000}
      - {rung: large, MaxPrivateTps: 8000, QueueCapacity: 1000, MaxConnections: 5000}
    alerts: [{rule: mq-tps-high, raise: 1}]
    subscription_down: allow
  edge-gateway:
    product: apigateway
    region: cn-hangzhou
    instance_id: apigateway-cn-demo0001
    ladder: [api.s1.small, api.s1.medium]
"""


class Office:
    """One account, a policy file, and somebody at the command line."""

    def __init__(self, server: Running, clock: Clock, folder: Path, run: Callable[..., Said]) -> None:
        self.server, self.clock, self.folder, self.run = server, clock, folder, run
        self.file = folder / "policy.yaml"
        self.file.write_text(POLICY)
        self.db = folder / "ledger.db"
        self._keys = count(1)

    @property
    def around(self) -> Surroundings:
        """The surroundings as functions have them; executions are not started but played by the test."""
        wired = wire(read_settings(), now=self.clock.now, sleep=lambda _: None)
        return replace(wired, start=lambda _name, _given: True)

    def push(self) -> str:
        """Put the policy file in force, whatever it starts, and give its hash."""
        said = self.run("policy", "push", "--policy", str(self.file), "--accept", "99", "--json")
        assert said.code == 0, said.err
        return str(said.json["policy"])

    def rules(self, fleet: dict[str, Any] | None = None, edge: dict[str, Any] | None = None, **orders: Any) -> str:
        """Put the policy in force with other words for orders-mq, or for edge-gateway, and give its hash."""
        policy = yaml.safe_load(POLICY)
        policy["instances"]["orders-mq"].update(orders)
        policy["instances"]["edge-gateway"].update(edge or {})
        self.file.write_text(yaml.safe_dump({**policy, **({"fleet": fleet} if fleet else {})}))
        return self.push()

    def reconcile(self, name: str = "orders-mq", *, force: bool = False) -> Verdict:
        """One reconcile of one instance."""
        around = self.around
        book = around.book()
        assert book is not None
        return reconcile(around, book.read(name), book.hash, force_read=force)

    def asks(self, verb: str, name: str = "orders-mq", **fields: Any) -> dict[str, Any]:
        """Somebody's request reaches on_request."""
        about = {"instance": name} if name else {"fleet": True}
        form = {"verb": verb, "caller": "li", "key": f"key-{next(self._keys):08}", **about, **fields}
        return receive_request(self.around, json.dumps(form).encode())

    def by_hand(self, **spec: int) -> None:
        """A colleague resizes orders-mq in the console, and it is done."""
        estate = self.server.cloud.estate
        self.server.run(lambda: estate.resize_by_hand(RABBIT, spec, "somebody"))
        self.server.advance(180)

    def behaves(self, **switches: Any) -> None:
        """From now on the vendor behaves otherwise."""
        behaviour = self.server.cloud.world.behaviour
        for switch, value in switches.items():
            self.server.run(partial(setattr, behaviour, switch, value))

    def fault(self, call: str, do: str, **over: Any) -> None:
        """Plan a misfortune."""
        self.server.run(lambda: self.server.cloud.faults.add(Fault.model_validate({"call": call, "do": do, **over})))

    def stance(self, name: str = "orders-mq") -> Stance:
        """The decision that the newest record holds."""
        around = self.around
        book = around.book()
        assert book is not None
        head = around.ledger.head(around.key(book.read(name)))
        assert head is not None
        stance = codec.read_state(head.state).stance
        assert stance is not None
        return stance

    def rings(self, key: str = "ring-0001", state: AlertState = AlertState.FIRING) -> None:
        """An alert comes in."""
        around = self.around
        book = around.book()
        assert book is not None
        alert = Alert(key, self.clock.now(), "mq-tps-high", state, "cloudmonitor", value="97.39")
        around.ledger.post(around.key(book.read("orders-mq")), codec.write_signal(alert), due=self.clock.now())

    def operation(self) -> Operation:
        """The open operation of orders-mq."""
        operation = self.reconcile().state.operation
        assert operation is not None
        return operation

    def carry(self, name: str = "orders-mq", most: int = 40) -> None:
        """Play the execution of the open operation to its end."""
        around = self.around
        operation = self.operation()
        which = Which(name, operation.number, operation.execution)
        following = submit(around, which)
        for _ in range(most):
            if following == "settle":
                settle(around, which)
                return
            self.server.advance(int(following.removeprefix("look")))
            following = look(around, which)
        raise AssertionError(f"still {following}")

    def resized(self) -> None:
        """An alert rings, and the resize that follows is settled."""
        self.push()
        self.reconcile()
        self.rings()
        self.reconcile()
        self.carry()

    def put(self, key: str, number: int, body: bytes) -> None:
        """Put a record on the shelf as some other version of Tidegate would."""
        assert Sequence(shelf(read_settings()), f"ledger/{key}/", lambda _: timedelta()).create(number, body)

    def rows(self) -> list[tuple[str, bytes]]:
        """Everything in the store."""
        with sqlite3.connect(self.db) as store:
            found = store.execute("SELECT key, body FROM shelf ORDER BY key").fetchall()
        store.close()
        return found


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., Said]:
    """Run one command in this process."""

    def once(*arguments: str) -> Said:
        capsys.readouterr()
        code = main(arguments)
        captured = capsys.readouterr()
        return Said(code, captured.out, captured.err)

    return once


@pytest.fixture
def clock() -> Clock:
    """A morning, to be moved ahead by hand, so that no day ends while a test moves it."""
    return Clock(datetime(2026, 3, 2, 2, tzinfo=timezone.utc), speed=0)


@pytest.fixture
def world() -> dict[str, Any]:
    """The world that the office looks at."""
    return WORLD


@pytest.fixture
def office(
    tmp_path: Path,
    run: Callable[..., Said],
    clock: Clock,
    world: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Office]:
    """An office with nothing pushed yet."""
    with running(world, clock) as server:
        for key, value in {
            "TIDEGATE_ACCOUNT": server.cloud.world.account_id,
            "TIDEGATE_REGION": "cn-hangzhou",
            "TIDEGATE_STORE": f"sqlite:///{tmp_path / 'ledger.db'}",
            "TIDEGATE_ENDPOINT": server.endpoint,
            "TIDEGATE_CLOCK_URL": f"http://{server.endpoint}/_console/clock",
            "ALIBABA_CLOUD_ACCESS_KEY_ID": server.keys.access_key_id,
            "ALIBABA_CLOUD_ACCESS_KEY_SECRET": server.keys.access_key_secret,
        }.items():
            monkeypatch.setenv(key, value)
        yield Office(server, clock, tmp_path, run)


@pytest.fixture
def plain() -> Callable[[str], str]:
    """A text with its moments and hashes blotted out."""

    def blot(text: str) -> str:
        text = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d)?\+08:00", "TIME", text)
        return re.sub(r"\b[0-9a-f]{12}\b", "HASH", text)

    return blot


@pytest.fixture
def shop(tmp_path: Path, run: Callable[..., Said], monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    """A shop with its policy in force; its clock runs fast."""
    made: list[Whole] = []

    def attach(cloud: Cloud) -> None:
        made.append(compose(cloud, tmp_path / "work"))

    with running(WORLD, attach=attach, speed=0) as server:
        server.submit(deployed(made[0]))
        server.run(lambda: stop_ticks(made[0]))
        server.run(lambda: server.cloud.clock.set_speed(SPEED))
        for key, value in {
            "TIDEGATE_ACCOUNT": server.cloud.world.account_id,
            "TIDEGATE_REGION": "cn-hangzhou",
            "TIDEGATE_STORE": f"oss://{LEDGER}",
            "TIDEGATE_OSS_ENDPOINT": f"http://{server.oss_endpoint}",
            "TIDEGATE_ENDPOINT": server.endpoint,
            "TIDEGATE_FC_ENDPOINT": server.endpoint,
            "TIDEGATE_CLOCK_URL": f"http://{server.endpoint}/_console/clock",
            "ALIBABA_CLOUD_ACCESS_KEY_ID": server.keys.access_key_id,
            "ALIBABA_CLOUD_ACCESS_KEY_SECRET": server.keys.access_key_secret,
        }.items():
            monkeypatch.setenv(key, value)
        policy = tmp_path / "policy.yaml"
        policy.write_text(POLICY)
        assert run("policy", "push", "--policy", str(policy)).code == 0
        yield Shop(server, made[0], run, policy)


@pytest.fixture
def heeding() -> Iterator[None]:
    """Children heed an interrupt, also where a shell has started these tests in the background, deaf to it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
