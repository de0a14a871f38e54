"""ApsaraMQ for RabbitMQ: facts A.1, A.2, B.1 and D.2."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from tidegate.aliyun.client import Aliyun
from tidegate.aliyun.codes import AMQP
from tidegate.aliyun.errors import Missing, Unanswered, Unreadable
from tidegate.aliyun.orders import Orders
from tidegate.aliyun.permission import Permission
from tidegate.domain.alertrule import Confirm
from tidegate.domain.measures import Measure, Usage
from tidegate.domain.reading import Billing, Direction, Health, Order, Purchase, Reading, Spec, Value
from tidegate.products.rabbitmq_load import RabbitMqLoad
from tidegate.products.tokens import checked
from tidegate.products.words import billing_of, health_of, plain, shown_word

INSTANCE = "acs:amqp:{region}:{account}:/instances/{instance}"
ORDERS = (Permission("amqp:UpdateInstance", INSTANCE),)
READS = (Permission("amqp:GetInstance", INSTANCE),)
"""GetMetadataAmount, which counts queues, goes by the same name (fact A.0)."""
PERMISSIONS = ORDERS + READS

NUMBERS = {
    "MaxPrivateTps": "MaxTps",
    "MaxEipTps": "MaxEipTps",
    "QueueCapacity": "MaxQueue",
    "MaxConnections": "MaxConnections",
    "StorageSize": "StorageSize",
    "TracingStorageTime": "TracingStorageTime",
    "ProvisionedCapacity": "ProvisionedCapacity",
}
SWITCHES = {"SupportEip": "SupportEIP", "SupportTracing": "SupportTracing"}
"""What a field is called when it is bought, and when it is read back (fact A.2)."""
SWITCHED_BY = {"MaxEipTps": "SupportEip", "TracingStorageTime": "SupportTracing"}
SERVERLESS_ONLY = ("ProvisionedCapacity", "Edition")
BILLED_AS = {"MaxTps": "MaxPrivateTps"}
BILLED_WORDS = {"eip_true": "true", "eip_false": "false", "tracing_true": "true", "tracing_false": "false"}
STATUSES: Mapping[str, Health] = {"serving": Health.HEALTHY, "released": Health.GONE}
TYPES = {Direction.UP: "UPGRADE", Direction.DOWN: "DOWNGRADE"}
ORDER_ID = re.compile(r"(?<!\w)orderId[^\w:]{0,3}:[^\w,}]{0,4}(\d\w*)", re.IGNORECASE)


class RabbitMq:
    """Sells figures one by one. An order brings its id back, in one of four shapes."""

    name = "rabbitmq"
    fields = (*NUMBERS, *SWITCHES, "Edition")
    keeps_token = True

    def __init__(self, aliyun: Aliyun, now: Callable[[], datetime]) -> None:
        self._aliyun, self._now = aliyun, now
        self._orders = Orders(aliyun)
        self._load = RabbitMqLoad(aliyun, now)

    def read(self, instance_id: str) -> Reading:
        """Look at the instance once."""
        at = self._now()
        body = self._aliyun.call(AMQP, "GetInstance", {"InstanceId": instance_id}, read=True)
        shown = body.get("Data")
        if not shown:
            raise Missing("NoSuchInstance", f"{instance_id} is not in this account and region")
        if not isinstance(shown, dict) or shown.get("InstanceId", instance_id) != instance_id:
            raise Unreadable("Data", f"the answer does not speak of {instance_id}")
        edition = str(shown.get("InstanceType") or "").lower()
        spec = _spec(shown, serverless=is_serverless(edition))
        return Reading(
            at=at,
            spec=spec,
            status=shown_word(shown.get("Status")),
            health=health_of(shown.get("Status"), STATUSES),
            billing=billing_of(shown.get("OrderType")),
            edition=edition,
            unsaid=_unsaid(shown, spec),
        )

    def submit(self, purchase: Purchase) -> str:
        """Place the order with one call: every field of the spec, so that none falls back to a vendor default."""
        body = self._aliyun.call(AMQP, "UpdateInstance", _parameters(purchase), read=False)
        order_id = order_id_in(body.get("Data"))
        if not order_id and body.get("Code") is None and body.get("Success") is None:
            raise Unanswered("NoVerdict", "neither success nor failure", str(body.get("RequestId") or ""), 200)
        return order_id

    def order(self, order_id: str) -> Order | None:
        """Give one order, or None while billing does not show it."""
        order = self._orders.order(order_id)
        return order and _in_request_names(order)

    def orders_since(self, since: datetime, until: datetime) -> list[Order]:
        """Give the orders of a window that name no instance or one of ours."""
        return [_in_request_names(order) for order in self._orders.orders(since, until) if _may_be_ours(order)]

    def orders_expected(self, billing: Billing) -> bool:
        """Only a subscription is sure to leave an order (fact B.4)."""
        return billing is Billing.SUBSCRIPTION

    def measure(self, instance_id: str, confirm: Confirm) -> Measure:
        """Read the newest figure of a metric, or say why it cannot be told."""
        return self._load.measure(instance_id, confirm)

    def usage(self, instance_id: str, spec: Spec, over: timedelta) -> Usage:
        """Give what is in use against what a spec has, with the peaks of the last while."""
        return self._load.usage(instance_id, spec, over)

    def direction(self, old: Spec, new: Spec) -> Direction | None:
        """Compare every field of the new spec; off comes before on, and a change of edition has no direction."""
        changes = [(old.get(name, 0), value) for name, value in new.items() if old.get(name, 0) != value]
        if any(isinstance(before, str) or isinstance(after, str) for before, after in changes):
            return None
        rises = {int(after) > int(before) for before, after in changes}
        if len(rises) != 1:
            return None
        return Direction.UP if rises == {True} else Direction.DOWN


def is_serverless(edition: str) -> bool:
    """Say whether an edition is sold by reserved capacity instead of by fixed figures."""
    return "serverless" in plain(edition) or plain(edition) == "provisioned"


def _parameters(purchase: Purchase) -> dict[str, Value]:
    """Give what is sent: never encryption, and never an edition's name beside serverless fields (fact F.14)."""
    serverless = is_serverless(purchase.edition)
    sold = {name: value for name, value in purchase.spec.items() if _is_sold(name, value, serverless=serverless)}
    parameters: dict[str, Value] = {
        "InstanceId": purchase.instance_id,
        "ModifyType": TYPES[purchase.direction],
        "ClientToken": checked(purchase.token),
        **sold,
    }
    if serverless and "ProvisionedCapacity" in sold:
        parameters["ServerlessChargeType"] = "provisioned"
    if purchase.edition and not serverless and purchase.billing is Billing.SUBSCRIPTION:
        parameters["InstanceType"] = purchase.edition.lower()
    return parameters


