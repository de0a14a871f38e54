"""What an instance and its orders say of themselves, in our words; the products translate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

Value = int | bool | str
Spec = Mapping[str, Value]
"""What the vendor sells, by the names of its request parameters: `{"MaxPrivateTps": 3000, "SupportEip": True}`."""


class Direction(str, Enum):
    """Which way a resize goes."""

    UP = "up"
    DOWN = "down"


class Health(str, Enum):
    """What the vendor's status word means. A word that nobody documented is `CHANGING`: keep looking (fact B.2)."""

    HEALTHY = "healthy"
    CHANGING = "changing"
    SWITCHOVER = "switchover"
    """The vendor waits for a person to press Switch in the console (fact B.3)."""
    GONE = "gone"


class Billing(str, Enum):
    """How the instance is paid."""

    SUBSCRIPTION = "subscription"
    PAY_AS_YOU_GO = "pay-as-you-go"


ANNOUNCED = "new internal egress"
"""The note with the address that a gateway is yet to take (fact B.3)."""


@dataclass(frozen=True)
class Reading:
    """One look at an instance. `spec` holds every field that can be bought, also those no rung names."""

    at: datetime
    spec: Spec
    status: str
    health: Health
    billing: Billing
    edition: str = ""
    """RabbitMQ: professional, enterprise, vip, ...; the gateway's instance type; in lower case."""
    notes: Mapping[str, str] = field(default_factory=dict)
    """What a person needs to know, by name: the gateway's old and new egress addresses (fact B.3)."""
    unsaid: tuple[str, ...] = ()
    """Fields that can be bought and have no value in the answer, though nothing in it says why."""


class Payment(str, Enum):
    """Whether an order is paid. Spelling and case of the vendor's words vary (fact B.4): any other is `UNKNOWN`."""

    PAID = "paid"
    UNPAID = "unpaid"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Order:
    """A vendor order as BSS shows it. Empty fields are those that BSS did not fill."""

    order_id: str
    payment: Payment
    created_at: datetime
    direction: Direction | None = None
    instance_ids: tuple[str, ...] = ()
    product_code: str = ""
    operator: str = ""
    target: Mapping[str, str] = field(default_factory=dict)
    """What was bought, where the order says so (`Config`), by the vendor's names."""
    amount: str = ""
    """What it comes to after tax, as billing writes it; empty where it says nothing, or nothing readable."""
    currency: str = ""


@dataclass(frozen=True)
class Purchase:
    """What one order asks for. `spec` is complete: the rung's values over those read, nothing left to a default."""

    instance_id: str
    spec: Spec
    direction: Direction
    billing: Billing
    edition: str
    token: str
    auto_pay: bool = True
    skip_switchover: bool = False
