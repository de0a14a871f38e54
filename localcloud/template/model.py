"""What a template is made of, once read."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from localcloud.template.faults import TemplateError
from localcloud.template.intrinsics import names_in

PARAMETER_KEYS = {
    "Type",
    "Default",
    "AllowedValues",
    "AllowedPattern",
    "MinLength",
    "MaxLength",
    "MinValue",
    "MaxValue",
    "NoEcho",
    "Description",
    "ConstraintDescription",
    "Label",
    "AssociationProperty",
    "AssociationPropertyMetadata",
    "Confirm",
}
FUNCTIONS = ("ALIYUN::FC3::Function", "ALIYUN::FC::Function")
PSEUDO = ("ALIYUN::AccountId", "ALIYUN::Region", "ALIYUN::StackName", "ALIYUN::TenantId")
"""`AccountId` is whoever deploys, so a RAM user where one does; `TenantId` is whom everything belongs to."""


@dataclass(frozen=True)
class Parameter:
    """One parameter. `secret` values (NoEcho) never stand in a message."""

    name: str
    type: str
    default: Any = None
    has_default: bool = False
    secret: bool = False
    allowed: Sequence[Any] | None = None
    pattern: str = ""
    limits: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def read(cls, name: str, body: Any) -> Parameter:
        """Read a parameter's declaration."""
        path = f"Parameters.{name}"
        if not isinstance(body, Mapping):
            raise TemplateError(path, "is not a map")
        if unknown := sorted(set(body) - PARAMETER_KEYS):
            raise TemplateError(f"{path}.{unknown[0]}", "is not understood here")
        if body.get("Type") not in _READERS:
            raise TemplateError(f"{path}.Type", f"{body.get('Type')!r} is not one of {', '.join(_READERS)}")
        limits = {key: body[key] for key in ("MinLength", "MaxLength", "MinValue", "MaxValue") if key in body}
        found = cls(
            name,
            body["Type"],
            body.get("Default"),
            "Default" in body,
            bool(body.get("NoEcho")),
            body.get("AllowedValues"),
            body.get("AllowedPattern") or "",
            limits,
        )
        if found.has_default:
            found.value(found.default)
        return found

    def value(self, given: Any) -> Any:
        """Give the value that a text or a plain value stands for, or refuse it."""
        path = f"Parameters.{self.name}"
        try:
            value = _READERS[self.type](given)
        except (TypeError, ValueError):
            raise TemplateError(path, f"is not a {self.type}") from None
        shown = "the value" if self.secret else repr(value)
        if self.allowed is not None and value not in self.allowed:
            raise TemplateError(path, f"{shown} is not one of {', '.join(map(str, self.allowed))}")
        if self.pattern and not re.fullmatch(self.pattern, str(value)):
            raise TemplateError(path, f"{shown} does not have the form {self.pattern}")
        length = len(value) if isinstance(value, (str, list)) else 0
        for key, size in (("Length", length), ("Value", value if self.type == "Number" else None)):
            if size is not None and not self._is_within(key, size):
                raise TemplateError(path, f"{shown} is outside its limits")
        return value

    def _is_within(self, key: str, size: float) -> bool:
        return self.limits.get(f"Min{key}", size) <= size <= self.limits.get(f"Max{key}", size)


@dataclass(frozen=True)
class Resource:
    """One resource, its functions not yet resolved."""

    name: str
    type: str
    properties: Mapping[str, Any]
    depends_on: Sequence[str]
    condition: str = ""
    """It is made only where this condition holds."""
    deletion_policy: str = "Delete"

    @cached_property
    def needs(self) -> frozenset[str]:
        """Every name it refers to: resources, parameters, pseudo parameters."""
        return frozenset((*self.depends_on, *names_in(self.properties)))


@dataclass(frozen=True)
class Template:
    """A whole template."""

    parameters: Mapping[str, Parameter]
    resources: Mapping[str, Resource]
    outputs: Mapping[str, Any]
    conditions: Mapping[str, Any] = field(default_factory=dict)

    def handlers(self) -> list[str]:
        """Give the handlers of the functions that run the project's code, in order; each must exist as a file."""
        functions = [resource for resource in self.resources.values() if resource.type in FUNCTIONS]
        packed = [function for function in functions if "OssObjectName" in function.properties["Code"]]
        return [str(function.properties["Handler"]) for function in packed]

    def made(self, holds: Callable[[str], bool]) -> dict[str, Resource]:
        """Give the resources that are made where these conditions hold."""
        return {name: one for name, one in self.resources.items() if not one.condition or holds(one.condition)}

    def in_order(self, holds: Callable[[str], bool] = lambda _: True) -> list[Resource]:
        """Give the resources so that each comes after those it needs; refuse a circle."""
        done: dict[str, Resource] = {}
        waiting = self.made(holds)
        while waiting:
            ready = [one for one in waiting.values() if not one.needs & waiting.keys()]
            if not ready:
                raise TemplateError("Resources", f"{', '.join(sorted(waiting))} need each other in a circle")
            for one in ready:
                done[one.name] = waiting.pop(one.name)
        return list(done.values())


def _text(given: Any) -> str:
    if isinstance(given, bool) or not isinstance(given, (str, int, float)):
        raise TypeError
    return str(given)


def _number(given: Any) -> int | float:
    number = float(given)
    return int(number) if number.is_integer() else number


def _boolean(given: Any) -> bool:
    if isinstance(given, bool):
        return given
    return {"true": True, "false": False, "True": True, "False": False}[str(given)]


def _boolean_or_refuse(given: Any) -> bool:
    try:
        return _boolean(given)
    except KeyError:
        raise ValueError from None


def _names(given: Any) -> list[str]:
    return [str(item) for item in given] if isinstance(given, list) else [part.strip() for part in given.split(",")]


_READERS: dict[str, Any] = {
    "String": _text,
    "Number": _number,
    "Boolean": _boolean_or_refuse,
    "CommaDelimitedList": _names,
    "Json": lambda given: json.loads(given) if isinstance(given, str) else given,
}
