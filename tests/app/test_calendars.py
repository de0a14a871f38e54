"""The calendars of countries, with days as the State Council of China published them."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

import pytest

from tidegate.app.calendars import CountryCalendar, calendar_of
from tidegate.domain.calendars import PLAIN
from tidegate.domain.timetable import Timetable
from tidegate.domain.when import TimetableEntry

DAY = timedelta(days=1)
MAKE_UP = ["2025-01-26", "2025-02-08", "2025-04-27", "2025-09-28", "2025-10-11"]
MAKE_UP += ["2026-01-04", "2026-02-14", "2026-02-28", "2026-05-09", "2026-09-20", "2026-10-10"]
SPRING_2026 = [date(2026, 2, 15) + number * DAY for number in range(9)]
NATIONAL_2026 = [date(2026, 10, 1) + number * DAY for number in range(7)]


def fresh(country: str) -> CountryCalendar:
    """A calendar of which nothing was asked yet."""
    import holidays  # noqa: PLC0415 - as the module under test does

    return CountryCalendar(holidays.country_holidays(country))


@pytest.mark.parametrize("day", MAKE_UP)
def test_a_make_up_workday_is_a_workday_though_it_is_a_weekend(day: str) -> None:
    """Also where it is the first day that is asked for: the library does not know it before it has read the year."""
    made_up = date.fromisoformat(day)
    assert made_up.weekday() >= 5
    assert fresh("CN").is_workday(made_up)
    assert not fresh("CN").is_holiday(made_up)


def test_every_other_weekend_is_one() -> None:
    china, day = fresh("CN"), date(2025, 1, 1)
    while day < date(2027, 1, 1):
        if day.weekday() >= 5 and day.isoformat() not in MAKE_UP:
            assert not china.is_workday(day), day
        day += DAY


@pytest.mark.parametrize("day", [*SPRING_2026, *NATIONAL_2026, date(2025, 10, 8), date(2026, 1, 2)], ids=str)
def test_a_holiday_is_no_workday_and_its_weekends_belong_to_it(day: date) -> None:
    assert not fresh("CN").is_workday(day)
    assert fresh("CN").is_holiday(day)


def test_the_holidays_of_2026_are_those_of_the_notice() -> None:
    """General Office of the State Council, 4 November 2025."""
    china, day, found = fresh("CN"), date(2026, 1, 1), []
    while day.year == 2026:
        found += [f"{day:%m-%d}"] * china.is_holiday(day)
        day += DAY
    assert found == [
        *["01-01", "01-02", "01-03"],
        *[f"{day:%m-%d}" for day in SPRING_2026],
        *["04-04", "04-05", "04-06"],
        *["05-01", "05-02", "05-03", "05-04", "05-05"],
        *["06-19", "06-20", "06-21"],
        *["09-25", "09-26", "09-27"],
        *[f"{day:%m-%d}" for day in NATIONAL_2026],
    ]


def test_a_country_without_notices_is_known_for_all_years_of_the_library() -> None:
    germany = calendar_of("DE")
    assert germany.is_holiday(date(2026, 10, 3))
    assert not germany.is_workday(date(2035, 12, 25))
    assert [germany.knows(year) for year in (1900, 2026, 2100, 2101)] == [False, True, True, False]
    # Saturday between Good Friday and Easter Monday is no holiday, and no workday.
    assert not germany.is_holiday(date(2026, 4, 4))
    assert not germany.is_workday(date(2026, 4, 4))


def test_a_year_of_which_there_is_no_notice_yet_has_plain_weeks() -> None:
    """The library would guess 1 October to be a holiday, and knows of no make-up workdays."""
    china = fresh("CN")
    unknown = next(year for year in range(2026, 2100) if not china.knows(year))
    assert china.knows(unknown - 1)
    day = date(unknown, 1, 1)
    while day.year == unknown:
        assert china.is_workday(day) == PLAIN.is_workday(day)
        assert not china.is_holiday(day)
        day += DAY


def test_2026_is_known_for_china() -> None:
    assert calendar_of("CN").knows(2026)


def test_without_a_country_weeks_are_plain_every_year() -> None:
    plain = calendar_of("")
    assert [plain.is_workday(date(2026, 10, day)) for day in (1, 2, 3, 4)] == [True, True, False, False]
    assert not plain.is_holiday(date(2026, 10, 1))
    assert plain.knows(1) is plain.knows(9999) is True


def test_a_country_that_the_library_does_not_know_is_an_error() -> None:
    with pytest.raises(NotImplementedError, match="XX"):
        calendar_of("XX")


def test_office_hours_follow_the_weeks_that_china_really_had() -> None:
    """From 26 September to 11 October 2026: Sunday the 20th before and Saturday the 10th are worked."""
    entry = TimetableEntry.model_validate({"days": "workdays", "from": "09:00", "to": "18:00", "rung": "large"})
    timetable = Timetable([entry], "Asia/Shanghai", ["small", "large"], calendar_of("CN"))
    noons = [datetime(2026, 9, 19, 4, tzinfo=timezone.utc) + number * DAY for number in range(23)]
    worked = [f"{at:%m-%d}" for at in noons if timetable.wish(at)]
    assert worked == [
        *["09-20", "09-21", "09-22", "09-23", "09-24"],
        *["09-28", "09-29", "09-30"],
        *["10-08", "10-09", "10-10"],
    ]
