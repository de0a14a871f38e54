"""`python -m localcloud play DIR`: a scenario, a story with an ending, played in one process in simulated time."""

from __future__ import annotations

import argparse
import json
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

__all__ = ["main"]

WIDTH = 140
"""Of lines that go into a file or a pipe."""


def main(arguments: Sequence[str]) -> int:
    """Play one scenario. 0 only if it ends as it says, 1 with what differs, 2 for a folder that cannot be played."""
    given = read_options(arguments)

    from rich.console import Console  # noqa: PLC0415 - so that --help is quick

    from localcloud.project.scenario.folder import BadScenario, check_unused, read_folder  # noqa: PLC0415
    from localcloud.project.scenario.play import Options, play  # noqa: PLC0415
    from localcloud.project.scenario.report import as_json, print_title, print_verdict  # noqa: PLC0415

    try:
        folder = read_folder(given.folder)
        check_unused(given.ledger)
    except BadScenario as error:
        sys.stderr.write(f"{error}\n")
        return 2
    if given.log:
        logging.basicConfig(level=logging.INFO, stream=sys.stderr)
    console = Console(quiet=given.json, width=None if sys.stdout.isatty() else WIDTH)
    print_title(console, folder)
    played = play(folder, console, Options(every_minute=given.every_minute, ledger=given.ledger))
    if given.json:
        sys.stdout.write(json.dumps(as_json(played), indent=2, ensure_ascii=False) + "\n")
    else:
        print_verdict(console, played)
    return 1 if played.differences else 0


def read_options(arguments: Sequence[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        "tidegate local play", description="a story with an ending, on localcloud, in one process and simulated time"
    )
    parser.add_argument("folder", type=Path, metavar="DIR", help="a folder with scenario.yaml, world.yaml, policy.yaml")
    parser.add_argument("--json", action="store_true", help="print the ending as one JSON object, and nothing else")
    parser.add_argument("--every-minute", action="store_true", help="run the tick also when nothing is due")
    parser.add_argument("--ledger", type=Path, help="keep the ledger in this SQLite file; it must not be there yet")
    parser.add_argument("--log", action="store_true", help="write the log to standard error")
    return parser.parse_args(arguments)
