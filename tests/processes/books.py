"""What the ledger and the vendor's books say when all is over, and whether it is what was promised."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tests.processes.place import Place
from tests.processes.sender import Callback
from tidegate.app import codec
from tidegate.app.surroundings import Surroundings
from tidegate.domain.facts import Decided, Fact, Planned
from tidegate.domain.fold import fold
from tidegate.domain.operation import Operation, Outcome, Phase
from tidegate.domain.policy import InstancePolicy
from tidegate.domain.state import State
from tidegate.ledger.record import FLEET, Record
from tidegate.ledger.sequence import NEWEST_FIRST
from tidegate.ledger.shelf import Shelf, listed

LEDGER = "ledger"
NAMED = (Outcome.RESIZED, Outcome.CANCELLED, Outcome.UNCHANGED)
"""How an operation may end here: the last one where it was in doubt, no order came to light, and it is over."""


@dataclass(frozen=True)
class Story:
    """Where an instance is to end."""

    name: str
    rung: str


class Books:
    """All that is known of one cloud at a moment."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.around: Surroundings = place.around()
        book = self.around.book()
        assert book is not None
        self.policies: Mapping[str, InstancePolicy] = {name: book.read(name) for name in book.names}

    def state(self, name: str) -> State:
        """What the ledger says of an instance."""
        head = self.around.ledger.head(self.around.key(self.policies[name]))
        return codec.read_state(head.state) if head else State()

    def rungs(self) -> dict[str, str]:
        """The rung that each instance is on, by the vendor's own book."""
        told = {one["instance_id"]: one["spec"] for one in self.place.console("GET", "instances")["instances"]}
        found = {name: policy.rungs.match(told[policy.instance_id]) for name, policy in self.policies.items()}
        return {name: rung.name if rung else "?" for name, rung in found.items()}

    def orders(self) -> dict[str, list[Mapping[str, Any]]]:
        """Every order that the vendor has booked, by instance."""
        booked = self.place.console("GET", "orders")["orders"]
        by_id = {policy.instance_id: name for name, policy in self.policies.items()}
        found: dict[str, list[Mapping[str, Any]]] = {name: [] for name in self.policies}
        for order in booked:
            found[by_id[order["instance_id"]]].append(order)
        return found

    def unrest(self, stories: Iterable[Story]) -> list[str]:
        """Whatever still goes on. An operation of which a person was told that it needs them rests, too."""
        rungs = self.rungs()
        found = [why for story in stories for why in self._unrest(story, rungs[story.name])]
        if not found:
            found += [f"{one['Name']} runs" for one in self.place.executions() if one["Status"] == "Running"]
        return found

    def _unrest(self, story: Story, rung: str) -> Iterator[str]:
        state = self.state(story.name)
        if waits := len(self.around.ledger.inbox(self.around.key(self.policies[story.name]))):
            yield f"{story.name}: {waits} alerts wait"
        if needs_person(state):
            return
        if state.operation is not None:
            yield f"{story.name}: operation {state.operation.number} is {state.operation.phase.value}"
        elif rung != story.rung:
            yield f"{story.name}: on {rung}, not on {story.rung}: {state.stance and state.stance.reason}"

    def wrongs(self, stories: Iterable[Story], answered: Iterable[Callback]) -> list[str]:
        """Every promise that was not kept."""
        heard: Counter[tuple[str, str]] = Counter()
        found = list(self._fleet())
        orders = self.orders()
        for story in stories:
            records = self.records(story.name)
            facts = [fact for _, fact in records]
            found += [f"{story.name}: {why}" for why in _orders(self.state(story.name), facts, orders[story.name])]
            found += [f"{story.name}: {why}" for why in _folds(records)]
            found += [f"{story.name}: {why}" for why in self._gaps(self.around.key(self.policies[story.name]))]
            decided = [fact for fact in facts if isinstance(fact, Decided)]
            heard.update((story.name, answer.key) for fact in decided for answer in fact.answers)
        for callback in answered:
            times = heard[callback.name, callback.key]
            if times != 1:
                found.append(f"{callback.name}: an alert that was answered has {times} records: {callback}")
        return found

    def records(self, name: str) -> list[tuple[Record, Fact]]:
        """An instance's whole ledger, the oldest record first."""
        found = self.around.ledger.records(self.around.key(self.policies[name]), newest_first=False)
        return [(record, codec.read_fact(dict(record.fact))) for record in found]

    def _fleet(self) -> Iterator[str]:
        yield from (f"the fleet: {why}" for why in self._gaps(FLEET))

    def _gaps(self, key: str) -> Iterator[str]:
        """The numbers under which records lie, listed rather than followed, so that a gap is seen."""
        prefix = f"{LEDGER}/{key}/"
        names = [place.removeprefix(prefix).removesuffix(".json") for place in listed(self._shelf, prefix)]
        numbers = sorted(NEWEST_FIRST - int(name) for name in names)
        if numbers != list(range(1, len(numbers) + 1)):
            yield f"the records are {numbers}"

    @property
    def _shelf(self) -> Shelf:
        return self.around.ledger._shelf


def needs_person(state: State) -> bool:
    """Whether the operation stands still until a person looks, who was told so."""
    operation = state.operation
    if operation is None or operation.phase is not Phase.DOUBT:
        return False
    return any(told.sent_at for told in state.told if "doubt" in told.notice)


def _orders(state: State, facts: Iterable[Fact], orders: list[Mapping[str, Any]]) -> Iterator[str]:
    """One order at most for an operation, and none without one."""
    planned = [fact.operation for fact in facts if isinstance(fact, Planned)]
    numbers = [operation.number for operation in planned]
    if numbers != list(range(1, len(numbers) + 1)):
        yield f"the operations are {numbers}"
    carried: Counter[int] = Counter()
    for order in orders:
        carried[_whose(planned, str(order["created_at"]))] += 1
    if several := {number: count for number, count in carried.items() if count > 1 or number == 0}:
        yield f"orders by operation: {several} of {len(orders)} (0: of none)"
    if len(state.recent) == len(planned):
        bought = [settled.number for settled in state.recent if settled.outcome is Outcome.RESIZED]
        if sorted(bought) != sorted(carried):
            yield f"operations {bought} are resized, and {sorted(carried)} have orders"
    for settled in (each for each in state.recent if each.outcome not in NAMED):
        yield f"operation {settled.number} ended {settled.outcome.value}: {settled.why}"


def _whose(planned: list[Operation], created_at: str) -> int:
    """The operation that was the newest when an order was made."""
    return max((one.number for one in planned if one.planned_at.isoformat() <= created_at), default=0)


def _folds(records: list[tuple[Record, Fact]]) -> Iterator[str]:
    """The newest record's state is what all records come to."""
    state = State()
    for record, fact in records:
        state = fold(state, fact, record.at)
        if codec.write_state(state) != record.state:
            yield f"record {record.seq} holds another state than the facts come to"
            return
