"""What an operator wants, for one instance: strict, and complete once profiles are merged in.

The parts stand in modules of their own: `when` (times), `alertrule`, `limits`.
"""

from __future__ import annotations

from datetime import timedelta
from functools import cached_property
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator
from typing_extensions import Self

from tidegate.domain.alertrule import AlertRule
from tidegate.domain.durations import Duration
from tidegate.domain.faults import Faulty, faults_of
from tidegate.domain.ladder import Ladder, Rung
from tidegate.domain.limits import Approval, Budget, Cooldown, Cost, Deadlines, DriftRule, Fit, Price
from tidegate.domain.reading import Billing, Value
from tidegate.domain.strict import Strict, Zone
from tidegate.domain.when import Blackout, Freeze, ResizeWindows, TimetableEntry

NAME = r"^[a-z][a-z0-9-]{0,47}$"
PRICE = "hourly_price"
RESIZE_TAKES = timedelta(minutes=30)
"""How long a resize is reckoned to take where the policy does not say (facts B.1 and B.2 give minutes to hours)."""

REGION = r"^[a-z0-9-]{1,40}$"


class RungSpec(Strict):
    """A rung as it is compiled: its name, the vendor's fields, and what it costs for an hour where that is known."""

    rung: str = Field(min_length=1)
    """What it is called."""
    spec: dict[str, Value]
    hourly_price: Price | None = None
    """What the instance costs for an hour on it, in the currency of the account; `cost` needs it of every rung."""

    @model_validator(mode="before")
    @classmethod
    def _written(cls, given: Any) -> Any:
        """Accept `{rung: small, MaxPrivateTps: 3000}` and, for a gateway, the spec's name alone or with a price."""
        if isinstance(given, str):
            return {"rung": given, "spec": {"InstanceSpec": given}}
        if isinstance(given, dict) and "spec" not in given:
            fields = {key: value for key, value in given.items() if key not in ("rung", PRICE)}
            if not fields and PRICE in given:
                fields = {"InstanceSpec": given.get("rung")}
            priced = {PRICE: given[PRICE]} if PRICE in given else {}
            return {"rung": given.get("rung"), "spec": fields, **priced}
        return given

    @field_validator("spec")
    @classmethod
    def _named(cls, spec: dict[str, Value]) -> dict[str, Value]:
        if not spec:
            raise ValueError("a rung names at least one field of the spec, such as MaxPrivateTps: 3000")
        return spec


class Expect(Strict):
    """What the instance must be for Tidegate to touch it."""

    billing: Billing | None = None
    """How it must be paid."""
    edition: str | None = None
    """What it must be sold as, by the API's word: `professional`, `enterprise`, `vip` (platinum), `serverless`."""


class Channel(Strict):
    """Where people are told: an apprise URL in an environment variable, and what for."""

    url_env: str = Field(pattern=r"^[A-Z][A-Z0-9_]*$")
    """The environment variable with the apprise URL: `TIDEGATE_..._URL`."""
    on: list[Literal["resized", "failed", "held", "needs-person", "summary"]] = ["failed", "needs-person"]
    """What is told there."""
    remind: Duration = timedelta(hours=4)
    """How often a message that needs a person comes again."""


class Calendars(Strict):
    """Whose public holidays and make-up workdays decide what `workdays` are."""

    workdays: dict[Literal["country"], str] = {}
    """`{country: CN}`: the country by its code; Monday to Friday without it."""


class InstancePolicy(Strict):
    """Everything the policy says of one instance."""

    name: str = Field(pattern=NAME)
    product: Literal["rabbitmq", "apigateway"]
    """What it is: ApsaraMQ for RabbitMQ, or a dedicated instance of API Gateway."""
    region: str = Field(pattern=REGION)
    """The vendor's name of its region."""
    instance_id: str = Field(min_length=1)
    """The vendor's id. The same instance may stand in a policy once."""
    ladder: list[RungSpec] = Field(min_length=1)
    """The specs it may have, smallest first."""
    mode: Literal["observe", "act"] = "observe"
    """`act` lets Tidegate order. Until then it looks, decides, and records what it would do."""
    expect: Expect = Expect()
    """What it must be; it is held otherwise."""
    base: str = "keep"
    """The rung it returns to when nothing asks for more; `keep` is the one it was found on, or adopted."""
    min: str = ""
    """The lowest rung that anybody gets; the ladder's first where nothing is said."""
    max: str = ""
    """The highest rung that anybody gets; the ladder's last where nothing is said."""
    timezone: Zone = "UTC"
    """The IANA zone of its wall clock: of timetables, windows, and the day by which budgets count."""
    calendars: Calendars = Calendars()
    """Whose holidays decide what `workdays` and `holidays` are."""
    timetable: list[TimetableEntry] = []
    """When it wants at least which rung."""
    resize_windows: ResizeWindows = ResizeWindows()
    """When resizes may begin."""
    blackouts: list[Blackout] = []
    """When nothing may be resized."""
    freezes: list[Freeze] = []
    """Calendar files of times when nothing may be resized."""
    resize_takes: Duration = RESIZE_TAKES
    """How long a resize is reckoned to take: how early `ready_by` starts."""
    alerts: list[AlertRule] = []
    """What alert rules demand."""
    release_after: Duration = timedelta(minutes=30)
    """How long a demand stays after the alert's OK."""
    forget_after: Duration = timedelta(hours=25)
    """How long a demand stays of which nobody speaks any more; longer than the rules' `silence`."""
    cooldown: Cooldown = Cooldown()
    """Rest after a resize."""
    budget: Budget = Budget()
    """How many resizes a day may have."""
    cost: Cost = Cost()
    """How much it may cost for an hour."""
    approval: Approval = Approval()
    """What a person must approve."""
    fit: Fit = Fit()
    """How a downgrade is checked against what is in use."""
    on_drift: DriftRule = DriftRule()
    """What a resize by somebody else becomes: `hold`, `{keep_for: 12h}` or `adopt`."""
    deadlines: Deadlines = Deadlines()
    """When a person is told again."""
    auto_pay: bool = True
    """Gateway: whether an order is paid from the balance; a person pays it otherwise."""
    switchover: Literal["wait", "skip"] = "wait"
    """Gateway: `skip` asks the vendor not to wait for a person who presses Switch."""
    subscription_down: Literal["ask", "allow"] = "ask"
    """`allow` lets a subscription be downgraded without being asked: refunds do not return vouchers."""
    notify: list[Channel] = []
    """Whom to tell."""

    @field_validator("resize_takes")
    @classmethod
    def _possible(cls, span: timedelta) -> timedelta:
        if not timedelta(0) < span <= timedelta(hours=24):
            raise ValueError("a duration of at most 24h")
        return span

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

    @cached_property
    def rungs(self) -> Ladder:
        """The ladder as a value to reckon with."""
        return Ladder(tuple(Rung(rung.rung, rung.spec, rung.hourly_price) for rung in self.ladder))

    def rule(self, identity: str) -> AlertRule | None:
        """The alert rule of this identity, None where the policy has none."""
        return next((rule for rule in self.alerts if rule.identity == identity), None)

    def releases_after(self, identity: str) -> timedelta:
        """How long a demand of this rule stays after its OK."""
        rule = self.rule(identity)
        return rule.release_after if rule is not None and rule.release_after is not None else self.release_after
