"""What a scenario file says: a story, its steps, and the ending it must come to. Strict: an unknown key is an error."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator
from typing_extensions import Self

from localcloud.faults import Fault
from localcloud.project.scenario.ending import Expect
from tidegate.domain.durations import Duration
from tidegate.domain.signal import AlertState, Verb
from tidegate.domain.strict import Strict, Zone

Formats = Literal["cloudmonitor", "cloudmonitor-smq", "eventbridge", "alertmanager", "arms", "sls"]


class AlertDeed(Strict):
    """An alert rule rings; `times` deliveries of the same ringing. Gateways' alerts name no instance."""

    rule: str = ""
    rule_id: str = ""
    instance: str = ""
    state: AlertState = AlertState.FIRING
    format: Formats = "cloudmonitor"
    value: float | None = None
    times: int = Field(default=1, ge=1, le=50)

    @model_validator(mode="after")
    def _named(self) -> Self:
        if not self.rule and not self.rule_id:
            raise ValueError("name the alert rule by `rule` (its name) or by `rule_id`")
        return self


class RequestDeed(Strict):
    """A person, by name, asks for something with `tidegate VERB INSTANCE`."""

    verb: Verb
    instance: str = ""
    fleet: bool = False
    """Of a pause or its end: every instance."""
    by: str = "li@example"
    to: str = ""
    lasts: Annotated[Duration | None, Field(alias="for")] = None
    until: str = ""
    """A time as the steps write theirs."""
    despite: tuple[str, ...] = ()
    reason: str = ""
    until_released: bool = False
    approval: str = ""
    """Which approval; whatever asks where it is empty."""
    dry_run: bool = False

    @model_validator(mode="after")
    def _whose(self) -> Self:
        if bool(self.instance) == self.fleet:
            raise ValueError("name an `instance`, or write `fleet: true`")
        return self


class HandResize(Strict):
    """A colleague resizes an instance in the console, past Tidegate."""

    instance: str
    to: dict[str, int | bool | str] = Field(min_length=1)
    """Fields of the spec, as the vendor's request names them."""
    by: str = "colleague"


class Use(Strict):
    """An instance is used more, or less."""

    instance: str
    queues: int | None = Field(default=None, ge=0)
    connections: int | None = Field(default=None, ge=0)
    tps: int | None = Field(default=None, ge=0)


class ConsoleDeed(Strict):
    """What only a person at the vendor's console can do, or the load on an instance. Instances by their name."""

    pay: str = ""
    """The instance whose order is paid."""
    cancel_order: str = ""
    switch: str = ""
    """The gateway whose traffic is switched over."""
    resize: HandResize | None = None
    use: Use | None = None
    top_up: float | None = Field(default=None, gt=0)

    @model_validator(mode="after")
    def _one(self) -> Self:
        one_of(self)
        return self


class Deed(Strict):
    """What happens at one step: exactly one of these."""

    alert: AlertDeed | None = None
    request: RequestDeed | None = None
    console: ConsoleDeed | None = None
    fault: Fault | None = None
    """A misfortune, as docs/localcloud.md describes them."""
    lose_ticks: Duration | None = None
    kill: str = ""
    """The instance whose execution dies. A function is killed by the fault `kill-caller`."""
    push: str = ""
    """Another policy file of the folder comes into force."""

    @model_validator(mode="after")
    def _one(self) -> Self:
        one_of(self)
        return self


class Answer(Strict):
    """What the sender of an alert, or a person, must be answered."""

    answer: Literal["resize", "hold", "duplicate", "kept", "rejected", "mistake"]
    saying: str = ""
    code: str = ""


class Step(Strict):
    """One thing that happens. Without `at` it happens together with the step before."""

    at: str = "+0m"
    do: Deed
    say: str = ""
    """A line for people who watch."""
    answer: Answer | None = None

    @field_validator("at", mode="before")
    @classmethod
    def _text(cls, at: Any) -> Any:
        return at if at is None or isinstance(at, str) else str(at)

    @model_validator(mode="after")
    def _answerable(self) -> Self:
        if self.answer and not (self.do.alert or self.do.request):
            raise ValueError("only alerts and requests are answered")
        return self


class Scenario(Strict):
    """One story with an ending."""

    title: str = Field(min_length=1)
    story: str = Field(min_length=1)
    timezone: Zone = "Asia/Shanghai"
    """The zone of every time in this file that says none."""
    every_minute: bool = False
    """Whether the tick runs also in minutes in which nothing is due."""
    steps: tuple[Step, ...] = ()
    until: str
    """When it ends: a time, or `+2h` after the last step."""
    expect: Expect


def one_of(given: Strict) -> None:
    """Raise ValueError unless exactly one key was written."""
    keys = [field.alias or name for name, field in type(given).model_fields.items()]
    said = [name for name in given.model_fields_set if getattr(given, name) not in (None, "")]
    if len(said) != 1:
        raise ValueError(f"write exactly one of {', '.join(keys)}")
