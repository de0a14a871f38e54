"""Checks a template without deploying it: types, names, references, trigger configs, flow definitions, policies."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from itertools import product
from typing import Any

from localcloud.fc.function import Refusal
from localcloud.fc.trigger_config import check_config
from localcloud.flow.faults import FlowError
from localcloud.flow.language import parse as parse_flow
from localcloud.identity import checked
from localcloud.rpc.operation import ApiError
from localcloud.template.conditions import Conditions
from localcloud.template.faults import TemplateError
from localcloud.template.intrinsics import Scope, Unknown, conditions_in, resolve
from localcloud.template.model import FUNCTIONS, PSEUDO, Resource, Template
from localcloud.template.types import check_properties, type_of

# What a definition is read with before deployment: any account and region will do.
STAND_INS = {
    "ALIYUN::AccountId": "1234567890123456",
    "ALIYUN::Region": "cn-hangzhou",
    "ALIYUN::StackName": "stack",
    "ALIYUN::TenantId": "1234567890123456",
}
MOST_CONDITIONS = 6
"""Every set of answers is checked, so there are twice as many checks for each."""
_FUNCTION_ARN = re.compile(r"acs:fc:[^:\s]*:[^:\s]*:functions/([A-Za-z0-9_-]+)")


def check(template: Template) -> None:
    """Refuse a template that would not deploy, whatever its parameters are."""
    for resource in template.resources.values():
        type_of(resource.type, f"{resource.name}.Type")
    for resource in template.resources.values():
        for other in resource.depends_on:
            if other not in template.resources:
                raise TemplateError(f"{resource.name}.DependsOn", f"there is no resource {other!r}")
        if resource.condition and resource.condition not in template.conditions:
            raise TemplateError(f"{resource.name}.Condition", f"there is no condition {resource.condition!r}")
    _check_conditions(template)
    answers = _Answers(template)
    for held in product((True, False), repeat=len(template.conditions)):
        _check_where(template, dict(zip(template.conditions, held, strict=True)), answers)


def _check_conditions(template: Template) -> None:
    if len(template.conditions) > MOST_CONDITIONS:
        raise TemplateError("Conditions", f"there are more than {MOST_CONDITIONS}")
    conditions = Conditions(template.conditions, lambda name: template.parameters[name].default)
    for name in template.conditions:
        conditions.holds(name)


class _Answers:
    """Under which answers each resource was checked: those to what it asks about, or what it names."""

    def __init__(self, template: Template) -> None:
        self._template, self._checked = template, set[tuple[object, ...]]()
        self._asked = {name: self._asked_by(name) for name in template.resources}

    def are_new(self, name: str, held: Mapping[str, bool]) -> bool:
        """Whether this resource was not checked under these answers yet; it counts as checked from now on."""
        said = (name, *(held.get(asked) for asked in self._asked[name]))
        new = said not in self._checked
        self._checked.add(said)
        return new

    def _asked_by(self, name: str) -> list[str]:
        every = self._template.resources
        known, new = {name}, [name]
        while new:
            named = every[new.pop()].needs & every.keys() - known
            known |= named
            new += named
        inside = {asked for one in known for asked in conditions_in(every[one].properties)}
        return sorted(inside | {every[one].condition for one in known} - {""})


def _check_where(template: Template, held: Mapping[str, bool], answers: _Answers) -> None:
    """Check the template for one set of answers: with every condition, whether it holds."""
    made = template.made(held.__getitem__)
    scope = _scope(template, made, held)
    for resource in made.values():
        if not answers.are_new(resource.name, held):
            continue
        check_resource(resource, resolve(resource.properties, scope, f"{resource.name}.Properties"))
    for name, value in template.outputs.items():
        resolve(value, scope, f"Outputs.{name}.Value")
    _check_flows(made.values(), scope)
    template.in_order(held.__getitem__)


def check_resource(resource: Resource, properties: Mapping[str, Any]) -> None:
    """Check one resource with its properties resolved, as far as they are known."""
    path = f"{resource.name}.Properties"
    check_properties(type_of(resource.type, f"{resource.name}.Type"), properties, path)
    if special := _SPECIAL.get(resource.type):
        special(properties, path)


def _scope(template: Template, made: Mapping[str, Resource], held: Mapping[str, bool]) -> Scope:
    def ref(name: str) -> Any:
        if name in made:
            return Unknown(name)
        if name in PSEUDO:
            return Unknown(STAND_INS[name])
        parameter = template.parameters[name]
        return Unknown(parameter.default if parameter.has_default else name)

    def attribute(owner: str, name: str) -> Any:
        if owner not in made:
            where = " where its condition does not hold" if owner in template.resources else ""
            raise KeyError(f"there is no resource {owner!r}{where}")
        resource = made[owner]
        spec = type_of(resource.type, f"{owner}.Type")
        if name not in spec["attributes"]:
            known = ", ".join(spec["attributes"])
            raise KeyError(f"{resource.type} has no attribute {name!r}; it has {known}")
        own = resource.properties.get(spec["ref"])
        if name == spec["ref"] and own is not None:
            return Unknown(str(resolve(own, scope, f"{owner}.Properties.{name}")))
        return Unknown(f"{owner}.{name}")

    scope = Scope(ref, attribute, held.__getitem__)
    return scope


def _trigger(properties: Mapping[str, Any], path: str) -> None:
    kind, config = properties["TriggerType"], properties["TriggerConfig"]
    try:
        if not isinstance(kind, Unknown) and not _has_unknown(config):
            check_config(kind, config)
    except Refusal as refusal:
        raise TemplateError(f"{path}.TriggerConfig", refusal.message.removeprefix("triggerConfig.")) from refusal
    if kind == "mns_topic" and not properties.get("SourceArn"):
        raise TemplateError(f"{path}.SourceArn", "is required for a topic")


def _role(properties: Mapping[str, Any], path: str) -> None:
    for number, policy in enumerate(properties.get("Policies") or []):
        _check_policy(policy["PolicyDocument"], f"{path}.Policies[{number}].PolicyDocument")


def _check_policy(document: Mapping[str, Any], path: str) -> None:
    try:
        checked(document)
    except ApiError as error:
        raise TemplateError(path, error.message) from error


def _function(properties: Mapping[str, Any], path: str) -> None:
    code = properties.get("Code") or {}
    both = "OssBucketName" in code and "OssObjectName" in code
    if not both and not code.get("ZipFile") and not code.get("SourceCode"):
        raise TemplateError(f"{path}.Code", "needs OssBucketName and OssObjectName, ZipFile or SourceCode")
    memory, cpu = properties.get("MemorySize", 512), properties.get("Cpu")
    if isinstance(memory, int) and memory % 64:
        raise TemplateError(f"{path}.MemorySize", f"{memory} is not a multiple of 64")
    if isinstance(memory, int) and isinstance(cpu, (int, float)) and not 1 <= memory / 1024 / cpu <= 4:  # noqa: PLR2004 - 1:1 to 1:4
        raise TemplateError(f"{path}.Cpu", f"{cpu} to {memory} MB must be between 1:1 and 1:4 (in GB)")


_SPECIAL: dict[str, Callable[[Mapping[str, Any], str], None]] = {
    "ALIYUN::FC3::Trigger": _trigger,
    "ALIYUN::FC::Trigger": _trigger,
    "ALIYUN::RAM::Role": _role,
    "ALIYUN::FC3::Function": _function,
    "ALIYUN::FC::Function": _function,
}


def _check_flows(resources: Collection[Resource], scope: Scope) -> None:
    names = {_plain(one, "FunctionName", scope) for one in resources if one.type in FUNCTIONS}
    for resource in resources:
        if resource.type != "ALIYUN::FNF::Flow":
            continue
        path = f"{resource.name}.Properties.Definition"
        text = str(resolve(resource.properties["Definition"], scope, path))
        try:
            flow = parse_flow(text, express=resource.properties.get("ExecutionMode") == "Express")
        except FlowError as error:
            raise TemplateError(path, str(error)) from error
        said = _plain(resource, "Name", scope)
        if flow.name != said:
            raise TemplateError(path, f"the flow calls itself {flow.name!r}, the resource {said!r}")
        for missing in sorted(set(_FUNCTION_ARN.findall(text)) - names):
            raise TemplateError(path, f"calls the function {missing!r}, which is not in the template")


def _plain(resource: Resource, key: str, scope: Scope) -> str:
    """Give a name with its parameters at their defaults."""
    return str(resolve(resource.properties[key], scope, f"{resource.name}.Properties.{key}"))


def _has_unknown(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(_has_unknown(item) for item in value.values())
    if isinstance(value, list):
        return any(_has_unknown(item) for item in value)
    return isinstance(value, Unknown)
