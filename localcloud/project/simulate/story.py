"""A week told to people: what happened from outside, what went wrong, what was ordered and said, in order of time."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta

from localcloud.project.simulate.bucket import NO_INSTANCES
from localcloud.project.simulate.script import Deed
from localcloud.project.simulate.trace import Trace

LONGEST = 160


def story(trace: Trace) -> list[str]:
    """The lines of a story."""
    start = trace.script.start
    lines = [*_deeds(trace), *_troubles(trace), *_orders(trace), *_records(trace), *_messages(trace)]
    return [f"{_clock(at, start)}  {text}"[:LONGEST] for at, text in sorted(lines, key=lambda line: line[0])]


def _clock(at: datetime, start: datetime) -> str:
    passed = at - start
    seconds = passed.total_seconds() % 86400
    return f"day {passed.days + 1} {int(seconds // 3600):02d}:{int(seconds // 60 % 60):02d}:{seconds % 60:06.3f}"


def _deeds(trace: Trace) -> Iterator[tuple[datetime, str]]:
    for deed in trace.script.deeds:
        yield trace.script.start + timedelta(seconds=deed.at_s), f"{deed.do} {_about(deed)}"


def _about(deed: Deed) -> str:
    if deed.do == "alert":
        return f"{deed.instance} {deed.rule} {deed.state} ({deed.form}, {1 + len(deed.again_s)} times)"
    said = {**deed.request, **deed.spec, **deed.used}
    return f"{deed.instance} {deed.what} {json.dumps(said) if said else ''}".strip()


def _troubles(trace: Trace) -> Iterator[tuple[datetime, str]]:
    for at_s, strike in trace.misfortunes.struck:
        yield trace.script.start + timedelta(seconds=at_s), f"({strike.site}, call {strike.nth}: {strike.trouble})"


def _orders(trace: Trace) -> Iterator[tuple[datetime, str]]:
    for one in trace.ordered:
        came = f"order {one.order_id or '-'}, change {one.change}" if one.change else f"refused: {one.refused}"
        yield one.at, f"ORDER {one.action} {one.instance_id} by {one.by}: {came}"


def _records(trace: Trace) -> Iterator[tuple[datetime, str]]:
    for key, body in trace.bodies.items():
        if key.startswith("ledger/") and not key.startswith(NO_INSTANCES):
            record = json.loads(body)
            fact = record["fact"]
            about = {name: fact[name] for name in ("verdict", "event", "outcome", "code", "why") if fact.get(name)}
            stance = fact.get("stance") or {}
            said = f"{stance.get('kind', '')} {stance.get('code', '')}: {stance.get('reason', '')}" if stance else about
            which = key.split("/")[-2]
            yield trace.created[key], f"record {record['seq']} of {which}: {fact['kind']} {said}"


def _messages(trace: Trace) -> Iterator[tuple[datetime, str]]:
    for one in trace.said:
        yield one.at, f"told {one.channel}: {one.title}"
