"""What an operator wants, for one instance: strict, and complete once profiles are merged in."""

from __future__ import annotations

from datetime import time, timedelta
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator, model_validator
from typing_extensions import Self

from tidegate.domain.durations import Duration
from tidegate.domain.faults import Faulty, faults_of
from tidegate.domain.ladder import Ladder, Rung
from tidegate.domain.reading import Billing, Value

NAME = r"^[a-z][a-z0-9-]{0,47}$"
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Strict(BaseModel):
    """Unknown keys are errors, and nothing changes after it was read."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class RungSpec(Strict):
    """A rung as it is compiled: its name and the vendor's fields."""

    rung: str = Field(min_length=1)
    spec: dict[str, Value]

    @model_validator(mode="before")
    @classmethod
    def _written(cls, given: Any) -> Any:
        """Accept `{rung: small, MaxPrivateTps: 3000}` and, for a gateway, the bare spec name."""
        if isinstance(given, str):
            return {"rung": given, "spec": {"InstanceSpec": given}}
        if isinstance(given, dict) and "spec" not in given:
            fields = {key: value for key, value in given.items() if key != "rung"}
            return {"rung": given.get("rung"), "spec": fields}
        return given

    @field_validator("spec")
    @classmethod
    def _named(cls, spec: dict[str, Value]) -> dict[str, Value]:
        if not spec:
            raise ValueError("a rung names at least one field of the spec, such as MaxPrivateTps: 3000")
        return spec


class TimetableEntry(Strict):
    """From when to when at least which rung. An entry that crosses midnight belongs to the day it starts on."""

    name: str = ""
    days: Annotated[str | list[str], Field(validate_default=True)] = "daily"
    start: Annotated[time, Field(alias="from")]
    end: Annotated[time, Field(alias="to")]
    rung: str

    @field_validator("days")
    @classmethod
    def _days(cls, days: str | list[str]) -> list[str]:
        """Spell `mon-fri`, `sat`, `daily`, `workdays` out into weekday names; `workdays` stays a word."""
        spelled: list[str] = []
        for item in [days] if isinstance(days, str) else days:
            spelled += _spell(item)
        if not spelled:
            raise ValueError("at least one day, such as daily, workdays, mon-fri or sat")
        return spelled

    @field_validator("start", "end")
    @classmethod
    def _wall_clock(cls, at: time) -> time:
        if at.tzinfo is not None or at.microsecond:
            raise ValueError('a local wall-clock time such as "08:30"; the zone is `timezone`')
        return at

    @model_validator(mode="after")
    def _not_empty(self) -> Self:
        if self.start == self.end != time(0):
            raise ValueError('`from` and `to` are the same time; for a whole day write from: "00:00", to: "24:00"')
        return self

    @field_validator("start", "end", mode="before")
    @classmethod
    def _written(cls, at: Any, info: ValidationInfo) -> Any:
        """`to: "24:00"` is the midnight that ends the day. A bare number would be taken for seconds."""
        if not isinstance(at, (str, time)):
            raise ValueError('a local wall-clock time such as "08:30"')  # noqa: TRY004 - pydantic wants a ValueError
        return "00:00" if at == "24:00" and info.field_name == "end" else at


def _spell(item: str) -> list[str]:
    first, dash, last = item.partition("-")
    if item == "daily":
        return list(WEEKDAYS)
    if item == "workdays":
        return [item]
    if first in WEEKDAYS and not dash:
        return [first]
    if first in WEEKDAYS and last in WEEKDAYS:
        begin, end = WEEKDAYS.index(first), WEEKDAYS.index(last)
        return [WEEKDAYS[(begin + step) % 7] for step in range((end - begin) % 7 + 1)]
    raise ValueError(f"`{item}` is not a day: write daily, workdays, {', '.join(WEEKDAYS)} or a range such as mon-fri")


class AlertRule(Strict):
    """What one alert rule demands while it rings: so many rungs more, or at least a certain rung."""

    rule: str = ""
    rule_id: str = ""
    steps: Annotated[int | None, Field(alias="raise", ge=1, le=20)] = None
    at_least: str | None = None

    @model_validator(mode="after")
    def _one_demand(self) -> Self:
        if bool(self.rule) == bool(self.rule_id):
            raise ValueError("name the alert rule once, by `rule` (its name) or by `rule_id`")
        if (self.steps is None) == (self.at_least is None):
            raise ValueError("say what the rule demands, with either `raise: 1` or `at_least: RUNG`")
        return self

    @property
    def identity(self) -> str:
        """What tells this rule from the instance's other ones."""
        return self.rule_id or self.rule


class Cooldown(Strict):
    """Rest after a resize before the next one in that direction."""

    up: Duration = timedelta(minutes=5)
    down: Duration = timedelta(minutes=55)


class Deadlines(Strict):
    """When a person is told again; the following of an order does not stop there."""

    apply: Duration = timedelta(hours=2)
    unpaid: Duration = timedelta(hours=24)
    switchover: Duration = timedelta(hours=25)


class Expect(Strict):
    """What the instance must be for Tidegate to touch it."""

    billing: Billing | None = None
    edition: str | None = None


class Channel(Strict):
    """Where people are told: an apprise URL in an environment variable, and what for."""

    url_env: str = Field(pattern=r"^[A-Z][A-Z0-9_]*$")
    on: list[Literal["resized", "failed", "held", "needs-person"]] = ["failed", "needs-person"]
    remind: Duration = timedelta(hours=4)


class Calendars(Strict):
    """Whose public holidays and make-up workdays decide what `workdays` are."""

    workdays: dict[Literal["country"], str] = {}


class InstancePolicy(Strict):
    """Everything the policy says of one instance."""

    name: str = Field(pattern=NAME)
    product: Literal["rabbitmq", "apigateway"]
    region: str = Field(pattern=r"^[a-z0-9-]+$")
    instance_id: str = Field(min_length=1)
    ladder: list[RungSpec] = Field(min_length=1)
    mode: Literal["observe", "act"] = "observe"
    expect: Expect = Expect()
    base: str = "keep"
    min: str = ""
    max: str = ""
    timezone: str = "UTC"
    calendars: Calendars = Calendars()
    timetable: list[TimetableEntry] = []
    alerts: list[AlertRule] = []
    release_after: Duration = timedelta(minutes=30)
    forget_after: Duration = timedelta(hours=24)
    cooldown: Cooldown = Cooldown()
    deadlines: Deadlines = Deadlines()
    auto_pay: bool = True
    switchover: Literal["wait", "skip"] = "wait"
    subscription_down: Literal["ask", "allow"] = "ask"
    notify: list[Channel] = []

    @field_validator("timezone")
    @classmethod
    def _zone(cls, zone: str) -> str:
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError(f"`{zone}` is no time zone of the IANA database, such as Asia/Shanghai") from error
        return zone

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if faults := faults_of(self):
            raise Faulty(faults)
        return self

    @property
    def lowest(self) -> str:
        """The lowest rung Tidegate may choose."""
        return self.min or self.ladder[0].rung

    @property
    def highest(self) -> str:
        """The highest rung Tidegate may choose."""
        return self.max or self.ladder[-1].rung

    @property
    def rungs(self) -> Ladder:
        """The ladder as a value to reckon with."""
        return Ladder(tuple(Rung(rung.rung, rung.spec) for rung in self.ladder))
