"""The fleet's guard and its slots: what others have under way, what was ordered within the hour, and a pause of all."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tidegate.domain.decide import decide
from tidegate.domain.fleet import FleetState, Slot
from tidegate.domain.limits import FleetLimits
from tidegate.domain.observed import FleetUse, Observed
from tidegate.domain.state import Pause
from tidegate.domain.verdict import Decision, Hold

if TYPE_CHECKING:
    from tests.domain.conftest import Make

LIMITS = FleetLimits(orders_at_once=2, orders_per_hour=5)


def _decided(make: Make, minute: float = 0, *, state: dict[str, Any] | None = None, **use: Any) -> Decision:
    """What is decided of an instance that is to go up, beside a fleet that is used so much."""
    known = make.state(**{"home": "large", **(state or {})})
    return decide(make.terms(), known, make.seen(fleet=FleetUse(LIMITS, **use)), make.after(minute))


@pytest.mark.parametrize(("at_once", "code"), [(0, "resize"), (1, "resize"), (2, "fleet"), (3, "fleet")])
def test_as_many_orders_at_once_as_the_limit_says_and_no_more(make: Make, at_once: int, code: str) -> None:
    decision = _decided(make, at_once=at_once)
    assert decision.code == code
    if isinstance(decision, Hold):
        why = f"{at_once} orders of other instances are under way, and 2 may be at once"
        assert (decision.reason, decision.needs_person) == (why, False)
        assert decision.until is not None
        assert make.after(0) < decision.until <= make.after(2)


@pytest.mark.parametrize(("in_hour", "code"), [(0, "resize"), (4, "resize"), (5, "fleet"), (9, "fleet")])
def test_as_many_orders_an_hour_as_the_limit_says_and_no_more(make: Make, in_hour: int, code: str) -> None:
    frees_at = make.after(20)
    decision = _decided(make, in_hour=in_hour, frees_at=frees_at)
    assert decision.code == code
    if isinstance(decision, Hold):
        why = "all 5 orders of this hour are used; the next one may begin at 2026-03-02 12:20Z"
        assert (decision.reason, decision.needs_person, decision.until) == (why, False, frees_at)


def test_an_instance_that_wants_nothing_is_not_held_by_the_fleet(make: Make) -> None:
    assert _decided(make, state={"home": "small"}, at_once=9, in_hour=9).code == "as-wanted"


def test_a_person_does_not_overrule_the_fleets_limits(make: Make) -> None:
    everything = ("cooldown", "budget", "window", "drift", "fit", "fleet")
    override = make.override("large", despite=everything, reason="sale")
    assert _decided(make, state={"override": override}, at_once=2).code == "fleet"


def test_without_a_look_at_the_fleet_nothing_is_known_against_it(make: Make) -> None:
    """Whoever orders takes a slot of the fleet's ledger all the same, and that is what holds."""
    observed = Observed(make.reading(), usage=make.seen().usage)
    assert decide(make.terms(), make.state(home="large"), observed, make.noon).code == "resize"


def test_a_pause_of_the_fleet_holds_every_instance(make: Make) -> None:
    decision = _decided(make, pause=Pause("wang", make.noon, reason="migration"))
    assert isinstance(decision, Hold)
    assert decision.code == "pause"
    assert decision.reason == "the fleet is paused by wang, until `tidegate unpause --fleet`: migration"


def test_a_pause_of_the_fleet_that_ends_says_when_and_ends_by_itself(make: Make) -> None:
    pause = Pause("wang", make.noon, make.after(30))
    decision = _decided(make, 29, pause=pause)
    assert isinstance(decision, Hold)
    assert (decision.reason, decision.until) == ("the fleet is paused by wang until 2026-03-02 12:30Z", make.after(30))
    assert _decided(make, 30, pause=pause).code == "resize"


def test_of_two_pauses_the_fleets_is_named_and_the_instances_holds_on_after_it(make: Make) -> None:
    mine = {"pause": Pause("li", make.noon)}
    fleet = Pause("wang", make.noon, make.noon + timedelta(minutes=5))
    assert _decided(make, 1, state=mine, pause=fleet).reason.startswith("the fleet is paused by wang")
    assert _decided(make, 5, state=mine, pause=fleet).reason == "paused by li, until `tidegate unpause orders-mq`"


def test_nobody_overrules_a_pause(make: Make) -> None:
    override = make.override("large", despite=("cooldown", "budget", "window", "drift", "fit"), reason="sale")
    assert _decided(make, state={"override": override}, pause=Pause("wang", make.noon)).code == "pause"
    assert _decided(make, state={"override": override, "pause": Pause("wang", make.noon)}).code == "pause"


# Slots


