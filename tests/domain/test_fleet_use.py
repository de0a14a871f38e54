"""The fleet's guard: what others have under way and have ordered within the hour, and a pause of all."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tidegate.domain.decide import decide
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
        assert decision.until == make.after(2)


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
