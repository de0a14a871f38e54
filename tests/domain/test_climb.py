"""`repeat: climb`: one step more when it rings on after the last step has settled, and not before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from itertools import permutations
from typing import TYPE_CHECKING, Any

import pytest

from tidegate.domain.hear import hear
from tidegate.domain.operation import Outcome, Phase
from tidegate.domain.signal import Alert, AlertState
from tidegate.domain.state import State

if TYPE_CHECKING:
    from tests.domain.conftest import Make

OK = AlertState.OK
CLIMBS: dict[str, Any] = {"alerts": [{"rule": "tps-high", "raise": 1, "repeat": "climb"}]}
FIVE = ["one", "two", "three", "four", "five"]


def _tall(**rule: Any) -> dict[str, Any]:
    """A policy with a ladder of five rungs, of which the second is home."""
    ladder = [{"rung": rung, "MaxPrivateTps": 1000 * place} for place, rung in enumerate(FIVE, 1)]
    return {"ladder": ladder, "alerts": [{"rule": "tps-high", "raise": 1, "repeat": "climb", **rule}]}


def _heard(make: Make, state: State, ringing: Sequence[Alert], now: datetime, **policy: Any) -> State:
    heard = hear(make.terms(**{**CLIMBS, **policy}), state, ringing, now)
    return heard[-1][1].state


def _rang(make: Make, state: State, minute: float, **policy: Any) -> State:
    """The state after the rule rang at that minute."""
    at = make.after(minute)
    return _heard(make, state, [make.alert(at=at)], at, **policy)


def _settled(make: Make, state: State, rung: str, minute: float, **over: Any) -> State:
    """The state after an operation to that rung settled at that minute."""
    settled = make.settled(to_rung=rung, at=make.after(minute), **over)
    return replace(state, rung=rung, operation=None, recent=(*state.recent, settled))


def _rung(state: State) -> str:
    (demand,) = state.demands
    return demand.rung


def _on_medium(make: Make) -> State:
    """It rang at noon on the small rung, and its step to medium settled ten minutes later."""
    return _settled(make, _rang(make, make.state(), 0), "medium", 10)


def test_it_climbs_when_it_rings_after_the_last_step_has_settled(make: Make) -> None:
    state = _rang(make, _on_medium(make), 15)
    assert _rung(state) == "large"
    assert state.demands[0].steps_at == make.after(15)
    assert state.demands[0].opened_at == make.noon


def test_without_repeat_it_does_not(make: Make) -> None:
    assert _rung(_rang(make, _on_medium(make), 15, alerts=[{"rule": "tps-high", "raise": 1}])) == "medium"


@pytest.mark.parametrize("phase", [Phase.PLANNED, Phase.ORDERED, Phase.UNPAID, Phase.PROVING, Phase.CONCLUDED])
def test_it_does_not_climb_while_its_step_is_under_way(make: Make, phase: Phase) -> None:
    flying = replace(_rang(make, make.state(), 0), operation=make.operation(phase, to_rung="medium"))
    for minute in (1, 5, 30):
        flying = _rang(make, flying, minute)
    assert _rung(flying) == "medium"


def test_it_does_not_climb_while_somebody_elses_wish_is_under_way(make: Make) -> None:
    """Its own step has settled, and a person takes it further just now: ringing asks for no more than that, yet."""
    flying = replace(_on_medium(make), operation=make.operation(Phase.APPLYING, from_rung="medium", to_rung="large"))
    assert _rung(_rang(make, flying, 15)) == "medium"


def test_ringing_from_before_the_settlement_does_not_climb_however_late_it_is_delivered(make: Make) -> None:
    """At that time the larger rung was not there yet."""
    state, late = _on_medium(make), make.alert(at=make.after(9))
    assert _rung(_heard(make, state, [late], make.after(40))) == "medium"
    at_once = make.alert(at=make.after(10))
    assert _rung(_heard(make, state, [at_once], make.after(40))) == "medium"


def test_it_climbs_once_a_settled_step(make: Make) -> None:
    """It rings on, minute after minute, until the step that this asks for has settled too."""
    policy, state = _tall(), _rang(make, make.state("two", home="two"), 0, **_tall())
    seen = []
    for step, rung in enumerate(FIVE[2:]):
        begin = 20 * step
        state = _settled(make, state, rung, begin + 10)
        for minute in range(begin + 11, begin + 20):
            state = _rang(make, state, minute, **policy)
            seen.append(_rung(state))
    assert seen == ["four"] * 9 + ["five"] * 18


def test_a_step_that_waits_to_be_ordered_is_not_added_to(make: Make) -> None:
    """A cooldown, a window or a budget holds the next step: ringing on asks for no more than that one."""
    state = _rang(make, _on_medium(make), 15)
    policy = _tall()
    tall = _settled(make, _rang(make, make.state("two", home="two"), 0, **policy), "three", 10)
    for minute in (15, 20, 60, 300):
        state, tall = _rang(make, state, minute), _rang(make, tall, minute, **policy)
    assert (_rung(state), _rung(tall)) == ("large", "four")


def test_a_step_that_failed_is_no_step_to_climb_from(make: Make) -> None:
    state = _settled(make, _rang(make, make.state(), 0), "small", 10, outcome=Outcome.REFUSED)
    assert _rung(_rang(make, state, 15)) == "medium"


def test_at_the_top_there_is_nothing_to_climb_to(make: Make) -> None:
    state = _settled(make, _rang(make, _on_medium(make), 15), "large", 25)
    assert _rung(_rang(make, state, 30)) == "large"


@pytest.mark.parametrize(("steps", "rungs"), [(1, ["three", "four", "five"]), (2, ["four", "five", "five"])])
def test_each_step_is_as_long_as_the_rule_says(make: Make, steps: int, rungs: list[str]) -> None:
    policy, climbed = _tall(**{"raise": steps}), []
    state = make.state("two", home="two")
    for step in range(3):
        state = _rang(make, state, 30 * step, **policy)
        climbed.append(_rung(state))
        state = _settled(make, state, _rung(state), 30 * step + 10)
    assert climbed == rungs


def test_what_lifted_it_otherwise_counts_as_well(make: Make) -> None:
    """A person took it up two rungs; it rings on even so, and that asks for one more than there is."""
    policy = _tall()
    state = _rang(make, make.state("two", home="two"), 0, **policy)
    state = _settled(make, state, "four", 10)
    assert _rung(_rang(make, state, 15, **policy)) == "five"


def test_where_it_stands_below_what_it_demanded_it_does_not_climb(make: Make) -> None:
    """The bounds kept it from its first step: ringing on must not ask for more and more."""
    policy = _tall()
    state = _settled(make, _rang(make, make.state("two", home="two"), 0, **policy), "two", 10)
    assert _rung(_rang(make, state, 15, **policy)) == "three"


def test_a_new_episode_begins_with_one_step_again(make: Make) -> None:
    policy = _tall()
    state = _settled(make, _rang(make, make.state("two", home="two"), 0, **policy), "three", 10)
    state = _settled(make, _rang(make, state, 15, **policy), "four", 25)
    state = _heard(make, state, [make.alert(OK, make.after(30))], make.after(30), **policy)
    home = _settled(make, replace(state, demands=()), "two", 90)
    again = _rang(make, home, 100, **policy)
    assert (_rung(again), again.demands[0].opened_at) == ("three", make.after(100))


def test_an_ok_that_is_taken_back_by_ringing_again_leaves_the_climb_as_it_was(make: Make) -> None:
    state = _rang(make, _on_medium(make), 15)
    state = _heard(make, state, [make.alert(OK, make.after(16))], make.after(16))
    state = _rang(make, state, 17)
    assert (_rung(state), state.demands[0].ok_at) == ("large", None)


@pytest.mark.parametrize("minutes", [(8, 15, 20), (15, 20, 25), (5, 8, 9)])
def test_in_any_order_of_arrival_between_two_settlements_it_climbs_the_same(
    make: Make, minutes: tuple[int, ...]
) -> None:
    """Together, one by one, in order or not: one step if any of it rang after the settlement, none otherwise."""
    policy, now = _tall(), make.after(30)
    state = _settled(make, _rang(make, make.state("two", home="two"), 0, **policy), "three", 10)
    alerts = [make.alert(at=make.after(minute)) for minute in minutes]
    climbed = "four" if any(minute > 10 for minute in minutes) else "three"
    assert _rung(_heard(make, state, alerts, now, **policy)) == climbed
    for order in permutations(alerts):
        arrived = state
        for alert in order:
            arrived = _heard(make, arrived, [alert], now, **policy)
        assert _rung(arrived) == climbed, order


def test_a_step_must_be_borne_out_by_its_metric_again_and_the_last_one_stays_meanwhile(make: Make) -> None:
    confirm = {"metric": "InstanceTPSIn", "above": 10}
    policy = {"alerts": [{"rule": "tps-high", "raise": 1, "repeat": "climb", "confirm": confirm}]}
    state = _rang(make, make.state(), 0, **policy)
    borne = replace(state, demands=(replace(state.demands[0], confirmed_at=make.noon),))
    climbed = _rang(make, _settled(make, borne, "medium", 10), 15, **policy)
    assert (_rung(climbed), climbed.demands[0].confirmed_at) == ("large", make.noon)
