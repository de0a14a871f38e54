"""What a decision is: resize or hold, always with a reason; and everything a guard may look at."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from tidegate.domain.arbiter import Wanted
from tidegate.domain.ladder import Rung
from tidegate.domain.observed import Observed
from tidegate.domain.reading import Direction, Reading
from tidegate.domain.state import Question, State, Would
from tidegate.domain.terms import Terms


@dataclass(frozen=True)
class Resize:
    """Go from one rung to another."""

    start: Rung
    end: Rung
    direction: Direction
    reason: str
    code: str = "resize"


@dataclass(frozen=True)
class Hold:
    """Stay, and why. `code` names the kind of reason, for filters and tests; `reason` is for people."""

    code: str
    reason: str
    needs_person: bool = False
    until: datetime | None = None
    """When time alone may change it."""
    question: Question | None = None
    would: Would | None = None
    """Of an instance that is only observed: what acting on it would come to."""


Decision = Resize | Hold


class Case:
    """Everything a guard may look at."""

    __slots__ = ("direction", "end", "now", "observed", "policy", "reading", "start", "state", "terms", "want")

    def __init__(  # noqa: PLR0917 - one value of many parts, built in one place
        self,
        terms: Terms,
        state: State,
        observed: Observed,
        reading: Reading,
        want: Wanted,
        now: datetime,
        start: Rung,
        end: Rung,
        direction: Direction,
    ) -> None:
        self.terms, self.policy, self.state, self.observed = terms, terms.policy, state, observed
        self.reading, self.want, self.now = reading, want, now
        self.start, self.end, self.direction = start, end, direction

    @property
    def placing(self) -> int:
        """The operation whose order is about to be placed, 0 where none is."""
        return self.observed.placing

    def towards(self, end: Rung) -> Case:
        """The same case with another rung to go to."""
        return Case(
            self.terms, self.state, self.observed, self.reading, self.want, self.now, self.start, end, self.direction
        )

    def despite(self, guard: str) -> bool:
        """Whether a person with an open override said to overrule this guard, for a resize that is still to come.

        Once the instance was brought where he wanted it, all guards hold again: a vendor that takes a resize back
        hours later would otherwise be ordered of again and again.
        """
        override = self.want.override
        if override is None or guard not in override.despite:
            return False
        return not self.state.was_brought_to(self.end.name, override.at)

    @property
    def urgent(self) -> int:
        """The place on the ladder up to which a rule marked `urgent` asks to go; -1 where none asks for more."""
        rules, ladder, want = self.terms.rules, self.terms.ladder, self.want
        standing = ladder.index(self.start.name) if self.start.name in ladder else -1
        asked = zip(want.demands, want.granted, strict=True)
        most = max((place for demand, place in asked if rules[demand.rule].urgent), default=-1)
        # One that is not borne out gets the rung it stands on, and `min` makes no more of that.
        return self.terms.clamp(most) if most > standing else -1
