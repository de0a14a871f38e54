"""Prices that do not rise with the ladder, and rungs that the limit on cost forbids."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from tidegate.domain.faults import Where
from tidegate.policyfile.warnings.cautions import Caution, Spare

RAISE = "raise the limit, or name a cheaper rung"


def money_cautions(spare: Spare) -> Iterator[Caution]:
    """What is dearer below than above, or wanted and too dear."""
    policy = spare.policy
    for index, (below, above) in enumerate(pairwise(policy.ladder), start=1):
        if below.hourly_price and above.hourly_price and above.hourly_price <= below.hourly_price:
            why = f"`{above.rung}` costs {above.hourly_price:g} an hour, no more than `{below.rung}` below it"
            yield Caution(("ladder", index), why, "check `hourly_price` of both")
    if (hard := policy.cost.hard) is None:
        return
    prices = {rung.rung: rung.hourly_price or 0.0 for rung in policy.ladder}
    if prices[floor := policy.rungs.names[spare.floor]] > hard:
        why = f"{hard:g} is below what `{floor}` costs ({prices[floor]:g}), where the instance is when nothing asks"
        yield Caution(("cost", "hard"), why, RAISE)
        return
    for where, rung in _wanted(spare):
        if prices[rung] > hard and policy.rungs.index(rung) <= spare.highest:
            why = f"`{rung}` is never ordered: it costs {prices[rung]:g} an hour, above cost: {{hard: {hard:g}}}"
            yield Caution(where, why, RAISE)


def _wanted(spare: Spare) -> Iterator[tuple[Where, str]]:
    for index, entry in enumerate(spare.policy.timetable):
        yield ("timetable", index, "rung"), entry.rung
    for index, rule in enumerate(spare.policy.alerts):
        if rule.at_least:
            yield ("alerts", index, "at_least"), rule.at_least
