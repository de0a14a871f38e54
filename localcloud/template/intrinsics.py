"""The functions a template may use: Ref, Fn::GetAtt, Fn::Sub, Fn::Join, Fn::If, and their short forms. No others."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from localcloud.template.faults import TemplateError

SUPPORTED = ("Ref", "Fn::GetAtt", "Fn::Sub", "Fn::Join", "Fn::If")
_HOLE = re.compile(r"\$\{(!?)([^}]*)\}")


class Unknown(str):
    """Stands for a value that only deployment brings; it passes every check of a value."""

    __slots__ = ()


@dataclass(frozen=True)
class Scope:
    """Where names get their values: parameters and pseudo parameters by `ref`, resources by both.

    Each raises KeyError for a name it does not know; `ref` and `attribute` may give `Unknown`.
    """

    ref: Callable[[str], Any]
    attribute: Callable[[str, str], Any]
    condition: Callable[[str], bool]


def function_of(value: Any, path: str) -> str:
    """Give the name of the function that a value calls, or nothing; refuse one that is not understood."""
    if not isinstance(value, Mapping):
        return ""
    for name in value:
        if name == "Ref" or str(name).startswith("Fn::"):
            if name not in SUPPORTED:
                raise TemplateError(path, f"{name} is not understood here; {', '.join(SUPPORTED)} are")
            if len(value) != 1:
                raise TemplateError(path, f"{name} must stand alone")
            return str(name)
    return ""


def resolve(value: Any, scope: Scope, path: str) -> Any:
    """Give a value with every function replaced by its result."""
    if name := function_of(value, path):
        return _FUNCTIONS[name](value[name], scope, f"{path}.{name}")
    if isinstance(value, Mapping):
        return {key: resolve(item, scope, f"{path}.{key}") for key, item in value.items()}
    if isinstance(value, list):
        return [resolve(item, scope, f"{path}[{number}]") for number, item in enumerate(value)]
    return value


def names_in(value: Any) -> Iterator[str]:
    """Give every name that a value refers to."""
    if isinstance(value, list):
        for item in value:
            yield from names_in(item)
    elif isinstance(value, Mapping):
        for key, item in value.items():
            if key == "Ref" and isinstance(item, str):
                yield item
            elif key == "Fn::GetAtt":
                yield _owner(item)
            elif key == "Fn::Sub":
                yield from _names_in_text(item)
            else:
                yield from names_in(item)


def conditions_in(value: Any) -> Iterator[str]:
    """Give every condition that a value asks about."""
    if isinstance(value, list):
        for item in value:
            yield from conditions_in(item)
    elif isinstance(value, Mapping):
        for key, item in value.items():
            if key == "Fn::If" and isinstance(item, list) and item:
                yield str(item[0])
            yield from conditions_in(item)


def _owner(target: Any) -> str:
    if isinstance(target, str):
        return target.partition(".")[0]
    return str(target[0]) if isinstance(target, list) and target else ""


def _names_in_text(said: Any) -> Iterator[str]:
    text, own = (said[0], said[1]) if isinstance(said, list) and len(said) == 2 else (said, {})  # noqa: PLR2004 - a pair
    for literal, name in _HOLE.findall(text) if isinstance(text, str) else []:
        if not literal and name not in own:
            yield name.partition(".")[0]
    yield from names_in(own)


def _ref(name: Any, scope: Scope, path: str) -> Any:
    if not isinstance(name, str):
        raise TemplateError(path, "needs a name")
    try:
        return scope.ref(name)
    except KeyError:
        raise TemplateError(path, f"there is no parameter or resource {name!r}") from None


def _get_att(target: Any, scope: Scope, path: str) -> Any:
    if isinstance(target, str):
        target = target.split(".", 1)
    if not isinstance(target, list) or len(target) != 2 or not all(isinstance(part, str) for part in target):  # noqa: PLR2004 - a pair
        raise TemplateError(path, "needs a resource and an attribute")
    try:
        return scope.attribute(*target)
    except KeyError as error:
        raise TemplateError(path, str(error.args[0])) from None


def _sub(said: Any, scope: Scope, path: str) -> Any:
    text, own = said, {}
    if isinstance(said, list):
        if len(said) != 2 or not isinstance(said[1], Mapping):  # noqa: PLR2004 - the text and its names
            raise TemplateError(path, "needs a text, or a text and a map")
        text, own = said[0], resolve(said[1], scope, path)
    if not isinstance(text, str):
        raise TemplateError(path, "needs a text")
    unknown = False

    def fill(found: re.Match[str]) -> str:
        nonlocal unknown
        literal, name = found.groups()
        if literal:
            return f"${{{name}}}"
        value = own[name] if name in own else _look_up(name, scope, path)
        unknown = unknown or isinstance(value, Unknown)
        return _as_text(value, path)

    filled = _HOLE.sub(fill, text)
    return Unknown(filled) if unknown else filled


def _look_up(name: str, scope: Scope, path: str) -> Any:
    owner, dot, attribute = name.partition(".")
    return _get_att([owner, attribute], scope, path) if dot else _ref(name, scope, path)


def _join(said: Any, scope: Scope, path: str) -> Any:
    if not isinstance(said, list) or len(said) != 2 or not isinstance(said[0], str):  # noqa: PLR2004 - a pair
        raise TemplateError(path, "needs a delimiter and a list")
    items = resolve(said[1], scope, path)
    if isinstance(items, Unknown):
        return items
    if not isinstance(items, list):
        raise TemplateError(path, "needs a delimiter and a list")
    joined = said[0].join(_as_text(item, path) for item in items)
    return Unknown(joined) if any(isinstance(item, Unknown) for item in items) else joined


def _if(said: Any, scope: Scope, path: str) -> Any:
    if not isinstance(said, list) or len(said) != 3 or not isinstance(said[0], str):  # noqa: PLR2004 - which, then, else
        raise TemplateError(path, "needs a condition, a value if it holds and one if it does not")
    try:
        holds = scope.condition(said[0])
    except KeyError:
        raise TemplateError(path, f"there is no condition {said[0]!r}") from None
    return resolve(said[1 if holds else 2], scope, path)


def _as_text(value: Any, path: str) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (str, int, float)):
        return str(value)
    raise TemplateError(path, f"a {type(value).__name__} cannot stand in a text")


_FUNCTIONS = cast(
    "dict[str, Callable[[Any, Scope, str], Any]]",
    {"Ref": _ref, "Fn::GetAtt": _get_att, "Fn::Sub": _sub, "Fn::Join": _join, "Fn::If": _if},
)
