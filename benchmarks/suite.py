"""All benchmarks by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from benchmarks import custodian, decisions, doors, ticks, wishes
from benchmarks.timing import Effort, Figures

Benchmark = Callable[[Effort], Figures]
SUITE: Mapping[str, Benchmark] = {
    "decisions": decisions.mixed,
    "fortnight": decisions.fortnight,
    "look-ups": wishes.looked_up,
    "quiet-tick": ticks.quiet,
    "cold-alert": doors.cold,
    "custodian": custodian.compared,
}
