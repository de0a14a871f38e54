"""The fleet's limits: so many orders at once, so many in any hour, over instances that know nothing of each other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count, pairwise
from typing import Any

import pytest

from tidegate.app import steps
from tidegate.app.reconcile import reconcile
from tidegate.domain.facts import Closed
from tidegate.domain.operation import Outcome, Phase
from tidegate.ledger.ledger import Ledger

Opens = Callable[..., Any]
NAMES = [f"mq-{number}" for number in range(1, 6)]
CALM = {"cooldown": {"up": "0s", "down": "0s"}}
LEFT_OVER = 12
"""Minutes after which the tick looks at a slot that nobody gave back."""


def _five(desk: Opens, *, at_once: int = 9, per_hour: int = 99, **behaviour: Any) -> Any:
    """A desk at ten past noon with five like instances and these limits over them."""
    at = desk(more=5, **behaviour)
    policies = [
        {**at.orders_mq, **CALM, "name": name, "instance_id": f"amqp-cn-more{number:04}"}
        for number, name in enumerate(NAMES, 1)
    ]
    at.push(*policies, fleet={"orders_at_once": at_once, "orders_per_hour": per_hour})
    at.live(10)
    return at


def _all_ring(at: Any) -> list[str]:
    """Every instance's alert rings at the same moment: what is decided of each."""
    return [at.hear(at.alert(f"rings-{name}"), name).decision.code for name in NAMES]


def _open(at: Any) -> list[str]:
    return [name for name in NAMES if at.state(name).operation is not None]


def _slots(at: Any) -> list[tuple[int, bool]]:
    """The slots that count, as their operation and whether it is still under way."""
    return [(slot.operation, slot.released_at is None) for slot in at.around.fleet.state().slots]


def _flights(at: Any) -> list[tuple[datetime, datetime]]:
    """When each order was claimed and when its operation was settled."""
    settled = [one for name in NAMES for one in at.state(name).recent if one.order_id]
    return [(next(when for phase, when in one.phases if phase is Phase.CLAIMED), one.at) for one in settled]


def _most_at_once(flights: list[tuple[datetime, datetime]]) -> int:
    """How many were in flight at the busiest moment; one that settles makes room for one that begins."""
    steps_ = sorted([(begin, 1) for begin, _ in flights] + [(end, -1) for _, end in flights])
    most = now = 0
    for _, step in steps_:
        now += step
        most = max(most, now)
    return most


# At once


@pytest.mark.parametrize("limit", [1, 2, 3])
def test_of_five_that_want_to_go_up_at_once_never_more_than_the_limit_are_in_flight(desk: Opens, limit: int) -> None:
    at = _five(desk, at_once=limit)
    assert _all_ring(at) == ["resize"] * limit + ["fleet"] * (5 - limit)
    for _ in range(120):
        at.live(1)
        assert len(_open(at)) <= limit
    flights = _flights(at)
    assert len(flights) == len(at.orders()) == 5
    assert _most_at_once(flights) == limit


def test_as_one_settles_the_next_begins(desk: Opens) -> None:
    """Within the two minutes after which a held instance is looked at again."""
    at = _five(desk, at_once=1)
    _all_ring(at)
    at.live(120)
    flights = sorted(_flights(at))
    gaps = [begin - end for (_, end), (begin, _) in pairwise(flights)]
    assert all(timedelta(0) <= gap <= timedelta(minutes=4) for gap in gaps), gaps


def test_an_instance_that_is_held_by_the_fleet_says_so_and_nobody_is_told(desk: Opens) -> None:
    at = _five(desk, at_once=1)
    _all_ring(at)
    at.live(1)
    assert at.state("mq-3").stance.code == "fleet"
    assert at.state("mq-3").stance.reason == "1 orders of other instances are under way, and 1 may be at once"
    assert at.messages == []


def test_an_order_that_nobody_pays_keeps_its_slot(desk: Opens) -> None:
    at = _five(desk, at_once=1, wait_for_payment=True)
    _all_ring(at)
    at.live(90)
    assert (len(at.orders()), len(_open(at))) == (1, 1)


