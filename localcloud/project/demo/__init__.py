"""`python -m localcloud demo`: the main job, played on localcloud from beginning to end."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from localcloud.arguments import pace

__all__ = ["main"]


def main(arguments: Sequence[str]) -> int:
    """Play the demo. 0 only if every instance reports the wanted spec, by one order per operation."""
    parser = argparse.ArgumentParser("tidegate demo", description="one alert, one schedule, one person; on localcloud")
    parser.add_argument("--json", action="store_true", help="print the receipts as data, and nothing else")
    parser.add_argument("--speed", type=pace, default=600.0, help="simulated seconds per second, while nobody works")
    given = parser.parse_args(arguments)
    if not given.speed:
        parser.error("--speed: above 0, or nothing ever happens")

    from localcloud.project.demo.play import play  # noqa: PLC0415 - so that --help is quick

    return play(speed=given.speed, as_json=given.json)
