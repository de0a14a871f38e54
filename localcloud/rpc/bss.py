"""Orders and money, `BssOpenApi` 2017-12-14 (facts A.5, B.4, C.3)."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

from localcloud.clock import Clock
from localcloud.faults import Detail, Faults
from localcloud.rpc.operation import ApiError, Caller, Parameters, RpcProduct
from localcloud.rpc.orders import OrderBook, PlacedOrder
from localcloud.rpc.parameters import TIME_FORM, read_time
from localcloud.rpc.schema import operation, version
from localcloud.world import Behaviour, World

PRODUCT = "BssOpenApi"
LOOKS_BACK = timedelta(hours=1)
PAGE = 20
PERMISSIONS = {
    "GetOrderDetail": "bssapi:GetOrderDetail|bss:DescribeOrderDetail",
    "QueryOrders": "bssapi:QueryOrders|bss:DescribeOrderList",
    "CancelOrder": "bssapi:CancelOrder|bss:CancelOrder",
    "QueryAccountBalance": "bssapi:QueryAccountBalance|bss:DescribeAcccount",
}
"""New and old names of the RAM actions (fact A.0)."""

BOUGHT_AS = {"MaxPrivateTps": "MaxTps"}
FLAGS = {"SupportEip": ("eip_false", "eip_true"), "SupportTracing": ("tracing_false", "tracing_true")}


class Bss:
    """The account's orders, by the vendor's API."""

    def __init__(self, orders: OrderBook, world: World, clock: Clock, faults: Faults) -> None:
        self._orders, self._world, self._clock, self._faults = orders, world, clock, faults

    def product(self) -> RpcProduct:
        """Give the product for the front door. No permission of it can be scoped (fact A.0)."""
        runs = {
            "GetOrderDetail": self.detail,
            "QueryOrders": self.query,
            "CancelOrder": self.cancel,
            "QueryAccountBalance": self.balance,
        }
        operations = {
            action: operation(PRODUCT, action, run, everywhere(PERMISSIONS[action])) for action, run in runs.items()
        }
        return RpcProduct(PRODUCT, version(PRODUCT), operations)

    def query(self, parameters: Parameters, _caller: Caller) -> Mapping[str, Any]:
        """Find orders, newest first; without times, only the last hour's. No order names its instance here."""
        now = self._seen_at("QueryOrders")
        end = moment_of(parameters, "CreateTimeEnd") or now
        start = moment_of(parameters, "CreateTimeStart") or end - LOOKS_BACK
        found = [order for order in self._orders.orders() if order.is_created(now) and order.is_visible(now)]
        found = [order for order in found if start <= datetime.fromisoformat(order.created_at) <= end]
        shown = [self._summary(order, now) for order in reversed(found)]
        return page(parameters, [order for order in shown if all(self._passes(order, parameters))])

    def _passes(self, order: Mapping[str, Any], parameters: Parameters) -> list[bool]:
        names = ("PaymentStatus", "OrderType", "ProductCode", "ProductType", "SubscriptionType")
        return [order[name].lower() == parameters[name].lower() for name in names if parameters.get(name)]

    def detail(self, parameters: Parameters, _caller: Caller) -> Mapping[str, Any]:
        """Read one order, with its instances. An order that BSS does not show yet gives an empty list."""
        now = self._seen_at("GetOrderDetail", parameters["OrderId"])
        order = self._orders.find(parameters["OrderId"])
        shown = [self._detailed(order, now)] if order and order.is_visible(now) else []
        return page({}, shown)

    def cancel(self, parameters: Parameters, _caller: Caller) -> Mapping[str, Any]:
        """Cancel an unpaid order."""
        order = self._orders.find(parameters["OrderId"])
        if order is None or not order.is_visible(self._clock.now()):
            raise ApiError("ResourceNotExists", "The specified order does not exist.")
        self._orders.cancel(order.order_id)
        return success({"HostId": "cn"})

    def balance(self, _parameters: Parameters, _caller: Caller) -> Mapping[str, Any]:
        """Read the account's money. Here alone success is `200`."""
        amount = f"{self._orders.balance:.2f}"
        money = {"AvailableAmount": amount, "AvailableCashAmount": amount, "QuotaLimit": amount}
        rest = {"CreditAmount": "0.00", "MybankCreditAmount": "0.00", "Currency": "CNY"}
        return {"Code": "200", "Message": "success", "Success": True, "Data": {**money, **rest}}

    def _seen_at(self, call: str, instance: str = "") -> datetime:
        return self._clock.now() - (self._faults.stale(call, Detail(instance)) or timedelta(0))

    def _behaviour(self, order: PlacedOrder) -> Behaviour:
        return self._world.behaviour_of(order.instance_id)

    def _summary(self, order: PlacedOrder, now: datetime) -> dict[str, Any]:
        status = order.status(now)
        codes = self._world.product_codes[order.product]
        return {
            "OrderId": order.order_id,
            "RelatedOrderId": "",
            "OrderType": order.direction,
            "PaymentStatus": self._behaviour(order).word(status),
            "CreateTime": in_utc(order.created_at),
            "PaymentTime": in_utc(order.paid_at) if status == "Paid" else "",
            "ProductCode": codes.code,
            "ProductType": codes.type,
            "CommodityCode": codes.type,
            "SubscriptionType": "Subscription" if order.subscription else "PayAsYouGo",
            "Currency": "CNY",
            "PaymentCurrency": "CNY",
            **amounts(order.amount),
        }

    def _detailed(self, order: PlacedOrder, now: datetime) -> dict[str, Any]:
        kind = self._world.product_codes[order.product].type
        return {
            **self._summary(order, now),
            "SubOrderId": f"{order.order_id}1",
            "InstanceIDs": json.dumps([order.instance_id]),
            "Config": config(kind, order.after) if order.shows_config else "",
            "OriginalConfig": config(kind, order.before) if order.shows_config else "",
            "Region": self._world.region_of(order.instance_id),
            "Quantity": "1",
            "Operator": order.operator,
            "UsageStartTime": in_utc(order.paid_at) if order.status(now) == "Paid" else "",
            "UsageEndTime": "",
            "ExtendInfos": {},
        }