def _spec(shown: Mapping[str, Any], *, serverless: bool) -> Spec:
    spec: dict[str, Value] = {}
    for name, field in NUMBERS.items():
        if shown.get(field) is not None:
            spec[name] = _number(field, shown[field])
    for name, field in SWITCHES.items():
        if (on := _switch(shown.get(field))) is not None:
            spec[name] = on
    if shown.get("Edition"):
        spec["Edition"] = str(shown["Edition"]).lower()
    return {name: value for name, value in spec.items() if _is_sold(name, value, serverless=serverless)}


def _switch(given: Any) -> bool | None:
    """Read what is on or off; None where neither is said."""
    return {"true": True, "false": False}.get(str(given).lower())


def _unsaid(shown: Mapping[str, Any], spec: Spec) -> tuple[str, ...]:
    """Give the fields that have no value, but for the figure of a switch that is off.

    -1 and 0 are documented for what does not apply (fact B.1). That a field which applied does so no more is for a
    person to say.
    """
    off = {figure for figure, switch in SWITCHED_BY.items() if _switch(shown.get(SWITCHES[switch])) is False}
    return tuple(field for field in RabbitMq.fields if field not in spec and field not in off)


def _is_sold(name: str, value: Value, *, serverless: bool) -> bool:
    """Say whether a field is one that this instance has: -1, 0 and serverless values stand for "not applicable"."""
    if name not in RabbitMq.fields or (name in SERVERLESS_ONLY and not serverless):
        return False
    if isinstance(value, bool):
        return True
    return value > 0 if isinstance(value, int) else "serverless" not in value.lower()


def _number(field: str, given: Any) -> int:
    try:
        return int(given)
    except (TypeError, ValueError, OverflowError):
        raise Unreadable(field, f"not a whole number: {repr(given)[:100]}") from None


def _may_be_ours(order: Order) -> bool:
    """Ids of the older architecture are digits only (fact B.1)."""
    return not order.instance_ids or any(name.startswith("amqp-") or name.isdigit() for name in order.instance_ids)


def _in_request_names(order: Order) -> Order:
    """Give the order with what was bought as a request says it: billing has other names and words (fact A.5)."""
    target = {BILLED_AS.get(name, name): BILLED_WORDS.get(word, word) for name, word in order.target.items()}
    return replace(order, target=target)


def order_id_in(data: Any) -> str:
    """Find the order's id in an object, a string with JSON, one with typographic quotes, or nothing (fact F.1).

    The id stays text: it has too many digits for some readers of numbers.
    """
    text = json.dumps(data) if isinstance(data, dict) else str(data or "")
    found = ORDER_ID.search(text)
    return found[1] if found else ""
