"""Adopting: what is there becomes home, also off the ladder, from where only pure ups and downs are ordered."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tidegate.domain.arbiter import AS_FOUND
from tidegate.domain.ask import ask
from tidegate.domain.decide import decide
from tidegate.domain.facts import Closed, Decided
from tidegate.domain.fold import fold
from tidegate.domain.hear import hear
from tidegate.domain.operation import Evidence, Outcome, Phase
from tidegate.domain.reading import Direction, Spec
from tidegate.domain.signal import Request, Verb
from tidegate.domain.state import Drift, Stance, State
from tidegate.domain.terms import Terms
from tidegate.domain.verdict import Decision, Hold, Resize

if TYPE_CHECKING:
    from tests.domain.conftest import Make

BELOW = {"MaxPrivateTps": 2000, "QueueCapacity": 100}
BETWEEN = {"MaxPrivateTps": 4000, "QueueCapacity": 300}
ABOVE = {"MaxPrivateTps": 9000, "QueueCapacity": 2000}
MIXED = {"MaxPrivateTps": 9000, "QueueCapacity": 300}
"""More TPS than any rung, and fewer queues than the medium one."""


def _spec(make: Make, figures: Spec) -> Spec:
    return make.spec("small", **figures)


def _adopted(make: Make, state: State, spec: Spec, minute: float = 0, **policy: Any) -> State:
    """The state that the ledger has after a person adopted an instance that shows this spec."""
    at = make.after(minute)
    adopt = Request(f"adopt-{minute}", at, Verb.ADOPT, "orders-mq", "li")
    answered = ask(make.terms(**policy), state, adopt, at, make.reading(at=at, spec=spec))
    assert answered.refused == ""
    stance = Stance("hold", "as-wanted", "", "", at)
    rung = make.policy(**policy).rungs.match(spec)
    return fold(state, Decided.of(answered.state, stance, (), rung.name if rung else "", acked=False), at)


def _decided(make: Make, state: State, spec: Spec, minute: float = 1, **policy: Any) -> Decision:
    now = make.after(minute)
    terms = Terms(make.policy(**policy))
    return decide(terms, state, make.seen(reading=make.reading(at=now, spec=spec)), now)


def _rung_asked(make: Make, state: State, minute: float = 1, **policy: Any) -> str:
    """What rung an alert demands that rings at that minute."""
    at = make.after(minute)
    ((_, after),) = hear(make.terms(**policy), state, [make.alert(at=at)], at)
    return after.demands[0].rung


# On a rung


def test_a_rung_that_is_adopted_is_home_from_then_on(make: Make) -> None:
    state = _adopted(make, make.state("large", home="small"), make.spec("large"))
    assert (state.home, state.rung, state.found) == ("large", "large", {})
    assert _decided(make, state, make.spec("large")).code == "as-wanted"
    back = replace(state, rung="medium")
    decision = _decided(make, back, make.spec("medium"))
    assert isinstance(decision, Resize)
    assert decision.end.name == "large"


def test_adopting_ends_a_drift(make: Make) -> None:
    drift = Drift(make.spec("large"), "large", make.after(-30), sure=True)
    before = make.state("large", home="medium", last_set=make.spec("medium"), drift=drift)
    assert _decided(make, before, make.spec("large")).code == "drift"
    state = _adopted(make, before, make.spec("large"))
    assert (state.drift, state.last_set) == (None, make.spec("large"))
    assert _decided(make, state, make.spec("large")).code == "as-wanted"


def test_where_the_policy_says_a_base_it_stays_home_and_only_the_drift_is_over(make: Make) -> None:
    drift = Drift(make.spec("large"), "large", make.after(-30), sure=True)
    before = make.state("large", home="medium", last_set=make.spec("medium"), drift=drift)
    state = _adopted(make, before, make.spec("large"), base="small")
    decision = _decided(make, state, make.spec("large"), base="small")
    assert isinstance(decision, Resize)
    assert decision.end.name == "small"


def test_adopting_a_rung_ends_an_adoption_off_the_ladder(make: Make) -> None:
    off = _adopted(make, make.state(), _spec(make, BETWEEN))
    state = _adopted(make, off, make.spec("medium"), 5)
    assert (state.home, state.rung, state.found) == ("medium", "medium", {})


# Off the ladder


@pytest.mark.parametrize("figures", [BELOW, BETWEEN, ABOVE, MIXED])
def test_off_the_ladder_it_is_held_until_it_is_adopted_and_then_stays_as_it_was_found(
    make: Make, figures: Spec
) -> None:
    spec = _spec(make, figures)
    assert _decided(make, make.state(), spec).code == "off-ladder"
    decision = _decided(make, _adopted(make, make.state(), spec), spec)
    assert isinstance(decision, Hold)
    assert (decision.code, decision.reason) == ("as-wanted", "as found as wanted by what was adopted")


def test_what_no_rung_names_may_be_different_afterwards(make: Make) -> None:
    state = _adopted(make, make.state(), _spec(make, BETWEEN))
    assert _decided(make, state, {**_spec(make, BETWEEN), "SupportEip": False}).code == "as-wanted"


def test_another_spec_off_the_ladder_than_the_adopted_one_is_held_again(make: Make) -> None:
    state = _adopted(make, make.state(), _spec(make, BETWEEN))
    assert _decided(make, state, _spec(make, {**BETWEEN, "QueueCapacity": 301})).code == "off-ladder"


@pytest.mark.parametrize("before", ["small", "medium", "large", ""])
@pytest.mark.parametrize(
    ("figures", "one", "two"),
    [(BELOW, "small", "medium"), (BETWEEN, "medium", "large"), (ABOVE, "large", "large"), (MIXED, "medium", "large")],
)
def test_a_raise_counts_from_the_rungs_that_it_reaches(
    make: Make, before: str, figures: Spec, one: str, two: str
) -> None:
    """And not from the rung that it stood on before."""
    state = _adopted(make, make.state(before), _spec(make, figures))
    asked = [_rung_asked(make, state, alerts=[{"rule": "tps-high", "raise": steps}]) for steps in (1, 2)]
    assert asked == [one, two]


@pytest.mark.parametrize(("figures", "rung"), [(BELOW, "small"), (BETWEEN, "medium")])
def test_an_alert_takes_it_up_to_a_rung(make: Make, figures: Spec, rung: str) -> None:
    state = _adopted(make, make.state(), _spec(make, figures))
    decision = _decided(make, replace(state, demands=(make.demand(rung),)), _spec(make, figures))
    assert isinstance(decision, Resize)
    assert (decision.start.name, decision.end.name, decision.direction) == (AS_FOUND, rung, Direction.UP)


@pytest.mark.parametrize(("figures", "rung"), [(BETWEEN, "small"), (ABOVE, "large"), (ABOVE, "small")])
def test_an_alert_never_takes_it_down_to_a_rung(make: Make, figures: Spec, rung: str) -> None:
    """What was adopted has all that the rung has, and more."""
    state = _adopted(make, make.state(), _spec(make, figures))
    decision = _decided(make, replace(state, demands=(make.demand(rung),)), _spec(make, figures))
    assert (decision.code, decision.reason) == ("as-wanted", "as found as wanted by what was adopted")


@pytest.mark.parametrize(("figures", "code"), [(BETWEEN, "resize"), (ABOVE, "as-wanted")])
def test_a_timetable_that_wants_at_least_a_rung_is_content_with_more(make: Make, figures: Spec, code: str) -> None:
    entry = {"from": "11:00", "to": "18:00", "rung": "large"}
    state = _adopted(make, make.state(), _spec(make, figures))
    assert _decided(make, state, _spec(make, figures), timetable=[entry]).code == code


@pytest.mark.parametrize(
    ("figures", "rung", "direction"),
    [
        (BELOW, "small", Direction.UP),
        (BETWEEN, "large", Direction.UP),
        (BETWEEN, "small", Direction.DOWN),
        (ABOVE, "large", Direction.DOWN),
        (ABOVE, "small", Direction.DOWN),
        (MIXED, "small", Direction.DOWN),
    ],
)
def test_a_person_may_take_it_to_any_rung_that_is_more_or_less_in_every_field(
    make: Make, figures: Spec, rung: str, direction: Direction
) -> None:
    state = _adopted(make, make.state(), _spec(make, figures))
    decision = _decided(make, replace(state, override=make.override(rung)), _spec(make, figures))
    assert isinstance(decision, Resize)
    assert (decision.end.name, decision.direction) == (rung, direction)


@pytest.mark.parametrize(
    ("rung", "fields"),
    [
        ("medium", "MaxPrivateTps 9000 -> 5000, QueueCapacity 300 -> 400"),
        ("large", "MaxPrivateTps 9000 -> 8000, QueueCapacity 300 -> 1000"),
    ],
)
def test_a_change_that_would_raise_one_field_and_lower_another_is_held_with_the_fields_named(
    make: Make, rung: str, fields: str
) -> None:
    state = _adopted(make, make.state(), _spec(make, MIXED))
    for wants in ({"override": make.override(rung)}, {"demands": (make.demand(rung),)}):
        decision = _decided(make, replace(state, **wants), _spec(make, MIXED))
        why = f"from what was adopted to {rung} some figures rise and others fall, which no order does: {fields}"
        assert decision == Hold("off-ladder", why, needs_person=True)


def test_with_a_base_in_the_policy_it_goes_there(make: Make) -> None:
    state = _adopted(make, make.state(), _spec(make, BETWEEN), base="large")
    decision = _decided(make, state, _spec(make, BETWEEN), base="large")
    assert isinstance(decision, Resize)
    assert (decision.end.name, decision.direction) == ("large", Direction.UP)


# Afterwards


def _left(make: Make, state: State, rung: str) -> State:
    """The state after an operation has taken the instance from what was adopted to a rung."""
    evidence = Evidence(spec=make.spec(rung))
    operation = make.operation(Phase.CONCLUDED, outcome=Outcome.RESIZED, evidence=evidence, from_rung=AS_FOUND)
    return fold(replace(state, operation=operation), Closed(7, rung, opens_circuit=False), make.after(10))


def test_once_on_a_rung_it_goes_on_as_any_instance_does(make: Make) -> None:
    """It has no home to return to, since no rung was ever adopted; but whoever wants a rung is heard."""
    state = _left(make, _adopted(make, make.state(), _spec(make, BETWEEN)), "medium")
    calm = {"cooldown": {"up": "0s", "down": "0s"}}
    decision = _decided(make, replace(state, demands=(make.demand("medium"),)), make.spec("medium"), 11, **calm)
    assert (decision.code, decision.reason) == ("as-wanted", "medium as wanted by tps-high")
    up = _decided(make, replace(state, demands=(make.demand("large"),)), make.spec("medium"), 11, **calm)
    assert isinstance(up, Resize)
    assert up.end.name == "large"
    override = replace(state, override=make.override("small"))
    assert _decided(make, override, make.spec("medium"), 11, **calm).code == "resize"
    office = {"timetable": [{"from": "11:00", "to": "18:00", "rung": "large"}]}
    assert _decided(make, state, make.spec("medium"), 11, **calm, **office).code == "resize"


def test_once_on_a_rung_it_stays_there_when_nothing_asks_for_a_rung(make: Make) -> None:
    """What was adopted is sold no more, as it is on no rung: going back there is for a person."""
    state = _left(make, _adopted(make, make.state(), _spec(make, BETWEEN)), "medium")
    decision = _decided(make, state, make.spec("medium"), 99)
    assert decision == Hold("as-wanted", "medium stays: nothing asks for a rung")


def test_once_on_a_rung_a_raise_counts_from_that_rung(make: Make) -> None:
    state = _left(make, _adopted(make, make.state(), _spec(make, BELOW)), "medium")
    assert _rung_asked(make, state, 20) == "large"


def test_once_on_a_rung_less_than_what_was_adopted_a_demand_may_raise_it(make: Make) -> None:
    """A person took it down from above the ladder for a while; the timetable wants it large again."""
    state = _left(make, _adopted(make, make.state(), _spec(make, ABOVE)), "small")
    decision = _decided(make, replace(state, demands=(make.demand("large"),)), make.spec("small"), 99)
    assert isinstance(decision, Resize)
    assert decision.end.name == "large"


def test_put_back_to_what_was_adopted_it_is_as_found_again(make: Make) -> None:
    state = _left(make, _adopted(make, make.state(), _spec(make, BETWEEN)), "medium")
    calm = replace(state, drift=None, last_set=_spec(make, BETWEEN))
    assert _decided(make, calm, _spec(make, BETWEEN), 99).reason == "as found as wanted by what was adopted"
