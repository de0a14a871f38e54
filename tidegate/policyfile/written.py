"""What may be written in a file: the models' own keys and values, in the form that people see."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from enum import Enum
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from tidegate.domain.durations import write_duration
from tidegate.domain.limits import DriftRule
from tidegate.domain.policy import InstancePolicy, RungSpec
from tidegate.domain.when import Freeze
from tidegate.policyfile.tree import Tree

LIKE = "like"
Model = type[BaseModel]
COMPILED: Mapping[Model, tuple[str, ...]] = {
    RungSpec: ("spec",),
    Freeze: ("events",),
    DriftRule: ("action",),
    # An instance's name is the key it stands under.
    InstancePolicy: ("name",),
}
"""Keys that only compiled documents have."""


def fields_of(model: Model) -> dict[str, FieldInfo]:
    """The fields of a model by the keys that a file has for them."""
    hidden = COMPILED.get(model, ())
    return {field.alias or name: field for name, field in model.model_fields.items() if name not in hidden}


def known_keys(where: Sequence[str | int], model: Model = InstancePolicy) -> list[str]:
    """The keys of the map at this place of a policy."""
    here = model
    for key in where:
        if field := fields_of(here).get(str(key)):
            here = inner_model(field.annotation) or here
    return [*([LIKE] if here is InstancePolicy else []), *fields_of(here)]


def inner_model(annotation: Any) -> Model | None:
    """The model that an annotation speaks of, alone or as the items of a list; None where it is none."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for inner in get_args(annotation) if (found := inner_model(inner))), None)


def models_of(*roots: Model) -> list[Model]:
    """The models and all models inside of them, as far as a file has them, each once."""
    found: dict[Model, None] = {}
    waiting = list(roots)
    while waiting:
        here = waiting.pop(0)
        if here not in found:
            found[here] = None
            waiting += [inner for field in fields_of(here).values() if (inner := inner_model(field.annotation))]
    return list(found)


def without_unwritten(tree: Tree, model: Model = InstancePolicy) -> tuple[Tree, list[tuple[Tree, str, Model]]]:
    """The tree without keys that only code and compiled documents have; and those keys, each with its model."""
    gone: list[tuple[Tree, str, Model]] = []
    return _cleaned(tree, model, gone), gone


def _cleaned(tree: Tree, model: Model, gone: list[tuple[Tree, str, Model]]) -> Tree:
    if isinstance(tree.value, list):
        return replace(tree, value=[_cleaned(item, model, gone) for item in tree.items])
    if not isinstance(tree.value, dict):
        return tree
    fields, unwritten = fields_of(model), set(_unwritten(model))
    kept: dict[str, Tree] = {}
    for key, child in tree.keys.items():
        if key in unwritten:
            gone.append((child, key, model))
        else:
            inner = inner_model(fields[key].annotation) if key in fields else None
            kept[key] = _cleaned(child, inner, gone) if inner else child
    return replace(tree, value=kept)


def _unwritten(model: Model) -> Iterator[str]:
    """Names of fields in the code that a file has another key for, or none."""
    yield from COMPILED.get(model, ())
    yield from (name for name, field in model.model_fields.items() if field.alias and field.alias != name)


def as_written(value: Any) -> Any:
    """A value as a file would say it."""
    if isinstance(value, timedelta):
        return write_duration(value)
    if isinstance(value, time):
        return f"{value:%H:%M:%S}" if value.second else f"{value:%H:%M}"
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, dict):
        return {key: as_written(each) for key, each in value.items()}
    return [as_written(each) for each in value] if isinstance(value, (list, tuple)) else value
