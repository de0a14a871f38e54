"""What was measured of an instance: whether a metric bears an alert out, and whether a smaller spec would do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Measure:
    """The newest value of a metric. `value` is None where it could not be read, and `trouble` says why."""

    metric: str
    value: float | None
    at: datetime | None = None
    """When the vendor measured it."""
    trouble: str = ""


@dataclass(frozen=True)
class Use:
    """How much of one thing is in use, and how much of it a spec has. Whole units: queues, connections, TPS, RPS."""

    what: str
    """`queues`, `connections`, `peak TPS`, `peak RPS`."""
    used: int
    remains: int


@dataclass(frozen=True)
class Usage:
    """What is in use, against one spec. `trouble` says what could not be read, and is empty if all was."""

    uses: tuple[Use, ...] = ()
    trouble: str = ""

    def says(self) -> str:
        """In a phrase for people: `queues 141 of 200, peak TPS 2900 of 3000`."""
        return ", ".join(f"{use.what} {use.used} of {use.remains}" for use in self.uses)
