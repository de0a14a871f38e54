"""The specs a policy permits, smallest first, and where an instance stands on them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tidegate.domain.reading import Direction, Spec


@dataclass(frozen=True)
class Rung:
    """One permitted spec, by name. It names only the fields it wants; the others stay as they are found."""

    name: str
    spec: Spec

    def fits(self, spec: Spec) -> bool:
        """Whether an instance with this spec stands on this rung."""
        return not self.differing(spec)

    def differing(self, spec: Spec) -> tuple[str, ...]:
        """The fields this rung names whose values are not the rung's."""
        return tuple(field for field, value in self.spec.items() if spec.get(field) != value)


@dataclass(frozen=True)
class Ladder:
    """Rungs, smallest first. Names are unique (the policy's validation sees to it)."""

    rungs: tuple[Rung, ...]

    def __contains__(self, name: object) -> bool:
        return any(rung.name == name for rung in self.rungs)

    @property
    def names(self) -> tuple[str, ...]:
        """The rungs' names, smallest first."""
        return tuple(rung.name for rung in self.rungs)

    def rung(self, name: str) -> Rung:
        """Give the rung of this name, or raise KeyError."""
        return self.rungs[self.index(name)]

    def index(self, name: str) -> int:
        """How many rungs are below this one; KeyError where there is no such rung."""
        try:
            return self.names.index(name)
        except ValueError:
            raise KeyError(name) from None

    def match(self, spec: Spec) -> Rung | None:
        """Find the rung an instance stands on. Where several fit, the highest: it names the most."""
        return next((rung for rung in reversed(self.rungs) if rung.fits(spec)), None)

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
