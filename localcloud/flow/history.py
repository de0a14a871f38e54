"""An execution's history: events counted from 1, each knowing the one that caused it (fact flow 8.4)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any, NamedTuple

MOST_EVENTS = 5000


class TooManyEventsError(Exception):
    """One event more than an execution may have."""


class Event(NamedTuple):
    """One thing that happened."""

    id: int
    cause: int
    step: str
    at: datetime
    type: str
    detail: Mapping[str, Any]

    def as_json(self) -> dict[str, Any]:
        """Give it as GetExecutionHistory shows it; the detail is JSON text."""
        return {
            "EventId": self.id,
            "ScheduleEventId": self.cause,
            "StepName": self.step,
            "Time": timestamp(self.at),
            "Type": self.type,
            "EventDetail": json.dumps(self.detail),
        }


@dataclass
class Thread:
    """One line of events; a branch has its own, which begins where its parent's was."""

    last: int = 0


class History:
    """Takes events until there are too many; the last place is kept for the end of the execution."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def add(self, thread: Thread, step: str, at: datetime, kind: str, detail: Mapping[str, Any]) -> int:
        """Note one event and give its number; raise TooManyEventsError where only the end has a place left."""
        number = len(self.events) + 1
        if number >= MOST_EVENTS and not kind.startswith("Execution"):
            raise TooManyEventsError(f"more than {MOST_EVENTS} events")
        self.events.append(Event(number, thread.last, step, at, kind, detail))
        thread.last = number
        return number


def timestamp(at: datetime) -> str:
    """Write a time as the service does: `2019-01-01T01:01:01.001Z`."""
    return at.astimezone(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
