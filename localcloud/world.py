"""The world file: which instances there are, how the vendor behaves, and what goes wrong."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from localcloud.durations import Duration
from localcloud.faults import Fault
from localcloud.nesting import check_nesting
from localcloud.rpc.prices import Prices
from localcloud.rpc.specs import GATEWAY_SPECS, RABBITMQ_FIELDS, SERVERLESS_FIELDS

YEARS = range(1970, 3000)


class BadWorld(ValueError):  # noqa: N818 - reads as what it is
    """A world file that cannot be used: which, where in it, and why."""


class Strict(BaseModel):
    """A part of the world file; a key that it does not know is an error."""

    model_config = ConfigDict(extra="forbid")


class Behaviour(Strict):
    """How the vendor behaves where the documentation leaves it open; docs/localcloud.md explains each switch."""

    update_data: Literal["object", "json-string", "curly-string", "empty"] = "object"
    client_token: Literal["idempotent", "ignored"] = "idempotent"  # noqa: S105 - a word, not a secret
    gateway_token_reuse: Literal["refused", "ignored", "replayed"] = "refused"  # noqa: S105 - likewise
    instance_type_required: bool = True
    omitted_field: Literal["kept", "reset"] = "kept"
    rounding: Literal["none", "up"] = "none"
    new_values_before_completion: bool = False
    status_during_resize: str | None = None
    switchover_status: str = "WAIT_SWITCH"
    switchover: bool = True
    switchover_ends_after: Duration = timedelta(hours=24)
    unpaid_blocks_next: bool = True
    unpaid_ends_after: Duration = timedelta(days=7)
    order_visible_after: Duration | Literal["never"] = timedelta(seconds=30)
    order_config: Literal["full", "none"] = "full"
    status_case: Literal["as-documented", "upper", "lower"] = "as-documented"
    pay_as_you_go_orders: Literal["none", "paid"] = "none"
    wait_for_payment: bool = False
    apply_takes: Duration = timedelta(minutes=6)
    migrating_for: Duration = timedelta(0)
    topic_migrating_refusals: int = Field(default=0, ge=0)
    rolls_back: bool = False
    metrics: Literal["served", "empty", "late"] = "served"
    metric_statistics: Literal["value", "all"] = "value"
    flow_exception_names: Literal["class", "qualified", "FC.Unknown"] = "class"
    flow_wait_passes_input: bool = True
    schedule_input: Literal["wrapped", "payload"] = "wrapped"

    def word(self, text: str) -> str:
        """Write a status word in the case that the world asks for."""
        return {"as-documented": text, "upper": text.upper(), "lower": text.lower()}[self.status_case]


class Usage(Strict):
    """What an instance is used for when the world begins; the console changes it. A gateway's `tps` are requests."""

    queues: int = Field(default=0, ge=0)
    connections: int = Field(default=0, ge=0)
    tps: int = Field(default=0, ge=0)


class Instance(Strict):
    """One instance as it is when the world begins. `spec` is by the names of the vendor's request parameters."""

    product: Literal["rabbitmq", "apigateway"]
    instance_id: str
    region: str = ""
    """The world's where it says none."""
    name: str = ""
    status: str | None = None
    billing: Literal["PRE_PAID", "POST_PAID"] = "PRE_PAID"
    edition: str = ""
    """RabbitMQ: what is bought, such as `enterprise`. Gateway: `VPC_DEDICATED`, or `VPC_SHARED`, which has no size."""
    tags: dict[str, str] = Field(default_factory=dict)
    resource_group: str = ""
    spec: dict[str, int | bool | str] = Field(default_factory=dict)
    usage: Usage = Field(default_factory=Usage)
    behaviour: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _complete(self) -> Instance:
        """Fill in what the world file leaves out, and refuse what nobody sells."""
        Behaviour.model_validate(self.behaviour)
        if self.product == "apigateway":
            self.spec = {"InstanceSpec": "api.s1.small", **self.spec}
            if set(self.spec) != {"InstanceSpec"} or self.spec["InstanceSpec"] not in GATEWAY_SPECS:
                raise ValueError(f"{self.instance_id}: spec must be an InstanceSpec of {', '.join(GATEWAY_SPECS)}")
            return self
        self.edition = self.edition or ("enterprise" if self.billing == "PRE_PAID" else "serverless")
        known = {*RABBITMQ_FIELDS, *SERVERLESS_FIELDS, "InstanceType"}
        if unknown := set(self.spec) - known:
            raise ValueError(f"{self.instance_id}: unknown spec fields {', '.join(sorted(unknown))}")
        kind = {"InstanceType": self.edition} if self.billing == "PRE_PAID" else {}
        self.spec = {**RABBITMQ_FIELDS, **kind, **self.spec}
        return self


