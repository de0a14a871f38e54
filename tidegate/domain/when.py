"""Times as a policy writes them: days, wall-clock spans, freezes. What they mean as instants is not said here."""

from __future__ import annotations

import re
from datetime import date, time
from typing import Annotated, Any, Literal

from pydantic import Field, NaiveDatetime, ValidationInfo, field_validator, model_validator
from typing_extensions import Self

from tidegate.domain.durations import Duration
from tidegate.domain.reading import Direction
from tidegate.domain.strict import Strict, Zone

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
CALENDAR_DAYS = ("workdays", "holidays")
"""Words that only a calendar can tell the days of."""
MONTH_END = "month-end"
"""The last day of every month."""
YEARLY = re.compile(r"[0-9]{2}-[0-9]{2}")
DATED = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")

Gap = Literal["shift", "skip"]
"""Of a local time that does not exist: read with the offset before the gap, or that day's span is left out."""
Overlap = Literal["longest", "first", "last"]
"""Of a local time that comes twice: start at the first and end at the last, or both the first, or both the last."""


class WallSpan(Strict):
    """From when to when on which days, by the wall clock. A span that crosses midnight belongs to the day it starts on.

    `valid_from` and `valid_until` are the first and the last such day. `timezone` is the instance's unless stated.
    """

    name: str = ""
    """What people are shown."""
    days: Annotated[str | list[str], Field(validate_default=True)] = "daily"
    """On which days it starts: one of the words for days, or a list of them."""
    start: Annotated[time, Field(alias="from")]
    """When it starts, by the wall clock."""
    end: Annotated[time, Field(alias="to")]
    """When it ends; `24:00` is the midnight that ends the day, and what is not after `from` is of the next day."""
    valid_from: date | None = None
    """The first day on which it may start."""
    valid_until: date | None = None
    """The last day on which it may start."""
    timezone: Zone | None = None
    """An IANA zone, where it is not the instance's."""
    gap: Gap = "shift"
    """A local time that a clock change leaves out: `shift` reads it with the offset before, `skip` skips the day."""
    overlap: Overlap = "longest"
    """An hour that comes twice: `longest` goes from its first to its last; `first`, `last` take that one for both."""

    @field_validator("days")
    @classmethod
    def _days(cls, days: str | list[str]) -> list[str]:
        """Spell `mon-fri`, `sat`, `daily` out into weekday names; dates and words of a calendar stay as they are."""
        spelled: list[str] = []
        for item in [days] if isinstance(days, str) else days:
            spelled += _spell(item)
        if not spelled:
            raise ValueError("at least one day, such as daily, workdays, mon-fri or sat")
        return spelled

    @field_validator("start", "end")
    @classmethod
    def _wall_clock(cls, at: time) -> time:
        if at.tzinfo is not None or at.microsecond:
            raise ValueError('a local wall-clock time such as "08:30"; the zone is `timezone`')
        return at

    @field_validator("start", "end", mode="before")
    @classmethod
    def _written(cls, at: Any, info: ValidationInfo) -> Any:
        """`to: "24:00"` is the midnight that ends the day. A bare number would be taken for seconds."""
        if not isinstance(at, (str, time)):
            raise ValueError('a local wall-clock time such as "08:30"')  # noqa: TRY004 - pydantic wants a ValueError
        return "00:00" if at == "24:00" and info.field_name == "end" else at

    @field_validator("valid_from", "valid_until", mode="before")
    @classmethod
    def _day(cls, day: Any) -> Any:
        if day is None or isinstance(day, date) or (isinstance(day, str) and DATED.fullmatch(day)):
            return day
        raise ValueError("a date such as 2026-11-11")

    @model_validator(mode="after")
    def _not_empty(self) -> Self:
        if self.start == self.end != time(0):
            raise ValueError('`from` and `to` are the same time; for a whole day write from: "00:00", to: "24:00"')
        if self.valid_from and self.valid_until and self.valid_until < self.valid_from:
            raise ValueError(f"`valid_until` {self.valid_until} is before `valid_from` {self.valid_from}")
        return self


