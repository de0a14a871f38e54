"""YAML as a tree in which every value knows its line and path.

Scalars are read as YAML 1.2 reads them: `on` and `NO` are text, and so is an unquoted 8:30. Keys are always text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import yaml

from tidegate.policyfile.problems import BadPolicy, Problem, Spot, Where

LOADER: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
MOST_NODES = 100_000
"""Values in one file, counting those that aliases repeat."""
DEEPEST = 50
"""Lists and maps inside of each other; the loaders fall over at some depth, the quicker one without a word."""
MERGE = "<<"
TAG = "tag:yaml.org,2002:"
KINDS = ("map", "seq", "str", "int", "float", "bool", "null", "timestamp", "merge", "value")
TAGS = {f"{TAG}{kind}" for kind in KINDS}
SCALARS: tuple[tuple[re.Pattern[str], Callable[[str], Any]], ...] = (
    # A longer one is no figure of a policy, and Python refuses to read very long ones.
    (re.compile(r"[-+]?[0-9]{1,18}"), int),
    (re.compile(r"(?=.{1,30}$)[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?"), float),
    (re.compile(r"true|True|TRUE|false|False|FALSE"), lambda text: text.lower() == "true"),
    (re.compile(r"~|null|Null|NULL|"), lambda _text: None),
)


@dataclass(frozen=True)
class Tree:
    """A value of the file: a scalar, a map or a list, and where it is written."""

    value: Any
    spot: Spot

    @property
    def keys(self) -> Mapping[str, Tree]:
        """What the map holds; nothing where it is no map."""
        return self.value if isinstance(self.value, dict) else {}

    @property
    def items(self) -> list[Tree]:
        """What the list holds; nothing where it is no list."""
        return self.value if isinstance(self.value, list) else []

    def text(self, key: str) -> str:
        """The text under a key, empty where there is none."""
        child = self.keys.get(key)
        return child.value if child and isinstance(child.value, str) else ""

    def plain(self) -> Any:
        """The value without its places."""
        if isinstance(self.value, dict):
            return {key: child.plain() for key, child in self.value.items()}
        if isinstance(self.value, list):
            return [child.plain() for child in self.value]
        return self.value

    def child(self, key: str | int) -> Tree | None:
        """The value under a key or at a place of the list."""
        if isinstance(key, int):
            return self.items[key] if key < len(self.items) else None
        return self.keys.get(key)

    def find(self, where: Where) -> tuple[Tree, Where]:
        """The innermost value on the way, and what of the way is not in the file."""
        here, left = self, []
        for key in where:
            child = here.child(key)
            if child is None:
                left.append(key)
            else:
                here = child
        return here, tuple(left)

    def without(self, *gone: str) -> Tree:
        """The map without some keys."""
        return replace(self, value={key: child for key, child in self.keys.items() if key not in gone})


def merged(over: Tree, under: Tree) -> Tree:
    """Two values as one: maps merge, key by key; anything else, lists too, replaces what is under it."""
    if not isinstance(over.value, dict) or not isinstance(under.value, dict):
        return over
    both = dict(under.value)
    for key, child in over.value.items():
        both[key] = merged(child, both[key]) if key in both else child
    return Tree(both, over.spot)


def read_tree(body: bytes, file: str) -> Tree:
    """Read a file. Raises BadPolicy for YAML that is broken or uses what a policy has no use for."""
    try:
        text = body.decode("utf-8-sig")
        _weigh(text, file)
        node = yaml.compose(text, LOADER)
    except UnicodeDecodeError as error:
        line = body[: error.start].count(b"\n") + 1
        raise BadPolicy([Problem(file, line, "", "expected text in UTF-8")]) from error
    except yaml.YAMLError as error:
        raise BadPolicy([_broken(error, body, file)]) from error
    if node is None:
        raise BadPolicy([Problem(file, 1, "", "expected a policy, and the file is empty")])
    reader = _Reader(file)
    tree = reader.read(node, Spot(file, node.start_mark.line + 1), ())
    if reader.problems:
        raise BadPolicy(reader.problems)
    return tree


def _weigh(text: str, file: str) -> None:
    """Look through the text once without keeping it. Raises BadPolicy where it is too much, or goes too deep."""
    nodes = depth = 0
    for event in yaml.parse(text, LOADER):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        nodes += isinstance(event, yaml.NodeEvent)
        if nodes > MOST_NODES or depth > DEEPEST:
            line = event.start_mark.line + 1 if event.start_mark else 1
            raise BadPolicy([Problem(file, line, "", _too_much(depth))])


def _too_much(depth: int = 0) -> str:
    if depth > DEEPEST:
        return f"expected lists and maps at most {DEEPEST} deep"
    return f"expected a policy of ordinary size: at most {MOST_NODES} values a file"


def _broken(error: yaml.YAMLError, body: bytes, file: str) -> Problem:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    why = getattr(error, "problem", None) or str(error).splitlines()[0]
    line = mark.line + 1 if mark else body[: getattr(error, "position", 0)].count(b"\n") + 1
    return Problem(file, line, "", f"expected YAML: {why}")


class _Reader:
    """Walks the nodes, once for each place they stand at, and gathers what is wrong."""

    def __init__(self, file: str) -> None:
        self._file, self._left = file, MOST_NODES
        self.problems: list[Problem] = []

    def read(self, node: yaml.Node, spot: Spot, inside: tuple[int, ...]) -> Tree:
        self._left -= 1
        if self._left < 0:
            raise BadPolicy([Problem.at(spot, _too_much())])
        if len(inside) > DEEPEST:
            raise BadPolicy([Problem.at(spot, _too_much(len(inside)))])
        if id(node) in inside:
            self._note(spot, "expected an end: this alias stands inside of what it refers to")
            return Tree(None, spot)
        if node.tag not in TAGS:
            self._note(spot, f"expected a value without the tag {node.tag.replace(TAG, '!!')}")
            return Tree(None, spot)
        if isinstance(node, yaml.MappingNode):
            return Tree(self._map(node, spot, (*inside, id(node))), spot)
        if isinstance(node, yaml.SequenceNode):
            return Tree(self._list(node, spot, (*inside, id(node))), spot)
        if not isinstance(node, yaml.ScalarNode):
            raise TypeError(f"no such node: {node!r}")
        return Tree(_scalar(node), spot)

    def _note(self, spot: Spot, expected: str) -> None:
        self.problems.append(Problem.at(spot, expected))

    def _map(self, node: yaml.MappingNode, spot: Spot, inside: tuple[int, ...]) -> dict[str, Tree]:
        own: dict[str, Tree] = {}
        under: list[Tree] = []
        for key, value in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode):
                self._note(Spot(self._file, line, spot.path), "expected a word as the key")
                continue
            if key.value == MERGE and not _is_quoted(key):
                under += self._merges(self.read(value, Spot(self._file, line, spot.path), inside))
                continue
            child = self.read(value, Spot(self._file, line, spot.at(key.value)), inside)
            if key.value in own:
                first = own[key.value].spot.line
                self._note(child.spot, f"expected each key once; line {first} has `{key.value}` already")
            else:
                own[key.value] = child
        for each in under:
            own = {**each.keys, **own}
        return own

    def _merges(self, child: Tree) -> list[Tree]:
        maps = child.items if isinstance(child.value, list) else [child]
        if not all(isinstance(each.value, dict) for each in maps):
            self._note(child.spot, "expected a map, or a list of maps, to merge")
        return maps

    def _list(self, node: yaml.SequenceNode, spot: Spot, inside: tuple[int, ...]) -> list[Tree]:
        return [
            self.read(item, Spot(self._file, item.start_mark.line + 1, spot.at(index)), inside)
            for index, item in enumerate(node.value)
        ]


def _scalar(node: yaml.ScalarNode) -> Any:
    if _is_quoted(node) or node.tag == f"{TAG}str":
        return node.value
    for form, read in SCALARS:
        if form.fullmatch(node.value):
            return read(node.value)
    return node.value


def _is_quoted(node: yaml.ScalarNode) -> bool:
    """Whether it is quoted or a block. Of a plain one the loaders say None, or nothing."""
    return bool(node.style)
