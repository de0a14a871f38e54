"""What the vendor sells: the fields of a RabbitMQ spec with their steps, and the API Gateway's specs (fact D)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

Value = int | bool | str

TPS_STEPS = (
    *(1000, 1500, 2000, 2500, 3000, 4000, 5000, 8000, 10000, 15000, 20000, 25000, 30000, 40000, 50000),
    *(100000, 200000, 300000, 500000, 800000, 1000000),
)
EIP_STEP, EIP_MOST = 128, 45_000
EDITIONS = ("professional", "enterprise", "vip")
"""Subscription editions, smallest first."""

RABBITMQ_FIELDS: Mapping[str, Value] = {
    "MaxPrivateTps": 3000,
    "MaxEipTps": 128,
    "SupportEip": False,
    "QueueCapacity": 200,
    "MaxConnections": 2000,
    "StorageSize": -1,
    "SupportTracing": False,
    "TracingStorageTime": 3,
}
"""The fields that can be bought, as an instance of the world has them where the world file says nothing."""

SERVERLESS_FIELDS = ("ProvisionedCapacity", "Edition", "ServerlessChargeType")
RESET_TO: Mapping[str, Value] = {"SupportEip": False, "MaxEipTps": 128, "SupportTracing": False}
"""What an omitted field falls back to where the vendor resets it (fact A.1: the documented defaults)."""


@dataclass(frozen=True)
class Range:
    """Which numbers are sold: from, to, in steps."""

    least: int
    most: int
    step: int

    def holds(self, value: int) -> bool:
        """Say whether this very number is sold."""
        return self.least <= value <= self.most and value % self.step == 0

    def up(self, value: int) -> int:
        """Give the smallest number sold that is at least `value`."""
        return min(max(-(-value // self.step) * self.step, self.least), self.most)


QUEUES = {
    "professional": Range(50, 1000, 5),
    "enterprise": Range(200, 6000, 100),
    "vip": Range(10_000, 80_000, 100),
}
EIP = Range(EIP_STEP, EIP_MOST // EIP_STEP * EIP_STEP, EIP_STEP)
STORAGE = Range(700, 2800, 100)
ANY_QUEUES = Range(5, 80_000, 5)
CONNECTIONS = {"professional": 5000, "enterprise": 10_000, "vip": 100_000}


@dataclass(frozen=True)
class GatewaySpec:
    """One spec of an API Gateway dedicated instance."""

    name: str
    rps: int
    connections: int
    usd_per_hour: Decimal


GATEWAY_SPECS = {
    spec.name: spec
    for spec in (
        GatewaySpec("api.s1.small", 2_500, 50_000, Decimal("0.87")),
        GatewaySpec("api.s1.medium", 5_000, 100_000, Decimal("1.74")),
        GatewaySpec("api.s2.large", 10_000, 200_000, Decimal("4.35")),
        GatewaySpec("api.s2.large.x2", 20_000, 400_000, Decimal("11.62")),
        GatewaySpec("api.s2.large.x3", 30_000, 600_000, Decimal("18.88")),
        GatewaySpec("api.s2.large.x4", 40_000, 800_000, Decimal("26.15")),
        GatewaySpec("api.s2.large.x5", 50_000, 1_000_000, Decimal("33.41")),
        GatewaySpec("api.s2.large.x6", 60_000, 1_000_000, Decimal("40.68")),
    )
}
"""Smallest first. Only the first and the last price are the vendor's list prices; the others lie evenly between."""


def tps_up(value: int) -> int:
    """Give the smallest TPS figure sold that is at least `value`."""
    return next((step for step in TPS_STEPS if step >= value), TPS_STEPS[-1])
