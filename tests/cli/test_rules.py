"""Printing CloudMonitor's rules: they ring where the policy's own confirmation will hold."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from localcloud.template.read import parse
from tests.cli.conftest import POLICY
from tests.template.reading import Template
from tests.template.types import type_problems

if TYPE_CHECKING:
    from tests.cli.conftest import Office
    from tests.said import Said

CONFIRM = {"metric": "InstanceMaxTpsInMiunte", "above": 2400}


def told(office: Office, alerts: list[dict[str, Any]], edge: list[dict[str, Any]] | None = None, *more: str) -> Said:
    """What is printed for the policy, with these alerts."""
    policy = yaml.safe_load(POLICY)
    orders = policy["instances"]["orders-mq"]
    orders["alerts"] = alerts
    policy["instances"]["edge-gateway"]["alerts"] = edge or []
    policy["instances"]["billing-mq"] = {**orders, "instance_id": "amqp-cn-demo0002", "region": "cn-beijing"}
    office.file.write_text(yaml.safe_dump(policy))
    said = office.run("rules", "--policy", str(office.file), *more)
    assert said.code == 0, said.err
    return said


def test_a_rule_rings_where_the_confirmation_holds_for_all_its_instances(office: Office) -> None:
    said = told(office, [{"rule": "mq-tps-high", "raise": 1, "silence": "5m", "confirm": CONFIRM}])
    assert said.err == ""
    template = yaml.safe_load(said.out)
    assert list(template["Resources"]) == ["Rule1", "Target1"]
    rule = template["Resources"]["Rule1"]["Properties"]
    assert (rule["RuleName"], rule["MetricName"], rule["SilenceTime"]) == ("mq-tps-high", CONFIRM["metric"], 300)
    assert rule["Escalations"]["Critical"]["Threshold"] == "2400"
    assert rule["Resources"] == [
        {"regionId": "cn-beijing", "instanceId": "amqp-cn-demo0002"},
        {"regionId": "cn-hangzhou", "instanceId": "amqp-cn-demo0001"},
    ]
    target = template["Resources"]["Target1"]["Properties"]
    assert target["RuleId"] == {"Fn::GetAtt": ["Rule1", "RuleId"]}


@pytest.mark.parametrize("statistic", ["Average", "Maximum", "Minimum", "Sum", "Value"])
def test_what_is_printed_passes_what_the_vendor_publishes_of_its_types(
    office: Office, tmp_path: Path, statistic: str
) -> None:
    confirm = {**CONFIRM, "statistic": statistic, "period": "5m"}
    text = told(office, [{"rule": "mq-tps-high", "raise": 1, "confirm": confirm}]).out
    assert parse(text, tmp_path).resources.keys() == {"Rule1", "Target1"}
    said = yaml.safe_load(text)
    assert list(type_problems(Template({**said, "Outputs": {}}))) == []


def test_a_policy_without_alerts_is_told_that_there_is_no_rule_to_make(office: Office) -> None:
    said = told(office, [])
    assert (said.out, said.err) == ("", "no instance of the policy names an alert, so there is no rule to make\n")


def test_what_no_rule_can_be_made_for_is_told_with_why(office: Office) -> None:
    alerts = [{"rule": "by-name", "raise": 1}, {"rule_id": "a1b2", "raise": 1}]
    edge = [{"rule": "qps-high", "raise": 1, "confirm": {"metric": "qps", "above": 100}}]
    said = told(office, alerts, edge)
    assert said.out == ""
    assert "left out: orders-mq, by-name: no `confirm` says which figure is high" in said.err.splitlines()
    assert "left out: orders-mq, a1b2: it is known by its id, so it is there already" in said.err.splitlines()
    assert "left out: edge-gateway, qps-high: the figure is the gateway's own, and not CloudMonitor's" in said.err
    as_json = told(office, alerts, edge, "--json").json
    assert (as_json["template"], len(as_json["left_out"])) == (None, 5)
