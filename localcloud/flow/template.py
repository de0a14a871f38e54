"""Constructors and Parameters: maps in which a key ending in `.$` holds an expression (fact flow 2.2)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from localcloud.flow.expressions import Expression, Node, Path, Variables, expression
from localcloud.flow.faults import Place
from localcloud.flow.tokens import ExpressionError

LOST_MARK = ("$Input", "$Output", "$Context", "$Global")


@dataclass(frozen=True)
class Template:
    """A map to be built anew each time; nothing in what is built is shared with what it was built from."""

    build: Callable[[Variables], dict[str, Any]]
    paths: tuple[Path, ...]
    literals: Mapping[str, Any]
    """The top-level keys without `.$`, as written."""
    keys: frozenset[str]
    """All top-level keys, `.$` removed."""


def template(node: Any, place: Place, *, output: bool = False) -> Template:
    """Parse a constructor. `output` says whether it may read `$Output`."""
    if not isinstance(node, dict):
        raise place.fault("a map expected")
    paths: list[Path] = []
    build = of_map(node, place, paths)
    if not output:
        refuse_output(paths, place)
    literals = {key: value for key, value in node.items() if not key.endswith(".$")}
    keys = frozenset(key.removesuffix(".$") for key in node)
    return Template(build, tuple(paths), literals, keys)


def dynamic(text: Any, place: Place) -> Expression:
    """Parse the value of one `.$` key; `$Output` is not there to be read."""
    parsed = read_expression(text, place)
    refuse_output(parsed.paths, place)
    return parsed


def refuse_output(paths: list[Path] | tuple[Path, ...], place: Place) -> None:
    """Raise where something reads the state's output before there is one."""
    for path in paths:
        if path[0] == "$Output" or path[:3] == ("$Context", "Current", "Output"):
            raise place.fault("$Output can be read only in OutputConstructor and GlobalConstructor")


def of_map(node: Mapping[Any, Any], place: Place, paths: list[Path]) -> Callable[[Variables], dict[str, Any]]:
    """Give a builder for a map."""
    parts: dict[str, Node] = {}
    for key, value in node.items():
        if not isinstance(key, str):
            raise place.fault(f"the key {key!r} must be text")
        name = key.removesuffix(".$")
        if name in parts or not name:
            raise place.at(key).fault("two keys collapse to one name" if name else "the key has no name")
        parts[name] = of_key(key, value, place.at(key), paths)
    items = tuple(parts.items())
    return lambda variables: {name: part(variables) for name, part in items}


def of_key(key: str, value: Any, place: Place, paths: list[Path]) -> Node:
    """Give a builder for one value: an expression where the key says so."""
    if not key.endswith(".$"):
        return of_value(value, place, paths)
    parsed = read_expression(value, place)
    paths.extend(parsed.paths)
    evaluate = parsed.evaluate
    return lambda variables: copied(evaluate(variables))


def of_value(value: Any, place: Place, paths: list[Path]) -> Node:
    """Give a builder for a literal, in whose depths there may be expressions again."""
    if isinstance(value, dict):
        return of_map(value, place, paths)
    if isinstance(value, list):
        parts = [of_value(item, place.at(number), paths) for number, item in enumerate(value)]
        return lambda variables: [part(variables) for part in parts]
    if isinstance(value, str) and value.startswith(LOST_MARK):
        raise place.fault(f"{value!r} is only text here: the key lacks its `.$`")
    return lambda _: value


def read_expression(text: Any, place: Place) -> Expression:
    """Parse one expression, and say where it stands if it cannot be."""
    if not isinstance(text, str):
        raise place.fault("an expression expected: the key ends in `.$`")
    try:
        return expression(text)
    except ExpressionError as error:
        raise place.fault(str(error)) from error


def copied(value: Any) -> Any:
    """Copy a JSON value whole."""
    if isinstance(value, dict):
        return {key: copied(item) for key, item in value.items()}
    if isinstance(value, list):
        return [copied(item) for item in value]
    return value
