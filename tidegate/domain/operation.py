"""One resize from intent to outcome.

The rules:
- Only the caller whose own append claimed the attempt may call the vendor, once. So `CLAIM` leads to `CLAIMED`, and
  no row leads from there to another `CLAIM` but through a verdict: unsent, refused for now, or a doubt cleared.
- Doubt is not refusal: an unanswered attempt is followed like an accepted one, and looked at, not repeated.
- What is seen moves an operation to and fro between `ORDERED` and `PROVING`; only `CONCLUDE` ends it.
- A pair that has no row is an error: `UnexpectedEvent`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum

from tidegate.domain.reading import Billing, Direction, Payment, Spec


class Phase(str, Enum):
    """Where an operation is."""

    PLANNED = "planned"
    CLAIMED = "claimed"
    """An attempt is claimed and has no verdict yet."""
    WAITING = "waiting"
    """Nothing stands; another attempt may be claimed."""
    ORDERED = "ordered"
    """The order stands; the instance does not show it yet."""
    UNPAID = "unpaid"
    APPLYING = "applying"
    """The instance shows a change, but not yet all of it."""
    SWITCHOVER = "switchover"
    """The vendor waits for a person to press Switch."""
    PROVING = "proving"
    """The wanted values were read once; they are read again."""
    DOUBT = "doubt"
    """An order may or may not stand."""
    CONCLUDED = "concluded"
    """The outcome is known; it is still to be settled."""


class Event(str, Enum):
    """What happens to an operation."""

    CLAIM = "claim"
    UNSENT = "unsent"
    ACCEPTED = "accepted"
    REFUSED_FOR_NOW = "refused for now"
    REFUSED_AGAIN = "refused after doubt"
    UNANSWERED = "unanswered"
    CLEARED = "doubt cleared"
    FOUND_ORDER = "found the order"
    SAW_NOTHING = "saw the old values"
    SAW_UNPAID = "saw an unpaid order"
    SAW_CHANGE = "saw a change"
    SAW_SWITCHOVER = "saw the switchover wait"
    SAW_WANTED = "saw the wanted values"
    CONCLUDE = "conclude"


class Outcome(str, Enum):
    """How an operation ended."""

    RESIZED = "resized"
    RESIZED_ELSEWHERE = "resized (not by our order)"
    SETTLED_ELSEWHERE = "settled elsewhere"
    UNCHANGED = "unchanged"
    REFUSED = "refused"
    ROLLED_BACK = "rolled back"
    CANCELLED = "cancelled"
    """By us, before anything was ordered."""
    ORDER_CANCELLED = "order cancelled"
    """By somebody else, or by the vendor because nobody paid."""
    ABANDONED = "abandoned"


OPENS_CIRCUIT = frozenset({Outcome.REFUSED, Outcome.ROLLED_BACK, Outcome.ORDER_CANCELLED, Outcome.ABANDONED})
"""After these an operation has failed, and nothing more is ordered for the instance until a person says so."""
PHASES_KEPT = 100
"""Phases an operation remembers to have entered: the first, and the newest of the others."""


def opens_circuit(outcome: Outcome, phases: Sequence[tuple[Phase, datetime]]) -> bool:
    """Whether nothing more is ordered until a person says so: it failed, or how it ended is for a person to judge.

    Values that nobody asked for; a second doubt, of which all that is known says that no order stands.
    """
    if outcome in OPENS_CIRCUIT or outcome is Outcome.SETTLED_ELSEWHERE:
        return True
    return outcome is Outcome.UNCHANGED and [phase for phase, _ in phases[-2:]] == [Phase.DOUBT, Phase.CONCLUDED]


class UnexpectedEvent(Exception):  # noqa: N818 - reads as what it is
    """An event that no row of the table expects in this phase."""

    def __init__(self, phase: Phase, event: Event) -> None:
        super().__init__(f"an operation that is {phase.value} does not expect: {event.value}")
        self.phase, self.event = phase, event


_SIGHTS: Mapping[Event, Phase] = {
    Event.SAW_UNPAID: Phase.UNPAID,
    Event.SAW_CHANGE: Phase.APPLYING,
    Event.SAW_SWITCHOVER: Phase.SWITCHOVER,
    Event.SAW_WANTED: Phase.PROVING,
    Event.CONCLUDE: Phase.CONCLUDED,
}

TRANSITIONS: Mapping[tuple[Phase, Event], Phase] = {
    (Phase.PLANNED, Event.CLAIM): Phase.CLAIMED,
    (Phase.PLANNED, Event.CONCLUDE): Phase.CONCLUDED,
    (Phase.CLAIMED, Event.UNSENT): Phase.WAITING,
    (Phase.CLAIMED, Event.ACCEPTED): Phase.ORDERED,
    (Phase.CLAIMED, Event.REFUSED_FOR_NOW): Phase.WAITING,
    (Phase.CLAIMED, Event.CONCLUDE): Phase.CONCLUDED,
    # The reply was lost, so the order may stand: look, never order again blindly.
    (Phase.CLAIMED, Event.UNANSWERED): Phase.DOUBT,
    # An earlier attempt went unanswered: that this one was refused says nothing of that one.
    (Phase.CLAIMED, Event.REFUSED_AGAIN): Phase.DOUBT,
    (Phase.WAITING, Event.CLAIM): Phase.CLAIMED,
    (Phase.WAITING, Event.CONCLUDE): Phase.CONCLUDED,
    # The doubt was cleared, and before the next claim the instance moved: an order may stand after all.
    (Phase.WAITING, Event.UNANSWERED): Phase.DOUBT,
    # The verdict came after somebody had given it up for lost.
    (Phase.DOUBT, Event.ACCEPTED): Phase.ORDERED,
    (Phase.DOUBT, Event.SAW_NOTHING): Phase.DOUBT,
    (Phase.DOUBT, Event.FOUND_ORDER): Phase.ORDERED,
    (Phase.DOUBT, Event.CLEARED): Phase.WAITING,
    **{(Phase.DOUBT, event): phase for event, phase in _SIGHTS.items()},
    (Phase.ORDERED, Event.SAW_NOTHING): Phase.ORDERED,
    (Phase.UNPAID, Event.SAW_NOTHING): Phase.ORDERED,
    # Old values after a change are a stale read or a rollback: only time tells which.
    (Phase.APPLYING, Event.SAW_NOTHING): Phase.APPLYING,
    (Phase.SWITCHOVER, Event.SAW_NOTHING): Phase.APPLYING,
    (Phase.PROVING, Event.SAW_NOTHING): Phase.APPLYING,
    **{
        (phase, event): after
        for phase in (Phase.ORDERED, Phase.UNPAID, Phase.APPLYING, Phase.SWITCHOVER, Phase.PROVING)
        for event, after in {**_SIGHTS, Event.ACCEPTED: phase}.items()
    },
}


def advance(phase: Phase, event: Event) -> Phase:
    """The phase after an event. Raises UnexpectedEvent where the table has no row."""
    try:
        return TRANSITIONS[phase, event]
    except KeyError:
        raise UnexpectedEvent(phase, event) from None


class Verdict(str, Enum):
    """What the vendor's answer to one attempt means."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    REFUSED_FOR_NOW = "refused for now"
    UNANSWERED = "unanswered"
    UNSENT = "unsent"


