"""What a calendar must tell: which days are workdays, and which are public holidays."""

from __future__ import annotations

from datetime import date
from typing import Protocol


class Calendar(Protocol):
    """The workdays and the public holidays of one country."""

    def is_workday(self, day: date, /) -> bool:
        """Whether people work on it; a make-up workday at a weekend is one."""

    def is_holiday(self, day: date, /) -> bool:
        """Whether it is a public holiday."""

    def knows(self, year: int, /) -> bool:
        """Whether that year is known in fact. If not, Monday to Friday are workdays, and no day is a holiday."""


class Plain:
    """Every year alike: Monday to Friday are workdays, and there are no holidays. Where no country is named."""

    def is_workday(self, day: date, /) -> bool:
        """Monday to Friday."""
        return day.weekday() < 5  # noqa: PLR2004 - Saturday

    def is_holiday(self, _day: date, /) -> bool:
        """Never."""
        return False

    def knows(self, _year: int, /) -> bool:
        """Always."""
        return True


PLAIN = Plain()
