"""Requests that the platform delivers by itself, at least once: calls, timers, messages (facts fc 1.8, 2.2, 2.5)."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from localcloud.clock import Clock
from localcloud.fc.function import Ref, Refusal
from localcloud.fc.invocation import Invocation
from localcloud.wire import Dropped

if TYPE_CHECKING:
    from localcloud.fc.host import FunctionHost

Plan = Literal["async", "BACKOFF_RETRY", "EXPONENTIAL_DECAY_RETRY"]
THROTTLED_FOR = timedelta(hours=5)
BACKOFF_RETRIES = 3
BACKOFF_S = 15.0
DECAY_RETRIES = 176
DECAY_LONGEST_S = 512.0
TOO_MANY = 429


class Deliveries:
    """Holds every request that is not done yet; all of them survive a restart with their drawer."""

    def __init__(
        self, drawer: MutableMapping[str, Any], clock: Clock, host: FunctionHost, twice: Callable[[], bool]
    ) -> None:
        self._drawer, self._clock, self._host, self._twice = drawer, clock, host, twice
        self._tasks: set[asyncio.Task[None]] = set()
        self.on_given_up: Callable[[str, bytes, int], None] = lambda *_: None
        """Told the function, the event and the tries of an asynchronous request that failed for good."""

    def post(self, ref: Ref, event: bytes, *, request_id: str, plan: Plan = "async") -> None:
        """Take a request; it is kept when this returns, and delivered in the background."""
        now = self._clock.now().isoformat()
        key = f"delivery/{request_id}"
        body = base64.b64encode(event).decode()
        self._drawer[key] = {
            "ref": str(ref),
            "event": body,
            "plan": plan,
            "born": now,
            "due": now,
            "tries": 0,
            "full": 0,
        }
        self._follow(key)

    def resume(self) -> None:
        """Go on with what an earlier life left behind."""
        for key in list(self._drawer):
            if key.startswith("delivery/"):
                self._follow(key)

    async def stop(self) -> None:
        """Stop delivering; what is not done stays."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def settled(self) -> None:
        """Wait until nothing is left to deliver."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    def _follow(self, key: str) -> None:
        task = asyncio.get_running_loop().create_task(self._deliver(key))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _deliver(self, key: str) -> None:
        while (entry := self._drawer.get(key)) is not None:
            await self._clock.sleep_until(datetime.fromisoformat(entry["due"]))
            invocation = await self._try(key, entry)
            if invocation is not None and invocation.succeeded:
                if self._twice():
                    await self._try(key, entry)
                del self._drawer[key]
            else:
                self._put_off(key, entry, throttled=invocation is not None and invocation.status == TOO_MANY)

    async def _try(self, key: str, entry: dict[str, Any]) -> Invocation | None:
        request_id = key.partition("/")[2]
        event = base64.b64decode(entry["event"])
        with suppress(Dropped):
            return await self._host.invoke(
                Ref.parse(entry["ref"]), event, retry_count=entry["tries"], request_id=request_id
            )
        return None

    def _put_off(self, key: str, entry: dict[str, Any], *, throttled: bool) -> None:
        entry["full" if throttled else "tries"] += 1
        now = self._clock.now()
        wait = self._wait(entry, now, throttled=throttled)
        if wait is None:
            self._host.note(entry["ref"], f"gave up delivering request {key.partition('/')[2]}")
            del self._drawer[key]
            if entry["plan"] == "async":
                self.on_given_up(entry["ref"], base64.b64decode(entry["event"]), entry["tries"])
            return
        entry["due"] = (now + timedelta(seconds=wait)).isoformat()
        self._drawer[key] = entry

    def _wait(self, entry: dict[str, Any], now: datetime, *, throttled: bool) -> float | None:
        """Give the seconds until the next try, or None for the end of trying."""
        age = now - datetime.fromisoformat(entry["born"])
        waits, longest = self._plan(entry)
        if throttled:
            longest = min(longest, THROTTLED_FOR)
            wait: float | None = 0.5 * 2.0 ** min(entry["full"] - 1, 12)
        else:
            wait = next((wait for number, wait in enumerate(waits, 1) if number == entry["tries"]), None)
        return None if wait is None or age + timedelta(seconds=wait) > longest else wait

    def _plan(self, entry: dict[str, Any]) -> tuple[Iterator[float], timedelta]:
        if entry["plan"] == "BACKOFF_RETRY":
            return iter([BACKOFF_S] * BACKOFF_RETRIES), timedelta(days=1)
        if entry["plan"] == "EXPONENTIAL_DECAY_RETRY":
            return (min(2.0**number, DECAY_LONGEST_S) for number in range(DECAY_RETRIES)), timedelta(days=2)
        try:
            function = self._host.registry.function(Ref.parse(entry["ref"]))
        except Refusal:
            return iter(()), timedelta(0)
        return (2.0**number for number in range(function.async_retries)), timedelta(seconds=function.async_age)
