"""All that is known of one instance: what the newest record of its ledger holds. Every part is bounded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import Enum
from typing import TypeVar

from tidegate.domain.operation import Operation, Outcome, Phase
from tidegate.domain.reading import Direction, Spec

RECENT_KEPT = 20
REVERSAL_WITHIN = timedelta(hours=24)
"""A resize against the one before it is a reversal only so long after it."""
SPENT_KEPT = 200
RINGS_KEPT = 64
"""Alerts of a rule that are kept to be put in order; older ones count in the order they came."""
SPENT_FOR = timedelta(days=2)
"""A day of the instance's zone, and more: budgets count no longer ago."""
SEEN_KEPT = 400
SEEN_FOR = timedelta(days=3)
TOLD_KEPT = 24
"""For each channel, so that a busy one does not make us forget what another was told."""
CHANNELS_KEPT = 8
UNREADABLE = ("unread", "unmeasured", "fit-unread")
"""Holds because something cannot be read: that may pass by itself, and is told only when it lasts."""
CHANGED = (Outcome.RESIZED, Outcome.RESIZED_ELSEWHERE, Outcome.SETTLED_ELSEWHERE, Outcome.ROLLED_BACK)
"""Outcomes after which the instance was another one, be it for a while."""


@dataclass(frozen=True)
class Demand:
    """What one alert rule demands. The rung is fixed when the episode opens, so that duplicates do not climb."""

    rule: str
    rung: str
    opened_at: datetime
    heard_at: datetime
    """The newest firing."""
    ok_at: datetime | None = None
    """The OK that ended it: the first after the newest firing."""
    last_ok_at: datetime | None = None
    """The newest OK of all, for a firing that arrives after it."""
    fired: bool = True
    """False where only its end was heard so far: that demands nothing, but it dates a start that arrives late."""
    confirmed_at: datetime | None = None
    """When its metric first bore it out, of a rule with `confirm`: before that it demands nothing."""
    steps_at: datetime | None = None
    """When it last climbed, of a rule with `repeat: climb`."""
    is_over: bool = False
    """Whether it has ended, and is only remembered for what may arrive late."""

    @property
    def last_heard_at(self) -> datetime:
        """When anybody last spoke of it, be it a firing or an OK."""
        return max(self.heard_at, self.last_ok_at or self.heard_at)

    def ends(self, release_after: timedelta, forget_after: timedelta) -> datetime:
        """When it stops counting: some time after the OK, or when nobody spoke of it for too long."""
        forgotten = self.heard_at + forget_after
        return min(self.ok_at + release_after, forgotten) if self.ok_at else forgotten


@dataclass(frozen=True, order=True)
class Ring:
    """One alert of a rule. Of the same moment an OK comes after a firing."""

    at: datetime
    is_ok: bool


@dataclass(frozen=True)
class Ringing:
    """What a rule said since the instance last settled: its demand is reckoned from all of it, however it arrived."""

    rule: str
    rung: str
    """The rung that `raise` counts from; from another one nothing that rang before is reckoned anew."""
    rings: tuple[Ring, ...]
    before: Demand | None = None
    """The demand before the first of them."""


@dataclass(frozen=True)
class Override:
    """A person's rung, until it ends by itself; `until` is None where it was asked for until somebody releases it."""

    rung: str
    until: datetime | None
    by: str
    at: datetime
    reason: str = ""
    despite: tuple[str, ...] = ()


class Topic(str, Enum):
    """What a person's word is about; within one topic the newest word counts, also once it has ended."""

    OVERRIDE = "override"
    PAUSE = "pause"
    HOME = "home"


@dataclass(frozen=True)
class Word:
    """The newest request about a topic, ended or not: nothing older counts any more, in whatever order it arrives."""

    at: datetime
    key: str

    @property
    def rank(self) -> tuple[datetime, str]:
        """What orders words; the key settles it between two of the same moment."""
        return self.at, self.key


@dataclass(frozen=True)
class Pause:
    """Nothing is ordered; what is under way is followed. `until` is None where somebody must end it."""

    by: str
    at: datetime
    until: datetime | None = None
    reason: str = ""

    def holds(self, now: datetime) -> bool:
        """Whether it still stands."""
        return self.until is None or now < self.until


@dataclass(frozen=True)
class Drift:
    """Somebody else resized the instance. It counts once two reads a minute apart have shown it."""

    spec: Spec
    rung: str
    """Empty where the found spec is on no rung."""
    at: datetime
    """When it was first seen."""
    sure: bool = False


@dataclass(frozen=True)
class Question:
    """What a person must approve before it is ordered."""

    from_rung: str
    to_rung: str
    why: str
    cost: float | None = None
    """For an hour, on the rung to go to."""
    figures: str = field(default="", compare=False, repr=False)
    """What the rung to go to comes to: a policy may give its name to another spec."""


@dataclass(frozen=True)
class Approved:
    """What a person is asked, and what was answered: bound to both rungs, what they are, the cost and the time."""

    id: str
    from_rung: str
    to_rung: str
    asked_at: datetime
    expires_at: datetime
    why: str
    cost: float | None = None
    """For an hour, on the rung to go to."""
    by: str = ""
    at: datetime | None = None
    used_by: int = 0
    """The operation whose order it allowed."""
    figures: str = ""
    """What the rung to go to comes to; empty where an earlier version asked, which bound to its name alone."""

    def is_about(self, question: Question) -> bool:
        """Whether it is this that was asked: the same rungs, with the same figures, at the same cost."""
        if self.figures and question.figures and self.figures != question.figures:
            return False
        return (self.from_rung, self.to_rung, self.cost) == (question.from_rung, question.to_rung, question.cost)

    def allows(self, question: Question, now: datetime, placing: int) -> bool:
        """Whether a person said yes to just this, in time, and no other operation has used that up."""
        is_free = self.used_by in (0, placing)
        # Once used, it carries its operation through later attempts, however late they come.
        in_time = now < self.expires_at or (self.used_by != 0 and self.used_by == placing)
        return self.at is not None and self.is_about(question) and is_free and in_time


