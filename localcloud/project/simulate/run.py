"""Many weeks: each seed drawn, played, checked and counted, in as many processes as there are cores."""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from localcloud.project.simulate.checks import check
from localcloud.project.simulate.coverage import Coverage, coverage_of
from localcloud.project.simulate.draw import script_of
from localcloud.project.simulate.script import Script
from localcloud.project.simulate.trace import Trace
from localcloud.project.simulate.week import play

CRASH = "the simulation itself fails"
CHUNK = 8
SELDOM = (30_000, 10, 5)
"""A week makes a lot, and leaves nothing: to look for garbage seldom is a tenth quicker; never would fill memory."""


@dataclass(frozen=True)
class Broken:
    """One violation of an invariant."""

    seed: int
    invariant: str
    why: str


@dataclass
class Result:
    """What came of some weeks."""

    runs: int = 0
    cpu_s: float = 0.0
    """Seconds of processors that the weeks took."""
    broken: list[Broken] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    coverage: Coverage = field(default_factory=Coverage)

    def add(self, other: Result) -> None:
        """Take in what came of other weeks."""
        self.runs += other.runs
        self.cpu_s += other.cpu_s
        self.broken += other.broken
        self.counts.update(other.counts)
        self.coverage.add(other.coverage)


def violations_of(script: Script) -> list[Broken]:
    """Play a script, and give what it broke."""
    return _judged(script)[0]


def result_of(seed: int) -> Result:
    """Play the week of a seed."""
    began = time.process_time()
    result = _result_of(seed)
    result.cpu_s = time.process_time() - began
    return result


def _result_of(seed: int) -> Result:
    try:
        script = script_of(seed)
    except Exception:  # noqa: BLE001 - a week that cannot be drawn is a failure of its seed, and no other's
        return Result(1, broken=[Broken(seed, CRASH, traceback.format_exc(limit=-3))])
    broken, trace = _judged(script)
    if trace is None:
        return Result(1, broken=broken)
    return Result(1, broken=broken, counts=counts_of(trace), coverage=coverage_of(trace))


def _judged(script: Script) -> tuple[list[Broken], Trace | None]:
    try:
        trace = play(script)
        found = check(trace)
    except Exception:  # noqa: BLE001 - as above
        return [Broken(script.seed, CRASH, traceback.format_exc(limit=-3))], None
    return [Broken(script.seed, one.invariant, f"{one.instance}: {one.why}") for one in found], trace


def counts_of(trace: Trace) -> Counter[str]:
    """The figures of one week."""
    platform = trace.executions.platform
    return Counter(
        {
            "orders": sum(1 for one in trace.ordered if one.change),
            "order_calls": len(trace.ordered),
            "faults": len(trace.misfortunes.struck),
            "calls": sum(trace.misfortunes.passed.values()),
            "invocations": platform.invocations,
            "deaths": platform.dead,
            "ticks": trace.ticks,
            "idle_ticks": trace.idle_ticks,
            "lost_ticks": trace.lost_ticks,
            "executions": len(trace.executions.all),
            "alerts": len(trace.delivered),
            "requests": len(trace.asked),
            "messages": len(trace.said),
            "hours": int((trace.ended_at - trace.script.start).total_seconds() // 3600),
        }
    )


def run(
    seeds: Sequence[int],
    jobs: int,
    told: Callable[[Result], None],
    *,
    until_broken: bool = False,
    before: Result | None = None,
) -> Result:
    """Play all seeds, or until one breaks something; `told` hears of the sum so far after each, in their order.

    What came of seeds `before` these is what they are added to.
    """
    whole = before or Result()
    for result in _results(seeds, jobs):
        whole.add(result)
        told(whole)
        if result.broken and until_broken:
            break
    whole.broken.sort(key=lambda one: (one.seed, one.invariant))
    return whole


def _results(seeds: Sequence[int], jobs: int) -> Iterator[Result]:
    if jobs <= 1:
        before = gc.get_threshold()
        gc.set_threshold(*SELDOM)
        try:
            yield from map(result_of, seeds)
        finally:
            gc.set_threshold(*before)
        return
    # Not forked: a process that holds other threads, as a test's may, cannot be copied safely.
    with multiprocessing.get_context("spawn").Pool(jobs, _begin_worker) as pool:
        yield from pool.imap(result_of, seeds, CHUNK)


def _begin_worker() -> None:
    """What is loaded stays, and need not be looked through again and again. A Ctrl-C is for the process above."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.collect()
    gc.freeze()
    gc.set_threshold(*SELDOM)


def cores() -> int:
    """How many weeks are played at once."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def as_json(result: Result, seconds: float, lacks: Sequence[str]) -> dict[str, Any]:
    """The result as `--json` prints it."""
    counts = dict(result.counts)
    return {
        "runs": result.runs,
        "violations": len(result.broken),
        "by_invariant": dict(Counter(one.invariant for one in result.broken)),
        "seeds": sorted({one.seed for one in result.broken}),
        "orders": counts.pop("orders", 0),
        "faults": counts.pop("faults", 0),
        "counts": counts,
        "broken": [vars(one) for one in result.broken],
        "lacks": list(lacks),
        "coverage": result.coverage.as_json(),
        "seconds": round(seconds, 3),
        "cpu_seconds": round(result.cpu_s, 3),
    }


class Watch:
    """Measures the machine's time."""

    def __init__(self) -> None:
        self._began = time.monotonic()

    @property
    def seconds(self) -> float:
        """Seconds since it was begun."""
        return time.monotonic() - self._began
