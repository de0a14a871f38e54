"""What is added to a wish only adds to it, and what has ended leaves no trace."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.domain.deeds import DEEDS
from tests.domain.life import Life
from tests.domain.strategies import RULES, SEEDS, START, any_span, chance_of, choices, policies, written_policy
from tests.sampling import draws
from tidegate.domain.arbiter import wanted
from tidegate.domain.drift import CONSOLE, seen
from tidegate.domain.facts import Decided
from tidegate.domain.hear import hear
from tidegate.domain.measures import Measure
from tidegate.domain.policy import InstancePolicy
from tidegate.domain.signal import Request, Verb
from tidegate.domain.state import Demand, State
from tidegate.domain.terms import Terms

if TYPE_CHECKING:
    from tests.domain.conftest import Make

FEW = draws(40, derandomize=True)
MOMENTS = [START + timedelta(hours=hours) for hours in range(0, 24 * 7, 5)]


def any_state(make: Make, terms: Terms, chance: Random) -> State:
    """Demands of some rules, maybe an override, and some home."""
    names = terms.ladder.names
    demands = tuple(any_demand(chance, rule, names) for rule in RULES if chance.random() < 0.4)
    until = START + timedelta(hours=chance.randrange(200))
    override = make.override(chance.choice(names), at=START, until=until) if chance.random() < 0.3 else None
    return make.state(chance.choice(names), home=chance.choice(names), demands=demands, override=override)


def any_demand(chance: Random, rule: str, names: tuple[str, ...]) -> Demand:
    """A demand that was opened some time ago."""
    at = START + timedelta(hours=chance.randrange(24 * 6))
    confirmed_at = chance.choice((None, at))
    ok_at = chance.choice((None, None, at + timedelta(minutes=5)))
    return Demand(rule, chance.choice(names), at, at, ok_at=ok_at, confirmed_at=confirmed_at)


def any_measures(chance: Random) -> dict[str, Measure] | None:
    """What the metrics show, or that nobody has looked."""
    if chance.random() < 0.3:
        return None
    return {rule: Measure("InstanceTPSIn", chance.choice((None, 0.0, 90.0)), START) for rule in RULES}


def place(terms: Terms, state: State, at: Any, measures: dict[str, Measure] | None) -> int:
    """How high on the ladder is what is wanted."""
    want = wanted(terms, state, at, measures, state.rung)
    assert want is not None
    return terms.ladder.index(want.rung)


@FEW
@given(policy=policies(), seed=SEEDS)
def test_one_more_demand_never_lowers_what_is_wanted(make: Make, policy: InstancePolicy, seed: int) -> None:
    chance, terms = chance_of(seed), Terms(policy)
    for _ in range(20):
        state, measures, rule = any_state(make, terms, chance), any_measures(chance), chance.choice(RULES)
        others = tuple(demand for demand in state.demands if demand.rule != rule)
        less = replace(state, demands=others)
        more = replace(state, demands=(*others, any_demand(chance, rule, terms.ladder.names)))
        for at in MOMENTS:
            assert place(terms, more, at, measures) >= place(terms, less, at, measures), (at, more, measures)


@FEW
@given(seed=SEEDS)
def test_one_more_entry_of_the_timetable_never_lowers_what_is_wanted(make: Make, seed: int) -> None:
    chance = chance_of(seed)
    written = written_policy(chance)
    rungs = [rung["rung"] for rung in written["ladder"]]
    entry = any_span(chance) | {"rung": chance.choice(rungs), "ready_by": chance.random() < 0.5}
    less = Terms(InstancePolicy.model_validate(written))
    more = Terms(InstancePolicy.model_validate(written | {"timetable": [*written["timetable"], entry]}))
    state, measures = any_state(make, less, chance), any_measures(chance)
    for at in MOMENTS:
        assert place(more, state, at, measures) >= place(less, state, at, measures), at


NOBODY_ASKS = {"approval": {"when": []}, "subscription_down": "allow", "cost": {}}
"""A yes is void when the demand changes, also by an override: that is a trace, and is meant to be one."""


@FEW
@given(
    policy=policies(**NOBODY_ASKS),
    seed=SEEDS,
    when=st.integers(3, 40),
    lasts_min=choices(1, 2, 30, 600),
    calm_min=st.integers(0, 90),
)
def test_an_override_that_ended_before_anything_was_ordered_leaves_no_trace(
    policy: InstancePolicy, seed: int, when: int, lasts_min: int, calm_min: int
) -> None:
    """While it stood the fleet had no order to spare."""
    with_it, without = Life(policy, seed), Life(policy, seed)
    for life in (with_it, without):
        life.live(when, DEEDS)
    assume(without.state.operation is None and without.state.override is None)
    until = with_it.now + timedelta(minutes=lasts_min)
    chance = chance_of(seed)
    rung, despite = chance.choice(with_it.rungs), chance.choice(((), ("cooldown", "budget", "window", "fit")))
    for life in (with_it, without):
        life.world.at_once = 3
    with_it.round(Request("ended", with_it.now, Verb.RESIZE, policy.name, "li", rung, until, despite, "because"))
    without.round()
    for life in (with_it, without):
        life.now = until + timedelta(minutes=calm_min)
        life.round()
        life.world.at_once = 0
        life.live(30, DEEDS)
    assert with_it.diary.orders == without.diary.orders, with_it.story()
    assert decided_since(with_it, until) == decided_since(without, until), with_it.story()


def decided_since(life: Life, until: Any) -> list[str]:
    """What was decided, round by round."""
    records = zip(life.ats[1:], life.records, strict=True)
    return [fact.stance.code for at, (fact, _) in records if at >= until and isinstance(fact, Decided)]


def test_an_override_that_ended_keeps_no_drift_from_being_kept(make: Make) -> None:
    """It was asked for between the first sight of the drift and the second."""
    terms, state = make.terms(on_drift={"keep_for": "3h"}), make.state(last_set=make.spec("small"))
    state = seen(terms, state, make.reading("medium"))
    ((_, after),) = hear(terms, state, [make.request("large", make.after(1), until=make.after(2))], make.after(1))
    state = seen(terms, replace(after.state, override=None), make.reading("medium", make.after(3)))
    assert state.drift is None
    assert state.override is not None
    assert (state.override.rung, state.override.by, state.override.until) == ("medium", CONSOLE, make.after(hours=3))
    older = make.request("small", make.after(0.5))
    ((_, told),) = hear(terms, state, [older], make.after(4))
    assert told.state.override == state.override, "the word of the override that ended still counts"


def test_a_drift_under_a_newer_override_is_kept_when_that_ends(make: Make) -> None:
    terms, state = make.terms(on_drift={"keep_for": "3h"}), make.state(last_set=make.spec("small"))
    state = seen(terms, state, make.reading("medium"))
    mine = make.override("large", at=make.after(0.5), until=make.after(10))
    state = seen(terms, replace(state, override=mine), make.reading("medium", make.after(2)))
    assert state.override == mine
    state = seen(terms, replace(state, override=None), make.reading("medium", make.after(11)))
    assert state.override is not None
    assert (state.override.rung, state.override.by) == ("medium", CONSOLE)


@pytest.mark.parametrize("first", ["seen", "asked"])
def test_despite_drift_takes_it_over_whether_it_was_seen_before_or_after(make: Make, first: str) -> None:
    terms, state = make.terms(), make.state(last_set=make.spec("small"))
    if first == "seen":
        state = seen(terms, state, make.reading("medium"))
    asked = make.request("medium", until=make.after(10), despite=("drift",), reason="it is mine")
    ((_, after),) = hear(terms, state, [asked], make.noon)
    state = seen(terms, after.state, make.reading("medium"))
    state = seen(terms, state, make.reading("medium", make.after(2)))
    assert (state.drift, state.last_set) == (None, make.spec("medium"))
