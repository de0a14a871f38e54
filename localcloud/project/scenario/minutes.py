"""In which minutes the tick runs: where something is due, or in every one. What is skipped is what would do nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from localcloud.project.scenario.stage import Stage

MINUTE = timedelta(minutes=1)
KEEP_ALIVE = timedelta(minutes=5)
"""While executions run: Look tells a person when the last tick is over ten minutes old."""
WATCHFUL = timedelta(minutes=125)
"""After something happened past Tidegate: the fleet is read for real once an hour, and drift is read twice."""
IDLE = timedelta(days=1)
"""So often at the least: timetables are not looked through for longer ahead than a fortnight."""
AHEAD = timedelta(days=400)

Lost = Callable[[datetime], bool]
"""Whether the tick of this minute is lost."""


def none_lost(_minute: datetime) -> bool:
    """Every tick runs."""
    return False


@dataclass
class Minutes:
    """The timer of the tick."""

    stage: Stage
    every: bool = False
    lost: Lost = none_lost
    last: datetime | None = None
    """The minute of the last tick, run or lost."""
    served: datetime | None = None
    """The minute of the last tick that ran."""
    watch_until: datetime | None = None
    ran: int = 0
    missed: int = 0

    def watch(self) -> None:
        """Run in every minute for a while."""
        self.watch_until = self.stage.now() + WATCHFUL

    def next_at(self, step_at: datetime | None) -> datetime | None:
        """The next minute in which the tick is to run; `step_at` is when something else is going to happen."""
        first = self._first()
        if self.served is None or self.every or (self.watch_until and first <= self.watch_until):
            return first
        # What was due in a minute whose tick was lost is due in the next one.
        reasons = [self.served + IDLE, self._marked(), self.stage.next_change(self.served)]
        if self.stage.executions.running():
            reasons.append(self.served + KEEP_ALIVE)
        if step_at is not None and floor(step_at) >= first:
            # A door that finds the last tick long ago would tell a person that it is dead.
            reasons.append(floor(step_at))
        due = [ceiling(at) for at in reasons if at is not None]
        return max(first, min(due)) if due else None

    def run(self) -> None:
        """Run the tick of this minute, or lose it."""
        self.last = self.stage.now()
        if self.lost(self.last):
            self.missed += 1
            return
        self.ran, self.served = self.ran + 1, self.last
        self.stage.tick()

    def _first(self) -> datetime:
        """The first minute that had no tick yet."""
        return self.last + MINUTE if self.last else ceiling(self.stage.now())

    def _marked(self) -> datetime | None:
        marks = self.stage.around.ledger.due(self.stage.now() + AHEAD)
        return marks[0].minute if marks else None


def floor(at: datetime) -> datetime:
    """The minute an instant lies in."""
    return at.astimezone(timezone.utc).replace(second=0, microsecond=0)


def ceiling(at: datetime) -> datetime:
    """The first full minute that is not before an instant."""
    minute = floor(at)
    return minute if minute == at else minute + MINUTE
