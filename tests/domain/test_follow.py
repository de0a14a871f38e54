"""Reading the signs: each outcome, and each "not yet" on either side of its threshold."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tidegate.domain.follow import sight_of
from tidegate.domain.operation import Event, Outcome, Phase, Sight
from tidegate.domain.reading import ANNOUNCED, Billing, Health, Payment

if TYPE_CHECKING:
    from tests.domain.conftest import Follow, Make

SECOND = timedelta(seconds=1)
PAID, UNPAID, CANCELLED = Payment.PAID, Payment.UNPAID, Payment.CANCELLED


@pytest.mark.parametrize(
    ("rung", "over", "sight"),
    [
        ("small", {}, Sight.BASELINE),
        ("medium", {}, Sight.WANTED),
        ("medium", {"QueueCapacity": 200}, Sight.PARTIAL),
        ("small", {"MaxPrivateTps": 5000}, Sight.PARTIAL),
        ("medium", {"MaxPrivateTps": 5500}, Sight.OTHER),
        ("large", {}, Sight.OTHER),
        # A field that no rung names: it was to stay as it was.
        ("medium", {"SupportEip": False}, Sight.OTHER),
        ("small", {"MaxEipTps": 0}, Sight.OTHER),
        # What was not read before cannot have changed.
        ("medium", {"Tracing": True}, Sight.WANTED),
    ],
)
def test_values_are_old_wanted_partly_changed_or_something_else(
    make: Make, rung: str, over: dict[str, Any], sight: Sight
) -> None:
    assert sight_of(make.operation(), make.spec(rung, **over)) is sight


def test_a_field_that_vanished_is_something_else(make: Make) -> None:
    spec = {name: value for name, value in make.spec("medium").items() if name != "SupportEip"}
    assert sight_of(make.operation(), spec) is Sight.OTHER


def test_wanted_values_read_once_prove_nothing(ordered: Follow) -> None:
    insight = ordered.new(ordered.make.after(2))
    assert (insight.event, insight.outcome) == (Event.SAW_WANTED, None)
    assert ordered.operation.phase is Phase.PROVING


def test_a_resize_is_proven_by_two_reads_a_minute_apart_and_not_a_second_sooner(ordered: Follow) -> None:
    at = ordered.make.after(2)
    ordered.new(at)
    assert ordered.new(at + timedelta(seconds=59)).outcome is None
    insight = ordered.new(at + timedelta(seconds=60))
    assert (insight.outcome, insight.why, insight.order_id) == (Outcome.RESIZED, "read back twice", "o-1")


@pytest.mark.parametrize("between", ["old", "odd", "ill"])
def test_the_row_of_reads_that_proves_a_resize_must_be_unbroken(ordered: Follow, between: str) -> None:
    at = ordered.make.after(2)
    ordered.new(at)
    if between == "ill":
        ordered.health = Health.CHANGING
        ordered.new(at + 30 * SECOND)
        ordered.health = Health.HEALTHY
    else:
        getattr(ordered, between)(at + 30 * SECOND)
    assert ordered.new(at + 60 * SECOND).outcome is None
    assert ordered.new(at + 119 * SECOND).outcome is None
    assert ordered.new(at + 120 * SECOND).outcome is Outcome.RESIZED


def test_wanted_values_on_an_instance_that_is_not_healthy_are_a_change_and_no_proof(ordered: Follow) -> None:
    ordered.health = Health.CHANGING
    ordered.new(ordered.make.after(2))
    insight = ordered.new(ordered.make.after(9))
    assert (insight.event, insight.outcome) == (Event.SAW_CHANGE, None)


@pytest.mark.parametrize("payment", [UNPAID, Payment.UNKNOWN, CANCELLED, None])
def test_values_that_show_before_the_order_is_seen_paid_are_not_yet_ours(
    ordered: Follow, payment: Payment | None
) -> None:
    ordered.orders = (ordered.make.order(payment),) if payment else ()
    ordered.new(ordered.make.after(2))
    assert ordered.new(ordered.make.after(44)).outcome is None
    ordered.orders = (ordered.make.order(PAID),)
    # What was read before can be none of its doing, and proves nothing.
    assert ordered.new(ordered.make.after(44)).outcome is None
    assert ordered.new(ordered.make.after(45)).outcome is Outcome.RESIZED


def test_what_came_and_went_before_the_order_was_paid_is_no_rollback_of_it(ordered: Follow) -> None:
    """A colleague's change, which the vendor rolled back while ours waited (week 49001)."""
    make = ordered.make
    ordered.orders = (make.order(UNPAID),)
    ordered.odd(make.after(2))
    ordered.old(make.after(5))
    assert ordered.old(make.after(40)).event is Event.SAW_UNPAID
    ordered.orders = (make.order(PAID),)
    for minute in (41, 60, 90):
        assert ordered.old(make.after(minute)).outcome is None
    ordered.odd(make.after(91))
    ordered.old(make.after(92))
    assert ordered.old(make.after(122)).outcome is Outcome.ROLLED_BACK


