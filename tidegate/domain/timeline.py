"""A value that changes at the edges of spans, looked up fast: days are reckoned in blocks, when first asked for.

What is looked up never depends on what was looked up before: a block is a function of its number alone.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from typing import Generic, Protocol, TypeVar

from tidegate.domain.spans import Span

What = TypeVar("What")
Value = TypeVar("Value")

BLOCK_D = 4
"""Few enough days for a single look-up from nothing, and enough that a walk reads few blocks."""
MOST_BLOCKS = 256
"""Nearly three years; asked for more, it forgets them all, and memory stays bounded."""
LAST_ORDINAL = date.max.toordinal()


def later(at: datetime, span: timedelta) -> datetime:
    """So much later as time passes, whatever a zone's wall shows then, or the end of Python's calendar."""
    moment = at.astimezone(timezone.utc)
    return moment + min(span, datetime.max.replace(tzinfo=timezone.utc) - moment)


class Source(Protocol[What]):
    """Where spans come from."""

    def overlapping(self, first: date, last: date) -> Iterable[Span[What]]:
        """Give at least the spans that have a part in these days of UTC."""


@dataclass(frozen=True)
class Block(Generic[Value]):
    """Some days of UTC: from each edge on, the value beside it holds. `starts` are when spans begin."""

    edges: list[datetime]
    values: list[Value | None]
    starts: list[datetime]


class Timeline(Generic[What, Value]):
    """The value at any moment: what `choose` makes of the spans open then, and None while none is."""

    def __init__(self, sources: Sequence[Source[What]], choose: Callable[[list[Span[What]]], Value]) -> None:
        self._sources, self._choose = tuple(sources), choose
        self._blocks: dict[int, Block[Value]] = {}

    def at(self, now: datetime) -> Value | None:
        """The value now."""
        moment = now.astimezone(timezone.utc)
        number = moment.toordinal() // BLOCK_D
        block = self._blocks.get(number) or self._read(number)
        return block.values[bisect_right(block.edges, moment) - 1]

    def steps(self, after: datetime, until: datetime) -> Iterator[tuple[datetime, Value | None]]:
        """Give every edge in (after, until] with the value from then; it may be the one before."""
        after, until = after.astimezone(timezone.utc), until.astimezone(timezone.utc)
        for block in self._between(after, until):
            for edge, value in zip(block.edges, block.values, strict=True):
                if after < edge <= until:
                    yield edge, value

    def next_start(self, after: datetime, within: timedelta) -> datetime | None:
        """When the next span starts, or None if none does within that time."""
        after, until = after.astimezone(timezone.utc), later(after, within)
        for block in self._between(after, until):
            for start in block.starts:
                if after < start <= until:
                    return start
        return None

    def _between(self, after: datetime, until: datetime) -> Iterator[Block[Value]]:
        first, last = (at.toordinal() // BLOCK_D for at in (after, until))
        for number in range(first, last + 1):
            yield self._blocks.get(number) or self._read(number)

    def _read(self, number: int) -> Block[Value]:
        if len(self._blocks) >= MOST_BLOCKS:
            self._blocks = {}
        block = self._blocks[number] = self._block(number)
        return block

    def _block(self, number: int) -> Block[Value]:
        first = date.fromordinal(max(number * BLOCK_D, 1))
        last = date.fromordinal(min(number * BLOCK_D + BLOCK_D - 1, LAST_ORDINAL))
        begin = datetime.combine(first, time.min, timezone.utc)
        spans = [span for source in self._sources for span in source.overlapping(first, last) if span.end > begin]
        spans = sorted((span for span in spans if span.start.date() <= last), key=lambda span: span.start)
        inside = {edge for span in spans for edge in (span.start, span.end) if begin < edge and edge.date() <= last}
        edges = [begin, *sorted(inside)]
        starts = [span.start for span in spans if span.start >= begin]
        return Block(edges, list(self._values(edges, spans)), starts)

    def _values(self, edges: list[datetime], spans: list[Span[What]]) -> Iterator[Value | None]:
        """Walk along the edges with the spans that are open. `spans` are in the order of their starts."""
        is_open: list[Span[What]] = []
        begun = 0
        for edge in edges:
            while begun < len(spans) and spans[begun].start <= edge:
                is_open.append(spans[begun])
                begun += 1
            is_open = [span for span in is_open if span.end > edge]
            yield self._choose(is_open) if is_open else None
