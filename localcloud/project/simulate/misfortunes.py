"""What goes wrong, and when: drawn from a seed, or told call by call so that a story can be shortened.

Every place has a row of chances of its own, so that leaving something out of a story changes as little of the rest as
can be: the n-th call of a place meets the same, whatever happened elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from random import Random

from pydantic import BaseModel, ConfigDict

FOCUSED = 0.55
"""How likely a focus strikes a call of its place."""


class Plain(BaseModel):
    """A part of a script."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Focus(Plain):
    """A trouble that is sought at one place: `submit UpdateInstance`, `flow Look`."""

    site: str
    trouble: str
    most: int = 4
    """How often it strikes at most."""


class Storm(Plain):
    """A span of the week, in seconds, in which calls of some kind meet one trouble as likely as not."""

    start_s: float
    end_s: float
    calls: str
    """`bucket`, `vendor`, or a place."""
    trouble: str
    chance: float = 1.0


class Strike(Plain):
    """The n-th call of a place meets this."""

    site: str
    nth: int
    trouble: str


class Faults(Plain):
    """What goes wrong in a week until `until_s`: by chance (`rate`, `odds`, `foci`, `storms`), or what is `told`."""

    rate: float = 0.0
    odds: dict[str, float] = {}
    """How likely a call of these places is struck, instead of the rate."""
    foci: tuple[Focus, ...] = ()
    storms: tuple[Storm, ...] = ()
    until_s: float = 0.0
    told: tuple[Strike, ...] | None = None


# The chances of one call all come from one draw, so that every call takes one, whatever becomes of it.


def which(drawn: float) -> float:
    """Which of several troubles."""
    return drawn * 10007 % 1


def late(drawn: float) -> float:
    """How late something is, as a part of the latest."""
    return drawn * 50021 % 1


def way_out(drawn: float) -> float:
    """How long the way there is, as a part of the longest; mostly short."""
    return (drawn * 1009 % 1) ** 3


def way_back(drawn: float) -> float:
    """How long the way back is, likewise."""
    return (drawn * 5003 % 1) ** 3


@dataclass(eq=False)
class Row:
    """The chances of one place, drawn one after the other, and how many calls have passed it."""

    site: str
    draw: Callable[[], float]
    calm: float
    """A call that draws no more than this meets nothing, unless it is sought."""
    foci: Sequence[Focus]
    is_sought: bool
    """By a focus, a storm, or what is told."""
    passed: int = 0


@dataclass
class Misfortunes:
    """Strikes calls, and remembers which."""

    seed: int
    faults: Faults
    seconds: Callable[[], float]
    struck: list[tuple[float, Strike]] = field(default_factory=list)
    met: dict[tuple[str, str], int] = field(default_factory=dict)
    """How often a place met a trouble."""
    _rows: dict[str, Row] = field(default_factory=dict)
    _told: Mapping[tuple[str, int], str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._told = {(one.site, one.nth): one.trouble for one in self.faults.told or ()}

    @property
    def passed(self) -> Mapping[str, int]:
        """How many calls passed each place."""
        return {site: row.passed for site, row in self._rows.items()}

    def lately(self, trouble: str, within_s: float) -> bool:
        """Whether this trouble struck within so many seconds."""
        since = self.seconds() - within_s
        lately = takewhile(lambda struck: struck[0] >= since, reversed(self.struck))
        return any(strike.trouble == trouble for _, strike in lately)

    def twist(self, site: str, among: Sequence[str], family: str = "") -> tuple[str, float]:
        """What the next call of a place meets of all that may become of it, if anything, and what was drawn for it."""
        row = self._rows.get(site) or self._begin(site)
        row.passed += 1
        drawn = row.draw()
        if drawn <= row.calm and not row.is_sought:
            return "", drawn
        trouble = self._met(row, among, family, drawn)
        if trouble:
            self.struck.append((self.seconds(), Strike(site=site, nth=row.passed, trouble=trouble)))
            self.met[site, trouble] = self.met.get((site, trouble), 0) + 1
        return trouble, drawn

    def _begin(self, site: str) -> Row:
        faults = self.faults
        foci = [focus for focus in faults.foci if focus.site == site]
        calm = 1 - faults.odds.get(site, faults.rate)
        is_sought = bool(foci or faults.storms) or faults.told is not None
        row = self._rows[site] = Row(site, Random(f"{self.seed}/{site}").random, calm, foci, is_sought)
        return row

    def _met(self, row: Row, among: Sequence[str], family: str, drawn: float) -> str:
        site, faults = row.site, self.faults
        if faults.told is not None:
            return self._told.get((site, row.passed), "")
        now = self.seconds()
        if now >= faults.until_s:
            return ""
        for focus in row.foci:
            struck = self.met.get((site, focus.trouble), 0)
            if struck < focus.most and which(drawn) < FOCUSED and focus.trouble in among:
                return focus.trouble
        for storm in faults.storms:
            if storm.start_s <= now < storm.end_s and storm.calls in (family, site) and storm.trouble in among:
                return storm.trouble if which(drawn) < storm.chance else ""
        if drawn > row.calm:
            return among[int(which(drawn) * len(among))]
        return ""
