"""What the answer to a request looks like on paper."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from tidegate.cli.looks import GOOD, NEEDS, Line, in_zone
from tidegate.cli.times import show_time

Body = dict[str, Any]


def reply_lines(name: str, reply: Body, beside: Iterable[Line] = ()) -> Iterator[Line]:
    """What was done, what was decided on it, what stands now and until when, and what is known `beside`."""
    zone = str(reply.get("timezone") or "UTC")
    who = name or "fleet"
    if reply.get("acknowledged"):
        yield (f"{who}  acknowledged: what was told is quiet, and orders may go on",)
    if told := reply.get("told"):
        yield (f"{who}  {in_zone(told, zone)}",)
    yield from _decision(who, reply, zone) if name else ((f"{who}  {in_zone(reply['reason'], zone)}",),)
    yield from _standing(name, reply, zone)
    yield from beside
    if reply.get("dry_run"):
        yield ("dry run: nothing was written",)


def _decision(name: str, reply: Body, zone: str) -> Iterator[Line]:
    operation = f"  (operation {name}#{reply['operation']})" if reply.get("operation") else ""
    reason = f"{in_zone(reply['reason'], zone)}{operation}"
    if reply["decision"] == "resize":
        yield (f"{name}  ", ("resize", GOOD), f": {reason}")
    elif reply["code"] == "as-wanted":
        yield (f"{name}  ", ("ok", GOOD), f": {reason}")
    else:
        yield (f"{name}  ", ("held", NEEDS), f": {reason}")


def _standing(name: str, reply: Body, zone: str) -> Iterator[Line]:
    """An override, a pause and what is asked, each with its end."""
    if override := reply.get("override"):
        yield (f"override {override['to']} until {_end(override['until'], f'tidegate release {name}', zone)}",)
    if (pause := reply.get("pause")) and reply["code"] != "pause":
        yield (f"paused until {_end(pause, f'tidegate unpause {name}', zone)}",)
    if (asked := reply.get("approval")) and reply["code"] == "approval":
        yield (f"approval {asked} is asked: `tidegate approve {name} --id {asked}`",)


def _end(until: str, command: str, zone: str) -> str:
    return f"`{command}`" if until == "released" else show_time(datetime.fromisoformat(until), zone)
