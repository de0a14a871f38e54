"""Translates a flow to Amazon States Language, from the parsed YAML alone: a slip of our own reader cannot hide here.

Only what `workflows/resize.yml` uses is known; anything else is an error. Where the languages differ by their own
definition, the translation spells it out:

- **A result and its constructor.** CloudFlow builds a state's output after its Retry and Catch are over, and a missing
  key ends the execution. `ResultSelector` is within their reach, so OutputConstructors become Pass states
  (`Submit.OutputConstructor`, `Submit.Catch[0]`).
- **A comparison of things unlike.** Here it ends the execution with `FnF.RuntimeError`; `StringEquals` is only false.
  So a branch of the Choice before it leads whatever is no text to a Fail (`Choose.Condition`).
- **Names.** `FnF.ALL` is `States.ALL`, which must stand alone and last. A timeout is `States.Timeout`; names like that
  cannot leave a branch on moto, so the attempt itself makes it `FnF.TaskTimeout`, by a Fail (`Submit.Timeout`). An
  error of the flow itself is `States.Runtime`, which `traces.py` reads as `FnF.RuntimeError`.
- **Attempts and tokens.** An attempt must have a token of its own. Moto hands one token to all attempts of a task, and
  the first report then answers all of them. So a task is a Parallel of one branch, which is entered anew for each
  attempt: Retry and Catch stand at the Parallel, the call in its branch, the result in a list of one.
- **Left out.** Data limits are 64 KiB here and 256 KiB there, so answers stay far below both. The cause of a failure is
  not compared: moto forgets what a callback says of it, and the flow reads it nowhere.

Moto sleeps for real, so waits become 0 s, intervals 1 s, and timeouts what the caller says; `test_timing.py` has the
figures. `fewer_attempts` is for both engines.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from typing import Any

Json = dict[str, Any]

RUNTIME_ERROR = "FnF.RuntimeError"
TASK_TIMEOUT = "FnF.TaskTimeout"
CALLBACK = "arn:aws:states:::sqs:sendMessage.waitForTaskToken"
MOST_ATTEMPTS = 2
RETRY_INTERVAL_S = 1

FIELDS = {
    "Task": {"Action", "TaskMode", "Timeout", "Parameters", "Retry", "Catch", "OutputConstructor", "Next", "End"},
    "Choice": {"Branches", "Default"},
    "Wait": {"Seconds", "Next"},
    "Succeed": {"End"},
    "Fail": {"Code", "Detail", "End"},
}
RETRY = {"Description", "Errors", "MaxAttempts", "IntervalSeconds", "BackoffRate", "MaxBackoffSeconds"}
CATCH = {"Description", "Errors", "OutputConstructor", "Next"}

CONDITION = re.compile(r'\$Input\.(\w+) == "([^"]*)"')
EXECUTION = {r"\$Context\.Execution\.(Name|Input(?:\.\w+)*)": r"$$.Execution.\1"}
IN_PARAMETERS = EXECUTION
IN_OUTPUT = EXECUTION | {r"\$Output((?:\.\w+)*)": r"$[0]\1"}
IN_CATCH = EXECUTION | {r"\$Context\.Current\.Error\.Code": "$.Error", r"\$Context\.Current\.Error\.Detail": "$.Cause"}


class UntranslatableError(Exception):
    """A flow says something that this translation does not know."""


def fewer_attempts(flow: Json) -> Json:
    """Give the same flow, with at most two retries by each rule."""
    reduced = copy.deepcopy(flow)
    for state in reduced["States"]:
        for rule in state.get("Retry", ()):
            rule["MaxAttempts"] = min(rule["MaxAttempts"], MOST_ATTEMPTS)
    return reduced


def translate(flow: Json, queue: str, timeout_s: int) -> Json:
    """Translate a flow whose calls go to the queue at an address; `timeout_s` stands in for every Timeout."""
    only(flow, {"Type", "SpecVersion", "Name", "StartAt", "States"}, "the flow")
    if (flow["Type"], flow["SpecVersion"]) != ("StateMachine", "v1"):
        raise UntranslatableError("another kind of flow")
    states: Json = {}
    for state in flow["States"]:
        kind, name = state["Type"], state["Name"]
        if kind not in FIELDS or "." in name or name in states:
            raise UntranslatableError(f"{name}: a {kind}")
        only(state, FIELDS[kind] | {"Type", "Name", "Description"}, name)
        if kind == "Task":
            states |= task(state, queue, timeout_s)
        elif kind == "Choice":
            states |= choice(state)
        else:
            states[name] = simple(state)
    return {"StartAt": flow["StartAt"], "States": states}


def simple(state: Json) -> Json:
    """Translate a state without a will of its own."""
    if state["Type"] == "Wait":
        return {"Type": "Wait", "Seconds": 0, **onward(state)}
    if state.get("End") is not True:
        raise UntranslatableError(f"{state['Name']}: no end")
    if state["Type"] == "Fail":
        return {"Type": "Fail", "Error": state["Code"], "Cause": state["Detail"]}
    return {"Type": "Succeed"}


def task(state: Json, queue: str, timeout_s: int) -> Json:
    """Translate a task: a call by callback, its rules around it, and a Pass for each constructor."""
    name = state["Name"]
    if (state["Action"], state["TaskMode"]) != ("FC:InvokeFunction", "RequestComplete"):
        raise UntranslatableError(f"{name}: {state['Action']} in {state['TaskMode']}")
    built, caught = f"{name}.OutputConstructor", [f"{name}.Catch[{n}]" for n, _ in enumerate(state["Catch"])]
    call = {
        "Type": "Task",
        "Resource": CALLBACK,
        "TimeoutSeconds": timeout_s,
        "Parameters": {
            "QueueUrl": queue,
            "MessageBody": {
                "token.$": "$$.Task.Token",
                "execution.$": "$$.Execution.Name",
                "state": name,
                "parameters": template(state["Parameters"], IN_PARAMETERS),
            },
        },
        "Catch": [{"ErrorEquals": ["States.Timeout"], "Next": f"{name}.Timeout"}],
        "End": True,
    }
    late = {"Type": "Fail", "Error": TASK_TIMEOUT}
    around = {
        "Type": "Parallel",
        "Branches": [{"StartAt": f"{name}.Action", "States": {f"{name}.Action": call, f"{name}.Timeout": late}}],
        "Retry": [retry(rule, last=rule is state["Retry"][-1]) for rule in state["Retry"]],
        "Catch": [
            {"ErrorEquals": errors(only(rule, CATCH, name), last=rule is state["Catch"][-1]), "Next": target}
            for rule, target in zip(state["Catch"], caught, strict=True)
        ],
        "Next": built,
    }
    made = {built: constructed(state["OutputConstructor"], IN_OUTPUT, onward(state))}
    for rule, target in zip(state["Catch"], caught, strict=True):
        made[target] = constructed(rule["OutputConstructor"], IN_CATCH, {"Next": rule["Next"]})
    return {name: around, **made}


def constructed(node: Json, paths: Mapping[str, str], following: Json) -> Json:
    """Give a Pass that builds what a constructor says."""
    return {"Type": "Pass", "Parameters": template(node, paths), **following}


def retry(rule: Json, *, last: bool) -> Json:
    """Translate one retry rule; its intervals are checked elsewhere."""
    only(rule, RETRY, "Retry")
    return {
        "ErrorEquals": errors(rule, last=last),
        "MaxAttempts": rule["MaxAttempts"],
        "IntervalSeconds": RETRY_INTERVAL_S,
        "BackoffRate": 1.0,
    }


def errors(rule: Json, *, last: bool) -> list[str]:
    """Translate what a rule matches; `States.ALL` must stand alone, in the last rule."""
    names: list[str] = rule["Errors"]
    if "FnF.ALL" not in names:
        return names
    if names != ["FnF.ALL"] or not last:
        raise UntranslatableError(f"FnF.ALL beside or before others: {names}")
    return ["States.ALL"]


def choice(state: Json) -> Json:
    """Translate a choice, and give the Fail to which a value leads that is no text."""
    name, branches, seen = state["Name"], [], set()
    for branch in state["Branches"]:
        only(branch, {"Condition", "Next"}, name)
        match = CONDITION.fullmatch(branch["Condition"])
        if not match:
            raise UntranslatableError(f"{name}: {branch['Condition']}")
        variable, text = f"$.{match[1]}", match[2]
        if variable not in seen:
            is_text = [{"Variable": variable, "IsPresent": True}, {"Variable": variable, "IsString": True}]
            branches.append({"Not": {"And": is_text}, "Next": f"{name}.Condition"})
        seen.add(variable)
        branches.append({"Variable": variable, "StringEquals": text, "Next": branch["Next"]})
    return {
        name: {"Type": "Choice", "Choices": branches, "Default": state["Default"]},
        f"{name}.Condition": {"Type": "Fail", "Error": RUNTIME_ERROR},
    }


def template(node: Any, paths: Mapping[str, str]) -> Any:
    """Translate a map in which keys ending in `.$` hold paths: both languages mark them so."""
    if not isinstance(node, dict):
        return node
    return {key: path(value, paths) if key.endswith(".$") else template(value, paths) for key, value in node.items()}


def path(text: str, paths: Mapping[str, str]) -> str:
    """Translate one path."""
    for pattern, meaning in paths.items():
        if match := re.fullmatch(pattern, text):
            return match.expand(meaning)
    raise UntranslatableError(f"{text}, here")


def onward(state: Json) -> Json:
    """Give Next or End, whichever the state has."""
    if ("Next" in state) == (state.get("End") is True):
        raise UntranslatableError(f"{state['Name']}: either Next or End")
    return {"Next": state["Next"]} if "Next" in state else {"End": True}


def only(node: Json, known: set[str], where: str) -> Json:
    """Give a map in which nothing unknown stands."""
    if unknown := node.keys() - known:
        raise UntranslatableError(f"{where}: {', '.join(sorted(unknown))}")
    return node
