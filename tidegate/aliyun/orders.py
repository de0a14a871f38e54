"""Orders as the vendor's billing (BSS) shows them: facts A.5 and B.4."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from tidegate.aliyun.answers import Body, is_contradictory, listed
from tidegate.aliyun.client import Aliyun
from tidegate.aliyun.codes import BSS
from tidegate.aliyun.errors import Missing, Unreadable
from tidegate.aliyun.instants import as_text, instant, rounded_up
from tidegate.aliyun.line import Parameters
from tidegate.aliyun.permission import Permission
from tidegate.domain.reading import Direction, Order, Payment

PERMISSIONS = (
    Permission("bssapi:QueryOrders"),
    Permission("bssapi:GetOrderDetail"),
    # The older names of the two; documents of different years disagree on which is checked (fact A.0).
    Permission("bss:DescribeOrderList"),
    Permission("bss:DescribeOrderDetail"),
)

LIST = ("Data", "OrderList", "Order")
PAGE_SIZE = 20
MOST_PAGES = 500

PAYMENTS = {
    "paid": Payment.PAID,
    "unpaid": Payment.UNPAID,
    "cancelled": Payment.CANCELLED,
    "canceled": Payment.CANCELLED,
}
DIRECTIONS = {
    "upgrade": Direction.UP,
    "tempupgrade": Direction.UP,
    "increaseupgrade": Direction.UP,
    "downgrade": Direction.DOWN,
}
NEVER_A_RESIZE = frozenset(
    {"new", "renew", "convert", "resizedisk", "compensatoryrenew", "exchange", "changeoperatingsystem"}
)
"""`refund` is not among them: a downgrade gives money back, and may be shown so."""
SETTING = re.compile(r"([A-Za-z]\w{0,99}):([^:;,\[\]]+)")
"""The bound keeps a long word without a colon from being searched again from each of its letters."""
MONEY = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,8})?")


class Orders:
    """The account's orders. Times are whole seconds; a fresh order may not be shown yet (fact B.4)."""

    def __init__(self, aliyun: Aliyun) -> None:
        self._aliyun = aliyun

    def order(self, order_id: str) -> Order | None:
        """Give one order, or None while billing does not show it."""
        try:
            body = self._aliyun.call(BSS, "GetOrderDetail", {"OrderId": order_id}, read=True)
        except Missing:
            return None
        parts = listed(body, *LIST)
        return _order(order_id, parts) if parts else None

    def orders(self, since: datetime, until: datetime, product_codes: Collection[str] = ()) -> list[Order]:
        """Give all orders of a window that may be resizes, oldest first, each with what only its detail tells.

        With product codes, orders that show another one are left out. An order whose detail is not shown yet comes
        without instance ids: it may be anybody's.
        """
        found: dict[str, Order] = {}
        for shown in self._shown(since, until):
            order_id, code = str(shown.get("OrderId") or ""), str(shown.get("ProductCode") or "")
            if _word(shown, "OrderType") in NEVER_A_RESIZE or order_id in found:
                continue
            if not product_codes or not code or code in product_codes:
                found[order_id] = self.order(order_id) or _order(order_id, [shown])
        return sorted(found.values(), key=lambda order: order.created_at)

    def _shown(self, since: datetime, until: datetime) -> Iterator[Body]:
        window = {"CreateTimeStart": as_text(since), "CreateTimeEnd": as_text(rounded_up(until))}
        seen = 0
        for page in range(1, MOST_PAGES + 1):
            parameters: Parameters = {**window, "PageNum": page, "PageSize": PAGE_SIZE}
            body = self._aliyun.call(BSS, "QueryOrders", parameters, read=True)
            shown, total = _page(body)
            yield from shown
            seen += len(shown)
            # A total that is less than what is listed counts something else: then the first empty page ends it.
            if seen == total or (not shown and (total is None or seen > total)):
                return
            if not shown:
                raise Unreadable("FewerOrders", f"{seen} of {total} orders were shown from {window['CreateTimeStart']}")
        raise Unreadable("TooManyOrders", f"over {MOST_PAGES} pages of orders from {window['CreateTimeStart']}")


