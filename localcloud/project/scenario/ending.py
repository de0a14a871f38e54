"""How a scenario must end: rungs, orders, holds, messages, and what must never have been."""

from __future__ import annotations

from datetime import time, timedelta
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator
from typing_extensions import Self

from tidegate.domain.durations import Duration
from tidegate.domain.operation import Outcome
from tidegate.domain.strict import Strict

ABOUT = timedelta(minutes=10)


class OrderExpected(Strict):
    """One order at the vendor, and how its operation must end. `at` is when it is placed, give or take `within`."""

    instance: str
    start: Annotated[str, Field(alias="from")]
    end: Annotated[str, Field(alias="to")]
    at: str = ""
    within: Duration = ABOUT
    outcome: Outcome = Outcome.RESIZED


class HoldExpected(Strict):
    """A hold that must have been recorded, with a reason that people can read."""

    instance: str = ""
    code: str
    saying: str = ""


class MessageExpected(Strict):
    """A message that people must have been sent; `times` at the least."""

    kind: Literal["resized", "failed", "held", "needs-person"] | None = None
    instance: str = ""
    channel: str = ""
    saying: str = ""
    times: int = Field(default=1, ge=1)


class Never(Strict):
    """Something that must not have happened: one of `ordered`, `below`, `above`, `held`, `told`.

    `below` and `above` are about the rung that the instance itself reports. `from` and `until` bound it in time,
    `between` and `outside` by the wall clock of every day.
    """

    instance: str = ""
    ordered: Literal["up", "down", "any"] | None = None
    below: str = ""
    above: str = ""
    held: str = ""
    """The code of a hold."""
    told: str = ""
    """Words of a message."""
    since: Annotated[str, Field(alias="from")] = ""
    until: str = ""
    between: tuple[time, time] | None = None
    outside: tuple[time, time] | None = None

    @field_validator("between", "outside", mode="before")
    @classmethod
    def _wall_clock(cls, pair: Any) -> Any:
        if pair is not None and not (isinstance(pair, list) and all(isinstance(at, str) for at in pair)):
            raise ValueError('two local wall-clock times such as ["08:30", "20:00"]')
        return pair

    @model_validator(mode="after")
    def _one(self) -> Self:
        said = [name for name in ("ordered", "below", "above", "held", "told") if getattr(self, name)]
        if len(said) != 1:
            raise ValueError("write exactly one of ordered, below, above, held, told")
        if (self.below or self.above) and not self.instance:
            raise ValueError("name the `instance` that must not be seen there")
        return self


class Expect(Strict):
    """The ending. `orders` are all there may be, in order; the other lists are what there must be among others."""

    rungs: dict[str, str] = Field(min_length=1)
    """The rung that each instance reports at the end, by its name in the policy."""
    orders: tuple[OrderExpected, ...]
    holds: tuple[HoldExpected, ...] = ()
    messages: tuple[MessageExpected, ...] = ()
    never: tuple[Never, ...] = ()
    unsettled: tuple[str, ...] = ()
    """Instances whose operation may still be open at the end."""
