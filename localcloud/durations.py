"""Durations as people write them: `90s`, `4m`, `24h`, `7d`."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainSerializer

UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
FORM = re.compile(r"(\d+(?:\.\d+)?)([smhd])")


def read(value: Any) -> Any:
    """Turn `4m` into a timedelta; leave anything else for pydantic to judge."""
    if not isinstance(value, str):
        return value
    if not (match := FORM.fullmatch(value)):
        raise ValueError("a duration is a number and one of s, m, h, d: 90s, 4m, 24h")
    try:
        return timedelta(**{UNITS[match[2]]: float(match[1])})
    except OverflowError as error:
        raise ValueError("a duration within the calendar") from error


def written(value: timedelta) -> str:
    """Write a duration in seconds, the way `read` reads it."""
    return f"{value.total_seconds():g}s"


Duration = Annotated[timedelta, BeforeValidator(read), PlainSerializer(written, return_type=str, when_used="json")]
