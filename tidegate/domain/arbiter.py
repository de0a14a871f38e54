"""Which rung is wanted: an unexpired override, else the highest of home, timetable and open alert demands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple

from tidegate.domain.measures import Measure
from tidegate.domain.reading import Spec
from tidegate.domain.state import Demand, Override, State
from tidegate.domain.terms import Terms
from tidegate.domain.timetable import Wish

AS_FOUND = "as found"
"""Stands for a rung's name where an instance off the ladder was adopted, and nothing asks for a rung."""
MOMENT = "%Y-%m-%d %H:%MZ"
STALE_AFTER = timedelta(hours=24)
"""An alert older than this says nothing of now; CloudMonitor and SMQ deliver within a day (facts fc 2.3, 2.5)."""


class Wanted(NamedTuple):
    """The rung that is wanted, and everything that had a say. A tuple, since every decision makes one, or several."""

    rung: str
    why: str
    home: str
    timetable: Wish | None
    demands: tuple[Demand, ...]
    override: Override | None
    clamped_from: str = ""
    since: datetime | None = None
    """Since when whoever won has wanted it; None of home, which wants it since ever."""
    doubted: tuple[str, ...] = ()
    """Demands that ask for more than they are given, since their metric does not bear them out: why not."""
    unmeasured: bool = False
    """Whether one of these could not be measured at all."""
    granted: tuple[int, ...] = ()
    """For each of `demands` the place on the ladder that it gets; -1 for none."""

    def says(self) -> str:
        """All that had a say, in one line for people."""
        alerts = ", ".join(f"{demand.rung} ({demand.rule})" for demand in self.demands) or "none"
        timetable = f"{self.timetable.rung} ({self.timetable.why})" if self.timetable else "none"
        override = f"{self.override.rung} {ends(self.override)}" if self.override else "none"
        return f"home {self.home}; timetable {timetable}; alerts {alerts}; override {override}"


def ends(override: Override) -> str:
    """When an override ends, in a phrase."""
    return f"until {override.until:{MOMENT}}" if override.until else "until it is released"


def open_demands(terms: Terms, state: State, now: datetime) -> tuple[Demand, ...]:
    """The demands that still count, of rules and rungs that the policy still has."""
    release_after, forget_after = terms.release_after, terms.policy.forget_after
    return tuple(
        demand
        for demand in state.demands
        if demand.rule in release_after
        and demand.rung in terms.ladder
        and now < demand.ends(release_after[demand.rule], forget_after)
    )


def kept_demands(terms: Terms, state: State, now: datetime) -> tuple[Demand, ...]:
    """The demands to remember: those that count, and those that ended so lately that a late alert may speak of them.

    Without them a firing that arrives after its own OK was let go of would open a demand that nothing ends.
    """
    counting = open_demands(terms, state, now)
    return tuple(
        demand if demand.is_over is (demand not in counting) else replace(demand, is_over=not demand.is_over)
        for demand in state.demands
        if demand in counting
        or (demand.rule in terms.rules and demand.rung in terms.ladder and now - demand.last_heard_at <= STALE_AFTER)
    )


def open_override(terms: Terms, state: State, now: datetime) -> Override | None:
    """The override that still counts."""
    override = state.override
    if override is None or (override.until is not None and now >= override.until):
        return None
    return override if override.rung in terms.ladder else None


