"""Flows are refused at load time, with the state and the field named (fact flow 13.1)."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from localcloud.flow.faults import FlowError
from localcloud.flow.language import parse

Change = Callable[[dict[str, Any]], None]
ARN = "acs:fc:cn-hangzhou:123456789012:functions/f/LATEST"


def sound() -> dict[str, Any]:
    """Give a definition with every type of state, in which nothing is wrong."""
    rule = {"Errors": ["FnF.ALL"], "Description": "any", "OutputConstructor": {}, "Next": "Broken"}
    retry = {"Errors": ["FC.ResourceThrottled"], "Description": "busy", "MaxAttempts": 3, "IntervalSeconds": 5}
    inner: dict[str, Any] = {"StartAt": "In", "States": [{"Type": "Pass", "Name": "In", "End": True}]}
    return {
        "Type": "StateMachine",
        "SpecVersion": "v1",
        "Name": "sound",
        "StartAt": "Call",
        "States": [
            {
                "Type": "Task",
                "Name": "Call",
                "Action": "FC:InvokeFunction",
                "Parameters": {"resourceArn": ARN, "invocationType": "Sync", "body": {"a.$": "$Input.a"}},
                "Timeout": "60",
                "Retry": [retry],
                "Catch": [rule],
                "OutputConstructor": {"next.$": "$Output.Body.next"},
                "Next": "Pick",
            },
            {
                "Type": "Choice",
                "Name": "Pick",
                "Branches": [{"Condition": '$Input.next == "more"', "Next": "Rest"}],
                "Default": "Both",
            },
            {"Type": "Wait", "Name": "Rest", "Seconds": 60, "Next": "Call"},
            {"Type": "Parallel", "Name": "Both", "Branches": [copy.deepcopy(inner)], "Next": "Each"},
            {"Type": "Map", "Name": "Each", "ItemsPath": "$Input.items", "Processor": inner, "Next": "Done"},
            {"Type": "Succeed", "Name": "Done", "End": True},
            {"Type": "Fail", "Name": "Broken", "Code": "Broken", "Detail": "it broke", "End": True},
        ],
    }


def top(**fields: Any) -> Change:
    """Change fields of the flow; None removes one."""
    return lambda flow: change(flow, fields)


def at(name: str, **fields: Any) -> Change:
    """Change fields of one state; None removes one, and `_` in a name is `.`."""
    return lambda flow: change(state_of(flow, name), fields)


def rule(name: str, which: str, **fields: Any) -> Change:
    """Change fields of the first rule of a state."""
    return lambda flow: change(state_of(flow, name)[which][0], fields)


def parameters(**fields: Any) -> Change:
    """Change the parameters of the task."""
    return lambda flow: change(state_of(flow, "Call")["Parameters"], fields)


def both(*changes: Change) -> Change:
    """Make several changes."""

    def make(flow: dict[str, Any]) -> None:
        for each in changes:
            each(flow)

    return make


def added(**fields: Any) -> Change:
    """Add a state."""
    return lambda flow: flow["States"].append(fields)


def inside(name: str, **fields: Any) -> Change:
    """Change a field of the scope inside a state."""

    def make(flow: dict[str, Any]) -> None:
        state = state_of(flow, name)
        change(state["Processor"] if "Processor" in state else state["Branches"][0], fields)

    return make


def state_of(flow: dict[str, Any], name: str) -> dict[str, Any]:
    """Give one state."""
    found: dict[str, Any] = next(state for state in flow["States"] if state["Name"] == name)
    return found


def change(node: dict[str, Any], fields: dict[str, Any]) -> None:
    """Set or remove fields."""
    for name, value in fields.items():
        key = name.replace("__", ".$")
        if value is None:
            del node[key]
        else:
            node[key] = value


CALLBACK = "WaitForCustomCallback"
SYSTEM = "WaitForSystemCallback"
RETRY = {"Errors": ["E"], "Description": "d", "MaxAttempts": 1, "IntervalSeconds": 1}
CATCH = {"Errors": ["E"], "Description": "d", "OutputConstructor": {}, "Next": "Broken"}
LOOP = both(
    added(Type="Pass", Name="Round", Next="About"),
    added(Type="Pass", Name="About", Next="Round"),
    lambda flow: state_of(flow, "Pick")["Branches"].append({"Condition": "true", "Next": "Round"}),
)

FAULTS: list[tuple[str, Change, str, str]] = [
    # 1: the frame, names and transitions
    ("type of flow", top(Type="flow"), "", "Type"),
    ("no type of flow", top(Type=None), "", "Type"),
    ("version", top(SpecVersion="v2"), "", "SpecVersion"),
    ("no name", top(Name=None), "", "Name"),
    ("bad name", top(Name="9-lives"), "", "Name"),
    ("no start", top(StartAt=None), "", "StartAt"),
    ("unknown start", top(StartAt="Nowhere"), "", "StartAt"),
    ("no states", top(States=[]), "", "States"),
    ("states as a map", top(States={"Call": {}}), "", "States"),
    ("state without a name", added(Type="Pass", End=True), "", "States[7].Name"),
    ("two states of one name", added(Type="Succeed", Name="Done"), "Done", "Name"),
    ("unknown Next", at("Rest", Next="Nowhere"), "Rest", "Next"),
    ("unknown Default", at("Pick", Default="Nowhere"), "Pick", "Default"),
    ("unknown branch", at("Pick", Branches=[{"Condition": "true", "Next": "No"}]), "Pick", "Branches[0].Next"),
    ("unknown Catch", rule("Call", "Catch", Next="Nowhere"), "Call", "Catch[0].Next"),
    ("Next into another scope", at("Rest", Next="In"), "Rest", "Next"),
    ("unknown start of a branch", inside("Both", StartAt="Call"), "Both", "Branches[0].StartAt"),
    ("unknown start of a processor", inside("Each", StartAt="Call"), "Each", "Processor.StartAt"),
    # 2: known types and fields
    ("unknown type", at("Rest", Type="Sleep"), "Rest", "Type"),
    ("no type", at("Rest", Type=None), "Rest", "Type"),
    ("field of the flow", top(TimeoutSeconds=5), "", "TimeoutSeconds"),
    ("TimeoutSeconds", at("Call", TimeoutSeconds=5), "Call", "TimeoutSeconds"),
    ("ResultPath", at("Call", ResultPath="$"), "Call", "ResultPath"),
    ("Choices", at("Pick", Choices=[]), "Pick", "Choices"),
    ("OnError", at("Call", OnError=[]), "Call", "OnError"),
    ("Error", at("Broken", Error="x"), "Broken", "Error"),
    ("Cause", at("Broken", Cause="x"), "Broken", "Cause"),
    ("expression in a Fail", at("Broken", Code__="$Input.a"), "Broken", "Code.$"),
    ("field of a branch", at("Both", Branches=[{"StartAt": "a", "State": []}]), "Both", "Branches[0].State"),
    ("field of a rule", rule("Call", "Retry", MaxDelaySeconds=5), "Call", "Retry[0].MaxDelaySeconds"),
    ("output of a Wait", at("Rest", OutputConstructor={}), "Rest", "OutputConstructor"),
    ("output of a Choice", at("Pick", OutputConstructor={}), "Pick", "OutputConstructor"),
    ("Retry on a Pass", at("Done", Retry=[RETRY]), "Done", "Retry"),
    # 3: how states end
    ("Next and End", at("Rest", End=True), "Rest", "Next"),
    ("neither Next nor End", at("Rest", Next=None), "Rest", "Next"),
    ("End of no boolean", at("Rest", End="true"), "Rest", "End"),
    ("Choice with Next", at("Pick", Next="Done"), "Pick", "Next"),
    ("Choice without Default", at("Pick", Default=None), "Pick", "Default"),
    ("Choice without branches", at("Pick", Branches=[]), "Pick", "Branches"),
    ("Succeed with Next", at("Done", Next="Broken"), "Done", "Next"),
    ("Succeed that does not end", at("Done", End=False), "Done", "End"),
    ("Fail with Next", at("Broken", Next="Done"), "Broken", "Next"),
    ("Fail without Detail", at("Broken", Detail=None), "Broken", "Detail"),
    # 4: Wait and Task
    ("no Seconds", at("Rest", Seconds=None), "Rest", "Seconds"),
    ("no time at all", at("Rest", Seconds=0), "Rest", "Seconds"),
    ("too long a Wait", at("Rest", Seconds=301), "Rest", "Seconds"),
    ("Seconds as text", at("Rest", Seconds="60"), "Rest", "Seconds"),
    ("Seconds twice", at("Rest", Seconds__="$Input.s"), "Rest", "Seconds"),
    ("no Action", at("Call", Action=None), "Call", "Action"),
    ("Action of no service", at("Call", Action="InvokeFunction"), "Call", "Action"),
    ("unknown TaskMode", at("Call", TaskMode="Later"), "Call", "TaskMode"),
    ("mode of another service", at("Call", Action="OSS:GetObject", TaskMode=CALLBACK), "Call", "TaskMode"),
    ("system callback by HTTP", at("Call", Action="HTTP:Request", TaskMode=SYSTEM), "Call", "TaskMode"),
    ("Timeout as a number", at("Call", Timeout=60), "Call", "Timeout"),
    ("Timeout too long", at("Call", Timeout="604801"), "Call", "Timeout"),
    ("Timeout of no digits", at("Call", Timeout="1m"), "Call", "Timeout"),
    ("Timeout twice", at("Call", Timeout__="$Input.t"), "Call", "Timeout"),
    # 5: Retry and Catch
    ("Retry without Errors", rule("Call", "Retry", Errors=[]), "Call", "Retry[0].Errors"),
    ("Retry without Description", rule("Call", "Retry", Description=None), "Call", "Retry[0].Description"),
    ("Retry without MaxAttempts", rule("Call", "Retry", MaxAttempts=None), "Call", "Retry[0].MaxAttempts"),
    ("negative MaxAttempts", rule("Call", "Retry", MaxAttempts=-1), "Call", "Retry[0].MaxAttempts"),
    ("no IntervalSeconds", rule("Call", "Retry", IntervalSeconds=None), "Call", "Retry[0].IntervalSeconds"),
    ("too short an interval", rule("Call", "Retry", IntervalSeconds=0), "Call", "Retry[0].IntervalSeconds"),
    ("too long an interval", rule("Call", "Retry", IntervalSeconds=86401), "Call", "Retry[0].IntervalSeconds"),
    ("shrinking interval", rule("Call", "Retry", BackoffRate=0.5), "Call", "Retry[0].BackoffRate"),
    ("too long a backoff", rule("Call", "Retry", MaxBackoffSeconds=86401), "Call", "Retry[0].MaxBackoffSeconds"),
    ("Catch without Description", rule("Call", "Catch", Description=None), "Call", "Catch[0].Description"),
    ("Catch without Next", rule("Call", "Catch", Next=None), "Call", "Catch[0].Next"),
    ("Catch without output", rule("Call", "Catch", OutputConstructor=None), "Call", "Catch[0].OutputConstructor"),
    (
        "Catch after all",
        lambda flow: state_of(flow, "Call")["Catch"].append(CATCH),
        "Call",
        "Catch[1].Errors",
    ),
    ("Retry of the same again", at("Call", Retry=[RETRY, RETRY]), "Call", "Retry[1].Errors"),
    # 6: expressions
    ("no expression", parameters(x__="not one"), "Call", "Parameters.x.$"),
    ("expression of no text", parameters(x__=5), "Call", "Parameters.x.$"),
    ("unknown root", parameters(x__="$Input2.a"), "Call", "Parameters.x.$"),
    ("unknown function", parameters(x__="add(1, 2)"), "Call", "Parameters.x.$"),
    ("unknown part of the context", parameters(x__="$Context.Execution.Id"), "Call", "Parameters.x.$"),
    ("deep in a literal", parameters(body={"list": [{"x.$": "$"}]}), "Call", "Parameters.body.list[0].x.$"),
    ("condition that does not parse", at("Pick", Branches=[{"Condition": "1 =", "Next": "Rest"}]), "Pick", "Condition"),
    ("condition that negates", at("Pick", Branches=[{"Condition": "!true", "Next": "Rest"}]), "Pick", "Condition"),
    ("output too early", parameters(x__="$Output.Body"), "Call", "Parameters"),
    ("output by its long name", parameters(x__="$Context.Current.Output"), "Call", "Parameters"),
    ("output in the input", at("Rest", InputConstructor={"x.$": "$Output.a"}), "Rest", "InputConstructor"),
    (
        "output in a Catch",
        rule("Call", "Catch", OutputConstructor={"x.$": "$Output.a"}),
        "Call",
        "Catch[0].OutputConstructor",
    ),
    ("lost mark", parameters(x="$Input.a"), "Call", "Parameters.x"),
    ("two keys of one name", parameters(a=1, a__="$Input.a"), "Call", "Parameters.a.$"),
    ("items of no path", at("Each", ItemsPath="items"), "Each", "ItemsPath"),
    # 7: what actions need
    ("no resourceArn", parameters(resourceArn=None), "Call", "Parameters.resourceArn"),
    ("resourceArn of another service", parameters(resourceArn="acs:fnf:::flow/f"), "Call", "Parameters.resourceArn"),
    ("no invocationType", parameters(invocationType=None), "Call", "Parameters.invocationType"),
    ("unknown invocationType", parameters(invocationType="Later"), "Call", "Parameters.invocationType"),
    ("unknown parameter", parameters(payload={}), "Call", "Parameters.payload"),
    ("Sync with a system callback", at("Call", TaskMode=SYSTEM), "Call", "Parameters.invocationType"),
    ("token for nobody", at("Call", TaskMode=CALLBACK), "Call", "Parameters"),
    ("no parameters at all", at("Call", Parameters=None), "Call", "Parameters.invocationType"),
    # 8: reachability and busy loops
    ("nobody leads there", added(Type="Succeed", Name="Lonely"), "Lonely", "Name"),
    ("circle without time", LOOP, "Round", "Next"),
    # Parallel and Map
    ("too many branches", at("Both", Branches=[{}] * 51), "Both", "Branches"),
    ("too many at once", at("Each", MaxConcurrency=41), "Each", "MaxConcurrency"),
    ("limit in both spellings", at("Each", MaxConcurrency=2, MaxConcuccency=2), "Each", "MaxConcuccency"),
    ("no processor", at("Each", Processor=None), "Each", "Processor"),
]


@pytest.mark.parametrize(("make", "state", "field"), [case[1:] for case in FAULTS], ids=[case[0] for case in FAULTS])
def test_a_fault_is_refused_with_its_state_and_field_named(make: Change, state: str, field: str) -> None:
    definition = sound()
    make(definition)
    with pytest.raises(FlowError) as refused:
        parse(json.dumps(definition))
    assert refused.value.state == state
    assert field in refused.value.field
    assert refused.value.field in str(refused.value)
    assert not state or f"state {state}," in str(refused.value)


def test_a_sound_flow_is_taken() -> None:
    assert parse(json.dumps(sound())).name == "sound"


def test_an_express_flow_has_shorter_waits_and_no_callbacks() -> None:
    definition = sound()
    with pytest.raises(FlowError, match="state Rest, field Seconds"):
        parse(json.dumps(definition), express=True)
    state_of(definition, "Rest")["Seconds"] = 20
    state_of(definition, "Call")["TaskMode"] = CALLBACK
    with pytest.raises(FlowError, match="state Call, field TaskMode"):
        parse(json.dumps(definition), express=True)


def test_a_state_inside_a_branch_is_named_too() -> None:
    definition = sound()
    state_of(definition, "Both")["Branches"][0]["States"][0]["Retry"] = []
    with pytest.raises(FlowError, match="state In, field Retry"):
        parse(json.dumps(definition))


def test_a_callback_that_hands_its_token_on_is_taken() -> None:
    definition = sound()
    task = state_of(definition, "Call")
    task["TaskMode"] = CALLBACK
    task["Parameters"]["body"] = {"deep": {"token.$": "$Context.Current.TaskToken"}}
    assert parse(json.dumps(definition))


@pytest.mark.parametrize(
    ("definition", "why"),
    [
        ("States: [", "neither YAML nor JSON"),
        ("- a\n- list", "a map with named fields"),
        ("", "a map with named fields"),
        ("Type: StateMachine\nType: StateMachine", "there twice"),
        ("true: StateMachine", "must be text"),
        ("Type: &a StateMachine\nName: *a", "aliases"),
        ("Type: .inf", "JSON cannot say"),
        ("[" * 100_000, "deeper than 100"),
    ],
)
def test_text_that_is_no_definition_is_refused_with_the_reason(definition: str, why: str) -> None:
    with pytest.raises(FlowError, match=why):
        parse(definition)
