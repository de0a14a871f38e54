"""The repeat rule of an event (RRULE), checked and put into the one form that `tidegate.domain.repeats` reads."""

from __future__ import annotations

import re
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from tidegate.domain.repeats import UNTIL
from tidegate.policyfile.icstime import YEARS, BadEvent, Moment, to_wall

FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
MOST_REPEATS, LONGEST_INTERVAL = 10_000, 1_000
WEEKDAY = r"MO|TU|WE|TH|FR|SA|SU"
FORMS = {
    "FREQ": "|".join(FREQUENCIES),
    "INTERVAL": r"[1-9]\d{0,3}",
    "COUNT": r"[1-9]\d{0,4}",
    "BYDAY": rf"([+-]?([1-4]?[1-9]|[1-5]0|5[1-3]))?({WEEKDAY})",
    "BYMONTHDAY": r"[+-]?([1-9]|[12]\d|3[01])",
    "BYMONTH": r"[1-9]|1[0-2]",
    "WKST": WEEKDAY,
}
"""The parts that are supported beside UNTIL, and what each of their values looks like."""
LIMITS = {"INTERVAL": LONGEST_INTERVAL, "COUNT": MOST_REPEATS}


def read_rule(given: Any, start: Moment, zone: ZoneInfo) -> str:
    """Read the rule of an event that starts then; `zone` is the instance's. Raises BadEvent."""
    parts = {str(key).upper(): list(value) if isinstance(value, list) else [value] for key, value in given.items()}
    if "FREQ" not in parts:
        raise BadEvent("its RRULE has no FREQ")
    written = {key: _written(key, values) for key, values in parts.items() if key != "UNTIL"}
    _check(written, "UNTIL" in parts)
    if "UNTIL" in parts:
        written["UNTIL"] = _until(parts["UNTIL"], ZoneInfo(start.zone) if start.zone else zone)
    return ";".join(f"{key}={value}" for key, value in written.items())


def _written(key: str, values: list[Any]) -> str:
    texts = [str(value).upper() for value in values]
    if key == "FREQ" and texts not in [[frequency] for frequency in FREQUENCIES]:
        raise BadEvent(f"repeats {','.join(texts).lower()}; only {', '.join(FREQUENCIES).lower()} are supported")
    if key not in FORMS:
        raise BadEvent(f"its RRULE has {key}, which is not supported")
    for text in texts:
        if not re.fullmatch(FORMS[key], text) or (key in LIMITS and int(text) > LIMITS[key]):
            raise BadEvent(f"its RRULE has {key}={text}, which is not supported")
    return ",".join(texts)


def _check(written: dict[str, str], has_until: bool) -> None:  # noqa: FBT001 - of one caller
    frequency = written["FREQ"]
    if "COUNT" in written and has_until:
        raise BadEvent("its RRULE has both COUNT and UNTIL")
    if frequency in ("DAILY", "WEEKLY") and re.search(r"\d", written.get("BYDAY", "")):
        raise BadEvent(f"its RRULE has BYDAY={written['BYDAY']}, which no {frequency.lower()} rule may have")
    if frequency == "WEEKLY" and "BYMONTHDAY" in written:
        raise BadEvent("its RRULE has BYMONTHDAY, which no weekly rule may have")


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