def _page(body: Body) -> tuple[list[Body], int | None]:
    """Give the orders of a page and how many there are in all.

    Where no order was found one may be placed again. So a page counts only if it says outright what there is: it has a
    list, or a total of none. Raises `Unreadable` for any other, also one that speaks of success and failure at once,
    as a sample of billing's does (fact A.5).
    """
    total, found = _total(body), body.get("Data")
    for name in LIST[1:]:
        found = found.get(name) if isinstance(found, dict) else None
    nothing = found is None and total == 0
    is_list = isinstance(found, list) and all(isinstance(each, dict) for each in found)
    if is_contradictory(body) or not (is_list or nothing):
        # What it is instead is not told: whoever stands in between may have sent our own signed words back.
        raise Unreadable("OrderList", "an answer that does not say outright which orders there are")
    return listed(body, *LIST), total


def _total(body: Body) -> int | None:
    """Give how many orders there are in all, None where the vendor does not say: then the first empty page ends it."""
    found = body.get("Data")
    try:
        return int(found["TotalCount"]) if isinstance(found, dict) else None
    except (KeyError, TypeError, ValueError, OverflowError):
        return None


def _order(order_id: str, parts: list[Body]) -> Order:
    """Put the parts of an order together: what the first says, and the instances of all."""
    first = parts[0]
    return Order(
        order_id=order_id,
        payment=_payment(parts),
        created_at=_created_at(order_id, first),
        direction=DIRECTIONS.get(_word(first, "OrderType")),
        instance_ids=tuple(dict.fromkeys(name for part in parts for name in instance_ids(part.get("InstanceIDs")))),
        product_code=str(first.get("ProductCode") or ""),
        operator=str(first.get("Operator") or ""),
        target=settings(first.get("Config")),
        amount=_amount(parts),
        currency=str(first.get("Currency") or ""),
    )


def _amount(parts: list[Body]) -> str:
    """What all parts of an order come to after tax (fact A.5: texts); empty where one of them does not say."""
    amounts = [str(part.get("AfterTaxAmount", "")).strip() for part in parts]
    if not all(MONEY.fullmatch(amount) for amount in amounts):
        return ""
    return str(sum(map(Decimal, amounts), Decimal(0)))


def _payment(parts: list[Body]) -> Payment:
    """Say how an order is paid: unpaid while any part is, otherwise what all parts agree on."""
    payments = {PAYMENTS.get(_word(part, "PaymentStatus"), Payment.UNKNOWN) for part in parts}
    if Payment.UNPAID in payments:
        return Payment.UNPAID
    return payments.pop() if len(payments) == 1 else Payment.UNKNOWN


def _word(shown: Body, field: str) -> str:
    return str(shown.get(field) or "").strip().lower()


def _created_at(order_id: str, shown: Body) -> datetime:
    try:
        return instant(str(shown.get("CreateTime") or ""))
    except ValueError as error:
        raise Unreadable("CreateTime", f"order {order_id} has no readable time: {shown.get('CreateTime')}") from error


def instance_ids(given: Any) -> tuple[str, ...]:
    """Read a JSON array inside a string, a plain array, or ids with commas."""
    if isinstance(given, str):
        try:
            given = json.loads(given)
        except (ValueError, RecursionError):
            given = given.split(",")
    if not isinstance(given, list):
        given = [given] if given else []
    return tuple(str(name).strip() for name in given if str(name).strip())


def settings(given: Any) -> Mapping[str, str]:
    """Read what was bought, from `Module:[Name:value;...]`, `Name:value,...` or JSON; the first of a name counts."""
    if isinstance(given, str) and given.lstrip().startswith("{"):
        try:
            given = json.loads(given)
        except (ValueError, RecursionError):
            return {}
    if isinstance(given, dict):
        return {str(name): str(value) for name, value in given.items()}
    found: dict[str, str] = {}
    for name, value in SETTING.findall(str(given or "")):
        found.setdefault(name, value.strip())
    return found
