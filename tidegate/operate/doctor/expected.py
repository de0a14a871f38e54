"""What the project's own files say should be deployed: `template.yml` and the workflow beside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tidegate.names import DEFAULT
from tidegate.policyfile.tree import LOADER

FUNCTION, TRIGGER, FLOW = "ALIYUN::FC3::Function", "ALIYUN::FC3::Trigger", "ALIYUN::FNF::Flow"
HANDLERS, HOLE = "functions/", "${Prefix}"
Choice = tuple[Any, ...]
"""The values that a property may have; empty where the file alone does not tell."""


@dataclass(frozen=True)
class ExpectedFunction:
    """One function as the template has it."""

    short: str
    handler: str
    runtime: Choice
    timeout_s: Choice
    environment: Sequence[str]
    role: str = ""
    """The role's name, which a service of 2.0 has as well: there a function has its role from its service."""
    triggers: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """The config of each trigger, by the trigger's type."""


@dataclass(frozen=True)
class Expected:
    """Everything that should be there."""

    functions: Mapping[str, ExpectedFunction]
    flow: str
    """The workflow's text, all but the prefix in its `${...}` as it is."""


def expected(root: Path, prefix: str = DEFAULT) -> Expected | None:
    """Read the project's files for names that begin so; None where only the package is installed, without them."""
    try:
        template = yaml.load((root / "template.yml").read_text("utf-8"), LOADER)  # noqa: S506 - a safe one
        flow = (root / "workflows" / "resize.yml").read_text("utf-8")
    except OSError:
        return None
    template, flow = _with_prefix(template, prefix), flow.replace(HOLE, prefix)
    parameters, resources = template.get("Parameters") or {}, template["Resources"]
    found = {each.short: each for each in _functions(resources, parameters)}
    return Expected(found, flow)


def _with_prefix(value: Any, prefix: str) -> Any:
    """Give a part of the template with the names in it as they are where it is deployed."""
    if isinstance(value, list):
        return [_with_prefix(item, prefix) for item in value]
    if not isinstance(value, dict):
        return value
    text = value.get("Fn::Sub")
    if isinstance(text, str) and "${" not in (filled := text.replace(HOLE, prefix)):
        return filled
    return {key: _with_prefix(item, prefix) for key, item in value.items()}


def services_of(short: str, named: str, known: Expected | None) -> list[str]:
    """Where a function of 2.0 may be: in the service that is named, or in one that is called as its role."""
    role = known.functions[short].role if known and short in known.functions else ""
    return list(dict.fromkeys(filter(None, (named, role))))


def _functions(resources: Mapping[str, Any], parameters: Mapping[str, Any]) -> Iterator[ExpectedFunction]:
    for logical, resource in resources.items():
        said = resource.get("Properties") or {}
        if resource["Type"] != FUNCTION or not str(said.get("Handler", "")).startswith(HANDLERS):
            continue
        yield ExpectedFunction(
            short=said["Handler"].removeprefix(HANDLERS).partition(".")[0].replace("_", "-"),
            handler=said["Handler"],
            runtime=_choice(said.get("Runtime"), parameters),
            timeout_s=_choice(said.get("Timeout"), parameters),
            environment=tuple(said.get("EnvironmentVariables") or ()),
            role=_role(said.get("Role"), resources),
            triggers=dict(_triggers(logical, said, resources)),
        )


def _role(given: Any, resources: Mapping[str, Any]) -> str:
    """The name of a role of the template, where that is written there."""
    attribute = given.get("Fn::GetAtt") if isinstance(given, dict) else None
    resource = resources.get(attribute[0]) if isinstance(attribute, list) and attribute else None
    name = ((resource or {}).get("Properties") or {}).get("RoleName")
    return name if isinstance(name, str) else ""


def _triggers(
    logical: str, function: Mapping[str, Any], resources: Mapping[str, Any]
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for resource in resources.values():
        said = resource.get("Properties") or {}
        if resource["Type"] == TRIGGER and _names(said.get("FunctionName"), logical, function.get("FunctionName")):
            config = said.get("TriggerConfig")
            yield said["TriggerType"], config if isinstance(config, dict) else {}


def _names(given: Any, logical: str, name: Any) -> bool:
    """Whether a trigger's FunctionName is this function: by its logical id, or by the same name."""
    if isinstance(given, dict):
        attribute = given.get("Fn::GetAtt") or [given.get("Ref")]
        return bool(attribute[0] == logical) or given == name
    return bool(given == name)


def _choice(given: Any, parameters: Mapping[str, Any]) -> Choice:
    if not isinstance(given, dict):
        return (given,)
    parameter = parameters.get(given.get("Ref", "")) or {}
    return tuple(parameter.get("AllowedValues") or ())
