"""What is asked again, and for how long at most. Only calls that may be repeated come here; an order never does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from tenacity import RetryCallState, Retrying, retry_if_exception_type

from tidegate.aliyun.errors import Busy, Throttled, Unreadable

T = TypeVar("T")
PASSING = (Throttled, Unreadable, Busy)
"""What passes by itself."""


@dataclass(frozen=True)
class Patience:
    """Repeats a call while it is throttled or unreadable, with growing pauses and some chance in them.

    It gives up, and lets the last error out, rather than start a pause that would bring the time spent pausing, or the
    whole time by `clock`, over `limit_s`. Both are needed: calls take time that no pause counts, and under a simulated
    `sleep` the clock may not move (so tenacity's own limits, which measure real time, do not serve).
    """

    sleep: Callable[[float], None]
    clock: Callable[[], float]
    """Seconds that only grow, such as `time.monotonic`."""
    chance: Callable[[], float]
    """A number from 0 to 1, such as `random.random`."""
    limit_s: float = 12.0
    first_s: float = 0.4
    longest_s: float = 4.0

    def __call__(self, call: Callable[[], T]) -> T:
        """Make the call until it succeeds, fails in a way that will not pass by itself, or patience ends.

        Nearly always the first call succeeds, so only after it the retrying is set up.
        """
        started_s = self.clock()
        try:
            return call()
        except PASSING as error:
            failed = [error]

        def again() -> T:
            if failed:
                raise failed.pop()
            return call()

        def enough(state: RetryCallState) -> bool:
            spent_s = max(state.idle_for, self.clock() - started_s)
            return spent_s + state.upcoming_sleep > self.limit_s

        retrying = Retrying(
            sleep=self.sleep,
            stop=enough,
            wait=self._pause_s,
            retry=retry_if_exception_type(PASSING),
            reraise=True,
        )
        return retrying(again)

    def _pause_s(self, state: RetryCallState) -> float:
        longest_s = min(self.first_s * 2.0 ** (state.attempt_number - 1), self.longest_s)
        return longest_s * (0.5 + self.chance() / 2)
