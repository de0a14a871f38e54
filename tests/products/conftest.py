"""Products over loopback against localcloud, and a client that answers as told for what localcloud never says."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime, timezone
from typing import Any

import pytest

from localcloud.clock import Clock
from localcloud.server import Running, running
from localcloud.wire import Call
from tidegate.aliyun.answers import Body
from tidegate.aliyun.client import Aliyun
from tidegate.aliyun.credentials import Credentials
from tidegate.aliyun.line import Parameters
from tidegate.aliyun.patience import Patience
from tidegate.aliyun.permission import Permission

RABBIT, GATEWAY = "amqp-cn-demo0001", "apigateway-cn-demo0001"
Cloud = tuple[Running, Aliyun]


def patience() -> Patience:
    """Give patience that never waits and soon ends."""
    return Patience(sleep=lambda _: None, clock=lambda: 0.0, chance=lambda: 0.5, limit_s=2.0)


@pytest.fixture
def clock() -> Clock:
    """The machine's time, to be moved ahead by hand; signatures must not be too old."""
    return Clock(datetime.fromtimestamp(time.time(), timezone.utc))


@pytest.fixture
def cloud(clock: Clock) -> Iterator[Callable[..., Cloud]]:
    """Open clouds with one RabbitMQ and one gateway instance that behave as asked, and a client for each."""
    with ExitStack() as stack:

        def opens(instance: dict[str, Any] | None = None, **behaviour: Any) -> Cloud:
            instances = [
                {"product": "rabbitmq", "instance_id": RABBIT, **(instance or {})},
                {"product": "apigateway", "instance_id": GATEWAY},
            ]
            world = {"instances": instances, "behaviour": behaviour}
            server = stack.enter_context(running(world, clock))
            credentials = Credentials(server.keys.access_key_id, server.keys.access_key_secret)
            aliyun = Aliyun(credentials, "cn-hangzhou", patience(), endpoints={"*": server.endpoint})
            stack.callback(aliyun.close)
            return server, aliyun

        yield opens


@pytest.fixture
def used() -> Callable[..., None]:
    """Load an instance differently, by the console, and let the minute pass: `used(server, RABBIT, tps=7000)`."""

    def use(server: Running, instance_id: str, **usage: int) -> None:
        call = Call("POST", f"/_console/instances/{instance_id}/usage", body=json.dumps(usage).encode())
        assert server.run(lambda: server.cloud.console.answer(call)).status == 200
        server.advance(120)

    return use


@pytest.fixture
def limited() -> Iterator[Callable[..., Aliyun]]:
    """Make clients of RAM users who may do no more than what is declared."""
    made: list[Aliyun] = []

    def make(server: Running, *permissions: Permission) -> Aliyun:
        where = {"region": "cn-hangzhou", "account": server.cloud.world.account_id, "instance": RABBIT}
        statements = [
            {"Effect": "Allow", "Action": [each.action], "Resource": each.resource.format(**where)}
            for each in permissions
        ]
        policy = {"Version": "1", "Statement": statements}
        keys = server.run(lambda: server.cloud.identity.create_user(f"user{len(made)}", [policy]))
        credentials = Credentials(keys.access_key_id, keys.access_key_secret)
        made.append(Aliyun(credentials, "cn-hangzhou", patience(), endpoints={"*": server.endpoint}))
        return made[-1]

    yield make
    for aliyun in made:
        aliyun.close()


class Told(Aliyun):
    """Answers what it was told, without any line, and remembers what it was asked."""

    def __init__(self, *bodies: Body) -> None:
        super().__init__(Credentials("id", "secret"), "cn-hangzhou", patience())
        self.bodies = list(bodies)
        self.asked: list[tuple[str, Parameters, bool]] = []

    def call(self, product: str, action: str, parameters: Parameters, *, read: bool) -> Body:  # noqa: ARG002 - as told
        """Give the next body; the last one stays."""
        self.asked.append((action, parameters, read))
        return self.bodies.pop(0) if len(self.bodies) > 1 else self.bodies[0]


@pytest.fixture
def told() -> type[Told]:
    """The client that answers as told."""
    return Told
