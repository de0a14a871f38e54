"""The orders of a month: who or what caused each, what became of it, what it came to, and the top rung beside it.

What an order comes to is not in the ledger: billing is asked when the report is made. It alone knows what was paid,
cancelled or given back since, and a resize must not wait for figures that nothing hangs on. What billing does not show
stays unknown.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from tidegate.aliyun.errors import VendorError
from tidegate.app.report.against import AgainstTop, against_top
from tidegate.app.report.causes import Cause, Places, cause_of, nowhere, placed
from tidegate.app.report.course import Stretch, course, newest_of
from tidegate.app.report.facts import Unreadable, book_of, policy_in
from tidegate.app.surroundings import Book, Surroundings
from tidegate.domain import facts
from tidegate.domain.operation import Operation, Verdict
from tidegate.domain.policy import InstancePolicy
from tidegate.domain.reading import Order
from tidegate.ledger.record import Corrupt, NewerSchema

UNKNOWN, NONE = "unknown", "none"
"""Nobody knows what the order comes to; the vendor took no order."""
PLANNED_BEFORE = timedelta(days=9)
"""How long before its order an operation may have been planned: it is followed for 8 days at the most."""
REFUSED = (Verdict.REFUSED, Verdict.REFUSED_FOR_NOW)


@dataclass(frozen=True)
class Month:
    """A month of the wall clock; which instants are its depends on an instance's zone."""

    year: int
    month: int

    def span(self, zone: str) -> tuple[datetime, datetime]:
        """Its beginning and its end, which is the beginning of the next one."""
        here = ZoneInfo(zone)
        after = (self.year + self.month // 12, self.month % 12 + 1)
        return datetime(self.year, self.month, 1, tzinfo=here), datetime(*after, 1, tzinfo=here)

    def __str__(self) -> str:
        """Write it as it is read: 2026-11."""
        return f"{self.year:04}-{self.month:02}"


@dataclass(frozen=True)
class Ordered:
    """One order, or the attempts at one. It is of the month in which it was first sent."""

    instance: str
    operation: int
    order_id: str
    """Empty where the vendor told none, and none was found."""
    from_rung: str
    to_rung: str
    direction: str
    cause: Cause
    reason: str
    approved_by: str
    ordered_at: datetime
    outcome: str
    """Empty while it is open."""
    settled_at: datetime | None
    amount: str
    """As billing shows it now, after tax: money given back is below zero. Else `unknown`, or `none` was ordered."""
    currency: str
    payment: str
    """`paid`, `unpaid`, `cancelled`, or `unknown`."""
    timezone: str


@dataclass(frozen=True)
class Sum:
    """What the orders of one currency come to."""

    currency: str
    paid: str
    unpaid: str


@dataclass(frozen=True)
class Orders:
    """The orders of a month over all instances of the policy in force."""

    now: datetime
    month: str
    policy: str
    orders: tuple[Ordered, ...]
    sums: tuple[Sum, ...]
    unknown: int
    """Of how many of these orders nobody knows what they come to: the sums are without them."""
    trouble: str
    """Why billing could not be asked; empty where it could."""
    against_top: tuple[AgainstTop | Unreadable, ...]


def orders(around: Surroundings, month: Month, book: Book | None = None, places: Places = nowhere) -> Orders:
    """The orders of a month. Raises NothingPushed. Billing that does not answer leaves amounts unknown."""
    known, now = book_of(around, book), around.now()
    found: list[Ordered] = []
    against: list[AgainstTop | Unreadable] = []
    till = _Till(around)
    for name in known.names:
        try:
            policy = policy_in(known, name)
            begin, end = month.span(policy.timezone)
            stretches = course(around, policy, begin - PLANNED_BEFORE, now)
        except (NewerSchema, Corrupt) as error:
            against.append(Unreadable(name, str(error)))
            continue
        found += [till.filled(policy, each) for each in _ordered(stretches, policy, (begin, end), places)]
        against.append(against_top(policy, stretches, begin, min(end, now)))
    found.sort(key=lambda each: (each.ordered_at, each.instance))
    unknown = sum(1 for each in found if each.amount == UNKNOWN)
    return Orders(now, str(month), known.hash, tuple(found), tuple(_sums(found)), unknown, till.trouble, tuple(against))


def _ordered(
    stretches: Sequence[Stretch], policy: InstancePolicy, span: tuple[datetime, datetime], places: Places
) -> Iterator[Ordered]:
    """What was first sent to the vendor in a span, oldest first. What it comes to is still unknown."""
    begin, end = span
    numbers = {each.state.operation.number for each in stretches if each.state.operation is not None}
    for number in sorted(numbers):
        operation = newest_of(stretches, number)
        if operation is None or not operation.sent or not begin <= operation.sent[0].sent_at < end:
            continue
        cause = _cause(stretches, operation, policy, places)
        yield Ordered(
            instance=policy.name,
            operation=number,
            order_id=" ".join(_ids(operation)),
            from_rung=operation.from_rung,
            to_rung=operation.to_rung,
            direction=operation.direction.value,
            cause=cause,
            reason=operation.reason,
            approved_by=operation.approved_by,
            ordered_at=operation.sent[0].sent_at,
            outcome=operation.outcome.value if operation.outcome else "",
            settled_at=_settled_at(stretches, number),
            amount=NONE if all(attempt.verdict in REFUSED for attempt in operation.sent) else UNKNOWN,
            currency="",
            payment=UNKNOWN,
            timezone=policy.timezone,
        )


def _ids(operation: Operation) -> list[str]:
    """Its orders' ids: one, unless something went wrong that nobody foresaw."""
    return list(dict.fromkeys(one for one in (operation.order_id, *(a.order_id for a in operation.attempts)) if one))


def _cause(stretches: Sequence[Stretch], operation: Operation, policy: InstancePolicy, places: Places) -> Cause:
    for stretch in stretches:
        fact = stretch.fact
        if isinstance(fact, facts.Planned) and fact.operation.number == operation.number:
            cause = cause_of(stretches, stretch, operation.to_rung)
            return placed(cause, stretch.record.policy, policy.name, places)
    return Cause(UNKNOWN, "", operation.reason)


def _settled_at(stretches: Sequence[Stretch], number: int) -> datetime | None:
    for stretch in stretches:
        fact = stretch.fact
        if isinstance(fact, facts.Closed) and fact.operation == number:
            return stretch.begin
    return None


class _Till:
    """Asks billing, and asks no more once it does not answer."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self.trouble = ""

    def filled(self, policy: InstancePolicy, row: Ordered) -> Ordered:
        """The order with what billing shows of it."""
        found = [self._order(policy, one) for one in row.order_id.split()]
        known = [order for order in found if order is not None]
        if not found or len(known) < len(found):
            return row
        payments = {order.payment.value for order in known}
        currencies = {order.currency for order in known}
        row = replace(row, payment=payments.pop() if len(payments) == 1 else UNKNOWN)
        if len(currencies) > 1 or not all(order.amount for order in known):
            return row
        amount = sum((Decimal(order.amount) for order in known), Decimal(0))
        return replace(row, amount=str(amount), currency=currencies.pop())

    def _order(self, policy: InstancePolicy, order_id: str) -> Order | None:
        if self.trouble:
            return None
        try:
            return self._around.product(policy).order(order_id)
        except VendorError as error:
            self.trouble = f"{error.code}: {error.message}"
            return None


def _sums(found: Iterable[Ordered]) -> Iterator[Sum]:
    """What is known, by currency: what is paid, and what waits to be."""
    known = [each for each in found if each.amount not in (UNKNOWN, NONE)]
    for currency in sorted({each.currency for each in known}):
        paid, unpaid = (
            sum(
                (Decimal(each.amount) for each in known if (each.currency, each.payment) == (currency, how)), Decimal(0)
            )
            for how in ("paid", "unpaid")
        )
        yield Sum(currency, str(paid), str(unpaid))
