"""The order book: what was bought, by whom, for how much, and whether it is paid."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Literal

from localcloud.clock import Clock
from localcloud.rpc.operation import ApiError

FIRST_ORDER_ID = 234170302080010
Direction = Literal["Upgrade", "Downgrade"]


@dataclass(frozen=True)
class PlacedOrder:
    """One order. Times are ISO texts in UTC, the amount is money as text: what is paid, or, below zero, refunded."""

    order_id: str
    product: str
    instance_id: str
    direction: Direction
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    subscription: bool
    amount: str
    operator: str
    created_at: str
    visible_at: str
    """When BSS begins to show it; empty for never."""
    ends_at: str
    """When it is cancelled by itself unless it is paid."""
    shows_config: bool = True
    paid_at: str = ""
    cancelled_at: str = ""

    def status(self, now: datetime) -> Literal["Paid", "Unpaid", "Cancelled"]:
        """Give the payment status as it is at `now`."""
        if self.paid_at and datetime.fromisoformat(self.paid_at) <= now:
            return "Paid"
        if self.cancelled_at and datetime.fromisoformat(self.cancelled_at) <= now:
            return "Cancelled"
        return "Cancelled" if now >= datetime.fromisoformat(self.ends_at) else "Unpaid"

    def is_visible(self, now: datetime) -> bool:
        """Say whether BSS shows the order at `now`."""
        return bool(self.visible_at) and datetime.fromisoformat(self.visible_at) <= now

    def is_created(self, now: datetime) -> bool:
        """Say whether the order was there at `now`: a stale read may look at an earlier moment."""
        return datetime.fromisoformat(self.created_at) <= now


@dataclass(frozen=True)
class Terms:
    """How an order is placed: whether it is paid at once, when it is shown, and when it ends unpaid."""

    pays: bool
    visible_after: timedelta | None
    ends_after: timedelta
    shows_config: bool = True


class OrderBook:
    """Keeps the orders and the account's money."""

    def __init__(self, drawer: MutableMapping[str, Any], clock: Clock, balance: Decimal) -> None:
        self._drawer, self._clock = drawer, clock
        self._drawer.setdefault("balance", str(balance))

    @property
    def balance(self) -> Decimal:
        """Give what the account can spend."""
        return Decimal(self._drawer["balance"])

    def top_up(self, amount: Decimal) -> None:
        """Add to what the account can spend."""
        self._drawer["balance"] = str(self.balance + amount)

    def place(self, terms: Terms, **entry: Any) -> PlacedOrder:
        """Place an order; where it is to be paid at once and the money lasts, it is."""
        now = self._clock.now()
        visible_at = "" if terms.visible_after is None else (now + terms.visible_after).isoformat()
        order = PlacedOrder(
            order_id=str(FIRST_ORDER_ID + 10 * len(self.orders())),
            created_at=now.isoformat(),
            visible_at=visible_at,
            ends_at=(now + terms.ends_after).isoformat(),
            shows_config=terms.shows_config,
            **entry,
        )
        self._keep(order)
        if terms.pays and self.balance >= Decimal(order.amount):
            return self.pay(order.order_id)
        return order

    def find(self, order_id: str) -> PlacedOrder | None:
        """Give an order, or None where there is no such order."""
        entry = self._drawer.get(f"order/{order_id}")
        return None if entry is None else PlacedOrder(**entry)

    def orders(self) -> list[PlacedOrder]:
        """Give every order, in the order they were placed."""
        return [PlacedOrder(**self._drawer[key]) for key in self._drawer if key.startswith("order/")]

    def unpaid(self, instance_id: str) -> list[PlacedOrder]:
        """Give the instance's orders that wait for payment."""
        now = self._clock.now()
        return [order for order in self.orders() if order.instance_id == instance_id and order.status(now) == "Unpaid"]

    def pay(self, order_id: str) -> PlacedOrder:
        """Pay an unpaid order; raise where it is not one, or the money does not last."""
        order = self._unpaid(order_id)
        if self.balance < Decimal(order.amount):
            raise ApiError("INSUFFICIENT.AVAILABLE.QUOTA", "The available quota of the account is insufficient.")
        self.top_up(-Decimal(order.amount))
        return self._keep(PlacedOrder(**{**asdict(order), "paid_at": self._clock.now().isoformat()}))

    def cancel(self, order_id: str) -> PlacedOrder:
        """Cancel an unpaid order; raise where it is not one."""
        order = self._unpaid(order_id)
        return self._keep(PlacedOrder(**{**asdict(order), "cancelled_at": self._clock.now().isoformat()}))

    def _unpaid(self, order_id: str) -> PlacedOrder:
        order = self.find(order_id)
        if order is None:
            raise ApiError("ResourceNotExists", f"The order {order_id} does not exist.", 404)
        if (status := order.status(self._clock.now())) != "Unpaid":
            raise ApiError("ResourceStatusError", f"The order {order_id} is {status.lower()}.")
        return order

    def _keep(self, order: PlacedOrder) -> PlacedOrder:
        self._drawer[f"order/{order.order_id}"] = asdict(order)
        return order
