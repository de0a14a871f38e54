"""Reads flow definitions, YAML or JSON, and refuses whatever would not run (facts flow 1, 13.1)."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import Any

import yaml

from localcloud.flow.checks import check_scope
from localcloud.flow.faults import FlowError, Place
from localcloud.flow.fields import Fields
from localcloud.flow.model import Flow, Scope, State
from localcloud.flow.states import read_state

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,127}")
TOP = frozenset({"Type", "SpecVersion", "Name", "Description", "StartAt", "States"})
SCOPE = frozenset({"StartAt", "States"})
DEEPEST = 100


@lru_cache(maxsize=256)
def parse(definition: str, *, express: bool = False) -> Flow:
    """Read a definition; raise FlowError, which names the state and the field at fault."""
    fields = Fields.of(load(definition), Place())
    fields.only(TOP)
    for name, word in (("Type", "StateMachine"), ("SpecVersion", "v1")):
        if fields.text(name) != word:
            raise FlowError("", name, f"{word} expected, not {fields.node[name]!r}")
    if not NAME.fullmatch(fields.text("Name")):
        raise FlowError("", "Name", "1 to 128 letters, digits, `_` and `-`, first a letter or `_`")
    fields.text("Description", "")
    return Flow(fields.text("Name"), scope_of(fields, express=express), definition, express)


def read_scope(node: Any, place: Place, *, express: bool) -> Scope:
    """Read a scope inside a state."""
    fields = Fields.of(node, place)
    fields.only(SCOPE)
    return scope_of(fields, express=express)


def scope_of(fields: Fields, *, express: bool) -> Scope:
    """Read StartAt and States, and check them together."""
    start = fields.text("StartAt")
    states: dict[str, State] = {}
    for node, place in fields.items("States"):
        state = read_state(node, place, read_scope, express=express)
        if state.name in states:
            raise FlowError(state.name, "Name", "two states of one scope have this name")
        states[state.name] = state
    scope = Scope(start, states)
    check_scope(scope, fields.place)
    return scope


class StrictLoader(yaml.CSafeLoader):
    """Reads YAML into what JSON could say, and refuses a key that is there twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002 - PyYAML's signature
        """Read one map."""
        found: dict[Any, Any] = {}
        for key_node, value_node in node.value:
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, str):
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key!r} must be text", key_node.start_mark
                )
            if key in found:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key!r} is there twice", key_node.start_mark
                )
            found[key] = self.construct_object(value_node, deep=deep)
        return found


def as_text(loader: yaml.CSafeLoader, node: yaml.ScalarNode) -> str:
    """Take a date as the text it is: JSON has no dates."""
    return str(loader.construct_scalar(node))


StrictLoader.add_constructor("tag:yaml.org,2002:timestamp", as_text)


def load(definition: str) -> Any:
    """Read YAML or JSON text; anchors are refused, since nobody says that the service follows them."""
    try:
        check_nesting(definition)
        value = yaml.load(definition, Loader=StrictLoader)  # noqa: S506 - a safe loader of our own
        json.dumps(value, allow_nan=False)
    except yaml.YAMLError as error:
        raise FlowError("", "", f"neither YAML nor JSON: {error}") from error
    except FlowError:
        raise
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        raise FlowError("", "", f"holds what JSON cannot say: {error}") from error
    return value


def check_nesting(definition: str) -> None:
    """Refuse aliases, and text nested deeper than anybody writes, before anything is built of it."""
    depth = 0
    for event in yaml.parse(definition, Loader=yaml.CSafeLoader):
        if isinstance(event, yaml.AliasEvent):
            raise FlowError("", "", "YAML aliases are not documented for definitions")
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            raise FlowError("", "", f"nested deeper than {DEEPEST} levels")
