"""Executions and workers die in the middle of it: the tick goes on, and one order stays one order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

FUNCTIONS = ("tidegate-submit", "tidegate-look", "tidegate-settle", "tidegate-on-schedule")


@pytest.fixture(scope="module")
def place(opens_for_all: Callable[..., Any]) -> Any:
    """One cloud; every test has an instance of its own."""
    return opens_for_all("stopped", "killed", "looked", instances={"stopped": {"apply_takes": "4m"}})


def test_a_tick_revives_an_execution_that_was_stopped_while_its_workers_died(place: Any, waits: Any) -> None:
    place.ring("stopped")
    waits("the order", lambda: place.orders("stopped"))
    (first,) = place.executions("stopped")
    place.flow("StopExecution", ExecutionName=first, Error="Person", Cause="a test")
    for name in FUNCTIONS:
        place.host_kill(name)
    assert place.status(first) == "Stopped"
    place.assert_bought_once("stopped")
    second = place.executions("stopped")[-1]
    assert second != first
    place.until_ended(second)
    assert place.status(second) == "Succeeded"


@pytest.mark.parametrize(("name", "call"), [("killed", "UpdateInstance"), ("looked", "GetInstance")])
def test_a_worker_that_is_killed_in_the_middle_of_its_call_buys_nothing_twice(place: Any, name: str, call: str) -> None:
    """Submit dies after the vendor took its order and before it could say so; Look, while it reads."""
    place.tick()
    place.fault(call, "kill-caller", instance=f"amqp-cn-{name}", nth=1 if name == "killed" else 4)
    place.ring(name)
    place.assert_bought_once(name)
    assert len(place.calls("UpdateInstance", name)) == 1
    assert place.struck(call, name) == 1
