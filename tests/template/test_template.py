"""The template is checked offline by what the vendor publishes of its resource types; each check finds its faults."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Iterator
from typing import Any

import pytest

from tests.template.checks import CHECKS
from tests.template.reading import Template, read
from tests.template.wheels import types

FUNCTION, ORDER = "Resources/OnAlert/Properties", "Resources/SubmitRole/Properties/Policies/4/PolicyDocument/Statement"
LOG_ALERT = "Resources/OperationFailed/Properties/Detail/Configuration"
FLOW = "workflows/resize.yml"
GONE = object()

FAULTS: list[tuple[str, str, Any, str]] = [
    ("types", "Resources/OnAlert/Type", "ALIYUN::FC3::Funktion", "the vendor has no ALIYUN::FC3::Funktion"),
    ("types", f"{FUNCTION}/TimeOut", 30, "OnAlert.TimeOut: there is no such property"),
    ("types", f"{FUNCTION}/Handler", GONE, "OnAlert.Handler: is required"),
    ("types", f"{FUNCTION}/Timeout", 0, "OnAlert.Timeout: 0 is outside 1.0..86400.0"),
    ("types", f"{FUNCTION}/MemorySize", "512", "OnAlert.MemorySize: must be a number"),
    ("types", f"{FUNCTION}/InternetAccess", {"Ref": "LogDays"}, "a number where a boolean belongs"),
    ("types", "Parameters/LogDays/MaxValue", 36500, "FunctionLogs.TTL: 36500 is outside 1.0..3650.0"),
    ("types", "Resources/Ledger/Properties/LifecycleConfiguration/Rule/0/Prefix", GONE, "Prefix: is required"),
    ("types", "Resources/TickFails/Properties/Escalations/Critical/Statistics", "Value", "'Value' is not one of"),
    ("references", f"{FUNCTION}/Role", {"Fn::GetAtt": ["DoorRole", "ARN"]}, "DoorRole has no attribute ARN"),
    ("references", f"{FUNCTION}/Code/OssBucketName", {"Ref": "CodeBuket"}, "there is no CodeBuket"),
    ("references", f"{FUNCTION}/LogConfig/Project", {"Fn::GetAtt": ["Logs", "Name"]}, "not made where MakesLogs"),
    ("references", f"{FUNCTION}/Description", {"Fn::If": ["Acting", "a", "b"]}, "there is no condition Acting"),
    ("references", "Outputs/Ledger/Value", {"Fn::Sub": "${ALIYUN::AccountId}"}, "there is no ALIYUN::AccountId"),
    ("sizes", f"{FUNCTION}/FunctionName", "tidegate-" + "a" * 56, "is no name for ALIYUN::FC3::Function"),
    ("sizes", "Resources/Look/Properties/FunctionName", "tidegate-submit", "tidegate-submit stands twice"),
    (
        "sizes",
        "Resources/LookRole/Properties/Policies/0/PolicyName",
        "tidegate-door-ledger",
        "twice among the policies",
    ),
    ("sizes", "Parameters/ChatUrl/MaxLength", 4000, "its environment may have"),
    ("sizes", f"{FUNCTION}/EnvironmentVariables/FC_REGION", "x", "FC_REGION is no variable"),
    ("sizes", f"{FUNCTION}/MemorySize", 1536, "0.35 CPUs and 1536 MB do not go together"),
    ("sizes", f"{FUNCTION}/Timeout", GONE, "OnAlert.Timeout: must be stated"),
    ("parameters", "Parameters/HookTokens/NoEcho", GONE, "HookTokens: a secret that is shown"),
    ("parameters", "Parameters/HookTokens/Default", "a-token-for-everybody", "HookTokens: a secret with a default"),
    ("parameters", "Parameters/Runtime/Default", "python3.11", "its default is not one of its values"),
    (
        "parameters",
        "Outputs/Tokens",
        {"Description": "d", "Value": {"Ref": "HookTokens"}},
        "shows the secret HookTokens",
    ),
    ("functions", f"{FUNCTION}/Handler", "functions/on_alarm.handler", "functions/on_alarm.handler is not in"),
    ("functions", "Resources/SubmitAsync/Properties/MaxAsyncRetryAttempts", 3, "Submit: must not be called again"),
    ("functions", "Resources/OnAlertAsync/Properties/DestinationConfig", GONE, "it fails at for good goes nowhere"),
    ("functions", "Resources/LookAsync", GONE, "Look: nothing limits how often it is retried"),
    ("functions", "Resources/OnScheduleAlone", GONE, "OnSchedule: one tick at a time"),
    ("functions", "Resources/Settle/Properties/LogConfig", GONE, "Settle.LogConfig: its log goes nowhere"),
    ("triggers", "Resources/OnScheduleTimer/Properties/TriggerConfig/cronExpression", "* * * * *", "is no time"),
    ("triggers", "Resources/OnScheduleTimer/Properties/TriggerConfig/payload", {}, "its payload is not a JSON object"),
    ("triggers", "Resources/OnScheduleTimer/Properties/TriggerConfig/enabled", True, "enabled is no key of a timer"),
    ("triggers", "Resources/OnAlertHttp/Properties/TriggerConfig/authType", "none", "authType is 'none'"),
    ("triggers", "Resources/OnAlertTopic/Properties/InvocationRole", GONE, "SMQ cannot take its role"),
    ("triggers", "Resources/OnScheduleTimer", GONE, "OnSchedule has no timer trigger"),
    ("flow", "Resources/Resize/Properties/Name", "tidegate-resise", "the workflow calls itself tidegate-resize"),
    ("flow", "Resources/Resize/Properties/ExecutionMode", "Express", "only a Standard flow starts once"),
    ("flow", "Resources/Look/Properties/FunctionName", "tidegate-view", "functions/tidegate-look/LATEST, which is not"),
    ("flow", "Resources/Look/Properties/Timeout", 90, "Look waits 90 s for a function that may take as long"),
    ("roles", f"{ORDER}/0/Action", ["amqp:UpdateInstance", "amqp:DeleteInstance"], "no call declares it"),
    ("roles", f"{ORDER}/0/Resource", ["*"], "amqp:UpdateInstance on * is granted, and no call declares it"),
    ("roles", "Resources/LookRole/Properties/Policies/1", GONE, "LookRole: amqp:GetInstance on"),
    ("roles", "Resources/Look/Properties/Role", {"Fn::GetAtt": ["SubmitRole", "Arn"]}, "Look.Role: is LookRole"),
    ("mode", f"{ORDER}/0/Effect", "Allow", "SubmitRole: may amqp:UpdateInstance in mode observe"),
    ("mode", f"{ORDER}/0/Resource", [{"Fn::Sub": "acs:amqp:*:${ALIYUN::TenantId}:/instances/*"}], "are to be denied"),
    ("mode", f"{ORDER}/1/Action", ["apigateway:ModifyInstance"], "are to be denied"),
    ("mode", "Parameters/Mode/Default", "act", "nothing is to be resized unless"),
    ("bucket", "Resources/Ledger/Properties/AccessControl", "public-read", "Ledger: others may read it"),
    ("bucket", "Resources/Ledger/Properties/VersioningConfiguration", {"Status": "Enabled"}, "may both win"),
    ("bucket", "Resources/Ledger/Properties/LifecycleConfiguration/Rule/0/Prefix", "", "and must only remove"),
    ("bucket", "Resources/Ledger/DeletionPolicy", GONE, "Ledger: goes with the stack"),
    ("alarms", "Resources/TickDead/Properties/NoDataPolicy", "OK", "a tick that is dead sends no figures"),
    ("alarms", "Resources/FailuresWait", GONE, "nothing watches ActiveMessages"),
    (
        "prefix",
        f"{FUNCTION}/FunctionName",
        "tidegate-on-alert",
        "OnAlert.FunctionName: tidegate-on-alert does not begin",
    ),
    ("prefix", "Resources/Alerts/Properties/TopicName", "alerts", "Alerts.TopicName: alerts does not begin with"),
    ("prefix", "Resources/Logs/Properties/Name", {"Fn::Sub": "x-${ALIYUN::TenantId}"}, "Logs.Name: {'Fn::Sub': 'x-"),
    (
        "prefix",
        "Resources/LookRole/Properties/Policies/0/PolicyName",
        {"Fn::Sub": "look-${Prefix}"},
        "LookRole.Policies: {'Fn::Sub': 'look-${Prefix}'} does not begin",
    ),
    (
        "prefix",
        "Resources/TriggerRole/Properties/Policies/0/PolicyDocument/Statement/0/Resource",
        ["acs:fc:*:*:functions/tidegate-on-alert/*"],
        "template.yml: tidegate-on-alert is so whatever the prefix",
    ),
    ("prefix", "Parameters/Prefix/MaxLength", 40, "is too long for a bucket"),
    ("prefix", "Parameters/Prefix/MaxLength", GONE, "is no name for ALIYUN::FC3::Function"),
    ("alarms", "Resources/OperationFailed", GONE, "nothing watches the log for operations that failed"),
    ("alarms", f"{LOG_ALERT}/SeverityConfigurations/0/EvalCondition/Condition", "fails > 0", "no query gives fails"),
    ("alarms", f"{LOG_ALERT}/PolicyConfiguration/ActionPolicyId", "", "OperationFailed: tells nobody"),
    ("types", f"{LOG_ALERT}/QueryList/0/End", GONE, "End: is required"),
]
"""The check that must see it, where, what stands there instead, and a part of what is said."""
TEXT_FAULTS = [
    ("flow", "Next: Choose", "Next: Chose", "Chose"),
    ("flow", "${Prefix}-settle/LATEST", "${Prefix}-setle/LATEST", "tidegate-setle/LATEST, which is not deployed"),
    ("flow", "${Prefix}-settle/LATEST", "acme-settle/LATEST", "acme-settle/LATEST, which is not deployed"),
    ("prefix", "${Prefix}-look", "tidegate-look", "workflows/resize.yml: tidegate-look is so whatever the prefix"),
    ("references", "${ALIYUN::TenantId}", "${ALIYUN::AccountId}", "there is no ALIYUN::AccountId"),
]


@pytest.fixture(scope="module")
def template() -> Template:
    """The project's own."""
    return read()


