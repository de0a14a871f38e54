"""All wheels that the functions need: those that pyproject.toml names, those that these name, and so on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tidegate.operate.package.faults import CannotPackage
from tidegate.operate.package.needed import PROJECT, applies, needed, pinned, pins
from tidegate.operate.package.runtimes import Runtime
from tidegate.operate.package.wheels import Wheel, find, why_none

Version = tuple[str, str]
"""A distribution's canonical name and its version."""
Fetch = Callable[[Sequence[Version]], None]
"""Puts wheels into the folder that they are then taken from."""


def gather(root: Path, runtime: Runtime, wheelhouse: Path, fetch: Fetch | None) -> list[Wheel]:
    """Give every wheel that is needed, by name. What is missing is fetched, or refused where it may not be.

    The markers of requirements are asked about the runtime: pip would ask them about the Python that it runs on.
    """
    return _Gathering(runtime, wheelhouse, pins(root, runtime), fetch).all_of(needed(root))


@dataclass
class _Gathering:
    """One search for wheels."""

    runtime: Runtime
    wheelhouse: Path
    versions: Mapping[str, str]
    fetch: Fetch | None
    found: dict[str, Wheel] = field(default_factory=dict)
    asked: set[tuple[str, str]] = field(default_factory=set)

    def all_of(self, requirements: Sequence[Requirement]) -> list[Wheel]:
        waiting = [(PROJECT, each) for each in requirements if applies(each, self.runtime)]
        while waiting:
            self._find({canonicalize_name(each.name): pinned(each, self.versions, by) for by, each in waiting})
            waiting = [more for _, each in waiting for more in self._needs_of(each)]
        return [self.found[name] for name in sorted(self.found)]

    def _find(self, wanted: Mapping[str, str]) -> None:
        wanted = {name: version for name, version in wanted.items() if name not in self.found}
        there = {name: find(self.wheelhouse, name, version, self.runtime) for name, version in wanted.items()}
        missing = [(name, version) for name, version in wanted.items() if there[name] is None]
        if missing and self.fetch:
            self.fetch(missing)
            there |= {name: find(self.wheelhouse, name, version, self.runtime) for name, version in missing}
        for name, version in wanted.items():
            wheel = there[name]
            if wheel is None:
                why = why_none(self.wheelhouse, name, version, self.runtime)
                raise CannotPackage(f"{why}; `tidegate package --fetch` fetches what is missing")
            self.found[name] = wheel

    def _needs_of(self, requirement: Requirement) -> list[tuple[str, Requirement]]:
        """Give what a requirement's wheel needs that nothing before it has asked for: once plainly, once an extra."""
        name = canonicalize_name(requirement.name)
        new = [extra for extra in ("", *sorted(requirement.extras)) if (name, extra) not in self.asked]
        self.asked.update((name, extra) for extra in new)
        needs = self.found[name].requirements() if new else []
        return [(name, each) for each in needs if applies(each, self.runtime, new)]
