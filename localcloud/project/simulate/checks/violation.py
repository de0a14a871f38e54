"""What is promised of every week, and how a broken promise is said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

INVARIANTS: Mapping[str, str] = {
    "one order per operation": "An operation makes one order at most, and every order of ours is of an operation.",
    "calls are claimed": "Each order call is of an attempt claimed before it, one call an attempt, sent in time.",
    "doubt is waited out": "After an unanswered attempt nothing is ordered for 45 minutes, and then once more at most.",
    "one change at a time": "Two changes of ours are never in flight on one instance.",
    "outcomes are true": "An outcome is recorded only if the world is as it says.",
    "read back twice": "Before `resized` the wanted values were read on two healthy looks at least 60 s apart.",
    "only what is named": "An order of ours changes no field that the rung does not name, and each that it names.",
    "policy in force": "What is claimed is claimed by the policy in force, in which the instance acts.",
    "bounds": "Nothing is ordered but a rung of the ladder between `min` and `max`, in the direction that it lies.",
    "cost": "No rung above the hard limit on cost is ordered, unless that saves.",
    "expectations": "An instance that is billed otherwise, or another edition, than expected is left alone.",
    "budgets": "Ups, downs and reversals of a local day stay within their budgets.",
    "cooldowns": "After a resize the instance rests before the next.",
    "windows": "A resize begins in a resize window of its direction.",
    "blackouts": "No resize begins in a blackout.",
    "drift": "What somebody else has resized is not taken down.",
    "fit": "No downgrade is ordered that the queues in use do not fit.",
    "approvals": "What must be approved is ordered only with a person's approval of just that, in time, and used once.",
    "pauses": "Nothing is claimed while the instance or the fleet is paused.",
    "circuit": "After an outcome that a person must look at nothing is claimed before somebody has.",
    "orders at once": "No more operations are under way than the fleet may have at once.",
    "orders per hour": "No more orders are begun within an hour than the fleet may.",
    "everything is answered": "Each alert and request that was answered at a door has one record that answers it.",
    "the inbox empties": "At rest nothing waits in an inbox.",
    "comes to rest": "Some time after the last misfortune everything rests.",
    "wanted or named": "At rest an instance stands on its wanted rung, or is held for a reason that still holds.",
    "people are told": "Whatever needs a person was told to one after it began.",
    "reminders": "What goes on needing a person is told again, until somebody acknowledges it.",
    "no flood": "The same is not said again before its time, and nobody is told too much of one instance in a day.",
    "summaries": "A day is summed up once: each summary was claimed before it was told, by a claim of its own.",
    "short executions": "An execution has 2,500 events at most, and none waits longer than 300 s.",
    "no gap": "The records of a ledger are numbered without a gap, and their times do not go back.",
    "fold": "Folding the facts gives the state that stands in every record.",
    "no secret": "No secret is in a log line, record, message or answer, or in what an execution takes and gives.",
    "sound play": "Nothing was found wrong while the week was played.",
    "dry runs": "A dry run leaves nothing behind.",
    "nothing uninvited": "Nothing is planned before first contact, nor for an instance that is only observed.",
}
"""Every invariant by its name, in one sentence."""


@dataclass(frozen=True)
class Violation:
    """A promise that was broken: which, of which instance, when, and how that shows."""

    invariant: str
    instance: str
    at: datetime | None
    why: str

    def __post_init__(self) -> None:
        if self.invariant not in INVARIANTS:
            raise ValueError(f"no invariant is called {self.invariant!r}")
