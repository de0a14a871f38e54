"""Who wants which rung, and why: every claim on an instance in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tidegate.domain.arbiter import AS_FOUND, MOMENT, Wanted, ends, why_not
from tidegate.domain.measures import Measure
from tidegate.domain.state import Demand, State
from tidegate.domain.terms import Terms


@dataclass(frozen=True)
class Claim:
    """Who wants a rung, and why; an empty rung is no claim."""

    who: str
    rung: str
    why: str = ""


def claims(terms: Terms, state: State, want: Wanted | None, measures: Mapping[str, Measure] | None) -> Iterator[Claim]:
    """Home, timetable, alerts and override. `measures` is None where they are not those of the moment asked about."""
    if want is None:
        return
    policy = terms.policy
    yield Claim("home" if policy.base == "keep" else "base", want.home or AS_FOUND)
    wish = want.timetable
    yield Claim("timetable", wish.rung if wish else "", wish.why if wish else "")
    for demand in want.demands:
        yield Claim("alerts", demand.rung, _alert(terms, demand, measures))
    if not want.demands:
        yield Claim("alerts", "")
    override = want.override
    why = f"by {override.by} {ends(override)}" if override else ""
    despite = f", despite {', '.join(override.despite)}" if override and override.despite else ""
    if override and despite and state.was_brought_to(want.rung, override.at):
        despite += " until it was there"
    reason = f": {override.reason}" if override and override.reason else ""
    yield Claim("override", override.rung if override else "", f"{why}{despite}{reason}")


def _alert(terms: Terms, demand: Demand, measures: Mapping[str, Measure] | None) -> str:
    """Since when a rule rings, since when it does not any more, and whether its metric bears it out."""
    ended = f", OK since {demand.ok_at:{MOMENT}}" if demand.ok_at else ""
    return f"{demand.rule} since {demand.opened_at:{MOMENT}}{ended}{_borne_out(terms, demand, measures)}"


def _borne_out(terms: Terms, demand: Demand, measures: Mapping[str, Measure] | None) -> str:
    if terms.rules[demand.rule].confirm is None:
        return ""
    doubt = why_not(terms, demand, measures) if measures is not None and demand.rule in measures else None
    if doubt is not None:
        return f", {doubt[0].removeprefix(f'alert {demand.rule} is ')}"
    if demand.confirmed_at is None:
        return ", not borne out yet"
    return f", borne out since {demand.confirmed_at:{MOMENT}}"
