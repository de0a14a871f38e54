"""Finding our order in the vendor's billing, and learning whether such a search can be trusted."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from tidegate.aliyun.errors import VendorError
from tidegate.app.logs import log
from tidegate.app.page import Page
from tidegate.domain.follow import DOUBT_LASTS
from tidegate.domain.operation import Operation, Phase, Verdict
from tidegate.domain.reading import Order
from tidegate.domain.whose import SEARCH_BACK, OrderSearch, candidates_of, id_from_vendor, our_order, who
from tidegate.products.port import Product


def search_orders(page: Page, operation: Operation, now: datetime) -> OrderSearch:
    """What billing shows of this operation. Billing that does not answer is no answer, never a no."""
    product, fleet = page.around.product(page.policy), page.around.fleet.known()
    asked = OrderSearch(
        was_proven=page.policy.product in fleet.proven,
        others=frozenset(settled.order_id for settled in page.state.recent if settled.order_id),
        operators=frozenset(fleet.operators.get(page.policy.product, ())),
    )
    try:
        found = _found(page, product, operation, asked, now)
    except VendorError as error:
        log("orders-unread", instance=page.policy.name, code=error.code, message=error.message)
        return asked
    _learn(page, operation, found)
    return found


def _found(page: Page, product: Product, operation: Operation, asked: OrderSearch, now: datetime) -> OrderSearch:
    if asked.was_proven and id_from_vendor(operation):
        known = product.order(operation.order_id)
        return replace(asked, found=(known,) if known else (), went_through=True)
    found, mine = _search(page, product, operation, asked, now)
    if not asked.was_proven and _proves(operation, found, mine):
        page.around.fleet.search_proven(page.policy.product)
    if _is_renamed(operation, found, now):
        return replace(found, operators=frozenset())
    return found


def _search(
    page: Page, product: Product, operation: Operation, asked: OrderSearch, now: datetime
) -> tuple[OrderSearch, list[Order]]:
    sent = [attempt.sent_at for attempt in operation.sent]
    # An order of ours was booked by then; later ones would only make the search longer with every day.
    shown = product.orders_since(min(sent) - SEARCH_BACK, min(now, max(sent) + DOUBT_LASTS))
    mine = [order for order in shown if page.policy.instance_id in order.instance_ids]
    # An order whose instance is not shown yet may be ours: it forbids to say that there is none.
    nameless = [order for order in shown if not order.instance_ids and order.order_id not in asked.others]
    return replace(asked, found=tuple(_known(product, operation, mine)), went_through=not nameless), mine


def _known(product: Product, operation: Operation, mine: list[Order]) -> list[Order]:
    """The orders found, with the one we know by its id, which billing may show alone before it lists it."""
    if not operation.order_id or any(order.order_id == operation.order_id for order in mine):
        return mine
    known = product.order(operation.order_id)
    return [*mine, known] if known else mine


def _proves(operation: Operation, found: OrderSearch, mine: list[Order]) -> bool:
    """Whether the search, not the id, has shown an order that the vendor accepted from us, in words that we know."""
    ours = our_order(operation, found)
    return _is_accepted(operation) and ours in mine and ours in candidates_of(operation, found)


def _is_renamed(operation: Operation, found: OrderSearch, now: datetime) -> bool:
    """Whether we order under another name by now, as after a new deployment.

    The vendor accepted our request and our order had all its time to show; so the only one that fits is ours.
    """
    late = now - operation.sent[-1].sent_at >= DOUBT_LASTS
    return late and found.went_through and _is_accepted(operation) and our_order(operation, found) is None


def _learn(page: Page, operation: Operation, found: OrderSearch) -> None:
    """Learn who orders in our name: by the vendor's id, or else by an order whose effect was seen before."""
    ours = our_order(operation, found)
    sure = id_from_vendor(operation) or (_is_accepted(operation) and operation.phase is Phase.PROVING)
    if ours and ours.operator and sure and who(ours.operator) not in found.operators:
        page.around.fleet.operator_learned(page.policy.product, who(ours.operator))


def _is_accepted(operation: Operation) -> bool:
    return any(attempt.verdict is Verdict.ACCEPTED for attempt in operation.attempts)
