"""The instances of one function: made when needed, reused while warm, ended when idle."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from localcloud.clock import Clock
from localcloud.fc.function import Function, Refusal
from localcloud.fc.instance import Instance

OLDEST = timedelta(hours=24)
"""The temporary keys of an instance hold for 36 hours; the platform lets none live so long."""

PROCESSES_EACH, LEAST_PROCESSES = 2, 4
LEAST_STARTS = 2

Make = Callable[[Function], Awaitable[Instance]]
Farewell = Callable[[Function, Instance], Awaitable[None]]


@dataclass(frozen=True)
class Room:
    """What the machine can carry: processes of one function, and cold starts of all functions at once.

    The vendor has a machine for every instance. Here they share one, so a request that no warm instance can take waits
    for a start or for whoever is done first, whichever comes sooner.
    """

    processes: int
    turns: asyncio.Semaphore

    @classmethod
    def of(cls, processors: int) -> Room:
        """The room that so many processors give."""
        return cls(max(LEAST_PROCESSES, PROCESSES_EACH * processors), asyncio.Semaphore(max(LEAST_STARTS, processors)))


@dataclass(frozen=True, eq=False)
class _Waiter:
    """A request that no instance could take yet."""

    function: Function
    lent: asyncio.Future[Instance]


class Pool:
    """Lends instances, one request at a time each."""

    def __init__(self, clock: Clock, idle_after: timedelta, make: Make, farewell: Farewell, room: Room) -> None:
        self._clock, self._idle_after, self._make, self._farewell, self._room = clock, idle_after, make, farewell, room
        self._idle: list[Instance] = []
        self._busy: list[Instance] = []
        self._waiters: deque[_Waiter] = deque()
        self._coming = 0
        self._starts: set[asyncio.Task[None]] = set()
        self._ends: set[asyncio.Task[None]] = set()
        self._closed = False
        self._watches: dict[Instance, asyncio.Task[None]] = {}

    @property
    def instances(self) -> list[Instance]:
        """Every instance there is, busy or idle."""
        return [*self._busy, *self._idle]

    async def take(self, function: Function) -> Instance:
        """Lend a warm instance or a new one; refuse with 429 where as many requests are served as may be."""
        while self._idle:
            instance = self._idle.pop()
            self._watches.pop(instance).cancel()
            if self._is_fit(instance, function.version):
                self._busy.append(instance)
                return instance
            await instance.terminate()
        if self._closed:
            raise _closing()
        if len(self._busy) + len(self._waiters) >= function.instances:
            raise Refusal("ResourceThrottled", f"concurrency limit of function '{function.ref}' reached", 429)
        waiter = _Waiter(function, asyncio.get_running_loop().create_future())
        self._waiters.append(waiter)
        self._begin_start()
        try:
            return await waiter.lent
        except asyncio.CancelledError:
            self._gave_up(waiter)
            raise

    def give_back(self, function: Function, instance: Instance) -> None:
        """Take an instance back: whoever waits has it next, else it is kept warm, if it lives."""
        self._busy.remove(instance)
        self._offer(function, instance)

    async def close(self) -> None:
        """End every instance at once."""
        self._closed = True
        for task in (*self._watches.values(), *self._starts):
            task.cancel()
        await asyncio.gather(*self._starts, return_exceptions=True)
        self._watches.clear()
        for waiter in list(self._waiters):
            self._answer(waiter, _closing())
        instances, self._idle = self.instances, []
        await asyncio.gather(*(instance.close() for instance in instances))
        # Also of those that were given back meanwhile.
        await asyncio.gather(*self._ends)

    def _begin_start(self) -> None:
        """Start one more instance, if somebody waits for whom none is on its way and there is room for it."""
        there = len(self._busy) + len(self._idle) + self._coming
        if not self._closed and self._coming < len(self._waiters) and there < self._room.processes:
            self._coming += 1
            task = asyncio.create_task(self._start())
            self._starts.add(task)
            task.add_done_callback(self._starts.discard)

    async def _start(self) -> None:
        """Start an instance when it is our turn. Nobody may need it any more by then."""
        instance: Instance | None = None
        function: Function | None = None
        try:
            async with self._room.turns:
                if not self._waiters:
                    return
                function = self._waiters[0].function
                instance = await self._make(function)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the answer to a request
            if self._waiters:
                self._answer(self._waiters[0], error)
        finally:
            self._coming -= 1
        if instance is not None and function is not None:
            self._offer(function, instance)
        self._begin_start()

    def _offer(self, function: Function, instance: Instance) -> None:
        """Lend an instance to the first who waits and whom it fits; keep it warm where nobody waits."""
        fitting = (waiter for waiter in self._waiters if self._is_fit(instance, waiter.function.version))
        if waiter := next(fitting, None):
            self._busy.append(instance)
            self._answer(waiter, instance)
        elif instance.alive:
            # Where somebody waits whom it does not fit, it is in their way.
            after = timedelta(0) if self._waiters else self._idle_after
            self._idle.append(instance)
            self._watches[instance] = asyncio.create_task(self._end_at(self._clock.now() + after, function, instance))
        elif not instance.is_gone:
            # Killed between its reply and now: nobody else knows of it any more.
            task = asyncio.create_task(instance.close())
            self._ends.add(task)
            task.add_done_callback(self._ends.discard)
        self._begin_start()

    def _answer(self, waiter: _Waiter, said: Instance | Exception) -> None:
        self._waiters.remove(waiter)
        if waiter.lent.cancelled():
            if isinstance(said, Instance):
                self.give_back(waiter.function, said)
        elif isinstance(said, Instance):
            waiter.lent.set_result(said)
        else:
            waiter.lent.set_exception(said)

    def _gave_up(self, waiter: _Waiter) -> None:
        """Nobody waits any more: what was lent in this very moment goes back."""
        if waiter in self._waiters:
            self._waiters.remove(waiter)
        elif not waiter.lent.cancelled() and waiter.lent.exception() is None:
            self.give_back(waiter.function, waiter.lent.result())

    def _is_fit(self, instance: Instance, version: int) -> bool:
        young = instance.born_at is None or self._clock.now() - instance.born_at < OLDEST
        return instance.alive and young and instance.version == version

    async def _end_at(self, at: datetime, function: Function, instance: Instance) -> None:
        await self._clock.sleep_until(at)
        self._idle.remove(instance)
        del self._watches[instance]
        await self._farewell(function, instance)
        self._begin_start()


def _closing() -> Refusal:
    return Refusal("ServiceUnavailable", "Function Compute is shutting down", 503)
