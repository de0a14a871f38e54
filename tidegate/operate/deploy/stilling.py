"""Stilling a fleet before those who follow its orders go: from then on nothing new is planned, claimed or ordered.

The pause is the ledger's own. Every plan and every claim takes its slot from the fleet's newest record, so whatever was
begun before the pause is open and can be seen, and whatever comes after it is held.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import uuid4

from tidegate.domain.state import Pause, Word
from tidegate.ledger.shelf import ShelfUnavailable, Unsure
from tidegate.operate.deploy.faults import DeployFailed

if TYPE_CHECKING:
    from tidegate.app.surroundings import Surroundings

REASON = "tidegate destroy: what follows orders is being removed"


@contextmanager
def stilled(around: Surroundings, by: str, tell: Callable[[str], None]) -> Iterator[None]:
    """Pause the fleet while it is looked at once more. The pause stays; where the look raises, the fleet is as before.

    Raises DeployFailed where the fleet cannot be paused.
    """
    tell("pausing the fleet, so that nothing is begun meanwhile")
    try:
        still = _pause(around, by)
    except (ShelfUnavailable, Unsure) as error:
        raise DeployFailed(f"the fleet could not be paused: {error}\nnothing was removed; run it again") from error
    try:
        yield
    except Exception:
        tell("the fleet is as it was, nothing was removed" if _lift(around, still) else "the fleet stays paused")
        raise
    tell(f"the fleet is paused by {still.pause.by}")


@dataclass(frozen=True)
class _Still:
    """A fleet that is paused. `ours` is None where somebody's own pause was there, and is left as it was."""

    pause: Pause
    ours: Word | None = None
    before: Pause | None = None
    """What ours took the place of: a pause that was to end by itself."""


def _pause(around: Surroundings, by: str) -> _Still:
    now, state = around.now(), around.fleet.state()
    if state.pause is not None and state.pause.until is None:
        # One that an earlier run left when it was ended is taken over, and lifted as one of this run would be.
        return _Still(state.pause, state.pause_word if state.pause.reason == REASON else None)
    pause, word = Pause(by, now, None, REASON), Word(now, f"destroy-{uuid4().hex}")
    if why := around.fleet.ask_pause(pause, word):
        raise DeployFailed(f"the fleet could not be paused: {why}\nnothing was removed; run it again")
    return _Still(pause, word, state.pause)


def _lift(around: Surroundings, still: _Still) -> bool:
    """Leave the fleet as it was before, and say whether that is so; a newer word of somebody counts more."""
    if still.ours is None:
        return True
    try:
        later = max(around.now(), still.ours.at)
        return not around.fleet.ask_pause(still.before, Word(later, f"{still.ours.key}-lifted"))
    except (ShelfUnavailable, Unsure):
        return False
