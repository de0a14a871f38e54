"""The specs a policy permits, smallest first, and where an instance stands on them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tidegate.domain.reading import Direction, Spec, Value


@dataclass(frozen=True)
class Rung:
    """One permitted spec, by name. It names only the fields it wants; the others stay as they are found."""

    name: str
    spec: Spec
    hourly_price: float | None = None

    def fits(self, spec: Spec) -> bool:
        """Whether an instance with this spec stands on this rung."""
        return self.spec.items() <= spec.items()

    def differing(self, spec: Spec) -> tuple[str, ...]:
        """The fields this rung names whose values are not the rung's."""
        return tuple(field for field, value in self.spec.items() if spec.get(field) != value)


class Ladder:
    """Rungs, smallest first. Names are unique (the policy's validation sees to it)."""

    def __init__(self, rungs: tuple[Rung, ...]) -> None:
        self.rungs = rungs
        self.names = tuple(rung.name for rung in rungs)
        """The rungs' names, smallest first."""
        self._places = {rung.name: place for place, rung in enumerate(rungs)}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Ladder) and self.rungs == other.rungs

    def __hash__(self) -> int:
        return hash(self.names)

    def __contains__(self, name: object) -> bool:
        return name in self._places

    def rung(self, name: str) -> Rung:
        """Give the rung of this name, or raise KeyError."""
        return self.rungs[self._places[name]]

    def index(self, name: str) -> int:
        """How many rungs are below this one; KeyError where there is no such rung."""
        return self._places[name]

    def match(self, spec: Spec) -> Rung | None:
        """Find the rung an instance stands on. Where several fit, the highest: it names the most."""
        for rung in reversed(self.rungs):
            if rung.fits(spec):
                return rung
        return None

    def nearest(self, spec: Spec) -> Rung:
        """Find the rung with the fewest differing fields, the smaller one in a tie."""
        return min(self.rungs, key=lambda rung: len(rung.differing(spec)))

    def highest(self, names: Iterable[str]) -> str:
        """The highest of some rungs."""
        return max(names, key=self.index)

    def clamp(self, name: str, lowest: str, highest: str) -> str:
        """The rung itself, or the bound it is outside of."""
        return self.names[min(max(self.index(name), self.index(lowest)), self.index(highest))]

    def above(self, name: str, steps: int) -> str:
        """The rung so many steps up, at most the top."""
        return self.names[min(self.index(name) + steps, len(self.rungs) - 1)]

    def direction(self, start: str, end: str) -> Direction:
        """Which way from one rung to another, different one."""
        return Direction.UP if self.index(end) > self.index(start) else Direction.DOWN

    def standing(self, spec: Spec) -> int:
        """How many rungs a spec that is on none of them reaches in every field; text is reached if it is the same."""
        return sum(1 for rung in self.rungs if all(_reaches(spec.get(f), value) for f, value in rung.spec.items()))


def compare(old: Spec, new: Spec) -> tuple[Direction | None, tuple[str, ...]]:
    """Which way from one spec to another over the fields of the new one, and the fields that differ.

    None where some fields rise and others fall, or where text differs: no single order does that (fact B.4).
    """
    differing = tuple(field for field, value in new.items() if old.get(field) != value)
    pairs = [(old.get(field), new[field]) for field in differing]
    if not pairs or any(not isinstance(before, int) or isinstance(after, str) for before, after in pairs):
        return None, differing
    if all(_reaches(after, before) for before, after in pairs):
        return Direction.UP, differing
    return (Direction.DOWN if all(_reaches(before, after) for before, after in pairs) else None), differing


def _reaches(have: Value | None, need: Value | None) -> bool:
    if isinstance(have, str) or isinstance(need, str) or have is None or need is None:
        return have == need
    return have >= need
