"""Doubt: when it ends, when it must stay, and which order is ours."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tidegate.domain.follow import Insight, OrderSearch, candidates_of, our_order
from tidegate.domain.operation import Event, Phase, Verdict
from tidegate.domain.reading import Billing, Direction, Order, Payment

if TYPE_CHECKING:
    from tests.domain.conftest import Follow, Make

SECOND = timedelta(seconds=1)


def _in_doubt_until(follow: Follow, at: datetime) -> Insight:
    """Read the old values five minutes before, and at that time."""
    follow.old(at - timedelta(minutes=5))
    return follow.old(at)


def test_doubt_is_cleared_45_minutes_after_the_request_and_not_a_second_sooner(doubtful: Follow) -> None:
    make = doubtful.make
    assert _in_doubt_until(doubtful, make.after(45) - SECOND).event is Event.SAW_NOTHING
    assert doubtful.old(make.after(45)).event is Event.CLEARED
    assert (doubtful.operation.phase, doubtful.operation.cleared) == (Phase.WAITING, 1)


def test_to_clear_a_doubt_the_old_values_must_stand_for_four_minutes(doubtful: Follow) -> None:
    make = doubtful.make
    doubtful.old(make.after(60))
    assert doubtful.old(make.after(64) - SECOND).event is Event.SAW_NOTHING
    assert doubtful.old(make.after(64)).event is Event.CLEARED


@pytest.mark.parametrize("lacking", [{"went_through": False}, {"was_proven": False}])
def test_a_search_that_failed_or_never_found_an_order_of_ours_clears_nothing(
    doubtful: Follow, lacking: dict[str, bool]
) -> None:
    doubtful.search |= lacking
    assert _in_doubt_until(doubtful, doubtful.make.after(days=2)).event is Event.SAW_NOTHING


def test_on_pay_as_you_go_no_order_proves_nothing_so_doubt_stays(doubtful: Follow) -> None:
    doubtful.operation = replace(doubtful.operation, billing=Billing.PAY_AS_YOU_GO)
    assert _in_doubt_until(doubtful, doubtful.make.after(days=2)).event is Event.SAW_NOTHING


def test_a_doubt_is_cleared_once_at_most(doubtful: Follow) -> None:
    doubtful.operation = replace(doubtful.operation, cleared=1)
    assert _in_doubt_until(doubtful, doubtful.make.after(days=2)).event is Event.SAW_NOTHING


def test_a_second_attempt_puts_the_clearing_off(doubtful: Follow) -> None:
    make = doubtful.make
    late = make.attempt(Verdict.UNANSWERED, 2, sent_at=make.after(30))
    doubtful.operation = doubtful.operation.with_attempt(late)
    assert _in_doubt_until(doubtful, make.after(74)).event is Event.SAW_NOTHING
    assert doubtful.old(make.after(75)).event is Event.CLEARED


def test_a_change_that_was_seen_is_never_cleared(doubtful: Follow) -> None:
    doubtful.operation = replace(doubtful.operation, evidence=replace(doubtful.operation.evidence, changed=True))
    assert doubtful.old(doubtful.make.after(60)).event is Event.SAW_NOTHING
    assert doubtful.old(doubtful.make.after(65)).event is Event.SAW_NOTHING


def test_one_order_that_fits_ends_the_doubt(doubtful: Follow) -> None:
    make = doubtful.make
    doubtful.orders = (make.order(order_id="o-9"),)
    insight = doubtful.old(make.after(2))
    assert (insight.event, insight.order_id) == (Event.FOUND_ORDER, "o-9")
    assert (doubtful.operation.phase, doubtful.operation.order_id) == (Phase.ORDERED, "o-9")


def test_an_unpaid_order_that_fits_ends_the_doubt_and_waits_for_a_person(doubtful: Follow) -> None:
    doubtful.orders = (doubtful.make.order(Payment.UNPAID, "o-9"),)
    doubtful.old(doubtful.make.after(2))
    assert (doubtful.operation.phase, doubtful.operation.order_id) == (Phase.UNPAID, "o-9")


def test_several_orders_that_fit_are_nobodys_and_the_doubt_stays(doubtful: Follow) -> None:
    make = doubtful.make
    doubtful.orders = (make.order(order_id="o-1"), make.order(order_id="o-2"))
    insight = _in_doubt_until(doubtful, make.after(days=2))
    assert (insight.event, insight.order_id) == (Event.SAW_NOTHING, "")
    assert insight.evidence.candidates == ("o-1", "o-2")
    assert doubtful.operation.phase is Phase.DOUBT


MISFITS: list[dict[str, Any]] = [
    {"direction": Direction.DOWN},
    {"target": {"MaxPrivateTps": "8000"}},
    {"target": {"SupportEip": "false"}},
    {"created": -901},
    {"created": 901},
    {"order_id": "o-earlier"},
]
FITS: list[dict[str, Any]] = [
    {},
    {"direction": None},
    {"target": {"MaxPrivateTps": "5000", "SupportEip": "True", "Region": "cn-hangzhou"}},
    {"created": -900},
    {"created": 900},
]


def _as_written(make: Make, order: dict[str, Any]) -> Order:
    written = dict(order)
    if (created_s := written.pop("created", None)) is not None:
        written["created_at"] = make.noon + created_s * SECOND
    return make.order(**written)


@pytest.mark.parametrize("order", FITS)
def test_an_order_that_fits_in_time_direction_and_target_is_ours(make: Make, order: dict[str, Any]) -> None:
    found = _as_written(make, order)
    assert our_order(make.doubtful(), OrderSearch((found,))) == found


@pytest.mark.parametrize("order", MISFITS)
def test_an_order_of_another_time_direction_target_or_operation_is_not_ours(make: Make, order: dict[str, Any]) -> None:
    search = OrderSearch((_as_written(make, order),), others=frozenset({"o-earlier"}))
    assert our_order(make.doubtful(), search) is None
    assert candidates_of(make.doubtful(), search) == []


def test_an_order_known_by_its_id_is_ours_however_odd_it_looks_and_no_other_is(make: Make) -> None:
    odd = make.order(order_id="o-1", direction=Direction.DOWN, created_at=make.after(days=-3))
    operation = make.operation(order_id="o-1")
    assert our_order(operation, OrderSearch((make.order(order_id="o-2"), odd))) == odd
    assert our_order(operation, OrderSearch((make.order(order_id="o-2"),))) is None


def test_the_time_of_every_attempt_that_was_sent_counts(make: Make) -> None:
    second = make.attempt(Verdict.UNANSWERED, 2, sent_at=make.after(60))
    order = make.order(created_at=make.after(75))
    assert our_order(make.doubtful(), OrderSearch((order,))) is None
    assert our_order(make.doubtful().with_attempt(second), OrderSearch((order,))) == order


def test_an_operation_that_sent_nothing_has_no_order(make: Make) -> None:
    unsent = make.operation(Phase.WAITING, attempts=(make.attempt(Verdict.UNSENT),))
    assert candidates_of(unsent, OrderSearch((make.order(),))) == []
