"""Which rung the timetable wants, against a clock on the wall that is read minute by minute."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, timezone
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from tidegate.domain.calendars import Plain
from tidegate.domain.timetable import Timetable, Wish

if TYPE_CHECKING:
    from tests.domain.conftest import Make

MINUTE = timedelta(minutes=1)
LADDER = ("small", "medium", "large")
BERLIN, NEW_YORK, LORD_HOWE = "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"
OFFICE = {"name": "office", "days": "workdays", "from": "08:30", "to": "20:00", "rung": "large"}
NIGHT = {"name": "night", "days": "fri", "from": "22:00", "to": "06:00", "rung": "medium"}


def _utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=timezone.utc)


def _rung(timetable: Timetable, text: str) -> str | None:
    wish = timetable.wish(_utc(text))
    return wish.rung if wish else None


def _span(timetable: Timetable, start: str, end: str) -> tuple[str | None, ...]:
    """What is wanted a second before a start, at it, a second before an end, and at it."""
    second = timedelta(seconds=1)
    times = [_utc(start) - second, _utc(start), _utc(end) - second, _utc(end)]
    return tuple(wish.rung if (wish := timetable.wish(at)) else None for at in times)


INSIDE = (None, "large", "large", None)


def test_an_entry_begins_with_its_first_second_and_is_over_with_its_end(make: Make) -> None:
    assert _span(make.timetable(OFFICE), "2026-03-02T08:30", "2026-03-02T20:00") == INSIDE


def test_a_wish_says_why_and_until_when_in_the_zone_of_the_policy(make: Make) -> None:
    timetable = make.timetable(OFFICE, timezone="Asia/Shanghai")
    wish = Wish("large", "office to 20:00", _utc("2026-03-02T12:00"), _utc("2026-03-02T00:30"), "office")
    assert timetable.wish(_utc("2026-03-02T04:00")) == wish


def test_an_entry_without_a_name_is_called_the_timetable(make: Make) -> None:
    wish = make.timetable({"from": "08:00", "to": "24:00", "rung": "large"}).wish(make.noon)
    assert wish is not None
    assert wish.why == "timetable to 00:00"


def test_an_empty_timetable_wants_nothing_ever(make: Make) -> None:
    timetable = make.timetable()
    assert timetable.wish(make.noon) is None
    assert timetable.next_change(make.noon) is None


def test_an_entry_that_crosses_midnight_belongs_to_the_day_it_starts_on(make: Make) -> None:
    timetable = make.timetable(NIGHT)
    assert _span(timetable, "2026-03-06T22:00", "2026-03-07T06:00") == (None, "medium", "medium", None)
    assert _rung(timetable, "2026-03-06T03:00") is None
    assert _rung(timetable, "2026-03-07T23:00") is None


def test_a_day_that_ends_at_24_ends_at_midnight(make: Make) -> None:
    timetable = make.timetable({"days": "mon", "from": "18:00", "to": "24:00", "rung": "large"})
    assert _span(timetable, "2026-03-02T18:00", "2026-03-03T00:00") == INSIDE


def test_a_whole_day_is_from_midnight_to_24(make: Make) -> None:
    timetable = make.timetable({"days": "tue", "from": "00:00", "to": "24:00", "rung": "large"})
    assert _span(timetable, "2026-03-03T00:00", "2026-03-04T00:00") == INSIDE


def test_whole_days_in_a_row_change_nothing_at_midnight(make: Make) -> None:
    timetable = make.timetable({"from": "00:00", "to": "24:00", "rung": "large"})
    assert list(timetable.changes(make.noon, make.after(days=9))) == []


@pytest.mark.parametrize(
    ("days", "wanted"),
    [
        ("daily", "1234567"),
        ("mon-fri", "12345"),
        ("sat-mon", "671"),
        ("wed", "3"),
        (["mon", "wed-thu"], "134"),
        ("workdays", "12345"),
        (["workdays", "sun"], "123457"),
    ],
)
def test_an_entry_counts_on_its_days(make: Make, days: str | list[str], wanted: str) -> None:
    timetable = make.timetable({"days": days, "from": "11:00", "to": "13:00", "rung": "large"})
    found = {str(at.isoweekday()) for at in (make.after(days=day) for day in range(7)) if timetable.wish(at)}
    assert found == set(wanted)


def test_days_are_every_day_where_none_are_named(make: Make) -> None:
    timetable = make.timetable({"from": "11:00", "to": "13:00", "rung": "large"})
    assert all(timetable.wish(make.after(days=day)) for day in range(7))


def test_workdays_are_what_the_calendar_says(make: Make) -> None:
    """A holiday on a Monday, made up for on the Saturday before."""

    class MovedMonday(Plain):
        def is_workday(self, day: date) -> bool:
            return day == date(2026, 2, 28) or (day != date(2026, 3, 2) and super().is_workday(day))

    timetable = make.timetable(OFFICE, calendar=MovedMonday())
    assert _rung(timetable, "2026-02-28T12:00") == "large"
    assert _rung(timetable, "2026-03-02T12:00") is None
    assert _rung(timetable, "2026-03-03T12:00") == "large"


def test_the_day_is_the_one_on_the_wall_and_not_that_of_greenwich(make: Make) -> None:
    timetable = make.timetable({"days": "mon", "from": "00:00", "to": "02:00", "rung": "large"}, timezone="Asia/Tokyo")
    assert _span(timetable, "2026-03-01T15:00", "2026-03-01T17:00") == INSIDE


def test_of_overlapping_entries_the_highest_rung_counts_and_gives_way_to_the_lower_one(make: Make) -> None:
    day = {"name": "day", "from": "08:00", "to": "20:00", "rung": "medium"}
    lunch = {"name": "lunch", "from": "11:30", "to": "13:00", "rung": "large"}
    for entries in ([day, lunch], [lunch, day]):
        timetable = make.timetable(*entries)
        changes = timetable.changes(_utc("2026-03-02T00:00"), _utc("2026-03-03T00:00"))
        assert [(f"{at:%H:%M}", wish.rung if wish else None) for at, wish in changes] == [
            ("08:00", "medium"),
            ("11:30", "large"),
            ("13:00", "medium"),
            ("20:00", None),
        ]


def test_where_one_entry_takes_over_from_another_of_its_rung_nothing_changes(make: Make) -> None:
    entries = [{"from": "08:00", "to": "12:00", "rung": "large"}, {"from": "12:00", "to": "16:00", "rung": "large"}]
    changes = make.timetable(*entries).changes(_utc("2026-03-02T00:00"), _utc("2026-03-03T00:00"))
    assert [f"{at:%H:%M}" for at, _ in changes] == ["08:00", "16:00"]


def test_a_change_just_after_counts_and_one_at_the_time_itself_does_not(make: Make) -> None:
    timetable, start = make.timetable(OFFICE), _utc("2026-03-02T08:30")
    assert [at for at, _ in timetable.changes(start - timedelta(seconds=1), start)] == [start]
    assert list(timetable.changes(start, start + timedelta(hours=1))) == []


def test_the_next_change_is_looked_for_two_weeks_ahead(make: Make) -> None:
    timetable = make.timetable(NIGHT)
    assert timetable.next_change(make.noon) == _utc("2026-03-06T22:00")
    assert timetable.next_change(_utc("2026-03-06T22:00")) == _utc("2026-03-07T06:00")
    assert timetable.next_change(make.noon, within=timedelta(days=4)) is None


@pytest.mark.parametrize(
    ("zone", "day", "wall", "start"),
    [
        # The clock goes from 02:00 to 03:00: 02:30 is read with the offset before, and is 03:30 on the wall.
        (BERLIN, "sun", "02:30", "2026-03-29T01:30"),
        (NEW_YORK, "sun", "02:30", "2026-03-08T07:30"),
        # From 02:00 to 02:30: 02:15 becomes 02:45.
        (LORD_HOWE, "sun", "02:15", "2026-10-03T15:45"),
    ],
)
def test_a_start_that_does_not_exist_on_the_wall_comes_as_much_later(
    make: Make, zone: str, day: str, wall: str, start: str
) -> None:
    timetable = make.timetable({"days": day, "from": wall, "to": "12:00", "rung": "large"}, timezone=zone)
    noon_wall = datetime.combine(_utc(start).astimezone(ZoneInfo(zone)).date(), time(12), ZoneInfo(zone))
    end = noon_wall.astimezone(timezone.utc).replace(tzinfo=None).isoformat()
    assert _span(timetable, start, end) == INSIDE


@pytest.mark.parametrize(
    ("zone", "wall", "end"),
    [
        (BERLIN, "02:30", "2026-03-29T01:30"),
        (NEW_YORK, "02:30", "2026-03-08T07:30"),
        (LORD_HOWE, "02:15", "2026-10-03T15:45"),
    ],
)
def test_an_end_that_does_not_exist_on_the_wall_comes_as_much_later(make: Make, zone: str, wall: str, end: str) -> None:
    timetable = make.timetable({"from": "00:00", "to": wall, "rung": "large"}, timezone=zone)
    last = _utc(end) - timedelta(seconds=1)
    assert [wish.rung if wish else None for wish in (timetable.wish(last), timetable.wish(_utc(end)))] == [
        "large",
        None,
    ]


def test_an_entry_that_would_end_before_its_shifted_start_does_not_count_that_day(make: Make) -> None:
    """From 02:30, which becomes 03:30, to 03:15: nothing is left of it; the day before and after it is as ever."""
    timetable = make.timetable({"from": "02:30", "to": "03:15", "rung": "large"}, timezone=BERLIN)
    changes = timetable.changes(_utc("2026-03-28T00:00"), _utc("2026-03-31T00:00"))
    assert [f"{at:%d %H:%M}" for at, _ in changes] == ["28 01:30", "28 02:15", "30 00:30", "30 01:15"]


@pytest.mark.parametrize(
    ("zone", "start", "end", "span"),
    [
        # The hour from 02:00 to 03:00 comes twice.
        (BERLIN, "02:15", "02:45", ("2026-10-25T00:15", "2026-10-25T01:45")),
        # The hour from 01:00 to 02:00.
        (NEW_YORK, "01:15", "01:45", ("2026-11-01T05:15", "2026-11-01T06:45")),
        # The half hour from 01:30 to 02:00.
        (LORD_HOWE, "01:40", "01:50", ("2026-04-04T14:40", "2026-04-04T15:20")),
    ],
)
def test_in_a_repeated_hour_an_entry_starts_with_the_first_and_ends_with_the_last(
    make: Make, zone: str, start: str, end: str, span: tuple[str, str]
) -> None:
    timetable = make.timetable({"days": "sun", "from": start, "to": end, "rung": "large"}, timezone=zone)
    assert _span(timetable, *span) == INSIDE


def test_each_next_change_is_the_first_of_all_changes(make: Make) -> None:
    timetable = make.timetable(OFFICE, NIGHT, timezone=BERLIN)
    start, end = _utc("2026-03-23T00:00"), _utc("2026-04-06T00:00")
    walked, at = [], start
    while (at := timetable.next_change(at) or end) < end:
        walked.append(at)
    assert walked == [at for at, _ in timetable.changes(start, end)]


def test_a_wish_lasts_at_most_until_it_says(make: Make) -> None:
    """Nothing that is wanted outlives its `until` without being wanted anew."""
    timetable = make.timetable(OFFICE, NIGHT)
    for at, wish in timetable.changes(make.noon, make.after(days=9)):
        later = timetable.next_change(at)
        assert wish is None or (later is not None and later <= wish.until)


def test_who_asks_from_which_zone_does_not_matter(make: Make) -> None:
    timetable = make.timetable(OFFICE, timezone=BERLIN)
    for hour in range(48):
        at = make.noon + timedelta(hours=hour)
        assert timetable.wish(at) == timetable.wish(at.astimezone(ZoneInfo(LORD_HOWE)))
    here, there = make.noon, make.after(days=3)
    assert timetable.next_change(here) == timetable.next_change(here.astimezone(ZoneInfo(BERLIN)))
    elsewhere = [at.astimezone(ZoneInfo("Pacific/Kiritimati")) for at in (here, there)]
    assert list(timetable.changes(here, there)) == list(timetable.changes(*elsewhere))
