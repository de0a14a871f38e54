"""Every clock change of every zone, ten years back and ten ahead of 2026, against walls that are read minute by minute.

The sweep knows nothing of folds or offsets: it writes down what a wall shows in each minute of UTC, and finds starts
and ends in that list by the rules as they are written. It shares no code with the engine.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, timezone
from functools import cache
from itertools import count, pairwise, permutations
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import pytest

from tidegate.domain.calendars import PLAIN
from tidegate.domain.spans import WallSpans, clock_changes
from tidegate.domain.when import WallSpan

pytestmark = pytest.mark.once

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
YEARS = (2016, 2037)
"""From the beginning of the first to the beginning of the last."""
GAPS, OVERLAPS = ("shift", "skip"), ("longest", "first", "last")

Found = set[tuple[datetime, datetime]]


@dataclass(frozen=True)
class Change:
    """One change of the clocks: the first minute with the new offset, and both offsets."""

    at: datetime
    before: timedelta
    after: timedelta

    @property
    def unusual(self) -> tuple[datetime, datetime]:
        """The times on the wall that are skipped, or come twice: from the first, to the second (not included)."""
        walls = ((self.at + offset).replace(tzinfo=None) for offset in (self.before, self.after))
        first, last = sorted(walls)
        return first, last


@dataclass
class Census:
    """The changes that were found, each with a zone that has it; many zones share theirs."""

    zones: int = 0
    changes: int = 0
    zone_of: dict[Change, str] = field(default_factory=dict)

    @classmethod
    def take(cls) -> Census:
        """Look at the offset of every zone every day, and at each minute between two days that differ."""
        census = cls()
        for zone in sorted(available_timezones()):
            census.zones += 1
            for change in _changes(ZoneInfo(zone), DAY):
                census.changes += 1
                census.zone_of.setdefault(change, zone)
        return census


def _changes(zone: ZoneInfo, every: timedelta) -> Iterator[Change]:
    walls = _walls(every)
    offsets = list(map(zone.utcoffset, walls))
    for (wall, before), after in zip(zip(walls, offsets, strict=True), offsets[1:], strict=False):
        if before != after:
            assert before is not None
            assert after is not None
            # A time that the wall skips is told as if nothing had changed: the change may be in that very minute.
            low = (wall - before).replace(tzinfo=timezone.utc) - MINUTE
            yield Change(next(at for at in _minutes(low) if _offset(at, zone) != before), before, after)


@cache
def _walls(every: timedelta) -> list[datetime]:
    """Times on a wall, from the beginning to the end."""
    begin, end = (datetime(year, 1, 1) for year in YEARS)  # noqa: DTZ001 - what a wall shows has no zone
    return [begin + number * every for number in range((end - begin) // every + 1)]


def _minutes(after: datetime) -> Iterator[datetime]:
    return (after + number * MINUTE for number in count(1))


def _offset(at: datetime, zone: ZoneInfo) -> timedelta:
    offset = at.astimezone(zone).utcoffset()
    assert offset is not None
    return offset


@pytest.fixture(scope="module")
def census() -> Census:
    """All changes, counted once."""
    return Census.take()


class Walls:
    """What a zone's walls show in each minute for days around a change."""

    def __init__(self, zone: str, change: Change) -> None:
        info = ZoneInfo(zone)
        self.minutes = [change.at + number * MINUTE for number in range(-49 * 60, 73 * 60)]
        self.shown = [at.astimezone(info).replace(tzinfo=None, fold=0) for at in self.minutes]
        self.when: dict[datetime, list[datetime]] = {}
        for at, wall in zip(self.minutes, self.shown, strict=True):
            self.when.setdefault(wall, []).append(at)
        steps = zip(self.minutes, pairwise(self.shown), strict=False)
        self.jumps = [(at, before, after) for at, (before, after) in steps if after - before > MINUTE]

    def find(self, wall: datetime, gap: str, *, last: bool) -> datetime | None:
        """When the wall shows a time. One that it skips comes as long after the skip began as it lies beyond it."""
        if seen := self.when.get(wall):
            return seen[-1 if last else 0]
        ((at, before),) = [(at, before) for at, before, after in self.jumps if before < wall < after]
        return at + (wall - before) if gap == "shift" else None

    def spans(self, days: list[date], begin: time, over: time, gap: str, overlap: str) -> Found:
        """The spans that start on these days."""
        found = set()
        for day in days:
            last_day = day if over > begin else day + DAY
            start = self.find(datetime.combine(day, begin), gap, last=overlap == "last")
            end = self.find(datetime.combine(last_day, over), gap, last=overlap != "first")
            if start is not None and end is not None and start < end:
                found.add((start, end))
        return found


