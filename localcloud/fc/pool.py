"""The instances of one function: made when needed, reused while warm, ended when idle."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from localcloud.clock import Clock
from localcloud.fc.function import Function, Refusal
from localcloud.fc.instance import Instance

OLDEST = timedelta(hours=24)
"""The temporary keys of an instance hold for 36 hours; the platform lets none live so long."""

Make = Callable[[Function], Awaitable[Instance]]
Farewell = Callable[[Function, Instance], Awaitable[None]]


class Pool:
    """Lends instances, one request at a time each."""

    def __init__(self, clock: Clock, idle_after: timedelta, make: Make, farewell: Farewell) -> None:
        self._clock, self._idle_after, self._make, self._farewell = clock, idle_after, make, farewell
        self._idle: list[Instance] = []
        self._busy: list[Instance] = []
        self._coming = 0
        self._closed = False
        self._watches: dict[Instance, asyncio.Task[None]] = {}

    @property
    def instances(self) -> list[Instance]:
        """Every instance there is, busy or idle."""
        return [*self._busy, *self._idle]

    async def take(self, function: Function) -> Instance:
        """Lend a warm instance or a new one; refuse with 429 where there are as many as may be."""
        while self._idle:
            instance = self._idle.pop()
            self._watches.pop(instance).cancel()
            if self._is_fit(instance, function.version):
                self._busy.append(instance)
                return instance
            await instance.terminate()
        if len(self._busy) + self._coming >= function.instances:
            raise Refusal("ResourceThrottled", f"concurrency limit of function '{function.ref}' reached", 429)
        self._coming += 1
        try:
            instance = await self._make(function)
        finally:
            self._coming -= 1
        if self._closed:
            await instance.close()
            raise Refusal("ServiceUnavailable", "Function Compute is shutting down", 503)
        self._busy.append(instance)
        return instance

    def give_back(self, function: Function, instance: Instance) -> None:
        """Take an instance back and keep it warm, if it lives."""
        self._busy.remove(instance)
        if instance.alive:
            self._idle.append(instance)
            self._watches[instance] = asyncio.create_task(
                self._end_at(self._clock.now() + self._idle_after, function, instance)
            )

    async def close(self) -> None:
        """End every instance at once."""
        self._closed = True
        for watch in self._watches.values():
            watch.cancel()
        self._watches.clear()
        instances, self._idle = self.instances, []
        await asyncio.gather(*(instance.close() for instance in instances))

    def _is_fit(self, instance: Instance, version: int) -> bool:
        young = instance.born_at is None or self._clock.now() - instance.born_at < OLDEST
        return instance.alive and young and instance.version == version

    async def _end_at(self, at: datetime, function: Function, instance: Instance) -> None:
        await self._clock.sleep_until(at)
        self._idle.remove(instance)
        del self._watches[instance]
        await self._farewell(function, instance)
