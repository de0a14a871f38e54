"""What an execution did, in the same words for both engines."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from localcloud.flow.rehearsal import ExecutionRecord
from tests.engine.asl import RUNTIME_ERROR, TASK_TIMEOUT

Json = dict[str, Any]


@dataclass
class Call:
    """One attempt of a task: what it was called with, and what came of it. Moto forgets the cause of a failure."""

    parameters: Any
    output: Any = None
    error: str = ""


@dataclass
class Visit:
    """One state, from entering it to leaving it; a state in which the execution ended has no output."""

    state: str
    input: Any
    calls: list[Call] = field(default_factory=list)
    output: Any = None


@dataclass
class Trace:
    """One execution. What is said of an error of the flow itself is each engine's own."""

    visits: list[Visit] = field(default_factory=list)
    status: str = "Running"
    output: Any = None
    error: str = ""
    cause: str = ""

    def end(self, status: str, detail: Mapping[str, Any]) -> None:
        """Note how it ended."""
        self.status, self.output, self.error = status, detail.get("output"), str(detail.get("error", ""))
        self.cause = "" if self.error == RUNTIME_ERROR else str(detail.get("cause", ""))


def of_localcloud(record: ExecutionRecord) -> Trace:
    """Read what localcloud's engine did, from the history that it shows."""
    trace = Trace()
    for event in record.events:
        detail = json.loads(json.dumps(event.detail))
        if event.type == "StepEntered":
            trace.visits.append(Visit(event.step, detail["input"]))
        elif event.type == "TaskScheduled":
            trace.visits[-1].calls.append(Call(detail["parameters"]))
        elif event.type == "TaskSucceeded":
            trace.visits[-1].calls[-1].output = detail["output"]
        elif event.type in {"TaskFailed", "TaskTimedOut"}:
            trace.visits[-1].calls[-1].error = detail["error"]
        elif event.type == "StepExited":
            trace.visits[-1].output = detail["output"]
        elif event.type in {"ExecutionSucceeded", "ExecutionFailed"}:
            trace.end(event.type.removeprefix("Execution"), detail)
    return trace


def of_moto(events: Iterable[Mapping[str, Any]]) -> Trace:
    """Read what moto's engine did; the states that only the translation has are parts of the state they belong to."""
    trace = Trace()
    for event in events:
        kind = event["type"]
        detail: Mapping[str, Any] = next((value for key, value in event.items() if key.endswith("EventDetails")), {})
        if kind.endswith("StateEntered"):
            enter(trace, detail["name"], json.loads(detail["input"]))
        elif kind.endswith("StateExited"):
            leave(trace, kind, detail)
        elif kind == "TaskScheduled":
            message = json.loads(detail["parameters"])["MessageBody"]
            trace.visits[-1].calls.append(Call(message["parameters"]))
        elif kind == "TaskSucceeded":
            trace.visits[-1].calls[-1].output = json.loads(detail["output"])
        elif kind == "TaskFailed":
            trace.visits[-1].calls[-1].error = detail["error"]
        elif kind == "TaskTimedOut":
            trace.visits[-1].calls[-1].error = TASK_TIMEOUT
        elif kind == "ExecutionSucceeded":
            trace.end("Succeeded", {"output": json.loads(detail["output"])})
        elif kind == "ExecutionFailed":
            error = RUNTIME_ERROR if detail["error"] == "States.Runtime" else detail["error"]
            trace.end("Failed", {**detail, "error": error})
    return trace


def enter(trace: Trace, name: str, data: Any) -> None:
    """Note that a state was entered; the Fail behind a comparison takes back the Choice's output."""
    if name.endswith(".Condition"):
        trace.visits[-1].output = None
    elif "." not in name:
        trace.visits.append(Visit(name, data))


def leave(trace: Trace, kind: str, detail: Mapping[str, Any]) -> None:
    """Note a state's output; a task's comes from the Pass that builds it."""
    if kind not in {"TaskStateExited", "ParallelStateExited"}:
        trace.visits[-1].output = json.loads(detail["output"])