def test_an_order_in_doubt_keeps_its_slot(desk: Opens) -> None:
    at = _five(desk, at_once=1, order_visible_after="30m")
    at.fault("UpdateInstance", "lost-reply")
    _all_ring(at)
    at.live(5)
    assert at.state("mq-1").operation.phase is Phase.DOUBT
    assert len(at.calls("UpdateInstance")) == 1


def test_limits_that_a_new_policy_sets_count_from_then_on(desk: Opens) -> None:
    at = _five(desk, at_once=1)
    _all_ring(at)
    at.live(2)
    assert len(_open(at)) == 1
    policies = [
        {**at.orders_mq, **CALM, "name": name, "instance_id": f"amqp-cn-more{number:04}"}
        for number, name in enumerate(NAMES, 1)
    ]
    at.push(*policies, fleet={"orders_at_once": 5})
    at.live(2)
    assert len(_open(at)) == 5


# In any hour


@pytest.mark.parametrize("limit", [1, 2, 4])
def test_in_any_hour_no_more_are_ordered_than_the_limit(desk: Opens, limit: int) -> None:
    at = _five(desk, per_hour=limit)
    _all_ring(at)
    at.live(5 * 60 + 30)
    times = sorted(order.created_at for order in at.orders())
    assert len(times) == 5
    moments = [datetime.fromisoformat(time) for time in times]
    for begin in moments:
        within = [moment for moment in moments if begin <= moment < begin + timedelta(hours=1)]
        assert len(within) <= limit, within


def test_an_instance_that_waits_for_the_hour_says_when_and_begins_then(desk: Opens) -> None:
    at = _five(desk, per_hour=1)
    _all_ring(at)
    at.live(15)
    first = at.settled("mq-1")
    assert first.outcome is Outcome.RESIZED
    begun = next(when for phase, when in first.phases if phase is Phase.CLAIMED)
    frees = begun + timedelta(hours=1, minutes=1)
    why = f"all 1 orders of this hour are used; the next one may begin at {frees:%Y-%m-%d %H:%M}Z"
    assert at.reconcile("mq-2").decision.reason == why
    at.live((frees - at.clock.now()) / timedelta(minutes=1) - 1)
    assert len(at.orders()) == 1
    at.live(3)
    assert len(at.orders()) == 2


def test_an_order_that_was_placed_some_seconds_after_its_claim_has_its_hour_too(desk: Opens) -> None:
    """The slot is taken before the claim; a process may be slow between that and the call."""
    at = _five(desk, per_hour=1)
    at.hear(at.alert("rings"), "mq-1")
    at.leave(at.alert("rings"), "mq-2")
    shelf, nonce = Slow(at), count()
    ledger = Ledger(shelf, at.clock.now, lambda: f"slow-{next(nonce)}")
    steps.submit(replace(at.around, ledger=ledger, checked=[]), at.which("mq-1"))
    at.clock.advance(60 - at.clock.now().second)
    at.live(90)
    first, second = sorted(datetime.fromisoformat(order.created_at) for order in at.orders())
    assert second - first >= timedelta(hours=1)


def test_what_was_ordered_counts_for_its_hour_after_it_has_settled(desk: Opens) -> None:
    at = _five(desk, per_hour=1)
    at.hear(at.alert(), "mq-1")
    at.live(20)
    assert _slots(at) == [(1, False)]
    assert at.hear(at.alert("rings"), "mq-2").decision.code == "fleet"
    at.live(60)
    assert at.state("mq-2").operation is not None or at.state("mq-2").recent


# Slots that are given back


def test_a_cancelled_operation_gives_its_slot_back_unused(desk: Opens) -> None:
    at = _five(desk, at_once=1, per_hour=1)
    at.hear(at.alert(), "mq-1")
    at.say("cancel", "mq-1")
    at.follow("mq-1")
    assert at.settled("mq-1").outcome is Outcome.CANCELLED
    assert _slots(at) == []
    assert at.hear(at.alert("rings"), "mq-2").decision.code == "resize"


def test_a_refused_operation_gives_its_slot_back(desk: Opens) -> None:
    at = _five(desk, at_once=1)
    at.fault("UpdateInstance", "error-before", status=400, code="InvalidParameter", message="no")
    at.hear(at.alert(), "mq-1")
    at.live(5)
    assert at.settled("mq-1").outcome is Outcome.REFUSED
    assert _slots(at) == [(1, False)]
    assert at.hear(at.alert("rings"), "mq-2").decision.code == "resize"


