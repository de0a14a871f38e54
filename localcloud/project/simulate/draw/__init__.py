"""Drawing an unlucky week from a seed: its world, its policies, what happens in it, and what goes wrong."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from random import Random
from typing import Any

from localcloud.project.simulate.draw.faults import faults_of
from localcloud.project.simulate.draw.policies import policies_of
from localcloud.project.simulate.draw.sizes import size_of
from localcloud.project.simulate.draw.weeks import deeds_of
from localcloud.project.simulate.draw.worlds import world_of
from localcloud.project.simulate.script import Script

SEASONED = 0.94
"""So many fleets are not new."""
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
    size = size_of(chance)
    drawn = policies_of(chance, size)
    world = world_of(chance, drawn, start, size)
    deeds = deeds_of(chance, drawn, WEEK_S, size)
    skew_s = chance.choice((0.0, 0.0, 0.0, 0.4, 2.0, 20.0))
    return Script(
        seed=seed,
        start=start,
        week_s=WEEK_S,
        world=world,
        policies=tuple(each.compiled() for each in drawn),
        deeds=tuple(sorted(deeds, key=lambda deed: deed.at_s)),
        faults=faults_of(chance, seed, WEEK_S),
        proven=_proven(chance, world),
        skew_s=skew_s,
    )


def _proven(chance: Random, world: dict[str, Any]) -> tuple[str, ...]:
    """Most fleets have ordered before, and know that a search finds what they ordered, where that is so."""
    if world["behaviour"]["order_visible_after"] == "never" or chance.random() >= SEASONED:
        return ()
    return tuple(sorted({one["product"] for one in world["instances"]}))
