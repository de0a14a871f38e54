"""Which rung the timetable wants: a function of the time alone, never of the tick that asks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from tidegate.domain.calendars import PLAIN, Calendar
from tidegate.domain.policy import RESIZE_TAKES, InstancePolicy
from tidegate.domain.spans import Span, WallSpans
from tidegate.domain.timeline import Timeline, later
from tidegate.domain.when import TimetableEntry


@dataclass(frozen=True)
class Wish:
    """What the timetable wants at one moment, why, until when at the longest, since when, and by which entry."""

    rung: str
    why: str
    until: datetime
    since: datetime
    name: str


class Timetable:
    """The timetable of one instance, in its zone. `rungs` are the ladder's names, smallest first.

    An entry that is to be `ready_by` its start begins earlier by what a resize `takes`. Keep the object where many
    moments are asked for: it remembers the days it has reckoned.
    """

    def __init__(
        self,
        entries: Sequence[TimetableEntry],
        zone: str,
        rungs: Sequence[str],
        calendar: Calendar = PLAIN,
        takes: timedelta = RESIZE_TAKES,
    ) -> None:
        self._zone, self._takes = ZoneInfo(zone), takes
        self._ranks = {rung: rank for rank, rung in enumerate(rungs)}
        spans = [
            WallSpans(entry, zone, calendar, entry, takes if entry.ready_by else timedelta(0)) for entry in entries
        ]
        self._timeline: Timeline[TimetableEntry, Wish] = Timeline(spans, self._best)

    @classmethod
    def of(cls, policy: InstancePolicy, calendar: Calendar = PLAIN) -> Timetable:
        """The timetable a policy says."""
        return cls(policy.timetable, policy.timezone, policy.rungs.names, calendar, policy.resize_takes)

    def wish(self, now: datetime) -> Wish | None:
        """What is wanted now: of overlapping entries the highest rung, of equal ones the entry that ends last."""
        return self._timeline.at(now)

    def changes(self, after: datetime, until: datetime) -> Iterator[tuple[datetime, Wish | None]]:
        """Every moment in (after, until] at which the wanted rung changes, with what is wanted from then."""
        before = self.wish(after)
        for edge, wish in self._timeline.steps(after, until):
            if _rung(wish) != _rung(before):
                yield edge, wish
            before = wish

    def next_change(self, after: datetime, within: timedelta = timedelta(days=14)) -> datetime | None:
        """When the wanted rung next becomes another one, or None if it does not within that time."""
        return next((at for at, _ in self.changes(after, later(after, within))), None)

    def _best(self, spans: list[Span[TimetableEntry]]) -> Wish:
        best = max(spans, key=lambda span: (self._ranks[span.what.rung], span.end))
        entry, name = best.what, best.what.name or "timetable"
        ready = f" (ready by {self._hour(best.start + self._takes)})" if entry.ready_by else ""
        return Wish(entry.rung, f"{name}{ready} to {self._hour(best.end)}", best.end, best.start, name)

    def _hour(self, at: datetime) -> str:
        return f"{at.astimezone(self._zone):%H:%M}"


def _rung(wish: Wish | None) -> str:
    return wish.rung if wish else ""
