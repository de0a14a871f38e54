"""Tells the story while it happens: every new record of a ledger becomes a line, or none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import takewhile
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.markup import escape

from tidegate.app import codec
from tidegate.app.surroundings import Surroundings
from tidegate.domain.facts import Adopted, Claimed, Closed, Concluded, Decided, Fact, Judged, Looked, Planned
from tidegate.domain.operation import Event, Outcome, Verdict

ZONE = ZoneInfo("Asia/Shanghai")

SIGHTS = {
    Event.SAW_NOTHING: "the old values are still there",
    Event.SAW_UNPAID: "the order waits to be paid",
    Event.SAW_CHANGE: "the instance changes",
    Event.SAW_SWITCHOVER: "the vendor waits for somebody to press Switch",
    Event.SAW_WANTED: "the wanted values are there; read again in a minute",
    Event.FOUND_ORDER: "the order was found in billing: it stands",
    Event.CLEARED: "no order stands; it may be placed again",
}


AT_REST = ("as-wanted", "operation")
"""Codes of holds that are no news."""


class Stage(Protocol):
    """Where the story happens."""

    @property
    def around(self) -> Surroundings:
        """How the ledger is read."""

    def console(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Ask the vendor's console."""

    def now(self) -> datetime:
        """The simulated time."""


@dataclass
class Narrator:
    """Prints to one console; `quiet` prints nothing.

    A story of many days is told with `days`, a heading for each; with `holds` also what is held is told.
    """

    stage: Stage
    console: Console
    zone: ZoneInfo = ZONE
    days: bool = False
    holds: bool = False
    _told: dict[str, int] = field(default_factory=dict)
    _last: dict[str, Event | None] = field(default_factory=dict)
    _messages: int = 0
    _day: date | None = None

    def act(self, number: int, title: str) -> None:
        """Begin an act."""
        self.console.print(f"\n[bold]{number}  {escape(title)}[/bold]")

    def clock(self) -> str:
        """The simulated time on the wall."""
        return f"{self.stage.now().astimezone(self.zone):%H:%M:%S}"

    def say(self, text: str, style: str = "", at: datetime | None = None) -> None:
        """Print one line with the simulated time."""
        when = (at or self.stage.now()).astimezone(self.zone)
        if self.days and when.date() != self._day:
            self.console.print(f"[bold]{when:%a %d %b %Y}[/bold]")
            self._day = when.date()
        self.console.print(f"   [dim]{when:%H:%M:%S}[/dim]  {escape(text)}", style=style, highlight=False)

    def listen(self, name: str) -> None:
        """Print what is new in the ledger of an instance, and what people were told."""
        self._records(name)
        messages = self.stage.console("GET", "messages")["messages"]
        for message in messages[self._messages :]:
            self._message(message)
        self._messages = len(messages)

    def _records(self, name: str) -> None:
        book = self.stage.around.book()
        if book is None:
            return
        key = self.stage.around.key(book.read(name))
        told = self._told.get(key, 0)
        # Newest first until what was told: whatever is written meanwhile comes with the next look.
        fresh = list(takewhile(lambda record: record.seq > told, self.stage.around.ledger.records(key)))
        for record in reversed(fresh):
            for text, style in self._lines(name, codec.read_fact(record.fact)):
                self.say(text, style, record.at)
        if fresh:
            self._told[key] = fresh[0].seq

    def _message(self, message: dict[str, Any]) -> None:
        content = message["content"]
        self.say(f"to {message['channel']}: {content.get('message', content)}", "yellow")

    def _lines(self, name: str, fact: Fact) -> Iterator[tuple[str, str]]:
        if isinstance(fact, Decided):
            for answer in fact.answers:
                yield f"{name}: {answer.what} -> {answer.verdict}: {answer.reason}", "cyan"
            said = any(answer.reason == fact.stance.reason for answer in fact.answers)
            if self.holds and not said and fact.stance.kind != "resize" and fact.stance.code not in AT_REST:
                yield f"{name}: held: {fact.stance.reason}", "yellow"
        elif isinstance(fact, Looked):
            if fact.event in SIGHTS and self._last.get(name) is not fact.event:
                yield f"{name}: {SIGHTS[fact.event]}", "dim"
            self._last[name] = fact.event
        elif line := _line(name, fact):
            self._last.pop(name, None)
            yield line


def _line(name: str, fact: Fact) -> tuple[str, str] | None:
    """One fact that makes one line."""
    if isinstance(fact, Adopted):
        return f"{name}: first contact, found on {fact.rung or 'no rung'}", "dim"
    if isinstance(fact, Planned):
        operation = fact.operation
        return f"{name}: resize {operation.from_rung} -> {operation.to_rung}: {operation.reason}", "bold cyan"
    if isinstance(fact, Claimed):
        return f"{name}: attempt {fact.attempt.number} claimed; the vendor is called once", ""
    if isinstance(fact, Judged):
        return _verdict(name, fact)
    if isinstance(fact, Concluded):
        style = "bold green" if fact.outcome is Outcome.RESIZED else "bold red"
        return f"{name}: {fact.outcome.value}: {fact.why}", style
    return (f"{name}: settled", "green") if isinstance(fact, Closed) else None


def _verdict(name: str, fact: Judged) -> tuple[str, str]:
    if fact.verdict is Verdict.ACCEPTED:
        order = f", order {fact.order_id}" if fact.order_id else ""
        return f"{name}: accepted{order}", "green"
    if fact.verdict is Verdict.UNANSWERED:
        return f"{name}: no answer ({fact.code}): the order may stand, so look, never order again", "magenta"
    return f"{name}: {fact.verdict.value}: {fact.code}", "magenta"
