"""Whether what is deployed is what the project's files say: functions, triggers, the workflow."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from tidegate.aliyun.deployed import Trigger
from tidegate.aliyun.errors import Missing
from tidegate.aliyun.functions import GONE, InvokeFailed
from tidegate.aliyun.permission import Permission
from tidegate.operate.doctor.expected import ExpectedFunction
from tidegate.operate.doctor.finding import Skipped, Verdict, fail, ok, skip, together, warn
from tidegate.operate.doctor.noting import shape_of
from tidegate.operate.doctor.place import Place
from tidegate.policyfile.problems import BadPolicy
from tidegate.policyfile.tree import read_tree

PERMISSIONS = (Permission("fnf:DescribeFlow"),)
DEPLOY = "deploy again"
ALERTS, TICK = "on-alert", "on-schedule"
ARN = re.compile(r"acs:fc:[^:]*:[^:]*:(?:services/[^/]+/)?functions/([\w-]+)(?:/LATEST)?$")
LONGEST = 2_000
"""Of a text of the workflow that a deployment fills in."""
SUB = re.compile(r"\$\{[A-Za-z0-9:_]+\}")


def functions(place: Place) -> Verdict:
    """Whether every function is there, set up as the template says."""
    known = place.expected
    parts = [part for short in place.functions for part in _function(place, short)]
    if known is None:
        parts.append(skip("template.yml is not here, so settings are not compared", "run it from a checkout"))
    return together(f"{len(place.functions)} there, set up as template.yml says", parts)


def _function(place: Place, short: str) -> Iterator[Verdict]:
    name = place.name_of(short)
    try:
        shown = place.function(short)
    except InvokeFailed as error:
        if error.code not in GONE:
            raise
        yield fail(f"there is no function {name}", DEPLOY)
        return
    place.facts["function"] = ("fc 1.6", f"GetFunction shows `{_told(_without_environment(shown))}`")
    if place.expected is not None:
        yield from _settings(name, place.expected.functions[short], shown, place.variables(short))
    yield from _ledger(place, name, place.variables(short))


def _settings(
    name: str, wanted: ExpectedFunction, shown: Mapping[str, Any], variables: Mapping[str, Any]
) -> Iterator[Verdict]:
    handler = str(shown.get("handler", ""))
    if handler != wanted.handler:
        yield fail(f"{name} runs {handler}, not {wanted.handler}", DEPLOY)
    if wanted.runtime and shown.get("runtime") not in wanted.runtime:
        yield fail(f"{name} runs on {shown.get('runtime')}, not {' or '.join(wanted.runtime)}", DEPLOY)
    if wanted.timeout_s and shown.get("timeout") not in wanted.timeout_s:
        yield fail(f"{name} is stopped after {shown.get('timeout')} s, not {wanted.timeout_s[0]} s", DEPLOY)
    if missing := [key for key in wanted.environment if key not in variables]:
        yield fail(f"{name} lacks {', '.join(missing)} in its environment", DEPLOY)
    if shown.get("state", "Active") not in ("Active", "", None):
        yield warn(f"{name} is {shown['state']}", "wait for the platform, then look again")


def _ledger(place: Place, name: str, variables: Mapping[str, Any]) -> Iterator[Verdict]:
    """Of several deployments, whether function and ledger belong to the same one."""
    ours, theirs = place.settings.store, variables.get("TIDEGATE_STORE")
    if theirs and theirs != ours and ours.startswith("oss://"):
        yield fail(
            f"{name} keeps its ledger in {str(theirs)[:LONGEST]}, and TIDEGATE_STORE says {ours}",
            "set TIDEGATE_STORE and TIDEGATE_PREFIX of one deployment",
        )


def triggers(place: Place) -> Verdict:
    """Whether the timer ticks, and alerts may come in over HTTP and the topic."""
    if place.expected is None:
        raise Skipped("template.yml is not here", "run it from a checkout")
    parts: list[Verdict] = []
    count = 0
    for short, wanted in place.expected.functions.items():
        if not wanted.triggers:
            continue
        shown = {trigger.kind: trigger for trigger in _triggers_of(place, short)}
        for kind, config in wanted.triggers.items():
            count += 1
            if place.cli.fc_api == "2.0" and kind == "http":
                parts.append(skip("an HTTP door of 2.0 is another kind of function", ""))
                continue
            parts.extend(_trigger(place, short, kind, config, shown.get(kind)))
    return together(f"{count} there: the tick is on, alerts may come in", parts)


def _triggers_of(place: Place, short: str) -> list[Trigger]:
    try:
        return place.triggers(short)
    except InvokeFailed as error:
        if error.code in GONE:
            return []
        raise


def _trigger(
    place: Place, short: str, kind: str, wanted: Mapping[str, Any], shown: Trigger | None
) -> Iterator[Verdict]:
    name = place.name_of(short)
    if shown is None:
        yield fail(f"{name} has no {kind} trigger", DEPLOY)
        return
    config = shown.config
    place.facts[f"trigger {kind}"] = ("fc 2.1", f"a {kind} trigger's config is shown as `{_told(shape_of(config))}`")
    if kind == "timer":
        if config.get("enable") is not True:
            yield fail(f"the timer of {name} is off", "switch it on, or deploy again: nothing is repaired without it")
        if config.get("cronExpression") != wanted.get("cronExpression"):
            yield warn(f"{name} ticks at `{config.get('cronExpression')}`, not `{wanted['cronExpression']}`", DEPLOY)
    if kind == "http":
        yield from _door(place, short, wanted, config)
    if kind == "mns_topic" and not shown.source:
        yield fail(f"the topic trigger of {name} names no topic", DEPLOY)


def _door(place: Place, short: str, wanted: Mapping[str, Any], config: Mapping[str, Any]) -> Iterator[Verdict]:
    name = place.name_of(short)
    if config.get("authType") != wanted.get("authType"):
        yield fail(f"{name} asks for {config.get('authType')}: who calls it can sign nothing (fc 2.8)", DEPLOY)
    taken = config.get("methods")
    taken = taken if isinstance(taken, list) else []
    if missing := [method for method in wanted.get("methods") or () if method not in taken]:
        yield fail(f"{name} takes no {', '.join(sorted(missing))}", DEPLOY)
    if config.get("disableURLInternet") is True and not wanted.get("disableURLInternet"):
        yield fail(f"{name} cannot be reached from the internet", DEPLOY)
    if short == ALERTS and not place.variables(short).get("TIDEGATE_HOOK_TOKENS"):
        yield fail(f"{name} has no hook token, so it turns every callback away", "deploy again with HookTokens")


def flow(place: Place) -> Verdict:
    """Whether the deployed workflow is the one of this version."""
    try:
        shown = place.flow()
    except Missing:
        return fail(f"there is no workflow {place.settings.flow}", f"{DEPLOY}, or correct TIDEGATE_FLOW")
    if place.expected is None:
        return skip("workflows/resize.yml is not here", "run it from a checkout")
    ours, there = _definition(_filled(place, place.expected.flow)), _definition(str(shown.get("Definition") or ""))
    if place.cli.fc_api == "2.0":
        known = place.settings.prefix
        ours, there = _by_name(ours, known), _by_name(there, known)
    if where := difference(ours, there):
        return fail(f"{place.settings.flow} is not workflows/resize.yml: it differs at {where}", DEPLOY)
    return ok(f"{place.settings.flow} is workflows/resize.yml")


def _definition(text: str) -> Any:
    """A workflow's text as a value; None for one that no workflow of ours is: broken, endless, or far too much."""
    try:
        return read_tree(text.encode("utf-8", "replace"), "").plain()
    except BadPolicy:
        return None


