"""`tidegate watch`: one operation, live, to its end. Only the ledger is read."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

from tidegate.app.report import to_json
from tidegate.app.report.following import SETTLED, Followed, follow, which
from tidegate.app.surroundings import Surroundings
from tidegate.app.wiring import nap, utc_now
from tidegate.cli.errors import Failed, Mistake
from tidegate.cli.looks import in_zone
from tidegate.cli.paper import in_json, plain
from tidegate.cli.roots import clock, wired
from tidegate.cli.times import show_hour
from tidegate.domain.durations import parse_duration, write_duration

LOOK_EVERY_S = 1.0


def run(what: str, timeout: str, *, as_json: bool) -> int:
    """Follow an operation: 0 if it ended as somebody meant, 1 if it did not, or not in time."""
    try:
        longest: timedelta = parse_duration(timeout)
    except ValueError as error:
        raise Mistake(f"--timeout is {error}, not `{timeout}`") from None
    around = wired(clock())
    name, number = which(around, what)
    told = _live if sys.stdout.isatty() and not as_json else _in_lines
    last = told(_seen(around, name, number, longest), around.now, as_json=as_json)
    if last.phase != SETTLED:
        raise Failed(f"{name}#{number} is still {last.phase} after {timeout}; it goes on without us")
    return 0 if last.good else 1


def _seen(around: Surroundings, name: str, number: int, longest: timedelta) -> Iterator[Followed]:
    """Look again and again, until it is settled or the time is over. The time is the machine's: a person waits."""
    until = utc_now() + longest
    while True:
        seen = follow(around, name, number)
        yield seen
        if seen.phase == SETTLED or utc_now() >= until:
            return
        nap(LOOK_EVERY_S)


def _in_lines(looks: Iterator[Followed], now: Callable[[], datetime], *, as_json: bool) -> Followed:
    """A line for every change."""
    before: Followed | None = None
    for seen in looks:
        if before is None or _facts(seen) != _facts(before):
            moment = now()
            text = in_json(as_record(seen, moment)) if as_json else line(seen, moment)
            sys.stdout.write(text + "\n")
            sys.stdout.flush()
        before = seen
    return _last(before)


def _live(looks: Iterator[Followed], now: Callable[[], datetime], *, as_json: bool) -> Followed:
    """One line that is drawn again and again."""
    del as_json
    from rich.live import Live  # noqa: PLC0415 - only on a terminal
    from rich.text import Text  # noqa: PLC0415 - as above

    last: Followed | None = None
    with Live(auto_refresh=False) as screen:
        for last in looks:
            screen.update(Text(line(last, now())), refresh=True)
    return _last(last)


def _last(seen: Followed | None) -> Followed:
    if seen is None:
        raise Failed("nothing was seen")
    return seen


def _facts(seen: Followed) -> tuple[Any, ...]:
    """What makes a new line: not the next look, which moves on with every look."""
    return seen.phase, seen.order_id, seen.attempts, tuple(need.do for need in seen.needs), seen.outcome


def as_record(seen: Followed, now: datetime) -> dict[str, Any]:
    """One change as one JSON object."""
    return {"at": now.isoformat(), "operation": f"{seen.instance}#{seen.number}", **to_json(seen)}


def line(seen: Followed, now: datetime) -> str:
    """One moment in one line."""
    parts = [f"{seen.instance}#{seen.number}  {seen.direction.upper()} {seen.from_rung} -> {seen.to_rung}"]
    if seen.phase == SETTLED:
        parts.append(f"{seen.outcome}: {in_zone(seen.why, seen.timezone)}" if seen.why else seen.outcome)
    else:
        since = f" for {write_duration(now - seen.since)}" if seen.since else ""
        parts.append(f"{seen.phase}{since}")
    if seen.order_id:
        parts.append(f"order {seen.order_id}")
    if seen.next_look_at:
        parts.append(f"next look {show_hour(seen.next_look_at, seen.timezone, now)}")
    for need in seen.needs:
        by = f" by {show_hour(need.by, seen.timezone, now)}" if need.by else ""
        parts.append(f"! {need.do}{by}")
    return plain("  ".join(parts))
