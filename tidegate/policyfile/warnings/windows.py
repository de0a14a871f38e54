"""Resize windows: those that never open, are too short for a resize, or wait for what never comes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

from tidegate.domain.durations import write_duration
from tidegate.domain.faults import Where
from tidegate.domain.reading import Direction
from tidegate.domain.when import ResizeWindow
from tidegate.policyfile.warnings.cautions import Caution, Cover, Spare, dead


def window_cautions(spare: Spare) -> Iterator[Caution]:
    """What windows say to no effect."""
    for direction in Direction:
        windows = windows_of(spare, direction)
        where = ("resize_windows", direction.value)
        if windows and (why := _never_asked(spare, direction)):
            yield Caution(where, why, "remove the windows, or what keeps it from moving")
        for index, window in enumerate(windows):
            yield from dead(spare, window, (*where, index), "opens")
        if spare.compares(windows):
            yield from _short(spare, windows, where)


def windows_of(spare: Spare, direction: Direction) -> Sequence[ResizeWindow]:
    """The windows of a direction, empty where it may be begun at any time."""
    windows = spare.policy.resize_windows
    return (windows.up if direction is Direction.UP else windows.down) or []


def _never_asked(spare: Spare, direction: Direction) -> str:
    budget, word = spare.policy.budget, direction.value
    if spare.lowest == spare.highest:
        return f"nothing ever goes {word}: there is one rung alone between `min` and `max`"
    if (budget.ups_per_day if direction is Direction.UP else budget.downs_per_day) == 0:
        return f"nothing ever goes {word}: budget: {{{word}s_per_day: 0}}"
    return ""


def _short(spare: Spare, windows: Sequence[ResizeWindow], where: Where) -> Iterator[Caution]:
    """Windows that meet are one."""
    takes = spare.policy.resize_takes
    stretches = [spare.stretches(window) for window in windows]
    cover = Cover(stretch for each in stretches for stretch in each)
    for index, own in enumerate(stretches):
        whole = [found for stretch in own if (found := cover.around(stretch.start))]
        longest = max((end - start for start, end in whole), default=timedelta.max)
        if longest < takes:
            why = f"is open for {write_duration(longest)}, and a resize is reckoned to take {write_duration(takes)}"
            yield Caution((*where, index), why, "make it longer, or say how long one takes with `resize_takes`")
