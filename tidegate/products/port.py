"""What a product must be able to say and do, in our words. A third product is one more file behind this."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol

from tidegate.domain.alertrule import Confirm
from tidegate.domain.measures import Measure, Usage
from tidegate.domain.reading import Billing, Direction, Order, Purchase, Reading, Spec


class Product(Protocol):
    """One kind of instance that the vendor sells in sizes."""

    @property
    def name(self) -> str:
        """The product's name in a policy."""

    @property
    def fields(self) -> Sequence[str]:
        """The fields of a spec, by the names of the vendor's request parameters."""

    @property
    def keeps_token(self) -> bool:
        """Whether attempts of one operation share a token; otherwise each needs a new one (fact F.8)."""

    def read(self, instance_id: str) -> Reading:
        """Look at the instance once. Raises Missing, Unreadable, Throttled, NeedsPerson or Refused."""

    def submit(self, purchase: Purchase) -> str:
        """Place the order, with exactly one call, and give its id, empty where the vendor gives none.

        Raises Throttled, Busy, Refused (and its kinds) when nothing was ordered, Unanswered when an order may stand.
        """

    def order(self, order_id: str) -> Order | None:
        """Give one order, or None while the vendor does not show it."""

    def orders_since(self, since: datetime, until: datetime) -> list[Order]:
        """Give all orders of a window that may be resizes of this product, oldest first."""

    def orders_expected(self, billing: Billing) -> bool:
        """Say whether a resize of such an instance must leave an order; if not, finding none proves nothing."""

    def measure(self, instance_id: str, confirm: Confirm) -> Measure:
        """Read the newest figure of the metric that is to bear an alert out.

        It raises nothing: what is refused, unreadable, missing or older than `confirm.within` is the measure's trouble.
        """

    def usage(self, instance_id: str, spec: Spec, over: timedelta) -> Usage:
        """Give what is in use, the peaks of the last `over`, against what a complete spec has.

        What the spec has no figure for is left out. What could not be read is the usage's trouble; nothing is raised.
        """

    def direction(self, old: Spec, new: Spec) -> Direction | None:
        """Say which way a change goes; None where nothing changes, or some rises and some falls, or nobody can tell."""
