"""What a template would change of a stack: nothing, an addition, a change, a replacement, a removal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from localcloud.ros.kinds import kind_of
from localcloud.ros.stack import Made, Stack
from localcloud.rpc.operation import ApiError
from localcloud.template.check import check_resource
from localcloud.template.conditions import Conditions
from localcloud.template.deploy import values_of
from localcloud.template.faults import TemplateError
from localcloud.template.intrinsics import Scope, Unknown, resolve
from localcloud.template.model import Resource, Template
from localcloud.template.read import parse
from localcloud.template.types import type_of

LARGEST = 524_288
NOWHERE = Path("/nonexistent")
"""A template that comes by a call has no files beside it."""
HIDDEN = "******"


@dataclass(frozen=True)
class Place:
    """Where a stack is: what the pseudo parameters stand for."""

    account_id: str
    region: str
    stack: str
    stack_id: str = ""

    def pseudo(self) -> dict[str, str]:
        """Give the pseudo parameters."""
        return {
            "ALIYUN::AccountId": self.account_id,
            "ALIYUN::TenantId": self.account_id,
            "ALIYUN::Region": self.region,
            "ALIYUN::StackName": self.stack,
            "ALIYUN::StackId": self.stack_id,
        }


@dataclass(frozen=True)
class Wanted:
    """A template with its parameters."""

    template: Template
    values: Mapping[str, Any]
    place: Place

    @cached_property
    def resources(self) -> dict[str, Resource]:
        """Give what is to be there, each after those it needs; what only another condition asks for is not."""
        return {resource.name: resource for resource in self.template.in_order(self._conditions.holds)}

    @property
    def _conditions(self) -> Conditions:
        return Conditions(self.template.conditions, self.values.__getitem__)

    def properties(self, resource: Resource, made: Mapping[str, Made]) -> dict[str, Any]:
        """Give a resource's properties; what only a resource that is not made yet can tell is `Unknown`."""
        found = resolve(resource.properties, self._scope(made), f"{resource.name}.Properties")
        check_resource(resource, found)
        return dict(found)

    def outputs(self, made: Mapping[str, Made]) -> dict[str, Any]:
        """Give what the template puts out."""
        scope = self._scope(made)
        return {name: resolve(value, scope, f"Outputs.{name}.Value") for name, value in self.template.outputs.items()}

    def shown(self) -> list[dict[str, str]]:
        """Give the parameters as people may see them: secrets are hidden."""
        own = [
            (name, HIDDEN if self.template.parameters[name].secret else text(value))
            for name, value in self.values.items()
        ]
        rows = [*self.place.pseudo().items(), *own]
        return [{"ParameterKey": key, "ParameterValue": value} for key, value in rows]

    def _scope(self, made: Mapping[str, Made]) -> Scope:
        def ref(name: str) -> Any:
            if name in self.template.resources:
                own = type_of(self.template.resources[name].type, name)["ref"]
                return made[name].attributes[own] if name in made else Unknown(name)
            pseudo = self.place.pseudo()
            return pseudo[name] if name in pseudo else self.values[name]

        def attribute(owner: str, name: str) -> Any:
            if owner not in made:
                return Unknown(f"{owner}.{name}")
            if name not in made[owner].attributes:
                raise KeyError(f"{owner} has no {name} here")
            return made[owner].attributes[name]

        return Scope(ref, attribute, self._conditions.holds)


@dataclass(frozen=True)
class Change:
    """What happens to one resource: `Add`, `Modify`, `Remove` or `None`; a replacement is a `Modify`."""

    name: str
    type: str
    action: str
    replaces: bool = False


def wanted(body: str, given: Mapping[str, str], place: Place) -> Wanted:
    """Read a template and its parameters; raises StackValidationFailed."""
    if not 1 <= len(body.encode()) <= LARGEST:
        raise invalid(f"the template body must have 1 to {LARGEST} bytes")
    try:
        template = _parsed(body)
        return Wanted(template, values_of(template, given), place)
    except TemplateError as error:
        raise invalid(str(error)) from error


@lru_cache(maxsize=8)
def _parsed(body: str) -> Template:
    """Read a template; the same one is read again and again while it is worked on."""
    return parse(body, NOWHERE)


def declared(body: str) -> set[str]:
    """Give the names of a template's parameters; none where it cannot be read."""
    try:
        return set(_parsed(body).parameters)
    except TemplateError:
        return set()


def changes(want: Wanted, stack: Stack | None) -> Iterator[Change]:
    """Give what would happen to every resource, in the order in which it would; removals come last."""
    made = dict(stack.resources) if stack else {}
    for resource in want.resources.values():
        try:
            properties = want.properties(resource, made)
        except TemplateError as error:
            raise invalid(str(error)) from error
        change = change_of(resource, properties, made.get(resource.name))
        if change.replaces:
            # What others take from it is not known before it is made.
            del made[resource.name]
        yield change
    for name in reversed(made):
        if name not in want.resources:
            yield Change(name, made[name].type, "Remove")


def change_of(resource: Resource, properties: Mapping[str, Any], made: Made | None) -> Change:
    """Compare a resource with what is made of it."""
    if made is None:
        return Change(resource.name, resource.type, "Add")
    if made.type != resource.type:
        return Change(resource.name, resource.type, "Modify", replaces=True)
    if made.properties == properties:
        return Change(resource.name, resource.type, "None")
    fixed = kind_of(resource.type).fixed
    replaces = any(made.properties.get(name) != properties.get(name) for name in fixed)
    return Change(resource.name, resource.type, "Modify", replaces)


def invalid(why: str) -> ApiError:
    """Give the error for a template or a parameter that will not do."""
    return ApiError("StackValidationFailed", f"Failed to validate stack: {why}")


def text(value: Any) -> str:
    """Write a parameter's value as the API shows it."""
    if isinstance(value, bool):
        return str(value).lower()
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)
