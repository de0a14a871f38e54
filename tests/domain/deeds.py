"""What may happen to an instance: alerts, people, the console, the load, the vendor, the fleet, a new policy.

Each draws as much from the life's chance whatever the state is, so that lives of one seed stay side by side.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from tests.domain.strategies import METRICS, PEOPLE, RULES
from tidegate.domain.guards import DESPITE
from tidegate.domain.operation import Phase
from tidegate.domain.policy import InstancePolicy
from tidegate.domain.signal import Alert, AlertState, Request, Signal, Verb
from tidegate.domain.state import Pause

if TYPE_CHECKING:
    from tests.domain.life import Deed, Life


def alert(life: Life) -> list[Signal]:
    """A rule rings, or says that it is over; some of it is late."""
    chance = life.chance
    late = timedelta(minutes=chance.choice((0, 0, 0, 3, 50)))
    state = chance.choice((AlertState.FIRING, AlertState.FIRING, AlertState.OK))
    rule, is_true = chance.choice(RULES), chance.random() < 0.6
    if state is AlertState.FIRING and is_true:
        life.world.load[METRICS[rule]] = 90.0
    return [Alert(_key(life), life.now - late, rule, state, "test")]


def resize(life: Life) -> list[Signal]:
    """A person asks for a rung."""
    despite = tuple(life.chance.sample(DESPITE, life.chance.choice((0, 0, 1, 2, 5))))
    rung = life.chance.choice(life.rungs)
    return _request(life, Verb.RESIZE, to=rung, until=_until(life), despite=despite, reason="because")


def say(life: Life) -> list[Signal]:
    """A person asks for something else."""
    verb = life.chance.choice((Verb.RELEASE, Verb.RELEASE, Verb.ADOPT, Verb.CANCEL, Verb.PAUSE))
    until = life.chance.choice((None, _until(life)))
    return _request(life, verb, **({"until": until} if verb is Verb.PAUSE else {}))


def approve(life: Life) -> list[Signal]:
    """A person says yes: to what is asked, to what was asked before, or to whatever it is."""
    asked, draw = list(life.diary.questions), life.chance.random()
    which = "" if draw < 0.2 or not asked else asked[-1] if draw < 0.9 else asked[int(draw * 1000) % len(asked)]
    return _request(life, Verb.APPROVE, approval=which)


def console(life: Life) -> list[Signal]:
    """Somebody resizes it by hand, while no order of ours is under way."""
    operation, before, world = life.state.operation, life.world.tps, life.world
    place, off = life.chance.randrange(len(life.rungs)), life.chance.random() < 0.1
    if operation is None or operation.phase is Phase.PLANNED:
        world.place, world.off = place, off
    if world.tps != before:
        life.diary.console.append((life.now, world.tps))
    return []


def load(life: Life) -> list[Signal]:
    """It is used for more, or for less, or nobody can tell."""
    life.world.used = life.chance.choice((0, 0, 700, 1500, 2500, None))
    life.world.load[METRICS[life.chance.choice(RULES)]] = life.chance.choice((0.0, 90.0, 90.0, None))
    return []


def turn(life: Life) -> list[Signal]:
    """The vendor or the fleet is in the way."""
    world, chance = life.world, life.chance
    world.is_healthy, world.is_readable = chance.random() < 0.8, chance.random() < 0.8
    world.at_once, world.in_hour = chance.choice((0, 0, 0, 3)), chance.choice((0, 0, 0, 12))
    world.fleet_pause = chance.choice((None, None, Pause("li", life.now, _until(life))))
    return []


def calm(life: Life) -> list[Signal]:
    """Nothing is in the way any more."""
    world = life.world
    world.is_healthy = world.is_readable = True
    world.at_once, world.in_hour, world.fleet_pause = 0, 0, None
    verbs = (Verb.ACK, Verb.UNPAUSE, *((Verb.ADOPT,) if life.chance.random() < 0.5 else ()))
    return [signal for verb in verbs for signal in _request(life, verb)]


def reprice(life: Life) -> list[Signal]:
    """A new policy is pushed, with other prices."""
    dearer = life.chance.choice((1, 2))
    written = life.policy.model_dump(by_alias=True)
    for rung in written["ladder"]:
        rung["hourly_price"] = rung["hourly_price"] and rung["hourly_price"] + dearer
    life.held_to(InstancePolicy.model_validate(written))
    return []


def nothing(_life: Life) -> list[Signal]:
    """Time passes."""
    return []


def _key(life: Life) -> str:
    life.keys += 1
    return f"key-{life.keys}"


def _request(life: Life, verb: Verb, **over: Any) -> list[Signal]:
    given = {"key": _key(life), "at": life.now, "verb": verb, "instance": life.policy.name}
    return [Request(**{**given, "caller": life.chance.choice(PEOPLE), **over})]


def _until(life: Life) -> datetime:
    return life.now + timedelta(minutes=life.chance.choice((5, 60, 300, 3000)))


DEEDS: tuple[Deed, ...] = (
    *(alert,) * 8,
    *(resize,) * 6,
    *(approve,) * 5,
    *(calm, nothing) * 4,
    *(say, turn, console, load) * 2,
    reprice,
)
