"""The limits a policy sets: rest, budgets, cost, approvals, fit, and what holds over the whole fleet."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator
from typing_extensions import Self

from tidegate.domain.durations import Duration
from tidegate.domain.strict import Strict

MOST_A_DAY = 48
MOST_ORDERS = 500
Price = Annotated[float, Field(gt=0, le=1_000_000, allow_inf_nan=False)]
"""What an instance costs for an hour, in the currency of the account."""


class Cooldown(Strict):
    """Rest after a resize before the next one in that direction."""

    up: Duration = timedelta(minutes=5)
    """Before the next up."""
    down: Duration = timedelta(minutes=55)
    """Before the next down."""


class Budget(Strict):
    """How many resizes may be ordered in a day of the instance's zone. A reversal is one against the one before it.

    The reversals hold downs only: an instance that flaps stays up.
    """

    ups_per_day: int = Field(default=12, ge=0, le=MOST_A_DAY)
    """Ups in a day."""
    downs_per_day: int = Field(default=6, ge=0, le=MOST_A_DAY)
    """Downs in a day."""
    reversals_per_day: int = Field(default=6, ge=0, le=MOST_A_DAY)
    """Resizes against the one before them in a day; when they are used up, downs are held."""


class Cost(Strict):
    """How much the instance may cost for an hour: above `soft` a person is asked, above `hard` nothing is ordered."""

    soft: Price | None = None
    """A rung above it is asked of a person."""
    hard: Price | None = None
    """A rung above it is never ordered."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.soft is not None and self.hard is not None and self.soft > self.hard:
            raise ValueError(f"`soft` {self.soft:g} is above `hard` {self.hard:g}, so it would never ask")
        return self


class Approval(Strict):
    """Which resizes a person must approve, and for how long an approval (and the question) stands."""

    when: tuple[Literal["up", "down"], ...] = ()
    """The directions that a person must approve with `tidegate approve`."""
    expires: Duration = timedelta(hours=24)
    """How long the question, and the yes, stand."""

    @field_validator("when", mode="before")
    @classmethod
    def _list(cls, when: Any) -> Any:
        return (when,) if isinstance(when, str) else when


class Fit(Strict):
    """How a downgrade is checked against what is in use: the peak of the last while, and room to spare."""

    headroom: int = Field(default=0, ge=0, le=400)
    """Percent of what is in use that must remain free on the smaller rung."""
    peak_over: Duration = timedelta(hours=1)
    """Of metrics the peak of this span counts: 5m to 24h."""

    @field_validator("peak_over")
    @classmethod
    def _span(cls, span: timedelta) -> timedelta:
        if not timedelta(minutes=5) <= span <= timedelta(days=1):
            raise ValueError("a duration of 5m to 24h")
        return span


class DriftRule(Strict):
    """What a resize by somebody else becomes: a hold, an override for a while, or the new home."""

    action: Literal["hold", "keep", "adopt"] = "hold"
    keep_for: Duration | None = None
    """How long the size that somebody else ordered is kept."""

    @model_validator(mode="before")
    @classmethod
    def _written(cls, given: Any) -> Any:
        """Accept `hold`, `adopt` and `{keep_for: 12h}`."""
        if isinstance(given, str):
            return {"action": given}
        if isinstance(given, dict) and "keep_for" in given and "action" not in given:
            return {**given, "action": "keep"}
        return given

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if (self.action == "keep") != (self.keep_for is not None):
            raise ValueError("write `hold`, `adopt` or `{keep_for: 12h}`")
        return self


class Deadlines(Strict):
    """When a person is told again; the following of an order does not stop there."""

    apply: Duration = timedelta(hours=2)
    """How long an order may take to be applied."""
    unpaid: Duration = timedelta(hours=24)
    """How long an order may stand unpaid."""
    switchover: Duration = timedelta(hours=25)
    """How long the vendor may wait for a person to press Switch."""


class FleetLimits(Strict):
    """How many orders may be under way at once, and be begun in any hour, over all instances of the policy."""

    orders_at_once: int = Field(default=3, ge=1, le=MOST_ORDERS)
    """Orders that are under way at the same time."""
    orders_per_hour: int = Field(default=12, ge=1, le=MOST_ORDERS)
    """Orders that are begun in any hour."""
