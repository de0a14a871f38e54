"""References, attributes, conditions, names and sizes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from tests.template.reading import (
    BUCKET,
    FUNCTION,
    HOLE,
    PSEUDO,
    QUEUE,
    ROLE,
    RULE,
    TOPIC,
    Template,
    references,
    resolved,
)
from tests.template.types import type_of

NAMED = {
    FUNCTION: ("FunctionName", r"[A-Za-z_][A-Za-z0-9_-]{0,63}"),
    ROLE: ("RoleName", r"[A-Za-z0-9.-]{1,64}"),
    QUEUE: ("QueueName", r"[A-Za-z][A-Za-z0-9-]{0,119}"),
    TOPIC: ("TopicName", r"[A-Za-z][A-Za-z0-9-]{0,119}"),
    RULE: ("RuleName", r"[A-Za-z0-9-]{1,100}"),
}
"""What stays within every limit that some page of the vendor gives (fact fc 1.7)."""
ENVIRONMENT_BYTES = 4096
TEMPLATE_BYTES = 524_288
VARIABLE = re.compile(r"(?!FC_)[A-Za-z][A-Za-z0-9_]*")
LONGEST_UNKNOWN = 128
PUBLIC = ("ApprovalUrl",)
"""Addresses that hold no secret."""


def reference_problems(template: Template) -> Iterator[str]:
    """Names that are none, attributes that a type does not have, what is not always made and always referred to."""
    for name, one in template.resources.items():
        condition = one.get("Condition")
        if condition and condition not in template.said.get("Conditions", {}):
            yield f"{name}.Condition: there is no {condition}"
        lost = set(_listed(one.get("DependsOn") or [])) - set(template.resources)
        yield from (f"{name}.DependsOn: there is no {other}" for other in sorted(lost))
        yield from _references(one.get("Properties"), name, {condition: True} if condition else {}, template)
    for name, one in template.said["Outputs"].items():
        yield from _references(one["Value"], f"Outputs.{name}", {}, template)
    yield from _holes(template)


def _holes(template: Template) -> Iterator[str]:
    for name, one in template.said.get("Conditions", {}).items():
        lost = {owner for owner, _, _ in references(one)} - set(template.parameters)
        yield from (f"Conditions.{name}: there is no parameter {owner}" for owner in sorted(lost))
    for path, text in template.flows.items():
        lost = set(HOLE.findall(text)) - set(PSEUDO) - set(template.parameters)
        yield from (f"{path}: there is no {owner}" for owner in sorted(lost))


def _references(value: Any, path: str, holds: Mapping[str, bool], template: Template) -> Iterator[str]:
    for owner, attribute, under in references(value):
        if owner in PSEUDO or (owner in template.parameters and not attribute):
            continue
        if owner not in template.resources:
            yield f"{path}: there is no {owner}"
            continue
        kind = type_of(template, owner)
        if attribute and kind and attribute not in kind.attributes:
            yield f"{path}: {owner} has no attribute {attribute}; it has {', '.join(sorted(kind.attributes))}"
        needed = template.resources[owner].get("Condition")
        if needed and not {**holds, **under}.get(needed):
            yield f"{path}: {owner} is not made where {needed} does not hold"
    for which in _conditions(value):
        if which not in template.said.get("Conditions", {}):
            yield f"{path}: there is no condition {which}"


def _conditions(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        if "Fn::If" in value:
            yield value["Fn::If"][0]
        for item in value.values():
            yield from _conditions(item)
    elif isinstance(value, list):
        for item in value:
            yield from _conditions(item)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def size_problems(template: Template) -> Iterator[str]:
    """Names that are too long or stand twice, environments over 4 KB, memory that no function can have."""
    if len(json.dumps(template.said)) + sum(map(len, template.flows.values())) > TEMPLATE_BYTES:
        yield "the template is too large"
    for kind, (key, pattern) in NAMED.items():
        names = [str(one[key]) for one in template.of(kind).values()]
        yield from (
            f"{name} stands twice among the {kind}" for name in {name for name in names if names.count(name) > 1}
        )
        yield from (f"{name}: is no name for {kind}" for name in names if not re.fullmatch(pattern, name))
    policies = [policy["PolicyName"] for one in template.of(ROLE).values() for policy in one.get("Policies", [])]
    twice = sorted({name for name in policies if policies.count(name) > 1})
    yield from (f"{name} stands twice among the policies, which are the account's" for name in twice)
    for name, one in template.of(FUNCTION).items():
        yield from _function_sizes(name, one, template)
    taken = template.parameters.keys() & template.resources.keys()
    yield from (f"{name} is a parameter and a resource" for name in sorted(taken))
    for name, one in template.of(BUCKET).items():
        if "Ref" not in one["BucketName"]:
            yield f"{name}.BucketName: bucket names are everybody's, so it must be a parameter"


def _function_sizes(name: str, one: Mapping[str, Any], template: Template) -> Iterator[str]:
    environment = one.get("EnvironmentVariables", {})
    size = sum(len(key) + _longest(value, template) for key, value in environment.items())
    if size > ENVIRONMENT_BYTES:
        yield f"{name}: its environment may have {size} bytes, and {ENVIRONMENT_BYTES} are allowed"
    yield from (f"{name}: {key} is no variable" for key in environment if not VARIABLE.fullmatch(key))
    for key in ("Cpu", "MemorySize", "DiskSize", "Timeout"):
        if not isinstance(one.get(key), (int, float)):
            yield f"{name}.{key}: must be stated"
            return
    if one["MemorySize"] % 64 or round(one["Cpu"] * 100) % 5 or not 1 <= one["MemorySize"] / 1024 / one["Cpu"] <= 4:
        yield f"{name}: {one['Cpu']} CPUs and {one['MemorySize']} MB do not go together"
    if one["DiskSize"] not in (512, 10240):
        yield f"{name}.DiskSize: is 512 or 10240"


def _longest(value: Any, template: Template) -> int:
    if isinstance(value, dict) and value.get("Ref") in template.parameters:
        return int(template.parameters[value["Ref"]].get("MaxLength", ENVIRONMENT_BYTES))
    return max(len(str(one)) + LONGEST_UNKNOWN * str(one).count("{") for one in resolved(value, template))


def parameter_problems(template: Template) -> Iterator[str]:
    """Parameters without a word or a limit, defaults that break their own limits, secrets that could be seen."""
    for name, one in template.parameters.items():
        if not one.get("Description"):
            yield f"{name}: says nothing of itself"
        if not {"AllowedValues", "AllowedPattern", "MaxLength", "MaxValue"} & set(one):
            yield f"{name}: may be anything"
        if "Default" in one:
            yield from _default(name, one)
        is_secret = re.search(r"Token|Url$|Secret|Password|Key$", name) and name not in PUBLIC
        if is_secret and not one.get("NoEcho"):
            yield f"{name}: a secret that is shown"
    for name, one in template.said["Outputs"].items():
        if not one.get("Description"):
            yield f"Outputs.{name}: says nothing of itself"
        owners = [owner for owner, _, _ in references(one["Value"])]
        hidden = [owner for owner in owners if template.parameters.get(owner, {}).get("NoEcho")]
        yield from (f"Outputs.{name}: shows the secret {owner}" for owner in hidden)


def _default(name: str, one: Mapping[str, Any]) -> Iterator[str]:
    default = one["Default"]
    if default not in one.get("AllowedValues", [default]):
        yield f"{name}: its default is not one of its values"
    if not re.search(one.get("AllowedPattern", ""), str(default)):
        yield f"{name}: its default is not like {one['AllowedPattern']}"
    if one.get("NoEcho") and default:
        yield f"{name}: a secret with a default"
