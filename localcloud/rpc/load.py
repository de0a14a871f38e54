"""What the instances are used for, now and before: whoever uses them says it at the console, the vendor measures it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from localcloud.clock import Clock
from localcloud.rpc.estate import Kept
from localcloud.world import Behaviour, Usage

LATE = timedelta(minutes=30)
"""How far measuring lags behind where the world file says `metrics: late`."""


@dataclass(frozen=True)
class Figure:
    """One figure over a span of time."""

    low: float
    mean: float
    high: float
    last: float


class Load:
    """Remembers every change of use, so that a peak of an hour ago is found an hour later."""

    def __init__(self, drawer: MutableMapping[str, Any], clock: Clock) -> None:
        self._drawer, self._clock = drawer, clock
        self._read: dict[str, tuple[list[datetime], list[Usage]]] = {}

    def change(self, kept: Kept, changes: Mapping[str, Any]) -> Usage:
        """Use an instance differently from now on. Raises ValueError (pydantic's) for what is no use of an instance."""
        now = self._clock.now()
        usage = Usage.model_validate({**self.at(kept, now).model_dump(), **changes})
        entry = {"at": now.isoformat(), "usage": usage.model_dump()}
        self._drawer[kept.instance_id] = [*self._drawer.get(kept.instance_id, []), entry]
        self._read.pop(kept.instance_id, None)
        return usage

    def at(self, kept: Kept, when: datetime) -> Usage:
        """Give what an instance was used for at a moment; before the first change, what the world file says."""
        times, usages = self._history(kept)
        return usages[bisect_right(times, when)]

    def over(self, kept: Kept, since: datetime, until: datetime, figure: Callable[[Usage], int]) -> Figure:
        """Give a figure over a span of time, which ends before `until`."""
        times, usages = self._history(kept)
        first = bisect_right(times, since)
        if first == len(times) or times[first] >= until:
            value = figure(usages[first])
            return Figure(value, value, value, value)
        inside = [at for at in times[first:] if at < until]
        values = [figure(usage) for usage in usages[first : first + len(inside) + 1]]
        marks = [since, *inside, until]
        weighed = sum(value * (marks[place + 1] - marks[place]).total_seconds() for place, value in enumerate(values))
        mean = weighed / (until - since).total_seconds()
        return Figure(min(values), round(mean, 2), max(values), values[-1])

    def _history(self, kept: Kept) -> tuple[list[datetime], list[Usage]]:
        """Give when the use changed, and what it was before the first change and after each."""
        if kept.instance_id not in self._read:
            changes = self._drawer.get(kept.instance_id, [])
            times = [datetime.fromisoformat(change["at"]) for change in changes]
            usages = [kept.began.usage, *(Usage.model_validate(change["usage"]) for change in changes)]
            self._read[kept.instance_id] = times, usages
        return self._read[kept.instance_id]


def spans(since: datetime, until: datetime, length: timedelta, measured: datetime) -> list[datetime]:
    """Give the beginnings of the whole spans after `since` and up to `until` that had ended when it was `measured`."""
    length_s = length.total_seconds()
    first, last = int(since.timestamp() // length_s) + 1, min(until, measured - length).timestamp() // length_s
    return [datetime.fromtimestamp(number * length_s, since.tzinfo) for number in range(first, int(last) + 1)]


def measured_until(behaviour: Behaviour, now: datetime) -> datetime | None:
    """Give how far measuring has come, or None where nothing is shown at all."""
    if behaviour.metrics == "empty":
        return None
    return now - LATE if behaviour.metrics == "late" else now
