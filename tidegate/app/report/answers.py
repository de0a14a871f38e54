"""What became of one alert or request, found by its key."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from tidegate.app import codec
from tidegate.app.surroundings import Book, Surroundings
from tidegate.domain.facts import Decided
from tidegate.domain.fleet import FleetState
from tidegate.domain.hear import describe
from tidegate.domain.policy import InstancePolicy
from tidegate.domain.signal import Signal
from tidegate.ledger.record import FLEET, Corrupt, NewerSchema
from tidegate.ledger.shelf import ShelfUnavailable

SEARCHED, RECENT = 1000, 50
"""How many records of an instance are searched for an alert, and of the fleet for what was asked just now."""


@dataclass(frozen=True)
class Answered:
    """What became of one alert or request. A `record` of 0 means that it still waits in the inbox.

    An empty `instance` stands for the fleet.
    """

    instance: str
    timezone: str
    key: str
    what: str
    verdict: str
    reason: str
    refused: bool
    at: datetime | None
    policy: str
    record: int


def answered(around: Surroundings, book: Book, key: str) -> Answered | None:
    """Look for a signal by its key, in every inbox and ledger."""
    for name in book.names:
        policy = book.read(name)
        if found := _recorded(around, policy, key) or _waiting(around, policy, key):
            return found
    return _of_fleet(around, key)


def record_of_fleet(around: Surroundings, key: str) -> int | None:
    """The fleet's record that has answered a request just now; None where that cannot be read."""
    try:
        found = _of_fleet(around, key, RECENT)
    except (ShelfUnavailable, Corrupt, NewerSchema):
        return None
    return found.record if found else None


def _recorded(around: Surroundings, policy: InstancePolicy, key: str) -> Answered | None:
    for record in around.ledger.records(around.key(policy), limit=SEARCHED):
        fact = codec.read_fact(dict(record.fact))
        for answer in fact.answers if isinstance(fact, Decided) else ():
            if answer.key == key:
                said = (answer.what, answer.verdict, answer.reason, answer.refused)
                return Answered(policy.name, policy.timezone, key, *said, record.at, record.policy, record.seq)
    return None


def _waiting(around: Surroundings, policy: InstancePolicy, key: str) -> Answered | None:
    waiting, _unreadable = codec.read_signals(around.ledger.inbox(around.key(policy)))
    signal: Signal | None = next((one for one in waiting if one.key == key), None)
    if signal is None:
        return None
    said = (describe(signal), "waits", "the next tick answers it", False)
    return Answered(policy.name, policy.timezone, key, *said, None, "", 0)


def _of_fleet(around: Surroundings, key: str, limit: int = SEARCHED) -> Answered | None:
    """A pause of every instance, or its end, is a record of the fleet's own ledger."""
    for record in around.ledger.records(FLEET, limit=limit):
        word = codec.read(FleetState, dict(record.state)).pause_word
        if word is not None and word.key == key and record.fact["kind"] in ("paused", "unpaused"):
            by = f" by {record.fact['by']}" if record.fact.get("by") else ""
            why = str(record.fact.get("reason") or "orders may be placed again" * (not by))
            said = (f"the fleet is {record.fact['kind']}{by}", "hold", why, False)
            return Answered("", "UTC", key, *said, record.at, record.policy, record.seq)
    return None
