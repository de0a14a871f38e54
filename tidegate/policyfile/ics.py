"""A calendar file (ICS, RFC 5545) as the freezes of a policy. What has no exact meaning here is an error, not a guess.

Only VEVENTs count. An event that is cancelled is left out; whether it shows as busy (TRANSP) makes no difference.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from tidegate.domain.repeats import walls
from tidegate.domain.when import FreezeEvent
from tidegate.policyfile.icsrule import UNNAMED, read_rule
from tidegate.policyfile.icstime import BadEvent, Moment, read_moment, read_moments

MOST_BYTES, MOST_EVENTS = 1_000_000, 1_000
LONGEST_NAME = 100
DAY = timedelta(days=1)
UNSUPPORTED = ("RDATE", "EXRULE", "RECURRENCE-ID")
ONCE = ("DTSTART", "DTEND", "DURATION", "RRULE", "STATUS")
READ = (*UNSUPPORTED, *ONCE, "EXDATE")
FOLD = re.compile(r"\r?\n[ \t]")
LONGEST_HEAD = 2_000
HEAD = re.compile(rf'^(?:"[^"\r\n]*"|[^":\r\n]){{{LONGEST_HEAD + 1}}}', re.MULTILINE)
"""A property's name and parameters, longer than anybody writes them; the library takes minutes for very many."""


class BadCalendar(Exception):  # noqa: N818 - reads as what it is
    """A calendar file that cannot be read; the message names the file, the event and the reason."""


def read_ics(body: bytes, zone: str, file: str) -> list[FreezeEvent]:
    """Read the events of a calendar file; floating times are those of `zone`. Raises BadCalendar."""
    text = _text(body, file)
    events = [event for calendar in _calendars(text, file) for event in calendar.subcomponents]
    return list(_freezes([event for event in events if event.name == "VEVENT"], ZoneInfo(zone), file))


def _text(body: bytes, file: str) -> str:
    if len(body) > MOST_BYTES:
        raise BadCalendar(f"{file}: over {MOST_BYTES:,} bytes; keep only the events that are freezes")
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadCalendar(f"{file}: is not UTF-8 at byte {error.start}") from error
    begun, ended = (_count(word, text, "VCALENDAR") for word in ("BEGIN", "END"))
    if not begun:
        raise BadCalendar(f"{file}: is no calendar; one starts with BEGIN:VCALENDAR")
    if begun != ended or _count("BEGIN", text, "VEVENT") != _count("END", text, "VEVENT"):
        raise BadCalendar(f"{file}: is cut off: a BEGIN is without its END")
    if HEAD.search(FOLD.sub("", text)):
        raise BadCalendar(f"{file}: a line has over {LONGEST_HEAD:,} signs before its value")
    if (found := _count("BEGIN", text, "VEVENT")) > MOST_EVENTS:
        raise BadCalendar(f"{file}: {found:,} events; at most {MOST_EVENTS:,} are read")
    return text


def _count(word: str, text: str, component: str) -> int:
    return len(re.findall(rf"^{word}:{component}\s*$", text, re.IGNORECASE | re.MULTILINE))


def _calendars(text: str, file: str) -> list[Any]:
    from icalendar import Calendar  # noqa: PLC0415 - only where a policy names a calendar file

    try:
        return list(Calendar.from_ical(text, multiple=True))
    except (ValueError, LookupError, AttributeError, TypeError, RecursionError) as error:
        raise BadCalendar(f"{file}: {_short(str(error))}") from error


def _freezes(events: list[Any], zone: ZoneInfo, file: str) -> Iterator[FreezeEvent]:
    for number, event in enumerate(events, start=1):
        try:
            freeze = _freeze(event, zone)
        except (BadEvent, ValidationError, OverflowError) as error:
            called = f' "{name}"' if (name := _name(event)) else ""
            raise BadCalendar(f"{file}: event {number}{called}: {_short(str(error))}") from error
        if freeze is not None:
            yield freeze


def _freeze(event: Any, zone: ZoneInfo) -> FreezeEvent | None:
    _check(event)
    if str(event.get("STATUS", "")).strip().upper() == "CANCELLED":
        return None
    if "DTSTART" not in event:
        raise BadEvent("has no start (DTSTART)")
    start = read_moment(event["DTSTART"], "DTSTART")
    name, without = _name(event), tuple(read_moments(event.get("EXDATE", []), start))
    if "RRULE" not in event and start.zone and "DTEND" in event and not without:
        # A single event is from one instant to another, whatever the clocks do between them.
        return _single(name, start, read_moment(event["DTEND"], "DTEND"))
    lasts = _lasts(event, start)
    rule = read_rule(event["RRULE"], start, zone) if "RRULE" in event else ""
    freeze = FreezeEvent(name=name, start=start.wall, timezone=start.zone, lasts=lasts, rrule=rule, without=without)
    if start.wall not in walls(freeze, start.wall, start.wall + DAY):
        raise BadEvent(UNNAMED)
    return freeze


def _check(event: Any) -> None:
    for key, problem in event.errors:
        if key is None or key in READ:
            raise BadEvent(f"{key or 'a line'} cannot be read: {problem}")
    for key in UNSUPPORTED:
        if key in event:
            raise BadEvent(f"{key} is not supported; write such an event as single ones")
    for key in ONCE:
        if isinstance(event.get(key), list):
            raise BadEvent(f"has more than one {key}")
    if "DTEND" in event and "DURATION" in event:
        raise BadEvent("has both DTEND and DURATION")


def _single(name: str, start: Moment, end: Moment) -> FreezeEvent:
    start.check_kind(end)
    begin, lasts = start.instant, _positive(end.instant - start.instant)
    return FreezeEvent(name=name, start=begin.replace(tzinfo=None), timezone="UTC", lasts=lasts)


def _lasts(event: Any, start: Moment) -> timedelta:
    """How long it lasts by the wall clock of its start."""
    if "DTEND" in event:
        return _positive(read_moment(event["DTEND"], "DTEND").like(start).wall - start.wall)
    if "DURATION" not in event and start.whole_day:
        return DAY
    lasts = getattr(event.get("DURATION"), "dt", None)
    if not isinstance(lasts, timedelta):
        raise BadEvent("has no end (DTEND or DURATION)")
    if start.whole_day and lasts % DAY:
        raise BadEvent("is of whole days, and its DURATION is not")
    return _positive(lasts)


def _positive(lasts: timedelta) -> timedelta:
    if lasts <= timedelta(0):
        raise BadEvent("ends no later than it starts")
    if lasts > 366 * DAY:
        raise BadEvent("lasts over 366 days")
    return lasts


def _name(event: Any) -> str:
    given = event.get("SUMMARY", "")
    return _short(str(given[0] if isinstance(given, list) and given else given), LONGEST_NAME)


def _short(text: str, most: int = 300) -> str:
    """One line that can be printed anywhere."""
    line = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return line if len(line) <= most else f"{line[: most - 1]}…"
