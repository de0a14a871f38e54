"""What nobody can check without an account and only the whole shows: the flow's own open questions.

`schedule_input` is a switch of CloudFlow's schedules, and Tidegate has none: its tick is a timer of Function Compute.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

Opens = Callable[..., Any]


@pytest.fixture(scope="module")
def clumsy(opens_for_all: Opens) -> Any:
    """A platform that delivers twice whatever it delivers by itself."""
    return opens_for_all("twice", "unheard", "failed", twice=True)


@pytest.mark.parametrize(("named", "passes_input"), [("class", False), ("qualified", True), ("FC.Unknown", False)])
def test_a_passing_refusal_is_repeated_however_the_flow_names_the_exception_and_whatever_it_passes_on(
    opens: Opens, named: str, *, passes_input: bool
) -> None:
    """Where Retry does not know the name, Catch leads to Look, and Look sends back to Submit after a rest."""
    switches = {"flow_exception_names": named, "flow_wait_passes_input": passes_input}
    place = opens(behaviour={**switches, "topic_migrating_refusals": 2})
    place.ring()
    place.assert_bought_once()
    assert [call["outcome"] == "ok" for call in place.calls("UpdateInstance")].count(True) == 1
    assert len(place.calls("UpdateInstance")) == 3
    (execution,) = place.executions()
    place.until_ended(execution)
    assert place.status(execution) == "Succeeded"
    path = place.path(execution)
    # Only Catch leads from Submit to a pause; where a tick wrote at the same moment, Submit itself asks to look first.
    caught = ("Submit", "Pause15") in pairwise(path)
    assert caught == (named != "class"), path


def test_alerts_and_ticks_that_are_delivered_twice_buy_once(clumsy: Any) -> None:
    assert clumsy.publish("twice") == 1
    clumsy.assert_bought_once("twice")
    assert len(clumsy.executions("twice")) == 1
    assert len(clumsy.calls("UpdateInstance", "twice")) == 1


@pytest.mark.parametrize(("name", "do"), [("unheard", "lost-reply"), ("failed", "error-after")])
def test_a_step_that_ran_and_was_not_heard_of_is_looked_after_and_not_repeated(clumsy: Any, name: str, do: str) -> None:
    """The flow believes that Submit failed; the order stands."""
    clumsy.fault("fc.Invoke", do, instance="tidegate-submit")
    clumsy.ring(name)
    clumsy.assert_bought_once(name)
    assert len(clumsy.calls("UpdateInstance", name)) == 1
    (execution,) = clumsy.executions(name)
    assert clumsy.path(execution)[:3] == ["Submit", "Pause15", "Look"]


def test_the_project_has_no_schedule_of_cloudflow(project: Path) -> None:
    assert "FNF::Schedule" not in (project / "template.yml").read_text("utf-8")
