"""What is looked up depends on the moment alone: not on what was asked before, nor on how days are put into blocks."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidegate.domain.calendars import PLAIN
from tidegate.domain.spans import WallSpans
from tidegate.domain.timeline import BLOCK_D, MOST_BLOCKS, Timeline
from tidegate.domain.timetable import Timetable, Wish
from tidegate.domain.when import TimetableEntry, WallSpan

if TYPE_CHECKING:
    from tests.domain.conftest import Make

RUNGS = ("small", "medium", "large")
ZONES = ("UTC", "Asia/Shanghai", "Europe/Berlin", "America/New_York", "Pacific/Kiritimati", "Pacific/Pago_Pago")
DAYS = ("daily", "workdays", "mon-fri", "fri", "sat-sun", "month-end", "03-29", "2026-10-25")
BEGIN = datetime(2026, 1, 1, tzinfo=timezone.utc)
EDGE_S = BLOCK_D * 86_400
"""Between the edges of two blocks."""

times = st.sampled_from(["00:00", "00:30", "02:30", "08:30", "12:00", "20:00", "23:45"])
entries = st.builds(
    lambda days, times, rung, ready_by, name: {
        "days": days,
        "from": times[0],
        "to": times[1],
        "rung": rung,
        "ready_by": ready_by,
        "name": name,
    },
    st.sampled_from(DAYS),
    st.tuples(times, times).filter(lambda pair: pair[0] != pair[1] or pair[0] == "00:00"),
    st.sampled_from(RUNGS),
    st.booleans(),
    st.sampled_from(["", "office", "night"]),
)
moments = st.integers(0, 400 * 86_400) | st.integers(0, 90).map(lambda block: block * EDGE_S)
"""Seconds of the year, the edges of blocks among them."""


def _fresh(make: Make, told: list[dict[str, Any]], zone: str) -> Timetable:
    return make.timetable(*told, timezone=zone)


def _plainly(told: list[dict[str, Any]], zone: str, now: datetime) -> Wish | None:
    """The wish, reckoned from all spans of the days around, with nothing remembered."""
    day, found = timedelta(days=1), []
    for entry in map(TimetableEntry.model_validate, told):
        early = timedelta(minutes=30 * entry.ready_by)
        spans = WallSpans(entry, zone, PLAIN, entry, early).overlapping((now - 9 * day).date(), (now + 9 * day).date())
        found += [span for span in spans if span.start <= now < span.end]
    if not found:
        return None
    rank, end = max((RUNGS.index(span.what.rung), span.end) for span in found)
    best = min(
        (span for span in found if (RUNGS.index(span.what.rung), span.end) == (rank, end)), key=lambda span: span.start
    )
    return Wish(RUNGS[rank], "", end, best.start, best.what.name or "timetable")


@settings(max_examples=60, deadline=None)
@given(st.lists(entries, max_size=5), st.sampled_from(ZONES), st.lists(moments, min_size=1, max_size=25))
def test_moments_asked_in_any_order_are_answered_as_by_a_fresh_timetable(
    make: Make, told: list[dict[str, Any]], zone: str, asked: list[int]
) -> None:
    used = _fresh(make, told, zone)
    for seconds in asked:
        now = BEGIN + timedelta(seconds=seconds)
        for at in (now, now - timedelta(microseconds=1)):
            wish, plain = used.wish(at), _plainly(told, zone, at)
            assert wish == _fresh(make, told, zone).wish(at)
            parts = wish and (wish.rung, wish.until, wish.since, wish.name)
            assert parts == (plain and (plain.rung, plain.until, plain.since, plain.name))


@settings(max_examples=40, deadline=None)
@given(st.lists(entries, min_size=1, max_size=5), st.sampled_from(ZONES), moments, st.integers(1, 40))
def test_changes_are_the_same_over_a_whole_time_and_over_its_parts(
    make: Make, told: list[dict[str, Any]], zone: str, seconds: int, days: int
) -> None:
    start, used = BEGIN + timedelta(seconds=seconds), _fresh(make, told, zone)
    stops = [start + timedelta(hours=7 * part) for part in range(days)]
    whole = list(_fresh(make, told, zone).changes(stops[0], stops[-1]))
    parts = [change for low, high in reversed([*pairwise(stops)]) for change in used.changes(low, high)]
    assert sorted(parts, key=lambda change: change[0]) == whole


def test_what_is_remembered_stays_bounded_however_far_it_is_asked(make: Make) -> None:
    timetable = make.timetable({"from": "08:00", "to": "20:00", "rung": "large"})
    for week in range(60 * 52):
        at = make.noon + timedelta(weeks=week)
        assert timetable.wish(at) is not None
        assert timetable.wish(at + timedelta(hours=10)) is None
    assert len(timetable._timeline._blocks) <= MOST_BLOCKS


def test_days_are_reckoned_once_and_only_those_around_the_moments_asked() -> None:
    read: list[date] = []

    class Listening(WallSpans[str]):
        def overlapping(self, first: date, last: date) -> Any:
            read.append(first)
            return super().overlapping(first, last)

    span = WallSpan.model_validate({"from": "08:00", "to": "20:00"})
    timeline: Timeline[str, str] = Timeline([Listening(span, "UTC", PLAIN, "day")], lambda spans: spans[0].what)
    ats = [BEGIN + timedelta(minutes=minute) for minute in range(0, 5 * 1440, 7)]
    open_at = [at for at in ats if timeline.at(at)]
    assert open_at == [at for at in ats if 8 <= at.hour < 20]
    assert len(read) == len(set(read)) <= 5 // BLOCK_D + 2


@pytest.mark.parametrize("step", [timedelta(0), timedelta(microseconds=1), timedelta(seconds=1)])
def test_an_edge_that_is_the_edge_of_a_block_counts_once(make: Make, step: timedelta) -> None:
    """A block begins at midnight, as do whole days."""
    timetable = make.timetable({"days": "sat-sun", "from": "00:00", "to": "24:00", "rung": "large"})
    midnights = [at for day in range(60) if (at := BEGIN + timedelta(days=day)).weekday() in (5, 0)]
    assert any(at.toordinal() % BLOCK_D == 0 for at in midnights)
    for at in midnights:
        assert [found for found, _ in timetable.changes(at - timedelta(hours=1) - step, at)] == [at]
        assert list(timetable.changes(at, at + timedelta(hours=1) + step)) == []
