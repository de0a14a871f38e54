"""Whether CloudMonitor's rules ring at our door, and whether anybody rings whom the policy does not know."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, urlsplit

from tidegate.alerts import same_token
from tidegate.aliyun.answers import listed
from tidegate.aliyun.codes import CMS
from tidegate.aliyun.functions import InvokeFailed
from tidegate.aliyun.permission import Permission
from tidegate.app import codec
from tidegate.domain.facts import Decided
from tidegate.domain.policy import InstancePolicy
from tidegate.operate.doctor.deployment import ALERTS
from tidegate.operate.doctor.finding import Verdict, fail, ok, skip, together, warn
from tidegate.operate.doctor.place import Place

PERMISSIONS = (Permission("cms:DescribeMetricRuleList"), Permission("cms:DescribeMetricRuleTargets"))
PAGE_SIZE, MOST_PAGES = 100, 20
LOOKED_BACK = 20
"""So many records of an instance are looked through for rules that rang in vain."""
UNKNOWN = re.compile(r"has no alert rule `(.+)` in its policy")
Rule = Mapping[str, Any]


@dataclass(frozen=True)
class Door:
    """Where our alerts come in."""

    url: str
    tokens: tuple[str, ...]
    topic: str


def alarm_rules(place: Place) -> Verdict:
    """Whether each rule that the policy names is in CloudMonitor, is on, and tells us."""
    wanted = [(policy, rule.identity) for policy in place.policies() for rule in policy.alerts]
    if not wanted:
        return skip("the policy names no alert rule", "")
    door, known = _door(place), {policy.region: _rules(place, policy.region) for policy, _ in wanted}
    parts = [part for policy, rule in wanted for part in _one(place, door, policy, rule, known[policy.region])]
    return together(f"{len(wanted)} named in the policy, on, and ring here", parts)


def unknown_rules(place: Place) -> Verdict:
    """Whether a rule has rung lately that the policy does not know. What names no instance of ours is only logged."""
    policies = place.policies()
    found: dict[str, set[str]] = {}
    left: list[Verdict] = []
    for policy in place.in_time(policies, left):
        for record in place.around.ledger.records(place.around.key(policy), limit=LOOKED_BACK):
            fact = codec.read_fact(dict(record.fact))
            for answer in fact.answers if isinstance(fact, Decided) else ():
                if unknown := UNKNOWN.search(answer.reason):
                    found.setdefault(policy.name, set()).add(unknown[1])
    named = [(name, sorted(rules)) for name, rules in found.items() if rules - _identities(policies, name)]
    parts = [
        warn(
            f"{name} was rung by {', '.join(rules)}",
            "name the rule under `alerts`, or take us out of the rule's callbacks",
        )
        for name, rules in named
    ]
    return together("none rang lately", [*parts, *left])


def _identities(policies: list[InstancePolicy], name: str) -> set[str]:
    return {rule.identity for policy in policies if policy.name == name for rule in policy.alerts}


def _door(place: Place) -> Door:
    try:
        triggers = {trigger.kind: trigger for trigger in place.triggers(ALERTS)}
        environment = place.variables(ALERTS)
    except InvokeFailed:
        return Door("", (), "")
    tokens = tuple(token for token in str(environment.get("TIDEGATE_HOOK_TOKENS", "")).split(",") if token)
    http, topic = triggers.get("http"), triggers.get("mns_topic")
    return Door(http.url if http else "", tokens, topic.source if topic else "")


def _rules(place: Place, region: str) -> list[Rule]:
    found: list[Rule] = []
    for page in range(1, MOST_PAGES + 1):
        body = place.call(CMS, "DescribeMetricRuleList", {"Page": page, "PageSize": PAGE_SIZE}, region)
        more = listed(body, "Alarms", "Alarm")
        found += more
        if len(more) < PAGE_SIZE:
            break
    return found


def _one(place: Place, door: Door, policy: InstancePolicy, rule: str, known: list[Rule]) -> Iterator[Verdict]:
    matching = [each for each in known if rule in (each.get("RuleId"), each.get("RuleName"))]
    if not matching:
        yield warn(
            f"CloudMonitor has no rule {rule} ({policy.name})",
            "make it as docs/alerts.md says; nothing is wrong if another system rings by that name",
        )
    for each in matching:
        if str(each.get("EnableState")).lower() != "true":
            yield warn(f"rule {rule} is off", "switch it on in CloudMonitor")
        watched = _watched(each)
        if watched and policy.instance_id not in watched:
            yield warn(f"rule {rule} does not watch {policy.name}", f"add {policy.instance_id} to it in CloudMonitor")
        yield _rings(place, door, policy, each)


def _watched(rule: Rule) -> set[str]:
    """The instances that a rule watches; none for all of them, or where the rule does not tell."""
    try:
        resources = json.loads(str(rule.get("Resources") or "[]"))
    except (ValueError, RecursionError):
        return set()
    named = [each for each in resources if isinstance(each, dict)] if isinstance(resources, list) else []
    return {str(each["instanceId"]) for each in named if "instanceId" in each}


def _address(text: str) -> SplitResult:
    """An address in its parts, all empty where it is none."""
    try:
        return urlsplit(text)
    except ValueError:
        return urlsplit("")


def _rings(place: Place, door: Door, policy: InstancePolicy, rule: Rule) -> Verdict:
    """Whether a rule tells us: by a callback with one of our tokens, or over our topic."""
    name, webhook = rule.get("RuleName") or rule.get("RuleId"), str(rule.get("Webhook") or "")
    there, ours = _address(webhook), _address(door.url)
    if webhook and any(same_token(part, door.tokens) for part in there.path.split("/")):
        if there.netloc == ours.netloc:
            return ok("by callback")
        return warn(f"rule {name} rings at {there.netloc} with our token", "see that this address leads to on-alert")
    asked = {"RuleId": str(rule.get("RuleId"))}
    targets = listed(place.call(CMS, "DescribeMetricRuleTargets", asked, policy.region), "Targets", "Target")
    arns = [str(each.get("Arn") or "") for each in targets]
    if door.topic and any(arn.removesuffix("/messages") == door.topic for arn in arns):
        return ok("over the topic")
    if any(arn.startswith("acs:fc:") and arn.endswith(f"functions/{place.name_of(ALERTS)}") for arn in arns):
        return ok("by calling the function")
    if others := [arn for arn in arns if arn.startswith("acs:mns:")]:
        where = others[0].rpartition(":")[2]
        return warn(
            f"rule {name} rings at {where}, not our topic", "see that it leads to on-alert, through EventBridge"
        )
    if webhook and ours.netloc and there.netloc == ours.netloc:
        return fail(f"rule {name} rings here with a token that is none", "copy the callback address of the deployment")
    return fail(
        f"rule {name} does not ring here",
        "give it the callback address of the deployment, or our topic as a target (docs/alerts.md)",
    )
