"""Who wants which rung, and who wins."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidegate.domain.arbiter import open_demands, open_override, wanted
from tidegate.domain.terms import Terms

if TYPE_CHECKING:
    from tests.domain.conftest import Make

OFFICE = {"name": "office", "from": "08:30", "to": "20:00", "rung": "medium"}
RUNGS = st.sampled_from(["small", "medium", "large"])


def test_home_is_wanted_when_nobody_asks_for_more(make: Make) -> None:
    want = wanted(make.terms(), make.state(), make.noon)
    assert want is not None
    assert (want.rung, want.why, want.home) == ("small", "home", "small")
    assert want.says() == "home small; timetable none; alerts none; override none"


def test_a_base_in_the_policy_is_home_whatever_was_found(make: Make) -> None:
    want = wanted(make.terms(base="medium"), make.state(home="large"), make.noon)
    assert want is not None
    assert (want.rung, want.why) == ("medium", "base")


@pytest.mark.parametrize("home", ["", "huge"])
def test_nothing_is_wanted_before_home_is_known_or_when_its_rung_is_gone(make: Make, home: str) -> None:
    state = make.state(home=home, demands=(make.demand(),), override=make.override())
    assert wanted(make.terms(), state, make.noon) is None


def test_the_timetable_raises_and_says_until_when(make: Make) -> None:
    want = wanted(make.terms(OFFICE), make.state(), make.noon)
    assert want is not None
    assert (want.rung, want.why) == ("medium", "office to 20:00")


def test_the_timetable_does_not_lower(make: Make) -> None:
    want = wanted(make.terms(OFFICE, base="large"), make.state(), make.noon)
    assert want is not None
    assert (want.rung, want.why) == ("large", "base")


def test_of_several_open_demands_the_highest_counts(make: Make) -> None:
    demands = (make.demand("large", "a1b2"), make.demand("medium"))
    want = wanted(make.terms(OFFICE), make.state(demands=demands), make.noon)
    assert want is not None
    assert (want.rung, want.why) == ("large", "a1b2")
    assert (
        want.says()
        == "home small; timetable medium (office to 20:00); alerts large (a1b2), medium (tps-high); override none"
    )


def test_an_end_whose_start_was_not_heard_demands_nothing(make: Make) -> None:
    state = make.state(demands=(make.demand("large", ok_at=make.noon, fired=False),))
    want = wanted(make.terms(), state, make.noon)
    assert want is not None
    assert (want.rung, want.why, want.demands) == ("small", "home", ())


def test_a_demand_of_a_rule_or_for_a_rung_that_the_policy_lost_does_not_count(make: Make) -> None:
    demands = (make.demand("large", "gone-rule"), make.demand("huge"))
    assert open_demands(make.terms(), make.state(demands=demands), make.noon) == ()


def test_a_demand_counts_until_it_is_released_after_the_ok(make: Make) -> None:
    policy, state = make.policy(), make.state(demands=(make.demand(ok_at=make.after(10)),))
    assert open_demands(Terms(policy), state, make.after(40) - timedelta(seconds=1)) == state.demands
    assert open_demands(Terms(policy), state, make.after(40)) == ()


def test_a_demand_that_nobody_speaks_of_any_more_is_forgotten(make: Make) -> None:
    policy, state = make.policy(), make.state(demands=(make.demand(heard_at=make.after(60)),))
    assert open_demands(Terms(policy), state, make.after(26 * 60) - timedelta(seconds=1)) == state.demands
    assert open_demands(Terms(policy), state, make.after(26 * 60)) == ()


def test_an_ok_never_makes_a_demand_last_longer_than_it_would_be_remembered(make: Make) -> None:
    policy = make.policy(release_after="30m", forget_after="20m")
    state = make.state(demands=(make.demand(ok_at=make.after(1)),))
    assert open_demands(Terms(policy), state, make.after(20)) == ()


@pytest.mark.parametrize("rung", ["small", "medium", "large"])
def test_an_override_beats_everybody_up_and_down(make: Make, rung: str) -> None:
    state = make.state(demands=(make.demand("medium"),), override=make.override(rung))
    want = wanted(make.terms(OFFICE, base="medium"), state, make.noon)
    assert want is not None
    assert (want.rung, want.why) == (rung, "override by li until 2026-03-02 14:00Z")
    assert want.says().endswith(f"override {rung} until 2026-03-02 14:00Z")


def test_an_override_counts_until_its_end_and_then_the_others_speak_again(make: Make) -> None:
    state, policy = make.state(override=make.override("large")), make.policy()
    assert open_override(Terms(policy), state, make.after(120) - timedelta(seconds=1)) == state.override
    assert open_override(Terms(policy), state, make.after(120)) is None
    want = wanted(Terms(policy), state, make.after(120))
    assert want is not None
    assert want.rung == "small"


def test_an_override_to_a_rung_that_the_policy_lost_does_not_count(make: Make) -> None:
    assert open_override(make.terms(), make.state(override=make.override("huge")), make.noon) is None


@pytest.mark.parametrize(
    ("bounds", "asked", "held"),
    [({"max": "medium"}, "large", "medium"), ({"min": "medium"}, "small", "medium"), ({}, "large", "large")],
)
def test_whatever_wins_is_held_between_the_bounds(make: Make, bounds: dict[str, Any], asked: str, held: str) -> None:
    want = wanted(make.terms(**bounds), make.state(override=make.override(asked)), make.noon)
    assert want is not None
    assert (want.rung, want.clamped_from) == (held, asked if asked != held else "")


@settings(deadline=None)
@given(
    home=RUNGS,
    bounds=st.lists(RUNGS, min_size=2, max_size=2),
    demands=st.lists(RUNGS, max_size=2),
    timetable=st.none() | RUNGS,
    override=st.none() | RUNGS,
)
def test_nothing_wants_a_rung_outside_the_bounds_and_only_an_override_wants_less_than_home(
    make: Make, *, home: str, bounds: list[str], demands: list[str], timetable: str | None, override: str | None
) -> None:
    order = ("small", "medium", "large")
    lowest, highest = sorted(bounds, key=order.index)
    state = make.state(
        home=home,
        demands=tuple(make.demand(rung, rule) for rung, rule in zip(demands, ("tps-high", "a1b2"), strict=False)),
        override=make.override(override) if override else None,
    )
    entries = [{"from": "00:00", "to": "23:00", "rung": timetable}] if timetable else []
    want = wanted(make.terms(*entries, min=lowest, max=highest), state, make.noon)
    assert want is not None
    asked = [override] if override else [home, *demands, *([timetable] if timetable else [])]
    expected = max(map(order.index, asked))
    assert order.index(want.rung) == min(max(expected, order.index(lowest)), order.index(highest))
