"""On which days an entry counts, in whose zone, how early it starts, and which of several entries wins."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest

from tidegate.domain.calendars import PLAIN, Plain

if TYPE_CHECKING:
    from tests.domain.conftest import Make

BERLIN, APIA = "Europe/Berlin", "Pacific/Apia"
NOON = {"from": "11:00", "to": "13:00", "rung": "large"}


def _utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=timezone.utc)


def _days(make: Make, first: str, last: str, **entry: Any) -> list[str]:
    """The days on which noon is wanted."""
    timetable, at, found = make.timetable({**NOON, **entry}), _utc(f"{first}T12:00"), []
    while at <= _utc(f"{last}T12:00"):
        found += [f"{at:%Y-%m-%d}"] * (timetable.wish(at) is not None)
        at += timedelta(days=1)
    return found


def _spans(make: Make, first: str, last: str, *entries: dict[str, Any], **over: Any) -> list[tuple[str, str]]:
    """When each wish starts and ends between two moments, in UTC."""
    changes = list(make.timetable(*entries, **over).changes(_utc(first), _utc(last)))
    starts, ends = changes[::2], changes[1::2]
    assert all(wish for _, wish in starts)
    assert not any(wish for _, wish in ends)
    return [(f"{start:%d %H:%M}", f"{end:%d %H:%M}") for (start, _), (end, _) in zip(starts, ends, strict=True)]


class Holiday(Plain):
    """A Monday that is a holiday."""

    def is_workday(self, day: date, /) -> bool:
        """No work on it."""
        return super().is_workday(day) and not self.is_holiday(day)

    def is_holiday(self, day: date, /) -> bool:
        """That Monday."""
        return day == date(2026, 3, 2)


def test_an_entry_may_count_on_holidays_alone(make: Make) -> None:
    china = {"calendars": {"workdays": {"country": "CN"}}}
    timetable = make.timetable({**NOON, "days": "holidays"}, calendar=Holiday(), **china)
    assert [timetable.wish(make.after(days=day)) is not None for day in (-3, 0, 1)] == [False, True, False]
    assert make.timetable({**NOON, "days": "holidays"}, calendar=PLAIN, **china).wish(make.noon) is None


def test_an_entry_may_count_on_one_date_or_on_a_date_of_every_year(make: Make) -> None:
    sale = {"days": ["2026-11-11", "06-18"]}
    assert _days(make, "2025-01-01", "2027-12-31", **sale) == ["2025-06-18", "2026-06-18", "2026-11-11", "2027-06-18"]


def test_the_29_of_february_comes_in_leap_years_alone(make: Make) -> None:
    assert _days(make, "2096-01-01", "2104-12-31", days="02-29") == ["2096-02-29", "2104-02-29"]


@pytest.mark.parametrize(("year", "february"), [(2025, 28), (2026, 28), (2028, 29), (2100, 28), (2000, 29)], ids=str)
def test_the_last_day_of_a_month_is_known_in_every_year(make: Make, year: int, february: int) -> None:
    lengths = (31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
    expected = [f"{year}-{month:02}-{length}" for month, length in enumerate(lengths, start=1)]
    assert _days(make, f"{year}-01-01", f"{year}-12-31", days="month-end") == expected


def test_an_entry_is_valid_from_one_day_to_another_both_included(make: Make) -> None:
    limits = {"valid_from": "2026-03-03", "valid_until": "2026-03-05"}
    assert _days(make, "2026-02-01", "2026-04-30", **limits) == ["2026-03-03", "2026-03-04", "2026-03-05"]


def test_a_night_counts_by_the_day_it_starts_on_for_its_limits_too(make: Make) -> None:
    night = {"from": "22:00", "to": "06:00", "rung": "large", "valid_until": "2026-03-02", "valid_from": "2026-03-02"}
    assert _spans(make, "2026-03-01T00:00", "2026-03-05T00:00", night) == [("02 22:00", "03 06:00")]


def test_an_entry_may_have_a_zone_of_its_own_and_is_told_in_the_zone_of_the_instance(make: Make) -> None:
    entry = {"from": "08:00", "to": "18:00", "rung": "large", "timezone": BERLIN, "name": "berlin"}
    timetable = make.timetable(entry, timezone="Asia/Shanghai")
    wish = timetable.wish(make.noon)
    assert wish is not None
    assert (wish.since, wish.until) == (_utc("2026-03-02T07:00"), _utc("2026-03-02T17:00"))
    assert wish.why == "berlin to 01:00"


def test_of_equal_rungs_the_entry_that_ends_last_is_named(make: Make) -> None:
    office = {"name": "office", "from": "08:00", "to": "18:00", "rung": "large"}
    sale = {"name": "sale", "from": "10:00", "to": "20:00", "rung": "large"}
    for entries in ([office, sale], [sale, office]):
        wish = make.timetable(*entries).wish(make.noon)
        assert wish is not None
        assert (wish.name, wish.why, wish.since) == ("sale", "sale to 20:00", _utc("2026-03-02T10:00"))


def test_of_overlapping_entries_the_one_with_the_highest_rung_is_named(make: Make) -> None:
    office = {"name": "office", "from": "08:00", "to": "20:00", "rung": "medium"}
    lunch = {"name": "lunch", "from": "11:00", "to": "13:00", "rung": "large"}
    timetable = make.timetable(office, lunch)
    assert [wish and wish.name for wish in map(timetable.wish, (make.noon, make.after(60)))] == ["lunch", "office"]


READY = {"name": "office", "from": "08:30", "to": "20:00", "rung": "large", "ready_by": True}


def test_an_entry_that_is_to_be_ready_starts_earlier_by_what_a_resize_takes(make: Make) -> None:
    timetable = make.timetable(READY, resize_takes="45m")
    assert timetable.wish(_utc("2026-03-02T07:44")) is None
    wish = timetable.wish(_utc("2026-03-02T07:45"))
    assert wish is not None
    assert wish.why == "office (ready by 08:30) to 20:00"
    assert (wish.since, wish.until) == (_utc("2026-03-02T07:45"), _utc("2026-03-02T20:00"))


def test_the_time_to_be_ready_passes_while_the_clocks_are_changed(make: Make) -> None:
    """At 03:15 after the gap, an hour and a half earlier is 00:45: an hour of the wall's was never there."""
    entry = {**READY, "from": "03:15", "days": "sun"}
    spans = _spans(make, "2026-03-28T12:00", "2026-03-30T00:00", entry, timezone=BERLIN, resize_takes="90m")
    assert spans == [("28 23:45", "29 18:00")]


