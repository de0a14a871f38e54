"""Deploys a template to the cloud on one machine: what runs is what the template says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from localcloud.fc.function import Refusal
from localcloud.oss.answers import OssError
from localcloud.rpc.operation import ApiError
from localcloud.template.check import check_resource
from localcloud.template.conditions import Conditions
from localcloud.template.create import CREATE, Attributes, Targets
from localcloud.template.faults import TemplateError
from localcloud.template.intrinsics import Scope, resolve
from localcloud.template.model import FUNCTIONS, Template
from localcloud.template.package import missing_handlers, zip_project
from localcloud.template.read import read
from localcloud.template.types import type_of

__all__ = ["Deployed", "Targets", "deploy"]


@dataclass(frozen=True)
class Deployed:
    """What a deployment made. `left_out` names the resources that this cloud checks but cannot make."""

    outputs: Mapping[str, Any]
    resources: Mapping[str, Attributes]
    left_out: tuple[str, ...] = ()


async def deploy(
    template_path: Path,
    parameters: Mapping[str, Any],
    targets: Targets,
    base_dir: Path | None = None,
    *,
    stack: str = "tidegate",
) -> Deployed:
    """Create or update everything that a template names, and give its outputs; raises TemplateError.

    The project in `base_dir` (the template's folder unless given) is packed and put where the functions' Code says.
    """
    base_dir = base_dir or template_path.parent
    template = read(template_path, base_dir)
    values = values_of(template, parameters)
    if missing := missing_handlers(base_dir, template.handlers()):
        raise TemplateError("", f"no file defines the handler {', '.join(missing)}")
    return _Deployment(template, values, targets, base_dir, stack).run()


def values_of(template: Template, given: Mapping[str, Any]) -> dict[str, Any]:
    """Give every parameter's value: what is given, or its default. Raises TemplateError."""
    if unknown := sorted(set(given) - set(template.parameters)):
        raise TemplateError(f"Parameters.{unknown[0]}", "is not in the template")
    values = {}
    for name, parameter in template.parameters.items():
        if name not in given and not parameter.has_default:
            raise TemplateError(f"Parameters.{name}", "is required")
        values[name] = parameter.value(given.get(name, parameter.default))
    return values


@dataclass
class _Deployment:
    """One run of a deployment."""

    template: Template
    values: Mapping[str, Any]
    targets: Targets
    base_dir: Path
    stack: str
    made: dict[str, Attributes] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)
    packed: set[tuple[str, str]] = field(default_factory=set)

    def run(self) -> Deployed:
        conditions = Conditions(self.template.conditions, self.values.__getitem__)
        scope = Scope(self._ref, self._attribute, conditions.holds)
        for resource in self.template.in_order(conditions.holds):
            properties = resolve(resource.properties, scope, f"{resource.name}.Properties")
            check_resource(resource, properties)
            if resource.type in FUNCTIONS:
                self._pack(properties.get("Code") or {})
            self._create(resource.name, resource.type, properties)
        outputs = {
            name: resolve(value, scope, f"Outputs.{name}.Value") for name, value in self.template.outputs.items()
        }
        return Deployed(outputs, self.made, tuple(self.left_out))

    def _create(self, name: str, kind: str, properties: Mapping[str, Any]) -> None:
        spec = type_of(kind, f"{name}.Type")
        if spec.get("elsewhere"):
            self.left_out.append(name)
            self.made[name] = {spec["ref"]: properties.get(spec["ref"], name)}
            return
        try:
            self.made[name] = {spec["ref"]: properties[spec["ref"]], **CREATE[kind](self.targets, properties)}
        except (Refusal, ApiError, OssError) as error:
            raise TemplateError(name, str(error)) from error

    def _pack(self, code: Mapping[str, Any]) -> None:
        place = (code.get("OssBucketName", ""), code.get("OssObjectName", ""))
        if not all(place) or place in self.packed:
            return
        self.targets.put_code(*place, zip_project(self.base_dir))
        self.packed.add(place)

    def _ref(self, name: str) -> Any:
        pseudo = {
            "ALIYUN::AccountId": self.targets.identity.account_id,
            "ALIYUN::Region": self.targets.fc.host.region,
            "ALIYUN::StackName": self.stack,
            "ALIYUN::TenantId": self.targets.identity.account_id,
        }
        if name in pseudo:
            return pseudo[name]
        if name in self.template.resources:
            return self.made[name][type_of(self.template.resources[name].type, name)["ref"]]
        return self.values[name]

    def _attribute(self, owner: str, name: str) -> Any:
        if name not in self.made.get(owner, {}):
            raise KeyError(f"{owner} has no {name} here")
        return self.made[owner][name]
