"""What the fleet's standing looks like on paper: its head, then a line an instance."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from tidegate.app.report import Standing, Status, Unreadable
from tidegate.app.report.facts import zone_of_all
from tidegate.cli.looks import BAD, GOOD, NEEDS, Line, in_zone
from tidegate.cli.paper import Span, columns
from tidegate.cli.times import show_hour
from tidegate.domain.asking import in_words
from tidegate.domain.durations import write_duration
from tidegate.domain.state import Override, Pause


def status_lines(status: Status) -> Iterator[Line]:
    """The fleet in one line, then every instance in one."""
    yield (*_head(status), *_alarms(status))
    rows = [_cells(each, status.now) for each in status.instances]
    for row, each in zip(columns(rows), status.instances, strict=True):
        yield (*row[:-1], (row[-1], _style(each)))


def _head(status: Status) -> Line:
    by = f" by {status.pushed_by}" if status.pushed_by else ""
    since = f", {write_duration(status.now - status.pushed_at)}" if status.pushed_at else ", not in force"
    ago = f"{write_duration(status.now - status.last_tick)} ago" if status.last_tick else "never"
    tick = (f"! last tick {ago}", NEEDS) if status.tick_dead else f"last tick {ago}"
    fleet = status.fleet
    orders = f"orders {fleet.orders_under_way} of {fleet.orders_at_once}"
    hour = f", {fleet.orders_in_hour} of {fleet.orders_per_hour} this hour" if fleet.orders_in_hour else ""
    return f"policy {status.policy}{by}{since}   ", tick, f"   {orders}{hour}"


def _alarms(status: Status) -> Iterator[Span]:
    if status.fleet.pause:
        yield f"   FLEET PAUSED {_pause(status.fleet.pause, _zone(status), status.now)}", NEEDS
    if status.needy:
        yield f"   {status.needy} NEED{'S' * (status.needy == 1)} YOU", NEEDS


def _zone(status: Status) -> str:
    """The zone in which the fleet's times are told: that of its instances, where they are of one."""
    return zone_of_all(each.timezone for each in status.instances if isinstance(each, Standing))


def _style(each: Standing | Unreadable) -> str:
    if isinstance(each, Unreadable):
        return BAD
    return NEEDS if each.needs else GOOD if each.verdict == "ok" and each.operation is None else ""


def _cells(each: Standing | Unreadable, now: datetime) -> tuple[str, str, str, str]:
    if isinstance(each, Unreadable):
        return each.instance, "?", "", f"! {each.trouble}"
    how = "; ".join([_how(each, now), *_beside(each, now)])
    return each.instance, _where(each), in_zone(_why(each, now), each.timezone), in_zone(how, each.timezone)


def _where(each: Standing) -> str:
    if each.operation:
        return f"{each.operation.from_rung} -> {each.operation.to_rung}"
    if not each.seen:
        return "not seen yet"
    # Off the ladder, and nothing is wrong: somebody has adopted it so.
    return each.rung or ("gone" if each.code == "gone" else "as found" if each.verdict == "ok" else "off ladder")


def _why(each: Standing, now: datetime) -> str:
    override = _overridden(each.override, each.timezone, now) if each.override else ""
    if each.mode == "observe":
        return f"observe; {override}" if override else "observe"
    if each.operation:
        return each.operation.reason.removeprefix(f"{each.operation.to_rung} wanted by ")
    return override or each.why


def _overridden(override: Override, zone: str, now: datetime) -> str:
    if override.until:
        return f"override by {override.by} until {show_hour(override.until, zone, now)}"
    return f"override by {override.by} until released, {write_duration(now - override.at)} old"


def _how(each: Standing, now: datetime) -> str:
    if each.needs:
        need, more = each.needs[0], len(each.needs) - 1
        by = f" by {show_hour(need.by, each.timezone, now)}" if need.by else ""
        return f"! {need.do}{by}{f' (and {more} more)' * bool(more)}"
    if each.operation:
        return f"{each.operation.phase} for {write_duration(now - each.operation.since)}"
    if each.verdict == "ok":
        return "ok"
    return f"held: {each.reason}" if each.verdict == "hold" else each.reason or "waits for its first tick"


def _beside(each: Standing, now: datetime) -> Iterator[str]:
    """What is to be known beside the verdict, where that does not say it."""
    zone = each.timezone
    if each.pause and each.code != "pause":
        yield f"paused {_pause(each.pause, zone, now)}"
    if each.drift and each.code not in ("drift", "off-ladder"):
        yield f"drift to {each.drift.rung or 'no rung'} since {show_hour(each.drift.at, zone, now)}"
    if each.approval and each.approval.at:
        approval = each.approval
        until = show_hour(approval.expires_at, zone, now)
        yield f"{in_words(approval)} is approved by {approval.by} until {until}"
    turn = each.next_change
    if turn and not each.needs and not each.operation and not each.override:
        yield f"{turn.rung} at {show_hour(turn.at, zone, now)}"


def _pause(pause: Pause, zone: str, now: datetime) -> str:
    until = f" until {show_hour(pause.until, zone, now)}" if pause.until else f" for {write_duration(now - pause.at)}"
    why = f" ({pause.reason})" if pause.reason else ""
    return f"by {pause.by}{until}{why}"
