"""How much there is in a week: mostly little, so that many weeks can be played, and now and then very much."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from random import Random
from typing import Any

HOUR = 3600.0
DENSE, PLAIN_WEEKS = 2000, 0.995
"""In so many weeks, by their seeds, much goes wrong, so that everything is met; of the others most are plain."""
FULL_WEEKS, QUIET_WEEKS = 0.001, 0.871
"""Of the dense weeks so many are full, and so many nearly empty."""


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
    unattended: float = 0.004
    """How likely nobody ever pays or presses Switch."""
    slow: float = 0.04
    """How likely a world shows and carries out orders so late that one in doubt is waited for."""
    ambushed: float = 0.12
    """How likely somebody resizes at the worst moment of a resize."""
    hidden: float = 0.0
    """How likely billing does not show our order for a while, where that moment is before it is seen."""
    confirmed: float = 0.2
    """How likely an alert rule asks for a measurement before it counts."""
    missing: float = 0.002
    """How likely an instance of a policy does not exist."""
    refusals: tuple[int, ...] = (0, 0, 0, 0, 1, 1, 3, 12)
    """How often a migration of topics refuses an order."""
    poor: float = 0.08
    """How likely there is too little money."""
    changed: float = 0.35
    """How likely another policy is pushed."""
    reminders: tuple[str, ...] = ("4h", "12h", "12h")
    diligent: tuple[float, ...] = (0.0, 0.3, 0.9, 0.9)
    """How likely somebody is on duty, twice a day."""
    happens: float = 1.0
    """How likely anything of that happens to an instance."""
    sought: int = 13
    """At how many places trouble is sought."""
    struck: tuple[float, ...] = (0.17, 0.23, 0.32, 0.28, 0.0)
    """How likely each group of rare places is struck (`odds.GROUPS`)."""


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
    unwanted=0.003,
    crowded=0.1,
    calming=0.9,
    metered=0.002,
    tps=(500, 500, 500, 500, 500, 500, 500, 2600, 4800),
    rolling_back=0.006,
    asked=0.12,
    lasting={"metrics": 0.006},
    visible=(80, 6, 6, 6, 0.4),
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
    lasting={"metrics": 0.0035},
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


PLAIN = replace(
    QUIET,
    instances=(1,) * 39 + (2,),
    episodes=(1,),
    requests=(1,),
    loads=(0, 0, 0, 0, 0, 0, 1),
    timetables=0.02,
    windows=0.03,
    stopped=0.03,
    unwanted=0.001,
    crowded=0.003,
    metered=0.0005,
    rolling_back=0.001,
    asked=0.05,
    lasting={"metrics": 0.001},
    visible=(80, 6, 3, 1, 0.05),
    tps=(500,) * 29 + (2600,),
    applying=("2m",) * 14 + ("6m", "6m", "6m", "25m"),
    unpaid=0.05,
    unpaid_ends=("20m",) * 30 + ("2h",) * 9 + ("26h",),
    switchover_ends=("10m",) * 30 + ("1h",) * 9 + ("24h",),
    unattended=0.0002,
    slow=0.01,
    ambushed=0.04,
    hidden=0.6,
    confirmed=0.02,
    missing=0.0005,
    refusals=(0,) * 20 + (1,) * 4 + (3, 12),
    poor=0.005,
    changed=0.1,
    reminders=("12h",),
    diligent=(0.3, 0.9, 0.9),
    happens=0.25,
    sought=5,
    struck=(0.1, 0.1, 0.1, 0.1, 0.6),
)


def size_of(chance: Random, seed: int) -> Size:
    """Draw how much there is in the week of a seed."""
    if seed >= DENSE and chance.random() < PLAIN_WEEKS:
        return PLAIN
    drawn = chance.random()
    if drawn < FULL_WEEKS:
        return FULL
    return QUIET if drawn < FULL_WEEKS + QUIET_WEEKS else SMALL


def other(chance: Random, values: tuple[Any, ...], odds: float) -> Any:
    """One of the values with some odds, and otherwise the first, which is the usual one."""
    return chance.choice(values) if chance.random() < odds else values[0]
