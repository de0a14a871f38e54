"""How much there is in a week: mostly little, so that many weeks can be played, and now and then very much."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from random import Random
from typing import Any

HOUR = 3600.0
FULL_WEEKS, QUIET_WEEKS = 0.002, 0.87
"""So many weeks are full, and so many nearly empty."""


@dataclass(frozen=True)
class Size:
    """From what a week is drawn; each tuple names what is drawn more often more than once."""

    instances: tuple[int, ...]
    span_s: float
    """What happens in a week happens within so many seconds of it, wherever those lie."""
    is_single: bool
    """Whether only one of these happens: alerts, a request, somebody at the console."""
    episodes: tuple[int, ...]
    requests: tuple[int, ...]
    loads: tuple[int, ...]
    timetables: float
    days: tuple[str, ...]
    windows: float
    colleagues: float
    stopped: float
    """How likely the timer stops for a while."""
    unwanted: float
    """How likely an instance is not what its policy expects, so that it is held all week."""
    crowded: float
    """How likely more is in use than a smaller rung allows."""
    calming: float
    """How likely it is over within hours that more is in use than a rung allows."""
    metered: float
    """How likely an instance is paid as it goes: an order in doubt is never known not to stand then."""
    tps: tuple[int, ...]
    rolling_back: float
    asked: float
    """How likely somebody is asked before."""
    lasting: Mapping[str, float]
    """How likely a world is other than usual where that keeps an operation, or a hold, for days."""
    visible: tuple[float, ...]
    """How likely each time is after which an order shows in a search, in the order of the switch's settings."""
    applying: tuple[str, ...]
    migrating: tuple[str, ...]
    unpaid: float
    unpaid_ends: tuple[str, ...]
    switchover_ends: tuple[str, ...]


SMALL = Size(
    instances=(1, 1, 1, 1, 1, 2),
    span_s=30 * HOUR,
    is_single=False,
    episodes=(1, 1, 1, 2),
    requests=(0, 0, 1, 2),
    loads=(0, 0, 1),
    timetables=0.3,
    days=("sat", "sun", "sat", "sun", "holidays", "mon", "thu", "workdays"),
    windows=0.25,
    colleagues=0.15,
    stopped=0.1,
    unwanted=0.006,
    crowded=0.1,
    calming=0.9,
    metered=0.004,
    tps=(500, 500, 500, 500, 500, 500, 500, 2600, 4800),
    rolling_back=0.012,
    asked=0.12,
    lasting={"metrics": 0.012},
    visible=(80, 6, 6, 6, 0.7),
    applying=("2m", "6m", "6m", "6m", "25m"),
    migrating=("0s", "0s", "0s", "12m"),
    unpaid=0.1,
    unpaid_ends=("2h",) * 29 + ("26h",),
    switchover_ends=("1h",) * 29 + ("24h",),
)
QUIET = replace(
    SMALL,
    instances=(1,) * 19 + (2,),
    span_s=8 * HOUR,
    is_single=True,
    episodes=(1, 2, 2),
    requests=(1, 2, 2),
    loads=(0, 0, 0, 1),
    timetables=0.1,
    windows=0.06,
    colleagues=1.0,
    stopped=0.06,
    crowded=0.04,
    asked=0.09,
    applying=("2m", "2m", "6m", "25m"),
    lasting={"metrics": 0.007},
    visible=(80, 6, 6, 6, 0.4),
)
FULL = Size(
    instances=(1, 1, 2, 2, 3),
    span_s=7 * 24 * HOUR,
    is_single=False,
    episodes=(1, 2, 3, 5),
    requests=(0, 1, 2, 4),
    loads=(0, 1, 3),
    timetables=0.6,
    days=("daily", "daily", "workdays", "mon-fri", "sat", "sun", "holidays"),
    windows=0.4,
    colleagues=0.3,
    stopped=0.3,
    unwanted=0.1,
    crowded=0.4,
    calming=0.1,
    metered=0.35,
    tps=(500, 2600, 2600, 4800),
    rolling_back=0.08,
    asked=0.35,
    lasting={"metrics": 0.12},
    visible=(80, 5, 5, 5, 5),
    applying=("2m", "6m", "40m", "3h"),
    migrating=("0s", "0s", "20m", "2h"),
    unpaid=0.15,
    unpaid_ends=("2h", "26h", "168h"),
    switchover_ends=("1h", "24h"),
)


def size_of(chance: Random) -> Size:
    """Draw how much there is in a week."""
    drawn = chance.random()
    if drawn < FULL_WEEKS:
        return FULL
    return QUIET if drawn < FULL_WEEKS + QUIET_WEEKS else SMALL


def other(chance: Random, values: tuple[Any, ...], odds: float) -> Any:
    """One of the values with some odds, and otherwise the first, which is the usual one."""
    return chance.choice(values) if chance.random() < odds else values[0]
