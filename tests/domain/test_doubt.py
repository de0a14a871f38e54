"""Doubt: when it ends, when it must stay, and which order is ours."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tidegate.domain.follow import Insight
from tidegate.domain.operation import Event, Outcome, Phase, Verdict
from tidegate.domain.reading import Billing, Direction, Order, Payment
from tidegate.domain.whose import OrderSearch, candidates_of, our_order

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


def _doubted_again(follow: Follow, before: Phase) -> None:
    """Bring it into doubt once more, out of another phase, after the first doubt was cleared."""
    phases = tuple((phase, follow.make.after(0)) for phase in (Phase.DOUBT, Phase.WAITING, before, Phase.DOUBT))
    follow.operation = replace(follow.operation, cleared=1, phases=phases)


def test_a_doubt_is_cleared_once_at_most_and_ends_the_operation_by_the_same_evidence(doubtful: Follow) -> None:
    _doubted_again(doubtful, Phase.CLAIMED)
    assert _in_doubt_until(doubtful, doubtful.make.after(44)).outcome is None
    seen = doubtful.old(doubtful.make.after(49))
    assert (seen.event, seen.outcome) == (Event.SAW_NOTHING, Outcome.UNCHANGED)


def test_without_that_evidence_a_second_doubt_stays(doubtful: Follow) -> None:
    _doubted_again(doubtful, Phase.CLAIMED)
    doubtful.operation = replace(doubtful.operation, billing=Billing.PAY_AS_YOU_GO)
    assert _in_doubt_until(doubtful, doubtful.make.after(days=2)).outcome is None


def test_a_first_attempt_that_may_stand_after_all_is_not_cleared_again(doubtful: Follow) -> None:
    """The instance moved between the clearing and the second attempt: that weighs more than what is read later."""
    _doubted_again(doubtful, Phase.WAITING)
    seen = _in_doubt_until(doubtful, doubtful.make.after(days=2))
    assert (seen.event, seen.outcome) == (Event.SAW_NOTHING, None)


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


def test_several_unpaid_orders_that_fit_are_nobodys_either(doubtful: Follow) -> None:
    """That one of them is ours, and stands, is not known."""
    make = doubtful.make
    doubtful.orders = (make.order(Payment.UNPAID, "o-1"), make.order(Payment.UNPAID, "o-2"))
    assert _in_doubt_until(doubtful, make.after(days=2)).event is Event.SAW_NOTHING
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


@pytest.mark.parametrize("order", [odd for odd in MISFITS if "order_id" not in odd])
def test_while_an_order_of_the_instance_is_unexplained_no_other_is_placed(
    doubtful: Follow, order: dict[str, Any]
) -> None:
    """It may be ours all the same: rounded, written in another way, or taken late."""
    make = doubtful.make
    doubtful.orders = (_as_written(make, {"order_id": "o-7", **order}),)
    seen = _in_doubt_until(doubtful, make.after(days=2))
    assert (seen.event, seen.outcome, seen.evidence.unlike) == (Event.SAW_NOTHING, None, ("o-7",))
    doubtful.search |= {"others": frozenset({"o-7"})}
    assert doubtful.old(make.after(days=2, minutes=5)).event is Event.CLEARED


def test_an_order_that_was_shown_once_counts_although_it_is_not_shown_any_more(doubtful: Follow) -> None:
    make = doubtful.make
    doubtful.orders = (make.order(order_id="o-1"), make.order(order_id="o-2"))
    doubtful.old(make.after(10))
    doubtful.orders = ()
    seen = _in_doubt_until(doubtful, make.after(days=2))
    assert (seen.event, seen.evidence.unlike) == (Event.SAW_NOTHING, ("o-1", "o-2"))


@pytest.mark.parametrize("shown", [True, False])
def test_an_unpaid_order_of_which_billing_says_nothing_any_more_still_waits(doubtful: Follow, *, shown: bool) -> None:
    """A change of somebody else's that came and went is no end of ours."""
    make = doubtful.make
    doubtful.orders = (make.order(Payment.UNPAID, "o-9"),)
    doubtful.old(make.after(2))
    changed = replace(doubtful.operation.evidence, changed=True)
    doubtful.operation = replace(doubtful.operation, evidence=changed)
    doubtful.orders = (make.order(Payment.UNKNOWN, "o-9"),) if shown else ()
    for minutes in (20, 40, 60):
        seen = doubtful.old(make.after(minutes))
        assert (seen.event, seen.outcome) == (Event.SAW_UNPAID, None)
    doubtful.orders = (make.order(Payment.CANCELLED, "o-9"),)
    assert doubtful.old(make.after(80)).outcome is Outcome.ORDER_CANCELLED