def planted(template: Template, path: str, value: Any) -> Template:
    """Give the template with one place changed, or taken away."""
    said = copy.deepcopy(template.said)
    *way, last = path.split("/")
    node: Any = said
    for step in way:
        node = node[int(step) if isinstance(node, list) else step]
    key = int(last) if isinstance(node, list) else last
    if value is GONE:
        del node[key]
    else:
        node[key] = value
    return dataclasses.replace(template, said=said)


@pytest.mark.parametrize("name", CHECKS)
def test_the_template_passes_every_check(template: Template, name: str) -> None:
    assert list(CHECKS[name](template)) == []


@pytest.mark.parametrize(("check", "path", "value", "said"), FAULTS, ids=[f"{one[0]}: {one[3]}" for one in FAULTS])
def test_a_planted_fault_is_seen_by_its_check(template: Template, check: str, path: str, value: Any, said: str) -> None:
    problems = list(CHECKS[check](planted(template, path, value)))
    assert any(said in problem for problem in problems), problems


@pytest.mark.parametrize(("check", "old", "new", "said"), TEXT_FAULTS, ids=[one[3] for one in TEXT_FAULTS])
def test_a_fault_planted_in_the_workflow_is_seen(template: Template, check: str, old: str, new: str, said: str) -> None:
    text = template.flows[FLOW]
    assert old in text
    changed = dataclasses.replace(template, flows={FLOW: text.replace(old, new, 1)})
    assert any(said in problem for problem in CHECKS[check](changed))


