"""Logging: one fact a line, as a name with fields."""

from __future__ import annotations

import json
import logging
from datetime import date, datetime

LOG = logging.getLogger("tidegate")


def log(what: str, **fields: object) -> None:
    """Log one fact as a name with fields. Values that are no JSON are written as text."""
    LOG.info(json.dumps({"what": what, **fields}, default=_plain, ensure_ascii=False))


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, (date, datetime)) else str(value)
