"""Functions, triggers, the workflow, roles, bucket and alarms: what no schema of the vendor's checks."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from localcloud.flow.faults import FlowError
from localcloud.flow.language import parse as parse_flow
from tests.template.reading import (
    ALONE,
    BUCKET,
    FLOW,
    FUNCTION,
    HOLE,
    LATER,
    LOG_ALERT,
    PREFIX,
    PSEUDO,
    QUEUE,
    ROOT,
    RULE,
    TOPIC,
    TRIGGER,
    Template,
    references,
    resolved,
)

STEPS = {"Submit", "Look", "Settle"}
TICK = "OnSchedule"
KEYS = {
    "timer": {"cronExpression", "enable", "payload"},
    "http": {"authType", "methods", "disableURLInternet"},
    "mns_topic": {"notifyContentFormat", "notifyStrategy", "filterTag"},
}
WORDS = {
    "authType": {"anonymous", "function", "jwt"},
    "notifyContentFormat": {"STREAM", "JSON", "SIMPLIFIED"},
    "notifyStrategy": {"BACKOFF_RETRY", "EXPONENTIAL_DECAY_RETRY"},
}
ASYNC_BYTES = 128 * 1024
CRON = re.compile(r"(CRON_TZ=\S+ )?([\d*/,?LW#-]+ ){5}[\d*/,?LW#A-Z-]+|@every [1-9]\d*m")
REMOVED_FROM = {"inbox/", "wake/"}
WATCHED = {
    "FunctionTotalInvocations",
    "FunctionFunctionErrors",
    "ExecutionsFailed",
    "ExecutionsTimedOut",
    "ActiveMessages",
}


def function_problems(template: Template) -> Iterator[str]:
    """Handlers without a file, no log, no limit to retries, failures that go nowhere, ticks side by side."""
    queues = {f"/queues/{one['QueueName']}/messages" for one in template.of(QUEUE).values()}
    later = {_owner(one["FunctionName"]): one for one in template.of(LATER).values()}
    for name, one in template.of(FUNCTION).items():
        file, _, handler = str(one["Handler"]).partition(".")
        path = ROOT / f"{file}.py"
        defined = ast.parse(path.read_text("utf-8")).body if path.is_file() else []
        if not any(isinstance(node, ast.FunctionDef) and node.name == handler for node in defined):
            yield f"{name}.Handler: {one['Handler']} is not in the project"
        if set(one.get("LogConfig", {})) < {"Project", "Logstore"}:
            yield f"{name}.LogConfig: its log goes nowhere"
        if name not in later:
            yield f"{name}: nothing limits how often it is retried"
            continue
        (place,) = resolved(later[name].get("DestinationConfig", {}).get("OnFailure", {}).get("Destination"), template)
        if str(place).rpartition(":")[2] not in queues:
            yield f"{name}: what it fails at for good goes nowhere"
        if name in STEPS | {TICK} and later[name].get("MaxAsyncRetryAttempts") != 0:
            yield f"{name}: must not be called again behind our back"
    alone = {_owner(one["FunctionName"]): one["ReservedConcurrency"] for one in template.of(ALONE).values()}
    if alone != {TICK: 1}:
        yield f"{TICK}: one tick at a time"


def _owner(value: Any) -> str:
    return next((owner for owner, _, _ in references(value)), str(value))


def trigger_problems(template: Template) -> Iterator[str]:
    """Configurations, cron, payloads, topics and roles of triggers, and the triggers that must be there."""
    topics = {f"/topics/{one['TopicName']}" for one in template.of(TOPIC).values()}
    kinds = [(one["TriggerType"], _owner(one["FunctionName"])) for one in template.of(TRIGGER).values()]
    for wanted in (("timer", TICK), ("http", "OnAlert"), ("mns_topic", "OnAlert")):
        if wanted not in kinds:
            yield f"{wanted[1]} has no {wanted[0]} trigger"
    for name, one in template.of(TRIGGER).items():
        config, kind = one["TriggerConfig"], one["TriggerType"]
        if kind not in KEYS:
            yield f"{name}: {kind} is not used here"
            continue
        yield from (f"{name}: {key} is no key of a {kind} trigger" for key in set(config) - KEYS[kind])
        yield from (f"{name}: {key} is {value!r}" for key, value in config.items() if not _is_word(key, value))
        yield from {"timer": _timer, "http": _http, "mns_topic": _topic}[kind](name, one, template, topics)


def _is_word(key: str, value: Any) -> bool:
    return key not in WORDS or (isinstance(value, str) and value in WORDS[key])


def _timer(name: str, one: Mapping[str, Any], *_: Any) -> Iterator[str]:
    config = one["TriggerConfig"]
    if not CRON.fullmatch(str(config.get("cronExpression"))):
        yield f"{name}: {config.get('cronExpression')!r} is no time: six fields, or @every and minutes"
    if config.get("enable") is not True:
        yield f"{name}: never fires"
    payload = config.get("payload")
    try:
        fits = isinstance(payload, str) and isinstance(json.loads(payload), dict)
    except ValueError:
        fits = False
    if not fits or len(payload) > ASYNC_BYTES:
        yield f"{name}: its payload is not a JSON object in a text"


def _http(name: str, one: Mapping[str, Any], *_: Any) -> Iterator[str]:
    config = one["TriggerConfig"]
    if not config.get("authType") or not config.get("methods"):
        yield f"{name}: says neither who may call nor how"
    if not set(config.get("methods", [])) <= {"GET", "POST"} or not isinstance(config.get("methods"), list):
        yield f"{name}: {config.get('methods')} are not methods"


def _topic(name: str, one: Mapping[str, Any], template: Template, topics: set[str]) -> Iterator[str]:
    (source,) = resolved(one.get("SourceArn"), template)
    if str(source).rpartition(":")[2] not in topics or not str(source).startswith(
        "acs:mns:cn-hangzhou:1234567890123456:"
    ):
        yield f"{name}: {source} is no topic of ours"
    role = template.resources.get(_owner(one.get("InvocationRole")), {}).get("Properties", {})
    if "mns.aliyuncs.com" not in json.dumps(role.get("AssumeRolePolicyDocument", {})):
        yield f"{name}: SMQ cannot take its role"


def flow_problems(template: Template) -> Iterator[str]:
    """Workflows that cannot be read or call themselves otherwise, steps that are no functions or may take too long."""
    functions = {one["FunctionName"]: one for one in template.of(FUNCTION).values()}
    flows = template.of(FLOW)
    if len(flows) != 1:
        yield "there is one workflow"
    for name, one in flows.items():
        place = template.resources[name].get("Metadata", {}).get("Tidegate", {}).get("Definition", one["Definition"])
        if place not in template.flows:
            yield f"{name}.Definition: there is no {place}"
            continue
        known = {**PSEUDO, PREFIX: template.prefix}
        text = HOLE.sub(lambda hole, known=known: known.get(hole[1], "?"), template.flows[place])  # type: ignore[misc]
        try:
            parse_flow(text, express=False)
        except FlowError as error:
            yield f"{place}: {error}"
            continue
        said = yaml.safe_load(text)
        if said["Name"] != one["Name"]:
            yield f"{name}: the workflow calls itself {said['Name']}"
        if one.get("ExecutionMode") != "Standard":
            yield f"{name}.ExecutionMode: only a Standard flow starts once for a name"
        if not one.get("RoleArn"):
            yield f"{name}.RoleArn: it can call nothing"
        for state in said["States"]:
            if state["Type"] == "Task":
                yield from _task(f"{place}: {state['Name']}", state, functions)


def _task(path: str, state: Mapping[str, Any], functions: Mapping[str, Any]) -> Iterator[str]:
    arn = state["Parameters"]["resourceArn"]
    found = re.fullmatch(r"acs:fc:cn-hangzhou:1234567890123456:functions/([\w-]+)/LATEST", arn)
    if not found or found[1] not in functions:
        yield f"{path} calls {arn}, which is not deployed"
    elif int(state["Timeout"]) <= functions[found[1]]["Timeout"]:
        yield f"{path} waits {state['Timeout']} s for a function that may take as long"


def bucket_problems(template: Template) -> Iterator[str]:
    """A ledger that others can read, that goes with the stack, has versions, or out of which records are removed."""
    for name, one in template.of(BUCKET).items():
        if one.get("AccessControl") != "private" or one.get("BlockPublicAccess") is not True:
            yield f"{name}: others may read it"
        if "VersioningConfiguration" in one:
            yield f"{name}: with versions, two writers of one record may both win (fact fc 5.2)"
        if template.resources[name].get("DeletionPolicy") != "Retain":
            yield f"{name}: goes with the stack"
        prefixes = [rule.get("Prefix") for rule in one.get("LifecycleConfiguration", {}).get("Rule", [])]
        if set(prefixes) != REMOVED_FROM:
            yield f"{name}: removes what begins with {prefixes}, and must only remove {sorted(REMOVED_FROM)}"


def alarm_problems(template: Template) -> Iterator[str]:
    """A dead tick, failed operations or a failure queue that nobody is told of."""
    rules = template.of(RULE)
    missing = WATCHED - {one["MetricName"] for one in rules.values()}
    yield from (f"nothing watches {metric}" for metric in sorted(missing))
    for name, one in rules.items():
        if not one.get("Escalations"):
            yield f"{name}: never rings"
        if template.resources[name].get("Condition") != "Alarms":
            yield f"{name}: needs a contact group, and is made without one"
        if one["MetricName"] == "FunctionTotalInvocations" and one.get("NoDataPolicy") != "INSUFFICIENT_DATA":
            yield f"{name}: a tick that is dead sends no figures, and would not ring"
    yield from _log_problems(template)


def _log_problems(template: Template) -> Iterator[str]:
    """An operation may fail while its execution ends well, so the log must ring for it, too."""
    alerts = template.of(LOG_ALERT)
    if not any("'$.failed') = 'true'" in query["Query"] for one in alerts.values() for query in _queries(one)):
        yield "nothing watches the log for operations that failed"
    for name, one in alerts.items():
        if template.resources[name].get("Condition") != "LogAlarms":
            yield f"{name}: needs an action policy, and is made without one"
        said = one["Detail"]["Configuration"]
        if said["PolicyConfiguration"].get("ActionPolicyId") != {"Ref": "LogActionPolicy"}:
            yield f"{name}: tells nobody"
        if any(query.get("Project") != one["Project"] for query in _queries(one)):
            yield f"{name}: asks another project than its own"
        names = {alias for query in _queries(one) for alias in re.findall(r" AS (\w+)", query["Query"])}
        used = {each["EvalCondition"]["Condition"].split()[0] for each in said["SeverityConfigurations"]}
        yield from (f"{name}: no query gives {lost}" for lost in sorted(used - names))


def _queries(alert: Mapping[str, Any]) -> list[dict[str, Any]]:
    return list(alert["Detail"]["Configuration"]["QueryList"])
