"""What came of it: gathered from the vendor's books, the ledger and the messages, once the play is over."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from localcloud.project.scenario.deeds import Replied
from localcloud.project.scenario.mentions import OFF_LADDER
from localcloud.project.scenario.stage import Stage
from localcloud.rpc.estate import Kept
from localcloud.rpc.timeline import at
from tidegate.app import codec
from tidegate.app.report import explain
from tidegate.domain.facts import Closed, Concluded, Decided, Fact, Planned
from tidegate.domain.ladder import Ladder
from tidegate.domain.operation import Outcome
from tidegate.domain.policy import InstancePolicy
from tidegate.domain.reading import Direction
from tidegate.ledger.record import Record

INSTANT, MINUTE = timedelta(microseconds=1), timedelta(minutes=1)
ABSENT = ("as-wanted",)
"""Codes of holds that hold nothing back."""


@dataclass(frozen=True)
class Bought:
    """One order of ours at the vendor, in the policy's words."""

    instance: str
    start: str
    end: str
    at: datetime
    order_id: str
    direction: Direction
    operation: int = 0
    """0 where no operation was open then."""
    outcome: Outcome | None = None


@dataclass(frozen=True)
class Held:
    """One hold in the ledger."""

    instance: str
    at: datetime
    code: str
    reason: str


@dataclass(frozen=True)
class Told:
    """One message to people."""

    at: datetime
    channel: str
    kind: str
    title: str
    text: str


@dataclass(frozen=True)
class Done:
    """One operation."""

    instance: str
    number: int
    planned_at: datetime
    closed_at: datetime | None
    outcome: Outcome | None


@dataclass(frozen=True)
class Chronicle:
    """Everything that is judged."""

    rungs: Mapping[str, str]
    orders: tuple[Bought, ...]
    operations: tuple[Done, ...]
    holds: tuple[Held, ...]
    messages: tuple[Told, ...]
    replies: tuple[Replied, ...]
    policies: Mapping[str, InstancePolicy]
    stage: Stage = field(repr=False, compare=False)

    def seen(self, name: str, since: datetime, until: datetime) -> list[tuple[datetime, str]]:
        """The rung that an instance reported, minute by minute."""
        policy, estate = self.policies[name], self.stage.server.cloud.estate
        times = [since + MINUTE * count for count in range(int((until - since) / MINUTE) + 1)]
        kept = self.stage.server.run(lambda: estate.known(policy.instance_id))
        changes = self.stage.server.run(lambda: estate.changes(kept))
        return [(when, rung_of(policy.rungs, at(kept.began.spec, changes, when).spec)) for when in times]

    def explained(self, held: Held) -> str:
        """The code by which `tidegate explain NAME --at` explains a hold of the past."""
        said = explain(self.stage.around, held.instance, held.at)
        return str(getattr(said, "code", ""))


def chronicle(stage: Stage, by_hand: set[tuple[str, int]], replies: list[Replied]) -> Chronicle:
    """Gather it all. `by_hand` are the changes that colleagues made, by instance id and number."""
    book = stage.around.book()
    policies = {name: book.read(name) for name in book.names} if book else {}
    records = {name: records_of(stage, policy) for name, policy in policies.items()}
    operations = [done for name, facts in records.items() for done in _operations(name, facts)]
    bought = [one for policy in policies.values() for one in _bought(stage, policy, by_hand, operations)]
    return Chronicle(
        rungs={name: rung_of(each.rungs, spec_at(stage, each, stage.now())) for name, each in policies.items()},
        orders=tuple(sorted(bought, key=lambda one: one.at)),
        operations=tuple(operations),
        holds=tuple(sorted((held for each in records.items() for held in _holds(*each)), key=lambda one: one.at)),
        messages=tuple(_messages(stage)),
        replies=tuple(replies),
        policies=policies,
        stage=stage,
    )


def records_of(stage: Stage, policy: InstancePolicy) -> list[tuple[Record, Fact]]:
    """An instance's whole ledger, the oldest record first."""
    found = stage.around.ledger.records(stage.around.key(policy), newest_first=False)
    return [(record, codec.read_fact(dict(record.fact))) for record in found]


def rung_of(ladder: Ladder, spec: Mapping[str, Any]) -> str:
    """The name of the rung that a spec is."""
    rung = ladder.match(spec)
    return rung.name if rung else OFF_LADDER


def spec_at(stage: Stage, policy: InstancePolicy, when: datetime) -> Mapping[str, Any]:
    """What an instance was at a moment, by the vendor's own books."""
    estate = stage.server.cloud.estate
    return stage.server.run(lambda: estate.moment(estate.known(policy.instance_id), when).spec)


def _bought(
    stage: Stage, policy: InstancePolicy, by_hand: set[tuple[str, int]], operations: list[Done]
) -> Iterator[Bought]:
    estate = stage.server.cloud.estate
    kept: Kept = stage.server.run(lambda: estate.known(policy.instance_id))
    for change in kept.changes:
        if (policy.instance_id, change["number"]) in by_hand:
            continue
        when = datetime.fromisoformat(change["ordered_at"])
        start = rung_of(policy.rungs, spec_at(stage, policy, when - INSTANT))
        end = rung_of(policy.rungs, change["to"])
        done = next((one for one in operations if one.instance == policy.name and _spans(one, when)), None)
        yield Bought(
            policy.name,
            start,
            end,
            when,
            change["order_id"],
            _direction(policy.rungs, start, end),
            done.number if done else 0,
            done.outcome if done else None,
        )


def _spans(done: Done, when: datetime) -> bool:
    return done.planned_at <= when and (done.closed_at is None or when <= done.closed_at)


def _direction(ladder: Ladder, start: str, end: str) -> Direction:
    if start in ladder and end in ladder:
        return ladder.direction(start, end)
    return Direction.UP


def _operations(name: str, records: list[tuple[Record, Fact]]) -> Iterator[Done]:
    """Every operation that was planned."""
    closed = {fact.operation: record.at for record, fact in records if isinstance(fact, Closed)}
    outcomes = {fact.operation: fact.outcome for _, fact in records if isinstance(fact, Concluded)}
    for record, fact in records:
        if isinstance(fact, Planned):
            number = fact.operation.number
            yield Done(name, number, record.at, closed.get(number), outcomes.get(number))


def _holds(name: str, records: list[tuple[Record, Fact]]) -> Iterator[Held]:
    for record, fact in records:
        if isinstance(fact, Decided) and fact.stance.kind != "resize" and fact.stance.code not in ABSENT:
            yield Held(name, record.at, fact.stance.code, fact.stance.reason)


def _messages(stage: Stage) -> Iterator[Told]:
    for message in stage.console("GET", "messages")["messages"]:
        said, when = message["content"], datetime.fromisoformat(message["at"])
        yield Told(when, message["channel"], said["type"], said["title"], said["message"])
