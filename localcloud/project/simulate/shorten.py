"""The shortest story that still breaks the same promise: deeds and faults are left out, as long as it does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from localcloud.project.simulate.misfortunes import Faults
from localcloud.project.simulate.script import Script
from localcloud.project.simulate.week import play

T = TypeVar("T")

Breaks = Callable[[Script], bool]


def told(script: Script) -> Script:
    """The script with its faults said one by one, as they struck."""
    struck = tuple(strike for _, strike in play(script).misfortunes.struck)
    return script.model_copy(update={"faults": Faults(told=struck, until_s=script.faults.until_s)})


def shortest(script: Script, breaks: Breaks, has_time: Callable[[], bool]) -> Script:
    """Leave out what can be left out. Gives the script as it is where it breaks nothing once its faults are told."""
    short = told(script)
    if not breaks(short):
        return script
    while has_time():
        before = short
        short = _with_deeds(short, breaks, has_time)
        short = _with_strikes(short, breaks, has_time)
        if short == before:
            break
    return short


def _with_deeds(script: Script, breaks: Breaks, has_time: Callable[[], bool]) -> Script:
    def with_(deeds: Sequence[object]) -> Script:
        return script.model_copy(update={"deeds": tuple(deeds)})

    return with_(_fewest(script.deeds, lambda deeds: breaks(with_(deeds)), has_time))


def _with_strikes(script: Script, breaks: Breaks, has_time: Callable[[], bool]) -> Script:
    def with_(strikes: Sequence[object]) -> Script:
        return script.model_copy(update={"faults": script.faults.model_copy(update={"told": tuple(strikes)})})

    return with_(_fewest(script.faults.told or (), lambda strikes: breaks(with_(strikes)), has_time))


def _fewest(items: Sequence[T], breaks: Callable[[Sequence[T]], bool], has_time: Callable[[], bool]) -> Sequence[T]:
    """Leave out ever smaller parts (delta debugging)."""
    kept = list(items)
    size = max(len(kept) // 2, 1)
    while kept and has_time():
        start, left_out = 0, False
        while start < len(kept) and has_time():
            fewer = [*kept[:start], *kept[start + size :]]
            if breaks(fewer):
                kept, left_out = fewer, True
            else:
                start += size
        if size == 1 and not left_out:
            break
        size = max(size // 2, 1)
    return kept
