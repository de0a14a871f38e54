"""What is deployed and what is written agree: template, functions, workflow, permissions."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from localcloud.project.up import ROOT
from tidegate.aliyun import functions, metrics, orders, workflow
from tidegate.aliyun.permission import Permission
from tidegate.ledger import oss
from tidegate.products import apigateway, apigateway_load, rabbitmq

FUNCTION_LINES = 40
ENVIRONMENT_BYTES = 4096
LONG = {
    "RpcEndpoint": "r" * 120,
    "OssEndpoint": "o" * 120,
    "HookTokens": "t" * 400,
    "ChatUrl": "c" * 600,
    "ApprovalKey": "k" * 140,
    "ApprovalUrl": "a" * 200,
}
"""Parameters as long as anybody would have them."""


def actions(*permissions: Permission | str) -> set[str]:
    """The RAM actions of declared permissions."""
    return {one if isinstance(one, str) else one.action for one in permissions}


MEASURE = actions(*metrics.PERMISSIONS, *apigateway_load.PERMISSIONS)
"""GetMetadataAmount counts queues, and goes by the name of GetInstance."""
LEDGER = actions(*oss.PERMISSIONS)
DECLARED = MEASURE | actions(
    *rabbitmq.PERMISSIONS, *apigateway.PERMISSIONS, *orders.PERMISSIONS, *workflow.PERMISSIONS, *oss.PERMISSIONS
)
READ = {"amqp:GetInstance", "apigateway:DescribeInstances"}
ORDER = {"amqp:UpdateInstance", "apigateway:ModifyInstanceSpec"}
START = {"fnf:StartExecution"}
BILLING = actions(*orders.PERMISSIONS)
INVOKE = actions(*functions.PERMISSIONS)
PEOPLE = INVOKE
"""What only a person's command line asks for; no function has it."""

NEEDS = {
    "DoorRole": LEDGER | READ | MEASURE | START,  # reconcile: keep, read, plan, start; Settle reconciles too
    "SubmitRole": LEDGER | READ | MEASURE | ORDER,  # claim, read and decide once more, order
    "LookRole": LEDGER | READ | BILLING,  # read the instance and its order; it decides nothing
    "ApprovalRole": LEDGER - {"oss:DeleteObject"},  # read what is asked, leave a yes
    "FlowRole": INVOKE,  # the three steps
    "TriggerRole": INVOKE,  # the topic's function
}
ROLE_OF = {
    "on_alert": "DoorRole",
    "on_schedule": "DoorRole",
    "on_approval": "ApprovalRole",
    "on_request": "DoorRole",
    "settle": "DoorRole",
    "submit": "SubmitRole",
    "look": "LookRole",
}

TEMPLATE: Mapping[str, Any] = yaml.safe_load((ROOT / "template.yml").read_text("utf-8"))
FLOWS = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "workflows").iterdir())
FILES = sorted(path for path in (ROOT / "functions").glob("*.py") if path.name != "__init__.py")


def resources(kind: str) -> dict[str, Any]:
    """The template's resources of one type."""
    return {name: one for name, one in TEMPLATE["Resources"].items() if one["Type"] == kind}


def properties(kind: str) -> list[Mapping[str, Any]]:
    """What the template says of each."""
    return [one["Properties"] for one in resources(kind).values()]


def statements(role: str) -> Iterable[Mapping[str, Any]]:
    """Everything that a role is granted."""
    for policy in TEMPLATE["Resources"][role]["Properties"]["Policies"]:
        yield from policy["PolicyDocument"]["Statement"]


def test_every_handler_is_a_file_of_functions_and_every_file_is_a_handler() -> None:
    handlers = sorted(one["Handler"] for one in properties("ALIYUN::FC3::Function"))
    assert handlers == [f"functions/{path.stem}.handler" for path in FILES]


def test_a_function_is_called_as_its_file() -> None:
    for one in properties("ALIYUN::FC3::Function"):
        stem = one["Handler"].removeprefix("functions/").removesuffix(".handler")
        assert one["FunctionName"] == f"tidegate-{stem.replace('_', '-')}"


def test_every_workflow_file_is_deployed() -> None:
    assert sorted(one["Definition"] for one in properties("ALIYUN::FNF::Flow")) == FLOWS


def test_the_workflow_calls_functions_that_are_deployed_and_that_its_role_may_call() -> None:
    named = {one["FunctionName"] for one in properties("ALIYUN::FC3::Function")}
    called = {
        arn for path in FLOWS for arn in re.findall(r"functions/([a-z-]+)/LATEST", (ROOT / path).read_text("utf-8"))
    }
    assert called == {"tidegate-submit", "tidegate-look", "tidegate-settle"}
    assert called <= named
    allowed = {arn["Fn::Sub"].split("/")[1] for one in statements("FlowRole") for arn in one["Resource"]}
    assert allowed == called


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_function_is_a_door_of_a_few_lines(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) < FUNCTION_LINES


@pytest.mark.parametrize("role", NEEDS)
def test_a_role_grants_exactly_what_its_functions_calls_declare(role: str) -> None:
    granted = [action for one in statements(role) for action in one["Action"]]
    assert len(granted) == len(set(granted))
    assert set(granted) == NEEDS[role]
    assert all(one["Effect"] == "Allow" for one in statements(role))


def test_every_role_is_checked_and_every_function_has_its_own() -> None:
    assert set(resources("ALIYUN::RAM::Role")) == set(NEEDS)
    roles = {one["Handler"].split("/")[1].split(".")[0]: one["Role"] for one in properties("ALIYUN::FC3::Function")}
    assert {stem: role["Fn::GetAtt"][0] for stem, role in roles.items()} == ROLE_OF


def test_every_declared_permission_is_granted_to_a_role_or_is_a_persons() -> None:
    assert set().union(*NEEDS.values()) | PEOPLE == DECLARED | INVOKE


def test_no_action_is_a_wildcard_and_only_submit_may_order() -> None:
    granted = {role: {action for one in statements(role) for action in one["Action"]} for role in NEEDS}
    assert not [action for each in granted.values() for action in each if "*" in action or "?" in action]
    assert [role for role, each in granted.items() if each & ORDER] == ["SubmitRole"]


@pytest.mark.parametrize("name", resources("ALIYUN::FC3::Function"))
def test_a_functions_environment_stays_below_4_kb(name: str) -> None:
    """With every parameter as long as anybody would have it (fact fc 1.5)."""
    environment = TEMPLATE["Resources"][name]["Properties"]["EnvironmentVariables"]
    values = [
        LONG.get(value.get("Ref", ""), "v" * 600) if isinstance(value, dict) else value
        for value in environment.values()
    ]
    assert sum(map(len, [*environment, *values])) < ENVIRONMENT_BYTES


def test_nothing_that_is_deployed_imports_localcloud() -> None:
    """The command line may start it, and is not part of any function."""
    found = []
    for path in [*(ROOT / "functions").rglob("*.py"), *(ROOT / "tidegate").rglob("*.py")]:
        if (ROOT / "tidegate" / "cli") in path.parents:
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [each.name for each in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            found += [path.name for name in names if name.partition(".")[0] == "localcloud"]
    assert found == []