def test_every_check_has_a_fault_that_only_it_must_see() -> None:
    assert {check for check, *_ in FAULTS} == set(CHECKS)


def used(value: Any) -> Iterator[str]:
    """The types that the template uses."""
    yield from {one["Type"] for one in value["Resources"].values()}


def test_what_is_known_of_the_types_is_what_the_vendor_published(template: Template) -> None:
    """So that a reader that found nothing could not pass for a template without faults."""
    known = types()
    assert set(used(template.said)) <= set(known)
    function = known["ALIYUN::FC3::Function"]
    assert {name for name, one in function.properties.items() if one.required} == {"FunctionName", "Handler", "Runtime"}
    assert (function.properties["Timeout"].lowest, function.properties["Timeout"].highest) == (1, 86400)
    assert known["ALIYUN::FNF::Flow"].attributes == {"Id", "Name", "CreatedTime", "LastModifiedTime"}
    escalations = known["ALIYUN::CMS::ResourceMetricRule"].properties["Escalations"].properties or {}
    critical = escalations["Critical"].properties or {}
    assert critical["Statistics"].allowed == ("Availability", "Average", "Maximum", "Minimum")


def test_what_localcloud_knows_of_a_type_is_what_the_vendor_published() -> None:
    """Its own list is shorter, and never wider: names, what is required, attributes."""
    from localcloud.template.types import types as ours  # noqa: PLC0415 - only here

    for name, spec in ours().items():
        if name.startswith("ALIYUN::FC::") or name not in (known := types()):
            continue
        theirs = known[name]
        assert set(spec["properties"]) <= set(theirs.properties), name
        required = {key for key, one in spec["properties"].items() if one.get("required")}
        assert required == {key for key, one in theirs.properties.items() if one.required}, name
        assert set(spec["attributes"]) <= set(theirs.attributes) | {spec["ref"]}, name
