"""Checks a resource's properties against the checked-in list of types (fact fc 3.2): names, types, ranges."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from localcloud.template.faults import TemplateError
from localcloud.template.intrinsics import Unknown

_TYPES: dict[str, tuple[Callable[[Any], bool], str]] = {
    "string": (lambda value: isinstance(value, str), "text"),
    "integer": (lambda value: isinstance(value, int) and not isinstance(value, bool), "a whole number"),
    "number": (lambda value: isinstance(value, (int, float)) and not isinstance(value, bool), "a number"),
    "boolean": (lambda value: isinstance(value, bool), "true or false"),
    "map": (lambda value: isinstance(value, Mapping), "a map"),
    "list": (lambda value: isinstance(value, list), "a list"),
    "any": (lambda _: True, "anything"),
}


@cache
def types() -> Mapping[str, Any]:
    """Give every known resource type."""
    return dict(json.loads(Path(__file__).with_name("types.json").read_text(encoding="utf-8")))


def type_of(name: Any, path: str) -> Mapping[str, Any]:
    """Give one type; refuse an unknown one."""
    if name not in types():
        raise TemplateError(path, f"unknown resource type {name!r}")
    return dict(types()[name])


def check_properties(spec: Mapping[str, Any], value: Any, path: str) -> None:
    """Check a map of properties: unknown and missing names first."""
    known = spec["properties"]
    if unknown := [name for name in value if name not in known]:
        raise TemplateError(f"{path}.{unknown[0]}", f"unknown property; known are {', '.join(sorted(known))}")
    for name, wanted in known.items():
        if name in value:
            check_value(wanted, value[name], f"{path}.{name}")
        elif wanted.get("required"):
            raise TemplateError(f"{path}.{name}", "is required")


def check_value(spec: Mapping[str, Any], value: Any, path: str) -> None:
    """Check one value. What only deployment knows passes."""
    if isinstance(value, Unknown):
        return
    is_one, words = _TYPES[spec["type"]]
    if not is_one(value):
        raise TemplateError(path, f"must be {words}, not {_kind(value)}")
    _check_bounds(spec, value, path)
    if "properties" in spec:
        check_properties(spec, value, path)
    if "items" in spec:
        pairs = value.items() if isinstance(value, Mapping) else enumerate(value)
        for key, item in pairs:
            check_value(spec["items"], item, f"{path}.{key}" if isinstance(value, Mapping) else f"{path}[{key}]")


def _check_bounds(spec: Mapping[str, Any], value: Any, path: str) -> None:
    if "enum" in spec and value not in spec["enum"]:
        raise TemplateError(path, f"{value!r} is not one of {', '.join(map(str, spec['enum']))}")
    if "pattern" in spec and not re.fullmatch(spec["pattern"], value):
        raise TemplateError(path, f"{value!r} does not have the form {spec['pattern']}")
    size = len(value) if spec["type"] == "string" else value
    if size_is_outside(spec, size):
        raise TemplateError(path, f"{size} is outside {spec.get('min', '')}..{spec.get('max', '')}")


def size_is_outside(spec: Mapping[str, Any], size: Any) -> bool:
    """Say whether a number, or a text's length, is outside the range that a spec may have."""
    return ("min" in spec and size < spec["min"]) or ("max" in spec and size > spec["max"])


def _kind(value: Any) -> str:
    """Name what is there without its value, which may be a secret."""
    for name in ("boolean", "integer", "number", "string", "map", "list"):
        if _TYPES[name][0](value):
            return _TYPES[name][1]
    return "nothing" if value is None else type(value).__name__
