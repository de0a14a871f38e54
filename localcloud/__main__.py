"""Starts parts of the cloud from the command line: `python -m localcloud serve --world FILE`."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from importlib import import_module

from localcloud.streams import told

COMMANDS: Mapping[str, str] = {
    "serve": "localcloud.serve",
    "up": "localcloud.project.up",
    "demo": "localcloud.project.demo",
    "play": "localcloud.project.scenario",
}
"""Each command is a module with `main(arguments) -> exit code`, imported when it is asked for."""


def main(arguments: Sequence[str]) -> int:
    """Run one command; give 2 where there is no such command."""
    if not arguments or arguments[0] not in COMMANDS:
        sys.stderr.write(f"usage: python -m localcloud {{{','.join(COMMANDS)}}} ...\n")
        return 2
    run = import_module(COMMANDS[arguments[0]]).main
    code: int = run(arguments[1:])
    return code


if __name__ == "__main__":
    sys.exit(told(lambda: main(sys.argv[1:])))