def test_an_order_known_by_the_vendors_word_is_ours_however_odd_it_looks_and_no_other_is(make: Make) -> None:
    odd = make.order(order_id="o-1", direction=Direction.DOWN, created_at=make.after(days=-3))
    operation = make.operation(order_id="o-1", attempts=(make.attempt(order_id="o-1"),))
    assert our_order(operation, OrderSearch((make.order(order_id="o-2"), odd))) == odd
    assert our_order(operation, OrderSearch((make.order(order_id="o-2"),))) is None


def test_an_order_that_a_search_took_for_ours_is_nobodys_once_another_fits_as_well(make: Make) -> None:
    operation = make.operation(order_id="o-1")
    one, other = make.order(order_id="o-1"), make.order(order_id="o-2")
    assert our_order(operation, OrderSearch((one,))) == one
    assert our_order(operation, OrderSearch((one, other))) is None


ROLE = "acs:ram::123:assumed-role/tidegate-submit"
LI = "acs:ram::123:user/li"


def test_an_order_of_somebody_else_is_not_ours_however_well_it_fits(make: Make) -> None:
    ours, theirs = make.order(order_id="o-1", operator=f"{ROLE}/c-7"), make.order(order_id="o-2", operator=LI)
    search = OrderSearch((theirs,), operators=frozenset({ROLE}))
    assert our_order(make.doubtful(), search) is None
    assert our_order(make.doubtful(), replace(search, found=(ours, theirs))) == ours
    assert our_order(make.operation(order_id="o-1"), replace(search, found=(ours, theirs))) == ours


@pytest.mark.parametrize(("operator", "known"), [("", {ROLE}), (LI, set()), (f"{ROLE}/another-session", {ROLE})])
def test_whose_order_it_is_counts_only_where_both_are_known(make: Make, operator: str, known: set[str]) -> None:
    order = make.order(operator=operator)
    assert our_order(make.doubtful(), OrderSearch((order,), operators=frozenset(known))) == order


def test_an_order_of_somebody_else_that_fits_neither_ends_a_doubt_nor_lets_us_order_again(doubtful: Follow) -> None:
    """Under which name we order may have changed since we learned it: safety before liveness."""
    make = doubtful.make
    doubtful.orders = (make.order(Payment.UNPAID, "o-2", operator=LI),)
    doubtful.search |= {"operators": frozenset({ROLE})}
    insight = _in_doubt_until(doubtful, make.after(days=2))
    assert (insight.event, insight.order_id, doubtful.operation.phase) == (Event.SAW_NOTHING, "", Phase.DOUBT)


def test_values_that_came_by_somebody_elses_order_are_said_to_be_theirs(doubtful: Follow) -> None:
    make = doubtful.make
    doubtful.orders = (make.order(order_id="o-2", operator=LI),)
    doubtful.search |= {"operators": frozenset({ROLE})}
    doubtful.new(make.after(20))
    insight = doubtful.new(make.after(60))
    assert insight.outcome is Outcome.RESIZED_ELSEWHERE
    assert f"somebody else placed order o-2 by {LI}" in insight.why


def test_the_time_of_every_attempt_that_was_sent_counts(make: Make) -> None:
    second = make.attempt(Verdict.UNANSWERED, 2, sent_at=make.after(60))
    order = make.order(created_at=make.after(75))
    assert our_order(make.doubtful(), OrderSearch((order,))) is None
    assert our_order(make.doubtful().with_attempt(second), OrderSearch((order,))) == order


def test_an_operation_that_sent_nothing_has_no_order(make: Make) -> None:
    unsent = make.operation(Phase.WAITING, attempts=(make.attempt(Verdict.UNSENT),))
    assert candidates_of(unsent, OrderSearch((make.order(),))) == []
