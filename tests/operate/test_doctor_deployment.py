"""Functions, triggers, workflow and roles: each is broken in turn, and named with what to do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
import yaml

from localcloud.fc.function import Ref
from localcloud.identity import trusting

DOOR, TICK = Ref("tidegate-on-alert"), Ref("tidegate-on-schedule")


def test_a_function_that_is_gone_is_named(clinic: Any) -> None:
    with clinic.functions() as registry:
        clinic.edit(lambda: registry.delete_function(Ref("tidegate-look")))
        found = clinic.finds("functions")
    assert (found.level, found.found, found.do) == ("FAIL", "there is no function tidegate-look", "deploy again")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"timeout": 3}, "tidegate-submit is stopped after 3 s, not 60 s"),
        ({"handler": "functions/look.handler"}, "tidegate-submit runs functions/look.handler, not functions/submit"),
        ({"environmentVariables": {"A": "b"}}, "tidegate-submit lacks TIDEGATE_STORE, TIDEGATE_OSS_ENDPOINT, "),
    ],
)
def test_a_function_that_is_set_up_otherwise_is_named_with_what_differs(
    clinic: Any, changes: Mapping[str, Any], told: str
) -> None:
    with clinic.settings("submit", **changes):
        found = clinic.finds("functions")
    assert (found.level, found.do) == ("FAIL", "deploy again")
    assert found.found.startswith(told)


def test_a_runtime_that_the_template_does_not_offer_is_named(clinic: Any) -> None:
    with clinic.functions() as registry:

        def change() -> None:
            key = "function/tidegate-submit"
            entry = registry._drawer[key]
            registry._drawer[key] = {**entry, "settings": {**entry["settings"], "runtime": "python3.9"}}

        clinic.edit(change)
        found = clinic.finds("functions")
    assert found.found == "tidegate-submit runs on python3.9, not python3.10 or python3.12"


TRIGGERS: dict[str, tuple[Callable[[Any], Any], str, str]] = {
    "the timer is gone": (
        lambda registry: registry.delete_trigger(TICK, "tick"),
        "tidegate-on-schedule has no timer trigger",
        "deploy again",
    ),
    "the timer is off": (
        lambda registry: registry.update_trigger(
            TICK, "tick", {"config": {"cronExpression": "@every 1m", "enable": False, "payload": "{}"}}
        ),
        "the timer of tidegate-on-schedule is off",
        "switch it on, or deploy again: nothing is repaired without it",
    ),
    "the door asks for a signature": (
        lambda registry: registry.update_trigger(
            DOOR, "callback", {"config": {"authType": "function", "methods": ["POST"]}}
        ),
        "tidegate-on-alert asks for function: CloudMonitor can sign nothing (fc 2.8)",
        "deploy again",
    ),
    "the door takes no POST": (
        lambda registry: registry.update_trigger(
            DOOR, "callback", {"config": {"authType": "anonymous", "methods": ["GET"]}}
        ),
        "tidegate-on-alert takes no POST",
        "deploy again",
    ),
    "the door is closed to the internet": (
        lambda registry: registry.update_trigger(
            DOOR,
            "callback",
            {"config": {"authType": "anonymous", "methods": ["POST"], "disableURLInternet": True}},
        ),
        "tidegate-on-alert cannot be reached from the internet",
        "deploy again",
    ),
    "the topic's trigger is gone": (
        lambda registry: registry.delete_trigger(DOOR, "topic"),
        "tidegate-on-alert has no mns_topic trigger",
        "deploy again",
    ),
}


@pytest.mark.parametrize("broken", TRIGGERS)
def test_a_broken_trigger_is_named(clinic: Any, broken: str) -> None:
    breaks, told, do = TRIGGERS[broken]
    with clinic.functions() as registry:
        clinic.edit(lambda: breaks(registry))
        found = clinic.finds("triggers")
    assert (found.level, found.found, found.do) == ("FAIL", told, do)


def test_another_rhythm_of_the_tick_is_a_warning(clinic: Any) -> None:
    slow = {"config": {"cronExpression": "@every 5m", "enable": True, "payload": "{}"}}
    with clinic.functions() as registry:
        clinic.edit(lambda: registry.update_trigger(TICK, "tick", slow))
        found = clinic.finds("triggers")
    assert (found.level, found.found) == ("WARN", "tidegate-on-schedule ticks at `@every 5m`, not `@every 1m`")


def test_a_door_without_a_token_turns_everything_away(clinic: Any) -> None:
    with clinic.variables("on-alert", TIDEGATE_HOOK_TOKENS=""):
        found = clinic.finds("triggers")
    assert (found.level, found.do) == ("FAIL", "deploy again with HookTokens")


def test_a_workflow_that_was_changed_is_named_with_the_place(clinic: Any) -> None:
    flows = clinic.whole.flow.flows
    before = clinic.edit(lambda: flows.describe({"Name": "tidegate-resize"}))["Definition"]
    changed = yaml.safe_load(before)
    changed["States"][0]["Timeout"] = "30"
    given = {"Name": "tidegate-resize", "Description": "", "Type": "FDL"}
    clinic.edit(lambda: flows.update({**given, "Definition": yaml.safe_dump(changed)}))
    try:
        found = clinic.finds("flow")
    finally:
        clinic.edit(lambda: flows.update({**given, "Definition": before}))
    assert (found.level, found.do) == ("FAIL", "deploy again")
    assert found.found == "tidegate-resize is not workflows/resize.yml: it differs at States.Submit.Timeout"
    assert clinic.finds("flow").level == "ok"


def test_a_workflow_of_another_name_is_not_there(clinic: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIDEGATE_FLOW", "other-flow")
    found = clinic.finds("flow")
    assert found.level == "FAIL"
    assert found.found.startswith("FlowNotExists")


def without(policies: list[dict[str, Any]], action: str) -> list[dict[str, Any]]:
    """The same policies, without one action."""
    return [
        {
            **policy,
            "Statement": [{**one, "Action": left} for one in policy["Statement"] if (left := _left(one, action))],
        }
        for policy in policies
        if any(_left(one, action) for one in policy["Statement"])
    ]


def _left(statement: Mapping[str, Any], action: str) -> list[str]:
    return [each for each in statement["Action"] if each != action]


ACTIONS = [
    ("tidegate-submit", "amqp:UpdateInstance"),
    ("tidegate-submit", "apigateway:ModifyInstanceSpec"),
    ("tidegate-look", "amqp:GetInstance"),
    ("tidegate-door", "apigateway:DescribeInstances"),
    ("tidegate-door", "fnf:StartExecution"),
    ("tidegate-door", "cms:QueryMetricList"),
    ("tidegate-door", "apigateway:DescribeInstanceQps"),
    ("tidegate-look", "oss:PutObject"),
    ("tidegate-look", "oss:ListObjects"),
    ("tidegate-flow", "fc:InvokeFunction"),
]


@pytest.mark.parametrize(("role", "action"), ACTIONS)
def test_a_role_that_lost_one_action_is_named_with_it(clinic: Any, role: str, action: str) -> None:
    identity = clinic.cloud.identity
    with clinic.kept(identity._drawer):

        def strip() -> None:
            kept = identity._drawer[f"role/{role}"]
            identity._drawer[f"role/{role}"] = {**kept, "policies": without(kept["policies"], action)}

        clinic.edit(strip)
        found = clinic.finds("roles")
    assert (found.level, found.found) == ("FAIL", f"{role} may not {action}")
    assert found.do.startswith(f"grant that to {role}: deploy again")


def test_of_the_two_names_of_a_billing_action_one_is_enough(clinic: Any) -> None:
    identity = clinic.cloud.identity
    with clinic.kept(identity._drawer):

        def strip(*actions: str) -> None:
            kept = identity._drawer["role/tidegate-look"]
            for action in actions:
                kept = {**kept, "policies": without(kept["policies"], action)}
            identity._drawer["role/tidegate-look"] = kept

        clinic.edit(lambda: strip("bss:DescribeOrderList", "bssapi:GetOrderDetail"))
        assert clinic.finds("roles").level == "ok"
        clinic.edit(lambda: strip("bssapi:QueryOrders"))
        assert clinic.finds("roles").found == "tidegate-look may not bssapi:QueryOrders"


def test_a_role_that_is_gone_or_trusts_nobody_is_named(clinic: Any) -> None:
    identity = clinic.cloud.identity
    with clinic.kept(identity._drawer) as drawer:

        def break_two() -> None:
            kept = drawer["role/tidegate-submit"]
            drawer["role/tidegate-submit"] = {**kept, "trust": trusting("ecs.aliyuncs.com")}
            del drawer["role/tidegate-look"]

        clinic.edit(break_two)
        found = clinic.finds("roles")
    assert found.level == "FAIL"
    assert "tidegate-submit does not trust fc.aliyuncs.com" in found.found
    assert "there is no role tidegate-look" in found.found


def test_in_observe_mode_no_role_needs_to_order(clinic: Any) -> None:
    identity = clinic.cloud.identity

    def observe(written: dict[str, Any]) -> None:
        for instance in written["instances"].values():
            instance["mode"] = "observe"

    with clinic.kept(identity._drawer), clinic.policy(observe):

        def strip() -> None:
            kept = identity._drawer["role/tidegate-submit"]
            for action in ("amqp:UpdateInstance", "apigateway:ModifyInstanceSpec"):
                kept = {**kept, "policies": without(kept["policies"], action)}
            identity._drawer["role/tidegate-submit"] = kept

        clinic.edit(strip)
        assert clinic.finds("roles").level == "ok"


def test_a_scope_that_leaves_an_instance_out_is_found(clinic: Any) -> None:
    """Roles may be held to instances by their ARN."""
    identity = clinic.cloud.identity
    with clinic.kept(identity._drawer) as drawer:

        def narrow() -> None:
            kept = drawer["role/tidegate-submit"]
            text = repr(kept["policies"]).replace(":/instances/*", ":/instances/amqp-cn-another")
            drawer["role/tidegate-submit"] = {**kept, "policies": yaml.safe_load(text)}

        clinic.edit(narrow)
        found = clinic.finds("roles")
    assert found.found == "tidegate-submit may not amqp:GetInstance, amqp:UpdateInstance"
