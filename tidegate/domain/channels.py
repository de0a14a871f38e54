"""Channels to people as the ledger remembers them: what went out, what is tried again, which one takes nothing."""

from __future__ import annotations

from datetime import datetime, timedelta

from tidegate.domain.policy import InstancePolicy
from tidegate.domain.state import State, Told

RESEND_AFTER = timedelta(minutes=5)
TRIES = 5
"""How often a message is tried before the channel is left alone until it would be reminded."""


def resend_at(told: Told) -> datetime | None:
    """When a message that may not have gone out is tried again at the earliest; None where it went out."""
    return None if told.sent_at and told.sent_at >= told.claimed_at else told.claimed_at + RESEND_AFTER


def dead_channels(policy: InstancePolicy, state: State, now: datetime) -> list[str]:
    """The channels that have failed to take a message so often that it was left alone, and took none since."""
    return [channel.url_env for channel in policy.notify if _is_dead(channel.url_env, state, now)]


def _is_dead(channel: str, state: State, now: datetime) -> bool:
    mine = [told for told in state.told if told.channel == channel]
    failing = [told for told in mine if not told.acked and (again := resend_at(told)) and now >= again]
    given_up = [told for told in failing if told.failures + 1 >= TRIES]
    taken_at = last_taken(channel, state)
    return any(taken_at is None or taken_at < told.claimed_at for told in given_up)


def last_taken(channel: str, state: State) -> datetime | None:
    """When the channel last took a message, None if it never did."""
    mine = [told for told in state.told if told.channel == channel and not told.by_others]
    return max((told.sent_at for told in mine if told.sent_at), default=None)