def test_what_still_shows_as_the_order_is_paid_may_be_anothers(ordered: Follow) -> None:
    """The instance is read before billing is asked; and ours begins when the change before it has ended."""
    make = ordered.make
    ordered.orders = (make.order(UNPAID),)
    ordered.odd(make.after(60))
    ordered.orders = (make.order(PAID),)
    ordered.odd(make.after(65))
    ordered.old(make.after(66))
    assert ordered.old(make.after(96) - SECOND).outcome is None
    assert ordered.old(make.after(96)).outcome is Outcome.ROLLED_BACK


@pytest.mark.parametrize("known", ["by its number", "not at all"])
def test_an_order_that_is_not_shown_yet_may_wait_to_be_paid(ordered: Follow, doubtful: Follow, known: str) -> None:
    """An order may be invisible for half an hour: then billing that shows none says nothing."""
    follow = ordered if known == "by its number" else doubtful
    make, follow.orders = follow.make, ()
    follow.odd(make.after(2))
    follow.old(make.after(5))
    assert follow.old(make.after(45) - SECOND).outcome is None
    follow.orders = (make.order(UNPAID),)
    assert follow.old(make.after(60)).outcome is None


def test_on_pay_as_you_go_there_may_be_no_order_to_pay(ordered: Follow) -> None:
    ordered.operation, ordered.orders = ordered.make.operation(billing=Billing.PAY_AS_YOU_GO), ()
    ordered.new(ordered.make.after(2))
    assert ordered.new(ordered.make.after(3)).outcome is Outcome.RESIZED


def test_an_order_found_for_a_request_without_an_answer_makes_the_resize_ours(doubtful: Follow) -> None:
    doubtful.new(doubtful.make.after(2))
    doubtful.orders = (doubtful.make.order(order_id="o-9"),)
    doubtful.new(doubtful.make.after(3))
    insight = doubtful.new(doubtful.make.after(4))
    assert (insight.outcome, insight.order_id) == (Outcome.RESIZED, "o-9")


def test_wanted_values_without_our_order_are_somebody_elses_once_ours_would_have_shown(doubtful: Follow) -> None:
    """45 minutes after the request, and 30 minutes of the same values."""
    make = doubtful.make
    doubtful.new(make.after(2))
    assert doubtful.new(make.after(45) - SECOND).outcome is None
    insight = doubtful.new(make.after(45))
    assert insight.outcome is Outcome.RESIZED_ELSEWHERE
    assert insight.why == "the wanted values are there, but no order of ours was found"


def test_wanted_values_that_came_late_must_stand_for_half_an_hour(doubtful: Follow) -> None:
    make = doubtful.make
    doubtful.new(make.after(40))
    assert doubtful.new(make.after(70) - SECOND).outcome is None
    assert doubtful.new(make.after(70)).outcome is Outcome.RESIZED_ELSEWHERE


@pytest.mark.parametrize(
    ("payment", "why"),
    [
        (UNPAID, "the wanted values are there, but our order o-1 is unpaid: cancel it if it is left over"),
        (Payment.UNKNOWN, "the wanted values are there, but our order o-1 is unknown: cancel it if it is left over"),
        (CANCELLED, "the wanted values are there, but our order o-1 is cancelled"),
        (None, "the wanted values are there, but our order o-1 never showed as paid"),
    ],
)
def test_an_order_left_over_is_named(ordered: Follow, payment: Payment | None, why: str) -> None:
    ordered.orders = (ordered.make.order(payment),) if payment else ()
    ordered.new(ordered.make.after(15))
    insight = ordered.new(ordered.make.after(45))
    assert (insight.outcome, insight.why) == (Outcome.RESIZED_ELSEWHERE, why)


