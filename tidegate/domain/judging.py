"""Asking guards in their order, and the part of an up that an urgent rule asks for."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tidegate.domain.reading import Direction
from tidegate.domain.verdict import Case, Hold

Guard = Callable[[Case], Hold | None]
"""Answers with a Hold or lets pass."""
Guards = Sequence[tuple[str, Guard]]


def judged(case: Case, guards: Guards) -> tuple[Case, Hold | None]:
    """What is left of a case after the guards, and the Hold of the first that held.

    Where a window holds the whole and an urgent rule asks for a part of the way, that part is judged instead.
    """
    held = _first(case, guards)
    if held is not None and held.code == "window" and (lesser := urgent_part(case)) is not None:
        return lesser, _first(lesser, guards)
    return case, held


def urgent_part(case: Case) -> Case | None:
    """The part of an up that an urgent rule asks for, where the whole of it has to wait for a window."""
    if case.direction is Direction.DOWN:
        return None
    ladder, urgent = case.terms.ladder, case.urgent
    start = ladder.index(case.start.name) if case.start.name in ladder else ladder.standing(case.start.spec) - 1
    return case.towards(ladder.rungs[urgent]) if start < urgent < ladder.index(case.end.name) else None


def _first(case: Case, guards: Guards) -> Hold | None:
    for _, guard in guards:
        if (hold := guard(case)) is not None:
            return hold
    return None
