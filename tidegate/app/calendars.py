"""The calendars of countries, as the `holidays` library knows them."""

from __future__ import annotations

import re
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

from tidegate.domain.calendars import PLAIN, Calendar

DAY = timedelta(days=1)
CODE = re.compile(r"[A-Z]{2,3}")


def calendar_of(country: str) -> Calendar:
    """The calendar of a country by its code; of none, Monday to Friday without holidays. Raises NotImplementedError."""
    return _of(country) if country else PLAIN


class CountryCalendar:
    """One country of the library, make-up workdays included."""

    def __init__(self, days: Any) -> None:
        self._days = days
        # Where days are moved by a notice for every year, a year without its notice is a guess.
        self._by_notice: bool = getattr(days, "has_substituted_holidays", False)
        self._first: int = days.start_year
        self._last: int = max(days.special_public_holidays) if self._by_notice else days.end_year

    def is_workday(self, day: date) -> bool:
        """Whether people work on it; a make-up workday at a weekend is one."""
        if not self.knows(day.year):
            return PLAIN.is_workday(day)
        self._load(day.year)
        return bool(self._days.is_working_day(day))

    def is_holiday(self, day: date) -> bool:
        """Whether it is a public holiday. Where notices move days, a weekend beside one belongs to it, as they say."""
        if not self.knows(day.year):
            return False
        if day in self._days:
            return True
        return (
            self._by_notice and not self.is_workday(day) and any(map(self._leads_to_holiday, (day, day), (-DAY, DAY)))
        )

    def _leads_to_holiday(self, day: date, step: timedelta) -> bool:
        """Whether only days off lie between a day and the next holiday in one direction."""
        while not self.is_workday(day := day + step):
            if day in self._days:
                return True
        return False

    def knows(self, year: int) -> bool:
        """Whether the library knows the year in fact."""
        return self._first <= year <= self._last

    def _load(self, year: int) -> None:
        # The library forgets make-up workdays of a year that it has not been asked a holiday of before.
        if year not in self._days.years:
            self._days.get(date(year, 1, 1))


@lru_cache(maxsize=8)
def _of(country: str) -> CountryCalendar:
    # The library looks a code up among all that is in its module, so that `date` would be one as well.
    if not CODE.fullmatch(country):
        raise NotImplementedError(f"`{country[:60]}` is no code of a country")
    import holidays  # noqa: PLC0415 - only where a country is named

    try:
        return CountryCalendar(holidays.country_holidays(country))
    except TypeError as error:
        raise NotImplementedError(f"`{country}` is no code of a country") from error
