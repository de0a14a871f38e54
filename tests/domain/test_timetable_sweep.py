"""The timetable against a clock on the wall that is read minute by minute, over weeks in which it is changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from itertools import pairwise
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

if TYPE_CHECKING:
    from tests.domain.conftest import Make

pytestmark = pytest.mark.once

MINUTE = timedelta(minutes=1)
LADDER = ("small", "medium", "large")
BERLIN, NEW_YORK, LORD_HOWE = "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"


def _utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=timezone.utc)


@dataclass(frozen=True)
class Wall:
    """A zone's clock on the wall over some weeks, read every minute: an oracle that knows nothing of folds."""

    minutes: Sequence[datetime]
    shown: Mapping[datetime, list[datetime]]
    """At which instants the wall shows a local time."""
    jumps: Sequence[tuple[datetime, datetime, timedelta]]
    """Where the wall skips times: the last it showed before, that instant, and by how much it jumped."""

    @classmethod
    def read(cls, zone: str, start: datetime, days: int) -> Wall:
        """Read the clock for so many days."""
        info = ZoneInfo(zone)
        minutes = [start + n * MINUTE for n in range(days * 1440)]
        walls = [at.astimezone(info).replace(tzinfo=None) for at in minutes]
        shown: dict[datetime, list[datetime]] = {}
        for at, wall in zip(minutes, walls, strict=True):
            shown.setdefault(wall, []).append(at)
        steps = zip(pairwise(walls), minutes, strict=False)
        jumps = [(before, at, after - before) for (before, after), at in steps if after - before > MINUTE]
        return cls(minutes, shown, jumps)

    def instant(self, wall: datetime, *, last: bool) -> datetime | None:
        """When the wall shows this time; what it skips comes as much later as the time lies beyond the skip."""
        if seen := self.shown.get(wall):
            return seen[-1] if last else seen[0]
        skipped = [(before, at) for before, at, jump in self.jumps if before < wall < before + jump]
        return skipped[0][1] + (wall - skipped[0][0]) if skipped else None

    def rungs(self, entries: Sequence[Mapping[str, Any]]) -> dict[datetime, str | None]:
        """What each minute wants, by painting every entry of every day over the minutes, lower rungs first."""
        wanted: dict[datetime, str | None] = dict.fromkeys(self.minutes)
        days = sorted({wall.date() for wall in self.shown})
        for entry in sorted(entries, key=lambda entry: LADDER.index(entry["rung"])):
            for day in days:
                if day.strftime("%a").lower() in entry["on"]:
                    self._paint(wanted, entry, day)
        return wanted

    def _paint(self, wanted: dict[datetime, str | None], entry: Mapping[str, Any], day: date) -> None:
        start, end = (datetime.combine(day, time.fromisoformat(entry[key])) for key in ("from", "to"))
        first = self.instant(start, last=False)
        last = self.instant(end if end > start else end + timedelta(days=1), last=True)
        at, until = first or self.minutes[0], last or self.minutes[-1] + MINUTE
        while first is not None and at < until:
            wanted[at] = entry["rung"]
            at += MINUTE


DAILY = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
ENTRIES: list[dict[str, Any]] = [
    {"on": DAILY[:5], "from": "08:30", "to": "20:00", "rung": "large"},
    {"on": DAILY, "from": "23:00", "to": "02:15", "rung": "medium"},
    {"on": ("sun",), "from": "02:30", "to": "04:00", "rung": "large"},
    {"on": ("sat", "sun"), "from": "01:45", "to": "02:30", "rung": "medium"},
    {"on": ("sun",), "from": "01:40", "to": "01:50", "rung": "large"},
    {"on": ("sun",), "from": "02:10", "to": "02:20", "rung": "large"},
    {"on": ("thu",), "from": "18:00", "to": "09:00", "rung": "medium"},
]


@pytest.mark.parametrize(
    ("zone", "start"),
    [
        (BERLIN, "2026-03-20T00:00"),
        (BERLIN, "2026-10-16T00:00"),
        (NEW_YORK, "2026-02-27T00:00"),
        (NEW_YORK, "2026-10-23T00:00"),
        (LORD_HOWE, "2026-03-27T00:00"),
        (LORD_HOWE, "2026-09-25T00:00"),
        ("UTC", "2026-02-20T00:00"),
    ],
)
def test_over_weeks_with_a_clock_change_every_minute_wants_what_the_wall_says(
    make: Make, zone: str, start: str
) -> None:
    """The changes agree with the sweep minute by minute, and so does each wish around every change and each hour."""
    wall = Wall.read(zone, _utc(start), days=18)
    swept = wall.rungs(ENTRIES)
    entries = [{"days": list(entry["on"]), **{k: v for k, v in entry.items() if k != "on"}} for entry in ENTRIES]
    timetable = make.timetable(*entries, timezone=zone)
    inner = [at for at in wall.minutes if timedelta(days=2) <= at - _utc(start) < timedelta(days=16)]
    expected = [(at, swept[at]) for before, at in pairwise(inner) if swept[at] != swept[before]]
    assert len(expected) > 40
    found = list(timetable.changes(inner[0], inner[-1]))
    assert [(at, wish.rung if wish else None) for at, wish in found] == expected
    near = {at + minute * MINUTE for at, _ in expected for minute in (-1, 0, 1)} | set(inner[::60])
    for at in near & set(inner):
        wish = timetable.wish(at)
        assert (wish.rung if wish else None) == swept[at], at
