"""What every guard said, for people who ask why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tidegate.domain.decide import case_of, decide
from tidegate.domain.guards import GUARDS
from tidegate.domain.weigh import Passage, Weighed, weigh, weighed_as

if TYPE_CHECKING:
    from tests.domain.conftest import Make

NAMES = [name for name, _ in GUARDS]
OK, HOLD, NOT_REACHED = Passage.OK, Passage.HOLD, Passage.NOT_REACHED


def _weighed(make: Make, **over: Any) -> tuple[Weighed, ...]:
    """What the guards say of an instance on its large rung, where small is wanted."""
    state = make.state("large", recent=(make.settled(),))
    return weigh(case_of(make.terms(**over), state, make.seen("large"), make.after(60)))


def test_guards_that_all_let_pass_are_all_ok(make: Make) -> None:
    assert _weighed(make) == tuple(Weighed(name, OK) for name in NAMES)


def test_after_the_guard_that_holds_none_is_reached(make: Make) -> None:
    weighed = _weighed(make, cooldown={"down": "2h"})
    at = NAMES.index("cooldown")
    assert [one.guard for one in weighed] == NAMES
    assert [one.passage for one in weighed] == [OK] * at + [HOLD] + [NOT_REACHED] * (len(NAMES) - at - 1)
    assert [one.reason for one in weighed if one.reason] == ["cooling down until 2026-03-02 14:00:00Z before small"]


def test_where_a_window_holds_and_an_urgent_rule_asks_for_a_part_of_the_way_that_part_is_judged(make: Make) -> None:
    """As `decide` does; what is ordered must not be shown as held."""
    never = {"up": [{"days": "2020-02-02", "from": "01:00", "to": "05:00"}]}
    urgent = [{"rule": "tps-high", "raise": 1, "urgent": True}]
    terms = make.terms(alerts=urgent, base="large", resize_windows=never)
    ringing, seen = make.state(demands=(make.demand("medium"),)), make.seen()
    assert decide(terms, ringing, seen, make.noon).code == "resize"
    assert {one.passage for one in weigh(case_of(terms, ringing, seen, make.noon))} == {OK}
    quiet = make.state()
    held = [one.guard for one in weigh(case_of(terms, quiet, seen, make.noon)) if one.passage is HOLD]
    assert (decide(terms, quiet, seen, make.noon).code, held) == ("window", ["window"])


def test_where_there_is_nothing_to_judge_no_guard_is_reached(make: Make) -> None:
    case = case_of(make.terms(), make.state(), make.seen(), make.noon)
    assert weigh(case) == tuple(Weighed(name, NOT_REACHED) for name in NAMES)


@pytest.mark.parametrize(
    ("code", "holder"),
    [("observe", "mode"), ("unhealthy", "health"), ("cooldown", "cooldown"), ("approval", "approval")],
)
def test_a_recorded_hold_tells_which_guard_had_held(code: str, holder: str) -> None:
    weighed = weighed_as(code, "why")
    at = NAMES.index(holder)
    assert weighed[at] == Weighed(holder, HOLD, "why")
    assert {one.passage for one in weighed[:at]} <= {OK}
    assert {one.passage for one in weighed[at + 1 :]} <= {NOT_REACHED}


def test_a_recorded_resize_had_passed_them_all_and_other_holds_none() -> None:
    assert weighed_as("resize", "") == tuple(Weighed(name, OK) for name in NAMES)
    assert weighed_as("off-ladder", "why") == tuple(Weighed(name, NOT_REACHED) for name in NAMES)
