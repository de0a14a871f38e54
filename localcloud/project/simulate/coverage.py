"""What was met: places and troubles, rows of the transition table, outcomes, reasons and settings.

A run that met too little proves nothing, so it fails: over 2,000 seeds every place must have met every trouble it can
meet twenty times, and everything else must have occurred.
"""

from __future__ import annotations

import ast
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from localcloud.project.simulate.bucket import NO_INSTANCES
from localcloud.project.simulate.draw.worlds import SWITCHES
from localcloud.project.simulate.places import RARE_SITES, SITES, pairs
from localcloud.project.simulate.trace import Trace
from localcloud.project.up import ROOT
from tidegate.domain.operation import TRANSITIONS, Event, Outcome, Phase

ENOUGH_SEEDS, ENOUGH = 2000, 20


@dataclass
class Coverage:
    """Counts of everything that was met."""

    met: Counter[str] = field(default_factory=Counter)
    """By `place: trouble`."""
    rows: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    settings: Counter[str] = field(default_factory=Counter)
    strange: Counter[str] = field(default_factory=Counter)
    """Places that are not in the table."""

    def add(self, other: Coverage) -> None:
        """Take in what another week met."""
        for name in NAMES:
            getattr(self, name).update(getattr(other, name))

    def lacks(self, seeds: int) -> list[str]:
        """What was not met often enough; nothing is asked of a run of fewer seeds."""
        if seeds < ENOUGH_SEEDS:
            return []
        few = [f"{pair}: met {self.met[pair]} times" for pair in words_of_pairs() if self.met[pair] < ENOUGH]
        for name, expected in expectations().items():
            seen = getattr(self, name)
            few += [f"{name}: {each} never occurred" for each in expected if not seen[each]]
        return [*few, *(f"{place} is no place that the table knows" for place in self.strange)]

    def as_json(self) -> dict[str, Any]:
        """The tables, with what never occurred at 0."""
        tables: dict[str, Any] = {"calls": {pair: self.met[pair] for pair in words_of_pairs()}}
        for name, expected in expectations().items():
            seen = getattr(self, name)
            tables[name] = {each: seen[each] for each in sorted({*expected, *seen})}
        return {**tables, "strange": dict(self.strange)}


NAMES = ("met", "rows", "outcomes", "reasons", "settings", "strange")


def coverage_of(trace: Trace) -> Coverage:
    """What one week met."""
    found = Coverage()
    for (site, trouble), times in trace.misfortunes.met.items():
        found.met[f"{site}: {trouble}"] += times
    known = {*SITES, *RARE_SITES}
    for site in trace.misfortunes.passed:
        if site not in known:
            found.strange[site] += 1
    behaviour = trace.vendor.world.behaviour.model_dump(mode="json")
    for name, values in SWITCHES.items():
        written = trace.script.world["behaviour"].get(name, behaviour[name])
        found.settings[f"{name}={written if written in values else behaviour[name]}"] += 1
    for facts in _facts(trace):
        _count(found, facts)
    return found


def _count(found: Coverage, facts: list[Mapping[str, Any]]) -> None:
    """Count the rows, outcomes and reasons of one instance's history, by the phase that stood before each fact."""
    phase = Phase.PLANNED
    for fact in facts:
        event: str | None = fact.get("event")
        if fact["kind"] == "planned":
            phase = Phase.PLANNED
        elif fact["kind"] == "decided":
            found.reasons[fact["stance"]["code"]] += 1
        elif fact["kind"] == "claimed":
            event = Event.CLAIM.value
        elif fact["kind"] == "concluded":
            event = Event.CONCLUDE.value
            found.outcomes[fact["outcome"]] += 1
        if event is not None and (after := TRANSITIONS.get((phase, Event(event)))) is not None:
            found.rows[f"{phase.value} / {event}"] += 1
            phase = after


def _facts(trace: Trace) -> Iterator[list[Mapping[str, Any]]]:
    """The facts of each instance, oldest first."""
    by_ledger: dict[str, list[str]] = {}
    for key in sorted(trace.bodies, reverse=True):
        if key.startswith("ledger/") and not key.startswith(NO_INSTANCES):
            by_ledger.setdefault(key.rpartition("/")[0], []).append(key)
    for keys in by_ledger.values():
        yield [json.loads(trace.bodies[key])["fact"] for key in keys]


def words_of_pairs() -> tuple[str, ...]:
    """Every place with every trouble it can meet, as the tables name them."""
    return tuple(f"{site}: {trouble}" for site, trouble in pairs())


@cache
def expectations() -> Mapping[str, tuple[str, ...]]:
    """What must have occurred, by the name of its table."""
    return {
        "rows": tuple(f"{phase.value} / {event.value}" for phase, event in TRANSITIONS),
        "outcomes": tuple(outcome.value for outcome in Outcome),
        "reasons": reasons(),
        "settings": tuple(f"{name}={value}" for name, values in SWITCHES.items() for value in values),
    }


def reasons() -> tuple[str, ...]:
    """Every code that a decision can carry, read from the source."""
    found: set[str] = set()
    for folder in ("domain", "app"):
        for path in sorted((ROOT / "tidegate" / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Hold":
                    first = node.args[0] if node.args else None
                    found |= {str(first.value)} if isinstance(first, ast.Constant) else set()
    return tuple(sorted(found - NOT_RECORDED))


NOT_RECORDED = frozenset({"kept", "newer-schema", "pause-fleet", "unpaused"})
"""Answers that no record of an instance can carry: the record they speak of could not be read or written."""
