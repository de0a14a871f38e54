"""`repeat: climb` with the vendor's orders counted: one step for each time that it rings on after a settled step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Opens = Callable[..., Any]
SETTLES = 15
"""Minutes after which a step has settled."""


@pytest.fixture
def rising(desk: Opens) -> Any:
    """A desk whose rule climbs, on its small rung at ten past noon."""
    at = desk()
    rule = {"rule": "rabbit-tps-high", "raise": 1, "repeat": "climb"}
    at.push({**at.orders_mq, "alerts": [rule], "cooldown": {"up": "0s", "down": "0s"}}, at.edge)
    at.live(10)
    return at


def _to(at: Any) -> list[str]:
    return [settled.to_rung for settled in at.state().recent]


def test_it_climbs_a_step_for_each_ringing_after_a_settled_step_up_to_the_top(rising: Any) -> None:
    for number in range(5):
        rising.hear(rising.alert(f"rings-{number}"))
        rising.live(SETTLES)
    assert _to(rising) == ["medium", "large"]
    assert len(rising.orders()) == 2


def test_duplicates_of_one_ringing_do_not_climb_however_often_and_late_they_are_delivered(rising: Any) -> None:
    alert = rising.alert("once")
    rising.hear(alert)
    rising.live(SETTLES)
    for _ in range(5):
        assert rising.hear(alert).answers == ()
        rising.live(SETTLES)
    assert _to(rising) == ["medium"]
    assert len(rising.orders()) == 1


def test_ringing_on_while_the_step_is_under_way_does_not_climb(rising: Any) -> None:
    rising.hear(rising.alert("first"))
    for minute in range(7):
        rising.live(1)
        assert rising.state().operation is not None
        rising.hear(rising.alert(f"again-{minute}"))
    rising.live(60)
    assert _to(rising) == ["medium"]


def test_ringing_from_before_the_settlement_that_is_delivered_after_it_does_not_climb(rising: Any) -> None:
    rising.hear(rising.alert("first"))
    rising.live(3)
    late = rising.alert("late")
    rising.live(SETTLES)
    rising.hear(late)
    rising.live(60)
    assert _to(rising) == ["medium"]


def test_a_burst_after_the_settlement_climbs_one_step(rising: Any) -> None:
    rising.hear(rising.alert("first"))
    rising.live(SETTLES)
    for number in range(20):
        rising.clock.advance(1)
        rising.leave(rising.alert(f"burst-{number}"))
    rising.live(SETTLES)
    assert _to(rising) == ["medium", "large"]
    assert len(rising.orders()) == 2