def test_an_order_that_somebody_cancels_gives_its_slot_back(desk: Opens) -> None:
    at = _five(desk, at_once=1, wait_for_payment=True)
    at.hear(at.alert(), "mq-1")
    at.live(5)
    order = at.orders()[0].order_id
    at.server.run(lambda: at.server.cloud.orders.cancel(order))
    at.live(20)
    assert at.settled("mq-1").outcome is Outcome.ORDER_CANCELLED
    assert at.hear(at.alert("rings"), "mq-2").decision.code == "resize"


def test_an_abandoned_operation_gives_its_slot_back(desk: Opens) -> None:
    at = _five(desk, at_once=1, wait_for_payment=True, unpaid_ends_after="30d")
    at.hear(at.alert(), "mq-1")
    at.live(5)
    which = at.which("mq-1")
    at.clock.advance(timedelta(days=8).total_seconds())
    assert steps.look(at.around, which) == "settle"
    assert steps.settle(at.around, which) == "done"
    assert at.settled("mq-1").outcome is Outcome.ABANDONED
    assert _slots(at) == [(1, False)]
    assert at.hear(at.alert("rings"), "mq-2").decision.code == "resize"


def test_the_second_attempt_of_an_operation_needs_no_second_slot(desk: Opens) -> None:
    at = _five(desk, at_once=1, per_hour=1, topic_migrating_refusals=3)
    at.hear(at.alert(), "mq-1")
    at.live(30)
    assert (at.settled("mq-1").outcome, at.settled("mq-1").attempts) == (Outcome.RESIZED, 4)
    assert _slots(at) == [(1, False)]
    assert len(at.orders()) == 1


def test_the_hour_counts_from_the_claim_and_not_from_the_plan(desk: Opens) -> None:
    """What was planned long ago and is ordered only now is an order of now."""
    at = _five(desk, per_hour=1)
    at.hear(at.alert(), "mq-1")
    at.clock.advance(50 * 60)
    at.submit("mq-1")
    at.clock.advance(15 * 60)
    assert at.hear(at.alert("rings"), "mq-2").decision.code == "fleet"


# Races and deaths


class Slow:
    """A shelf whose process rests for some seconds whenever it has written a claim."""

    def __init__(self, at: Any) -> None:
        self._at = at

    def __getattr__(self, name: str) -> Any:
        return getattr(self._at.shelf, name)

    def create(self, key: str, body: bytes) -> bool:
        """Write, and rest."""
        has_won = bool(self._at.shelf.create(key, body))
        if b'"kind":"claimed"' in body.replace(b" ", b""):
            self._at.clock.advance(9)
        return has_won


class Overtaken:
    """A shelf on which somebody else is quicker, once, just before we write into the fleet's ledger."""

    def __init__(self, shelf: Any, other: Callable[[], Any]) -> None:
        self._shelf, self._other, self.has_lost = shelf, other, False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._shelf, name)

    def create(self, key: str, body: bytes) -> bool:
        """Let the other one go first."""
        if key.startswith("ledger/fleet/") and not self.has_lost:
            self.has_lost = True
            self._other()
        return bool(self._shelf.create(key, body))


def _overtaken(at: Any, other: Callable[[], Any]) -> tuple[Any, Overtaken]:
    """Surroundings in which somebody else is quicker."""
    shelf, nonce = Overtaken(at.shelf, other), count()
    ledger = Ledger(shelf, at.clock.now, lambda: f"slow-{next(nonce)}")
    return replace(at.around, ledger=ledger, checked=[], cache={}), shelf


def test_a_pause_that_comes_while_a_tick_is_under_way_holds_what_it_has_not_planned(desk: Opens) -> None:
    """What one call of a function has read of the fleet is remembered; where a slot is taken, it is read anew."""
    at = _five(desk, at_once=5)
    around = replace(at.around)
    around.fleet.state()
    at.say("pause", "", fleet=True)
    assert around.fleet.known().pause is None
    page = at.page("mq-1")
    assert not around.fleet.reserve(around.limits(page.policy_hash), page.key, 1, at.clock.now())


