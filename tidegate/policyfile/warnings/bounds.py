"""Rungs that are named and can never count: below home, above `max`, or where nothing can move at all."""

from __future__ import annotations

from collections.abc import Iterator

from tidegate.domain.faults import Where
from tidegate.policyfile.warnings.cautions import Caution, Spare

HIGHER = "name a higher rung, or remove it"


def bound_cautions(spare: Spare) -> Iterator[Caution]:
    """What asks for a rung that it would not get, or has anyway."""
    policy = spare.policy
    if policy.base != "keep" and not spare.lowest <= policy.rungs.index(policy.base) <= spare.highest:
        why = f"`{policy.base}` is outside of min and max, so that home is `{policy.rungs.names[spare.floor]}`"
        yield Caution(("base",), why, "write that, or change `min` and `max`")
    for index, entry in enumerate(policy.timetable):
        yield from _never(spare, entry.rung, ("timetable", index, "rung"))
    for index, rule in enumerate(policy.alerts):
        if rule.at_least:
            yield from _never(spare, rule.at_least, ("alerts", index, "at_least"))
        elif spare.floor == spare.highest:
            only = policy.rungs.names[spare.highest]
            why = f"never raises anything: it is never below `{only}`, and never above"
            yield Caution(("alerts", index), why, "remove it, or leave room between home and `max`")


def _never(spare: Spare, rung: str, where: Where) -> Iterator[Caution]:
    ladder = spare.policy.rungs
    place, floor = ladder.index(rung), ladder.names[spare.floor]
    if place > spare.highest:
        why = f"`{rung}` is above max: `{spare.policy.max}`, and is had as that"
        yield Caution(where, why, "name a rung up to `max`, or raise `max`")
    elif place <= spare.floor:
        yield Caution(where, f"`{rung}` never counts: the instance is never below `{floor}` anyway", HIGHER)
