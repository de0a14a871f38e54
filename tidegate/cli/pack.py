"""Packing what functions run."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tidegate.cli.errors import Mistake
from tidegate.cli.paper import Paper, plain

if TYPE_CHECKING:
    from tidegate.operate.package import Package

BOTH = "both"
SHOWN = 5


def run(python: str, out: Path, wheelhouse: Path | None, *, fetch: bool, as_json: bool) -> int:
    """Build the packages, or only fetch their wheels. What goes on meanwhile is told on standard error."""
    from tidegate.operate.package import build, fetch_wheels, project_root  # noqa: PLC0415 - after the command line
    from tidegate.operate.package.runtimes import RUNTIMES, runtime_of  # noqa: PLC0415

    root, paper = project_root(), Paper()
    pythons = list(RUNTIMES) if python == BOTH else [runtime_of(python).python]
    if fetch:
        wheels = {each: len(fetch_wheels(root, each, wheelhouse, _say(each))) for each in pythons}
        if as_json:
            paper.json(wheels)
        else:
            paper.line("; ".join(f"Python {each}: {count} wheels there" for each, count in wheels.items()))
        return 0
    _make(out)
    packages = [build(root, each, out, wheelhouse, _say(each)) for each in pythons]
    if as_json:
        paper.json([_row(package) for package in packages])
        return 0
    for package in packages:
        _print(paper, package)
    return 0


def _make(out: Path) -> None:
    """Make the folder before anything is packed for it. Raises Mistake."""
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Mistake(f"--out {out}: {error.strerror or error}; name a folder that can be made") from error


def _say(python: str) -> Callable[[str], None]:
    def say(text: str) -> None:
        sys.stderr.write(f"Python {python}: {plain(text)}\n")
        sys.stderr.flush()

    return say


def _print(paper: Paper, package: Package) -> None:
    from tidegate.operate.package.build import MOST_BYTES  # noqa: PLC0415 - only here

    largest = sorted(package.distributions, key=lambda each: -each.size)[:SHOWN]
    paper.line((f"{package.path}", "bold"), f" for {package.runtime}")
    paper.line(
        f"  {_mb(package.size)} of {_mb(MOST_BYTES)} that Function Compute takes; {_mb(package.unpacked)} unpacked"
    )
    paper.line(f"  {len(package.distributions)} distributions, the largest ", _listed(largest))
    paper.line(f"  sha256 {package.sha256}")
    for warning in package.warnings:
        paper.line((f"  warning: {warning}", "yellow"))


def _listed(distributions: list[Any]) -> str:
    return ", ".join(f"{each.name} {each.version} ({_mb(each.size)})" for each in distributions)


def _row(package: Package) -> dict[str, Any]:
    return {"runtime": package.runtime, **asdict(package), "path": str(package.path)}


def _mb(size: int) -> str:
    return f"{size / (1024 * 1024):.1f} MB"
