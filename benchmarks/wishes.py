"""Look-ups in a timetable a second: at moments of a year in no order, in order, and with every day reckoned anew."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import islice
from random import Random

from benchmarks.decisions import SEED, moments
from benchmarks.example import terms
from benchmarks.timing import Effort, Figures, measured
from tidegate.domain.timetable import Timetable

MOMENTS = 20_000


def looked_up(effort: Effort) -> Figures:
    """The days were reckoned before, as they are wherever terms are kept; `cold` is the first time a day is met."""
    dice = Random(SEED)  # noqa: S311 - the same moments every time
    asked = list(islice(moments(dice), effort.part(MOMENTS)))
    kept, in_order = terms().timetable, sorted(asked)
    days = [now.replace(hour=0) for now in in_order[:: max(len(asked) // 90, 1)]]
    return measured(
        "look-ups",
        lambda: look_all(kept, asked),
        effort.rounds,
        in_order=measured("look-ups", lambda: look_all(kept, in_order), effort.rounds)["per_second"],
        cold=measured("look-ups", lambda: look_all(terms().timetable, days), effort.rounds)["per_second"],
    )


def look_all(timetable: Timetable, asked: Sequence[datetime]) -> int:
    """Look all of them up, and say how many they were."""
    for now in asked:
        timetable.wish(now)
    return len(asked)
