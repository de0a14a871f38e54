"""Which distributions the functions need, and in which version: `pyproject.toml` under `constraints.txt`."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from tidegate.operate.package.faults import CannotPackage
from tidegate.operate.package.runtimes import Runtime

TOML: Any = import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")
PROJECT = "pyproject.toml"
PINS = "constraints.txt"


def needed(root: Path) -> list[Requirement]:
    """Give the project's own runtime dependencies."""
    said = TOML.loads(_text(root / PROJECT))
    return [Requirement(each) for each in said["project"]["dependencies"]]


def pins(root: Path, runtime: Runtime) -> Mapping[str, str]:
    """Give the version of every distribution that is pinned for a runtime, by its canonical name."""
    found: dict[str, str] = {}
    for number, line in enumerate(_text(root / PINS).splitlines(), start=1):
        said = line.partition("#")[0].strip()
        if not said:
            continue
        pin = _pin(said, f"{PINS}:{number}")
        if applies(pin, runtime):
            found[canonicalize_name(pin.name)] = str(pin.specifier).removeprefix("==")
    return found


def _pin(said: str, place: str) -> Requirement:
    try:
        pin = Requirement(said)
    except InvalidRequirement:
        pin = None
    if pin is None or [each.operator for each in pin.specifier] != ["=="] or "*" in str(pin.specifier):
        raise CannotPackage(f"{place}: {said[:100]!r} is no pin such as `name==1.2`")
    return pin


def applies(requirement: Requirement, runtime: Runtime, extras: Iterable[str] = ()) -> bool:
    """Whether a requirement counts on a runtime; `extras` are those that its distribution was asked for with."""
    marker = requirement.marker
    try:
        return marker is None or any(marker.evaluate(dict(runtime.environment(extra))) for extra in ("", *extras))
    except (ValueError, RecursionError) as error:
        raise CannotPackage(
            f"{requirement.name[:100]} is needed only where {str(marker)[:100]!r}, which says nothing"
        ) from error


def pinned(requirement: Requirement, versions: Mapping[str, str], by: str) -> str:
    """Give the version that a requirement is pinned to; refuse one that it has none for or that does not fit."""
    version, name = versions.get(canonicalize_name(requirement.name)), requirement.name[:100]
    if version is None:
        raise CannotPackage(f"{by} needs {name}, which {PINS} has no version for")
    if not requirement.specifier.contains(version, prereleases=True):
        asked = str(requirement.specifier)[:100]
        raise CannotPackage(f"{by} needs {name}{asked}, and {PINS} says {name}=={version}")
    return version


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise CannotPackage(f"{path} cannot be read: {error.strerror}") from error
