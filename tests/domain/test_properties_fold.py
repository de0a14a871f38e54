"""The ledger of any life: folding its records gives the newest state, which survives JSON and stays small."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hypothesis import given, settings

from tests.domain.deeds import DEEDS, alert
from tests.domain.life import Life
from tests.domain.strategies import SEEDS, policies
from tests.sampling import draws
from tidegate.app import codec
from tidegate.domain.facts import Closed, Concluded, Planned
from tidegate.domain.fold import fold
from tidegate.domain.hear import hear
from tidegate.domain.operation import Outcome, Phase
from tidegate.domain.policy import InstancePolicy
from tidegate.domain.state import RECENT_KEPT, RINGS_KEPT, SEEN_KEPT, SPENT_KEPT, State

if TYPE_CHECKING:
    from tests.domain.conftest import Make


def through_json(written: Any) -> Any:
    return json.loads(json.dumps(written, allow_nan=False))


@draws(20, derandomize=True)
@given(policy=policies(), seed=SEEDS)
def test_folding_the_records_as_they_are_kept_gives_every_state_as_it_is_kept(
    policy: InstancePolicy, seed: int
) -> None:
    life, state = Life(policy, seed), State()
    life.live(60, DEEDS)
    for at, (fact, after) in zip(life.ats[1:], life.records, strict=True):
        state = fold(state, codec.read_fact(through_json(codec.write_fact(fact))), at)
        assert state == after == codec.read_state(through_json(codec.write_state(after)))


@settings(deadline=None, derandomize=True, max_examples=2)
@given(policy=policies(), seed=SEEDS)
def test_however_long_it_lives_the_state_stays_small(policy: InstancePolicy, seed: int) -> None:
    life = Life(policy, seed)
    life.live(1500, (alert, *DEEDS), paces=(0,))
    state = life.state
    assert len(state.demands) <= len(policy.alerts)
    assert all(len(ringing.rings) <= RINGS_KEPT for ringing in state.ringing)
    assert len(state.recent) <= RECENT_KEPT
    assert len(state.spent) <= SPENT_KEPT
    assert len(state.seen) <= SEEN_KEPT
    assert len(json.dumps(codec.write_state(state))) < 64 * 1024


def test_the_last_resize_is_remembered_however_many_operations_came_to_nothing_after_it(make: Make) -> None:
    """The cooldown counts from it."""
    state = make.state(recent=(make.settled(),))
    for number in range(7, 7 + 2 * RECENT_KEPT):
        planned = make.operation(Phase.PLANNED, number=number, attempts=())
        ended = Concluded(number, Outcome.CANCELLED, "not ordered")
        state = make.folded(state, Planned(planned), ended, Closed(number, "", opens_circuit=False))
    assert state.last_resize() == make.settled()
    assert len(state.recent) == RECENT_KEPT


def test_of_what_a_rule_said_only_so_much_is_kept_to_be_put_in_order(make: Make) -> None:
    state = make.state()
    for minute in range(3 * RINGS_KEPT):
        ((_, after),) = hear(make.terms(), state, [make.alert(at=make.after(minute))], make.after(minute))
        state = after.state
    assert [len(ringing.rings) for ringing in state.ringing] == [RINGS_KEPT]
    assert [(demand.opened_at, demand.heard_at) for demand in state.demands] == [(make.noon, make.after(minute))]
