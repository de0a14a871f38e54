"""Runs generators side by side, without threads or time: they ask for effects, and are resumed with the outcomes.

A fiber yields an effect (a call, a sleep) or a `Fork`. A fork's fibers run until all have returned, and their results
come back in order; the first fault among them cuts the others off and is thrown into the one that forked.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from localcloud.flow.effects import Effect, Fault

Fiber: TypeAlias = Generator[Any, Any, Any]


@dataclass(frozen=True)
class Fork:
    """Asks for fibers to be run, at most `at_once` at a time, begun in order."""

    begin: Sequence[Callable[[], Fiber]]
    at_once: int


@dataclass(eq=False)
class Strand:
    """One fiber on its way."""

    fiber: Fiber
    parent: Strand | None = None
    place: int = 0
    waits_for: int = 0
    cut: bool = False
    results: list[Any] = field(default_factory=list)
    ahead: deque[tuple[int, Callable[[], Fiber]]] = field(default_factory=deque)
    children: list[Strand] = field(default_factory=list)


Step: TypeAlias = tuple[Strand, Any, "Fault | None"]


class Fibers:
    """All fibers of one execution, and the effects that they wait for, numbered from 1 in the order of asking."""

    def __init__(self) -> None:
        self.open: dict[int, Effect] = {}
        self._waiting: dict[int, Strand] = {}
        self._asked = 0
        self._steps: deque[Step] = deque()

    def run(self, fiber: Fiber) -> Any:
        """Begin with one fiber; give (returned,) if it ran through at once, otherwise None."""
        self._steps.append((Strand(fiber), None, None))
        return self._work()

    def resume(self, number: int, value: Any) -> Any:
        """Go on after an effect, with what came of it; give (returned,) when the first fiber has returned."""
        strand = self._waiting.pop(number)
        del self.open[number]
        strand.waits_for = 0
        self._steps.append((strand, value, None))
        return self._work()

    def clear(self) -> None:
        """Cut everything off."""
        for strand in list(self._waiting.values()):
            self._cut(strand)
        self._steps.clear()

    def _work(self) -> Any:
        while self._steps:
            strand, value, fault = self._steps.popleft()
            if strand.cut:
                continue
            try:
                wish = strand.fiber.throw(fault) if fault else strand.fiber.send(value)
            except StopIteration as end:
                if strand.parent is None:
                    return (end.value,)
                self._joined(strand.parent, strand, end.value)
            except Fault as raised:
                if strand.parent is None:
                    raise
                self._failed(strand.parent, raised)
            else:
                self._wish(strand, wish)
        return None

    def _wish(self, strand: Strand, wish: Effect | Fork) -> None:
        if isinstance(wish, Fork):
            strand.results = [None] * len(wish.begin)
            strand.ahead = deque(enumerate(wish.begin))
            strand.children = []
            for _ in range(min(wish.at_once, len(wish.begin))):
                self._begin_next(strand)
            if not wish.begin:
                self._steps.append((strand, [], None))
            return
        self._asked += 1
        self.open[self._asked] = wish
        self._waiting[self._asked] = strand
        strand.waits_for = self._asked

    def _begin_next(self, parent: Strand) -> None:
        place, begin = parent.ahead.popleft()
        child = Strand(begin(), parent, place)
        parent.children.append(child)
        self._steps.append((child, None, None))

    def _joined(self, parent: Strand, child: Strand, value: Any) -> None:
        parent.results[child.place] = value
        parent.children.remove(child)
        if parent.ahead:
            self._begin_next(parent)
        elif not parent.children:
            self._steps.append((parent, parent.results, None))

    def _failed(self, parent: Strand, fault: Fault) -> None:
        for child in parent.children:
            self._cut(child)
        parent.children, parent.ahead = [], deque()
        self._steps.append((parent, None, fault))

    def _cut(self, strand: Strand) -> None:
        strand.cut = True
        if strand.waits_for:
            del self.open[strand.waits_for], self._waiting[strand.waits_for]
            strand.waits_for = 0
        for child in strand.children:
            self._cut(child)
        strand.fiber.close()
