"""Instances in the midst of their life, each with the decision it leads to: every reason there is, and both directions.

A scene is an instance with a past (twenty resizes, a spent part of its budget, alerts that ring) and one twist.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from benchmarks.example import LADDER
from tidegate.domain.limits import FleetLimits
from tidegate.domain.measures import Measure, Usage, Use
from tidegate.domain.observed import FleetUse, Observed
from tidegate.domain.operation import Operation, Outcome, Phase
from tidegate.domain.reading import Billing, Direction, Health, Reading, Spec
from tidegate.domain.state import RECENT_KEPT, Circuit, Demand, Drift, Override, Pause, Settled, Spent, State

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
UNNAMED: Spec = {"SupportEip": True, "MaxEipTps": 128, "StorageSize": 200, "SupportTracing": False}
"""What no rung names."""


@dataclass(frozen=True)
class Scene:
    """What one decision is made on. `policy` is what the example's policy says otherwise."""

    now: datetime
    state: State
    reading: Reading | None
    usage: Usage | None
    fleet: FleetUse
    measures: Mapping[str, Measure] = field(default_factory=dict)
    policy: Mapping[str, Any] = field(default_factory=dict)

    @property
    def observed(self) -> Observed:
        """What was seen."""
        return Observed(self.reading, self.measures, self.usage, self.fleet)

    def known(self, **over: Any) -> Scene:
        """The scene with another state."""
        return replace(self, state=replace(self.state, **over))

    def found(self, **over: Any) -> Scene:
        """The scene with another reading."""
        return replace(self, reading=replace(self.reading or reading(self.now, "small"), **over))


def reading(now: datetime, rung: str) -> Reading:
    """A healthy read of a subscription on a rung."""
    spec = {**UNNAMED, **LADDER[rung]}
    return Reading(now, spec, "SERVING", Health.HEALTHY, Billing.SUBSCRIPTION, "enterprise")


def at_rest(now: datetime, rung: str = "small") -> Scene:
    """An instance on a rung: two alerts ask for `medium` and, borne out, for `large`; it was resized hours ago."""
    demands = (
        Demand("mq-tps-high", "medium", now - 50 * MINUTE, now - 20 * MINUTE),
        Demand("mq-queues-high", "large", now - HOUR, now - 9 * MINUTE, confirmed_at=now - HOUR),
    )
    state = State(
        home="small",
        adopted_at=now - timedelta(days=90),
        rung=rung,
        demands=demands,
        spent=tuple(_spent(now, number) for number in range(36, 41)),
        operations=40,
        recent=tuple(_settled(now, number) for number in range(41 - RECENT_KEPT, 41)),
        last_set={**UNNAMED, **LADDER[rung]},
    )
    usage = Usage((Use("queues", 141, 400), Use("connections", 900, 3000), Use("peak TPS", 2100, 5000)))
    measures = {"mq-queues-high": Measure("Queues", 390.0, now - MINUTE)}
    return Scene(now, state, reading(now, rung), usage, FleetUse(FleetLimits(), 1, 4), measures)


def _direction(number: int) -> Direction:
    return Direction.UP if number % 2 else Direction.DOWN


def _spent(now: datetime, number: int) -> Spent:
    return Spent(number, _direction(number), now - (41 - number) * 9 * HOUR, is_reversal=number % 3 == 0)


def _settled(now: datetime, number: int) -> Settled:
    """The newest three changed nothing, as it is when an order is refused or not wanted any more."""
    outcome = Outcome.UNCHANGED if number > 37 else Outcome.RESIZED  # noqa: PLR2004 - of forty
    rungs = ("small", "medium") if _direction(number) is Direction.UP else ("medium", "small")
    at, spec = now - (41 - number) * 9 * HOUR, {**UNNAMED, **LADDER[rungs[1]]}
    return Settled(number, _direction(number), *rungs, outcome, "read back twice", at, "wanted by office", spec)


def going_down(now: datetime) -> Scene:
    """An instance on the top rung that nobody asks for any more: one alert asks for `medium`."""
    scene = at_rest(now, "xlarge")
    return scene.known(demands=scene.state.demands[:1])


