"""When something is open: resize windows, blackouts and freezes, each a set of spans and nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from tidegate.domain.calendars import PLAIN, Calendar
from tidegate.domain.repeats import Repeats
from tidegate.domain.spans import Span, WallSpans
from tidegate.domain.timeline import Timeline
from tidegate.domain.when import FreezeEvent, WallSpan

AHEAD = timedelta(days=400)
"""How far ahead the next start is looked for: over a year, for spans that come once a year."""


@dataclass(frozen=True)
class Opening:
    """One span that is open: its name, since when, and until when at the longest."""

    name: str
    since: datetime
    until: datetime


class Openings:
    """Spans of wall-clock time and events of calendars together: whether one is open, and when the next one starts.

    Keep the object where many moments are asked for: it remembers the days it has reckoned.
    """

    def __init__(self, timeline: Timeline[str, Opening]) -> None:
        self._timeline = timeline

    @classmethod
    def of(
        cls, spans: Iterable[WallSpan], zone: str, calendar: Calendar = PLAIN, events: Iterable[FreezeEvent] = ()
    ) -> Openings:
        """The openings of an instance in this zone."""
        walls = [WallSpans(span, zone, calendar, span.name) for span in spans]
        return cls(Timeline([*walls, *(Repeats(event, zone) for event in events)], _longest))

    def at(self, now: datetime) -> Opening | None:
        """What is open now; of several the one that ends last."""
        return self._timeline.at(now)

    def next_after(self, now: datetime) -> datetime | None:
        """When the next span starts, be another one open or not; None if none does within 400 days."""
        return self._timeline.next_start(now, AHEAD)


def _longest(spans: list[Span[str]]) -> Opening:
    last = max(spans, key=lambda span: span.end)
    return Opening(last.what, last.start, last.end)
