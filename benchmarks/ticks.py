"""A tick over thousands of instances at rest: what it takes, and what it asks of the store and of the vendor."""

from __future__ import annotations

import logging
import tracemalloc
from statistics import median

from benchmarks.quiet import INSTANCES, QuietFleet
from benchmarks.timing import Effort, Figures, figures, rate
from tidegate.app.logs import LOG

MIB = 1024 * 1024


def quiet(effort: Effort) -> Figures:
    """Instances a second, in a process that runs it every minute; and in one that knows nothing yet.

    `peak_mib` is what such a process allocates for it, beside its code; what lies in the store is not counted.
    """
    LOG.setLevel(logging.ERROR)
    fleet = QuietFleet(effort.part(INSTANCES))
    fleet.tick()
    shown = figures("instances", [_rate(fleet, cold=False) for _ in range(effort.rounds)], instances=fleet.size)
    asked = {
        "ms": round(1000 * fleet.size / shown["per_second"]),
        "turns": len(fleet.product.calls),
        "vendor_calls": sum(fleet.product.calls.values()),
        "lists": dict(fleet.lists()),
    }
    cold = median(_rate(fleet, cold=True) for _ in range(effort.rounds))
    return {
        **shown,
        **asked,
        "cold_ms": round(1000 * fleet.size / cold),
        "cold_lists": dict(fleet.lists()),
        "peak_mib": round(_peak(fleet) / MIB, 1),
    }


def _rate(fleet: QuietFleet, *, cold: bool) -> float:
    def work() -> int:
        fleet.tick(cold=cold)
        return fleet.size

    return rate(work)


def _peak(fleet: QuietFleet) -> int:
    """The most memory that a tick allocates at once."""
    tracemalloc.start()
    try:
        fleet.tick(cold=True)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
