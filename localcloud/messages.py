"""Where messages to people arrive: a webhook for every channel, to which a notifier posts JSON."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from typing import Any

from localcloud.clock import Clock


class Messages:
    """Keeps what was posted, in order."""

    def __init__(self, drawer: MutableMapping[str, Any], clock: Clock) -> None:
        self._drawer, self._clock = drawer, clock

    def add(self, channel: str, content: Mapping[str, Any]) -> int:
        """Keep a message and give its number."""
        number = len(self._drawer) + 1
        entry = {"number": number, "at": self._clock.now().isoformat(), "channel": channel, "content": dict(content)}
        self._drawer[f"{number:09d}"] = entry
        return number

    def listed(self, channel: str = "") -> list[dict[str, Any]]:
        """Give the messages, the oldest first; of one channel where it is named."""
        entries = [self._drawer[key] for key in self._drawer]
        return [entry for entry in entries if channel in ("", entry["channel"])]