@dataclass(frozen=True)
class Attempt:
    """One try to place the order. `verdict` is None while it is open."""

    number: int
    token: str
    sent_at: datetime
    verdict: Verdict | None = None
    order_id: str = ""
    code: str = ""
    message: str = ""
    request_id: str = ""

    @property
    def was_sent(self) -> bool:
        """Whether the vendor may have seen it."""
        return self.verdict is not Verdict.UNSENT


class Sight(str, Enum):
    """What the instance's values are, against the operation's."""

    BASELINE = "baseline"
    PARTIAL = "partial"
    WANTED = "wanted"
    OTHER = "other"


@dataclass(frozen=True)
class Evidence:
    """What was seen so far. `since` is the first of an unbroken row of healthy reads with the same values."""

    sight: Sight | None = None
    spec: Spec = field(default_factory=dict)
    since: datetime | None = None
    last: datetime | None = None
    changed: bool = False
    switchover_at: datetime | None = None
    """When its status first said that it waits for its traffic to be switched."""
    announced_at: datetime | None = None
    """When it first announced the address below: the only sign of that wait, should its status show none."""
    announced: str = ""
    searched: bool = False
    """Whether the last search for our order went through, over all pages."""
    candidates: tuple[str, ...] = ()
    """Orders of the instance that fit ours."""
    unlike: tuple[str, ...] = ()
    """Other orders of the instance, also those shown only once: while there is one, none is placed again."""
    payments: Mapping[str, Payment] = field(default_factory=dict)
    """What billing said last of each order that is or may be ours, by its number; nothing where it never said."""
    notes: Mapping[str, str] = field(default_factory=dict)

    @property
    def unpaid(self) -> tuple[str, ...]:
        """The orders among those that wait to be paid, as far as is known."""
        return tuple(order_id for order_id, payment in self.payments.items() if payment is Payment.UNPAID)