def _filled(place: Place, text: str) -> str:
    """The workflow with what is known put in; what only a deployment knows stands for anything."""
    known = place.settings
    values = {"ALIYUN::Region": known.region, "ALIYUN::AccountId": known.account, "ALIYUN::TenantId": known.account}
    for name, value in values.items():
        text = text.replace(f"${{{name}}}", value)
    return text


def _by_name(value: Any, prefix: str) -> Any:
    """A definition with functions named by their short names: those of 2.0 have other ARNs (fact flow 5.2)."""
    if isinstance(value, dict):
        return {key: _by_name(item, prefix) for key, item in value.items()}
    if isinstance(value, list):
        return [_by_name(item, prefix) for item in value]
    return ARN.sub(lambda arn: arn[1].removeprefix(f"{prefix}-"), value) if isinstance(value, str) else value


def difference(ours: Any, there: Any, where: str = "") -> str:
    """Where two definitions part, empty where they do not. `${...}` of ours stands for anything."""
    at = where or "its beginning"
    if isinstance(ours, dict) and isinstance(there, dict):
        keys = {**ours, **there}
        found = (difference(ours.get(key), there.get(key), f"{where}.{key}".lstrip(".")) for key in keys)
        return next(filter(None, found), "")
    if isinstance(ours, list) and isinstance(there, list):
        if len(ours) != len(there):
            return at
        pairs = zip(ours, there, strict=True)
        found = (difference(*pair, f"{where}.{_name(pair[0], number)}") for number, pair in enumerate(pairs))
        return next(filter(None, found), "")
    if isinstance(ours, str) and isinstance(there, str) and SUB.search(ours):
        pattern = ".+".join(re.escape(part) for part in SUB.split(ours))
        # Several holes make the search slow, and what fills one is no longer than this.
        return "" if len(there) <= LONGEST and re.fullmatch(pattern, there) else at
    return "" if ours == there else at


def _name(item: Any, number: int) -> str:
    """What an item of a list is called: a state by its name."""
    return str(item.get("Name") or number) if isinstance(item, dict) else str(number)


def _without_environment(shown: Mapping[str, Any]) -> Any:
    return shape_of({key: value for key, value in shown.items() if key != "environmentVariables"})


def _told(shape: Any) -> str:
    return ", ".join(f"{key}: {value}" for key, value in shape.items()) if isinstance(shape, dict) else str(shape)
