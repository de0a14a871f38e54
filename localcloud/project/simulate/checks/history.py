"""The ledgers of a week, read once and shared by all checks.

Facts and states are decoded by Tidegate's own codec, and that is all: what they add up to is reckoned anew.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from localcloud.project.simulate.checks.violation import Violation
from localcloud.project.simulate.checks.world import Estate
from localcloud.project.simulate.platform import LONGEST_STALL_S
from localcloud.project.simulate.script import Deed
from localcloud.project.simulate.sites import DEATHS, Trouble
from localcloud.project.simulate.trace import Pushed, Said, Trace
from localcloud.project.simulate.vendor import Ordered
from tidegate.app import codec
from tidegate.app.calendars import calendar_of
from tidegate.domain.facts import Claimed, Closed, Concluded, Decided, Fact, Judged, Looked, Planned
from tidegate.domain.operation import Event, Operation, Outcome
from tidegate.domain.policy import InstancePolicy
from tidegate.domain.state import State
from tidegate.domain.terms import Terms
from tidegate.ledger.record import FLEET, UNREADABLE, Corrupt
from tidegate.ledger.sequence import NEWEST_FIRST

LATENCY = timedelta(seconds=70)
"""The longest that a function runs, and a little: what it read first may be so old when it writes."""
STALE = timedelta(seconds=180)
"""How old a stale read is at most."""
TOKENS = ("ClientToken", "Token")


@dataclass(frozen=True)
class Entry:
    """One record, with when it was truly written, and the state it found."""

    seq: int
    at: datetime
    created_at: datetime
    fact: Fact
    before: State
    state: State
    policy: str


@dataclass(frozen=True)
class Claim:
    """One claim: the right to one attempt, with the state in which it was won."""

    entry: Entry
    fact: Claimed
    planned: Operation

    @property
    def at(self) -> datetime:
        """When it was decided, by the clock of whoever decided."""
        return self.fact.attempt.sent_at

    @property
    def before(self) -> State:
        """The state that it found."""
        return self.entry.before


@dataclass
class Course:
    """One operation as its records tell it."""

    number: int
    planned: Entry
    intent: Operation
    claims: list[Claim] = field(default_factory=list)
    judged: list[tuple[Entry, Judged]] = field(default_factory=list)
    looks: list[tuple[Entry, Looked]] = field(default_factory=list)
    concluded: Entry | None = None
    outcome: Outcome | None = None
    closed: Entry | None = None
    orders: list[Ordered] = field(default_factory=list)
    """The order calls that bear a token of its attempts, whatever came of them."""

    @property
    def made(self) -> list[Ordered]:
        """The calls that made a change, paid or not."""
        return [order for order in self.orders if order.change]

    @property
    def ended_at(self) -> datetime:
        """When its outcome was written down."""
        return self.concluded.created_at if self.concluded else datetime.max.replace(tzinfo=self.planned.at.tzinfo)


@dataclass
class Chronicle:
    """One instance's ledger."""

    key: str
    instance_id: str
    name: str
    entries: list[Entry] = field(default_factory=list)
    courses: dict[int, Course] = field(default_factory=dict)

    @property
    def state(self) -> State:
        """The newest state."""
        return self.entries[-1].state if self.entries else State()

    @cached_property
    def decided(self) -> list[tuple[Entry, Decided]]:
        """The decisions."""
        return [(entry, entry.fact) for entry in self.entries if isinstance(entry.fact, Decided)]

    @cached_property
    def answered(self) -> Mapping[str, list[tuple[Entry, bool]]]:
        """By the key of a signal, the records that answer it, and whether it was turned down."""
        found: dict[str, list[tuple[Entry, bool]]] = {}
        for entry, fact in self.decided:
            for answer in fact.answers:
                found.setdefault(answer.key, []).append((entry, answer.refused))
        return found

    @property
    def claims(self) -> Iterator[tuple[Course, Claim]]:
        """Every claim, in the order in which they were won."""
        for number in sorted(self.courses):
            for claim in self.courses[number].claims:
                yield self.courses[number], claim


@dataclass(frozen=True)
class FleetEntry:
    """One record of the fleet's ledger."""

    seq: int
    at: datetime
    created_at: datetime
    fact: Mapping[str, Any]
    state: Mapping[str, Any]


