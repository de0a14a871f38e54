"""What needs a person, since when and until when, as the records tell it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from localcloud.project.simulate.checks.history import Chronicle, Entry, History
from tidegate.domain.facts import Decided
from tidegate.domain.operation import Phase
from tidegate.domain.state import State

DOUBT_UNTOLD = timedelta(minutes=55)
"""A doubt is told when it was not cleared."""

Key = tuple[str, str]


@dataclass
class Need:
    """Something that needs a person. `known_at` is when it first arose, before what interrupted it."""

    what: str
    known_at: datetime
    begun_at: datetime
    ended_at: datetime
    acked: bool = False
    """Whether its end is that somebody acknowledged it."""


def needs_of(history: History, chronicle: Chronicle) -> list[Need]:
    """Everything about an instance that needed a person."""
    found: list[Need] = []
    open_: dict[Key, Need] = {}
    known: dict[Key, datetime] = {}
    silenced: set[Key] = set()
    for entry in chronicle.entries:
        now = dict(_now(entry.state, entry))
        if isinstance(entry.fact, Decided) and entry.fact.acked:
            silenced |= open_.keys()
        for key in [each for each in open_ if each not in now or each in silenced]:
            need = open_.pop(key)
            need.ended_at, need.acked = min(need.ended_at, entry.created_at), key in silenced
            found.append(need)
        for key, ends_at in now.items():
            if key not in open_ and key not in silenced:
                since = known.setdefault(key, entry.created_at)
                open_[key] = Need(f"{key[0]} {key[1]}".strip(), since, entry.created_at, ends_at)
    latest = _left_at(history, chronicle)
    found += open_.values()
    for need in found:
        need.ended_at = min(need.ended_at, latest)
    return [need for need in found if need.ended_at > need.begun_at]


def _now(state: State, entry: Entry) -> Iterator[tuple[Key, datetime]]:
    """What needs a person in a state, and until when at the latest."""
    operation, stance, approval = state.operation, state.stance, state.approval
    ever = datetime.max.replace(tzinfo=entry.at.tzinfo)
    if state.circuit is not None:
        yield ("circuit", state.circuit.at.isoformat()), ever
    if operation is not None:
        if operation.phase in (Phase.UNPAID, Phase.SWITCHOVER):
            yield (operation.phase.value, f"of operation {operation.number}"), ever
        if operation.phase is Phase.DOUBT and entry.at - operation.sent[-1].sent_at >= DOUBT_UNTOLD:
            yield ("doubt", f"of operation {operation.number}"), ever
        return
    if stance is not None and stance.kind == "hold-person" and stance.code != "approval":
        yield ("held", f"{stance.code} {stance.at.isoformat()}"), ever
    if approval is not None and approval.at is None and not approval.used_by and entry.at < approval.expires_at:
        yield ("approval", approval.id), approval.expires_at


def _left_at(history: History, chronicle: Chronicle) -> datetime:
    """When the instance left the policy, or the week ended."""
    left = [each.at for each in history.trace.pushed if chronicle.name not in each.policies]
    return min([*left, history.trace.ended_at])
