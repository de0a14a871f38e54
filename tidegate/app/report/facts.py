"""What every report is made of: plain values, and the same as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from pydantic import ValidationError

from tidegate.app.surroundings import Book, Surroundings
from tidegate.domain.policy import InstancePolicy
from tidegate.ledger.policies import NoSuchPolicy
from tidegate.ledger.record import Corrupt, Record


class NothingPushed(Exception):  # noqa: N818 - reads as what it is
    """There is no policy in force yet."""

    def __init__(self) -> None:
        super().__init__("no policy was pushed yet: `tidegate policy push --policy FILE`")


class NotKnown(Exception):  # noqa: N818 - reads as what it is
    """What was asked for is not in the policy, or not in the records that are kept."""


@dataclass(frozen=True)
class Unreadable:
    """An instance of which nothing can be said, and why: its ledger or policy is of a later version, or damaged."""

    instance: str
    trouble: str


def book_of(around: Surroundings, book: Book | None) -> Book:
    """The book given, else the policy in force. Raises NothingPushed."""
    found = book or around.book()
    if found is None:
        raise NothingPushed
    return found


def policy_in(book: Book, name: str) -> InstancePolicy:
    """The policy of one instance. Raises Corrupt where it cannot be read, as for its ledger."""
    try:
        return book.read(name)
    except (NoSuchPolicy, ValidationError) as error:
        raise Corrupt(f"its policy cannot be read: {' '.join(str(error).split())[:300]}") from error


def policy_of(around: Surroundings, record: Record, otherwise: InstancePolicy) -> InstancePolicy:
    """The policy that was in force for a record; the one of now where it had another name, or another form, then."""
    try:
        return InstancePolicy.model_validate(around.policies.document(record.policy, otherwise.name))
    except (NoSuchPolicy, ValidationError):
        return otherwise


def zone_of_all(zones: Iterable[str]) -> str:
    """The zone in which the fleet's times are told: that of its instances, where they are of one; else UTC."""
    known = set(zones)
    return known.pop() if len(known) == 1 else "UTC"


def to_json(value: Any) -> Any:
    """A report as JSON has it: times with offset, durations in seconds."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: to_json(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): to_json(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [to_json(item) for item in value]
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.isoformat()
    return value.total_seconds() if isinstance(value, timedelta) else value
