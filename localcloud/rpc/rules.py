"""CloudMonitor's alarm rules as they are shown: which there are, and whom they tell (fact fc 2.4).

The shapes are those of the vendor's SDK for `Cms` 2019-01-01.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, MutableMapping
from typing import Any

from localcloud.rpc.operation import ApiError, Caller, Operation, Parameter, Parameters
from localcloud.world import AlarmRule, World

PAGE_SIZE, MOST = 10, 100
TEXT = Parameter()
LISTED: Mapping[str, Parameter] = {
    **dict.fromkeys(("AlertState", "Dimensions", "GroupId", "MetricName", "Namespace", "RuleIds", "RuleName"), TEXT),
    "EnableState": Parameter("boolean"),
    "Page": Parameter("int32", minimum=1),
    "PageSize": Parameter("int32", minimum=1, maximum=MOST),
}


class Rules:
    """The account's rules. The world file brings the first ones."""

    def __init__(self, drawer: MutableMapping[str, Any], world: World) -> None:
        self._drawer = drawer
        if "seeded" not in drawer:
            for rule in world.alarm_rules:
                self.put(rule)
            drawer["seeded"] = True

    def put(self, rule: AlarmRule) -> None:
        """Make a rule, or replace the one with its id."""
        self._drawer[f"rule/{rule.rule_id}"] = rule.model_dump()

    def remove(self, rule_id: str) -> None:
        """Delete a rule; one that is not there is no error."""
        self._drawer.pop(f"rule/{rule_id}", None)

    def all(self) -> list[AlarmRule]:
        """Give every rule, by id."""
        names = sorted(name for name in self._drawer if name.startswith("rule/"))
        return [AlarmRule.model_validate(self._drawer[name]) for name in names]

    def operations(self) -> Mapping[str, Operation]:
        """Give what can be asked of rules. The pages name no resource for either action."""
        return {
            "DescribeMetricRuleList": Operation(self.listed, lambda _: ("cms:DescribeMetricRuleList", "*"), LISTED),
            "DescribeMetricRuleTargets": Operation(
                self.targets,
                lambda _: ("cms:DescribeMetricRuleTargets", "*"),
                {"RuleId": Parameter(required=True)},
            ),
        }

    def listed(self, parameters: Parameters, _caller: Caller) -> Mapping[str, Any]:
        """Show a page of the rules."""
        wanted = parameters.get("RuleIds", "")
        rules = [rule for rule in self.all() if not wanted or rule.rule_id in wanted.split(",")]
        for name, field in (("RuleName", "name"), ("Namespace", "namespace"), ("MetricName", "metric")):
            if name in parameters:
                rules = [rule for rule in rules if getattr(rule, field) == parameters[name]]
        if "EnableState" in parameters:
            rules = [rule for rule in rules if rule.enabled is parameters["EnableState"]]
        size = parameters.get("PageSize", PAGE_SIZE)
        begin = (parameters.get("Page", 1) - 1) * size
        shown = [_shown(rule) for rule in rules[begin : begin + size]]
        return {"Code": "200", "Success": True, "Total": str(len(rules)), "Alarms": {"Alarm": shown}}

    def targets(self, parameters: Parameters, _caller: Caller) -> Mapping[str, Any]:
        """Show whom a rule tells, beside its webhook."""
        found = next((rule for rule in self.all() if rule.rule_id == parameters["RuleId"]), None)
        if found is None:
            raise ApiError("ResourceNotFound", "The specified resource is not found.", 404)
        shown = [{"Id": str(number), "Arn": arn, "Level": "Critical"} for number, arn in enumerate(found.targets, 1)]
        return {"Code": "200", "Success": True, "Targets": {"Target": shown}}


def _shown(rule: AlarmRule) -> dict[str, Any]:
    resources = [{"instanceId": instance} for instance in rule.instances] or [{"resource": "_ALL"}]
    return {
        "RuleId": rule.rule_id,
        "RuleName": rule.name,
        "Namespace": rule.namespace,
        "MetricName": rule.metric,
        "Resources": json.dumps(resources),
        "EnableState": rule.enabled,
        "AlertState": "OK",
        "Webhook": rule.webhook,
        "Period": "60",
        "SilenceTime": 86400,
        "ContactGroups": "",
        "SourceType": "METRIC",
    }