def test_several_orders_that_may_be_left_over_are_all_named(doubtful: Follow) -> None:
    make = doubtful.make
    doubtful.orders = (make.order(UNPAID, "o-1"), make.order(UNPAID, "o-2"))
    doubtful.new(make.after(15))
    insight = doubtful.new(make.after(45))
    assert insight.outcome is Outcome.RESIZED_ELSEWHERE
    assert insight.why == "the wanted values are there, but which of the orders o-1, o-2 is ours cannot be told"


@pytest.mark.parametrize("spec", [{"MaxPrivateTps": 5500}, {"QueueCapacity": 200}, {"SupportEip": False}])
def test_other_values_that_stand_for_half_an_hour_are_where_it_settled(ordered: Follow, spec: dict[str, Any]) -> None:
    """Rounded by the vendor, applied in part, or a field changed that nobody meant to change."""
    make = ordered.make
    other = make.spec("medium", **spec)
    ordered.look(make.after(20), other)
    insight = ordered.look(make.after(50) - SECOND, other)
    assert (insight.event, insight.outcome) == (Event.SAW_CHANGE, None)
    insight = ordered.look(make.after(50), other)
    ((name, value),) = spec.items()
    assert insight.outcome is Outcome.SETTLED_ELSEWHERE
    assert insight.why == f"settled, but with {name} {value} instead of {make.spec('medium')[name]}"


def test_while_our_order_is_not_paid_nothing_has_settled_anywhere(ordered: Follow) -> None:
    ordered.orders = (ordered.make.order(UNPAID),)
    ordered.odd(ordered.make.after(2))
    assert ordered.odd(ordered.make.after(days=3)).outcome is None


def test_other_values_without_an_order_of_ours_settle_once_it_would_have_shown(doubtful: Follow) -> None:
    make = doubtful.make
    doubtful.odd(make.after(2))
    assert doubtful.odd(make.after(45) - SECOND).outcome is None
    assert doubtful.odd(make.after(45)).outcome is Outcome.SETTLED_ELSEWHERE


@pytest.mark.parametrize(("since", "until"), [(5, 45), (20, 50)], ids=["as early as can be", "later"])
def test_old_values_after_a_change_are_a_rollback_once_ours_would_have_been_applied(
    ordered: Follow, since: int, until: int
) -> None:
    """45 minutes after the request, and 30 minutes of the same values."""
    make = ordered.make
    ordered.odd(make.after(2))
    ordered.old(make.after(since))
    insight = ordered.old(make.after(until) - SECOND)
    assert (insight.event, insight.outcome) == (Event.SAW_NOTHING, None)
    insight = ordered.old(make.after(until))
    assert insight.outcome is Outcome.ROLLED_BACK
    assert insight.why == "a change was seen, and then the old values again"


def test_old_values_without_a_change_are_only_slow(ordered: Follow) -> None:
    for hour in range(12):
        insight = ordered.old(ordered.make.after(hours=hour))
    assert (insight.event, insight.outcome, ordered.operation.phase) == (Event.SAW_NOTHING, None, Phase.ORDERED)


def test_while_our_order_waits_to_be_paid_nothing_was_rolled_back(ordered: Follow) -> None:
    """What came and went in the meantime was not ours: our order still stands."""
    make = ordered.make
    ordered.orders = (make.order(UNPAID),)
    ordered.odd(make.after(2))
    ordered.old(make.after(5))
    insight = ordered.old(make.after(60))
    assert (insight.event, insight.outcome) == (Event.SAW_UNPAID, None)


def test_while_an_order_waits_to_be_paid_that_may_be_ours_nothing_was_rolled_back(doubtful: Follow) -> None:
    """Of two that fit nobody knows which is ours; a colleague's may be what came and went."""
    make = doubtful.make
    doubtful.orders = (make.order(UNPAID, "o-1"), make.order(order_id="o-2"))
    doubtful.odd(make.after(2))
    doubtful.old(make.after(5))
    insight = doubtful.old(make.after(60))
    assert (insight.event, insight.outcome, insight.order_id) == (Event.SAW_UNPAID, None, "")
    doubtful.orders = (make.order(CANCELLED, "o-1"), make.order(order_id="o-2"))
    assert doubtful.old(make.after(61)).outcome is Outcome.ROLLED_BACK


