"""The service: flows, executions by name, callbacks, children, timeouts, restarts."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from localcloud.flow.outcome import Outcome
from localcloud.flow.runner import twice
from localcloud.rpc.operation import ApiError

RESIZE = {"instanceId": "i-1", "targetSpec": "large", "deadline": "soon"}
INPUT = json.dumps(RESIZE)
QUICK = """
Type: StateMachine
SpecVersion: v1
Name: quick
StartAt: P
States:
  - {Type: Pass, Name: P, OutputConstructor: {got.$: $Input}, End: true}
"""
SLOW = """
Type: StateMachine
SpecVersion: v1
Name: slow
StartAt: T
States:
  - Type: Task
    Name: T
    Action: FC:InvokeFunction
    Parameters: {resourceArn: 'acs:fc:cn-hangzhou:1:functions/step/LATEST', invocationType: Sync}
    Timeout: "60"
    Next: W
  - {Type: Wait, Name: W, Seconds: 300, End: true}
"""
PARENT = """
Type: StateMachine
SpecVersion: v1
Name: parent
StartAt: Child
States:
  - Type: Task
    Name: Child
    Action: FNF:StartExecution
    TaskMode: WaitForSystemCallback
    Parameters: {resourceArn: 'acs:fnf:cn-hangzhou:1:flow/slow', input: {n: 1}}
    Catch:
      - Errors: [FnF.ALL]
        Description: whatever the child died of
        OutputConstructor: {code.$: $Context.Current.Error.Code, detail.$: $Context.Current.Error.Detail}
        Next: Died
    End: true
  - {Type: Succeed, Name: Died}