def wanted(
    terms: Terms,
    state: State,
    now: datetime,
    measures: Mapping[str, Measure] | None = None,
    standing: str = "",
) -> Wanted | None:
    """Who wants what, and which rung wins; None before first contact told what home is.

    An alert only ever raises; a person's override may lower. Whatever wins is held between `min` and `max`. Where
    `measures` are given, a demand of a rule with `confirm` gets no more than the rung the instance is on (`standing`),
    unless its metric bears it out; one that was never borne out gets nothing.
    """
    ladder, policy = terms.ladder, terms.policy
    home = state.home if policy.base == "keep" else policy.base
    if home not in ladder and not state.found:
        return None
    if home in ladder:
        best, why = ladder.index(home), "home" if policy.base == "keep" else "base"
    else:
        best, why = _as_found(terms, state, standing), ADOPTED
    since: datetime | None = None
    wish, override = terms.timetable.wish(now), open_override(terms, state, now)
    if wish is not None and ladder.index(wish.rung) > best:
        best, why, since = ladder.index(wish.rung), wish.why, wish.since
    demands = tuple(demand for demand in open_demands(terms, state, now) if demand.fired) if state.demands else ()
    doubts: list[tuple[str, bool]] = []
    granted = tuple(_granted(terms, demand, measures, standing, doubts) for demand in demands)
    for demand, place in zip(demands, granted, strict=True):
        if place > best:
            best, why, since = place, demand.rule, demand.opened_at
    if override:
        best, why, since = ladder.index(override.rung), f"override by {override.by} {ends(override)}", override.at
        doubts = []
    asked = AS_FOUND if why is ADOPTED else ladder.names[best]
    rung = AS_FOUND if why is ADOPTED else ladder.names[terms.clamp(best)]
    return Wanted(
        rung,
        why,
        home,
        wish,
        demands,
        override,
        clamped_from=asked if rung != asked else "",
        since=since,
        doubted=tuple(doubt for doubt, _ in doubts),
        unmeasured=any(is_unmeasured for _, is_unmeasured in doubts),
        granted=granted,
    )


ADOPTED = "what was adopted"


def _as_found(terms: Terms, state: State, standing: str) -> int:
    """The highest place on the ladder that what was adopted is no less than; -1 once it has left for a rung."""
    has_left = (standing or state.rung) in terms.ladder
    return -1 if has_left else terms.ladder.standing(state.found) - 1


def _granted(
    terms: Terms,
    demand: Demand,
    measures: Mapping[str, Measure] | None,
    standing: str,
    doubts: list[tuple[str, bool]],
) -> int:
    """The place on the ladder that a demand gets, -1 for none; why it gets less than it asks for goes to `doubts`."""
    ladder, place = terms.ladder, terms.ladder.index(demand.rung)
    if measures is None:
        return -1 if terms.rules[demand.rule].confirm and demand.confirmed_at is None else place
    if (doubt := why_not(terms, demand, measures)) is None:
        return place
    most = ladder.index(standing) if demand.confirmed_at and standing in ladder else -1
    if place > most:
        doubts.append(doubt)
    return min(place, most)


def why_not(terms: Terms, demand: Demand, measures: Mapping[str, Measure]) -> tuple[str, bool] | None:
    """Why its metric does not bear a demand out, and whether it is that it could not be measured; None if it does."""
    confirm = terms.rules[demand.rule].confirm
    if confirm is None:
        return None
    measure = measures.get(demand.rule)
    if measure is None or measure.value is None:
        trouble = measure.trouble if measure else "it was not read"
        return f"alert {demand.rule} is not borne out: {confirm.metric} could not be read ({trouble})", True
    if measure.value > confirm.above:
        return None
    return (
        f"alert {demand.rule} is not borne out: {confirm.metric} {measure.value:g} is not above {confirm.above:g}",
        False,
    )


def to_measure(terms: Terms, state: State, now: datetime) -> tuple[str, ...]:
    """The rules whose metric has to be read before anything is decided: those that ask for more than there is."""
    if not state.demands or not any(rule.confirm for rule in terms.rules.values()):
        return ()
    standing = terms.ladder.index(state.rung) if state.rung in terms.ladder else -1
    return tuple(
        demand.rule
        for demand in open_demands(terms, state, now)
        if demand.fired
        and terms.rules[demand.rule].confirm
        and (demand.confirmed_at is None or terms.ladder.index(demand.rung) > standing)
    )


def differs(ladder_fields: tuple[str, ...], one: Spec, other: Spec) -> bool:
    """Whether two specs differ in a field that rungs name."""
    return any(one.get(field) != other.get(field) for field in ladder_fields)
