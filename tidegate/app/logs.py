"""Logging: one fact a line, as a name with fields."""

from __future__ import annotations

import json
import logging
import re
from datetime import date, datetime

LOG = logging.getLogger("tidegate")
LEFT_BY_JSON = re.compile("[\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""Signs that JSON leaves as they are, and that end a line, rule a terminal, turn writing round or cannot be written."""


def log(what: str, **fields: object) -> None:
    """Log one fact as a name with fields, in one line whatever they hold. Values that are no JSON are text in it."""
    LOG.info(escaped(LINE.encode({"what": what, **fields})))


def escaped(written: str) -> str:
    """Give JSON text with every sign escaped that is not safe to print."""
    return LEFT_BY_JSON.sub(lambda sign: f"\\u{ord(sign[0]):04x}", written)


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, (date, datetime)) else str(value)


LINE = json.JSONEncoder(default=_plain, ensure_ascii=False)
