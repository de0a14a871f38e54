"""What is asked of a person, kept in the state: a changed demand voids it, and an order uses it up."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from zlib import crc32

from tidegate.domain.state import Approved, State
from tidegate.domain.terms import Terms
from tidegate.domain.verdict import Decision, Hold, Resize


def asked(terms: Terms, state: State, decision: Decision, wanted: str, now: datetime) -> State:
    """The state with what this decision asks of a person, and without what nobody asks any more."""
    question = decision.question if isinstance(decision, Hold) else None
    known = state.approval
    if question is None:
        return replace(state, approval=None) if known and _is_void(known, state, decision, wanted) else state
    if known and known.is_about(question) and not known.used_by and now < known.expires_at:
        return state
    # Where it has to wait for a window or the like, what is answered today must still be good then.
    usable_at = decision.until if isinstance(decision, Hold) and decision.until else now
    seed = f"{terms.policy.name} {question} {now.isoformat()} {state.operations}"
    approval = Approved(
        id=f"{crc32(seed.encode()):08x}",
        from_rung=question.from_rung,
        to_rung=question.to_rung,
        asked_at=now,
        expires_at=max(now, usable_at) + terms.policy.approval.expires,
        why=question.why,
        cost=question.cost,
        figures=question.figures,
    )
    return replace(state, approval=approval)


def _is_void(approval: Approved, state: State, decision: Decision, wanted: str) -> bool:
    """Whether what was asked is not wanted any more. What was used stays, so that a late yes is told so.

    A guard that stands before the approval may hold meanwhile: then the demand is the same.
    """
    if approval.used_by or state.operation is not None:
        return False
    if isinstance(decision, Resize):
        return (decision.start.name, decision.end.name) != (approval.from_rung, approval.to_rung)
    return wanted != approval.to_rung
