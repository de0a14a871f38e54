"""The terms one instance is held to: its policy made ready to reckon with, in its calendar and zone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

from tidegate.domain.alertrule import AlertRule
from tidegate.domain.calendars import PLAIN, Calendar
from tidegate.domain.openings import Openings
from tidegate.domain.policy import InstancePolicy
from tidegate.domain.reading import Direction
from tidegate.domain.timetable import Timetable
from tidegate.domain.when import WallSpan


class Terms:
    """Built once for a policy and a calendar, then asked often; what it answers depends on its arguments alone."""

    def __init__(self, policy: InstancePolicy, calendar: Calendar = PLAIN) -> None:
        self.policy = policy
        self.ladder = policy.rungs
        self.lowest, self.highest = self.ladder.index(policy.lowest), self.ladder.index(policy.highest)
        self.timetable = Timetable.of(policy, calendar)
        self.rules: Mapping[str, AlertRule] = {rule.identity: rule for rule in policy.alerts}
        self.release_after = {rule: policy.releases_after(rule) for rule in self.rules}
        """How long a demand of a rule stays after its OK."""
        self.named = tuple(policy.ladder[0].spec)
        """The fields of the spec that rungs name; the others are nobody's business."""
        self.windows = {
            Direction.UP: _windows(policy, policy.resize_windows.up, calendar),
            Direction.DOWN: _windows(policy, policy.resize_windows.down, calendar),
        }
        """When resizes of a direction may begin; None where they may at any time."""
        self.blackouts = {direction: _blackouts(policy, direction, calendar) for direction in Direction}
        """When resizes of a direction may not begin; None where nothing says so."""
        self._zone = ZoneInfo(policy.timezone)

    def clamp(self, place: int) -> int:
        """The place on the ladder, held between `min` and `max`."""
        return self.lowest if place < self.lowest else min(place, self.highest)

    def closes_at(self, now: datetime) -> datetime | None:
        """When the next window closes or blackout begins, of either direction; None where none does."""
        times = [opening.until for each in self.windows.values() if each and (opening := each.at(now))]
        times += [at for each in self.blackouts.values() if each and (at := each.next_after(now))]
        return min(times, default=None)

    def day(self, at: datetime) -> date:
        """The day of the instance's zone, by which budgets count."""
        return at.astimezone(self._zone).date()

    def next_day(self, at: datetime) -> datetime:
        """When that day ends. Raises nothing: a midnight that does not exist is read with the offset before it."""
        midnight = datetime.combine(self.day(at) + timedelta(days=1), time(0), self._zone)
        return midnight.astimezone(timezone.utc)


def _windows(policy: InstancePolicy, spans: Sequence[WallSpan] | None, calendar: Calendar) -> Openings | None:
    return None if spans is None else Openings.of(spans, policy.timezone, calendar)


def _blackouts(policy: InstancePolicy, direction: Direction, calendar: Calendar) -> Openings | None:
    """Blackouts and freezes of a direction together."""
    spans = [span for span in policy.blackouts if direction in span.directions]
    freezes = [freeze for freeze in policy.freezes if direction in freeze.directions]
    events = [event for freeze in freezes for event in freeze.events]
    return Openings.of(spans, policy.timezone, calendar, events) if spans or events else None
