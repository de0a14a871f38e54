"""The three example flows run through every path that leads anywhere (fact flow 12)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from localcloud.flow.execution import Status
from localcloud.flow.model import Flow
from localcloud.flow.outcome import Outcome
from localcloud.flow.rehearsal import ExecutionRecord, run_to_end

Example = Callable[[str], Flow]
RESIZE = {"instanceId": "i-1", "targetSpec": "large", "deadline": "soon"}


def body(**fields: Any) -> Outcome:
    """Give what a function answers."""
    return Outcome.succeeded({"Body": fields})


def unplanned(action: str, _parameters: Mapping[str, Any], _mode: str, _timeout: int) -> Outcome:
    """Refuse calls that the plan does not foresee."""
    raise AssertionError(action)


def pauses(record: ExecutionRecord) -> list[float]:
    """Give how long it slept, each time."""
    return [sleep.seconds for sleep in record.sleeps]


def test_the_poll_loop_waits_until_the_instance_is_ready(example: Example) -> None:
    plan = {
        "SubmitResize": [body(orderId="o-1")],
        "CheckStatus": [body(status="Pending"), body(status="Pending"), body(status="Pending"), body(status="Ready")],
    }
    record = run_to_end(example("poll_loop"), RESIZE, unplanned, "run-1", plan=plan)
    assert (record.status, record.output) == (Status.SUCCEEDED, {"instanceId": "i-1", "result": "ready"})
    assert record.path == [
        "SubmitResize",
        *["CheckStatus", "IsDone", "WaitBeforeCheck"] * 3,
        "CheckStatus",
        "IsDone",
        "Report",
    ]
    assert (pauses(record), record.seconds) == ([60, 60, 60], 180)
    assert record.calls[0].parameters["body"] == {"instanceId": "i-1", "targetSpec": "large", "executionName": "run-1"}


@pytest.mark.parametrize("status", ["Expired", "Failed"])
def test_the_poll_loop_fails_with_the_code_of_its_fail_state(example: Example, status: str) -> None:
    plan = {"SubmitResize": [body(orderId="o-1")], "CheckStatus": [body(status="Pending"), body(status=status)]}
    record = run_to_end(example("poll_loop"), RESIZE, unplanned, "run-1", plan=plan)
    assert (record.status, record.error) == (Status.FAILED, "ResizeFailed")
    assert record.path[-1] == "ResizeFailed"


def test_a_busy_instance_is_retried_six_times_and_then_told_to_the_operator(example: Example) -> None:
    plan = {
        "SubmitResize": [Outcome.failed("InstanceBusyError", "busy")] * 7,
        "NotifyOperator": [body()],
    }
    record = run_to_end(example("retry_and_catch"), RESIZE, unplanned, "run-1", plan=plan)
    assert record.status is Status.SUCCEEDED
    assert record.output == {"instanceId": "i-1", "result": "refused", "errorCode": "InstanceBusyError"}
    assert record.path == ["SubmitResize", "NotifyOperator", "Finished"]
    assert pauses(record) == [30, 45, 67.5, 101.25, 151.875, 227.8125]
    assert [call.parameters["body"].get("attempt") for call in record.calls[:7]] == [0, 1, 2, 3, 4, 5, 6]
    assert record.calls[7].parameters["body"] == {
        "instanceId": "i-1",
        "errorCode": "InstanceBusyError",
        "message": "resize of i-1 refused with InstanceBusyError",
    }


def test_a_busy_instance_that_becomes_free_is_resized(example: Example) -> None:
    plan = {"SubmitResize": [Outcome.failed("InstanceBusyError", "busy"), body(orderId="o-1")]}
    record = run_to_end(example("retry_and_catch"), RESIZE, unplanned, "run-1", plan=plan)
    assert (record.output, pauses(record)) == ({"instanceId": "i-1", "orderId": "o-1"}, [30])


def test_an_error_without_a_rule_of_its_own_goes_where_any_error_goes(example: Example) -> None:
    plan = {"SubmitResize": [Outcome.failed("KeyError", "'x'")]}
    record = run_to_end(example("retry_and_catch"), RESIZE, unplanned, "run-1", plan=plan)
    assert (record.status, record.error, record.path[-1]) == (Status.FAILED, "UnexpectedFailure", "UnexpectedFailure")


def test_each_retry_rule_counts_for_itself(example: Example) -> None:
    busy, throttled = Outcome.failed("InstanceBusyError", ""), Outcome.failed("FC.ResourceThrottled", "")
    plan = {"SubmitResize": [busy, throttled, busy, throttled, body(orderId="o-1")]}
    record = run_to_end(example("retry_and_catch"), RESIZE, unplanned, "run-1", plan=plan)
    assert pauses(record) == [30, 5, 45, 10]


def test_an_approved_resize_runs_its_child_under_a_name_of_its_own(example: Example) -> None:
    plan = {
        "RequestApproval": [Outcome.succeeded({"decision": "approved", "approver": "li"})],
        "RunResize": [Outcome.succeeded({"Status": "Succeeded"})],
    }
    record = run_to_end(example("callback_and_child"), RESIZE, unplanned, "run-1", plan=plan)
    assert (record.status, record.output) == (Status.SUCCEEDED, {"Status": "Succeeded"})
    assert record.path == ["RequestApproval", "Decide", "RunResize", "Finished"]
    approval, child = record.calls
    assert approval.parameters["body"]["taskToken"] == approval.token != ""
    assert child.parameters["executionName"] == "resize-run-1"
    types = [event.type for event in record.events if event.step == "RequestApproval"]
    assert types == ["StepEntered", "TaskScheduled", "TaskStarted", "TaskSubmitted", "TaskSucceeded", "StepExited"]


def test_an_approval_that_nobody_gives_expires_after_a_day(example: Example) -> None:
    plan = {"RequestApproval": [Outcome.timed_out()]}
    record = run_to_end(example("callback_and_child"), RESIZE, unplanned, "run-1", plan=plan)
    assert (record.status, record.error, record.seconds) == (Status.FAILED, "NotApproved", 86400)
    assert record.path == ["RequestApproval", "Decide", "NotApproved"]


def test_a_rejection_is_caught_by_the_error_that_the_approver_reported(example: Example) -> None:
    plan = {"RequestApproval": [Outcome.failed("ApprovalRejected", "not today")]}
    record = run_to_end(example("callback_and_child"), RESIZE, unplanned, "run-1", plan=plan)
    assert record.path == ["RequestApproval", "Decide", "NotApproved"]
    decided = next(event for event in record.events if event.step == "Decide")
    assert decided.detail == {"input": {"decision": "rejected", "reason": "not today"}}


def test_an_error_that_no_rule_lists_fails_the_execution(example: Example) -> None:
    plan = {"RequestApproval": [Outcome.failed("Surprise", "what")]}
    record = run_to_end(example("callback_and_child"), RESIZE, unplanned, "run-1", plan=plan)
    assert (record.status, record.error, record.cause) == (Status.FAILED, "Surprise", "what")
    assert record.path == ["RequestApproval"]
