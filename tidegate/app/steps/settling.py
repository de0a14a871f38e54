"""Settle: close the operation, tell people, and see what is wanted now."""

from __future__ import annotations

from tidegate.app import journal
from tidegate.app.page import Page
from tidegate.app.past import rules_for
from tidegate.app.reconcile import TRIES, reconcile
from tidegate.app.steps.which import Which, mine
from tidegate.app.surroundings import Surroundings
from tidegate.domain.facts import Closed
from tidegate.domain.operation import opens_circuit


def settle(around: Surroundings, which: Which) -> str:
    """Close the operation, tell people, and reconcile: something else may be wanted by now."""
    rules = rules_for(around, which.instance)
    policy = rules.policy
    for _ in range(TRIES):
        page = Page.open(around, policy, rules.hash, past=rules.past)
        operation = mine(page, which)
        if operation is None:
            break
        if operation.outcome is None:
            return "look15"
        rung = policy.rungs.match(operation.evidence.spec) if operation.evidence.spec else None
        # Settled elsewhere is to be held and never ordered again: that, too, only a person ends.
        opens = operation.outcome is not None and opens_circuit(operation.outcome, operation.phases)
        written = page.write(Closed(operation.number, rung.name if rung else "", opens_circuit=opens))
        if written is not None:
            around.fleet.release(page.key, operation.number, around.now(), used=bool(operation.sent))
            journal.settled(written, operation, opens_circuit=opens)
            break
    reconcile(around, policy, rules.hash, past=rules.past)
    return "done"
