"""API Gateway dedicated instances: facts A.3, A.4, B.2, B.3 and D.1."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from tidegate.aliyun.answers import listed
from tidegate.aliyun.client import Aliyun
from tidegate.aliyun.codes import GATEWAY
from tidegate.aliyun.errors import Missing, Unreadable
from tidegate.aliyun.orders import Orders
from tidegate.aliyun.permission import Permission
from tidegate.domain.alertrule import Confirm
from tidegate.domain.measures import Measure, Usage
from tidegate.domain.reading import ANNOUNCED, Billing, Direction, Health, Order, Purchase, Reading, Spec
from tidegate.products.apigateway_load import GatewayLoad
from tidegate.products.specs import GATEWAY_SPECS
from tidegate.products.tokens import checked
from tidegate.products.words import billing_of, health_of, plain, shown_word

ORDERS = (Permission("apigateway:ModifyInstanceSpec"),)
"""It cannot be restricted to one instance (fact F.17)."""
READS = (Permission("apigateway:DescribeInstances"),)
PERMISSIONS = ORDERS + READS

ID_BEGINS = "apigateway-"
STATUSES: Mapping[str, Health] = {"running": Health.HEALTHY, "released": Health.GONE, "deleted": Health.GONE}
ACTIONS = {Direction.UP: "UPGRADE", Direction.DOWN: "DOWNGRADE"}
EGRESS = {
    "internet egress": "InternetEgressAddress",
    "internal egress": "VpcEgressAddress",
    ANNOUNCED: "NewVpcEgressAddress",
}
"""What a note is called, and the attribute it shows."""
LONGEST_NOTE = 500


class ApiGateway:
    """Sells one field, the name of a spec. An order brings no order id back."""

    name = "apigateway"
    fields = ("InstanceSpec",)
    keeps_token = False

    def __init__(self, aliyun: Aliyun, now: Callable[[], datetime]) -> None:
        self._aliyun, self._now = aliyun, now
        self._orders = Orders(aliyun)
        self._load = GatewayLoad(aliyun, now)

    def read(self, instance_id: str) -> Reading:
        """Look at the instance once."""
        at = self._now()
        parameters = {"InstanceId": instance_id, "Language": "en"}
        body = self._aliyun.call(GATEWAY, "DescribeInstances", parameters, read=True)
        attributes = listed(body, "Instances", "InstanceAttribute")
        shown = next((each for each in attributes if each.get("InstanceId") == instance_id), None)
        if shown is None:
            raise Missing("NoSuchInstance", f"{instance_id} is not in this account and region")
        if not shown.get("InstanceSpec"):
            raise Unreadable("InstanceSpec", f"{instance_id} shows no spec")
        return Reading(
            at=at,
            spec={"InstanceSpec": str(shown["InstanceSpec"])},
            status=shown_word(shown.get("Status")),
            health=_health(shown.get("Status")),
            billing=billing_of(shown.get("InstanceChargeType")),
            edition=str(shown.get("InstanceType") or "").lower(),
            notes=_notes(shown),
        )

    def submit(self, purchase: Purchase) -> str:
        """Place the order with one call. Direction, payment and switchover are always said (fact F.7)."""
        parameters = {
            "InstanceId": purchase.instance_id,
            "InstanceSpec": purchase.spec["InstanceSpec"],
            "ModifyAction": ACTIONS[purchase.direction],
            "AutoPay": purchase.auto_pay,
            "SkipWaitSwitch": purchase.skip_switchover,
            "Token": checked(purchase.token),
        }
        self._aliyun.call(GATEWAY, "ModifyInstanceSpec", parameters, read=False)
        return ""

    def order(self, order_id: str) -> Order | None:
        """Give one order, or None while billing does not show it."""
        return self._orders.order(order_id)

    def orders_since(self, since: datetime, until: datetime) -> list[Order]:
        """Give the orders of a window that name no instance or one of ours: no document gives the product's code."""
        return [order for order in self._orders.orders(since, until) if _may_be_ours(order)]

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
        """Compare by the vendor's own list; None for a spec that is not on it."""
        ranks = {name: rank for rank, name in enumerate(GATEWAY_SPECS)}
        before, after = ranks.get(str(old.get("InstanceSpec"))), ranks.get(str(new.get("InstanceSpec")))
        if before is None or after is None or before == after:
            return None
        return Direction.UP if after > before else Direction.DOWN


def _may_be_ours(order: Order) -> bool:
    return not order.instance_ids or any(name.startswith(ID_BEGINS) for name in order.instance_ids)


def _health(status: Any) -> Health:
    """Any word that speaks of a switch is the wait for one: only one document names it, WAIT_SWITCH (fact B.2)."""
    return Health.SWITCHOVER if "switch" in plain(status) else health_of(status, STATUSES)


def _notes(shown: Mapping[str, Any]) -> Mapping[str, str]:
    """Give the egress addresses, always, since only two readings show a change; and a limit that does not fit."""
    notes = {name: str(shown[field])[:LONGEST_NOTE] for name, field in EGRESS.items() if shown.get(field)}
    spec, limit = str(shown["InstanceSpec"]), shown.get("InstanceRpsLimit")
    sold = GATEWAY_SPECS.get(spec)
    if sold and limit is not None and str(limit) != str(sold.rps):
        notes["limit"] = f"reports {str(limit)[:20]} requests per second where {spec} has {sold.rps}"
    return notes
