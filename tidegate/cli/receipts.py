"""What a receipt looks like on paper."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from tidegate.app.report import Receipt
from tidegate.cli.looks import BAD, GOOD, Line, in_zone
from tidegate.cli.times import show_time
from tidegate.domain.durations import write_duration


def receipt_lines(told: Receipt) -> Iterator[Line]:
    """One operation from intent to proof."""
    zone = told.timezone
    outcome = f"{told.outcome}: {in_zone(told.why, zone)}" if told.outcome else told.phase
    style = GOOD if told.as_wanted else BAD if told.outcome else ""
    change = f"{told.direction.upper()} {told.from_rung} -> {told.to_rung}"
    yield (f"{told.instance}#{told.number}  {change}  ", (outcome, style))
    yield (f"wanted     {in_zone(told.reason, zone)}",)
    for held in told.held_before:
        yield (f"held       {show_time(held.at, zone)}  {held.code}: {in_zone(held.reason, zone)}",)
    if approved := told.approved:
        when = f", {show_time(approved.at, zone)}" if approved.at else ""
        yield (f"approved   by {approved.by}{when} ({approved.id}: {approved.why})",)
    if told.hourly_price_before is not None and told.hourly_price_after is not None:
        yield (f"cost       {told.hourly_price_before:g} -> {told.hourly_price_after:g} an hour",)
    yield (f"order      {told.order_id or 'no id is known'}",)
    for one in told.attempts:
        why = f"  {one.code}: {one.message}" if one.code else ""
        yield (f"attempt {one.number}  {show_time(one.sent_at, zone)}  {one.verdict}{why}",)
    stays = ", ".join(f"{stay.phase} {write_duration(timedelta(seconds=stay.seconds))}" for stay in told.phases)
    yield (f"phases     {stays}",)
    yield (f"execution  {', '.join(told.executions)}; {told.looks} look{'s' * (told.looks != 1)}",)
    yield ("reads      ", *_spec(told))
    records = f"{told.records[0]} to {told.records[1]}"
    yield (f"planned    {show_time(told.planned_at, zone)}   policy {told.policy}  records {records}",)


def _spec(told: Receipt) -> Iterator[str | tuple[str, str]]:
    if not told.spec:
        yield "not read back yet"
        return
    named = [key for key, value in told.to_spec.items() if told.from_spec.get(key) != value]
    read = " ".join(f"{key}={told.spec.get(key)}" for key in named)
    yield (read, GOOD if told.as_wanted else BAD)
    yield ", as wanted" if told.as_wanted else f", wanted {' '.join(f'{key}={told.to_spec[key]}' for key in named)}"
