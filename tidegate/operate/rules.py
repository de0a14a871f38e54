"""CloudMonitor's rules for a policy, as a template of their own: for alerts whose `confirm` says which figure is high.

A rule rings where its confirmation will hold, so that both go by one figure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tidegate.domain.alertrule import AlertRule, Confirm
from tidegate.domain.policy import InstancePolicy

NAMESPACE = "acs_amqp"
STATISTICS = ("Average", "Maximum", "Minimum")
"""Those that ROS takes. A metric with one figure a period has the same for each of them."""
TIMES = 3
"""How many periods in a row a figure must be high: one peak is no need."""
SHORTEST_SILENCE_S, LONGEST_SILENCE_S = 300, 86_400
FORMAT = "2015-09-01"


@dataclass(frozen=True)
class Rules:
    """A template of ROS, and the alerts that it cannot have rules for, each with why."""

    template: Mapping[str, Any]
    left_out: tuple[str, ...]


def rules(instances: Mapping[str, InstancePolicy]) -> Rules:
    """Give the template. Rules of one name and one confirmation are one rule over several instances."""
    found: dict[tuple[str, Confirm, int], list[InstancePolicy]] = {}
    left_out: list[str] = []
    for name, instance in sorted(instances.items()):
        for alert in instance.alerts:
            if why := _why_not(instance, alert):
                left_out.append(f"{name}, {alert.rule or alert.rule_id}: {why}")
            elif alert.confirm is not None:
                key = (alert.rule, alert.confirm, round(alert.silence.total_seconds()))
                found.setdefault(key, []).append(instance)
    resources = dict(_resources(found.items()))
    return Rules(_template(resources) if resources else {}, tuple(left_out))


def _why_not(instance: InstancePolicy, alert: AlertRule) -> str:
    if not alert.rule:
        return "it is known by its id, so it is there already"
    if alert.confirm is None:
        return "no `confirm` says which figure is high"
    if instance.product != "rabbitmq":
        return "the figure is the gateway's own, and not CloudMonitor's"
    return ""


Found = tuple[tuple[str, Confirm, int], list[InstancePolicy]]


def _resources(found: Iterable[Found]) -> Iterator[tuple[str, dict[str, Any]]]:
    for number, ((rule, confirm, silence_s), instances) in enumerate(found, 1):
        yield f"Rule{number}", _resource("ResourceMetricRule", _rule(rule, confirm, silence_s, instances))
        target = {"Id": "1", "Arn": {"Ref": "AlertTopic"}, "Level": "CRITICAL"}
        rule_id = {"Fn::GetAtt": [f"Rule{number}", "RuleId"]}
        yield f"Target{number}", _resource("MetricRuleTargets", {"RuleId": rule_id, "Targets": [target]})


def _resource(kind: str, properties: Mapping[str, Any]) -> dict[str, Any]:
    return {"Type": f"ALIYUN::CMS::{kind}", "Properties": properties}


def _rule(rule: str, confirm: Confirm, silence_s: int, instances: Iterable[InstancePolicy]) -> dict[str, Any]:
    period_s = round(confirm.period.total_seconds())
    high = {
        "ComparisonOperator": "GreaterThanThreshold",
        "Statistics": confirm.statistic if confirm.statistic in STATISTICS else "Average",
        "Threshold": f"{confirm.above:g}",
        "Times": TIMES,
    }
    return {
        "RuleName": rule,
        "Namespace": NAMESPACE,
        "MetricName": confirm.metric,
        "Resources": [{"regionId": one.region, "instanceId": one.instance_id} for one in instances],
        "ContactGroups": [{"Ref": "ContactGroup"}],
        "Period": period_s,
        "Interval": period_s,
        "SilenceTime": max(SHORTEST_SILENCE_S, min(silence_s, LONGEST_SILENCE_S)),
        "Escalations": {"Critical": high},
    }


def _template(resources: Mapping[str, Any]) -> dict[str, Any]:
    topic = {
        "Type": "String",
        "AllowedPattern": r"^acs:mns:[a-z0-9-]+:\d+:/topics/[A-Za-z0-9-]+/messages$",
        "Description": "The output AlertTopic of Tidegate's stack.",
    }
    contacts = {"Type": "String", "MinLength": 1, "MaxLength": 128, "Description": "Whom CloudMonitor tells as well."}
    return {
        "ROSTemplateFormatVersion": FORMAT,
        "Description": "CloudMonitor's rules about the instances of a policy of Tidegate.",
        "Parameters": {"AlertTopic": topic, "ContactGroup": contacts},
        "Resources": resources,
    }
