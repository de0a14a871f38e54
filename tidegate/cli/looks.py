"""What reports look like on paper: one line an instance, no ornaments."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime, timezone
from zoneinfo import ZoneInfo

from tidegate.app.report import Answered, Explanation, History, Intent, Plan, Standing, Status, Unreadable
from tidegate.cli.paper import Paper, Span, columns
from tidegate.cli.times import show_hour, show_time
from tidegate.domain.durations import write_duration
from tidegate.domain.weigh import Passage

Line = tuple[str | Span, ...]
UTC = re.compile(r"(\d{4}-\d\d-\d\d) (\d\d:\d\d(?::\d\d)?)Z")
NEEDS, BAD, GOOD, CALM = "bold yellow", "bold red", "green", "dim"


def show(lines: Iterable[Line]) -> None:
    """Print lines."""
    paper = Paper()
    for line in lines:
        paper.line(*line)


def in_zone(text: str, zone: str) -> str:
    """A reason with its moments, which the ledger has in UTC, told in a zone."""

    def there(found: re.Match[str]) -> str:
        at = datetime.fromisoformat(f"{found[1]} {found[2]}").replace(tzinfo=timezone.utc).astimezone(ZoneInfo(zone))
        return at.isoformat(sep=" ", timespec="minutes" if len(found[2]) == len("00:00") else "seconds")

    return UTC.sub(there, text)


def status_lines(status: Status) -> Iterator[Line]:
    """The fleet in one line, then every instance in one."""
    by = f" by {status.pushed_by}" if status.pushed_by else ""
    since = f", {write_duration(status.now - status.pushed_at)}" if status.pushed_at else ", not in force"
    tick = f"{write_duration(status.now - status.last_tick)} ago" if status.last_tick else "never"
    needy: Span = (f"   {status.needy} NEED{'S' * (status.needy == 1)} YOU", NEEDS) if status.needy else ("", "")
    yield (f"policy {status.policy}{by}{since}   last tick {tick}", needy)
    rows = [_cells(each, status.now) for each in status.instances]
    for row, each in zip(columns(rows), status.instances, strict=True):
        yield (*row[:-1], (row[-1], _style(each)))


def _style(each: Standing | Unreadable) -> str:
    if isinstance(each, Unreadable):
        return BAD
    return NEEDS if each.needs else GOOD if each.verdict == "ok" and each.operation is None else ""


def _cells(each: Standing | Unreadable, now: datetime) -> tuple[str, str, str, str]:
    if isinstance(each, Unreadable):
        return each.instance, "?", "", f"! {each.trouble}"
    zone = each.timezone
    return each.instance, _where(each), in_zone(_why(each, now), zone), in_zone(_how(each, now), zone)


def _where(each: Standing) -> str:
    if each.operation:
        return f"{each.operation.from_rung} -> {each.operation.to_rung}"
    if not each.seen:
        return "not seen yet"
    return each.rung or "off ladder"


def _why(each: Standing, now: datetime) -> str:
    if each.mode == "observe":
        return "observe"
    if each.operation:
        return each.operation.reason.removeprefix(f"{each.operation.to_rung} wanted by ")
    if each.override:
        until = each.override.until
        ends = f"until {show_hour(until, each.timezone, now)}" if until else "until released"
        return f"override by {each.override.by} {ends}"
    return each.why


def _how(each: Standing, now: datetime) -> str:
    if each.needs:
        need = each.needs[0]
        by = f" by {show_hour(need.by, each.timezone, now)}" if need.by else ""
        return f"! {need.do}{by}"
    if each.operation:
        return f"{each.operation.phase} for {write_duration(now - each.operation.since)}"
    if each.verdict == "ok":
        return "ok"
    return f"held: {each.reason}" if each.verdict == "hold" else each.reason or "waits for its first tick"


def plan_lines(plan: Plan) -> Iterator[Line]:
    """What would be ordered, what is held, and how many are left alone."""
    for each in plan.instances:
        if isinstance(each, Unreadable):
            yield ("! ", each.instance, "  ", (each.trouble, BAD))
        elif each.decision == "resize":
            yield from _order_lines(each)
        elif each.code != "as-wanted":
            yield (f"{'!' if each.needs_person else ' '} {each.instance}  ", (f"HOLD {each.reason}", NEEDS))
    orders = f"{plan.orders} order{'s' * (plan.orders != 1)}, {plan.holds} hold{'s' * (plan.holds != 1)}"
    yield (f"{orders}, {plan.unchanged} unchanged", ("   nothing was written", CALM))


def _order_lines(each: Intent) -> Iterator[Line]:
    change = f"{each.direction.upper()} {each.rung} -> {each.wanted}"
    fields = ", ".join(f"{one.field} {_value(one.before)} -> {_value(one.after)}" for one in each.changes)
    yield (f"~ {each.instance}  ", (change, GOOD), f"   {each.reason}; {fields}")
    if each.unchanged:
        kept = " ".join(f"{name}={_value(value)}" for name, value in each.unchanged.items())
        yield (f"    unchanged {kept}",)


def _value(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


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


def explanation_lines(told: Explanation) -> Iterator[Line]:
    """Who wants what, then every guard."""
    when = f" at {show_time(told.at, told.timezone)}" if told.past else ""
    claims = "; ".join(
        f"{claim.who} {claim.rung}{f' ({claim.why})' * bool(claim.why)}" if claim.rung else f"{claim.who} none"
        for claim in told.claims
    )
    said = in_zone(claims, told.timezone) or "nobody knows yet"
    yield (f"wanted {told.wanted or 'nothing yet'}{when} = {said}",)
    passed = [one.guard for one in told.guards if one.passage is Passage.OK]
    if passed:
        yield (("ok    ", GOOD), ", ".join(passed))
    yield _verdict(told)
    left = [one.guard for one in told.guards if one.passage is Passage.NOT_REACHED]
    unreached = f"not reached: {', '.join(left)}         " if left else ""
    yield (f"{unreached}policy {told.policy or 'none'}  record {told.record}",)


def _verdict(told: Explanation) -> Line:
    reason = in_zone(told.reason, told.timezone)
    if told.decision == "resize":
        return (("RESIZE  ", GOOD), reason)
    if told.code == "as-wanted":
        return (("ok    ", GOOD), reason)
    holder = next((one.guard for one in told.guards if one.passage is Passage.HOLD), told.code)
    return (("HOLD  ", NEEDS), f"{holder}: {reason}")


def answer_lines(told: Answered) -> Iterator[Line]:
    """What one alert or request was answered."""
    yield (f"{told.instance}  {in_zone(told.what, told.timezone)}",)
    yield (f"{told.verdict.upper()}  {in_zone(told.reason, told.timezone)}",)
    if told.at:
        yield (f"{show_time(told.at, told.timezone)}   policy {told.policy}  record {told.record}",)
