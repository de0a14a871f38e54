"""Spans of time as people write them: `90s`, `30m`, `2h`, `1h30m`, `7d`."""

from __future__ import annotations

import re
from datetime import timedelta
from functools import lru_cache
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainSerializer

_UNITS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
_WRITTEN = re.compile(r"(?:[0-9]{1,12}[dhms])+")
_LONGEST_D = 366
_EXAMPLE = "a duration with its unit, such as 30m or 1h30m"


def parse_duration(text: Any) -> Any:
    """Read a span such as `1h30m`. Raises ValueError with an example for anything else, and for over a year."""
    if isinstance(text, timedelta):
        return text
    if not isinstance(text, str):
        raise ValueError(_EXAMPLE)  # noqa: TRY004 - pydantic wants a ValueError
    return _span(text)


@lru_cache(maxsize=1000)
def _span(text: str) -> timedelta:
    if not _WRITTEN.fullmatch(text):
        raise ValueError(_EXAMPLE)
    parts = re.findall(r"([0-9]+)([dhms])", text)
    seconds = sum(int(number) * _UNITS[unit] for number, unit in parts)
    if seconds > _LONGEST_D * _UNITS["d"]:
        # No policy means so long a span, and dates so far away cannot be reckoned with.
        raise ValueError(f"a duration of at most {_LONGEST_D}d")
    return timedelta(seconds=seconds)


def write_duration(span: timedelta) -> str:
    """Write a span the way people read it, in its two largest units: `1h30m`, `2d5s`, `0s`."""
    left = max(int(span.total_seconds()), 0)
    parts = []
    for unit, size in _UNITS.items():
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts[:2]) or "0s"


def _serialize(span: timedelta) -> str:
    whole = int(span.total_seconds())
    return f"{whole}s"


Duration = Annotated[timedelta, BeforeValidator(parse_duration), PlainSerializer(_serialize, return_type=str)]
"""A timedelta that a policy writes as `30m`; compiled documents write it in seconds."""
