"""Finding our order in the vendor's billing, and learning whether such a search can be trusted."""

from __future__ import annotations

from datetime import datetime

from tidegate.aliyun.errors import VendorError
from tidegate.app.page import Page
from tidegate.app.surroundings import log
from tidegate.domain.follow import SEARCH_BACK, OrderSearch, our_order
from tidegate.domain.operation import Operation, Verdict
from tidegate.domain.reading import Order
from tidegate.products.port import Product


def search_orders(page: Page, operation: Operation, now: datetime) -> OrderSearch:
    """What billing shows of this operation. Billing that does not answer is no answer, never a no."""
    product = page.around.product(page.policy)
    proven = page.policy.product in page.around.fleet.state().proven
    others = frozenset(settled.order_id for settled in page.state.recent if settled.order_id)
    try:
        if operation.order_id and proven:
            known = product.order(operation.order_id)
            return OrderSearch((known,) if known else (), went_through=True, was_proven=True, others=others)
        return _search(page, product, operation, now, others=others, proven=proven)
    except VendorError as error:
        log("orders-unread", instance=page.policy.name, code=error.code, message=error.message)
        return OrderSearch(was_proven=proven, others=others)


def _search(
    page: Page, product: Product, operation: Operation, now: datetime, *, others: frozenset[str], proven: bool
) -> OrderSearch:
    since = min(attempt.sent_at for attempt in operation.sent) - SEARCH_BACK
    shown = product.orders_since(since, now)
    mine = [order for order in shown if page.policy.instance_id in order.instance_ids]
    # An order whose instance is not shown yet may be ours: it forbids to say that there is none.
    nameless = [order for order in shown if not order.instance_ids and order.order_id not in others]
    known = _known(product, operation, mine)
    found = OrderSearch(tuple(known), went_through=not nameless, was_proven=proven, others=others)
    if not proven and _proves(operation, found, mine):
        page.around.fleet.search_proven(page.policy.product)
    return found


def _known(product: Product, operation: Operation, mine: list[Order]) -> list[Order]:
    """The orders found, with the one we know by its id, which billing may show alone before it lists it."""
    if not operation.order_id or any(order.order_id == operation.order_id for order in mine):
        return mine
    known = product.order(operation.order_id)
    return [*mine, known] if known else mine


def _proves(operation: Operation, found: OrderSearch, mine: list[Order]) -> bool:
    """Whether the search, not the id, has shown an order that the vendor accepted from us."""
    accepted = any(attempt.verdict is Verdict.ACCEPTED for attempt in operation.attempts)
    ours = our_order(operation, found)
    return accepted and ours is not None and ours.order_id in [order.order_id for order in mine]
