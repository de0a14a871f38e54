"""How many calls a second an account may make: a bucket of tokens for each action, on the simulated clock."""

from __future__ import annotations

from datetime import datetime

from localcloud.clock import Clock


class Quota:
    """Counts calls per key. A bucket holds its burst or, without one, a second's worth, and at least one call."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._left: dict[str, tuple[float, datetime]] = {}

    def take(self, key: str, per_second: float | None, burst: float | None = None) -> bool:
        """Take one call from the bucket, or say that it is empty."""
        if per_second is None:
            return True
        now = self._clock.now()
        full = max(burst or per_second, 1.0)
        left, since = self._left.get(key, (full, now))
        left = min(full, left + (now - since).total_seconds() * per_second)
        taken = left >= 1
        self._left[key] = (left - 1 if taken else left, now)
        return taken
