"""Putting a policy in force, and what stands against it.

Money first: a push that would start more orders at once than the fleet's limit is made only by somebody who says the
number. What is under way is not left alone: an instance with an open operation stays in the policy until it is settled.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tidegate.app import codec
from tidegate.app.surroundings import Surroundings
from tidegate.domain.limits import FleetLimits
from tidegate.ledger.policies import NoSuchPolicy, Pointer, Policies
from tidegate.ledger.record import Corrupt, NewerSchema
from tidegate.operate.candidate import Candidate, Outdated, published
from tidegate.operate.effects import Effect, effects


@dataclass(frozen=True)
class Stranded:
    """An instance with an open operation that the new policy does not have."""

    instance: str
    phase: str
    """Where the operation is; empty where the ledger cannot be read."""
    number: int = 0
    trouble: str = ""

    def __str__(self) -> str:
        if self.trouble:
            return f"{self.instance}, whose ledger cannot be read ({self.trouble})"
        return f"{self.instance}, whose operation {self.number} is {self.phase}"


@dataclass(frozen=True)
class Judged:
    """A candidate held against the policy in force and what is under way."""

    candidate: Candidate
    pointer: Pointer | None
    """The policy in force that it was judged by."""
    before: Candidate | None
    """The same as a whole; None before the first push, and where it cannot be read by the rules of today."""
    stranded: tuple[Stranded, ...]
    effects: tuple[Effect, ...]
    under_way: int
    """Orders of the whole fleet that are planned or under way."""
    limit: int
    """How many may be under way at once: by the policy in force or the pushed one, whichever lets fewer be.

    So a push that raises the limit is not measured by what it raises it to.
    """

    @property
    def is_in_force(self) -> bool:
        """Whether there is nothing to push."""
        return self.pointer is not None and self.pointer.hash == self.candidate.hash

    @property
    def starts(self) -> Sequence[Effect]:
        """The orders that a push would start at once; those that cannot be told count too."""
        return [each for each in self.effects if each.starts or each.may_start]

    @property
    def to_accept(self) -> int:
        """The number that somebody must accept, 0 where the orders are within the fleet's limit."""
        number = len(self.starts)
        return number if number and number + self.under_way > self.limit else 0


def judge(around: Surroundings, candidate: Candidate, *, observed: bool = False) -> Judged:
    """Hold a policy against what is in force, under way and wanted now. Writes nothing.

    With `observed`, also what would be decided otherwise of instances that are only observed.
    """
    pointer = around.policies.current()
    stranded: list[Stranded] = []
    before: Candidate | None = None
    if pointer is not None:
        stranded = _stranded(around, pointer, candidate)
        try:
            before = published(around.policies, pointer.hash)
        except (Outdated, Corrupt, NoSuchPolicy):
            # Another version wrote it, or it is damaged: what it decides today nobody can tell.
            before = None
    found = (
        ()
        if pointer and pointer.hash == candidate.hash
        else tuple(effects(around, before, candidate, observed=observed))
    )
    use = around.fleet.state().use(candidate.fleet, "", around.now())
    limits = [candidate.fleet.orders_at_once, *([_limit(around, pointer)] if pointer else [])]
    return Judged(candidate, pointer, before, tuple(stranded), found, use.at_once, min(limits))


def enact(around: Surroundings, judged: Judged, by: str) -> None:
    """Put it in force in place of the one it was judged by.

    Raises Overtaken where another one came into force meanwhile.
    """
    candidate = judged.candidate
    after = judged.pointer.number if judged.pointer else 0
    if candidate.is_published:
        around.policies.restore(candidate.hash, by, after=after)
    else:
        around.policies.publish(candidate.documents, candidate.index, by, after=after)


def earlier(policies: Policies, hashed: str) -> Pointer:
    """When the policy of this hash, or of the only hash that begins so, came into force first.

    Without a hash: the one that was in force before the present one. Raises NoSuchPolicy, ValueError where several
    begin so.
    """
    every = list(policies.history())
    if not hashed:
        before = next((each for each in every if each.hash != every[0].hash), None)
        if before is None:
            raise NoSuchPolicy("no other policy was in force before")
        hashed = before.hash
    first = {each.hash: each for each in every}
    found = [each for each in first.values() if each.hash.startswith(hashed)]
    if len(found) > 1:
        raise ValueError(f"several policies begin with {hashed}: {', '.join(sorted(each.hash for each in found))}")
    if not found:
        raise NoSuchPolicy(f"no policy {hashed} was ever in force: `tidegate policy show --history`")
    return found[0]


def _limit(around: Surroundings, pointer: Pointer) -> int:
    """The limit in force; the one by default where that cannot be read by the rules of today."""
    try:
        return around.limits(pointer.hash).orders_at_once
    except (Corrupt, ValueError):
        return FleetLimits().orders_at_once


def _stranded(around: Surroundings, pointer: Pointer, candidate: Candidate) -> list[Stranded]:
    """By the vendor's names: an instance that is only called otherwise stays."""
    kept = {around.key_of(entry) for entry in candidate.index["instances"].values()}
    try:
        index = around.policies.index(pointer.hash)["instances"]
        gone = {name: key for name, entry in index.items() if (key := around.key_of(entry)) not in kept}
    except (Corrupt, NoSuchPolicy, KeyError, TypeError, AttributeError):
        # It is damaged, and is to be put right by this very push: an operation that is open has a slot of the fleet.
        gone = {slot.key: slot.key for slot in around.fleet.state().slots if slot.key not in kept}
    return [found for name, key in sorted(gone.items()) if (found := _open(around, name, key))]


def _open(around: Surroundings, name: str, key: str) -> Stranded | None:
    try:
        head = around.ledger.head(key)
        operation = codec.state_in(head).operation if head else None
    except (NewerSchema, Corrupt) as error:
        return Stranded(name, "", trouble=str(error))
    return None if operation is None else Stranded(name, operation.phase.value, operation.number)