@pytest.mark.parametrize("target", [{}, {"MaxPrivateTps": "9999"}])
def test_what_came_and_went_before_an_order_was_paid_that_may_be_ours_is_no_rollback(
    doubtful: Follow, target: dict[str, str]
) -> None:
    """Nor where the order is in words that do not fit: it may be ours all the same."""
    make = doubtful.make
    waits, other = make.order(UNPAID, "o-1", target=target), make.order(order_id="o-2", target=target)
    doubtful.orders = (waits, other)
    doubtful.odd(make.after(2))
    doubtful.old(make.after(5))
    assert doubtful.old(make.after(60)).outcome is None
    doubtful.orders = (replace(waits, payment=PAID), other)
    for minute in (61, 75, 90):
        assert doubtful.old(make.after(minute)).outcome is None
    doubtful.odd(make.after(91))
    doubtful.old(make.after(92))
    assert doubtful.old(make.after(122)).outcome is Outcome.ROLLED_BACK


def test_an_unpaid_order_in_words_that_do_not_fit_is_waited_for_and_named(doubtful: Follow) -> None:
    make = doubtful.make
    ordered = make.operation(attempts=(make.attempt(),))
    doubtful.operation = ordered
    doubtful.orders = (make.order(UNPAID, "o-1", target={"MaxPrivateTps": "5200"}),)
    assert doubtful.old(make.after(40)).event is Event.SAW_UNPAID
    doubtful.new(make.after(50))
    insight = doubtful.new(make.after(80))
    assert insight.outcome is Outcome.RESIZED_ELSEWHERE
    assert "it may be o-1: cancel what is left over" in insight.why


def test_a_rival_that_waits_to_be_paid_is_remembered_while_billing_does_not_answer(doubtful: Follow) -> None:
    make = doubtful.make
    doubtful.orders = (make.order(PAID, "o-1"),)
    doubtful.old(make.after(1))
    doubtful.odd(make.after(2))
    doubtful.orders = (make.order(PAID, "o-1"), make.order(UNPAID, "o-2"))
    assert doubtful.old(make.after(5)).event is Event.SAW_UNPAID
    doubtful.orders, doubtful.search = (), {"went_through": False, "was_proven": True}
    assert doubtful.old(make.after(60)).outcome is None


def test_an_order_that_waited_to_be_paid_and_is_not_shown_any_more_still_waits(doubtful: Follow) -> None:
    make = doubtful.make
    doubtful.orders = (make.order(UNPAID, "o-1"), make.order(order_id="o-2"))
    doubtful.odd(make.after(2))
    doubtful.old(make.after(5))
    for orders in ((), (make.order(Payment.UNKNOWN, "o-1"), make.order(order_id="o-2"))):
        doubtful.orders = orders
        assert doubtful.old(make.after(60)).outcome is None
    doubtful.orders = (make.order(PAID, "o-1"), make.order(order_id="o-2"))
    assert doubtful.old(make.after(61)).outcome is None


def test_an_unpaid_order_that_somebody_else_is_known_to_have_placed_is_not_waited_for(doubtful: Follow) -> None:
    make = doubtful.make
    doubtful.search |= {"operators": frozenset({"us"})}
    doubtful.orders = (make.order(UNPAID, "o-1", operator="them", target={"MaxPrivateTps": "9999"}),)
    doubtful.odd(make.after(2))
    doubtful.old(make.after(5))
    assert doubtful.old(make.after(60)).outcome is Outcome.ROLLED_BACK


def test_billing_that_does_not_answer_for_once_does_not_make_an_unpaid_order_a_rollback(ordered: Follow) -> None:
    make = ordered.make
    ordered.orders = (make.order(UNPAID),)
    ordered.odd(make.after(2))
    ordered.old(make.after(5))
    assert ordered.old(make.after(60)).event is Event.SAW_UNPAID
    ordered.orders, ordered.search = (), {"went_through": False, "was_proven": True}
    assert ordered.old(make.after(65)).outcome is None
    ordered.odd(make.after(70))
    assert ordered.odd(make.after(130)).outcome is None


def test_an_order_that_was_seen_paid_is_rolled_back_also_where_billing_does_not_answer(ordered: Follow) -> None:
    make = ordered.make
    ordered.odd(make.after(2))
    ordered.orders, ordered.search = (), {"went_through": False, "was_proven": True}
    ordered.old(make.after(5))
    assert ordered.old(make.after(45)).outcome is Outcome.ROLLED_BACK


def test_while_an_order_waits_to_be_paid_that_may_be_ours_nothing_has_settled_elsewhere(doubtful: Follow) -> None:
    make = doubtful.make
    doubtful.orders = (make.order(UNPAID, "o-1"), make.order(order_id="o-2"))
    doubtful.odd(make.after(2))
    assert doubtful.odd(make.after(90)).outcome is None
    doubtful.orders = (make.order(CANCELLED, "o-1"), make.order(order_id="o-2"))
    assert doubtful.odd(make.after(91)).outcome is Outcome.SETTLED_ELSEWHERE


