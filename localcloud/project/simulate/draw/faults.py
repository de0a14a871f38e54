"""Random misfortune: a little everywhere, some places that are looked for, and storms."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from random import Random
from typing import Any

from localcloud.project.simulate.draw.odds import odds_of
from localcloud.project.simulate.draw.sizes import Size
from localcloud.project.simulate.misfortunes import Faults, Focus, Storm
from localcloud.project.simulate.places import pairs, troubles_of
from localcloud.project.simulate.script import Deed

NOTHING: tuple[dict[str, float], bool] = {}, False
CALM, USUAL, WILD = 0.0, 0.004, 0.03
HOUR = 3600.0
UNFOCUSED, ABOUT_ORDERS = 0.12, 0.4
SOON, UNHEARD, PAUSED = ("30s", "10m", "30m"), 0.7, 0.15
DOORS = {"alert": "on_alert", "request": "on_request"}
OFTEN_PASSED = (
    *(f"on_schedule {call} " for call in ("get", "list marks", "list pointers", "list fleet", "put fleet")),
    *("look get record ", "look get fleet record ", "look get pointer ", "settle get record ", "timer "),
)
"""What begins like this is met often enough by chance."""
AT_DOORS, ELSEWHERE = 1, 2
SELDOM_PASSED = {
    0: "on_alert StartExecution, on_request StartExecution, on_request tell, on_alert tell",
    2: "on_alert put fleet record, on_alert get epoch, on_request put item, on_request put epoch",
    4: "on_alert put epoch, on_request DescribeInstances, on_request GetMetadataAmount",
    8: "on_request DescribeInstanceQps",
    5: "look tell, look DescribeInstances, submit DescribeInstanceQps",
}
"""How likely trouble is sought at a place, in proportion. What a door does last is struck whenever it comes so far."""
MOSTLY = (1, 1, 1, 2, 4)
"""How often what is sought strikes."""
WITHOUT_ANSWER = ("reply lost", "5xx after", "timed out", "killed after", "stalled", "stalled")
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


def faults_of(chance: Random, week_s: float, world: Mapping[str, Any], deeds: Sequence[Deed], size: Size) -> Faults:
    """Draw what goes wrong in a week."""
    rate = chance.choice((CALM, *[USUAL] * 7, WILD))
    storms = []
    for _ in range(chance.choice((0, 0, 1, 2))):
        calls, trouble, likely, longest = chance.choice(STORMS)
        start = chance.uniform(0, week_s)
        lasts = chance.uniform(60.0, longest)
        storms.append(Storm(start_s=start, end_s=start + lasts, calls=calls, trouble=trouble, chance=likely))
    odds, is_last = odds_of(chance, size.struck) if rate else NOTHING
    # Whatever strikes a door sooner keeps it from its last calls.
    knocked: set[str] = set() if is_last else {deed.do for deed in deeds}
    foci = () if chance.random() < UNFOCUSED else tuple(_foci(chance, knocked, size.sought))
    foci += tuple(_about_attempts(chance, world, deeds))
    return Faults(rate=rate, odds=odds, foci=foci, storms=tuple(storms), until_s=week_s)


def _about_attempts(chance: Random, world: Mapping[str, Any], deeds: Sequence[Deed]) -> Iterator[Focus]:
    """What becomes of the call that orders, where the world or somebody who waits for it makes it matter most."""
    awaited = {deed.what for deed in deeds if deed.do == "ambush"}
    trouble = ""
    if "doubt cleared" in awaited:
        trouble = "request lost"
    elif "unanswered" in awaited:
        trouble = "reply lost"
    elif world["behaviour"]["order_visible_after"] == "30m" and world["behaviour"]["apply_takes"] == "25m":
        trouble = "stalled"
    elif world["behaviour"]["order_visible_after"] in SOON and chance.random() < UNHEARD:
        trouble = chance.choice(WITHOUT_ANSWER)
    elif chance.random() < PAUSED:
        trouble = "stalled"
    if trouble:
        for order in ("submit UpdateInstance", "submit ModifyInstanceSpec"):
            yield Focus(site=order, trouble=trouble, most=2)


@cache
def _sought() -> tuple[tuple[str, str], ...]:
    """Pairs of place and trouble, as often as they are to be sought."""
    sought = [pair for pair in pairs() if not f"{pair[0]} ".startswith(OFTEN_PASSED)]
    times = {site: more for more, sites in SELDOM_PASSED.items() for site in sites.split(", ")}
    doors = tuple(f"{door} " for door in DOORS.values())
    usual = {site: AT_DOORS if site.startswith(doors) else ELSEWHERE for site, _ in sought}
    return tuple(pair for pair in sought for _ in range(times.get(pair[0], usual[pair[0]])))


def _foci(chance: Random, what: set[str], many: int) -> Iterator[Focus]:
    """What is sought in a week: pairs of place and trouble, at no door where nobody knocks, and one about an order."""
    shut = tuple(f"{door} " for deed, door in DOORS.items() if deed not in what)
    for site, trouble in chance.sample([pair for pair in _sought() if not pair[0].startswith(shut)], many):
        yield Focus(site=site, trouble=trouble, most=chance.choice(MOSTLY))
    if chance.random() >= ABOUT_ORDERS:
        return
    order = chance.choice(("submit UpdateInstance", "submit ModifyInstanceSpec", "submit put record", "flow Submit"))
    yield Focus(site=order, trouble=chance.choice(troubles_of(order)), most=chance.choice(MOSTLY))
