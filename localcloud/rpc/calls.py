"""What was asked of the cloud: the newest API calls, for people and tests to read."""

from __future__ import annotations

from collections import deque
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

KEEPS = 10_000


@dataclass(frozen=True)
class LoggedCall:
    """One call and how it ended. `outcome` is `ok`, the vendor's error code, or the fault that took the reply."""

    at: datetime
    product: str
    action: str
    caller: str
    instance: str
    outcome: str
    request_id: str


class CallLog:
    """Remembers the newest calls, up to 10,000. It never holds a parameter's value other than the instance's id."""

    def __init__(self) -> None:
        self._calls: deque[LoggedCall] = deque(maxlen=KEEPS)

    def add(self, call: LoggedCall) -> None:
        """Remember one more."""
        self._calls.append(call)

    def listed(self, action: str = "") -> list[dict[str, Any]]:
        """Give the calls, the oldest first; of one action only where it is named."""
        return [
            {**asdict(call), "at": call.at.isoformat()} for call in self._calls if not action or call.action == action
        ]
