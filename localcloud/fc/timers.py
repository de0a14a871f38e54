"""Timer triggers: fire on the cloud's clock, as asynchronous requests (fact fc 2.1)."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from datetime import datetime
from typing import Any

from localcloud.clock import Clock
from localcloud.fc.function import Ref
from localcloud.fc.host import FunctionHost, new_request_id
from localcloud.fc.registry import stamp
from localcloud.fc.schedule import Schedule


class Timers:
    """Fires every enabled timer trigger. Times missed while the cloud was off are gone.

    Where the clock was jumped over several times of one trigger, it fires once, for the last of them.
    """

    def __init__(self, host: FunctionHost) -> None:
        self._host = host
        self._clock: Clock = host.clock
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to fire, with the first time after now."""
        self._task = asyncio.get_running_loop().create_task(self._run(self._clock.now()))

    async def stop(self) -> None:
        """Fire no more."""
        if self._task:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    def reconsider(self) -> None:
        """Look at the triggers again: some were created, changed or deleted."""
        self._changed.set()

    async def _run(self, seen: datetime) -> None:
        while True:
            self._changed.clear()
            await self._wait_for(self._next(seen))
            now = self._clock.now()
            self._fire(seen, now)
            seen = now

    async def _wait_for(self, at: datetime | None) -> None:
        waits: set[asyncio.Future[Any]] = {asyncio.ensure_future(self._changed.wait())}
        if at is not None:
            waits.add(asyncio.ensure_future(self._clock.sleep_until(at)))
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    def _next(self, seen: datetime) -> datetime | None:
        return min((_time(trigger, seen) for trigger in self._enabled()), default=None)

    def _fire(self, seen: datetime, now: datetime) -> None:
        for trigger in self._enabled():
            if (at := _time(trigger, seen)) > now:
                continue
            while (later := _time(trigger, at)) <= now:
                at = later
            event = {"triggerTime": stamp(at), "triggerName": trigger["name"]}
            event["payload"] = trigger["config"].get("payload", "")
            body = json.dumps(event).encode()
            self._host.deliveries.post(Ref.parse(trigger["function"]), body, request_id=new_request_id())

    def _enabled(self) -> list[dict[str, Any]]:
        return [one for one in self._host.registry.triggers("timer") if one["config"].get("enable", True)]


def _time(trigger: dict[str, Any], seen: datetime) -> datetime:
    since = datetime.fromisoformat(trigger["created"].replace("Z", "+00:00"))
    return Schedule.parse(trigger["config"]["cronExpression"]).after(seen, since)
