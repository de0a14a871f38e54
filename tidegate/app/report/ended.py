"""What had wanted more until lately: why a downgrade is wanted now."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from tidegate.domain.arbiter import open_demands, open_override
from tidegate.domain.state import State
from tidegate.domain.terms import Terms

LATELY = timedelta(days=2)
"""A downgrade waits for cooldowns, windows and people: so far back its cause is looked for."""


def ended(terms: Terms, known: State, wanted: str, now: datetime) -> str:
    """What wanted more than `wanted` and has ended last, in a phrase: `office ended`; empty where nobody knows.

    `known` is the state as the ledger has it: what has ended since its last record is still in there.
    """
    last = last_end(terms, known, wanted, now)
    return f"{last[1]} ended" if last else ""


def last_end(terms: Terms, known: State, wanted: str, now: datetime) -> tuple[datetime, str] | None:
    """When what wanted more than `wanted` and has ended last did so, and what it was; None where nobody knows."""
    place = terms.ladder.index(wanted)
    more = ((at, what) for at, rung, what in _ends(terms, known, now) if terms.ladder.index(rung) > place)
    return max(more, default=None)


def _ends(terms: Terms, known: State, now: datetime) -> Iterator[tuple[datetime, str, str]]:
    """When what ended, and the rung it had wanted."""
    override, policy = known.override, terms.policy
    if override and override.until and open_override(terms, known, now) is None and override.rung in terms.ladder:
        yield override.until, override.rung, f"the override by {override.by}"
    is_open = {demand.rule for demand in open_demands(terms, known, now)}
    for demand in known.demands:
        if demand.fired and demand.rule not in is_open and demand.rung in terms.ladder and demand.rule in terms.rules:
            at = demand.ends(policy.releases_after(demand.rule), policy.forget_after)
            yield at, demand.rung, f"alert {demand.rule}"
    before = terms.timetable.wish(now - LATELY)
    for at, wish in terms.timetable.changes(now - LATELY, now):
        if before is not None:
            yield at, before.rung, before.name
        before = wish
