"""Drawing an unlucky week from a seed: its world, its policies, what happens in it, and what goes wrong."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from random import Random
from typing import Any

from localcloud.project.simulate.draw.faults import faults_of
from localcloud.project.simulate.draw.policies import policies_of
from localcloud.project.simulate.draw.sizes import Size, size_of
from localcloud.project.simulate.draw.weeks import UNSEEN, closing, deeds_of
from localcloud.project.simulate.draw.worlds import world_of
from localcloud.project.simulate.script import Deed, Script

SEASONED = 0.99
"""So many fleets are not new."""
WAITS, SWITCHED, CLOSING = 0.2, 0.5, 0.02
UNPAID_FOR = ("5h", "5h", "5h", "26h")
"""How long an order of ours waits to be paid while a colleague's comes and goes."""
WEEK_S = 7 * 24 * 3600.0
STARTS = (
    datetime(2026, 3, 6, 9, 17, 23, tzinfo=timezone.utc),
    # Weeks in which the clocks change: in Europe at their end, in North America at their beginning.
    datetime(2026, 3, 24, 3, 41, 5, tzinfo=timezone.utc),
    datetime(2026, 10, 29, 20, 2, 59, tzinfo=timezone.utc),
    # Holidays with make-up workdays in China.
    datetime(2026, 9, 30, 14, 30, 0, tzinfo=timezone.utc),
)

__all__ = ["script_of"]


def script_of(seed: int) -> Script:
    """Draw the week of a seed. The same seed gives the same week, on every machine."""
    chance = Random(f"week {seed}")
    start = chance.choice(STARTS) + timedelta(minutes=chance.randrange(24 * 60))
    size = size_of(chance, seed)
    drawn = policies_of(chance, size)
    world = world_of(chance, drawn, start, size)
    deeds = deeds_of(chance, drawn, WEEK_S, size)
    if chance.random() < CLOSING:
        deeds.append(closing(chance, drawn[0], world, start))
    waits = _arrange(chance, world, deeds, size) or chance.random() < WAITS
    unattended = chance.random() < size.unattended
    if unattended:
        waits = True
        world["behaviour"] |= _endless(chance)
    skew_s = chance.choice((0.0, 0.0, 0.0, 0.4, 2.0, 20.0))
    return Script(
        seed=seed,
        start=start,
        week_s=WEEK_S,
        world=world,
        policies=tuple(each.compiled() for each in drawn),
        deeds=tuple(sorted(deeds, key=lambda deed: deed.at_s)),
        faults=faults_of(chance, WEEK_S, world, deeds, size),
        proven=_proven(chance, world),
        skew_s=skew_s,
        answered_after_s=0.0 if waits else chance.uniform(120.0, 2400.0),
        unattended=unattended,
    )


def _arrange(chance: Random, world: dict[str, Any], deeds: list[Deed], size: Size) -> bool:
    """Let happen what somebody waits for in an ambush, and soon what he does then. Whether others must wait for it."""
    awaited, behaviour = {deed.what for deed in deeds if deed.do == "ambush"}, world["behaviour"]
    if "saw an unpaid order" in awaited:
        behaviour |= {"wait_for_payment": True, "unpaid_blocks_next": False, "switchover_ends_after": "1h"}
        behaviour |= {"unpaid_ends_after": chance.choice(UNPAID_FOR), "status_during_resize": "SERVING"}
        behaviour |= {"new_values_before_completion": True, "rolls_back": True, "apply_takes": "6m"}
        behaviour["switchover"] = chance.random() < SWITCHED
    if "saw the switchover wait" in awaited:
        behaviour["switchover"] = True
    if "saw the wanted values" in awaited:
        behaviour |= {"rolls_back": False, "switchover": chance.random() < SWITCHED, "wait_for_payment": False}
    if awaited & {"saw the wanted values", "saw a change"}:
        behaviour |= {"apply_takes": chance.choice(("20s", "20s", "50s", "6m")), "migrating_for": "0s"}
    if size.hidden and awaited.intersection(UNSEEN) and chance.random() < size.hidden:
        behaviour |= {"order_visible_after": chance.choice(("10m", "30m")), "switchover": chance.random() < SWITCHED}
        behaviour |= {"wait_for_payment": chance.random() < SWITCHED, "unpaid_ends_after": chance.choice(UNPAID_FOR)}
        behaviour |= {"rolls_back": chance.random() < SWITCHED, "apply_takes": chance.choice(("20s", "6m"))}
        behaviour |= {"unpaid_blocks_next": False, "status_during_resize": "SERVING", "migrating_for": "0s"}
        behaviour["new_values_before_completion"] = chance.random() < SWITCHED
    if not awaited and chance.random() < size.slow:
        behaviour |= {"order_visible_after": "30m", "apply_takes": "25m"}
    return "saw an unpaid order" in awaited


def _endless(chance: Random) -> dict[str, Any]:
    """A vendor who waits for a person for longer than we do."""
    if chance.random() < 0.5:
        return {"wait_for_payment": True, "unpaid_ends_after": "300h"}
    return {"switchover": True, "switchover_ends_after": "300h"}


def _proven(chance: Random, world: dict[str, Any]) -> tuple[str, ...]:
    """Most fleets have ordered before, and know that a search finds what they ordered, where that is so."""
    if world["behaviour"]["order_visible_after"] == "never" or chance.random() >= SEASONED:
        return ()
    return tuple(sorted({one["product"] for one in world["instances"]}))
