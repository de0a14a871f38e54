"""What an instance is at any moment: a pure function of how it began, its changes, and the time.

Nothing here remembers anything, so a read "as of a minute ago" is as good as one of now.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

Value = int | bool | str


class Phase(Enum):
    """Where an instance stands in a change."""

    STEADY = "steady"
    APPLYING = "applying"
    WAITING_FOR_SWITCH = "waiting for switch"


@dataclass(frozen=True)
class Change:
    """One bought or ordered change of spec, and how it will go; settled when it is ordered."""

    number: int
    """Counts from 1."""
    to: Mapping[str, Value]
    begins_at: datetime | None
    """When it was paid, or None while it is not."""
    takes: timedelta
    shows_early: bool = False
    """Whether the new values can be read before the change is complete."""
    status: str = ""
    """The vendor's word while it goes on."""
    switchover: bool = False
    """Whether somebody must press Switch, because addresses change (fact B.3)."""
    switchover_ends_after: timedelta = timedelta(hours=24)
    switched_at: datetime | None = None
    rolls_back: bool = False


@dataclass(frozen=True)
class Moment:
    """An instance at one moment. Addresses are named by the change that brought them; 0 are the first."""

    spec: Mapping[str, Value]
    phase: Phase = Phase.STEADY
    status: str = ""
    number: int = 0
    """The number of the change that is going on, 0 for none."""
    address: int = 0
    new_address: int | None = None
    """The addresses that a switchover would bring."""


def at(began_as: Mapping[str, Value], changes: Sequence[Change], now: datetime) -> Moment:
    """Give the instance as it is at `now`. Changes go one after the other, in the order they were paid."""
    moment = Moment(began_as)
    free_at: datetime | None = None
    for begins_at, change in begun(changes, now):
        starts = begins_at if free_at is None else max(begins_at, free_at)
        if now < starts:
            break
        applied = starts + change.takes
        if now < applied:
            spec = change.to if change.shows_early else moment.spec
            return Moment(spec, Phase.APPLYING, change.status, change.number, moment.address)
        if change.switchover and not is_switched(change, applied, now) and now < applied + change.switchover_ends_after:
            spec = change.to if change.shows_early else moment.spec
            status = change.status
            return Moment(spec, Phase.WAITING_FOR_SWITCH, status, change.number, moment.address, change.number)
        moment, free_at = ended(moment, change, applied, now)
    return moment


def begun(changes: Sequence[Change], now: datetime) -> list[tuple[datetime, Change]]:
    """Give the changes that were paid by `now`, in the order of payment."""
    paid = [(change.begins_at, change) for change in changes if change.begins_at and change.begins_at <= now]
    return sorted(paid, key=lambda pair: (pair[0], pair[1].number))


def is_switched(change: Change, applied: datetime, now: datetime) -> bool:
    """Say whether somebody pressed Switch in time."""
    pressed = change.switched_at
    return pressed is not None and pressed <= now and pressed < applied + change.switchover_ends_after


def ended(before: Moment, change: Change, applied: datetime, now: datetime) -> tuple[Moment, datetime]:
    """Give the instance after a change, and since when: with the old values where it was rolled back."""
    if change.switchover and not is_switched(change, applied, now):
        return before, applied + change.switchover_ends_after
    since = max(applied, change.switched_at) if change.switchover and change.switched_at else applied
    if change.rolls_back:
        return before, since
    return Moment(change.to, address=change.number if change.switchover else before.address), since