def test_an_address_that_is_announced_is_a_switchover_where_the_status_shows_none(ordered: Follow) -> None:
    """The vendor may show the new values and a healthy status while the traffic still runs on the old address."""
    make, paid = ordered.make, (ordered.make.order(),)
    ordered.orders, ordered.notes = paid, {ANNOUNCED: "100.104.2.0/26"}
    for minutes in (2, 5, 60, 60 * 23):
        seen = ordered.new(make.after(minutes))
        assert (seen.event, seen.outcome) == (Event.SAW_SWITCHOVER, None)
    assert ordered.operation.phase is Phase.SWITCHOVER
    ordered.notes = {}
    assert ordered.new(make.after(60 * 23 + 1)).outcome is None, "what was seen meanwhile proves nothing"
    assert ordered.new(make.after(60 * 23 + 3)).outcome is Outcome.RESIZED


def test_an_announced_address_that_goes_with_the_old_values_is_a_rollback(ordered: Follow) -> None:
    make = ordered.make
    ordered.orders, ordered.notes = (make.order(),), {ANNOUNCED: "100.104.2.0/26"}
    ordered.new(make.after(2))
    ordered.notes = {}
    ordered.old(make.after(60))
    assert ordered.old(make.after(90)).outcome is Outcome.ROLLED_BACK


def test_an_address_that_stays_announced_counts_until_the_vendor_would_have_rolled_back(ordered: Follow) -> None:
    make = ordered.make
    ordered.orders, ordered.notes = (make.order(),), {ANNOUNCED: "100.104.2.0/26"}
    ordered.new(make.after(2))
    assert ordered.new(make.after(24 * 60 + 1)).event is Event.SAW_SWITCHOVER
    ordered.new(make.after(24 * 60 + 2))
    assert ordered.new(make.after(24 * 60 + 4)).outcome is Outcome.RESIZED


@pytest.mark.parametrize("first", [UNPAID, PAID])
def test_the_switchover_of_a_change_before_ours_is_not_that_of_ours(ordered: Follow, first: Payment) -> None:
    """Another's address uses up nothing of the 24 hours in which ours waits for its switchover."""
    make = ordered.make
    ordered.orders = (make.order(first),)
    ordered.notes = {ANNOUNCED: "100.104.9.0/26"}
    ordered.old(make.after(10))
    ordered.notes = {}
    ordered.old(make.after(hours=47))
    ordered.orders = (make.order(PAID),)
    ordered.old(make.after(hours=48))
    # The vendor may give the address out again.
    ordered.notes = {ANNOUNCED: "100.104.9.0/26" if first is UNPAID else "100.104.2.0/26"}
    for minutes in (10, 12, 60):
        seen = ordered.new(make.after(minutes, hours=48))
        assert (seen.event, seen.outcome) == (Event.SAW_SWITCHOVER, None)


def test_the_wait_that_people_are_told_of_is_that_of_our_order(ordered: Follow) -> None:
    make = ordered.make
    ordered.orders, ordered.health = (make.order(UNPAID),), Health.SWITCHOVER
    ordered.old(make.after(10))
    ordered.health = Health.HEALTHY
    ordered.old(make.after(hours=47))
    ordered.orders = (make.order(PAID),)
    ordered.old(make.after(hours=48))
    ordered.health = Health.SWITCHOVER
    ordered.new(make.after(10, hours=48))
    assert ordered.operation.evidence.switchover_at == make.after(10, hours=48)


@pytest.mark.parametrize("how", ["status", "before", "skipped"])
def test_an_announced_address_says_nothing_where_it_cannot(ordered: Follow, how: str) -> None:
    """The status has told of the wait; it was announced before the order; the order tells the vendor not to wait."""
    make, address = ordered.make, {ANNOUNCED: "100.104.2.0/26"}
    ordered.orders, ordered.notes = (make.order(),), address
    if how == "status":
        ordered.health = Health.SWITCHOVER
        ordered.new(make.after(2))
        ordered.health = Health.HEALTHY
    elif how == "before":
        ordered.operation = replace(ordered.operation, from_notes=address)
    else:
        ordered.operation = replace(ordered.operation, skips_switchover=True)
    ordered.new(make.after(3))
    assert ordered.new(make.after(5)).outcome is Outcome.RESIZED


