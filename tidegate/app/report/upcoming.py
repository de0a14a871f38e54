"""What the timetables will want: every change of the wanted rung by timetable alone, and what to know of those days."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from tidegate.app.page import Page
from tidegate.app.surroundings import Book, Surroundings
from tidegate.domain.calendars import PLAIN, Calendar
from tidegate.domain.policy import InstancePolicy
from tidegate.domain.spans import clock_changes
from tidegate.domain.terms import Terms
from tidegate.domain.timetable import Wish
from tidegate.domain.when import CALENDAR_DAYS
from tidegate.ledger.record import Corrupt, NewerSchema

MOMENT = timedelta(microseconds=1)
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Turn:
    """From `at` on the timetable wants another rung: None for home, where home is not known."""

    instance: str
    at: datetime
    rung: str | None
    why: str


@dataclass(frozen=True)
class Remark:
    """What is unusual about a time: the clocks are changed, or a day is a holiday or a make-up workday."""

    at: datetime
    text: str
    whole_day: bool = False


@dataclass(frozen=True)
class Upcoming:
    """The turns of some instances and the remarks on their days, in order, and the years a calendar does not know."""

    turns: tuple[Turn, ...]
    remarks: tuple[Remark, ...]
    unknown: tuple[tuple[str, int, int], ...]
    """Country, first year, and last one."""


@dataclass(frozen=True)
class Ahead:
    """One instance and the time that is looked at, in UTC: from `start` (included) to `end` (not included)."""

    policy: InstancePolicy
    home: str
    """Empty where it is not known."""
    start: datetime
    end: datetime


def home_of(around: Surroundings | None, book: Book, policy: InstancePolicy) -> str:
    """The rung that an instance returns to: the policy's base, else what the ledger says; empty where nobody knows."""
    if policy.base != "keep" or around is None:
        return policy.base if policy.base != "keep" else ""
    try:
        home = Page.open(around, policy, book.hash).state.home
    except (Corrupt, NewerSchema):
        return ""
    return home if home in policy.rungs else ""


def upcoming(views: Sequence[Ahead], calendar: Callable[[str], Calendar]) -> Upcoming:
    """Look ahead."""
    turns: list[Turn] = []
    remarks: set[Remark] = set()
    unknown: dict[str, set[int]] = {}
    for view in views:
        country = _country(view.policy)
        known = calendar(country) if country else PLAIN
        turns += turns_of(view, Terms(view.policy, known))
        remarks |= {*_clocks(view), *(_days(view, country, known) if country else ())}
        unknown.setdefault(country, set()).update(year for year in _years(view) if not known.knows(year))
    in_order = sorted(turns, key=lambda turn: (turn.at, turn.instance))
    told = sorted(remarks, key=lambda remark: (remark.at, remark.text))
    years = sorted((country, min(years), max(years)) for country, years in unknown.items() if years)
    return Upcoming(tuple(in_order), tuple(told), tuple(years))


def turns_of(view: Ahead, terms: Terms) -> Iterator[Turn]:
    """Every turn of one instance in that time."""
    zone, before = ZoneInfo(view.policy.timezone), terms.timetable.wish(view.start - MOMENT)
    rung, _ = _wanted(view, terms, before, None)
    for at, wish in terms.timetable.changes(view.start - MOMENT, view.end - MOMENT):
        after, why = _wanted(view, terms, wish, before)
        if after != rung:
            yield Turn(view.policy.name, at.astimezone(zone), after, why)
        rung, before = after, wish


def _wanted(view: Ahead, terms: Terms, wish: Wish | None, ended: Wish | None) -> tuple[str | None, str]:
    """The rung that home and timetable want between them, held between `min` and `max`, and why."""
    ladder = terms.ladder
    base = "base" if view.policy.base != "keep" else "home"
    lowest = ladder.index(view.home) if view.home else -1
    if wish is not None and ladder.index(wish.rung) > lowest:
        asked, why = ladder.index(wish.rung), wish.why
    else:
        asked, why = lowest, f"{ended.name} ended: {base}" if ended else base
    if asked < 0:
        return None, f"{why}, which is not known before first contact"
    rung = ladder.names[terms.clamp(asked)]
    return rung, why if rung == ladder.names[asked] else f"{why}; {ladder.names[asked]} is out of bounds"


def _country(policy: InstancePolicy) -> str:
    """Whose calendar the timetable goes by; empty where it asks for none."""
    asks = any(word in entry.days for entry in policy.timetable for word in CALENDAR_DAYS)
    return policy.calendars.workdays.get("country", "") if asks else ""


def _years(view: Ahead) -> range:
    zone = ZoneInfo(view.policy.timezone)
    return range(view.start.astimezone(zone).year, (view.end - MOMENT).astimezone(zone).year + 1)


def _clocks(view: Ahead) -> Iterator[Remark]:
    zones = {view.policy.timezone, *(entry.timezone for entry in view.policy.timetable if entry.timezone)}
    for zone in zones if view.policy.timetable else ():
        for at, change in clock_changes(zone, view.start - MOMENT, view.end - MOMENT):
            way, minutes = "forward" if change > timedelta(0) else "back", abs(change) // timedelta(minutes=1)
            yield Remark(at.astimezone(ZoneInfo(zone)), f"the clocks of {zone} go {way} by {minutes} minutes")


def _days(view: Ahead, country: str, calendar: Calendar) -> Iterator[Remark]:
    zone = ZoneInfo(view.policy.timezone)
    day, last = (at.astimezone(zone).date() for at in (view.start, view.end - MOMENT))
    while day <= last:
        if text := _unusual(day, calendar):
            yield Remark(datetime.combine(day, time.min, zone), f"{text} in {country}", whole_day=True)
        day += DAY


def _unusual(day: date, calendar: Calendar) -> str:
    if calendar.is_workday(day) and not PLAIN.is_workday(day):
        return "make-up workday"
    if calendar.is_holiday(day):
        return "holiday"
    return "day off" if PLAIN.is_workday(day) and not calendar.is_workday(day) else ""
