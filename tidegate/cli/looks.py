"""What reports look like on paper: one line an instance, no ornaments."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime, timezone
from zoneinfo import ZoneInfo

from tidegate.app.report import Answered, History
from tidegate.cli.paper import Paper, Span, columns, plain
from tidegate.cli.times import show_time

Line = tuple[str | Span, ...]
UTC = re.compile(r"(\d{4}-\d\d-\d\d) (\d\d:\d\d(?::\d\d)?)Z")
NEEDS, BAD, GOOD, CALM = "bold yellow", "bold red", "green", "dim"


def show(lines: Iterable[Line]) -> None:
    """Print lines, each as one: what people and vendors wrote may hold anything."""
    paper = Paper()
    for line in lines:
        paper.line(*((plain(span) if isinstance(span, str) else (plain(span[0]), span[1])) for span in line))


def in_words(line: Line) -> str:
    """A line as a text, without its looks."""
    return "".join(span if isinstance(span, str) else span[0] for span in line)


def in_zone(text: str, zone: str) -> str:
    """A reason with its moments, which the ledger has in UTC, told in a zone."""

    def there(found: re.Match[str]) -> str:
        at = datetime.fromisoformat(f"{found[1]} {found[2]}").replace(tzinfo=timezone.utc).astimezone(ZoneInfo(zone))
        return at.isoformat(sep=" ", timespec="minutes" if len(found[2]) == len("00:00") else "seconds")

    return UTC.sub(there, text)


def history_lines(history: History) -> Iterator[Line]:
    """A record a line."""
    rows = [
        (
            str(entry.record),
            show_time(entry.at, history.timezone),
            f"{entry.kind} #{entry.operation}" if entry.operation else entry.kind,
            in_zone(entry.what, history.timezone),
        )
        for entry in history.records
    ]
    for row in columns(rows):
        yield tuple(row)
    if not rows:
        yield (f"nothing is recorded of {history.instance} yet",)


def answer_lines(told: Answered) -> Iterator[Line]:
    """What one alert or request was answered."""
    yield (f"{told.instance or 'fleet'}  {in_zone(told.what, told.timezone)}",)
    yield (f"{told.verdict.upper()}  {in_zone(told.reason, told.timezone)}",)
    if told.at:
        yield (f"{show_time(told.at, told.timezone)}   policy {told.policy}  record {told.record}",)