def _spell(item: str) -> list[str]:
    if item == "daily":
        return list(WEEKDAYS)
    if item in (*CALENDAR_DAYS, MONTH_END, *WEEKDAYS) or _is_date(item):
        return [item]
    first, _, last = item.partition("-")
    if first in WEEKDAYS and last in WEEKDAYS:
        begin, end = WEEKDAYS.index(first), WEEKDAYS.index(last)
        return [WEEKDAYS[(begin + step) % 7] for step in range((end - begin) % 7 + 1)]
    days = f"daily, workdays, holidays, {', '.join(WEEKDAYS)}, a range such as mon-fri"
    raise ValueError(f"`{item}` is not a day: write {days}, a date such as 2026-11-11 or 11-11, or {MONTH_END}")


def _is_date(item: str) -> bool:
    """Whether it is a date: of one year, or, as month and day, of every year."""
    if not (DATED.fullmatch(item) or YEARLY.fullmatch(item)):
        return False
    try:
        # 2024 had a 29 February.
        date.fromisoformat(item if DATED.fullmatch(item) else f"2024-{item}")
    except ValueError as error:
        raise ValueError(f"`{item}` is a date that does not exist") from error
    return True


class TimetableEntry(WallSpan):
    """From when to when at least which rung. With `ready_by` the resize is to be done when the span starts."""

    rung: str
    """At least this rung while it lasts."""
    ready_by: bool = False
    """Whether it begins so much earlier that the resize is done at `from`."""


class ResizeWindow(WallSpan):
    """When a resize may interrupt service."""


class ResizeWindows(Strict):
    """In which windows resizes of a direction may begin; at any time where none is named."""

    up: list[ResizeWindow] | None = None
    """Windows in which an up may begin."""
    down: list[ResizeWindow] | None = None
    """Windows in which a down may begin."""

    @field_validator("up", "down")
    @classmethod
    def _some(cls, windows: list[ResizeWindow] | None) -> list[ResizeWindow] | None:
        if windows is not None and not windows:
            raise ValueError("at least one window; without the key, resizes may begin at any time")
        return windows


BOTH = (Direction.UP, Direction.DOWN)


class Blackout(WallSpan):
    """When nothing may be resized, or nothing of one direction."""

    directions: tuple[Direction, ...] = BOTH
    """Which resizes may not begin."""


WEEKDAY = r"(MO|TU|WE|TH|FR|SA|SU)"
RULE_PARTS = {
    "FREQ": r"(DAILY|WEEKLY|MONTHLY|YEARLY)",
    "INTERVAL": r"[1-9][0-9]{0,2}",
    "COUNT": r"[1-9][0-9]{0,3}",
    "UNTIL": r"[0-9]{8}T[0-9]{6}",
    "BYDAY": rf"([+-]?([1-4]?[1-9]|[1-5]0|5[1-3]))?{WEEKDAY}",
    "BYMONTHDAY": r"[+-]?([1-9]|[12][0-9]|3[01])",
    "BYMONTH": r"([1-9]|1[0-2])",
    "WKST": WEEKDAY,
}
"""The parts that a repeat rule may have, and what each of their values looks like; UNTIL is by the wall clock."""
_LISTS = "|".join(f"{key}={value}(,{value})*" for key, value in RULE_PARTS.items() if key.startswith("BY"))
_SINGLE = "|".join(f"{key}={RULE_PARTS[key]}" for key in ("INTERVAL", "COUNT", "UNTIL", "WKST"))
RULE = rf"^(FREQ={RULE_PARTS['FREQ']}(;({_SINGLE}|{_LISTS}))*)?$"


class FreezeEvent(Strict):
    """One event of a calendar file: when it starts by the wall clock of its zone, how long it lasts, how it repeats."""

    name: str = ""
    start: NaiveDatetime
    """Without an offset: the wall clock of `timezone`."""
    timezone: Zone | None = None
    """The instance's where the file says none: a floating time or a whole day (RFC 5545, 3.3.5)."""
    lasts: Duration
    rrule: str = Field(default="", pattern=RULE)
    """How it repeats, as RFC 5545 writes it, FREQ first; empty for a single event."""
    without: tuple[NaiveDatetime, ...] = ()
    """Starts of repeats that are left out (EXDATE)."""


class Freeze(Strict):
    """A calendar file (ICS) whose events are blackouts. `events` are what the file said when it was compiled."""

    ics: str
    """The file, from the folder of the policy file that names it; an address is refused."""
    name: str = ""
    """What people are shown."""
    directions: tuple[Direction, ...] = BOTH
    """Which resizes may not begin."""
    events: tuple[FreezeEvent, ...] = ()
