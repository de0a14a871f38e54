"""Conditions: what holds of a template's parameters. Fn::Equals, Fn::Not, Fn::And, Fn::Or and a condition's name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from localcloud.template.faults import TemplateError

FUNCTIONS = ("Fn::Equals", "Fn::Not", "Fn::And", "Fn::Or")


@dataclass(frozen=True)
class Conditions:
    """Says which conditions hold. `value` gives a parameter's value, and raises KeyError for a name that is none."""

    said: Mapping[str, Any]
    value: Callable[[str], Any]
    asked: list[str] = field(default_factory=list)
    """Those that are being found out, so that a circle is seen."""

    def holds(self, name: str) -> bool:
        """Say whether a condition holds. Raises KeyError for one that is not there."""
        body = self.said[name]
        path = f"Conditions.{name}"
        if name in self.asked:
            raise TemplateError(path, "needs itself")
        self.asked.append(name)
        found = self._evaluated(body, path)
        self.asked.remove(name)
        return found

    def _evaluated(self, body: Any, path: str) -> bool:
        if isinstance(body, str):
            return self._named(body, path)
        if not isinstance(body, Mapping) or len(body) != 1 or next(iter(body)) not in FUNCTIONS:
            raise TemplateError(path, f"must be one of {', '.join(FUNCTIONS)}, or a condition's name")
        ((function, said),) = body.items()
        path = f"{path}.{function}"
        if function == "Fn::Not":
            return not self._evaluated(said[0] if isinstance(said, list) and len(said) == 1 else said, path)
        least = 2
        if not isinstance(said, list) or len(said) < least or (function == "Fn::Equals" and len(said) != least):
            raise TemplateError(path, "needs two" if function == "Fn::Equals" else "needs two or more")
        if function == "Fn::Equals":
            return bool(self._plain(said[0], path) == self._plain(said[1], path))
        found = [self._evaluated(one, path) for one in said]
        return all(found) if function == "Fn::And" else any(found)

    def _named(self, name: str, path: str) -> bool:
        try:
            return self.holds(name)
        except KeyError:
            raise TemplateError(path, f"there is no condition {name!r}") from None

    def _plain(self, said: Any, path: str) -> Any:
        if isinstance(said, Mapping):
            if set(said) != {"Ref"} or not isinstance(said["Ref"], str):
                raise TemplateError(path, "compares parameters and plain values only")
            try:
                return self.value(said["Ref"])
            except KeyError:
                raise TemplateError(path, f"there is no parameter {said['Ref']!r}") from None
        if isinstance(said, list):
            raise TemplateError(path, "compares parameters and plain values only")
        return said
