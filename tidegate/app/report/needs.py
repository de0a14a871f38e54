"""What a person has to do about an instance, in a few words and in full, and by when."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from tidegate.domain.asking import asks_now, in_words, to_approve
from tidegate.domain.channels import dead_channels
from tidegate.domain.held import what_to_do
from tidegate.domain.notices import CONSOLES, notices
from tidegate.domain.policy import InstancePolicy
from tidegate.domain.state import State

SHORTLY: Mapping[str, str] = {
    "unpaid": "pay order {order}",
    "switchover": "press Switch",
    "doubt": "say whether the order of attempt {attempt} stands",
    "migrating": "refused for long",
    "slow": "takes long, look at it",
    "dying": "its execution keeps dying",
}
"""A notice that needs a person, in a few words for one line of a table."""


@dataclass(frozen=True)
class Need:
    """What a person has to do, in a few words and in full, and by when."""

    do: str
    text: str
    by: datetime | None = None


def needs(policy: InstancePolicy, state: State, now: datetime) -> Iterator[Need]:
    """Everything that waits for a person, the most pressing first."""
    operation, stance = state.operation, state.stance
    for notice in notices(policy, state, now):
        if notice.kind == "needs-person" and operation is not None:
            # `op3-unpaid`, and `op3-unpaid-late` once its deadline is over: what is to be done stays the same.
            short = SHORTLY.get(notice.name.removesuffix("-late").rpartition("-")[2], notice.title)
            words = {"order": operation.order_id or "of this resize", "attempt": len(operation.attempts)}
            yield Need(short.format(**words), notice.text, notice.deadline)
    asks = asks_now(state, now) if operation is None else None
    if asks is not None:
        do = f"approve {in_words(asks)}: `tidegate approve {policy.name} --id {asks.id}`"
        yield Need(do, to_approve(policy, asks).text, asks.expires_at)
    for channel in dead_channels(policy, state, now):
        yield Need(f"repair channel {channel}", f"channel {channel} takes no messages")
    if state.circuit:
        yield Need(f"look at it, then `tidegate ack {policy.name}`", state.circuit.why)
    said = stance is not None and (stance.code == "circuit" or (stance.code == "approval" and asks is not None))
    if stance and stance.kind == "hold-person" and operation is None and not said:
        press = what_to_do(stance.code, CONSOLES[policy.product], policy.name)
        yield Need(stance.reason, f"{stance.reason}. {press}")
