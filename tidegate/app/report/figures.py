"""The figures that guards went by: what is in use, what was measured, what is left of budgets and of the fleet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from tidegate.domain.measures import Measure, Use
from tidegate.domain.observed import Observed
from tidegate.domain.reading import Direction
from tidegate.domain.state import State
from tidegate.domain.terms import Terms
from tidegate.domain.verdict import Case, Hold


@dataclass(frozen=True)
class Share:
    """How much of a limit is used."""

    what: str
    used: int
    most: int


@dataclass(frozen=True)
class Figures:
    """What is not known, or was not looked at since nothing hung on it, is empty."""

    in_use: tuple[Use, ...] = ()
    """Against what the smaller rung would leave."""
    in_use_trouble: str = ""
    measures: Mapping[str, Measure] = field(default_factory=dict)
    """By alert rule."""
    budget: tuple[Share, ...] = ()
    fleet: tuple[Share, ...] = ()
    hourly_price_before: float | None = None
    hourly_price_after: float | None = None

    def says(self) -> Iterator[str]:
        """In phrases for people; a limit of which nothing is used, or what could not be read, is not worth one."""
        if self.in_use:
            yield "in use " + ", ".join(f"{use.what} {use.used} of {use.remains}" for use in self.in_use)
        for rule, measure in self.measures.items():
            yield from (f"{rule} {measure.metric} {measure.value:g}",) if measure.value is not None else ()
        for shares, whose in ((self.budget, "today "), (self.fleet, "fleet ")):
            used = ", ".join(f"{share.what} {share.used} of {share.most}" for share in shares if share.used)
            yield from (f"{whose}{used}",) if used else ()
        if self.hourly_price_before is not None and self.hourly_price_after is not None:
            yield f"{self.hourly_price_before:g} -> {self.hourly_price_after:g} an hour"


def figures(terms: Terms, state: State, observed: Observed, case: Case | Hold, now: datetime) -> Figures:
    """What a decision of this moment went by."""
    usage, fleet = observed.usage, observed.fleet
    shares = (
        (
            Share("orders under way", fleet.at_once, fleet.limits.orders_at_once),
            Share("orders in an hour", fleet.in_hour, fleet.limits.orders_per_hour),
        )
        if fleet
        else ()
    )
    return Figures(
        in_use=usage.uses if usage else (),
        in_use_trouble=usage.trouble if usage else "",
        measures=observed.measures,
        budget=budget(terms, state, now),
        fleet=shares,
        hourly_price_before=case.start.hourly_price if isinstance(case, Case) else None,
        hourly_price_after=case.end.hourly_price if isinstance(case, Case) else None,
    )


def budget(terms: Terms, state: State, now: datetime) -> tuple[Share, ...]:
    """How much of the day's budgets was used by then."""
    of_today = [one for one in state.spent if terms.day(one.at) == terms.day(now)]
    limits, ups = terms.policy.budget, sum(1 for one in of_today if one.direction is Direction.UP)
    return (
        Share("ups", ups, limits.ups_per_day),
        Share("downs", len(of_today) - ups, limits.downs_per_day),
        Share("reversals", sum(1 for one in of_today if one.is_reversal), limits.reversals_per_day),
    )