"""


def refused(code: str, status: int, call: Callable[[], Any]) -> str:
    """Make a call that must be refused so, and give the message."""
    with pytest.raises(ApiError) as error:
        call()
    assert (error.value.code, error.value.status) == (code, status)
    return error.value.message


def test_a_flow_is_created_changed_listed_and_deleted(play: Any) -> None:
    async def story(stage: Any) -> None:
        made = stage.create(QUICK, RoleArn="acs:ram::1:role/flow", Environment='{"Variables": []}')
        assert made["ExecutionMode"] == "Standard"
        assert made["CreatedTime"] == "2026-03-02T12:00:00.000Z"
        assert made["Environment"] == {"Variables": []}
        stage.create(SLOW)
        stage.clock.advance(5)
        changed = stage.call("UpdateFlow", Name="quick", Description="new")
        assert (changed["Description"], changed["Definition"]) == ("new", QUICK)
        assert changed["LastModifiedTime"] == "2026-03-02T12:00:05.000Z"
        assert stage.call("DescribeFlow", Name="quick") == changed
        first = stage.call("ListFlows", Limit=1)
        assert ([flow["Name"] for flow in first["Flows"]], first["NextToken"]) == (["quick"], "slow")
        second = stage.call("ListFlows", Limit=1, NextToken="slow")
        assert ([flow["Name"] for flow in second["Flows"]], "NextToken" in second) == (["slow"], False)
        stage.call("DeleteFlow", Name="quick")
        refused("FlowNotExists", 404, lambda: stage.call("DescribeFlow", Name="quick"))

    play(story)


def test_a_flow_that_is_not_valid_is_refused_with_the_state_and_field_named(play: Any) -> None:
    async def story(stage: Any) -> None:
        message = refused("InvalidArgument", 400, lambda: stage.create(SLOW.replace("Seconds: 300", "Seconds: 301")))
        assert "state W, field Seconds" in message
        message = refused(
            "InvalidArgument",
            400,
            lambda: stage.call("CreateFlow", Name="other", Definition=QUICK, Description="d", Type="FDL"),
        )
        assert "Name" in message
        refused(
            "InvalidArgument",
            400,
            lambda: stage.call("CreateFlow", Name="9", Definition=QUICK, Description="d", Type="FDL"),
        )
        stage.create(QUICK)
        refused("FlowAlreadyExists", 409, lambda: stage.create(QUICK))
        refused("InvalidArgument", 400, lambda: stage.call("UpdateFlow", Name="quick", Definition="{}"))
        refused("FlowNotExists", 404, lambda: stage.call("UpdateFlow", Name="none", Description="d"))

    play(story)


def test_an_execution_name_starts_once_and_is_used_up_when_it_has_ended(play: Any) -> None:
    async def story(stage: Any) -> None:
        stage.create(SLOW)
        stage.functions.hold("step")
        first = stage.call("StartExecution", FlowName="slow", ExecutionName="one", Input='{"n": 1}')
        again = stage.call("StartExecution", FlowName="slow", ExecutionName="one", Input='{"n": 2}')
        assert (first["Status"], first["Output"]) == ("Running", "")
        assert (again["Name"], again["Input"]) == ("one", '{"n": 1}')
        await stage.until(lambda: stage.functions.calls)
        await stage.quiet()
        assert len(stage.functions.calls) == 1
        stage.call("StopExecution", FlowName="slow", ExecutionName="one", Error="Enough", Cause="a person")
        message = refused(
            "ExecutionAlreadyExists",
            400,
            lambda: stage.call("StartExecution", FlowName="slow", ExecutionName="one", Input="{}"),
        )
        assert message == "Execution one for flow slow already exists."
        made = [stage.call("StartExecution", FlowName="slow")["Name"] for _ in range(2)]
        assert len({*made, "one"}) == 3

    play(story)


def test_start_execution_refuses_what_it_cannot_take(play: Any) -> None:
    async def story(stage: Any) -> None:
        stage.create(QUICK)
        refused("FlowNotExists", 404, lambda: stage.call("StartExecution", FlowName="none"))
        for name in ("9", "a b", "x" * 129, "-a"):
            refused("InvalidArgument", 400, partial(stage.call, "StartExecution", FlowName="quick", ExecutionName=name))
        for data in ("[]", "{", '"x"'):
            refused("InvalidArgument", 400, partial(stage.call, "StartExecution", FlowName="quick", Input=data))
        long = json.dumps({"x": "y" * 65536})
        refused("EntityTooLarge", 400, lambda: stage.call("StartExecution", FlowName="quick", Input=long))
        refused("InvalidArgument", 400, lambda: stage.call("StartExecution", FlowName="quick", Qualifier="prod"))

    play(story)


def test_an_execution_runs_to_its_end_and_tells_its_output(play: Any, text: Any) -> None:
    async def story(stage: Any) -> None:
        stage.create(text("poll_loop"))
        stage.functions.answer("resize-submit", {"orderId": "o-1"})
        stage.functions.answer("resize-check", {"status": "Pending"}, {"status": "Ready"})
        stage.call("StartExecution", FlowName="resize-and-poll", ExecutionName="one", Input=INPUT)
        await stage.until(lambda: len(stage.functions.calls) == 2)
        await stage.quiet()
        stage.clock.advance(59)
        await stage.quiet()
        assert len(stage.functions.calls) == 2
        stage.clock.advance(2)
        assert await stage.ends("resize-and-poll", "one") == "Succeeded"
        shown = stage.call("DescribeExecution", FlowName="resize-and-poll", ExecutionName="one")
        assert json.loads(shown["Output"]) == {"instanceId": "i-1", "result": "ready"}
        assert (shown["StartedTime"], shown["StoppedTime"]) == ("2026-03-02T12:00:00.000Z", "2026-03-02T12:01:01.000Z")
        assert "Error" not in shown
        assert shown["FlowDefinition"] == text("poll_loop")

    play(story)


def test_a_failure_is_explained_only_in_the_history(play: Any) -> None:
    async def story(stage: Any) -> None:
        stage.create(SLOW)
        stage.functions.answer("step", Outcome.failed("KeyError", "'x'"))
        stage.call("StartExecution", FlowName="slow", ExecutionName="one")
        assert await stage.ends("slow", "one") == "Failed"
        shown = stage.call("DescribeExecution", FlowName="slow", ExecutionName="one")
        assert "KeyError" not in json.dumps(shown)
        events = stage.call("GetExecutionHistory", FlowName="slow", ExecutionName="one")["Events"]
        assert events[-1]["Type"] == "ExecutionFailed"
        assert json.loads(events[-1]["EventDetail"]) == {"error": "KeyError", "cause": "'x'"}

    play(story)


def test_a_history_comes_in_pages(play: Any) -> None:
    async def story(stage: Any) -> None:
        stage.create(QUICK)
        stage.call("StartExecution", FlowName="quick", ExecutionName="one")
        await stage.ends("quick", "one")
        numbers: list[int] = []
        token: dict[str, str] = {}
        while True:
            found = stage.call("GetExecutionHistory", FlowName="quick", ExecutionName="one", Limit=4, **token)
            numbers += [event["EventId"] for event in found["Events"]]
            if "NextToken" not in found:
                break
            token = {"NextToken": found["NextToken"]}
        assert numbers == [1, 2, 3, 4, 5, 6]
        refused(
            "InvalidArgument",
            400,
            lambda: stage.call("GetExecutionHistory", FlowName="quick", ExecutionName="one", NextToken="77"),
        )
        refused(
            "ExecutionNotExists", 404, lambda: stage.call("GetExecutionHistory", FlowName="quick", ExecutionName="no")
        )

    play(story)


def test_executions_are_listed_newest_first_by_status_prefix_and_time(play: Any) -> None:
    async def story(stage: Any) -> None:
        stage.create(SLOW)
        for name in ("a-1", "a-2", "b-1"):
            stage.call("StartExecution", FlowName="slow", ExecutionName=name)
            stage.clock.advance(1)
        stage.call("StopExecution", FlowName="slow", ExecutionName="a-1")

        def names(**more: Any) -> list[str]:
            found = stage.call("ListExecutions", FlowName="slow", **more)
            return [execution["Name"] for execution in found["Executions"]]

        assert names() == ["b-1", "a-2", "a-1"]
        assert names(Status="Running") == ["b-1", "a-2"]
        assert names(ExecutionNamePrefix="a-") == ["a-2", "a-1"]
        assert names(StartedTimeBegin="2026-03-02T12:00:01Z", StartedTimeEnd="2026-03-02T12:00:01Z") == ["a-2"]
        page = stage.call("ListExecutions", FlowName="slow", Limit=2, MetadataOnly=True)
        assert page["NextToken"] == "a-1"
        assert "Input" not in page["Executions"][0]
        assert names(Limit=2, NextToken="a-1") == ["a-1"]

    play(story)


def test_executions_of_different_names_run_side_by_side(play: Any) -> None:
    async def story(stage: Any) -> None:
        stage.create(SLOW)
        gate = stage.functions.hold("step")
        for number in range(20):
            stage.call("StartExecution", FlowName="slow", ExecutionName=f"e{number}")
        await stage.until(lambda: len(stage.functions.calls) == 20)
        gate.set()
        await stage.until(lambda: all("TaskSucceeded" in stage.types("slow", f"e{number}") for number in range(20)))

    play(story)


def test_a_task_that_takes_too_long_times_out_and_its_late_answer_changes_nothing(play: Any) -> None:
    async def story(stage: Any) -> None:
        stage.create(SLOW)
        gate = stage.functions.hold("step")
        stage.call("StartExecution", FlowName="slow", ExecutionName="one")
        await stage.until(lambda: stage.functions.calls)
        stage.clock.advance(61)
        assert await stage.ends("slow", "one") == "Failed"
        before = stage.types("slow", "one")
        gate.set()
        await stage.quiet()
        assert stage.types("slow", "one") == before
        assert before[-2:] == ["TaskTimedOut", "ExecutionFailed"]

    play(story)


def test_a_stopped_execution_stays_stopped(play: Any) -> None:
    async def story(stage: Any) -> None:
        stage.create(SLOW)
        gate = stage.functions.hold("step")
        stage.call("StartExecution", FlowName="slow", ExecutionName="one")
        await stage.until(lambda: stage.functions.calls)
        stopped = stage.call("StopExecution", FlowName="slow", ExecutionName="one", Error="E", Cause="c")
        assert stopped["Status"] == "Stopped"
        gate.set()
        await stage.quiet()
        assert stage.types("slow", "one")[-1] == "ExecutionStopped"
        stop = {"FlowName": "slow", "ExecutionName": "one"}
        refused("ExecutionAlreadyCompleted", 400, lambda: stage.call("StopExecution", **stop))
        refused("InvalidArgument", 400, lambda: stage.call("StopExecution", **stop, Error="x" * 129))

    play(story)


def test_an_update_does_not_touch_what_runs(play: Any) -> None:
    async def story(stage: Any) -> None:
        stage.create(SLOW)
        gate = stage.functions.hold("step")
        stage.call("StartExecution", FlowName="slow", ExecutionName="one")
        await stage.until(lambda: stage.functions.calls)
        stage.call("UpdateFlow", Name="slow", Definition=SLOW.replace("300", "10"))
        gate.set()
        await stage.until(lambda: "TaskSucceeded" in stage.types("slow", "one"))
        stage.clock.advance(11)
        await stage.quiet()
        assert stage.status("slow", "one") == "Running"
        stage.clock.advance(300)
        assert await stage.ends("slow", "one") == "Succeeded"

    play(story)


def test_a_deleted_flow_takes_its_executions_along(play: Any) -> None:
    async def story(stage: Any) -> None:
        stage.create(SLOW)
        stage.functions.hold("step")
        stage.call("StartExecution", FlowName="slow", ExecutionName="one")
        await stage.until(lambda: stage.functions.calls)
        stage.call("DeleteFlow", Name="slow")
        refused("FlowNotExists", 404, lambda: stage.status("slow", "one"))
        stage.create(SLOW)
        refused("ExecutionNotExists", 404, lambda: stage.status("slow", "one"))

    play(story)


def test_a_callback_is_reported_once_with_the_token_that_was_handed_out(play: Any, text: Any) -> None:
    async def story(stage: Any) -> None:
        stage.create(text("callback_and_child"))
        stage.create(text("poll_loop"))
        stage.functions.answer("resize-check", {"status": "Ready"})
        stage.functions.answer("resize-submit", {"orderId": "o"})
        gate = stage.functions.hold("approval-open")
        stage.call("StartExecution", FlowName="resize-with-approval", ExecutionName="one", Input=INPUT)
        await stage.until(lambda: stage.functions.calls)
        token = stage.functions.bodies("approval-open")[0]["taskToken"]
        assert base64.b64decode(token).decode().startswith("v1#resize-with-approval#one#")
        report = {"TaskToken": token, "Output": '{"decision": "approved", "approver": "li"}'}
        refused("TaskInvalidState", 409, lambda: stage.call("ReportTaskSucceeded", **report))
        gate.set()
        await stage.until(lambda: "TaskSubmitted" in stage.types("resize-with-approval", "one"))
        event = stage.call("ReportTaskSucceeded", **report)["EventId"]
        history = stage.call("GetExecutionHistory", FlowName="resize-with-approval", ExecutionName="one")["Events"]
        assert history[event - 1]["Type"] == "TaskSucceeded"
        refused("TaskAlreadyCompleted", 400, lambda: stage.call("ReportTaskSucceeded", **report))
        assert await stage.ends("resize-with-approval", "one") == "Succeeded"
        refused("TaskAlreadyCompleted", 400, lambda: stage.call("ReportTaskSucceeded", **report))
        child = stage.call("DescribeExecution", FlowName="resize-and-poll", ExecutionName="resize-one")
        assert child["Status"] == "Succeeded"
        assert json.loads(child["Input"]) == RESIZE

    play(story)


def test_a_reported_failure_reaches_catch_by_its_name(play: Any, text: Any) -> None:
    async def story(stage: Any) -> None:
        stage.create(text("callback_and_child"))
        stage.call("StartExecution", FlowName="resize-with-approval", ExecutionName="one", Input=INPUT)
        await stage.until(lambda: "TaskSubmitted" in stage.types("resize-with-approval", "one"))
        token = stage.functions.bodies("approval-open")[0]["taskToken"]
        refused("InvalidArgument", 400, lambda: stage.call("ReportTaskFailed", TaskToken=token, Error="x" * 129))
        stage.call("ReportTaskFailed", TaskToken=token, Error="ApprovalRejected", Cause="no")
        assert await stage.ends("resize-with-approval", "one") == "Failed"
        assert "NotApproved" in json.dumps(
            stage.call("GetExecutionHistory", FlowName="resize-with-approval", ExecutionName="one")
        )

    play(story)


def test_a_callback_that_never_comes_times_out(play: Any, text: Any) -> None:
    async def story(stage: Any) -> None:
        stage.create(text("callback_and_child"))
        stage.call("StartExecution", FlowName="resize-with-approval", ExecutionName="one", Input=INPUT)
        await stage.until(lambda: "TaskSubmitted" in stage.types("resize-with-approval", "one"))
        stage.clock.advance(86401)
        assert await stage.ends("resize-with-approval", "one") == "Failed"
        assert "TaskTimedOut" in stage.types("resize-with-approval", "one")
        token = stage.functions.bodies("approval-open")[0]["taskToken"]
        refused("TaskAlreadyCompleted", 400, lambda: stage.call("ReportTaskSucceeded", TaskToken=token, Output="{}"))

    play(story)


def test_a_forged_token_is_refused(play: Any, text: Any) -> None:
    async def story(stage: Any) -> None:
        stage.create(text("callback_and_child"))
        stage.call("StartExecution", FlowName="resize-with-approval", ExecutionName="one", Input=INPUT)
        forged = base64.b64encode(b"v1#resize-with-approval#one#3#0123").decode()
        for token in (forged, "?", base64.b64encode(b"v1#none#one#3#0123").decode(), "v1"):
            refused("InvalidArgument", 400, partial(stage.call, "ReportTaskSucceeded", TaskToken=token, Output="{}"))

    play(story)


def test_a_child_is_waited_for_and_its_error_is_the_parents(play: Any) -> None:
    async def story(stage: Any) -> None:
        stage.create(SLOW)
        stage.create(PARENT)
        stage.functions.answer("step", Outcome.failed("KeyError", "'x'"))
        stage.call("StartExecution", FlowName="parent", ExecutionName="one")
        assert await stage.ends("parent", "one") == "Succeeded"
        shown = stage.call("DescribeExecution", FlowName="parent", ExecutionName="one")
        assert json.loads(shown["Output"]) == {"code": "KeyError", "detail": "'x'"}

    play(story)


def test_a_child_is_stopped_with_its_parent(play: Any) -> None:
    async def story(stage: Any) -> None:
        stage.create(SLOW)
        stage.create(PARENT)
        stage.functions.hold("step")
        stage.call("StartExecution", FlowName="parent", ExecutionName="one")
        await stage.until(lambda: stage.functions.calls)
        stage.call("StopExecution", FlowName="parent", ExecutionName="one")
        (child,) = stage.call("ListExecutions", FlowName="slow")["Executions"]
        assert child["Status"] == "Stopped"

    play(story)


def test_a_child_of_a_flow_that_does_not_exist_is_an_error_that_can_be_caught(play: Any) -> None:
    async def story(stage: Any) -> None:
        stage.create(PARENT)
        stage.call("StartExecution", FlowName="parent", ExecutionName="one")
        assert await stage.ends("parent", "one") == "Succeeded"
        shown = stage.call("DescribeExecution", FlowName="parent", ExecutionName="one")
        assert json.loads(shown["Output"])["code"] == "FNF.FlowNotExists"

    play(story)


def test_an_execution_reports_its_end_to_the_token_it_was_started_with(play: Any, text: Any) -> None:
    async def story(stage: Any) -> None:
        stage.create(text("callback_and_child"))
        stage.create(QUICK)
        stage.call("StartExecution", FlowName="resize-with-approval", ExecutionName="one", Input=INPUT)
        await stage.until(lambda: "TaskSubmitted" in stage.types("resize-with-approval", "one"))
        token = stage.functions.bodies("approval-open")[0]["taskToken"]
        stage.call("StartExecution", FlowName="quick", CallbackFnFTaskToken=token)
        await stage.until(lambda: "TaskSucceeded" in stage.types("resize-with-approval", "one"))

    play(story)


def test_a_restart_goes_on_where_it_was_and_gives_the_same_history(play: Any, text: Any) -> None:
    seen: dict[str, Any] = {}

    async def before(stage: Any) -> None:
        stage.create(text("poll_loop"))
        stage.functions.answer("resize-submit", Outcome.failed("FC.ResourceThrottled", ""), {"orderId": "o-1"})
        stage.functions.answer("resize-check", {"status": "Pending"})
        stage.call("StartExecution", FlowName="resize-and-poll", ExecutionName="one", Input=INPUT)
        await stage.until(lambda: "TaskFailed" in stage.types("resize-and-poll", "one"))
        stage.clock.advance(6)
        await stage.until(lambda: len(stage.functions.calls) == 3)
        await stage.quiet()
        seen["events"] = history(stage)
        seen["now"] = stage.clock.now()

    async def after(stage: Any) -> None:
        assert history(stage) == seen["events"]
        stage.functions.answer("resize-check", {"status": "Ready"})
        await stage.quiet()
        assert stage.functions.calls == []
        stage.clock.advance(59)
        await stage.quiet()
        assert stage.functions.calls == []
        stage.clock.advance(2)
        assert await stage.ends("resize-and-poll", "one") == "Succeeded"
        assert history(stage)[: len(seen["events"])] == seen["events"]
        assert len(stage.functions.calls) == 1
        seen["events"] = history(stage)

    async def much_later(stage: Any) -> None:
        assert history(stage) == seen["events"]
        refused(
            "ExecutionAlreadyExists",
            400,
            lambda: stage.call("StartExecution", FlowName="resize-and-poll", ExecutionName="one"),
        )

    def history(stage: Any) -> list[Any]:
        found = stage.call("GetExecutionHistory", FlowName="resize-and-poll", ExecutionName="one", Limit=999)
        return list(found["Events"])

    play(before)
    play(after, at=seen["now"])
    play(much_later)


def test_a_task_under_way_at_a_restart_is_performed_again(play: Any) -> None:
    async def before(stage: Any) -> None:
        stage.create(SLOW)
        stage.functions.hold("step")
        stage.call("StartExecution", FlowName="slow", ExecutionName="one")
        await stage.until(lambda: stage.functions.calls)

    async def after(stage: Any) -> None:
        await stage.until(lambda: "TaskSucceeded" in stage.types("slow", "one"))
        assert len(stage.functions.calls) == 1

    play(before)
    play(after)


def test_a_callback_that_was_awaited_at_a_restart_is_not_asked_for_again(play: Any, text: Any) -> None:
    tokens: list[str] = []

    async def before(stage: Any) -> None:
        stage.create(text("callback_and_child"))
        stage.call("StartExecution", FlowName="resize-with-approval", ExecutionName="one", Input=INPUT)
        await stage.until(lambda: "TaskSubmitted" in stage.types("resize-with-approval", "one"))
        tokens.append(stage.functions.bodies("approval-open")[0]["taskToken"])

    async def after(stage: Any) -> None:
        await stage.quiet()
        assert stage.functions.calls == []
        stage.call("ReportTaskSucceeded", TaskToken=tokens[0], Output='{"decision": "no", "approver": "li"}')
        assert await stage.ends("resize-with-approval", "one") == "Failed"

    play(before)
    play(after)


def test_a_child_that_was_waited_for_at_a_restart_is_not_started_again(play: Any) -> None:
    async def before(stage: Any) -> None:
        stage.create(SLOW)
        stage.create(PARENT)
        stage.functions.hold("step")
        stage.call("StartExecution", FlowName="parent", ExecutionName="one")
        await stage.until(lambda: stage.functions.calls)

    async def after(stage: Any) -> None:
        (child,) = stage.call("ListExecutions", FlowName="slow")["Executions"]
        await stage.until(lambda: "TaskSucceeded" in stage.types("slow", child["Name"]))
        stage.clock.advance(301)
        assert await stage.ends("parent", "one") == "Succeeded"
        shown = stage.call("DescribeExecution", FlowName="parent", ExecutionName="one")
        assert json.loads(shown["Output"])["ExecutionName"] == child["Name"]

    play(before)
    play(after)


@pytest.mark.parametrize(("use_first", "used"), [(True, 1), (False, 2)])
def test_every_task_may_be_performed_twice_by_the_service(play: Any, use_first: bool, used: int) -> None:  # noqa: FBT001 - a parameter of the test
    async def story(stage: Any) -> None:
        stage.create(SLOW)
        stage.functions.answer("step", {"n": 1}, {"n": 2})
        stage.call("StartExecution", FlowName="slow", ExecutionName="one")
        await stage.until(lambda: "StepExited" in stage.types("slow", "one"))
        assert len(stage.functions.calls) == 2
        events = stage.call("GetExecutionHistory", FlowName="slow", ExecutionName="one")["Events"]
        succeeded = next(event for event in events if event["Type"] == "TaskSucceeded")
        assert json.loads(succeeded["EventDetail"])["output"]["Body"] == {"n": used}

    play(story, around=lambda perform: twice(perform, use_first=use_first))


def test_a_performer_that_breaks_fails_the_task_and_is_logged(play: Any, caplog: Any) -> None:
    async def story(stage: Any) -> None:
        stage.create(SLOW.replace("functions/step/LATEST", "nothing"))
        stage.call("StartExecution", FlowName="slow", ExecutionName="one")
        assert await stage.ends("slow", "one") == "Failed"
        events = stage.call("GetExecutionHistory", FlowName="slow", ExecutionName="one")["Events"]
        assert json.loads(events[-1]["EventDetail"])["error"] == "FC.InternalServerError"

    play(story)
    assert "IndexError" in caplog.text


def test_an_express_flow_is_checked_but_not_started_here(play: Any) -> None:
    async def story(stage: Any) -> None:
        stage.create(QUICK, ExecutionMode="Express")
        refused("InvalidArgument", 400, lambda: stage.call("StartExecution", FlowName="quick"))
        refused("InvalidArgument", 400, lambda: stage.create(SLOW, ExecutionMode="Express"))

    play(story)


def test_an_input_nested_too_deeply_is_refused(play: Any) -> None:
    async def story(stage: Any) -> None:
        stage.create(QUICK)
        deep = "[" * 100_000
        refused("InvalidArgument", 400, lambda: stage.call("StartExecution", FlowName="quick", Input=deep))

    play(story)
