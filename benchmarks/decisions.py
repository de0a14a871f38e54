"""Decisions a second: of every kind alone, mixed over a year, and of one instance minute by minute."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta, timezone
from functools import cache
from itertools import islice
from random import Random
from typing import NamedTuple

from benchmarks.example import terms
from benchmarks.scenes import SCENES, Scene, at_rest
from benchmarks.timing import Effort, Figures, measured, rate
from tidegate.domain.decide import decide
from tidegate.domain.observed import Observed
from tidegate.domain.state import State
from tidegate.domain.terms import Terms

YEAR = datetime(2026, 1, 1, tzinfo=timezone.utc)
MINUTES_OF_YEAR = 365 * 24 * 60
EACH = 40
"""Cases of every kind."""
MOST_TRIES = 20_000
SEED = 7
FORTNIGHT_MIN = 14 * 24 * 60
USUAL = ("as-wanted", "as-wanted by override")


class Asked(NamedTuple):
    """The arguments of one decision."""

    terms: Terms
    state: State
    observed: Observed
    now: datetime


def moments(dice: Random) -> Iterator[datetime]:
    """Moments of a year, in no order."""
    while True:
        yield YEAR + timedelta(minutes=dice.randrange(MINUTES_OF_YEAR), seconds=dice.randrange(60))


@cache
def cases(kind: str, wanted: int = EACH) -> tuple[Asked, ...]:
    """So many cases of a kind: its scene at moments at which it comes to that. Raises LookupError if it never does."""
    known: dict[str, Terms] = {}
    dice = Random(f"{SEED} {kind}")  # noqa: S311 - the same cases every time
    tries = islice(moments(dice), MOST_TRIES)
    found = tuple(islice((asked for now in tries if _is(kind, asked := _asked(SCENES[kind](now), known))), wanted))
    if len(found) < wanted:
        raise LookupError(f"{kind} came up {len(found)} times in {MOST_TRIES}")
    return found


def _asked(scene: Scene, known: dict[str, Terms]) -> Asked:
    policy = repr(scene.policy)
    if policy not in known:
        known[policy] = terms(**scene.policy)
    return Asked(known[policy], scene.state, scene.observed, scene.now)


def _is(kind: str, asked: Asked) -> bool:
    return decide(*asked).code == kind.partition(" ")[0]


def mix(each: int = EACH) -> list[Asked]:
    """A busy day: every second decision finds the instance as wanted, the others are of every other kind alike."""
    dice = Random(SEED)  # noqa: S311 - as above
    others = [asked for kind in SCENES if kind not in USUAL for asked in cases(kind, each)]
    usual = [asked for kind in USUAL for asked in cases(kind, each)]
    mixed = others + [dice.choice(usual) for _ in others]
    dice.shuffle(mixed)
    return mixed


def mixed(effort: Effort) -> Figures:
    """The mix, and beside it what every kind of decision comes to alone."""
    each = effort.part(EACH)
    asked = mix(each)
    figures = measured("decisions", lambda: decide_all(asked), effort.rounds, cases=len(asked))
    kinds = {kind: _alone(cases(kind, each), effort) for kind in SCENES}
    return {**figures, "kinds": dict(sorted(kinds.items(), key=lambda kind: kind[1]))}


def _alone(asked: Sequence[Asked], effort: Effort) -> int:
    rate: int = measured("decisions", lambda: decide_all(asked, times=10), effort.rounds)["per_second"]
    return rate


def fortnight(effort: Effort) -> Figures:
    """One instance, minute by minute, by terms that have reckoned nothing yet: their days are in the figure."""
    scene = at_rest(YEAR + timedelta(days=60), "medium")
    minutes = [scene.now + timedelta(minutes=minute) for minute in range(effort.part(FORTNIGHT_MIN))]

    def work() -> int:
        fresh = terms()
        return decide_all([Asked(fresh, scene.state, scene.observed, now) for now in minutes])

    return measured("decisions", work, effort.rounds, minutes=len(minutes))


def rate_of(asked: Sequence[Asked]) -> float:
    """How many of these a second, in one round."""
    return rate(lambda: decide_all(asked))


def decide_all(asked: Sequence[Asked], times: int = 1) -> int:
    """Decide them all, so many times, and say how many decisions that were."""
    for _ in range(times):
        for each in asked:
            decide(*each)
    return times * len(asked)
