"""One clock for the whole cloud: real, sped up, or moved by hand.

A sped-up clock runs fast only while everybody waits. As long as some function works, it keeps the pace of the
machine, so that a call which takes a second takes a second in the simulated world too, and the handlers' own
deadlines keep their meaning.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone

LONGEST_NAP_S = 3600.0
QUICKEST = 1_000_000.0


def speed(given: str | float) -> float:
    """Read a pace in simulated seconds per second; 0 stands still. Raises ValueError, also for what is no number."""
    read = float(given)
    if not 0 <= read <= QUICKEST:
        raise ValueError(f"the clock does not go back, nor more than {QUICKEST:,.0f} times as fast")
    return read


class Clock:
    """Tells the simulated time. `speed` is simulated seconds per real second while nobody works; 0 stands still."""

    def __init__(self, start: datetime, speed: float = 1.0) -> None:
        self._speed = speed
        self._at_work = 0
        self._origin = start.astimezone(timezone.utc)
        self._since = time.monotonic()
        self._sleepers: set[asyncio.Future[None]] = set()

    @classmethod
    def real(cls) -> Clock:
        """Give the machine's own time."""
        return cls(datetime.fromtimestamp(time.time(), timezone.utc))

    @property
    def speed(self) -> float:
        """Simulated seconds per real second at this moment."""
        return min(self._speed, 1.0) if self._at_work else self._speed

    def now(self) -> datetime:
        """Give the simulated time, aware and in UTC."""
        return self._origin + timedelta(seconds=(time.monotonic() - self._since) * self.speed)

    def advance(self, seconds: float) -> None:
        """Jump ahead."""
        self._rebase(self.now() + timedelta(seconds=seconds))

    def set_speed(self, speed: float) -> None:
        """Change the pace from now on."""
        now = self.now()
        self._speed = speed
        self._rebase(now)

    @contextmanager
    def working(self) -> Iterator[None]:
        """Hold the clock to the machine's pace while somebody works."""
        self._shift(1)
        try:
            yield
        finally:
            self._shift(-1)

    async def sleep(self, seconds: float) -> None:
        """Wait simulated `seconds`, however the pace changes meanwhile."""
        await self.sleep_until(self.now() + timedelta(seconds=seconds))

    async def sleep_until(self, at: datetime) -> None:
        """Wait until the simulated time `at`."""
        while (left := (at - self.now()).total_seconds()) > 0:
            await self._nap(min(left / self.speed, LONGEST_NAP_S) if self.speed else LONGEST_NAP_S)

    async def _nap(self, seconds: float) -> None:
        """Wait for real seconds, or until the pace changes. Not with `wait_for`, which may swallow a cancellation."""
        loop = asyncio.get_running_loop()
        woken: asyncio.Future[None] = loop.create_future()
        alarm = loop.call_later(seconds, _wake, woken)
        self._sleepers.add(woken)
        try:
            await woken
        finally:
            alarm.cancel()
            self._sleepers.discard(woken)

    def _shift(self, by: int) -> None:
        now, pace = self.now(), self.speed
        self._at_work += by
        if self.speed != pace:
            self._rebase(now)

    def _rebase(self, now: datetime) -> None:
        self._origin, self._since = now, time.monotonic()
        # Sleepers reckon again with the new pace. The clock may be moved from any thread.
        for sleeper in list(self._sleepers):
            sleeper.get_loop().call_soon_threadsafe(_wake, sleeper)


def _wake(sleeper: asyncio.Future[None]) -> None:
    if not sleeper.done():
        sleeper.set_result(None)