@dataclass(frozen=True)
class Spent:
    """One resize that was claimed, for the budgets of a day."""

    operation: int
    direction: Direction
    at: datetime
    is_reversal: bool = False


@dataclass(frozen=True)
class Settled:
    """How one operation ended, for cooldowns, receipts and messages."""

    number: int
    direction: Direction
    from_rung: str
    to_rung: str
    outcome: Outcome
    why: str
    at: datetime
    reason: str
    spec: Spec
    order_id: str = ""
    attempts: int = 0
    execution: str = ""
    executions: int = 0
    looks: int = 0
    planned_at: datetime | None = None
    phases: tuple[tuple[Phase, datetime], ...] = ()


@dataclass(frozen=True)
class Seen:
    """A signal that was folded in already; its duplicates change nothing."""

    key: str
    at: datetime


@dataclass(frozen=True)
class Told:
    """A message to one channel: claimed at `claimed_at`, sent at `sent_at`; reminders start it over."""

    notice: str
    channel: str
    claimed_at: datetime
    sent_at: datetime | None = None
    times: int = 0
    failures: int = 0
    acked: bool = False
    last_call: bool = False
    """Whether the message an hour before the deadline went out."""
    by_others: bool = False
    """Whether it went out in another message: in one about several instances, or in that of another one."""


@dataclass(frozen=True)
class Circuit:
    """Open after an outcome that a person must look at; closed by `tidegate ack`."""

    why: str
    at: datetime


@dataclass(frozen=True)
class Would:
    """What acting on an observed instance would come to: `resize`, or the code of the Hold that would stand in the way.

    It says what the guards say at this moment. Nothing is simulated: the instance stays, and so the next moment asks
    the same question from the same rung.
    """

    code: str
    reason: str
    """Why it would be held; empty of a resize."""
    start: str
    end: str
    direction: Direction


@dataclass(frozen=True)
class Stance:
    """The last decision, so that a tick writes only when it changes."""

    kind: str
    code: str
    reason: str
    wanted: str
    at: datetime
    until: datetime | None = None
    """When time alone may change it: a window opens, a cooldown is over."""
    behind: tuple[str, str, str] | None = None
    """Of one where something cannot be read: the gist of the one before it, which may come back unchanged."""
    behind_at: datetime | None = None
    would: Would | None = None
    """Only of an instance that is observed, and that stands on another rung than the one wanted."""

    @property
    def barrier(self) -> str:
        """The code of what stands in the way, or of what would, were it not only observed."""
        return self.would.code if self.would else self.code

    @property
    def gist(self) -> tuple[str, str, str]:
        """What makes a verdict another one. Its words may change with every tick."""
        would = f" {self.would.code} {self.would.end}" if self.would else ""
        return self.kind, f"{self.code}{would}", self.wanted

    def after(self, before: Stance | None) -> Stance:
        """The stance with the time since when it holds, by the one before it.

        What could not be read for a while in between begins nothing anew, or people would be told anew each time.
        """
        if before is None:
            return self
        if before.gist == self.gist:
            return replace(before, reason=self.reason, until=self.until, would=self.would)
        if self.code in UNREADABLE:
            is_first = before.code not in UNREADABLE
            behind, since = (before.gist, before.at) if is_first else (before.behind, before.behind_at)
            return replace(self, behind=behind, behind_at=since)
        return replace(self, at=before.behind_at) if before.behind == self.gist and before.behind_at else self


@dataclass(frozen=True)
class State:
    """The folded state of one instance."""

    home: str = ""
    """The rung found at first contact; empty before it, or where the instance was on no rung."""
    adopted_at: datetime | None = None
    rung: str = ""
    """The last settled rung: where `raise` counts from."""
    found: Spec = field(default_factory=dict)
    """The spec on no rung that a person adopted, in place of a home; kept when the instance has left it for a rung."""
    demands: tuple[Demand, ...] = ()
    ringing: tuple[Ringing, ...] = ()
    override: Override | None = None
    words: Mapping[Topic, Word] = field(default_factory=dict)
    pause: Pause | None = None
    drift: Drift | None = None
    approval: Approved | None = None
    spent: tuple[Spent, ...] = ()
    operation: Operation | None = None
    operations: int = 0
    recent: tuple[Settled, ...] = ()
    seen: tuple[Seen, ...] = ()
    last_set: Spec = field(default_factory=dict)
    circuit: Circuit | None = None
    told: tuple[Told, ...] = ()
    stance: Stance | None = None

    def has_seen(self, key: str) -> bool:
        """Whether this signal was folded in already."""
        return any(seen.key == key for seen in self.seen)

    def last_resize(self) -> Settled | None:
        """The newest operation that changed the instance."""
        for settled in reversed(self.recent):
            if settled.outcome in CHANGED:
                return settled
        return None

    def was_brought_to(self, rung: str, since: datetime) -> bool:
        """Whether the newest operation that changed the instance did so since then, and led there."""
        last = self.last_resize()
        return last is not None and last.at > since and last.to_rung == rung


T = TypeVar("T")


def newest(items: tuple[T, ...], kept: int) -> tuple[T, ...]:
    """The last so many."""
    return items[-kept:]