def test_of_two_planners_who_race_for_the_last_slot_one_gets_it(desk: Opens) -> None:
    at = _five(desk, at_once=1)
    at.leave(at.alert("rings"), "mq-1")
    at.leave(at.alert("rings"), "mq-2")
    around, shelf = _overtaken(at, lambda: at.reconcile("mq-2"))
    page = at.page("mq-1")
    verdict = reconcile(around, page.policy, page.policy_hash)
    assert shelf.has_lost
    assert verdict.decision.code == "fleet"
    assert (at.state("mq-1").operation, at.operation("mq-2").number) == (None, 1)
    at.live(60)
    assert _most_at_once(_flights(at)) == 1
    assert len(at.orders()) == 2


def test_of_two_claims_that_race_for_the_last_order_of_the_hour_one_is_placed(desk: Opens) -> None:
    """Both were planned in an hour when there was room; by the claim only one order is left."""
    at = _five(desk, per_hour=2)
    at.hear(at.alert("rings"), "mq-1")
    at.hear(at.alert("rings"), "mq-2")
    at.clock.advance(3600)
    at.hear(at.alert("rings"), "mq-3")
    around, shelf = _overtaken(at, lambda: at.submit("mq-2"))
    which = at.which("mq-1")
    steps.submit(around, which)
    assert shelf.has_lost
    assert len(at.orders()) <= 2
    at.live(3 * 60)
    moments = sorted(datetime.fromisoformat(order.created_at) for order in at.orders())
    assert len(moments) == 3
    assert moments[2] - moments[0] >= timedelta(hours=1)


def test_a_slot_that_a_dead_process_left_is_freed_by_the_tick(desk: Opens) -> None:
    """It died between taking the slot and writing what it was for."""
    at = _five(desk, at_once=1)
    around = at.around
    limits = around.limits(at.page("mq-1").policy_hash)
    assert around.fleet.reserve(limits, at.key("mq-1"), 1, at.clock.now())
    assert at.hear(at.alert("rings"), "mq-2").decision.code == "fleet"
    at.live(LEFT_OVER + 3)
    assert at.state("mq-2").operation is not None or at.state("mq-2").recent
    at.live(30)
    assert len(at.orders()) == 1


def test_a_slot_whose_operation_was_settled_by_a_process_that_died_then_is_freed_and_counts_on(desk: Opens) -> None:
    at = _five(desk, at_once=1, per_hour=1)
    at.hear(at.alert(), "mq-1")
    which = at.which("mq-1")
    answer = at.submit("mq-1")
    while answer != "settle":
        at.clock.advance(60)
        answer = steps.look(at.around, which)
    assert at.page("mq-1").write(Closed(1, "medium", opens_circuit=False)) is not None
    assert _slots(at) == [(1, True)]
    at.live(LEFT_OVER)
    assert _slots(at) == [(1, False)]
    assert at.hear(at.alert("rings"), "mq-2").decision.reason.startswith("all 1 orders of this hour are used")


def test_a_slot_of_an_operation_that_is_open_is_never_freed(desk: Opens) -> None:
    at = _five(desk, at_once=1, apply_takes="3h")
    at.hear(at.alert(), "mq-1")
    at.live(2 * 60)
    assert _slots(at) == [(1, True)]
    assert at.hear(at.alert("rings"), "mq-2").decision.code == "fleet"


def test_dead_executions_keep_their_slot_and_the_limit_holds(desk: Opens) -> None:
    """The tick revives them; meanwhile nobody takes their place."""
    at = _five(desk, at_once=2)
    _all_ring(at)
    for _ in range(40):
        at.clock.advance(60)
        at.tick()
        assert len(_open(at)) <= 2
    at.live(120)
    assert len(at.orders()) == 5
    assert _most_at_once(_flights(at)) <= 2


def test_what_is_kept_of_slots_is_bounded(desk: Opens) -> None:
    at = _five(desk, at_once=5)
    for round_ in range(6):
        for name in NAMES:
            at.say("resize", name, to="large" if round_ % 2 == 0 else "small", **{"for": "8h"})
        at.live(20)
    at.live(60)
    at.say("resize", "mq-1", to="large", **{"for": "8h"})
    assert len(_slots(at)) <= 6
