"""What states do, one by one (fact flow 13.2)."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest

from localcloud.flow.effects import Call, Sleep, Switches
from localcloud.flow.execution import Execution, Status
from localcloud.flow.model import Flow
from localcloud.flow.outcome import Outcome
from localcloud.flow.rehearsal import NOON, ExecutionRecord, run_to_end

MakeFlow = Callable[[str], Flow]
SYNC = "{resourceArn: 'acs:fc:::services/s/functions/f', invocationType: Sync}"
FC = f"Action: FC:InvokeFunction, Parameters: {SYNC}"
ANY = "{Errors: [FnF.ALL], Description: d, OutputConstructor: {code.$: $Context.Current.Error.Code}, Next: Caught}"
CAUGHT = "- {Type: Succeed, Name: Caught}"


def echo(_action: str, parameters: Mapping[str, Any], _mode: str, _timeout: int) -> Outcome:
    """Answer with what was sent."""
    return Outcome.succeeded({"Body": parameters.get("body", {})})


def run(flow: Flow, data: dict[str, Any] | None = None, **more: Any) -> ExecutionRecord:
    """Run a flow to its end; functions echo."""
    return run_to_end(flow, data or {}, more.pop("perform", echo), "run-1", **more)


def ended(flow: Flow, data: dict[str, Any] | None = None, **more: Any) -> tuple[str, str]:
    """Give how it failed."""
    record = run(flow, data, **more)
    assert record.status is Status.FAILED
    return record.error, record.cause


def test_a_pass_builds_its_output_from_its_input(flow: MakeFlow) -> None:
    made = flow("""
    - Type: Pass
      Name: P
      InputConstructor: {a: 123, deep: {b.$: $Input.b}, list: [{c.$: '$Input.b'}, plain]}
      End: true
    """)
    assert run(made, {"b": [1]}).output == {"a": 123, "deep": {"b": [1]}, "list": [{"c": [1]}, "plain"]}


def test_constructors_see_the_raw_output_and_the_global_values_from_before(flow: MakeFlow) -> None:
    made = flow("""
    - Type: Pass
      Name: P
      InputConstructor: {n: 1}
      GlobalConstructor: {seen.$: $Output.n}
      OutputConstructor: {n.$: $Output.n, global.$: length($Global)}
      Next: Q
    - {Type: Pass, Name: Q, OutputConstructor: {before.$: $Input.global, after.$: $Global.seen}, End: true}
    """)
    assert run(made).output == {"before": 0, "after": 1}


def test_what_a_function_does_to_its_parameters_is_not_seen_by_the_flow(flow: MakeFlow) -> None:
    def vandal(_action: str, parameters: Mapping[str, Any], _mode: str, _timeout: int) -> Outcome:
        parameters["body"]["list"].clear()
        return Outcome.succeeded({})

    made = flow("""
    - Type: Task
      Name: T
      Action: MNS:SendMessage
      Parameters: {resourceArn: q, message: m, body.$: $Input}
      OutputConstructor: {list.$: $Input.list}
      End: true
    """)
    assert run(made, {"list": [1]}, perform=vandal).output == {"list": [1]}


@pytest.mark.parametrize(
    ("states", "why"),
    [
        ("- {Type: Pass, Name: P, OutputConstructor: {x.$: $Input.missing}, End: true}", "$Input.missing"),
        ("- {Type: Wait, Name: P, Seconds.$: $Input.n, End: true}", "Seconds is 0"),
        ("- {Type: Map, Name: P, ItemsPath: $Input.n, Processor: PROCESSOR, End: true}", "no list"),
        ("- {Type: Map, Name: P, ItemsPath: $Input.list, Processor: PROCESSOR, End: true}", "item 0"),
        (f"- {{Type: Task, Name: P, {FC}, Timeout.$: $Input.n, End: true}}", "Timeout is 0"),
        ("- {Type: Pass, Name: P, OutputConstructor: {x.$: $Context.Current.Error.Code}, End: true}", "Error.Code"),
    ],
)
def test_a_value_that_cannot_be_had_fails_the_execution_and_no_rule_catches_it(
    flow: MakeFlow, states: str, why: str
) -> None:
    states = states.replace("PROCESSOR", "{StartAt: In, States: [{Type: Pass, Name: In, End: true}]}")
    error, cause = ended(flow(states), {"n": 0, "list": [1]})
    assert error == "FnF.RuntimeError"
    assert why in cause
    assert "state P" in cause


def test_a_condition_without_an_answer_fails_the_execution(flow: MakeFlow) -> None:
    made = flow("""
    - {Type: Choice, Name: C, Branches: [{Condition: $Input.n == "1", Next: D}], Default: D}
    - {Type: Succeed, Name: D}
    """)
    assert ended(made, {"n": 1})[0] == "FnF.RuntimeError"


def test_a_retry_waits_ever_longer_up_to_its_maximum(flow: MakeFlow) -> None:
    made = flow(f"""
    - Type: Task
      Name: T
      Action: FC:InvokeFunction
      Parameters: {SYNC}
      Retry:
        - Errors: [Busy]
          Description: d
          MaxAttempts: 4
          IntervalSeconds: 30
          BackoffRate: 2
          MaxBackoffSeconds: 100
      End: true
    """)
    record = run(made, plan={"T": [Outcome.failed("Busy", "")] * 5})
    assert [sleep.seconds for sleep in record.sleeps] == [30, 60, 100, 100]
    assert (record.status, record.error, len(record.calls)) == (Status.FAILED, "Busy", 5)


def test_only_the_first_rule_for_an_error_counts(flow: MakeFlow) -> None:
    made = flow(f"""
    - Type: Task
      Name: T
      Action: FC:InvokeFunction
      Parameters: {SYNC}
      Retry:
        - {{Errors: [Busy], Description: d, MaxAttempts: 1, IntervalSeconds: 1}}
        - {{Errors: [FnF.ALL], Description: d, MaxAttempts: 5, IntervalSeconds: 7}}
      Catch: [{ANY}]
      End: true
    {CAUGHT}
    """)
    record = run(made, plan={"T": [Outcome.failed("Busy", "")] * 2})
    assert ([sleep.seconds for sleep in record.sleeps], record.output) == ([1], {"code": "Busy"})


def test_a_timeout_has_a_name_that_can_be_caught(flow: MakeFlow) -> None:
    made = flow(f"""
    - {{Type: Task, Name: T, {FC}, Timeout: "60", Catch: [{ANY}], End: true}}
    {CAUGHT}
    """)
    record = run(made, plan={"T": [Outcome.timed_out("slow")]})
    assert (record.output, record.seconds) == ({"code": "FnF.TaskTimeout"}, 60)
    assert "TaskTimedOut" in [event.type for event in record.events]


def test_parallel_branches_run_side_by_side_and_their_outputs_are_named(flow: MakeFlow) -> None:
    made = flow("""
    - Type: Parallel
      Name: Both
      Branches:
        - StartAt: W
          States:
            - {Type: Wait, Name: W, Seconds: 100, Next: A}
            - {Type: Pass, Name: A, OutputConstructor: {v: a}, End: true}
        - StartAt: W
          States:
            - {Type: Wait, Name: W, Seconds: 70, Next: B}
            - {Type: Pass, Name: B, OutputConstructor: {v.$: $Input.in}, End: true}
      OutputConstructor: {first.$: $Output.Branch0.v, second.$: $Output.Branch1.v}
      End: true
    """)
    record = run(made, {"in": 7})
    assert (record.output, record.seconds) == ({"first": "a", "second": 7}, 100)
    assert record.path == ["Both", "W", "W", "B", "A"]


def test_an_error_in_one_branch_cuts_the_others_off_and_is_caught(flow: MakeFlow) -> None:
    made = flow(f"""
    - Type: Parallel
      Name: Both
      Branches:
        - {{StartAt: W, States: [{{Type: Wait, Name: W, Seconds: 100, Next: X}}, {{Type: Pass, Name: X, End: true}}]}}
        - {{StartAt: T, States: [{{Type: Task, Name: T, {FC}, End: true}}]}}
      Retry: [{{Errors: [Bad], Description: d, MaxAttempts: 1, IntervalSeconds: 5}}]
      Catch: [{ANY}]
      Next: Caught
    {CAUGHT}
    """)
    record = run(made, plan={"T": [Outcome.failed("Bad", "")] * 2})
    assert (record.output, record.seconds) == ({"code": "Bad"}, 5)
    assert record.path == ["Both", "W", "T", "W", "T", "Caught"]


def test_a_fail_inside_a_branch_ends_the_whole_execution(flow: MakeFlow) -> None:
    made = flow(f"""
    - Type: Parallel
      Name: Both
      Branches: [{{StartAt: F, States: [{{Type: Fail, Name: F, Code: Over, Detail: out}}]}}]
      Catch: [{ANY}]
      Next: Caught
    {CAUGHT}
    """)
    assert ended(made) == ("Over", "out")


def test_a_map_keeps_the_order_of_its_items_and_its_limit(flow: MakeFlow) -> None:
    made = flow("""
    - Type: Map
      Name: Each
      ItemsPath: $Input.items
      MaxConcurrency: 2
      Processor: {StartAt: W, States: [{Type: Wait, Name: W, Seconds.$: $Input.s, End: true}]}
      End: true
    """)
    record = run(made, {"items": [{"s": 30}, {"s": 10}, {"s": 10}, {"s": 5}]})
    assert record.output == {"Items": [{"s": 30}, {"s": 10}, {"s": 10}, {"s": 5}]}
    assert record.seconds == 30
    assert run(made, {"items": []}).output == {"Items": []}


def test_a_map_over_very_many_items_does_not_run_out_of_stack(flow: MakeFlow) -> None:
    made = flow("""
    - Type: Map
      Name: Each
      ItemsPath: $Input.items
      MaxConcurrency: 1
      Processor: {StartAt: In, States: [{Type: Succeed, Name: In}]}
      OutputConstructor: {n.$: length($Output.Items)}
      End: true
    """)
    assert run(made, {"items": [{}] * 800}).output == {"n": 800}


def test_an_input_over_64_kib_is_refused_and_an_output_fails_the_execution(flow: MakeFlow) -> None:
    made = flow(f"- {{Type: Task, Name: T, {FC}, End: true}}")
    with pytest.raises(ValueError, match="65536"):
        run(made, {"x": "y" * 65536})
    assert run(made, plan={"T": [Outcome.succeeded({"x": "y" * 65528})]}).status is Status.SUCCEEDED
    error, cause = ended(made, plan={"T": [Outcome.succeeded({"x": "y" * 65529})]})
    assert (error, "65537 bytes" in cause) == ("FnF.RuntimeError", True)


def test_length_counts_bytes_and_not_characters(flow: MakeFlow) -> None:
    made = flow(f"- {{Type: Task, Name: T, {FC}, End: true}}")
    assert ended(made, plan={"T": [Outcome.succeeded({"x": "名" * 30000})]})[0] == "FnF.RuntimeError"


def test_an_execution_ends_before_its_5001st_event(flow: MakeFlow) -> None:
    made = flow("""
    - {Type: Wait, Name: W, Seconds: 300, Next: C}
    - {Type: Choice, Name: C, Branches: [{Condition: 1 == 2, Next: D}], Default: W}
    - {Type: Succeed, Name: D}
    """)
    record = run(made)
    assert (record.status, record.error) == (Status.FAILED, "FnF.RuntimeError")
    assert "5000 events" in record.cause
    assert (len(record.events), record.events[-1].type) == (5000, "ExecutionFailed")


def test_a_turn_of_a_poll_loop_costs_thirteen_events(flow: MakeFlow) -> None:
    made = flow(f"""
    - {{Type: Task, Name: T, {FC}, OutputConstructor: {{n.$: $Output.Body}}, Next: C}}
    - {{Type: Choice, Name: C, Branches: [{{Condition: $Input.n == "on", Next: W}}], Default: D}}
    - {{Type: Wait, Name: W, Seconds: 60, Next: T}}
    - {{Type: Succeed, Name: D}}
    """)
    on, off = Outcome.succeeded({"Body": "on"}), Outcome.succeeded({"Body": "off"})
    short, long = run(made, plan={"T": [off]}), run(made, plan={"T": [on, off]})
    assert len(long.events) - len(short.events) == 13


def test_a_pass_leaves_the_events_of_a_real_history(flow: MakeFlow) -> None:
    record = run(flow("- {Type: Pass, Name: pass1, End: true}"))
    shown = [event.as_json() for event in record.events]
    assert [(event["Type"], event["StepName"], event["EventId"], event["ScheduleEventId"]) for event in shown] == [
        ("ExecutionStarted", "", 1, 0),
        ("StepEntered", "pass1", 2, 1),
        ("StepStarted", "pass1", 3, 2),
        ("StepSucceeded", "pass1", 4, 3),
        ("StepExited", "pass1", 5, 4),
        ("ExecutionSucceeded", "", 6, 5),
    ]
    assert json.loads(shown[0]["EventDetail"]) == {"input": {}}
    assert shown[0]["Time"] == "2026-01-01T12:00:00.000Z"


def test_wait_and_choice_may_be_set_not_to_pass_data_through(flow: MakeFlow) -> None:
    made = flow("""
    - {Type: Wait, Name: W, Seconds: 1, Next: P}
    - {Type: Pass, Name: P, OutputConstructor: {got.$: $Input, still.$: $Context.Execution.Input.a}, End: true}
    """)
    assert run(made, {"a": 1}).output == {"got": {"a": 1}, "still": 1}
    assert run(made, {"a": 1}, switches=Switches(pass_through=False)).output == {"got": {}, "still": 1}


@pytest.mark.parametrize(("repeats", "used"), [("use-first", 1), ("use-last", 2)])
def test_every_task_may_be_performed_twice(flow: MakeFlow, repeats: str, used: int) -> None:
    made = flow(f"- {{Type: Task, Name: T, {FC}, End: true}}")
    plan = {"T": [Outcome.succeeded({"n": 1}), Outcome.succeeded({"n": 2})]}
    record = run(made, plan=plan, repeats=repeats)
    assert (record.output, len(record.calls)) == ({"n": used}, 2)


def test_a_failed_submission_of_a_callback_is_told_apart_from_a_reported_failure(flow: MakeFlow) -> None:
    made = flow(f"""
    - Type: Task
      Name: T
      Action: FC:InvokeFunction
      TaskMode: WaitForCustomCallback
      Parameters: {SYNC.replace("}", ", body: {t.$: $Context.Current.TaskToken}}")}
      End: true
    """)
    execution = Execution(made, "run-1", {}, seed="s")
    execution.start(NOON)
    (number,) = execution.wanted
    execution.feed(number, Outcome.failed("FC.ResourceThrottled", ""), NOON)
    assert [event.type for event in execution.history.events][-2:] == ["TaskSubmitFailed", "ExecutionFailed"]


def test_a_stopped_execution_wants_nothing_any_more(flow: MakeFlow) -> None:
    execution = Execution(flow("- {Type: Wait, Name: W, Seconds: 60, End: true}"), "run-1", {}, seed="s")
    execution.start(NOON)
    assert list(execution.wanted.values()) == [Sleep("W", 60, NOON + timedelta(seconds=60))]
    execution.stop("Enough", "a person", NOON)
    assert (execution.status, execution.wanted) == (Status.STOPPED, {})
    assert execution.history.events[-1].detail == {"error": "Enough", "cause": "a person"}
    with pytest.raises(KeyError):
        execution.feed(1, Outcome.succeeded(), NOON)


def test_the_same_outcomes_in_the_same_order_give_the_same_history(flow: MakeFlow) -> None:
    made = flow(f"""
    - Type: Parallel
      Name: Both
      Branches:
        - {{StartAt: A, States: [{{Type: Task, Name: A, {FC}, OutputConstructor: {{id.$: uuid()}}, End: true}}]}}
        - {{StartAt: B, States: [{{Type: Task, Name: B, {FC}, OutputConstructor: {{id.$: uuid()}}, End: true}}]}}
      End: true
    """)

    def history(seed: str, order: list[int]) -> list[Any]:
        execution = Execution(made, "run-1", {}, seed=seed)
        execution.start(NOON)
        assert all(isinstance(effect, Call) for effect in execution.wanted.values())
        for number in order:
            execution.feed(number, Outcome.succeeded({}), NOON)
        assert execution.status is Status.SUCCEEDED
        return [event.as_json() for event in execution.history.events]

    assert history("s", [2, 1]) == history("s", [2, 1])
    assert history("s", [2, 1]) != history("s", [1, 2])
    assert history("s", [1, 2]) != history("t", [1, 2])


def test_data_nested_too_deeply_fails_the_execution(flow: MakeFlow) -> None:
    made = flow(f"- {{Type: Task, Name: T, {FC}, End: true}}")
    deep: dict[str, Any] = {}
    for _ in range(100_000):
        deep = {"x": deep}
    assert ended(made, plan={"T": [Outcome.succeeded(deep)]})[0] == "FnF.RuntimeError"