@dataclass(frozen=True)
class Operation:
    """One resize. Specs are complete: every field that can be bought, so that a change anywhere shows."""

    number: int
    from_rung: str
    to_rung: str
    from_spec: Spec
    to_spec: Spec
    direction: Direction
    billing: Billing
    edition: str
    reason: str
    planned_at: datetime
    from_notes: Mapping[str, str] = field(default_factory=dict)
    """What the instance said of itself before, such as its egress addresses."""
    phase: Phase = Phase.PLANNED
    phases: tuple[tuple[Phase, datetime], ...] = ()
    attempts: tuple[Attempt, ...] = ()
    order_id: str = ""
    execution: str = ""
    executions: int = 0
    execution_at: datetime | None = None
    next_look_at: datetime | None = None
    wait_s: int = 0
    """The wait before that look; an execution is late only after two of them."""
    handed_over: bool = False
    """Whether the last execution ended of its own will; the next one starts when the look is due."""
    sent_back: int = 0
    revivals: int = 0
    looks: int = 0
    cleared: int = 0
    evidence: Evidence = field(default_factory=Evidence)
    outcome: Outcome | None = None
    outcome_why: str = ""
    skips_switchover: bool = False
    """Whether the last attempt told the vendor not to wait for anybody to switch the traffic."""
    approved_by: str = ""
    """Who allowed the order, where somebody had to."""

    @property
    def was_submitted_again(self) -> bool:
        """Whether a second attempt led into this doubt, and not a sign that the first may stand after all."""
        return bool(self.cleared) and [phase for phase, _ in self.phases[-2:]] == [Phase.CLAIMED, Phase.DOUBT]

    @property
    def open_attempt(self) -> Attempt | None:
        """The attempt that has no verdict yet."""
        last = self.attempts[-1] if self.attempts else None
        return last if last and last.verdict is None else None

    @property
    def sent(self) -> tuple[Attempt, ...]:
        """The attempts the vendor may have seen."""
        return tuple(attempt for attempt in self.attempts if attempt.was_sent)

    @property
    def may_stand(self) -> tuple[Attempt, ...]:
        """The attempts after which an order may stand."""
        return tuple(a for a in self.attempts if a.verdict in (None, Verdict.ACCEPTED, Verdict.UNANSWERED))

    def moved(self, event: Event, at: datetime) -> Operation:
        """The operation after an event, with the time it entered its phase."""
        after = advance(self.phase, event)
        entered = self.phases if after is self.phase else (*self.phases, (after, at))
        if len(entered) > PHASES_KEPT:
            entered = (entered[0], *entered[-(PHASES_KEPT - 1) :])
        return replace(self, phase=after, phases=entered)

    def with_attempt(self, attempt: Attempt) -> Operation:
        """The operation with this attempt added, or put in the place of the one with its number."""
        others = tuple(known for known in self.attempts if known.number != attempt.number)
        return replace(self, attempts=tuple(sorted((*others, attempt), key=lambda a: a.number)))
