"""What a policy would decide otherwise than the one in force, at this moment. Nothing is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tidegate.app.report.facts import Unreadable
from tidegate.app.report.planning import Intent, plan
from tidegate.app.surroundings import Book, Surroundings
from tidegate.domain.limits import MOST_ORDERS, FleetLimits
from tidegate.operate.candidate import FLEET, Candidate

UNREAD = "unread"
NO_LIMITS = FleetLimits(orders_at_once=MOST_ORDERS, orders_per_hour=MOST_ORDERS).model_dump(mode="json")
"""An order that only waits for the fleet's limits is started by the push all the same."""


@dataclass(frozen=True)
class Effect:
    """One instance that would be decided otherwise. `before` is None where it is not in the policy in force."""

    instance: str
    before: Intent | Unreadable | None
    after: Intent | Unreadable
    acts: bool
    """Whether the new policy lets it be ordered for."""

    @property
    def starts(self) -> bool:
        """Whether an order would be placed that would not be placed without the push."""
        return isinstance(self.after, Intent) and self.after.decision == "resize"

    @property
    def may_start(self) -> bool:
        """Whether nobody can tell, as the instance could not be read."""
        return self.acts and isinstance(self.after, Intent) and self.after.code == UNREAD


def effects(around: Surroundings, before: Candidate | None, after: Candidate, *, observed: bool) -> list[Effect]:
    """Every instance that a push would decide otherwise, right now.

    An instance whose document stays the same is decided the same, so only the others are read. Those that would only
    be observed order nothing: without `observed` they are left out, so that a push to stop everything reads nothing.
    """
    names = {around.key_of(entry): name for name, entry in before.index["instances"].items()} if before else {}
    was = {name: names.get(around.key_of(entry), "") for name, entry in after.index["instances"].items()}
    acting = {name for name, policy in after.instances.items() if policy.mode == "act"}
    asked = list(after.instances) if observed else sorted(acting)
    changed = [name for name in asked if not (before and _same(before, was[name], after, name))]
    then = _plans(around, before, [was[name] for name in changed if was[name]]) if before else {}
    now = _plans(around, after, changed)
    found = [Effect(name, then.get(was[name]), now[name], name in acting) for name in changed]
    return [each for each in found if each.may_start or _told(each.before) != _told(each.after)]


def _same(before: Candidate, was: str, after: Candidate, name: str) -> bool:
    return was == name and before.documents[was] == after.documents[name]


def _plans(around: Surroundings, candidate: Candidate, names: list[str]) -> Mapping[str, Intent | Unreadable]:
    entries = candidate.index["instances"]
    index = {**candidate.index, "instances": {name: entries[name] for name in names}, FLEET: NO_LIMITS}
    return {each.instance: each for each in plan(around, Book(candidate.hash, index, candidate.book.read)).instances}


def _told(intent: Intent | Unreadable | None) -> object:
    """What makes two decisions the same."""
    if not isinstance(intent, Intent):
        return (intent,)
    # Under another name the rung that it stands on is still as wanted.
    wanted = "" if intent.code == "as-wanted" else intent.wanted
    return intent.decision, intent.code, wanted, intent.changes
