"""What an instance cost by the policy's prices, against always standing on the highest rung it may have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from tidegate.app.report.course import Stretch
from tidegate.app.report.wishes import HOUR, MONEY
from tidegate.domain.policy import InstancePolicy


@dataclass(frozen=True)
class AgainstTop:
    """What an instance's hours cost by the policy's prices, against the same hours on the highest rung it may have."""

    instance: str
    hours: float
    """Of which it is known where it stood."""
    hours_unknown: float
    cost: float | None
    """None where a rung that it stood on, or the highest, has no price in the policy, or no hour is known."""
    cost_at_top: float | None
    top: str
    """The highest rung, by the newest policy of that time."""

    @property
    def saved(self) -> float | None:
        """How much less that is than always at the top."""
        return None if self.cost is None or self.cost_at_top is None else round(self.cost_at_top - self.cost, MONEY)


def against_top(policy: InstancePolicy, stretches: Sequence[Stretch], begin: datetime, end: datetime) -> AgainstTop:
    """Reckon a span by where the ledger says that the instance stood, and the prices of then."""
    hours, unknown = timedelta(0), timedelta(0)
    costs: list[tuple[float | None, float | None]] = []
    top = policy.highest
    for stretch in stretches:
        span = min(stretch.end, end) - max(stretch.begin, begin)
        if span <= timedelta(0):
            continue
        top = stretch.terms.policy.highest
        if not stretch.rung:
            unknown += span
            continue
        hours += span
        costs.append((_cost(stretch.price(stretch.rung), span), _cost(stretch.price(top), span)))
    cost, at_top = _total([one for one, _ in costs]), _total([other for _, other in costs])
    return AgainstTop(policy.name, round(hours / HOUR, 2), round(unknown / HOUR, 2), cost, at_top, top)


def _cost(price: float | None, span: timedelta) -> float | None:
    return None if price is None else price * (span / HOUR)


def _total(costs: Sequence[float | None]) -> float | None:
    known = [cost for cost in costs if cost is not None]
    return round(sum(known), MONEY) if known and len(known) == len(costs) else None
