"""Decisions a second, of one instance's policy: for every reason alone, mixed over a year, and minute by minute."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from itertools import islice
from random import Random
from typing import NamedTuple

from benchmarks.example import terms
from benchmarks.scenes import SCENES, at_rest
from tidegate.domain.decide import decide
from tidegate.domain.observed import Observed
from tidegate.domain.state import State
from tidegate.domain.terms import Terms

YEAR_BEGINS = datetime(2026, 1, 1, tzinfo=timezone.utc)
MINUTES_OF_YEAR = 365 * 24 * 60


class Asked(NamedTuple):
    """The arguments of one decision."""

    terms: Terms
    state: State
    observed: Observed
    now: datetime
