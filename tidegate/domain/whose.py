"""Whose order it is: ours is the one that fits our request in every way that is known, and nobody else placed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from tidegate.domain.operation import Operation
from tidegate.domain.reading import Order

SEARCH_BACK = timedelta(minutes=15)


@dataclass(frozen=True)
class OrderSearch:
    """What BSS was asked and said. `went_through` is False where some page could not be read."""

    found: tuple[Order, ...] = ()
    went_through: bool = False
    was_proven: bool = False
    """Whether such a search has ever found an order of ours for this account and product."""
    others: frozenset[str] = frozenset()
    """Orders of earlier operations: never this one's."""
    operators: frozenset[str] = frozenset()
    """Who is known to order in our name (see `who`); empty where nobody is yet."""

    def unexplained(self) -> list[Order]:
        """Orders of the instance that no earlier operation placed: ours may be among them, in words that do not fit.

        A vendor may round what was asked for, write it in another way, or take the order late.
        """
        return [order for order in self.found if order.order_id not in self.others]

    def is_foreign(self, order: Order) -> bool:
        """Whether somebody else placed an order, as far as both sides are known."""
        return bool(self.operators and order.operator) and who(order.operator) not in self.operators

    def is_by_us(self, order: Order) -> bool:
        """Whether we placed an order, as far as both sides are known."""
        return bool(order.operator) and who(order.operator) in self.operators


def our_order(operation: Operation, search: OrderSearch) -> Order | None:
    """The one order that is ours: known by the vendor's word, else the only candidate that nobody else placed.

    Several candidates are nobody's, also where the second one shows after the first was taken for ours.
    """
    candidates = [order for order in candidates_of(operation, search) if not search.is_foreign(order)]
    if not operation.order_id:
        return candidates[0] if len(candidates) == 1 else None
    if not _is_sure(operation, candidates):
        return None
    return next((order for order in search.found if order.order_id == operation.order_id), None)


def perhaps_ours(operation: Operation, search: OrderSearch) -> list[Order]:
    """Our order; where nobody knows which that is, every order that it may be, however little it looks like it."""
    ours = our_order(operation, search)
    if ours is not None:
        return [ours]
    unexplained = [order for order in search.unexplained() if not search.is_foreign(order)]
    candidates = [order for order in candidates_of(operation, search) if order in unexplained]
    return [] if operation.order_id and _is_sure(operation, candidates) else unexplained


def _is_sure(operation: Operation, candidates: list[Order]) -> bool:
    """Whether the order that it is known by is ours, whatever else fits."""
    return id_from_vendor(operation) or all(order.order_id == operation.order_id for order in candidates)


def id_from_vendor(operation: Operation) -> bool:
    """Whether the vendor answered the request with the order's id; otherwise a search took it for ours."""
    return any(attempt.order_id == operation.order_id for attempt in operation.attempts if operation.order_id)


def who(operator: str) -> str:
    """Whoever placed an order, without the session of an assumed role: each call of a function has its own."""
    owner, role, name = operator.partition(":assumed-role/")
    return f"{owner}{role}{name.partition('/')[0]}" if role else operator


def candidates_of(operation: Operation, search: OrderSearch) -> list[Order]:
    """Orders that fit in time and, where given, in direction and target. The product matched the instance.

    Also those that somebody else placed: they are not ours (`our_order`), but while one that fits so well is there
    nothing is ordered again. Who we are is learned, and may change with the next deployment.
    """
    if not operation.sent:
        return []
    first = min(attempt.sent_at for attempt in operation.sent) - SEARCH_BACK
    last = max(attempt.sent_at for attempt in operation.sent) + SEARCH_BACK
    return [
        order
        for order in search.unexplained()
        if first <= order.created_at <= last
        and order.direction in (None, operation.direction)
        and _fits_target(operation, order)
    ]


def _fits_target(operation: Operation, order: Order) -> bool:
    """Whether what the order says was bought, in the fields we know, is what we asked for."""
    wanted = {field: str(value).lower() for field, value in operation.to_spec.items()}
    return all(wanted[field] == value.lower() for field, value in order.target.items() if field in wanted)
