"""What the engines' comparison leaves out: every wait, interval and timeout of `workflows/resize.yml`, in figures."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from localcloud.flow.language import parse
from localcloud.flow.outcome import Outcome
from localcloud.flow.rehearsal import ExecutionRecord, run_to_end

Json = dict[str, Any]

MIGRATING = [30, 45, 67.5, 101.25, 151.875, 227.8125, 300, 300]
SHORT_OF_INSTANCES = [5, 10, 20]
TIMEOUT_S = 90

INTERVALS = [
    *(("Submit", error, MIGRATING) for error in ("InstanceUpgradeOrDownGradeTopicMigrating", "Throttled")),
    *(("Submit", error, SHORT_OF_INSTANCES) for error in ("FC.ResourceThrottled", "FC.ResourceExhausted")),
    *(("Submit", error, []) for error in ("FC.InternalServerError", "FC.Unknown", "NoVerdict")),
    *(("Look", error, SHORT_OF_INSTANCES) for error in ("FC.ResourceThrottled", "FC.ResourceExhausted")),
    *(("Look", error, SHORT_OF_INSTANCES) for error in ("FC.InternalServerError", "FC.Unknown")),
    *(("Look", error, [20, 40, 80]) for error in ("Throttled", "ConnectionError")),
    *(("Settle", error, [10, 20, 40]) for error in ("FC.ResourceThrottled", "Throttled", "ConnectionError")),
]
"""By task and error: the pauses before it is tried again, until it is given up."""


LAST = ["Look", "Choose", "Settle", "Done"]
GOES_ON = {"Submit": "look15", "Look": "settle", "Settle": "done"}


def said(following: str) -> Outcome:
    """Give what a task answers."""
    return Outcome.succeeded({"Body": {"next": following}})


def refused(action: str, _parameters: Mapping[str, Any], _mode: str, _timeout: int) -> Outcome:
    """Refuse calls that the plan does not foresee."""
    raise AssertionError(action)


def played(written: Json, task: str, outcomes: list[Outcome]) -> ExecutionRecord:
    """Let a task's first calls come to this; whatever else is called goes on to the end."""
    plan = {name: [said(following)] * 3 for name, following in GOES_ON.items()}
    plan[task] = [*outcomes, *plan[task]]
    return run_to_end(parse(json.dumps(written)), {"instance": "i", "operation": 1}, refused, "e", plan=plan)


def pauses(record: ExecutionRecord, state: str) -> list[float]:
    """Give how long a state slept, each time."""
    return [sleep.seconds for sleep in record.sleeps if sleep.state == state]


@pytest.mark.parametrize(("task", "error", "expected"), INTERVALS)
def test_a_task_is_tried_again_after_these_pauses_and_no_more(
    written: Json, task: str, error: str, expected: list[float]
) -> None:
    record = played(written, task, [Outcome.failed(error)] * 20)
    given_up = [call.state for call in record.calls if call.state == task]
    assert (pauses(record, task), len(given_up)) == (expected, len(expected) + 1)


@pytest.mark.parametrize(
    ("task", "errors", "expected"),
    [
        ("Submit", ("Throttled", "FC.ResourceThrottled"), [30, 5, 45, 10]),
        ("Look", ("Throttled", "FC.Unknown"), [20, 5, 40, 10]),
    ],
)
def test_errors_by_turns_have_pauses_of_their_own(
    written: Json, task: str, errors: tuple[str, str], expected: list[float]
) -> None:
    record = played(written, task, [Outcome.failed(error) for error in errors * 2])
    assert (pauses(record, task), record.path[-1]) == (expected, "Done")


@pytest.mark.parametrize(("task", "expected"), [("Submit", []), ("Look", SHORT_OF_INSTANCES), ("Settle", [10, 20, 40])])
def test_a_task_may_take_ninety_seconds_each_time(written: Json, task: str, expected: list[float]) -> None:
    record = played(written, task, [Outcome.timed_out()] * 20)
    around = sum(sleep.seconds for sleep in record.sleeps if sleep.state != task)
    assert pauses(record, task) == expected
    assert record.seconds == around + sum(expected) + TIMEOUT_S * (len(expected) + 1)
    assert {call.timeout_s for call in record.calls} == {TIMEOUT_S}


@pytest.mark.parametrize("seconds", [15, 30, 60, 120, 300])
def test_each_wait_takes_as_long_as_its_name_says(written: Json, seconds: int) -> None:
    record = played(written, "Look", [said(f"look{seconds}")])
    assert [(sleep.state, sleep.seconds) for sleep in record.sleeps] == [("Pause15", 15), (f"Pause{seconds}", seconds)]
    assert record.path == ["Submit", "Choose", "Pause15", "Look", "Choose", f"Pause{seconds}", *LAST]


def test_after_a_doubt_the_first_look_comes_in_fifteen_seconds(written: Json) -> None:
    record = played(written, "Submit", [Outcome.failed("NoVerdict")])
    assert (record.path, record.seconds) == (["Submit", "Pause15", *LAST], 15)


def test_nothing_else_of_the_workflow_waits_or_tries_again(written: Json) -> None:
    """A state or rule that comes anew needs its figures here."""
    waits = {state["Name"]: state["Seconds"] for state in written["States"] if state["Type"] == "Wait"}
    rules = {state["Name"]: len(state["Retry"]) for state in written["States"] if "Retry" in state}
    assert waits == {f"Pause{seconds}": seconds for seconds in (15, 30, 60, 120, 300)}
    assert rules == {"Submit": 2, "Look": 2, "Settle": 1}
