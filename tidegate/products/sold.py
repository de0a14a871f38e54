"""What ApsaraMQ for RabbitMQ sells, figure by figure (fact D.2), and what is measured of an instance (fact E).

No API lists what may be bought, and two pages disagree about queues; here is the one that tells editions apart. So
these tables warn, and refuse nothing. What a gateway sells is in `specs`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

TPS_STEPS = (
    *(1_000, 1_500, 2_000, 2_500, 3_000, 4_000, 5_000, 8_000, 10_000, 15_000, 20_000, 25_000, 30_000, 40_000, 50_000),
    *(100_000, 200_000, 300_000, 500_000, 800_000, 1_000_000),
)
"""`MaxPrivateTps` (fact D.2: [ros-amqp])."""

TRACING_DAYS = (3, 7, 15)
"""`TracingStorageTime` (fact D.2: [tf])."""

QUEUES_TO_CONNECTIONS = 4
"""A professional instance has so many connections for each queue, within its bounds (fact D.2: [limits-amqp])."""


@dataclass(frozen=True)
class Figures:
    """The figures that can be bought: from the least to the most, in steps."""

    least: int
    most: int
    step: int = 1

    def __contains__(self, figure: int) -> bool:
        return self.least <= figure <= self.most and (figure - self.least) % self.step == 0

    def __str__(self) -> str:
        steps = f" in steps of {self.step:,}" if self.step > 1 else ""
        return f"{self.least:,} to {self.most:,}{steps}"


EIP_TPS = Figures(128, 44_928, 128)
"""`MaxEipTps`: multiples of 128 up to 45,000; others are rounded up (fact D.2: [ros-amqp])."""

EDITIONS: Mapping[str, Mapping[str, Figures]] = {
    "professional": {"QueueCapacity": Figures(50, 1_000, 5), "MaxConnections": Figures(1_000, 5_000)},
    "enterprise": {"QueueCapacity": Figures(200, 6_000, 100), "MaxConnections": Figures(2_000, 10_000)},
    "vip": {
        "QueueCapacity": Figures(10_000, 80_000, 100),
        "MaxConnections": Figures(50_000, 100_000),
        "StorageSize": Figures(700, 2_800, 100),
    },
}
"""By the API's word for the edition; `vip` is what the console calls platinum (fact F.13). Only `vip` buys storage."""

EDITION_WORDS = (*EDITIONS, "serverless")
"""What `expect: {edition}` can name."""

SERVERLESS_FIELDS = ("ProvisionedCapacity", "Edition")

METRICS: Mapping[str, frozenset[str]] = {
    "rabbitmq": frozenset(
        {
            *("InstanceMaxTpsInMiunte", "InstanceTPSIn", "InstanceTPSOut"),
            *("InstanceConnections", "InstanceChannelsNew", "InstanceConsumers"),
        }
    ),
    "apigateway": frozenset({"qps"}),
}
"""What is measured of an instance as a whole. (`Miunte` is the vendor's spelling.)"""

PARTIAL_METRICS = frozenset(
    {
        *("VHostTPSIn", "VHostTPSOut", "VhostConnections", "VhostChannels", "InstanceVhostConsumers"),
        *("QueueTPSIn", "QueueTPSOut", "InstanceVhostQueueConsumers", "InstanceVhostQueueMessageAccum"),
    }
)
"""What is measured of a vhost or queue: no figure of the instance."""
