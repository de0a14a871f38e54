"""A cloud in one process, whose clock stands still until a test moves it, and a way to ask it things."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

import pytest

from localcloud.clock import Clock
from localcloud.cloud import Cloud
from localcloud.drawer import Cabinet
from localcloud.identity import Keys
from localcloud.rpc.signing import TIME_FORM, sign_v1, v1_string_to_sign
from localcloud.server import Running, running
from localcloud.wire import Call
from localcloud.world import World

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=timezone.utc)
MQ, GATEWAY = "amqp-cn-demo0001", "apigateway-cn-demo0001"

VERSIONS = {
    "UpdateInstance": "2019-12-12",
    "GetInstance": "2019-12-12",
    "ListInstances": "2019-12-12",
    "GetMetadataAmount": "2019-12-12",
    "ModifyInstanceSpec": "2016-07-14",
    "DescribeInstances": "2016-07-14",
    "DescribeInstanceQps": "2016-07-14",
    "DescribeInstanceSlbConnect": "2016-07-14",
    "DescribeMetricLast": "2019-01-01",
    "DescribeMetricList": "2019-01-01",
    "QueryOrders": "2017-12-14",
    "GetOrderDetail": "2017-12-14",
    "CancelOrder": "2017-12-14",
    "QueryAccountBalance": "2017-12-14",
}


def world_of(**settings: Any) -> World:
    """Give a world with one RabbitMQ and one API Gateway instance; settings replace what the file would say."""
    behaviour = settings.pop("behaviour", {})
    return World.model_validate(
        {
            "start": NOON,
            "instances": [
                {"product": "rabbitmq", "instance_id": MQ, "usage": {"queues": 120, "tps": 2500}},
                {"product": "apigateway", "instance_id": GATEWAY, "usage": {"tps": 1000}},
            ],
            "behaviour": {"order_visible_after": "0s", **behaviour},
            **settings,
        }
    )


@dataclass
class Simulated:
    """One cloud, and its API by way of signed calls."""

    cloud: Cloud

    def call(self, action: str, keys: Keys | None = None, method: str = "", **parameters: object) -> Call:
        """Sign a call as aliyun-python-sdk-core does."""
        keys = keys or self.cloud.keys
        texts = {name: str(value) for name, value in parameters.items()}
        query = {
            "Action": action,
            "Version": VERSIONS.get(action, "2019-12-12"),
            "Format": "JSON",
            "AccessKeyId": keys.access_key_id,
            "SignatureMethod": "HMAC-SHA1",
            "SignatureVersion": "1.0",
            "SignatureNonce": uuid.uuid4().hex,
            "Timestamp": self.cloud.clock.now().strftime(TIME_FORM),
            **({"SecurityToken": keys.security_token} if keys.security_token else {}),
            **texts,
        }
        method = method or ("POST" if action in {"UpdateInstance", "ModifyInstanceSpec"} else "GET")
        query["Signature"] = sign_v1(keys.access_key_secret, v1_string_to_sign(method, query))
        return Call(method, "/", tuple(query.items()), {"host": "127.0.0.1"})

    def ask(self, action: str, **parameters: Any) -> dict[str, Any]:
        """Give the body of the answer, with the HTTP status as `status`."""
        reply = self.cloud.door.answer(self.call(action, **parameters))
        return {"status": reply.status, **json.loads(reply.body)}

    def console(self, method: str, path: str, **body: Any) -> dict[str, Any]:
        """Ask the console, likewise."""
        call = Call(method, f"/_console/{path}", body=json.dumps(body).encode())
        reply = self.cloud.console.answer(call)
        return {"status": reply.status, **json.loads(reply.body)}

    def upgrade(self, **parameters: Any) -> dict[str, Any]:
        """Order a larger RabbitMQ instance."""
        larger = {"InstanceId": MQ, "ModifyType": "UPGRADE", "InstanceType": "enterprise", "MaxPrivateTps": 8000}
        return self.ask("UpdateInstance", **{**larger, **parameters})

    def enlarge(self, token: str = "t1", **parameters: Any) -> dict[str, Any]:
        """Order a larger API Gateway instance."""
        larger = {"InstanceId": GATEWAY, "InstanceSpec": "api.s1.medium", "Token": token}
        return self.ask("ModifyInstanceSpec", **{**larger, **parameters})

    def mq(self) -> dict[str, Any]:
        """Read the RabbitMQ instance."""
        shown: dict[str, Any] = self.ask("GetInstance", InstanceId=MQ)["Data"]
        return shown

    def gateway(self) -> dict[str, Any]:
        """Read the API Gateway instance."""
        shown: dict[str, Any] = self.ask("DescribeInstances", InstanceId=GATEWAY)["Instances"]["InstanceAttribute"][0]
        return shown

    def orders(self) -> list[dict[str, Any]]:
        """Read what BSS shows of the last hour."""
        shown: list[dict[str, Any]] = self.ask("QueryOrders")["Data"]["OrderList"]["Order"]
        return shown

    def advance(self, **time: float) -> None:
        """Move the clock: `minutes=4`."""
        units = {"seconds": 1, "minutes": 60, "hours": 3600, "days": 86400}
        self.cloud.clock.advance(sum(units[unit] * amount for unit, amount in time.items()))


@pytest.fixture
def simulate() -> Callable[..., Simulated]:
    """Make a cloud: `simulate(behaviour={...})`."""
    return lambda **settings: Simulated(Cloud(world_of(**settings), Cabinet(), Clock(NOON, 0)))


@pytest.fixture
def sim(simulate: Callable[..., Simulated]) -> Simulated:
    """Give a cloud that behaves as its defaults say."""
    return simulate()


@pytest.fixture
def served() -> Iterator[Running]:
    """Give a cloud that listens on loopback, in the machine's time."""
    with running(world_of(start="now", behaviour={"order_visible_after": "0s"})) as server:
        yield server
