"""What was seen of the world when a decision is made, apart from what the ledger says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from tidegate.domain.limits import FleetLimits
from tidegate.domain.measures import Measure, Usage
from tidegate.domain.reading import Reading
from tidegate.domain.state import Pause


@dataclass(frozen=True)
class FleetUse:
    """How much of the fleet's limits is used by other instances' orders, and whether the fleet is paused."""

    limits: FleetLimits
    at_once: int = 0
    """Orders of other instances that are under way."""
    in_hour: int = 0
    """Orders of the last hour, but for the one that is decided on."""
    frees_at: datetime | None = None
    """When the oldest order of the hour stops counting."""
    pause: Pause | None = None


@dataclass(frozen=True)
class Observed:
    """One look at the world. What is None was not looked at, or could not be."""

    reading: Reading | None = None
    measures: Mapping[str, Measure] = field(default_factory=dict)
    """The metrics read just now, by the identity of the alert rule that they are to bear out."""
    usage: Usage | None = None
    """What is in use against the spec that a downgrade would leave."""
    fleet: FleetUse | None = None
    placing: int = 0
    """The number of the operation whose order is about to be placed: its own claims do not count against it."""


NOTHING = Observed()
