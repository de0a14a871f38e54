"""What has no end of its own: it is told once a day, for what nobody sees, nobody ends."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from tidegate.domain.notice import Notice
from tidegate.domain.policy import InstancePolicy
from tidegate.domain.state import Override, Pause, State

DAY = timedelta(days=1)


def next_told(state: State, now: datetime) -> list[datetime]:
    """When people are to be told of each such override and pause the next time."""
    lasting = [each for each in (state.override, state.pause) if each is not None and each.until is None]
    return [each.at + ((now - each.at).days + 1) * DAY for each in lasting]


def endless(policy: InstancePolicy, state: State, now: datetime) -> Iterator[Notice]:
    """Overrides and pauses without an end, anew each day."""
    override, pause = state.override, state.pause
    if override is not None and override.until is None and (days := (now - override.at).days) >= 1:
        what = f"an override to {override.rung} by {override.by} that has no end"
        yield _lasting(policy, what, override, days, "release")
    if pause is not None and pause.until is None and (days := (now - pause.at).days) >= 1:
        yield _lasting(policy, f"a pause by {pause.by} that has no end", pause, days, "unpause")


def _lasting(policy: InstancePolicy, what: str, lasts: Override | Pause, days: int, verb: str) -> Notice:
    since = lasts.at.astimezone(ZoneInfo(policy.timezone))
    title = f"{policy.name} has {what}"
    why = f" ({lasts.reason})" if lasts.reason else ""
    text = (
        f"{title}, since {since:%a %d %b %H:%M}{why}. End it with `tidegate {verb} {policy.name}`. "
        f"If nobody does, it stands, and this is said again tomorrow."
    )
    return Notice(f"{verb}-{lasts.at:%Y%m%dT%H%M%S}-day-{days}", "held", title, text)