def test_what_is_to_be_ready_at_midnight_starts_the_day_before(make: Make) -> None:
    entry = {**READY, "from": "00:00", "to": "24:00", "days": "2026-03-03"}
    spans = _spans(make, "2026-03-01T00:00", "2026-03-05T00:00", entry, resize_takes="24h")
    assert spans == [("02 00:00", "04 00:00")]


def test_a_span_of_which_the_clock_leaves_nothing_is_not_got_ready_for(make: Make) -> None:
    entry = {**READY, "from": "02:30", "to": "03:15", "valid_from": "2026-03-29", "valid_until": "2026-03-29"}
    assert _spans(make, "2026-03-28T00:00", "2026-03-30T00:00", entry, timezone=BERLIN) == []


@pytest.mark.parametrize(("start", "end"), [("02:30", "12:00"), ("00:00", "02:30"), ("02:15", "02:45")])
def test_a_span_that_starts_or_ends_in_a_gap_may_be_left_out_that_day(make: Make, start: str, end: str) -> None:
    entry = {"days": "daily", "from": start, "to": end, "rung": "large", "gap": "skip"}
    assert _spans(make, "2026-03-28T22:59", "2026-03-29T21:59", entry, timezone=BERLIN) == []
    assert len(_spans(make, "2026-03-27T22:59", "2026-03-30T21:59", entry, timezone=BERLIN)) == 2


def test_a_span_across_a_gap_is_not_left_out(make: Make) -> None:
    entry = {"days": "sun", "from": "01:00", "to": "04:00", "rung": "large", "gap": "skip"}
    spans = _spans(make, "2026-03-28T00:00", "2026-03-31T00:00", entry, timezone=BERLIN)
    assert spans == [("29 00:00", "29 02:00")]


@pytest.mark.parametrize("gap", ["shift", "skip"])
def test_a_day_that_a_zone_skips_has_no_spans(make: Make, gap: str) -> None:
    """In Apia, Thursday 29 December 2011 was followed by Saturday the 31st."""
    fridays = {"days": "fri", "from": "09:00", "to": "17:00", "rung": "large", "gap": gap}
    spans = _spans(make, "2011-12-27T00:00", "2012-01-04T00:00", fridays, timezone=APIA)
    assert spans == []
    daily = {**fridays, "days": "daily"}
    spans = _spans(make, "2011-12-29T12:00", "2012-01-01T12:00", daily, timezone=APIA)
    assert spans == [("29 19:00", "30 03:00"), ("30 19:00", "31 03:00"), ("31 19:00", "01 03:00")]


def test_a_night_into_a_day_that_a_zone_skips_lasts_as_long_as_any_other(make: Make) -> None:
    night = {"days": "thu", "from": "22:00", "to": "06:00", "rung": "large"}
    spans = _spans(make, "2011-12-29T00:00", "2012-01-01T00:00", night, timezone=APIA)
    assert spans == [("30 08:00", "30 16:00")]
    skipping = {**night, "gap": "skip"}
    assert _spans(make, "2011-12-29T00:00", "2012-01-01T00:00", skipping, timezone=APIA) == []


@pytest.mark.parametrize("at", ["0001-01-01T00:00", "9999-12-31T23:59"])
def test_the_ends_of_the_calendar_are_no_error(make: Make, at: str) -> None:
    timetable = make.timetable(READY, timezone="Pacific/Kiritimati")
    assert timetable.wish(_utc(at)) is None
    assert timetable.next_change(_utc(at), within=timedelta(days=3)) is None
    assert timetable.wish(_utc("2026-03-02T00:00")) is not None
