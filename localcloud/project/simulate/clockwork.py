"""Simulated time: what happens next, and tasks that take turns.

Everything is one queue of moments. A task is ordinary code on a stack of its own (a greenlet): where it rests, others
go on, and so it is interrupted at its rests and nowhere else. The order is that of the moments, and of their coming
into the queue where those are equal; nothing depends on the machine.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from heapq import heappop, heappush
from itertools import count

from greenlet import getcurrent, greenlet

from localcloud.clock import Clock

Happening = Callable[[], None]


class Still(Clock):
    """The clock of the simulated world: it shows what the queue says."""

    def __init__(self, start: datetime, now: Callable[[], datetime]) -> None:
        super().__init__(start, speed=0)
        self._show = now

    def now(self) -> datetime:
        """Give the simulated time."""
        return self._show()


class Clockwork:
    """The queue, the clock it moves, and the tasks."""

    def __init__(self, start: datetime) -> None:
        self.clock = Still(start, self.now)
        self.start = start
        self._at = start
        self._queue: list[tuple[datetime, int, Happening]] = []
        self._numbers = count()
        self._hub = getcurrent()
        self._stacks: list[greenlet] = []
        """Those whose task is over; making one costs seven times what using it again does."""

    def now(self) -> datetime:
        """The simulated time."""
        return self._at

    def seconds(self) -> float:
        """The simulated seconds since the beginning."""
        return (self._at - self.start).total_seconds()

    def at(self, when: datetime, happens: Happening) -> None:
        """Let something happen at a moment, or now where that is past. It must not rest; a task may."""
        heappush(self._queue, (max(when, self._at), next(self._numbers), happens))

    def after(self, seconds: float, happens: Happening) -> None:
        """Let something happen in a while."""
        self.at(self._at + timedelta(seconds=seconds), happens)

    def task(self, when: datetime, work: Happening) -> None:
        """Begin a task at a moment."""
        self.at(when, lambda: (self._stacks.pop() if self._stacks else greenlet(self._work, self._hub)).switch(work))

    def _work(self, work: Happening) -> None:
        """Do one task after the other, each when it is given. What a task raises ends this, and reaches the hub."""
        while True:
            work()
            # In no variable of its own: a stack that holds on to itself is never let go.
            self._stacks.append(getcurrent())
            work = self._hub.switch()

    def close(self) -> None:
        """Let go of the stacks that wait for a task."""
        self._stacks.clear()

    def rest(self, seconds: float) -> None:
        """Let time pass in the task that runs, and everybody else have their turn."""
        self.rest_until(self._at + timedelta(seconds=seconds))

    def rest_until(self, until: datetime) -> None:
        """The same, until a moment."""
        if not self._queue or self._queue[0][0] > until:
            self._at = max(until, self._at)
            return
        me = getcurrent()
        heappush(self._queue, (until, next(self._numbers), me.switch))
        self._hub.switch()

    def passes(self, seconds: float, deadline: datetime) -> bool:
        """Let time pass where that is before a deadline, and nobody else has a turn in it. If not, nothing is done."""
        # By their places, for this is done more often than anything else: days, then seconds.
        until = self._at + timedelta(0, seconds)
        if until >= deadline or (self._queue and self._queue[0][0] <= until):
            return False
        self._at = until
        return True

    def next_at(self) -> datetime | None:
        """When the next thing happens."""
        return self._queue[0][0] if self._queue else None

    def run(self, until: datetime) -> None:
        """Let everything happen that is due by a moment, and stop there."""
        while self._queue and self._queue[0][0] <= until:
            at, _, happens = heappop(self._queue)
            self._at = max(at, self._at)
            happens()
        self._at = max(until, self._at)
