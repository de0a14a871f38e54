"""Blackouts and freezes: those that never come, and those that leave no time at all."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time, timezone
from typing import Any

from tidegate.domain.reading import Direction
from tidegate.domain.spans import Span
from tidegate.domain.when import Freeze
from tidegate.policyfile.warnings.cautions import AHEAD, Caution, Cover, Spare, dead
from tidegate.policyfile.warnings.windows import windows_of


def closing_cautions(spare: Spare) -> Iterator[Caution]:
    """What closes nothing, or everything."""
    policy = spare.policy
    for index, blackout in enumerate(policy.blackouts):
        yield from dead(spare, blackout, ("blackouts", index), "closes anything")
    if not spare.compares([*policy.blackouts, *policy.freezes]):
        return
    frozen = [_events(spare, freeze) for freeze in policy.freezes]
    for index, (freeze, events) in enumerate(zip(policy.freezes, frozen, strict=True)):
        if not events:
            why = f"never freezes anything: {freeze.ics} has no event from {spare.yesterday} on"
            yield Caution(("freezes", index, "ics"), why, "put a newer calendar there, or remove it")
    for direction in Direction:
        yield from _always_closed(spare, direction, frozen)


def _always_closed(spare: Spare, direction: Direction, frozen: list[list[Span[Any]]]) -> Iterator[Caution]:
    policy = spare.policy
    blackouts = [spare.stretches(blackout) for blackout in policy.blackouts if direction in blackout.directions]
    freezes = [events for freeze, events in zip(policy.freezes, frozen, strict=True) if direction in freeze.directions]
    cover = Cover(stretch for closed in (*blackouts, *freezes) for stretch in closed)
    windows = [stretch for window in windows_of(spare, direction) for stretch in spare.stretches(window)]
    if cover.merged and all(cover.covers(each.start, each.end) for each in windows or [_ahead(spare)]):
        word, key = direction.value, "blackouts" if policy.blackouts else "freezes"
        times = "all windows for it" if windows else "all the time ahead"
        why = f"nothing may ever go {word}: blackouts and freezes cover {times}"
        yield Caution((key,), why, f"shorten them; to let nothing go {word}, write budget: {{{word}s_per_day: 0}}")


def _ahead(spare: Spare) -> Span[Any]:
    """The time that is looked at, without its edges, which spans of whole days may miss."""
    begin = datetime.combine(spare.today, time(12), timezone.utc)
    return Span(begin, begin + AHEAD * 0.9, None)


def _events(spare: Spare, freeze: Freeze) -> list[Span[Any]]:
    from tidegate.domain.repeats import Repeats  # noqa: PLC0415 - few policies have a calendar file

    begin = spare.yesterday
    found = [
        span
        for event in freeze.events
        for span in Repeats(event, spare.policy.timezone).overlapping(begin, begin + AHEAD)
    ]
    return [span for span in found if span.end.date() >= begin]
