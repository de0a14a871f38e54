"""Clouds in processes of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from typing import Any

import pytest

from tests.processes.place import Place

SMALL = {"MaxPrivateTps": 3000, "QueueCapacity": 200, "MaxConnections": 2000}
MEDIUM = {"MaxPrivateTps": 5000, "QueueCapacity": 400, "MaxConnections": 3000}
START = "2026-03-02T12:00:00+00:00"

Opens = Callable[..., Place]


def rabbit(name: str, **over: Any) -> dict[str, Any]:
    """A RabbitMQ instance as a policy has it."""
    ladder = [{"rung": "small", **SMALL}, {"rung": "medium", **MEDIUM}]
    common = {"region": "cn-hangzhou", "mode": "act", "base": "small"}
    alerts = [{"rule": "rabbit-tps-high", "raise": 1}]
    return {
        "product": "rabbitmq",
        "instance_id": f"amqp-cn-{name}",
        "ladder": ladder,
        "alerts": alerts,
        **common,
        **over,
    }


def gateway(name: str, **over: Any) -> dict[str, Any]:
    """A gateway as a policy has it; its rule names no instance."""
    common = {"region": "cn-hangzhou", "mode": "act", "base": "api.s1.small"}
    ladder, alerts = ["api.s1.small", "api.s1.medium"], [{"rule": f"{name}-busy", "raise": 1}]
    about = {"product": "apigateway", "instance_id": f"apigateway-cn-{name}"}
    return {**about, "ladder": ladder, "alerts": alerts, **common, **over}


def world_of(instances: Mapping[str, Mapping[str, Any]], **behaviour: Any) -> dict[str, Any]:
    """A world in which each of these instances stands on its first rung."""
    stands = {"rabbitmq": SMALL, "apigateway": {"InstanceSpec": "api.s1.small"}}
    there = [
        {"product": one["product"], "instance_id": one["instance_id"], "spec": stands[one["product"]]}
        for one in instances.values()
    ]
    return {"start": START, "balance": "100000000.00", "instances": there, "behaviour": behaviour}


@pytest.fixture
def opens(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opens]:
    """Lay out clouds for one test, each with a policy for its instances; all of them end with it."""
    with ExitStack() as stack:

        def open_place(
            instances: Mapping[str, Mapping[str, Any]], policy: Mapping[str, Any], speed: float, **behaviour: Any
        ) -> Place:
            folder = tmp_path_factory.mktemp("place")
            place = Place(folder, world_of(instances, **behaviour), {**policy, "instances": instances}, speed)
            stack.callback(place.stop)
            return place

        yield open_place
