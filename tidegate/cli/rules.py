"""Printing CloudMonitor's rules for a policy."""

from __future__ import annotations

import sys
from pathlib import Path

from tidegate.cli.paper import Paper, plain
from tidegate.cli.roots import read_file


def run(path: Path, *, as_json: bool) -> int:
    """Print the template; what it cannot have goes to standard error. Nobody is asked anything."""
    from tidegate.operate.rules import rules  # noqa: PLC0415 - after the checks of the command line

    found = rules(read_file(path).instances)
    paper = Paper()
    if as_json:
        paper.json({"template": found.template or None, "left_out": list(found.left_out)})
        return 0
    for line in found.left_out:
        sys.stderr.write(plain(f"left out: {line}") + "\n")
    if not found.template and not found.left_out:
        sys.stderr.write("no instance of the policy names an alert, so there is no rule to make\n")
    if found.template:
        import yaml  # noqa: PLC0415 - only here

        paper.line(yaml.safe_dump(found.template, sort_keys=False, allow_unicode=True, width=120).rstrip())
    return 0
