"""Every value of an instance's policy, with the place it comes from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from tidegate.domain.limits import DriftRule
from tidegate.domain.policy import InstancePolicy, RungSpec
from tidegate.domain.when import Freeze
from tidegate.policyfile.problems import Spot
from tidegate.policyfile.tree import Tree
from tidegate.policyfile.written import as_written, fields_of

DEFAULT = "default"


@dataclass(frozen=True)
class Resolved:
    """One value: its key such as `cooldown.up`, where it is written, and as whose: an instance's, a profile's, ...

    A value that is nowhere written has no file and line: 0.
    """

    key: str
    value: Any
    file: str = ""
    line: int = 0
    origin: str = DEFAULT


class Origins:
    """As whose something is written: the instance's, a profile's or the file's."""

    def __init__(self, profiles: Mapping[str, Tree]) -> None:
        self._profiles = sorted(((tree.spot.path, name) for name, tree in profiles.items()), reverse=True)

    def of(self, spot: Spot) -> str:
        """In words. A profile's name may begin with that of another one: the longer one comes first."""
        for path, name in self._profiles:
            if spot.path == path or spot.path.startswith((f"{path}.", f"{path}[")):
                return f"profile {name}"
        return "instance" if spot.path.startswith("instances.") else "file"


def resolved(policy: InstancePolicy, source: Tree, profiles: Mapping[str, Tree]) -> list[Resolved]:
    """Every value of an instance, profiles and defaults merged in, in the order of the models."""
    return list(_Walk(Origins(profiles)).model(policy, source, ""))


def in_force(policy: InstancePolicy) -> list[Resolved]:
    """Every value of a published instance: where they were written was not published."""
    nowhere = Tree({}, Spot("", 0))
    return [Resolved(each.key, each.value, origin="") for each in _Walk(Origins({})).model(policy, nowhere, "")]


class _Walk:
    """Goes through a policy and what was written of it side by side."""

    def __init__(self, origins: Origins) -> None:
        self._origins = origins

    def model(self, model: BaseModel, tree: Tree | None, key: str) -> Iterator[Resolved]:
        if isinstance(model, DriftRule) and model.keep_for is None:
            yield self._leaf(key, model.action, tree)
            return
        if isinstance(model, RungSpec):
            yield from self._rung(model, tree, key)
            return
        for name, field in fields_of(type(model)).items():
            attribute = next(each for each, known in type(model).model_fields.items() if known is field)
            inner = f"{key}.{name}" if key else name
            yield from self._value(_effective(model, attribute), tree.keys.get(name) if tree else None, inner)
        if isinstance(model, Freeze):
            yield from self._events(model, tree, key)

    def _value(self, value: Any, tree: Tree | None, key: str) -> Iterator[Resolved]:
        if isinstance(value, BaseModel):
            yield from self.model(value, tree, key)
        elif isinstance(value, (list, tuple)) and value and isinstance(value[0], BaseModel):
            for index, item in enumerate(value):
                yield from self.model(item, tree.child(index) if tree else None, f"{key}[{index}]")
        else:
            yield self._leaf(key, value, tree)

    def _rung(self, rung: RungSpec, tree: Tree | None, key: str) -> Iterator[Resolved]:
        is_short = rung.spec == {"InstanceSpec": rung.rung} and rung.hourly_price is None
        if is_short and not (tree and tree.keys):
            yield self._leaf(key, rung.rung, tree)
            return
        for name, value in {"rung": rung.rung, **rung.spec, "hourly_price": rung.hourly_price}.items():
            yield self._leaf(f"{key}.{name}", value, tree.keys.get(name) if tree else None)

    def _events(self, freeze: Freeze, tree: Tree | None, key: str) -> Iterator[Resolved]:
        file = str(Path(tree.spot.file).parent / freeze.ics) if tree and tree.spot.file else ""
        for index, event in enumerate(freeze.events):
            told = {name: as_written(value) for name, value in event if value not in (None, "", ())}
            yield Resolved(f"{key}.events[{index}]", told, file, origin="calendar")

    def _leaf(self, key: str, value: Any, tree: Tree | None) -> Resolved:
        if tree is None or not tree.spot.line:
            return Resolved(key, as_written(value))
        return Resolved(key, tree.plain(), tree.spot.file, tree.spot.line, self._origins.of(tree.spot))


def _effective(model: BaseModel, attribute: str) -> Any:
    """Without bounds of its own, an instance has the ladder's."""
    if isinstance(model, InstancePolicy) and attribute in ("min", "max"):
        return model.lowest if attribute == "min" else model.highest
    return getattr(model, attribute)
