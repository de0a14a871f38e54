"""`python -m benchmarks [--json] [--quick] [NAME...]`: run them all, or some, and print what they measured."""

from __future__ import annotations

import argparse
import json
import platform
import sys
from collections.abc import Sequence
from typing import Any

from benchmarks.suite import SUITE
from benchmarks.timing import QUICK, Effort, Figures


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit with 0; with 2 for a name that is none."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Rates are per second of one core.")
    parser.add_argument(
        "names", metavar="NAME", nargs="*", help=f"one of {', '.join(SUITE)}; all of them if none is named"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
    parser.add_argument("--quick", action="store_true", help="see that they run; the figures are rough")
    asked = parser.parse_args(arguments)
    if unknown := [name for name in asked.names if name not in SUITE]:
        parser.error(f"there is no benchmark {unknown[0]}; there are {', '.join(SUITE)}")
    effort = QUICK if asked.quick else Effort()
    known: dict[str, Figures] = {}
    for name in asked.names or SUITE:
        known[name] = SUITE[name](effort)
        if not asked.json:
            sys.stdout.write(f"{_shown(name, known[name])}\n")
            sys.stdout.flush()
    if asked.json:
        sys.stdout.write(json.dumps({"benchmarks": known, "python": platform.python_version()}) + "\n")
    return 0


def _shown(name: str, figures: Figures) -> str:
    """One benchmark for people: its rate, then everything else it says."""
    if figures["per_second"] is None:
        return f"{name:12} skipped: {figures['skipped']}"
    lines = [f"{name:12} {figures['per_second']:>12,} {figures['unit']} a second"]
    lines += [
        line for key, value in figures.items() if key not in ("per_second", "unit") for line in _detail(key, value)
    ]
    return "\n".join(lines)


def _detail(key: str, value: Any) -> list[str]:
    if isinstance(value, dict):
        return [f"{'':12} {count:>12,} {key}: {each}" for each, count in value.items()]
    return [f"{'':12} {value:>12,} {key}" if isinstance(value, (int, float)) else f"{'':12} {value:>12} {key}"]


if __name__ == "__main__":
    sys.exit(main())
