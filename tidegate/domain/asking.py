"""What a person is asked to approve, in words."""

from __future__ import annotations

from datetime import datetime

from tidegate.domain.notice import Notice
from tidegate.domain.policy import InstancePolicy
from tidegate.domain.state import Approved, State


def asks_now(state: State, now: datetime) -> Approved | None:
    """What a person may approve at this moment, and nobody has yet; None where nothing is asked, or not any more."""
    asked = state.approval
    is_open = asked is not None and asked.at is None and not asked.used_by and now < asked.expires_at
    return asked if is_open else None


def in_words(asked: Approved) -> str:
    """What is to be approved: from where to where, and at what cost."""
    cost = f", {asked.cost:g} an hour" if asked.cost is not None else ""
    return f"{asked.from_rung} -> {asked.to_rung}{cost}"


def to_approve(policy: InstancePolicy, asked: Approved) -> Notice:
    """The message that asks, and asks again."""
    title = f"{policy.name} asks for your approval"
    text = (
        f"{title}: {in_words(asked)} ({asked.why}). Say yes with `tidegate approve {policy.name} --id {asked.id}`, "
        f"or no with `tidegate cancel {policy.name}`. If nobody does, nothing is ordered, and it is asked again. "
        f"Quiet this: `tidegate ack {policy.name}`."
    )
    return Notice(f"approval-{asked.id}", "needs-person", title, text, repeats=True, deadline=asked.expires_at)
