"""Functions, triggers, workflow and roles: each is broken in turn, and named with what to do."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import pytest
import yaml

from localcloud.fc.function import Ref
from localcloud.identity import trusting
from localcloud.project.up import CODE, CODE_OBJECT
from tidegate.cli.doctor import place_of
from tidegate.operate.doctor.expected import expected
from tidegate.operate.doctor.roles import _flow_needs, needs_of
from tidegate.operate.ours import ROOT

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
        "tidegate-on-alert asks for function: who calls it can sign nothing (fc 2.8)",
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
    assert (found.level, found.found) == ("FAIL", "there is no workflow other-flow")
    assert found.do == "deploy again, or correct TIDEGATE_FLOW"


def test_where_nothing_is_deployed_no_role_is_called_well(clinic: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIDEGATE_FLOW", "other-flow")
    with clinic.functions() as registry:
        clinic.edit(lambda: [registry.delete_function(ref) for ref in registry.functions()])
        found = clinic.finds("roles")
    assert (found.level, found.do) == ("skip", "see functions and flow")


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


def test_a_policy_that_acts_on_a_deployment_that_only_observes_is_told_which_lock_is_shut(clinic: Any) -> None:
    """Deploying again would leave the lock as it is."""
    identity = clinic.cloud.identity
    with clinic.kept(identity._drawer) as drawer:

        def lock() -> None:
            kept = drawer["role/tidegate-submit"]
            orders = ["amqp:UpdateInstance", "apigateway:ModifyInstanceSpec"]
            denied = {"Version": "1", "Statement": [{"Effect": "Deny", "Action": orders, "Resource": ["*"]}]}
            drawer["role/tidegate-submit"] = {**kept, "policies": [*kept["policies"], denied]}

        clinic.edit(lock)
        found = clinic.finds("roles")
    denied = "tidegate-submit is denied amqp:UpdateInstance, apigateway:ModifyInstanceSpec"
    assert (found.level, found.found) == ("FAIL", f"{denied}: the deployment only observes, and the policy acts")
    assert found.do.startswith("`tidegate deploy --mode act --yes` if orders may be placed")


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


def test_every_grant_of_the_template_is_one_that_is_looked_for(clinic: Any) -> None:
    """So that whichever action a role loses, the doctor names it; the demo has both products, in mode act."""
    place = place_of("", send_test=False)
    needed = {action for short in place.functions for need in needs_of(place, short) for action in need.actions}
    needed |= {action for need in _flow_needs(place) for action in need.actions}
    granted: set[str] = set()
    for role in ("door", "submit", "look", "flow"):
        for policy in clinic.edit(lambda role=role: clinic.cloud.identity.role(f"tidegate-{role}")["policies"]):
            granted |= {action for one in policy["Statement"] for action in one["Action"]}
    # What the platform itself does with a function's role is no call of ours: logs, and what failed for good.
    assert {action for action in granted if not action.startswith(("log:", "mns:"))} == needed


def deploy_2_0(registry: Any, service_of: Callable[[str], tuple[str, str]]) -> None:
    """Deploy every function again, as one of 2.0: by its name, its service and the role of that."""
    for ref in [ref for ref in registry.functions() if not ref.service]:
        service, role = service_of(ref.name)
        if service not in {entry["name"] for entry in registry.services()}:
            registry.create_service(service, {"role": f"acs:ram::1234567890123456:role/{role}"})
        settings = {k: v for k, v in registry.entry(ref)["settings"].items() if k != "role"}
        code = {"ossBucketName": CODE, "ossObjectName": CODE_OBJECT}
        registry.create_function(Ref(ref.name, service), settings, code)
        for trigger in registry.triggers("", ref):
            kept = {k: trigger[k] for k in ("name", "kind", "config", "source_arn", "role", "description")}
            registry.create_trigger(Ref(ref.name, service), kept)


def own_role(name: str) -> tuple[str, str]:
    """A service for each role, called as the role is."""
    known = expected(ROOT)
    assert known is not None
    role = known.functions[name.removeprefix("tidegate-")].role
    return role, role


def test_functions_of_2_0_that_are_not_there_are_named(clinic: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIDEGATE_FC_API", "2.0")
    found = clinic.finds("functions")
    assert found.level == "FAIL"
    assert found.found.count("there is no function") == len(place_of("", send_test=False).functions)


def test_functions_of_2_0_are_looked_for_in_the_service_of_their_role(
    clinic: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The HTTP door of 2.0 is another kind of function, and the workflow calls by other ARNs."""
    monkeypatch.setenv("TIDEGATE_FC_API", "2.0")
    identity, flows = clinic.cloud.identity, clinic.whole.flow.flows
    calls = re.compile(r"functions/(tidegate-(?:door|submit|look|settle))/LATEST")
    before = clinic.edit(lambda: flows.describe({"Name": "tidegate-resize"}))["Definition"]
    as_2_0 = calls.sub(lambda found: f"services/{own_role(found[1])[0]}.LATEST/functions/{found[1]}", before)
    given = {"Name": "tidegate-resize", "Description": "", "Type": "FDL"}
    with clinic.functions() as registry, clinic.kept(identity._drawer) as drawer:
        clinic.edit(lambda: deploy_2_0(registry, own_role))
        clinic.edit(lambda: flows.update({**given, "Definition": as_2_0}))
        try:
            assert clinic.finds("functions").level == "ok"
            doors = clinic.finds("triggers")
            assert (doors.level, doors.found) == ("skip", "an HTTP door of 2.0 is another kind of function")
            assert clinic.finds("flow").level == "ok"
            lacking = clinic.finds("roles")
            assert (lacking.level, lacking.found) == ("FAIL", "tidegate-flow may not fc:InvokeFunction")
            arns = "acs:fc:*:1234567890123456:services/tidegate-*/functions/*"
            may = {"Effect": "Allow", "Action": ["fc:InvokeFunction"], "Resource": [arns]}
            role = drawer["role/tidegate-flow"]
            granted = {**role, "policies": [{"Version": "1", "Statement": [may]}]}
            clinic.edit(lambda: drawer.update({"role/tidegate-flow": granted}))
            assert clinic.finds("roles").level == "ok"
        finally:
            clinic.edit(lambda: flows.update({**given, "Definition": before}))


def test_functions_of_2_0_in_one_service_have_one_role(clinic: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIDEGATE_FC_API", "2.0")
    with clinic.functions() as registry:
        clinic.edit(lambda: deploy_2_0(registry, lambda _name: ("tidegate", "tidegate-door")))
        assert clinic.finds("functions").level == "ok"
        roles = clinic.finds("roles")
    assert roles.level == "FAIL"
    assert roles.found.startswith("tidegate-door may not amqp:UpdateInstance, apigateway:ModifyInstanceSpec, bssapi:")
