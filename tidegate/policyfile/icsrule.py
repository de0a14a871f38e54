"""The repeat rule of an event (RRULE), checked and put into the one form that `tidegate.domain.repeats` reads."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from tidegate.domain.repeats import UNTIL
from tidegate.domain.when import RULE_PARTS
from tidegate.policyfile.icstime import YEARS, BadEvent, Moment, to_wall

UNNAMED = "its RRULE does not name its own start (DTSTART)"
FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")


def read_rule(given: Any, start: Moment, zone: ZoneInfo) -> str:
    """Read the rule of an event that starts then; `zone` is the instance's. Raises BadEvent."""
    parts = {str(key).upper(): list(value) if isinstance(value, list) else [value] for key, value in given.items()}
    if "FREQ" not in parts:
        raise BadEvent("its RRULE has no FREQ")
    written = {key: _written(key, values) for key, values in parts.items() if key != "UNTIL"}
    _check(written, "UNTIL" in parts)
    _check_start(written, start.wall)
    if "UNTIL" in parts:
        written["UNTIL"] = _until(parts["UNTIL"], ZoneInfo(start.zone) if start.zone else zone)
    return ";".join(f"{key}={written[key]}" for key in RULE_PARTS if key in written)


def _written(key: str, values: list[Any]) -> str:
    texts = [str(value).upper() for value in values]
    if key == "FREQ" and texts not in [[frequency] for frequency in FREQUENCIES]:
        raise BadEvent(f"repeats {','.join(texts).lower()}; only {', '.join(FREQUENCIES).lower()} are supported")
    if key not in RULE_PARTS:
        raise BadEvent(f"its RRULE has {key}, which is not supported")
    for text in texts:
        if not re.fullmatch(RULE_PARTS[key], text):
            raise BadEvent(f"its RRULE has {key}={text}, which is not supported")
    return ",".join(texts)


def _check(written: dict[str, str], has_until: bool) -> None:  # noqa: FBT001 - of one caller
    frequency = written["FREQ"]
    if "COUNT" in written and has_until:
        raise BadEvent("its RRULE has both COUNT and UNTIL")
    if frequency in ("DAILY", "WEEKLY") and re.search(r"\d", written.get("BYDAY", "")):
        raise BadEvent(f"its RRULE has BYDAY={written['BYDAY']}, which no {frequency.lower()} rule may have")
    if frequency == "MONTHLY" and (beyond := re.search(r"([6-9]|\d\d)[A-Z]+", written.get("BYDAY", ""))):
        raise BadEvent(f"its RRULE has BYDAY={beyond[0]}, and no month has so many")
    if frequency == "WEEKLY" and "BYMONTHDAY" in written:
        raise BadEvent("its RRULE has BYMONTHDAY, which no weekly rule may have")


def _check_start(written: dict[str, str], start: datetime) -> None:
    """Raise BadEvent if the rule excludes the date of its start: it might name no day, and be searched for ever."""
    last = monthrange(start.year, start.month)[1]
    allowed = {"BYMONTH": {start.month}, "BYMONTHDAY": {start.day, start.day - last - 1}}
    for key, numbers in allowed.items():
        if key in written and numbers.isdisjoint(map(int, written[key].split(","))):
            raise BadEvent(UNNAMED)


def _until(values: list[Any], zone: ZoneInfo) -> str:
    """When the last one may start, by the wall clock of the event. A bare date takes in the whole of that day."""
    until = values[0]
    if isinstance(until, datetime):
        wall = to_wall(until, zone) if until.tzinfo is not None else until
    elif isinstance(until, date):
        wall = datetime.combine(until, time(23, 59, 59))
    else:
        raise BadEvent("its RRULE has an UNTIL that is no date")
    if wall.year not in YEARS:
        raise BadEvent(f"its RRULE has an UNTIL in the year {wall.year}")
    return wall.strftime(UNTIL)