def test_a_switchover_nobody_pressed_that_ends_in_the_old_values_is_a_rollback(ordered: Follow) -> None:
    make = ordered.make
    ordered.health = Health.SWITCHOVER
    assert ordered.old(make.after(2)).event is Event.SAW_SWITCHOVER
    assert ordered.operation.phase is Phase.SWITCHOVER
    assert ordered.operation.evidence.switchover_at == make.after(2)
    ordered.old(make.after(hours=23))
    assert ordered.operation.evidence.switchover_at == make.after(2)
    ordered.health = Health.HEALTHY
    ordered.old(make.after(hours=25))
    assert ordered.old(make.after(30, hours=25)).outcome is Outcome.ROLLED_BACK


def test_an_instance_that_the_vendor_does_not_find_for_a_moment_has_not_changed(ordered: Follow) -> None:
    """What cannot be seen is no change: the old values afterwards are no rollback."""
    make = ordered.make
    ordered.health = Health.GONE
    assert ordered.look(make.after(2), {}).outcome is None
    ordered.health = Health.HEALTHY
    ordered.old(make.after(3))
    insight = ordered.old(make.after(60))
    assert (insight.event, insight.outcome) == (Event.SAW_NOTHING, None)


@pytest.mark.parametrize("how", ["by the vendor", "by who ordered"])
def test_an_order_that_somebody_cancelled_ends_it_after_four_minutes_of_old_values(ordered: Follow, how: str) -> None:
    make = ordered.make
    ordered.orders = (make.order(CANCELLED, operator="us"),)
    if how == "by the vendor":
        ordered.operation = replace(ordered.operation, attempts=(make.attempt(order_id="o-1"),))
    else:
        ordered.search |= {"operators": frozenset({"us"})}
    ordered.old(make.after(2))
    assert ordered.old(make.after(6) - SECOND).outcome is None
    insight = ordered.old(make.after(6))
    assert insight.outcome is Outcome.ORDER_CANCELLED
    assert insight.why == "order o-1 was cancelled by somebody; the old values stay"


def test_a_cancelled_order_that_nobody_knows_to_be_ours_ends_it_once_ours_would_have_shown(doubtful: Follow) -> None:
    """A colleague's, of the same size and a little earlier, while ours is not shown yet."""
    make = doubtful.make
    doubtful.orders = (make.order(CANCELLED, "theirs", created_at=make.noon - timedelta(minutes=10)),)
    doubtful.old(make.after(1))
    assert doubtful.old(make.after(45) - SECOND).outcome is None
    assert doubtful.old(make.after(45)).outcome is Outcome.ORDER_CANCELLED


def test_after_eight_days_without_an_end_it_is_abandoned(ordered: Follow) -> None:
    planned = ordered.operation.planned_at
    assert ordered.old(planned + timedelta(days=8) - SECOND).outcome is None
    insight = ordered.old(planned + timedelta(days=8))
    assert (insight.outcome, insight.why) == (Outcome.ABANDONED, "no end was seen in 8 days")


def test_an_end_that_is_seen_on_the_last_day_is_that_end(ordered: Follow) -> None:
    ordered.new(ordered.make.after(days=8))
    assert ordered.new(ordered.make.after(1, days=8)).outcome is Outcome.RESIZED


@pytest.mark.parametrize(
    ("payment", "phase"),
    [(UNPAID, Phase.UNPAID), (PAID, Phase.ORDERED), (Payment.UNKNOWN, Phase.ORDERED), (None, Phase.ORDERED)],
)
def test_with_the_old_values_the_order_tells_where_it_is(
    ordered: Follow, payment: Payment | None, phase: Phase
) -> None:
    ordered.orders = (ordered.make.order(payment),) if payment else ()
    ordered.old(ordered.make.after(2))
    assert ordered.operation.phase is phase


def test_an_unhealthy_instance_with_the_old_values_shows_nothing_yet(ordered: Follow) -> None:
    ordered.health = Health.CHANGING
    assert ordered.old(ordered.make.after(2)).event is Event.SAW_NOTHING


def test_part_of_the_new_values_is_applying_and_never_old(ordered: Follow) -> None:
    make = ordered.make
    ordered.look(make.after(2), make.spec("small", QueueCapacity=400))
    assert (ordered.operation.phase, ordered.operation.evidence.sight) == (Phase.APPLYING, Sight.PARTIAL)
