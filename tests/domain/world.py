"""What is true of one instance in a life, whatever anybody knows of it, and the diary that its judge reads."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tidegate.app.surroundings import Surroundings
from tidegate.domain.alertrule import Confirm
from tidegate.domain.limits import FleetLimits
from tidegate.domain.measures import Measure, Usage, Use
from tidegate.domain.observed import FleetUse
from tidegate.domain.operation import Outcome
from tidegate.domain.policy import InstancePolicy
from tidegate.domain.reading import Billing, Health, Reading, Spec
from tidegate.domain.signal import Alert, Request
from tidegate.domain.state import Pause, Question
from tidegate.domain.terms import Terms

FIELD = "MaxPrivateTps"
LIMITS = FleetLimits(orders_at_once=3, orders_per_hour=12)


@dataclass
class World:
    """The instance, as the vendor would show it. It stands on the rung of this place, or half a rung above."""

    place: int
    billing: Billing = Billing.SUBSCRIPTION
    off: bool = False
    is_healthy: bool = True
    is_readable: bool = True
    load: dict[str, float | None] = field(default_factory=dict)
    """What its metrics show, by their names; None where they cannot be read."""
    used: int | None = 0
    """How many TPS are in use; None where that cannot be read."""
    at_once: int = 0
    in_hour: int = 0
    fleet_pause: Pause | None = None

    @property
    def tps(self) -> int:
        """The one field of its spec."""
        return 1000 * (self.place + 1) + 500 * self.off

    @property
    def spec(self) -> dict[str, int]:
        """All that can be bought of it."""
        return {FIELD: self.tps}

    def reading(self, now: datetime) -> Reading | None:
        """Look at it."""
        health = Health.HEALTHY if self.is_healthy else Health.CHANGING
        return Reading(now, self.spec, "SERVING", health, self.billing, "enterprise") if self.is_readable else None

    def fleet(self, now: datetime) -> FleetUse:
        """What the others use of the fleet's limits."""
        pause = self.fleet_pause if self.fleet_pause and self.fleet_pause.holds(now) else None
        return FleetUse(LIMITS, self.at_once, self.in_hour, pause=pause)

    def measure(self, _instance_id: str, confirm: Confirm) -> Measure:
        """Read a metric."""
        value = self.load.get(confirm.metric)
        return Measure(confirm.metric, value, trouble="" if value is not None else "no point")

    def usage(self, _instance_id: str, spec: Spec, _over: timedelta) -> Usage:
        """Compare what is in use with a spec."""
        if self.used is None:
            return Usage(trouble="no point")
        return Usage((Use("peak TPS", self.used, int(spec[FIELD])),))


class Around(Surroundings):
    """Of the surroundings just what a look at the world asks for."""

    def __init__(self, world: World, terms: Terms) -> None:
        self.__dict__.update(world=world, held_to=terms)

    def product(self, _policy: InstancePolicy) -> World:  # type: ignore[override]
        """The product: it can be measured."""
        found: World = self.__dict__["world"]
        return found

    def terms(self, _policy: InstancePolicy) -> Terms:
        """The terms it is held to."""
        found: Terms = self.__dict__["held_to"]
        return found


@dataclass(frozen=True)
class Order:
    """One order as it was placed."""

    at: datetime
    operation: int
    attempt: int
    before_tps: int
    after_tps: int


@dataclass
class Diary:
    """What happened, in plain words, for a judge who knows nothing of the state."""

    alerts: list[tuple[datetime, Alert]] = field(default_factory=list)
    requests: list[tuple[datetime, Request, str]] = field(default_factory=list)
    """What people asked for, and why it was turned down."""
    questions: dict[str, tuple[Question, datetime, datetime]] = field(default_factory=dict)
    """What people were shown: what was asked, when, and until when."""
    yes: list[tuple[datetime, str]] = field(default_factory=list)
    """When somebody approved which question."""
    orders: list[Order] = field(default_factory=list)
    endings: list[tuple[datetime, int, Outcome]] = field(default_factory=list)
    console: list[tuple[datetime, int]] = field(default_factory=list)
    """When somebody resized it by hand, and to how much."""
    wants: list[tuple[datetime, str]] = field(default_factory=list)
    """What was demanded whenever it was decided."""
    last_set_tps: int = 0
    """What we know to have set, or to have taken over because a person said so."""
