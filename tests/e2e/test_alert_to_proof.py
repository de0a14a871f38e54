"""An alert goes through the whole: trigger, inbox, workflow, workers, vendor, proof. Under both runtimes."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from localcloud.fc.function import Ref

RUNTIMES = ("python3.10", "python3.12")
FUNCTIONS = ("tidegate-submit", "tidegate-look", "tidegate-settle", "tidegate-on-schedule")


@pytest.fixture(scope="module", params=RUNTIMES)
def place(request: pytest.FixtureRequest, opens_for_all: Callable[..., Any]) -> Any:
    """One cloud for each runtime; every test has an instance of its own."""
    return opens_for_all("by-http", "by-topic", runtime=request.param)


def assert_follows(path: list[str], flow: dict[str, Any]) -> None:
    """The states were entered as the flow's file says, from its beginning to its end."""
    assert (path[0], path[-2:]) == (flow["StartAt"], ["Settle", "Done"])
    for before, after in pairwise(path):
        state = flow["States"][before]
        branches = [*state.get("Branches", ()), *state.get("Catch", ()), state, {"Next": state.get("Default")}]
        assert after in [branch.get("Next") for branch in branches], path


def test_an_alert_posted_to_the_http_trigger_is_proven_after_one_order(place: Any, resize_flow: dict[str, Any]) -> None:
    said = place.ring("by-http")
    assert said["answer"] != "rejected", said
    place.assert_bought_once("by-http")
    (execution,) = place.executions("by-http")
    place.until_ended(execution)
    assert place.status(execution) == "Succeeded"
    assert_follows(place.path(execution), resize_flow)


def test_the_functions_run_on_the_runtime_that_the_template_was_given(place: Any, request: Any) -> None:
    runtime = request.node.callspec.params["place"]
    registry = place.host.registry
    assert {registry.function(Ref(name)).runtime for name in FUNCTIONS} == {runtime}


def test_the_same_alert_published_to_the_topic_is_proven_after_one_order(place: Any) -> None:
    """CloudMonitor's message on a topic is the same in another envelope."""
    assert place.publish("by-topic") == 1
    place.assert_bought_once("by-topic")
    (execution,) = place.executions("by-topic")
    place.until_ended(execution)
    assert place.status(execution) == "Succeeded"
