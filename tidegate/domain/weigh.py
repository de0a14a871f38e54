"""How every guard judged, for people who ask why: the ones that let pass, the one that held, the ones not reached."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from tidegate.domain.guards import GUARDS
from tidegate.domain.judging import urgent_part
from tidegate.domain.verdict import Case, Hold


class Passage(str, Enum):
    """What a guard said."""

    OK = "ok"
    HOLD = "HOLD"
    NOT_REACHED = "not reached"


@dataclass(frozen=True)
class Weighed:
    """One guard and what it said."""

    guard: str
    passage: Passage
    reason: str = ""


HELD_BY: Mapping[str, str] = {"observe": "mode", "unhealthy": "health", "fit-unread": "fit"}
"""The guard that gives a Hold of this code, where it is not of the same name."""


def weigh(case: Case | Hold) -> tuple[Weighed, ...]:
    """Ask the guards in their order, up to the first that holds. Without a case to judge none is reached.

    Where a window holds and an urgent rule asks for a part of the way, that part is judged, as `decide` does.
    """
    if isinstance(case, Hold):
        return tuple(Weighed(name, Passage.NOT_REACHED) for name, _ in GUARDS)
    weighed = _weighed(case)
    held = next((one.guard for one in weighed if one.passage is Passage.HOLD), "")
    lesser = urgent_part(case) if held == "window" else None
    return _weighed(lesser) if lesser else weighed


def _weighed(case: Case) -> tuple[Weighed, ...]:
    weighed: list[Weighed] = []
    over = False
    for name, guard in GUARDS:
        hold = None if over else guard(case)
        passage = Passage.NOT_REACHED if over else Passage.HOLD if hold else Passage.OK
        weighed.append(Weighed(name, passage, hold.reason if hold else ""))
        over = over or hold is not None
    return tuple(weighed)


def weighed_as(code: str, reason: str) -> tuple[Weighed, ...]:
    """How the guards had judged, from the code of the decision that was recorded then."""
    names = [name for name, _ in GUARDS]
    holder = HELD_BY.get(code, code)
    if holder not in names:
        passage = Passage.OK if code == "resize" else Passage.NOT_REACHED
        return tuple(Weighed(name, passage) for name in names)
    at = names.index(holder)
    return (
        *(Weighed(name, Passage.OK) for name in names[:at]),
        Weighed(holder, Passage.HOLD, reason),
        *(Weighed(name, Passage.NOT_REACHED) for name in names[at + 1 :]),
    )
