"""What an alert rule demands, and by which metric it must be borne out."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator
from typing_extensions import Self

from tidegate.domain.durations import Duration
from tidegate.domain.strict import Strict

SILENCE = timedelta(hours=24)
"""CloudMonitor says again that a rule rings only after its silence time, which is a day by default (fact fc 2.3)."""


class Confirm(Strict):
    """The metric that is read again before a demand of this rule moves anything, and what it must be above.

    A callback is no proof: it may be forged, or late. `metric` is by the vendor's name (RabbitMQ: namespace `acs_amqp`,
    fact E) or `qps` for a gateway (`DescribeInstanceQps`, fact A.4).
    """

    metric: str = Field(pattern=r"^[A-Za-z_]{1,64}$")
    """By the vendor's name: `InstanceMaxTpsInMiunte`, ...; `qps` for a gateway."""
    above: float = Field(ge=0, allow_inf_nan=False)
    """The demand counts while the metric is above this."""
    statistic: Literal["Average", "Maximum", "Minimum", "Sum", "Value"] = "Maximum"
    """Which figure of a span counts."""
    period: Duration = timedelta(minutes=1)
    """Over which span it is measured: `15s`, `1m` or `5m`."""
    within: Duration = timedelta(minutes=10)
    """How old the newest point may be."""

    @field_validator("period")
    @classmethod
    def _period(cls, period: timedelta) -> timedelta:
        if period not in (timedelta(seconds=15), timedelta(minutes=1), timedelta(minutes=5)):
            raise ValueError("a duration of 15s, 1m or 5m")
        return period


class AlertRule(Strict):
    """What one alert rule demands while it rings: so many rungs more, or at least a certain rung."""

    rule: str = ""
    """The alert rule's name; this or `rule_id`."""
    rule_id: str = ""
    """The alert rule's id; this or `rule`."""
    steps: Annotated[int | None, Field(alias="raise", ge=1, le=20)] = None
    """So many rungs more than the last settled one; this or `at_least`."""
    at_least: str | None = None
    """At least this rung; this or `raise`."""
    repeat: Literal["hold", "climb"] = "hold"
    """Whether ringing on after the last step has settled asks for one more."""
    urgent: bool = False
    """Whether it need not wait for a resize window."""
    release_after: Duration | None = None
    """How long its demand stays after the OK, where that is not as for the instance."""
    silence: Duration = SILENCE
    """The silence time set on the rule itself; `validate` compares it."""
    confirm: Confirm | None = None
    """The metric that must bear the demand out before it moves anything."""

    @model_validator(mode="after")
    def _one_demand(self) -> Self:
        if bool(self.rule) == bool(self.rule_id):
            raise ValueError("name the alert rule once, by `rule` (its name) or by `rule_id`")
        if (self.steps is None) == (self.at_least is None):
            raise ValueError("say what the rule demands, with either `raise: 1` or `at_least: RUNG`")
        if self.repeat == "climb" and self.steps is None:
            raise ValueError("`repeat: climb` goes with `raise`")
        return self

    @property
    def identity(self) -> str:
        """What tells this rule from the instance's other ones."""
        return self.rule_id or self.rule
