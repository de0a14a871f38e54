"""What Tidegate is made of: the installed packages that it leads to, their licences, and who loads them."""

from __future__ import annotations

import importlib.metadata
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

TOML: Any = import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")
ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "dependencies.md"
EXTRAS = ("cli", "local")
NAMES = {
    "Apache License 2.0": "Apache-2.0",
    "Apache 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "MIT License": "MIT",
    "BSD License": "BSD",
    "ISC License": "ISC",
    "Python Software Foundation License": "PSF-2.0",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
}
"""How packages spell licences, and how they are called here."""
Row = dict[str, str]


@dataclass(frozen=True)
class Package:
    """One installed package."""

    name: str
    version: str
    licence: str
    needed_by: frozenset[str]
    """`runtime`, `cli` or `local`."""


def project() -> dict[str, Any]:
    """What `pyproject.toml` says of the project. What is installed may be older than that."""
    found: dict[str, Any] = TOML.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    return found


def direct() -> dict[str, list[str]]:
    """The requirements that are the project's own, by who needs them."""
    said = project()["project"]
    return {"runtime": said["dependencies"], **{extra: said["optional-dependencies"][extra] for extra in EXTRAS}}


def packages() -> dict[str, Package]:
    """Every installed package that the project leads to, by its name."""
    needed: dict[str, set[str]] = {}
    for who, requirements in direct().items():
        for name in reached(requirements):
            needed.setdefault(name, set()).add(who)
    return {name: described(name, frozenset(by)) for name, by in sorted(needed.items())}


def reached(requirements: list[str]) -> set[str]:
    """The names that requirements lead to, under this Python."""
    found: set[tuple[str, str]] = set()
    waiting = [(one, "") for one in map(Requirement, requirements) if applies(one, "")]
    while waiting:
        requirement, _ = waiting.pop()
        name = canonicalize_name(requirement.name)
        for extra in ("", *requirement.extras):
            if (name, extra) in found:
                continue
            found.add((name, extra))
            texts = importlib.metadata.distribution(name).requires or []
            waiting += [(one, extra) for one in map(Requirement, texts) if applies(one, extra)]
    return {name for name, _ in found}


def applies(requirement: Requirement, extra: str) -> bool:
    """Whether a requirement counts here."""
    return requirement.marker is None or requirement.marker.evaluate({"extra": extra})


def described(name: str, needed_by: frozenset[str]) -> Package:
    """A package as its own metadata has it."""
    found = importlib.metadata.distribution(name)
    return Package(name, found.version, licence_of(found.metadata), needed_by)


def licence_of(metadata: Any) -> str:
    """The licence: an expression where there is one, else the licence field, else the classifiers."""
    if expression := metadata.get("License-Expression"):
        return str(expression)
    field = str(metadata.get("License") or "").strip()
    field = NAMES.get(field, field)
    if re.fullmatch(r"[A-Z][A-Za-z]*(-[0-9A-Za-z.]+)*", field):
        return field
    classified = [one.rpartition("::")[2].strip() for one in metadata.get_all("Classifier", []) if "License ::" in one]
    return " OR ".join(NAMES.get(one, one) for one in classified)


def words(licence: str) -> list[str]:
    """The licences that an expression names."""
    return [word for word in re.split(r"\s+(?:AND|OR|WITH)\s+|[()]", licence) if word]


def pins() -> dict[str, str]:
    """What `constraints.txt` pins under this Python."""
    found: dict[str, str] = {}
    for line in (ROOT / "constraints.txt").read_text("utf-8").splitlines():
        text = line.partition("#")[0].strip()
        if text and applies(one := Requirement(text), ""):
            found[canonicalize_name(one.name)] = str(one.specifier).removeprefix("==")
    return found


def table(heading: str) -> list[Row]:
    """A table of the page: the first one under a heading, a map for each row."""
    section = PAGE.read_text("utf-8").partition(f"## {heading}\n")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    assert lines, f"no table under {heading}"
    columns, _, *rows = map(cells, lines)
    return [dict(zip(columns, row, strict=True)) for row in rows]


def cells(line: str) -> list[str]:
    """The cells of a row, without what makes them code."""
    return [cell.strip().strip("`") for cell in line.strip().strip("|").split("|")]


def loaded(modules: list[str]) -> set[str]:
    """The packages of ours that these modules belong to."""
    tops = {module.partition(".")[0] for module in modules}
    return {name for name in packages() if tops & tops_of(name)}


def tops_of(name: str) -> set[str]:
    """What a package is imported as: its folders and modules at the top."""
    files = importlib.metadata.distribution(name).files or []
    heads = {file.parts[0].partition(".")[0] for file in files if file.suffix in (".py", ".so")}
    return heads - {"", "tests", "test", "docs", "examples"}


def vendored() -> Iterator[tuple[str, str]]:
    """The packages that the vendor's SDK carries inside itself, with their versions."""
    from aliyunsdkcore.vendored import requests, six  # noqa: PLC0415 - only for this
    from aliyunsdkcore.vendored.requests.packages import certifi, chardet, urllib3  # noqa: PLC0415

    for module in (certifi, chardet, requests, six, urllib3):
        version = module.__version__
        yield module.__name__.rpartition(".")[2], str(getattr(version, "__version__", version))