def everywhere(permission: str) -> Callable[[Parameters], tuple[str, str]]:
    """Ask for a permission that cannot be scoped."""
    return lambda _parameters: (permission, "*")


def success(content: Any) -> dict[str, Any]:
    """Give the envelope of a success."""
    return {"Code": "Success", "Message": "Successful!", "Success": True, "Data": content}


def page(parameters: Parameters, orders: list[dict[str, Any]]) -> dict[str, Any]:
    """Give one page of orders."""
    number, size = parameters.get("PageNum", 1), parameters.get("PageSize", PAGE)
    found = orders[(number - 1) * size : number * size]
    counts = {"PageNum": number, "PageSize": size, "TotalCount": len(orders)}
    return success({"HostName": "localcloud", **counts, "OrderList": {"Order": found}})


def moment_of(parameters: Parameters, name: str) -> datetime | None:
    """Read a time in UTC, or None where it is not given."""
    if not (text := parameters.get(name)):
        return None
    try:
        return read_time(text)
    except ValueError:
        raise ApiError("InvalidParameter", f"The specified parameter {name} is not valid: use {TIME_FORM}.") from None


def in_utc(iso: str) -> str:
    """Write a kept time as BSS writes times; nothing stays nothing."""
    return datetime.fromisoformat(iso).astimezone(timezone.utc).strftime(TIME_FORM) if iso else ""


def amounts(amount: str) -> dict[str, str]:
    """Give the amounts of an order. They are texts."""
    names = ("PretaxAmount", "PretaxGrossAmount", "PretaxAmountLocal", "AfterTaxAmount")
    return {**dict.fromkeys(names, amount), "Tax": "0.00"}


def config(kind: str, spec: Mapping[str, Any]) -> str:
    """Write what was bought as an order does: `kind:[Name:Value;Name:Value;]`, by the names of BSS."""
    pairs = (
        (BOUGHT_AS.get(name, name), FLAGS[name][bool(value)] if name in FLAGS else value)
        for name, value in spec.items()
    )
    return f"{kind}:[{''.join(f'{name}:{value};' for name, value in pairs)}]"
