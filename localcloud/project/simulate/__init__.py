"""`python -m localcloud.simulate`: unlucky fleet-weeks in simulated time, and what they broke."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from localcloud.project.simulate.run import Result
    from localcloud.project.simulate.script import Script

__all__ = ["main"]

SHORTEN_S = 90.0
MOST_SHORTENED = 3


def main(arguments: Sequence[str]) -> int:
    """Play the seeds. 0 if nothing was broken and enough was met, 1 otherwise, naming the seeds; 2 for a bad option."""
    given = _options(arguments)

    if given.play is not None:
        return _replay(given.play)
    from localcloud.project.simulate.course import Course  # noqa: PLC0415 - --help is quick
    from localcloud.project.simulate.resume import NotResumableError, Progress, progress_in  # noqa: PLC0415
    from localcloud.project.simulate.run import as_json, cores, run  # noqa: PLC0415

    seeds = range(given.first, given.first + given.seeds)
    try:
        so_far = progress_in(given.resume, seeds) if given.resume else Progress(given.first, "")
    except NotResumableError as error:
        sys.stderr.write(f"--resume {error}\n")
        return 2
    course = Course(so_far, given.seeds, given.resume, None if given.quiet else sys.stderr)
    try:
        result = run(
            seeds[course.already :],
            given.jobs or cores(),
            course,
            until_broken=given.until_broken,
            before=so_far.result,
        )
    except KeyboardInterrupt:
        hint = "the same command goes on" if given.resume else "with --resume FILE it could go on"
        sys.stderr.write(f"stopped after {so_far.result.runs} of {given.seeds} weeks; {hint}\n")
        return 130
    seconds = course.keep(result)
    lacks = result.coverage.lacks(result.runs)
    if given.json:
        sys.stdout.write(json.dumps(as_json(result, seconds, lacks), indent=2) + "\n")
    else:
        _print(result, seconds, lacks)
    for seed, invariant in [] if given.no_story else _first_of_each(result):
        _tell_shortest(seed, invariant, given.keep)
    return 1 if result.broken or lacks else 0


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m localcloud.simulate", description=__doc__)
    parser.add_argument("--seeds", type=int, default=100, metavar="N", help="how many weeks (default 100)")
    parser.add_argument("--first", type=int, default=0, metavar="K", help="the first seed (default 0)")
    parser.add_argument("--jobs", type=int, default=0, help="how many at once (default: one for each core)")
    parser.add_argument("--json", action="store_true", help="print one JSON object on standard output")
    parser.add_argument("--quiet", action="store_true", help="no progress on standard error")
    parser.add_argument("--until-broken", action="store_true", help="stop at the first week that breaks something")
    parser.add_argument("--no-story", action="store_true", help="do not shorten and tell what broke something")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep the shortest failing stories in this folder")
    parser.add_argument(
        "--resume", type=Path, metavar="FILE", help="go on with the run in this file, and keep it there"
    )
    parser.add_argument("--play", type=Path, metavar="FILE", help="play one kept story, and tell it")
    given = parser.parse_args(arguments)
    if given.seeds < 1:
        parser.error("--seeds: at least 1")
    return given


def _print(result: Result, seconds: float, lacks: Sequence[str]) -> None:
    from rich.console import Console  # noqa: PLC0415 - only for people

    from localcloud.project.simulate.tables import print_tables  # noqa: PLC0415 - as above

    print_tables(Console(width=None if sys.stdout.isatty() else 150), result, seconds, lacks)


def _first_of_each(result: Result) -> list[tuple[int, str]]:
    first: dict[str, int] = {}
    for one in result.broken:
        first.setdefault(one.invariant, one.seed)
    return [(seed, invariant) for invariant, seed in list(first.items())[:MOST_SHORTENED]]


def _tell_shortest(seed: int, invariant: str, keep: Path | None) -> None:
    """Shorten a failing week, tell it, and keep it."""
    from localcloud.project.simulate.draw import script_of  # noqa: PLC0415
    from localcloud.project.simulate.run import violations_of  # noqa: PLC0415
    from localcloud.project.simulate.shorten import shortest  # noqa: PLC0415

    def breaks(script: Script) -> bool:
        return any(one.invariant == invariant for one in violations_of(script))

    short = shortest(script_of(seed), breaks, _has_time(SHORTEN_S))
    sys.stderr.write(f"\nseed {seed}: {invariant}\n")
    _tell(short)
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        path = keep / f"seed-{seed}.json"
        path.write_text(short.model_dump_json(indent=1, exclude_defaults=True) + "\n", "utf-8")
        sys.stderr.write(f"kept as {path}\n")


def _replay(path: Path) -> int:
    from pydantic import ValidationError  # noqa: PLC0415

    from localcloud.project.simulate.run import violations_of  # noqa: PLC0415
    from localcloud.project.simulate.script import Script  # noqa: PLC0415

    try:
        script = Script.model_validate_json(path.read_bytes())
    except OSError as error:
        sys.stderr.write(f"{path}: {error.strerror}\n")
        return 2
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        sys.stderr.write(f"{path}: is no kept story: {where}: {first['msg']}\n")
        return 2
    _tell(script)
    broken = violations_of(script)
    for one in broken:
        sys.stderr.write(f"BROKEN {one.invariant}: {one.why}\n")
    return 1 if broken else 0


def _tell(script: Script) -> None:
    from localcloud.project.simulate.story import story  # noqa: PLC0415
    from localcloud.project.simulate.week import play  # noqa: PLC0415

    for line in story(play(script)):
        sys.stderr.write(f"  {line}\n")


def _has_time(limit_s: float) -> Callable[[], bool]:
    began = time.monotonic()
    return lambda: time.monotonic() - began < limit_s
