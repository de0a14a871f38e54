"""Random misfortune: a little everywhere, some places that are looked for, and storms."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from localcloud.project.simulate.misfortunes import Faults, Focus, Storm
from localcloud.project.simulate.places import pairs, troubles_of

CALM, USUAL, WILD = 0.0, 0.004, 0.03
HOUR = 3600.0
FOCI, UNFOCUSED, ABOUT_ORDERS = 12, 0.15, 0.4
MOSTLY = (1, 1, 1, 2, 4)
"""How often what is sought strikes."""
STORMS = (
    ("vendor", "throttled", 1.0, 1800.0),
    ("vendor", "answer lost", 0.7, 900.0),
    ("bucket", "answer lost", 1.0, 600.0),
    ("bucket", "request lost", 1.0, 600.0),
    ("bucket", "throttled", 0.8, 600.0),
    ("bucket", "5xx", 1.0, 1200.0),
    ("timer", "lost", 1.0, 5400.0),
    ("flow Look", "refused", 1.0, 900.0),
    ("flow Look", "exhausted", 1.0, 900.0),
    ("tell", "refused", 1.0, 7200.0),
)


def faults_of(chance: Random, seed: int, week_s: float) -> Faults:
    """Draw what goes wrong in the week of a seed."""
    rate = chance.choice((CALM, USUAL, USUAL, USUAL, USUAL, WILD))
    storms = []
    for _ in range(chance.choice((0, 0, 1, 2))):
        calls, trouble, odds, longest = chance.choice(STORMS)
        start = chance.uniform(0, week_s)
        lasts = chance.uniform(60.0, longest)
        storms.append(Storm(start_s=start, end_s=start + lasts, calls=calls, trouble=trouble, chance=odds))
    foci = () if chance.random() < UNFOCUSED else tuple(_foci(chance, seed))
    return Faults(rate=rate, foci=foci, storms=tuple(storms), until_s=week_s)


def _foci(chance: Random, seed: int) -> Iterator[Focus]:
    """What is sought in the week of a seed: every pair of place and trouble in turn, and one about an order."""
    everything = pairs()
    for number in range(FOCI):
        site, trouble = everything[(seed * FOCI + number) % len(everything)]
        yield Focus(site=site, trouble=trouble, most=chance.choice(MOSTLY))
    if chance.random() >= ABOUT_ORDERS:
        return
    order = chance.choice(("submit UpdateInstance", "submit ModifyInstanceSpec", "submit put record", "flow Submit"))
    yield Focus(site=order, trouble=chance.choice(troubles_of(order)), most=chance.choice(MOSTLY))
