"""What a record changed beside its verdict: the state before it against the state after, in phrases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from tidegate.domain.arbiter import MOMENT, ends
from tidegate.domain.drift import CONSOLE
from tidegate.domain.state import Pause, State


def changes(before: State, after: State, said: frozenset[str]) -> Iterator[str]:
    """Everything that came, went or ended. `said` are the verbs of requests that the record answers by itself."""
    yield from _override(before, after, said)
    yield from _pause(before, after, said)
    yield from _approval(before, after, said)
    yield from _drift(before, after, said)
    yield from _demands(before, after)
    if after.home != before.home and "adopt" not in said:
        yield f"home is {after.home or 'what was found'} now"
    if before.rung and after.rung and after.rung != before.rung:
        yield f"found on {after.rung}"


def _override(before: State, after: State, said: frozenset[str]) -> Iterator[str]:
    old, new = before.override, after.override
    if new is not None and new != old and (new.by == CONSOLE or "resize" not in said):
        yield f"override to {new.rung} by {new.by} {ends(new)}"
    if new is None and old is not None and "release" not in said:
        yield f"the override by {old.by} to {old.rung} ended"


def _pause(before: State, after: State, said: frozenset[str]) -> Iterator[str]:
    old, new = before.pause, after.pause
    if new is not None and new != old and not said & {"pause", "cancel"}:
        yield f"paused by {new.by}{_until(new)}"
    if new is None and old is not None and "unpause" not in said:
        yield f"the pause by {old.by} ended"


def _until(pause: Pause) -> str:
    return f" until {pause.until:{MOMENT}}" if pause.until else ""


def _approval(before: State, after: State, said: frozenset[str]) -> Iterator[str]:
    old, new = before.approval, after.approval
    if new is None:
        if old is not None and "cancel" not in said:
            yield f"approval {old.id} is void"
        return
    if old is None or old.id != new.id:
        yield f"approval {new.id} is asked, until {_moment(new.expires_at)}"
    elif old.at is None and new.at is not None and "approve" not in said:
        yield f"approval {new.id} is given by {new.by}"
    if new.used_by and (old is None or old.used_by != new.used_by):
        yield f"approval {new.id} by {new.by} is used"


def _drift(before: State, after: State, said: frozenset[str]) -> Iterator[str]:
    old, new = before.drift, after.drift
    if new is not None and (old is None or dict(old.spec) != dict(new.spec)):
        yield f"drift is seen: somebody else resized it to {new.rung or 'no rung'}"
    elif new is not None and old is not None and new.sure and not old.sure:
        yield "the drift is sure: it was read again"
    elif new is None and old is not None and not said & {"adopt", "resize"}:
        yield "the drift is over"


def _demands(before: State, after: State) -> Iterator[str]:
    now = {demand.rule: demand for demand in after.demands}
    for demand in before.demands:
        mine = now.get(demand.rule)
        if demand.fired and not demand.is_over and (mine is None or mine.is_over):
            yield f"alert {demand.rule} ended"
    was = {demand.rule: demand for demand in before.demands}
    for demand in after.demands:
        old = was.get(demand.rule)
        if demand.confirmed_at and (old is None or old.confirmed_at is None):
            yield f"alert {demand.rule} is borne out"
        if demand.steps_at and (old is None or old.steps_at != demand.steps_at):
            yield f"alert {demand.rule} climbs to {demand.rung}"


def _moment(at: datetime) -> str:
    return f"{at:{MOMENT}}"
