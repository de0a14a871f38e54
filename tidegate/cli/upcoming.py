"""The command `upcoming`: what the timetables will want. With a policy file it needs neither account nor ledger."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

from tidegate.app.calendars import calendar_of
from tidegate.app.report.facts import NotKnown, book_of
from tidegate.app.report.upcoming import Ahead, Remark, Turn, Upcoming, home_of, upcoming
from tidegate.app.surroundings import Book, Surroundings
from tidegate.cli.access import Absent
from tidegate.cli.errors import Mistake
from tidegate.cli.looks import CALM, Line, show
from tidegate.cli.paper import Paper, columns
from tidegate.cli.roots import book_from, clock, surroundings
from tidegate.cli.times import read_time
from tidegate.domain.policy import InstancePolicy
from tidegate.ledger.shelf import ShelfUnavailable
from tidegate.settings import BadSettings, read_cli_settings

YEARS = range(1970, 2100)
"""What lies outside was mistyped."""


def run(name: str, begin: str, days: int, path: Path | None, *, as_json: bool) -> int:
    """Show every change of the wanted rung by timetable alone, for so many days."""
    around, book = _from_file(path) if path else _in_force()
    if name and name not in book.names:
        raise NotKnown(f"the policy has no instance `{name}`; it has {', '.join(book.names)}")
    policies = [book.read(each) for each in ([name] if name else book.names)]
    # A time that cannot be read is told before the ledger is asked.
    starts = [_start(begin, policy, clock()()) for policy in policies]
    homes = _homes(around, book, policies, offline=path is not None)
    views = [
        # So many days of the wall, of which one may have 23 or 25 hours.
        Ahead(policy, home, start.astimezone(timezone.utc), (start + timedelta(days=days)).astimezone(timezone.utc))
        for policy, home, start in zip(policies, homes, starts, strict=True)
    ]
    told = upcoming(views, calendar_of)
    if as_json:
        Paper().json([_row(turn) for turn in told.turns])
    else:
        show(upcoming_lines(told, days))
    for country, first, last in told.unknown:
        years = f"{first}" if first == last else f"{first} to {last}"
        _warn(f"the workdays of {country} are not known for {years}; Monday to Friday are taken for them")
    return 0


def _in_force() -> tuple[Surroundings | None, Book]:
    around = surroundings()
    return around, book_of(around, None)


def _from_file(path: Path) -> tuple[Surroundings | None, Book]:
    book = book_from(path)
    try:
        return surroundings(Absent.EMPTY), book
    except BadSettings as error:
        if read_cli_settings().store:
            _warn(f"the ledger cannot be read, so homes are not known: {error}")
        return None, book


def _start(begin: str, policy: InstancePolicy, now: datetime) -> datetime:
    """When to begin, a time of day being that of the instance's zone. Raises Mistake."""
    start = read_time(begin, policy.timezone, now) if begin else now
    if start.year not in YEARS:
        raise Mistake(f"--from is a time of the years {YEARS.start} to {YEARS.stop - 1}, not `{begin}`")
    return start.astimezone(ZoneInfo(policy.timezone))


def _homes(around: Surroundings | None, book: Book, policies: list[InstancePolicy], *, offline: bool) -> list[str]:
    """The homes of instances. A file can be looked through where the ledger cannot be read, but it is said."""
    try:
        return [home_of(around, book, policy) for policy in policies]
    except ShelfUnavailable as error:
        if not offline:
            raise
        _warn(f"the ledger cannot be read, so homes are not known: {error}")
        return [home_of(None, book, policy) for policy in policies]


def _warn(text: str) -> None:
    sys.stderr.write(f"tidegate: warning: {text}\n")


def _row(turn: Turn) -> dict[str, str | None]:
    return {"instance": turn.instance, "at": turn.at.isoformat(), "rung": turn.rung, "why": turn.why}


def upcoming_lines(told: Upcoming, days: int) -> Iterator[Line]:
    """Turns and remarks in the order of time, a line each."""
    entries: list[Turn | Remark] = sorted([*told.turns, *told.remarks], key=lambda entry: entry.at)
    rows = [_cells(entry) for entry in entries]
    for row, entry in zip(columns(rows), entries, strict=True):
        yield tuple((cell, CALM) for cell in row) if isinstance(entry, Remark) else tuple(row)
    if not told.turns:
        yield (f"no timetable wants another rung within {days} day{'s' * (days != 1)}",)


def _cells(entry: Turn | Remark) -> list[str]:
    """When, of what, which rung, and why; a remark on a whole day has no time of day."""
    if isinstance(entry, Remark) and entry.whole_day:
        return [f"{entry.at:%a %Y-%m-%d}", "", "", entry.text]
    when = f"{entry.at:%a} {entry.at.isoformat(sep=' ', timespec='minutes')}"
    if isinstance(entry, Remark):
        return [when, "", "", entry.text]
    return [when, entry.instance, "home" if entry.rung is None else entry.rung, entry.why]
