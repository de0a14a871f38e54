"""Types, properties, required, ranges: what the template says against what the vendor's packages describe."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from tests.template.reading import Template, calls, resolved
from tests.template.wheels import Spec, Type
from tests.template.wheels import types as known_types

KINDS: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "number": (int, float),
    "boolean": (bool,),
    "list": (list,),
    "map": (dict,),
}
PARAMETER_KINDS = {"String": "string", "Number": "number", "Boolean": "boolean", "CommaDelimitedList": "list"}


def type_problems(template: Template) -> Iterator[str]:
    """Unknown types and properties, missing ones, wrong kinds, values outside their ranges."""
    known = known_types()
    for name, one in template.resources.items():
        if one["Type"] not in known:
            yield f"{name}.Type: the vendor has no {one['Type']}"
        else:
            yield from _group(known[one["Type"]].properties, one.get("Properties") or {}, name, template)


def _group(specs: Mapping[str, Spec], said: Any, path: str, template: Template) -> Iterator[str]:
    for key in said:
        if key not in specs:
            yield f"{path}.{key}: there is no such property"
    for key, spec in specs.items():
        if key in said:
            yield from _value(spec, said[key], f"{path}.{key}", template)
        elif spec.required:
            yield f"{path}.{key}: is required"


def _value(spec: Spec, said: Any, path: str, template: Template) -> Iterator[str]:
    name = calls(said)
    if name == "Fn::If":
        for side in said[name][1:]:
            yield from _value(spec, side, path, template)
    elif name == "Ref" and said[name] in template.parameters:
        yield from _parameter(spec, template.parameters[said[name]], path, template)
    elif name in ("Ref", "Fn::GetAtt", "Fn::Sub", "Fn::Join"):
        if spec.kind not in ("string", "any"):
            yield f"{path}: a text where a {spec.kind} belongs"
        for text in resolved(said, template):
            if "{" not in str(text):
                yield from _plain(spec, text, path, template)
    else:
        yield from _plain(spec, said, path, template)


def _parameter(spec: Spec, parameter: Mapping[str, Any], path: str, template: Template) -> Iterator[str]:
    """Check what a parameter may be: its default, the values it is held to, its limits."""
    if spec.kind not in ("any", kind := PARAMETER_KINDS[parameter["Type"]]):
        yield f"{path}: a {kind} where a {spec.kind} belongs"
        return
    limits = [parameter[key] for key in ("MinValue", "MaxValue") if key in parameter]
    for value in [*parameter.get("AllowedValues", []), *limits, parameter.get("Default")]:
        if value not in (None, ""):
            yield from _plain(spec, value, path, template)
    if spec.highest is not None and spec.kind == "string" and parameter.get("MaxLength", spec.highest) > spec.highest:
        yield f"{path}: the parameter may be longer than {spec.highest:g}"


def _plain(spec: Spec, said: Any, path: str, template: Template) -> Iterator[str]:
    if spec.kind == "any":
        return
    if not isinstance(said, KINDS[spec.kind]) or (isinstance(said, bool) and spec.kind == "number"):
        yield f"{path}: must be a {spec.kind}"
        return
    size: Any = said if spec.kind == "number" else len(said) if isinstance(said, (str, list)) else None
    if size is not None and not (spec.lowest or size) <= size <= (size if spec.highest is None else spec.highest):
        yield f"{path}: {size} is outside {spec.lowest}..{spec.highest}"
    if spec.allowed and said not in spec.allowed:
        yield f"{path}: {said!r} is not one of {', '.join(spec.allowed)}"
    if spec.pattern and not re.search(spec.pattern, str(said)):
        yield f"{path}: {said!r} is not like {spec.pattern}"
    if spec.properties is not None:
        yield from _group(spec.properties, said, path, template)
    elif spec.items is not None and isinstance(said, (list, dict)):
        for key, item in said.items() if isinstance(said, dict) else enumerate(said):
            yield from _value(spec.items, item, f"{path}[{key}]", template)


def type_of(template: Template, name: str) -> Type | None:
    """Give what is known of a resource's type."""
    return known_types().get(template.resources[name]["Type"])
