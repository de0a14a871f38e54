"""Ledgers as such: no gap, no fork, and the state that its facts add up to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from localcloud.project.simulate.checks.history import Entry, FleetEntry, History
from localcloud.project.simulate.checks.violation import Violation
from tidegate.domain.fold import ForeignFact, fold
from tidegate.domain.operation import UnexpectedEvent


def check(history: History) -> Iterator[Violation]:
    """Check every ledger of a week."""
    yield from history.broken
    yield from _numbered("fleet", history.fleet)
    for chronicle in history.chronicles.values():
        yield from _numbered(chronicle.name, chronicle.entries)
        yield from _folded(chronicle.name, chronicle.entries)


def _numbered(name: str, entries: Sequence[Entry | FleetEntry]) -> Iterator[Violation]:
    for place, entry in enumerate(entries):
        if entry.seq != place + 1:
            yield Violation("no gap", name, entry.created_at, f"record {place + 1} is missing before {entry.seq}")
            return
        before = entries[place - 1] if place else entry
        if entry.at < before.at:
            yield Violation(
                "no gap", name, entry.created_at, f"record {entry.seq} is of {entry.at}, before {before.at}"
            )
        if entry.created_at < before.created_at:
            yield Violation("no gap", name, entry.created_at, f"record {entry.seq} was written before {before.seq}")


def _folded(name: str, entries: Sequence[Entry]) -> Iterator[Violation]:
    for entry in entries:
        try:
            after = fold(entry.before, entry.fact, entry.at)
        except (ForeignFact, UnexpectedEvent) as error:
            yield Violation("fold", name, entry.created_at, f"record {entry.seq} ({entry.fact.kind}): {error}")
            continue
        if after != entry.state:
            fields = [each for each in vars(after) if getattr(after, each) != getattr(entry.state, each)]
            why = f"record {entry.seq} ({entry.fact.kind}) has another {', '.join(fields)} than its facts add up to"
            yield Violation("fold", name, entry.created_at, why)
