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

from localcloud.project.simulate.sites import TROUBLES, Kind, Trouble

WORDS = {kind: tuple(trouble.value for trouble in troubles) for kind, troubles in TROUBLES.items()}
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


class Draws:
    """The chances of one call. They come from one draw, so that every call takes one, whatever becomes of it."""

    __slots__ = ("trouble",)

    def __init__(self, trouble: float) -> None:
        self.trouble = trouble

    @property
    def which(self) -> float:
        """Which of several troubles."""
        return self.trouble * 10007 % 1

    @property
    def late(self) -> float:
        """How late something is, as a part of the latest."""
        return self.trouble * 50021 % 1

    @property
    def travel(self) -> tuple[float, float]:
        """How long the way there and back is, as parts of the longest; mostly short."""
        return (self.trouble * 1009 % 1) ** 3, (self.trouble * 5003 % 1) ** 3


@dataclass
class Misfortunes:
    """Strikes calls, and remembers which."""

    seed: int
    faults: Faults
    seconds: Callable[[], float]
    struck: list[tuple[float, Strike]] = field(default_factory=list)
    met: dict[tuple[str, str], int] = field(default_factory=dict)
    """How often a place met a trouble."""
    passed: dict[str, int] = field(default_factory=dict)
    """How many calls passed each place."""
    _chances: dict[str, Random] = field(default_factory=dict)
    _told: Mapping[tuple[str, int], str] = field(default_factory=dict)
    _foci: Mapping[str, Sequence[Focus]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._told = {(one.site, one.nth): one.trouble for one in self.faults.told or ()}
        foci: dict[str, list[Focus]] = {}
        for focus in self.faults.foci:
            foci.setdefault(focus.site, []).append(focus)
        self._foci = foci

    def lately(self, trouble: str, within_s: float) -> bool:
        """Whether this trouble struck within so many seconds."""
        since = self.seconds() - within_s
        lately = takewhile(lambda struck: struck[0] >= since, reversed(self.struck))
        return any(strike.trouble == trouble for _, strike in lately)

    def at(self, site: str, kind: Kind, family: str) -> tuple[Trouble | None, Draws]:
        """What the next call of a place meets, and how long it travels."""
        trouble, draws = self.twist(site, WORDS[kind], family)
        return (Trouble(trouble) if trouble else None), draws

    def twist(self, site: str, among: Sequence[str], family: str = "") -> tuple[str, Draws]:
        """The same, with the words of something else than a call: what may become of a task, of a tick."""
        nth = self.passed[site] = self.passed.get(site, 0) + 1
        chances = self._chances.get(site)
        if chances is None:
            chances = self._chances[site] = Random(f"{self.seed}/{site}")
        draws = Draws(chances.random())
        trouble = self._drawn(site, nth, among, family, draws)
        if trouble:
            self.struck.append((self.seconds(), Strike(site=site, nth=nth, trouble=trouble)))
            self.met[site, trouble] = self.met.get((site, trouble), 0) + 1
        return trouble, draws

    def _drawn(self, site: str, nth: int, among: Sequence[str], family: str, draws: Draws) -> str:
        if self.faults.told is not None:
            return self._told.get((site, nth), "")
        now = self.seconds()
        if now >= self.faults.until_s:
            return ""
        for focus in self._foci.get(site, ()):
            struck = self.met.get((site, focus.trouble), 0)
            if struck < focus.most and draws.which < FOCUSED and focus.trouble in among:
                return focus.trouble
        for storm in self.faults.storms:
            if storm.start_s <= now < storm.end_s and storm.calls in (family, site) and storm.trouble in among:
                return storm.trouble if draws.which < storm.chance else ""
        if draws.trouble > 1 - self.faults.odds.get(site, self.faults.rate):
            return among[int(draws.which * len(among))]
        return ""