class History:
    """All that a week left behind."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.estate = Estate(trace)
        self.skew = timedelta(seconds=trace.script.skew_s)
        self.slack = 2 * self.skew + timedelta(seconds=5)
        """By how much two clocks, and the records they stamp, may be apart."""
        there = {one["instance_id"] for one in trace.script.world["instances"]}
        self.missing = {
            policy.instance_id: name
            for pushed in trace.pushed
            for name, policy in pushed.policies.items()
            if policy.instance_id not in there
        }
        """Instances of a policy that the vendor does not know, by id: with their names."""
        self.broken: list[Violation] = []
        self.chronicles: dict[str, Chronicle] = {}
        self.fleet: list[FleetEntry] = []
        self.by_token: dict[tuple[str, str], Course] = {}
        self._terms: dict[tuple[str, str], Terms] = {}
        self._read()
        self.strays = self._match()
        """Orders of no operation."""

    def policy_of(self, hashed: str, name: str) -> InstancePolicy | None:
        """An instance's policy, by the hash of the whole."""
        pushed = self.pushed(hashed)
        return pushed.policies.get(name) if pushed else None

    def pushed(self, hashed: str) -> Pushed | None:
        """The policy of this hash."""
        return next((each for each in self.trace.pushed if each.hash == hashed), None)

    def in_force(self, since: datetime, until: datetime) -> list[Pushed]:
        """The policies that were in force at some time between."""
        pushed = self.trace.pushed
        ends = [*(each.at for each in pushed[1:]), datetime.max.replace(tzinfo=until.tzinfo)]
        return [each for each, end in zip(pushed, ends, strict=True) if each.at <= until and end >= since]

    def known_since(self, at: datetime) -> datetime:
        """The earliest at which whoever wrote something then, and does not order, may have read what it goes by.

        A process that stands still goes on with what it read before.
        """
        longest = timedelta(seconds=LONGEST_STALL_S) + LATENCY
        stalls = [stall for stall in self.stalls if at - longest <= stall <= at]
        return min([at, *stalls]) - LATENCY - self.slack

    def terms_of(self, hashed: str, name: str) -> Terms | None:
        """A policy made ready to reckon with: the arithmetic of its times is Tidegate's own."""
        policy = self.policy_of(hashed, name)
        if policy is None:
            return None
        if (hashed, name) not in self._terms:
            calendar = calendar_of(policy.calendars.workdays.get("country", ""))
            self._terms[hashed, name] = Terms(policy, calendar)
        return self._terms[hashed, name]

    def begun_at(self, deed: Deed) -> datetime:
        """When a deed was done."""
        return self.trace.script.start + timedelta(seconds=deed.at_s)

    @cached_property
    def stalls(self) -> list[datetime]:
        """When processes began to stand still."""
        return self._struck((Trouble.STALLED,))

    @cached_property
    def deaths(self) -> list[datetime]:
        """When processes were killed, or began to wait for their timeout."""
        return self._struck(DEATHS)

    def _struck(self, troubles: tuple[Trouble, ...]) -> list[datetime]:
        start, words = self.trace.script.start, [trouble.value for trouble in troubles]
        struck = self.trace.misfortunes.struck
        return [start + timedelta(seconds=at_s) for at_s, strike in struck if strike.trouble in words]

    @cached_property
    def said_of(self) -> Mapping[str, list[Said]]:
        """The messages about each instance, by its name."""
        names = {chronicle.name for chronicle in self.chronicles.values()}
        messages = sorted(self.trace.said, key=lambda said: said.at)
        return {name: [said for said in messages if name in said.title] for name in names}

    def _read(self) -> None:
        numbered: dict[str, list[tuple[int, str]]] = {}
        for place in self.trace.bodies:
            if place.startswith("ledger/"):
                key, _, last = place[len("ledger/") :].rpartition("/")
                numbered.setdefault(key, []).append((NEWEST_FIRST - int(last.removesuffix(".json")), place))
        for key, places in numbered.items():
            places.sort()
            if key == FLEET:
                self._read_fleet(places)
            elif key != UNREADABLE:
                self._read_one(key, places)

    def _read_fleet(self, places: list[tuple[int, str]]) -> None:
        for seq, place in places:
            raw = json.loads(self.trace.bodies[place])
            at, created_at = datetime.fromisoformat(raw["at"]), self.trace.created[place]
            self.fleet.append(FleetEntry(seq, at, created_at, raw["fact"], raw["state"]))

    def _read_one(self, key: str, places: list[tuple[int, str]]) -> None:
        instance_id = key.rpartition("/")[2]
        names = (
            name for each in self.trace.pushed for name, one in each.policies.items() if one.instance_id == instance_id
        )
        chronicle = self.chronicles[instance_id] = Chronicle(key, instance_id, next(names, instance_id))
        state = State()
        for seq, place in places:
            raw = json.loads(self.trace.bodies[place])
            try:
                fact, after = codec.read_fact(raw["fact"]), codec.read_state(raw["state"])
            except Corrupt as error:
                self.broken.append(Violation("fold", chronicle.name, self.trace.created[place], str(error)))
                continue
            at = datetime.fromisoformat(raw["at"])
            entry = Entry(seq, at, self.trace.created[place], fact, state, after, raw["policy"])
            chronicle.entries.append(entry)
            self._note(chronicle, entry)
            state = after

    def _note(self, chronicle: Chronicle, entry: Entry) -> None:
        """Add a record to the operation it is about."""
        fact = entry.fact
        if isinstance(fact, Planned):
            number = fact.operation.number
            chronicle.courses[number] = Course(number, entry, fact.operation)
            return
        course = chronicle.courses.get(getattr(fact, "operation", 0))
        if course is None:
            return
        if isinstance(fact, Claimed):
            course.claims.append(Claim(entry, fact, course.intent))
            self.by_token[chronicle.instance_id, fact.attempt.token] = course
        elif isinstance(fact, Judged):
            course.judged.append((entry, fact))
            if fact.event is Event.CONCLUDE:
                course.concluded, course.outcome = entry, Outcome.REFUSED
        elif isinstance(fact, Looked):
            course.looks.append((entry, fact))
        elif isinstance(fact, Concluded):
            course.concluded, course.outcome = entry, fact.outcome
        elif isinstance(fact, Closed):
            course.closed = entry

    def _match(self) -> list[Ordered]:
        strays = []
        for order in self.trace.ordered:
            token = next((order.parameters[name] for name in TOKENS if name in order.parameters), "")
            course = self.by_token.get((order.instance_id, token))
            if course is None:
                strays.append(order)
            else:
                course.orders.append(order)
        return strays