def _times(change: Change) -> list[time]:
    """Times of the day before, at the edges of, in the middle of, and after what is skipped or comes twice."""
    first, last = change.unusual
    middle = first + (last - first) // 2
    near = [first - 90 * MINUTE, first - MINUTE, first, middle, last - MINUTE, last, last + 90 * MINUTE]
    return sorted({wall.time() for wall in [*near, first + 12 * HOUR]})


def _settings(change: Change, turn: int) -> list[tuple[str, str]]:
    """Each setting that matters to the change; of the one that does not, another one every turn."""
    if change.after > change.before:
        return [(gap, OVERLAPS[turn % 3]) for gap in GAPS]
    return [(GAPS[turn % 2], overlap) for overlap in OVERLAPS]


def _engine(zone: str, days: list[date], told: dict[str, Any]) -> Found:
    span = WallSpan.model_validate({**told, "valid_from": days[0], "valid_until": days[-1]})
    return {(span.start, span.end) for span in WallSpans(span, zone, PLAIN, "").overlapping(days[0], days[-1])}


def test_the_census_covers_the_whole_database(census: Census) -> None:
    """Fewer than these would mean that the database was not found, or that changes were overlooked."""
    forward = sum(change.after > change.before for change in census.zone_of)
    found = (census.zones, census.changes, len(census.zone_of), forward)
    assert all(count >= floor for count, floor in zip(found, (590, 8_500, 1_300, 650), strict=True)), found


def test_no_two_changes_of_a_zone_are_so_near_that_they_would_be_one(census: Census) -> None:
    """A change is taken to be the same for all zones that share its instant and both offsets."""
    for zone in sorted(set(census.zone_of.values())):
        ats = [change.at for change in _changes(ZoneInfo(zone), 6 * HOUR)]
        assert all(later - sooner > 14 * DAY for sooner, later in pairwise(ats)), zone


@pytest.mark.soak
def test_at_every_clock_change_of_every_zone_spans_start_and_end_as_the_wall_says(
    census: Census,
    soaking: bool,  # noqa: FBT001 - a fixture
) -> None:
    """For each setting, and for spans that lie before, in, across and after the change, or cross midnight there.

    Every sixth change is tried, of whatever zone; `make soak` tries all.
    """
    compared, changes = Counter[tuple[bool, str, str]](), list(census.zone_of.items())
    for change, zone in changes if soaking else changes[::6]:
        walls, first = Walls(zone, change), change.unusual[0].date()
        days = [first - DAY, first, first + DAY]
        for turn, (begin, over) in enumerate(permutations(_times(change), 2)):
            for gap, overlap in _settings(change, turn):
                told = {"from": begin, "to": over, "gap": gap, "overlap": overlap}
                said = walls.spans(days, begin, over, gap, overlap)
                assert _engine(zone, days, told) == said, (zone, change, told)
                compared[change.after > change.before, gap, overlap] += 1
    assert len(compared) == 12
    least, most = (10_000, 150_000) if soaking else (1_500, 25_000)
    assert min(compared.values()) > least
    assert compared.total() > most


def test_clock_changes_are_found_where_they_are(census: Census) -> None:
    for change, zone in census.zone_of.items():
        begin, end = change.at - 5 * DAY, change.at + 5 * DAY
        assert list(clock_changes(zone, begin, end)) == [(change.at, change.after - change.before)]
        walls = [at.astimezone(ZoneInfo(zone)) for at in (begin, end)]
        assert list(clock_changes(zone, *walls)) == [(change.at, change.after - change.before)]
        assert list(clock_changes(zone, begin, change.at)) == [(change.at, change.after - change.before)]
        assert list(clock_changes(zone, change.at, end)) == []
        assert list(clock_changes(zone, begin, change.at - MINUTE)) == []
