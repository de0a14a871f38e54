"""The command `report`: what observing has shown, on paper and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from tidegate.app import report
from tidegate.app.report import Unreadable, to_json
from tidegate.app.report.causes import FIRING, Cause, Places
from tidegate.app.report.observed import Done, Observed, Watched, WouldBe
from tidegate.app.report.wishes import HeldFor
from tidegate.cli import looks
from tidegate.cli.errors import Mistake
from tidegate.cli.lines import places_in
from tidegate.cli.looks import BAD, CALM, Line, in_zone
from tidegate.cli.paper import Paper
from tidegate.cli.roots import surroundings
from tidegate.cli.times import show_time
from tidegate.domain.durations import parse_duration, write_duration

COUNTED = (
    "a would-be order is counted once nothing would hold it, and stands until another rung is wanted; nothing is",
    "simulated: an instance that is only observed stays where it is, and going back to there is no order",
)
WORDS = {"alert": "alert", "timetable": "timetable", "person": "asked by"}


def run(name: str, over: str, policy: Path | None, *, as_json: bool) -> int:
    """Show what observing has shown."""
    try:
        span: timedelta = parse_duration(over)
    except ValueError as error:
        raise Mistake(f"--observed is {error}, not `{over}`") from None
    if not span:
        raise Mistake(f"--observed is a duration such as 14d, not `{over}`")
    # A file that is wrong is told before anything is connected.
    places: Places = places_in(policy)
    told = report.observed(surroundings(), span, name, places=places)
    if as_json:
        Paper().json(as_value(told))
    else:
        looks.show(observed_lines(told))
    return 0


def as_value(told: Observed) -> Any:
    """The report as JSON, with the number of would-be orders of each instance."""
    value = to_json(told)
    rows = zip(value["instances"], told.instances, strict=True)
    value["instances"] = [{**row, "orders": each.orders} if isinstance(each, Watched) else row for row, each in rows]
    return value


def observed_lines(told: Observed) -> Iterator[Line]:
    """An instance a block: its figures, what would have been ordered or was, and what was held."""
    for each in told.instances:
        if isinstance(each, Unreadable):
            yield (f"{each.instance}  ", (f"! {each.trouble}", BAD))
            continue
        yield from _block(each)
    yield from (((line, CALM),) for line in COUNTED)


def _block(each: Watched) -> Iterator[Line]:
    zone = each.timezone
    yield (f"{each.instance}  {each.mode}  {show_time(each.since, zone)} to {show_time(each.until, zone)}",)
    yield (f"  {'; '.join(_figures(each))}",)
    for wish in each.would_be:
        yield from _wish(wish, zone)
    for done in each.done:
        yield from _done(done, zone)
    for held in each.held:
        what = f"{held.to_rung} for " if held.to_rung else ""
        for_whom = f", {what}{cause_in_words(held.cause, zone)}" if held.cause.name or held.cause.key else ""
        yield (f"  held   {_held(held)}{for_whom}: {in_zone(held.reason, zone)}",)


def _figures(each: Watched) -> Iterator[str]:
    yield f"on {each.rung}" if each.rung else "on no known rung"
    if each.mode == "observe" or each.would_be:
        yield f"{each.orders} would-be order{'s' * (each.orders != 1)}"
    if each.done:
        yield f"{len(each.done)} resize{'s' * (len(each.done) != 1)}"
    yield f"below need {_span(each.minutes_below_need)}"
    yield f"above need {_span(each.minutes_above_need)}"
    if each.minutes_unknown:
        yield f"not known {_span(each.minutes_unknown)}"
    if each.unpriced:
        yield f"cost difference unknown, no price in the policy for {', '.join(each.unpriced)}"
    elif each.cost_difference is not None and each.would_be:
        yield f"cost difference {each.cost_difference:+g}"


def _wish(wish: WouldBe, zone: str) -> Iterator[Line]:
    stood = "stood before" if wish.before else "would   "
    until = f"until {show_time(wish.ended_at, zone)}" if wish.ended_at else "and still"
    cost = f", {wish.cost_difference:+g}" if wish.cost_difference is not None else ""
    change = f"{wish.direction.upper()} {wish.from_rung} -> {wish.to_rung}"
    who = f"{cause_in_words(wish.cause, zone)}{_rang(wish.cause, zone)}"
    yield (f"  {stood} {show_time(wish.at, zone)}  {change}  {who}; {until}{cost}",)
    for held in wish.held:
        yield (f"           held before that by {_held(held)}",)


def _done(done: Done, zone: str) -> Iterator[Line]:
    change = f"{done.direction.upper()} {done.from_rung} -> {done.to_rung}"
    outcome = f"{done.outcome}: {in_zone(done.why, zone)}" if done.outcome else "under way"
    order = f"; order {done.order_id}" if done.order_id else ""
    who = f"{cause_in_words(done.cause, zone)}{_rang(done.cause, zone)}"
    yield (f"  #{done.operation}  {show_time(done.at, zone)}  {change}  {who}; {outcome}{order}",)


def cause_in_words(cause: Cause, zone: str) -> str:
    """Who or what, and the policy's line for it."""
    if cause.kind == "home":
        who = f"{cause.name} ended: {cause.why}" if cause.name else cause.why or "home"
    else:
        who = f"{WORDS[cause.kind]} {cause.name}"
    where = f"{cause.file}:{cause.line}" if cause.file else f"policy {cause.policy} {cause.key}" if cause.key else ""
    return f"{in_zone(who, zone)} ({where})" if where else in_zone(who, zone)


def _rang(cause: Cause, zone: str) -> str:
    """When the alert rang, and its figure if it told one."""
    if cause.alert_at is None:
        return ""
    return f", rang {show_time(cause.alert_at, zone)}{cause.alert.partition(FIRING)[2]}"


def _held(held: HeldFor) -> str:
    return f"{held.code}, {held.times} time{'s' * (held.times != 1)}, {_span(held.minutes)}"


def _span(minutes: float) -> str:
    return write_duration(timedelta(minutes=minutes))