def overridden(now: datetime) -> Scene:
    """Somebody asked for `large`, for two hours more."""
    asked = Override("large", now + 2 * HOUR, "li", now - HOUR, "sale", despite=("window",))
    return at_rest(now, "medium").known(override=asked)


def _operating(scene: Scene) -> Scene:
    small, medium = ({**UNNAMED, **LADDER[rung]} for rung in ("small", "medium"))
    operation = Operation(
        number=41,
        from_rung="small",
        to_rung="medium",
        from_spec=small,
        to_spec=medium,
        direction=Direction.UP,
        billing=Billing.SUBSCRIPTION,
        edition="enterprise",
        reason="medium wanted by mq-tps-high",
        planned_at=scene.now - 7 * MINUTE,
        phase=Phase.APPLYING,
    )
    return scene.known(operation=operation)


def _cooling(now: datetime) -> Scene:
    scene = going_down(now)
    last = replace(scene.state.recent[-1], outcome=Outcome.RESIZED, at=now - 20 * MINUTE)
    return scene.known(recent=(*scene.state.recent[1:], last))


def _used_up(now: datetime) -> Scene:
    scene = going_down(now)
    spent = tuple(Spent(number, Direction.DOWN, now - number * MINUTE) for number in range(5, 0, -1))
    return scene.known(spent=spent)


def _drifted(now: datetime) -> Scene:
    return going_down(now).known(drift=Drift({**LADDER["xlarge"]}, "xlarge", now - HOUR, sure=True))


def _doubted(now: datetime, value: float | None) -> Scene:
    measure = Measure("Queues", value, now - MINUTE, "" if value else "the vendor did not answer")
    scene = at_rest(now, "medium")
    return replace(scene, measures={"mq-queues-high": measure})


def _off_ladder(now: datetime) -> Scene:
    return at_rest(now).found(spec={**UNNAMED, **LADDER["medium"], "MaxConnections": 4000})


def _costly(now: datetime) -> Scene:
    scene = at_rest(now)
    return replace(scene, policy={"cost": {"hard": 4}})


SCENES: Mapping[str, Callable[[datetime], Scene]] = {
    "unread": lambda now: replace(at_rest(now), reading=None),
    "gone": lambda now: at_rest(now).found(health=Health.GONE, status="RELEASED"),
    "off-ladder": _off_ladder,
    "home-unknown": lambda now: replace(at_rest(now).known(home=""), policy={"base": "keep"}),
    "unmeasured": lambda now: _doubted(now, None),
    "unconfirmed": lambda now: _doubted(now, 120.0),
    "as-wanted": lambda now: at_rest(now, "large"),
    "as-wanted by override": lambda now: overridden(now).found(spec={**UNNAMED, **LADDER["large"]}),
    "observe": lambda now: replace(at_rest(now), policy={"mode": "observe"}),
    "pause": lambda now: at_rest(now).known(pause=Pause("li", now - HOUR, now + HOUR, "maintenance")),
    "operation": lambda now: _operating(at_rest(now)),
    "unhealthy": lambda now: at_rest(now).found(health=Health.CHANGING, status="UPGRADING"),
    "expect": lambda now: at_rest(now).found(edition="professional"),
    "cost": _costly,
    "circuit": lambda now: at_rest(now).known(circuit=Circuit("operation 40 was refused", now - HOUR)),
    "fleet": lambda now: replace(at_rest(now), fleet=FleetUse(FleetLimits(), 3, 4)),
    "cooldown": _cooling,
    "budget": _used_up,
    "window": going_down,
    "blackout": at_rest,
    "drift": _drifted,
    "fit-unread": lambda now: replace(going_down(now), usage=None),
    "fit": lambda now: replace(going_down(now), usage=Usage((Use("queues", 391, 400),))),
    "approval": lambda now: replace(at_rest(now), policy={"approval": {"when": ["up"]}}),
    "resize up": at_rest,
    "resize up by override": overridden,
    "resize down": going_down,
}
"""By the code of the decision, and what tells apart those of the same code."""