def _fleet(*slots: tuple[str, int, datetime]) -> FleetState:
    """A fleet in which these operations took slots."""
    fleet = FleetState()
    for key, operation, at in slots:
        fleet = fleet.with_slot(key, operation, at)
    return fleet


def test_a_slot_counts_as_under_way_until_it_is_given_back_and_for_its_hour_in_any_case(make: Make) -> None:
    fleet = _fleet(("a", 1, make.noon))
    assert _used(fleet, make.after(300)) == (1, 0)
    used = fleet.without_slot("a", 1, make.after(10), used=True)
    assert [_used(used, make.after(minute)) for minute in (10, 60, 61)] == [(0, 1), (0, 1), (0, 0)]


def _used(fleet: FleetState, now: datetime, but: tuple[str, int] = ("z", 0)) -> tuple[int, int]:
    use = fleet.use(LIMITS, but[0], now, but=but[1])
    return use.at_once, use.in_hour


def test_a_slot_whose_order_was_never_placed_counts_no_more_once_it_is_given_back(make: Make) -> None:
    fleet = _fleet(("a", 1, make.noon)).without_slot("a", 1, make.after(1), used=False)
    assert (fleet.slots, _used(fleet, make.after(1))) == ((), (0, 0))


def test_an_operations_own_slot_does_not_count_against_it(make: Make) -> None:
    fleet = _fleet(("a", 1, make.noon), ("b", 1, make.noon))
    assert _used(fleet, make.noon) == (2, 2)
    assert _used(fleet, make.noon, ("a", 1)) == (1, 1)
    # The same number of another instance, and another number of the same one, do.
    assert _used(fleet, make.noon, ("a", 2)) == (2, 2)


def test_a_slot_taken_anew_is_one_slot_with_a_new_time(make: Make) -> None:
    fleet = _fleet(("a", 1, make.noon), ("a", 1, make.after(50)))
    assert fleet.slots == (Slot("a", 1, make.after(50)),)
    assert _used(fleet.without_slot("a", 1, make.after(51), used=True), make.after(110)) == (0, 1)


def test_who_stood_still_and_takes_a_slot_with_an_old_time_does_not_make_it_older(make: Make) -> None:
    """Its hour counts from the claim of the order, whoever planned the same operation at the same time."""
    fleet = _fleet(("a", 1, make.noon), ("a", 1, make.after(8)), ("a", 1, make.noon))
    assert fleet.slots == (Slot("a", 1, make.after(8)),)
    assert _used(fleet.without_slot("a", 1, make.after(20), used=True), make.after(68)) == (0, 1)


def test_giving_one_slot_back_leaves_the_others_alone(make: Make) -> None:
    fleet = _fleet(("a", 1, make.noon), ("b", 1, make.noon), ("a", 2, make.noon))
    for used in (True, False):
        left = fleet.without_slot("a", 1, make.after(1), used=used)
        assert [slot.who for slot in left.slots if slot.released_at is None] == [("b", 1), ("a", 2)]


def test_when_the_hour_has_room_again_is_said_only_where_it_is_full(make: Make) -> None:
    limits = FleetLimits(orders_at_once=9, orders_per_hour=2)
    fleet = _fleet(("a", 1, make.noon), ("b", 1, make.after(20)))
    assert fleet.use(limits, "z", make.after(30)).frees_at == make.after(61)
    assert _fleet(("a", 1, make.noon)).use(limits, "z", make.after(30)).frees_at is None


def test_slots_that_count_for_nothing_are_forgotten_when_the_next_one_is_taken(make: Make) -> None:
    fleet = FleetState()
    for number in range(200):
        at = make.after(10 * number)
        fleet = fleet.with_slot("a", number, at).without_slot("a", number, at, used=True)
    assert len(fleet.slots) <= 7


def test_only_slots_taken_some_while_ago_may_be_left_over(make: Make) -> None:
    fleet = _fleet(("c", 1, make.noon)).without_slot("c", 1, make.after(1), used=True)
    fleet = fleet.with_slot("a", 1, make.noon).with_slot("b", 1, make.after(5))
    assert [slot.key for slot in fleet.leftovers(make.after(9))] == []
    assert [slot.key for slot in fleet.leftovers(make.after(10))] == ["a"]
    assert [slot.key for slot in fleet.leftovers(make.after(15))] == ["a", "b"]


def test_a_pause_of_the_fleet_counts_while_it_holds(make: Make) -> None:
    fleet = FleetState(pause=Pause("li", make.noon, make.after(30)))
    assert fleet.use(LIMITS, "a", make.after(29)).pause == fleet.pause
    assert fleet.use(LIMITS, "a", make.after(30)).pause is None
