"""The checks: an independent judge of a week. What Tidegate says counts only where it is held against the world."""

from __future__ import annotations

from localcloud.project.simulate.checks import (
    answers,
    consent,
    fleet,
    hygiene,
    limits,
    messages,
    orders,
    outcomes,
    placing,
    rest,
    sequences,
)
from localcloud.project.simulate.checks.history import History
from localcloud.project.simulate.checks.violation import INVARIANTS, Violation
from localcloud.project.simulate.trace import Trace

__all__ = ["INVARIANTS", "Violation", "check"]

GROUPS = (sequences, orders, outcomes, placing, limits, consent, fleet, answers, rest, messages, hygiene)


def check(trace: Trace) -> list[Violation]:
    """Give every promise that was broken in a week."""
    history = History(trace)
    return [violation for group in GROUPS for violation in group.check(history)]
