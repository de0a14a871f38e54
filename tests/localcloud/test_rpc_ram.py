"""Who asks, what a role may do, and which alarm rules there are: the calls that only read."""

from __future__ import annotations

import json
from typing import Any

import pytest

from localcloud.world import AlarmRule

LOOKS = {"Version": "1", "Statement": [{"Effect": "Allow", "Action": "amqp:GetInstance", "Resource": "*"}]}
RULES = [
    {"rule_id": "r-1", "name": "mq-tps-high", "instances": ["amqp-cn-demo0001"], "webhook": "https://a.example/hook"},
    {"rule_id": "r-2", "name": "other", "enabled": False, "targets": ["acs:mns:cn-hangzhou:1:/topics/t/messages"]},
]
STS, RAM, CMS = "2015-04-01", "2015-05-01", "2019-01-01"


def test_the_account_a_user_and_a_role_are_told_who_they_are(sim: Any) -> None:
    """Nobody needs a permission for that."""
    identity = sim.cloud.identity
    user = identity.create_user("li")
    role = identity.issue(identity.create_role("reader"), "worker-1")
    told = [sim.ask("GetCallerIdentity", keys=keys, Version=STS) for keys in (None, user, role)]
    assert [one["IdentityType"] for one in told] == ["Account", "RAMUser", "AssumedRoleUser"]
    assert [one["Arn"].rpartition(":")[2] for one in told] == ["root", "user/li", "assumed-role/reader/worker-1"]
    assert {one["AccountId"] for one in told} == {"1234567890123456"}


def test_a_role_its_policies_and_what_they_say_are_shown(sim: Any) -> None:
    sim.cloud.identity.create_role("tidegate-look", [LOOKS])
    role = sim.ask("GetRole", RoleName="tidegate-look", Version=RAM)["Role"]
    trusts = json.loads(role["AssumeRolePolicyDocument"])["Statement"][0]["Principal"]["Service"]
    assert "fc.aliyuncs.com" in trusts
    [policy] = sim.ask("ListPoliciesForRole", RoleName="tidegate-look", Version=RAM)["Policies"]["Policy"]
    shown = sim.ask("GetPolicy", PolicyName=policy["PolicyName"], PolicyType=policy["PolicyType"], Version=RAM)
    assert json.loads(shown["DefaultPolicyVersion"]["PolicyDocument"]) == LOOKS


@pytest.mark.parametrize(
    ("action", "given", "code"),
    [
        ("GetRole", {"RoleName": "nobody"}, "EntityNotExist.Role"),
        ("ListPoliciesForRole", {"RoleName": "nobody"}, "EntityNotExist.Role"),
        ("GetPolicy", {"PolicyName": "nobody-1", "PolicyType": "Custom"}, "EntityNotExist.Policy"),
        ("GetPolicy", {"PolicyName": "reader-0", "PolicyType": "Custom"}, "EntityNotExist.Policy"),
        ("GetPolicy", {"PolicyName": "reader-1", "PolicyType": "System"}, "EntityNotExist.Policy"),
        ("GetPolicy", {"PolicyName": "reader", "PolicyType": "Custom"}, "EntityNotExist.Policy"),
    ],
)
def test_what_is_not_there_is_a_404(sim: Any, action: str, given: dict[str, str], code: str) -> None:
    sim.cloud.identity.create_role("reader", [LOOKS])
    answer = sim.ask(action, Version=RAM, **given)
    assert (answer["status"], answer["Code"]) == (404, code)


def test_reading_a_role_needs_a_permission_on_it(sim: Any) -> None:
    sim.cloud.identity.create_role("reader", [LOOKS])
    statement = {"Effect": "Allow", "Action": "ram:GetRole", "Resource": "acs:ram:*:1234567890123456:role/reader"}
    user = sim.cloud.identity.create_user("li", [{"Version": "1", "Statement": [statement]}])
    assert sim.ask("GetRole", keys=user, RoleName="reader", Version=RAM)["status"] == 200
    assert sim.ask("GetRole", keys=user, RoleName="other", Version=RAM)["Code"] == "NoPermission"
    assert sim.ask("ListPoliciesForRole", keys=user, RoleName="reader", Version=RAM)["Code"] == "NoPermission"


def test_the_worlds_alarm_rules_are_listed_by_page_and_by_name(simulate: Any) -> None:
    sim = simulate(alarm_rules=RULES)
    page = sim.ask("DescribeMetricRuleList", PageSize=1, Page=2, Version=CMS)
    assert (page["Total"], [rule["RuleId"] for rule in page["Alarms"]["Alarm"]]) == ("2", ["r-2"])
    [named] = sim.ask("DescribeMetricRuleList", RuleName="mq-tps-high", Version=CMS)["Alarms"]["Alarm"]
    assert (named["EnableState"], named["Webhook"]) == (True, "https://a.example/hook")
    assert json.loads(named["Resources"]) == [{"instanceId": "amqp-cn-demo0001"}]
    on = sim.ask("DescribeMetricRuleList", EnableState="true", Version=CMS)["Alarms"]["Alarm"]
    assert [rule["RuleId"] for rule in on] == ["r-1"]


def test_a_rule_says_whom_it_tells_besides(simulate: Any) -> None:
    sim = simulate(alarm_rules=RULES)
    [target] = sim.ask("DescribeMetricRuleTargets", RuleId="r-2", Version=CMS)["Targets"]["Target"]
    assert target["Arn"].endswith("/topics/t/messages")
    assert sim.ask("DescribeMetricRuleTargets", RuleId="r-9", Version=CMS)["Code"] == "ResourceNotFound"


def test_a_rule_is_made_changed_and_deleted(sim: Any) -> None:
    rules = sim.cloud.rules
    rules.put(AlarmRule(rule_id="r-1", name="a"))
    rules.put(AlarmRule(rule_id="r-1", name="b"))
    assert [rule.name for rule in rules.all()] == ["b"]
    rules.remove("r-1")
    rules.remove("r-1")
    assert rules.all() == []
