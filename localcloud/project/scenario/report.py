"""The end of a play, for people and as data."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.markup import escape

from localcloud.project.scenario.folder import Folder
from localcloud.project.scenario.play import Played

Fields = dict[str, Any]


def print_title(console: Console, folder: Folder) -> None:
    """Say what is going to be played."""
    scenario = folder.scenario
    console.print(f"[bold]{escape(scenario.title)}[/bold]  {escape(' '.join(scenario.story.split()))}\n")


def print_verdict(console: Console, played: Played) -> None:
    """Say how it ended, and in what that differs from what was expected."""
    zone, story = ZoneInfo(played.folder.scenario.timezone), played.performance.story
    console.print()
    for order in story.orders:
        when = f"{order.at.astimezone(zone):%a %d %b %H:%M}"
        ending = order.outcome.value if order.outcome else "open"
        line = f"{when}  {order.instance}  {order.direction.value.upper()} {order.start} -> {order.end}  {ending}"
        console.print(f"   [dim]order[/dim]  {escape(line)}", highlight=False)
    for name, rung in story.rungs.items():
        console.print(f"   [dim]ends[/dim]   {escape(name)} on {escape(rung)}", highlight=False)
    for difference in played.differences:
        console.print(f"   [bold red]differs[/bold red]  {escape(difference)}", highlight=False)
    word = "[bold red]Not as expected[/bold red]" if played.differences else "[bold green]As expected[/bold green]"
    days = (played.folder.until - played.folder.start).total_seconds() / 86_400
    counts = f"{len(story.orders)} orders, {played.performance.ticks} ticks, {days:.1f} days in {played.seconds:.1f} s"
    console.print(f"\n{word}: {counts}")


def as_json(played: Played) -> Fields:
    """The whole play as one JSON object."""
    folder, story = played.folder, played.performance.story
    return {
        "scenario": folder.path.name,
        "title": folder.scenario.title,
        "ok": not played.differences,
        "differences": list(played.differences),
        "from": folder.start.isoformat(),
        "until": folder.until.isoformat(),
        "rungs": dict(story.rungs),
        "orders": [
            {
                "instance": order.instance,
                "from": order.start,
                "to": order.end,
                "direction": order.direction.value,
                "at": order.at.isoformat(),
                "order_id": order.order_id,
                "operation": order.operation,
                "outcome": order.outcome.value if order.outcome else None,
            }
            for order in story.orders
        ],
        "holds": [_moment(held.at, instance=held.instance, code=held.code, reason=held.reason) for held in story.holds],
        "messages": [
            _moment(told.at, channel=told.channel, kind=told.kind, title=told.title, text=told.text)
            for told in story.messages
        ],
        "answers": [
            _moment(one.at, what=one.what, answer=one.answer, code=one.code, reason=one.reason) for one in story.replies
        ],
        "ticks": played.performance.ticks,
        "lost_ticks": played.performance.lost_ticks,
        "seconds": round(played.seconds, 2),
    }


def _moment(at: datetime, **fields: str) -> Fields:
    return {"at": at.isoformat(), **fields}
