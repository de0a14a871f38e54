"""Timetables: entries that never come, that another entry hides, or that begin when no resize may begin."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tidegate.domain.calendars import PLAIN
from tidegate.domain.faults import spans_of
from tidegate.domain.spans import Span
from tidegate.domain.when import CALENDAR_DAYS, TimetableEntry
from tidegate.policyfile.warnings.cautions import Caution, Cover, Spare, dead

MONTH_AHEAD = timedelta(days=31)
SECOND = timedelta(seconds=1)


def hour_cautions(spare: Spare) -> Iterator[Caution]:
    """What a timetable says to no effect, and the years of which the calendar knows nothing."""
    yield from _unknown_years(spare)
    entries = spare.policy.timetable
    for index, entry in enumerate(entries):
        yield from dead(spare, entry, ("timetable", index), "acts")
    if spare.compares(entries):
        stretches = [spare.stretches(entry) for entry in entries]
        for index, entry in enumerate(entries):
            yield from _hidden(spare, index, entry, stretches)
            yield from _too_early(spare, index, entry)


def _hidden(spare: Spare, index: int, entry: TimetableEntry, stretches: list[list[Span[Any]]]) -> Iterator[Caution]:
    """An entry that is never alone: higher ones are always there when it is."""
    rank, own = spare.policy.rungs.index, stretches[index]
    if not own or not spare.floor < rank(entry.rung) <= spare.highest:
        return
    higher = [n for n, each in enumerate(spare.policy.timetable) if rank(each.rung) > rank(entry.rung)]
    cover = Cover(stretch for n in higher for stretch in stretches[n])
    if all(cover.covers(stretch.start, stretch.end) for stretch in own):
        names = dict.fromkeys(_called(spare, n) for n in higher if _meet(own, stretches[n]))
        why = f"`{entry.rung}` never counts: at all of its times a higher rung is wanted by {' or '.join(names)}"
        yield Caution(("timetable", index), why, "change its days or times, or remove it")


def _meet(some: list[Span[Any]], others: list[Span[Any]]) -> bool:
    cover = Cover(others)
    return any(cover.around(stretch.start) or cover.around(stretch.end - SECOND) for stretch in some)


def _too_early(spare: Spare, index: int, entry: TimetableEntry) -> Iterator[Caution]:
    """What is to be ready by a time must begin before it, and in a window."""
    windows = spare.policy.resize_windows.up
    if not entry.ready_by or not windows or not spare.compares(windows):
        return
    cover = Cover(stretch for window in windows for stretch in spare.stretches(window))
    begins = (stretch.start for stretch in spare.stretches(entry, early=spare.policy.resize_takes))
    if first := next((at for at in begins if at.date() >= spare.today and cover.around(at) is None), None):
        at = f"{first.astimezone(ZoneInfo(entry.timezone or spare.policy.timezone)):%H:%M on %a %Y-%m-%d}"
        why = f"to be ready it would begin at {at}, when no window for ups is open"
        advice = "open `resize_windows: up` by then, or leave out `ready_by`"
        yield Caution(("timetable", index, "ready_by"), why, advice)


def _unknown_years(spare: Spare) -> Iterator[Caution]:
    words = {word for _, span in spans_of(spare.policy) for word in span.days} & set(CALENDAR_DAYS)
    if not words or spare.calendar is PLAIN:
        return
    country = spare.policy.calendars.workdays["country"]
    for year in sorted({spare.today.year, (spare.today + MONTH_AHEAD).year}):
        if not spare.calendar.knows(year):
            why = (
                f"the holidays of {country} in {year} are not known: workdays are Monday to Friday then, holidays none"
            )
            advice = "update the package `holidays`, or write that year's days as dates"
            yield Caution(("calendars", "workdays", "country"), why, advice)


def _called(spare: Spare, index: int) -> str:
    entry = spare.policy.timetable[index]
    return f"`{entry.name[:40]}`" if entry.name else f"timetable[{index}]"
