"""How often a second. Time is the CPU's, of this process alone, so that busy neighbours count for little."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from statistics import median
from time import process_time
from typing import Any

Figures = dict[str, Any]


@dataclass(frozen=True)
class Effort:
    """How much is measured: `rounds` of everything, and `size` as a share of the whole."""

    rounds: int = 15
    size: float = 1.0

    def part(self, whole: int) -> int:
        """So many of the whole, at least one."""
        return max(int(whole * self.size), 1)


QUICK = Effort(rounds=2, size=0.05)
"""Enough to see that it runs; its figures are rough."""


def rate(work: Callable[[], int]) -> float:
    """How often a second something is done; `work` says how often it did it."""
    gc.collect()
    began = process_time()
    times = work()
    return times / max(process_time() - began, 1e-9)


def figures(unit: str, rates: Iterable[float], **more: Any) -> Figures:
    """The middle of all rounds, and the best of them."""
    known = list(rates)
    return {"per_second": round(median(known)), "best": round(max(known)), "unit": unit, "rounds": len(known), **more}


def measured(unit: str, work: Callable[[], int], rounds: int, **more: Any) -> Figures:
    """Do it once for nothing, and then for so many rounds."""
    work()
    return figures(unit, [rate(work) for _ in range(rounds)], **more)
