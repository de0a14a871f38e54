"""What is to be said on which channel now: once, then as reminders, and an hour before a deadline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from tidegate.domain.channels import RESEND_AFTER, TRIES, resend_at
from tidegate.domain.notice import Notice
from tidegate.domain.notices import notices
from tidegate.domain.policy import Channel, InstancePolicy
from tidegate.domain.state import State, Told

LAST_CALL = timedelta(hours=1)


@dataclass(frozen=True)
class Message:
    """A notice that is due on one channel now."""

    notice: Notice
    channel: Channel
    told: Told


def owed(policy: InstancePolicy, state: State, now: datetime, known: Sequence[Notice] | None = None) -> list[Message]:
    """What is due on which channel now, reminders included. `known` are the notices, if they are reckoned already."""
    return [
        Message(notice, channel, told)
        for notice in (notices(policy, state, now) if known is None else known)
        for channel in policy.notify
        if notice.kind in channel.on and channel.url_env != notice.but and (told := _due(notice, channel, state, now))
    ]


def _due(notice: Notice, channel: Channel, state: State, now: datetime) -> Told | None:
    """The claim to write before sending, or None where nothing is due."""
    before = next((t for t in state.told if (t.notice, t.channel) == (notice.name, channel.url_env)), None)
    soon = notice.deadline is not None and timedelta(0) < notice.deadline - now <= LAST_CALL
    if before is None:
        return Told(notice.name, channel.url_env, claimed_at=now, last_call=soon)
    if before.acked:
        return None
    again = replace(before, claimed_at=now, failures=0, last_call=before.last_call or soon)
    if resend_at(before) is not None:
        # Claimed, but nobody says that it went out: a message twice is better than none.
        failures = before.failures + 1
        rest = channel.remind if failures >= TRIES else RESEND_AFTER
        return replace(again, failures=failures) if now - before.claimed_at >= rest else None
    is_last_call = soon and not before.last_call
    return again if notice.repeats and (is_last_call or now - before.claimed_at >= channel.remind) else None
