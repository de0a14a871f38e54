"""A schedule check of Cloud Custodian beside our look-up and our whole decision, in turns and in one run.

Its check tells whether this is the hour at which a tagged instance is stopped, by weekdays and a list of dates; it is
told the time by the machine. Custodian pins its libraries to other versions, so it has an environment of its own.
"""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from statistics import median

from benchmarks.decisions import mix, rate_of
from benchmarks.example import terms
from benchmarks.quiet import NOON
from benchmarks.timing import Effort, Figures, figures, rate
from benchmarks.wishes import look_all

CHECK = Path(__file__).with_name("c7n_check.py")
PEERS = Path(__file__).parents[1] / ".venv-peers" / "bin" / "python"
CHECKS, TURNS = 5_000, 5


def compared(effort: Effort, python: Path = PEERS) -> Figures:
    """Rates of all three. Without that environment there is only the word that it is not there."""
    if not python.exists():
        return {"per_second": None, "unit": "schedule checks", "skipped": "`make bench` sets Cloud Custodian up"}
    timetable, asked = terms().timetable, mix(effort.part(10))
    checks = effort.part(CHECKS)
    minutes = [NOON + timedelta(minutes=minute) for minute in range(checks)]
    look_all(timetable, minutes)
    theirs: list[float] = []
    looked: list[float] = []
    decided: list[float] = []
    for _ in range(min(effort.rounds, TURNS)):
        version, rates = check(python, effort.rounds, checks)
        theirs.append(median(rates))
        looked.append(median(rate(lambda: look_all(timetable, minutes)) for _ in range(effort.rounds)))
        decided.append(median(rate_of(asked) for _ in range(effort.rounds)))
    ours = {"our_look_ups": round(median(looked)), "our_decisions": round(median(decided))}
    return figures("schedule checks", theirs, version=version, **ours)


def check(python: Path, rounds: int, checks: int) -> tuple[str, list[float]]:
    """Let Cloud Custodian check, and give its version and its rates."""
    command = [str(python), str(CHECK), str(rounds), str(checks)]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=sys.stderr, check=True)  # noqa: S603 - our own script
    said = json.loads(done.stdout)
    return str(said["version"]), [float(each) for each in said["rates"]]
