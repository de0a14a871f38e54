"""What API Gateway sells, smallest first (fact D.1). Availability differs by region, and accounts may have others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class GatewaySpec:
    """The figures of one spec. `rps` is what the instance must report as its limit once it has the spec."""

    rps: int
    connections: int
    new_connections_per_s: int
    outbound_pool: int
    outbound_mbps: int
    cache_gib: int


GATEWAY_SPECS: Mapping[str, GatewaySpec] = {
    "api.s1.small": GatewaySpec(2_500, 50_000, 5_000, 1_200, 100, 1),
    "api.s1.medium": GatewaySpec(5_000, 100_000, 5_000, 2_400, 100, 2),
    "api.s2.large": GatewaySpec(10_000, 200_000, 5_000, 4_800, 200, 4),
    "api.s2.large.x2": GatewaySpec(20_000, 400_000, 10_000, 9_600, 200, 8),
    "api.s2.large.x3": GatewaySpec(30_000, 600_000, 10_000, 14_400, 400, 12),
    "api.s2.large.x4": GatewaySpec(40_000, 800_000, 20_000, 19_200, 400, 16),
    "api.s2.large.x5": GatewaySpec(50_000, 1_000_000, 20_000, 24_000, 600, 20),
    "api.s2.large.x6": GatewaySpec(60_000, 1_000_000, 20_000, 28_800, 600, 24),
}