class AlarmRule(Strict):
    """One rule of CloudMonitor as it is when the world begins. It is only shown: nobody rings by it here."""

    rule_id: str
    name: str
    namespace: str = "acs_amqp"
    metric: str = "InstanceMaxTpsInMiunte"
    instances: list[str] = Field(default_factory=list)
    """The ids of the instances that it watches; none: all of them."""
    enabled: bool = True
    webhook: str = ""
    targets: list[str] = Field(default_factory=list)
    """The ARNs that are told besides: topics, queues, functions (fact fc 2.4)."""


class Codes(Strict):
    """How BSS names a product."""

    code: str
    type: str


class World(Strict):
    """Everything the world file says."""

    start: datetime | Literal["now"] = "now"
    region: str = "cn-hangzhou"
    account_id: str = "1234567890123456"
    balance: Decimal = Decimal("100000.00")
    prices: Prices = Field(default_factory=Prices)
    product_codes: dict[str, Codes] = Field(
        default_factory=lambda: {
            "rabbitmq": Codes(code="ons", type="ons_onsproxy_pre"),
            "apigateway": Codes(code="apigateway", type="apigateway_dedicated_pre"),
        }
    )
    instances: list[Instance] = Field(default_factory=list)
    alarm_rules: list[AlarmRule] = Field(default_factory=list)
    behaviour: Behaviour = Field(default_factory=Behaviour)
    faults: list[Fault] = Field(default_factory=list)
    stack_resource_takes: Duration = timedelta(seconds=0.2)

    @field_validator("start")
    @classmethod
    def _within_reach(cls, start: datetime | str) -> datetime | str:
        """Refuse a beginning from which nothing could be reckoned, ahead or back."""
        if isinstance(start, datetime) and start.year not in YEARS:
            raise ValueError(f"a year from {YEARS.start} to {YEARS.stop - 1}")
        return start

    @classmethod
    def load(cls, path: Path) -> World:
        """Read a world file. Raises BadWorld with a line for everything that is wrong with it, or OSError."""
        try:
            text = path.read_text("utf-8")
            check_nesting(text)
            return cls.model_validate(yaml.safe_load(text) or {})
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            where = f"{path}:{mark.line + 1}" if mark else f"{path}"
            raise BadWorld(f"{where}: this is no YAML: {getattr(error, 'problem', error)}") from error
        except UnicodeDecodeError as error:
            raise BadWorld(f"{path}: this is no UTF-8 text: byte {error.start}") from error
        except ValidationError as error:
            faults = ((".".join(map(str, each["loc"])) or "the file", each["msg"]) for each in error.errors())
            raise BadWorld("\n".join(f"{path}: {where}: {why}" for where, why in faults)) from error
        except (ValueError, KeyError, AttributeError, OverflowError, RecursionError) as error:
            raise BadWorld(f"{path}: a value cannot be read: {error}") from error

    def behaviour_of(self, instance_id: str) -> Behaviour:
        """Give the behaviour of one instance: its own switches over the world's."""
        own = next((entry.behaviour for entry in self.instances if entry.instance_id == instance_id), {})
        if not own:
            return self.behaviour
        return self.behaviour.model_copy(update=Behaviour.model_validate(own).model_dump(exclude_unset=True))

    def region_of(self, instance_id: str) -> str:
        """Give the region of one instance."""
        own = next((entry.region for entry in self.instances if entry.instance_id == instance_id), "")
        return own or self.region

    def begins_at(self, now: datetime) -> datetime:
        """Give the moment the world begins; `now` is the machine's."""
        return now if self.start == "now" else self.start.astimezone(timezone.utc)
