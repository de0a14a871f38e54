"""What a person is asked to approve, in words."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

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


def to_approve(policy: InstancePolicy, asked: Approved, link: str = "") -> Notice:
    """The message that asks, and asks again. Who opens `link` sees what is asked, and says yes there."""
    title = f"{policy.name} asks for your approval"
    press = f"open {link} and press Approve, or say `" if link else "`"
    text = (
        f"{title}: {in_words(asked)} ({asked.why}). By {_shown(asked.expires_at, policy.timezone)}: to say yes, "
        f"{press}tidegate approve {policy.name} --id {asked.id}`; to say no, `tidegate cancel {policy.name}`. "
        f"If nobody does, nothing is ordered, and it is asked again. Quiet this: `tidegate ack {policy.name}`."
    )
    name, ends = f"approval-{asked.id}", asked.expires_at
    return Notice(name, "needs-person", title, text, repeats=True, deadline=ends, asks=asked)


def _shown(at: datetime, zone: str) -> str:
    return f"{at.astimezone(ZoneInfo(zone)):%a %d %b %H:%M}"
