"""Reconcile one instance: take in what waits for it, decide, and carry a decision to resize as far as an execution.

Level-triggered: it does whatever is due by what the ledger says, whoever calls it, so that a lost tick, execution or
reply is repaired by the next call. Every write is one append that either wins or makes us read again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal

from tidegate.app import codec, execution, journal
from tidegate.app.intent import intended
from tidegate.app.logs import log
from tidegate.app.lookout import Lookout
from tidegate.app.page import LostRaces, Page
from tidegate.app.surroundings import Surroundings
from tidegate.app.taking import UNREAD_YET, before_contact, judge_state, pruned, take_in, under_way
from tidegate.app.tell import tell
from tidegate.domain.approve import asked
from tidegate.domain.arbiter import to_measure, wanted
from tidegate.domain.decide import as_wanted
from tidegate.domain.facts import Adopted, Answer, Decided, Planned
from tidegate.domain.hear import Heard, describe
from tidegate.domain.policy import InstancePolicy
from tidegate.domain.reading import Health, Reading
from tidegate.domain.rhythm import next_beat
from tidegate.domain.signal import Signal
from tidegate.domain.state import Stance, State
from tidegate.domain.verdict import Decision, Hold, Resize
from tidegate.ledger.record import NewerSchema

TRIES = 12
UNREADABLE = "it cannot be read: a later version may have written it"
NEWER_AGAIN = timedelta(minutes=10)
FLEET_AGAIN = timedelta(minutes=1)
UNMET_AGAIN, UNMET_SELDOM = timedelta(minutes=2), timedelta(hours=1)
"""When an instance is looked for again with which there was no contact yet."""
LEFT_AGAIN, LEFT_SELDOM = timedelta(minutes=2), timedelta(minutes=10)
"""When a signal is looked at again that could not be taken in: soon, and ever rarer."""
STUCK = ("off-ladder", "gone", "unhealthy", "unread", "unconfirmed", "unmeasured")
"""Holds that only a new look at the instance can end."""


@dataclass(frozen=True)
class Verdict:
    """What a reconcile came to, with the answers to the signals it took in."""

    decision: Decision
    answers: tuple[Answer, ...]
    state: State
    record: int
    left: Mapping[str, str] = field(default_factory=dict)
    """Signals that could not be taken in yet, and why."""
    newer: NewerSchema | None = None
    """The record of a later version, where that is what holds it."""


def reconcile(
    around: Surroundings, policy: InstancePolicy, policy_hash: str, *, force_read: bool = False, past: bool = False
) -> Verdict:
    """Bring one instance up to date.

    Raises LostRaces, or what the ledger raises. Vendor reads that fail are a Hold; so is a record of a newer schema.
    """
    try:
        return _reconcile(around, policy, policy_hash, force_read=force_read, past=past)
    except NewerSchema as error:
        log("newer-schema", instance=policy.name, why=str(error))
        around.ledger.mark(around.key(policy), around.now() + NEWER_AGAIN)
        return Verdict(held_by(error), (), State(), error.record.seq, newer=error)


def held_by(error: NewerSchema) -> Hold:
    """The Hold that a record of a newer schema means: what it says must not be guessed."""
    by = f"a later version ({error.record.code})"
    why = f"record {error.record.seq} was written by {by}, which must go on here; alerts and requests are kept"
    return Hold("newer-schema", why, needs_person=True)


def _reconcile(
    around: Surroundings, policy: InstancePolicy, policy_hash: str, *, force_read: bool, past: bool
) -> Verdict:
    answers: tuple[Answer, ...] = ()
    for _ in range(TRIES):
        page = Page.open(around, policy, policy_hash, past=past)
        step = _Step(page, force_read=force_read)
        written = step.take()
        if written is None:
            continue
        answers += step.answers
        around.ledger.take(written.key, [answer.key for answer in step.answers] + step.duplicates)
        if not step.is_over:
            continue
        if step.left:
            around.ledger.mark(written.key, step.left_until)
        written = tell(execution.revive(written))
        return Verdict(step.decision, answers, written.state, written.head.seq if written.head else 0, step.left)
    raise LostRaces(f"{policy.name}: {TRIES} times somebody else wrote first")


class _Step:
    """One round: at most one append. `is_over` says that there is nothing more to do this time."""

    def __init__(self, page: Page, *, force_read: bool) -> None:
        self._page, self._force = page, force_read
        self._now = page.around.now()
        self._lookout = Lookout(page, self._now)
        self.decision: Decision = Hold("unread", "nothing was decided")
        self.answers: tuple[Answer, ...] = ()
        self.left: dict[str, str] = {}
        self._left_since: datetime | None = None
        self.duplicates: list[str] = []
        self.unreadable: list[str] = []
        self.is_over = True

    def take(self) -> Page | None:
        """Do the round. None means that the race was lost."""
        page = self._page
        if page.state.adopted_at is None:
            return self._first_contact()
        waiting, unreadable = codec.read_signals(page.around.ledger.inbox(page.key))
        self.unreadable = [key for key in unreadable if not page.state.has_seen(key)]
        known = [*unreadable, *(signal.key for signal in waiting)]
        self.duplicates = [key for key in known if page.state.has_seen(key)]
        fresh = [signal for signal in waiting if not page.state.has_seen(signal.key)]
        return self._decide(fresh)

    @property
    def left_until(self) -> datetime:
        """When a signal that was left is looked at again."""
        return next_beat(self._now, self._left_since, self._page.policy.name, LEFT_AGAIN, LEFT_SELDOM)

    def _first_contact(self) -> Page | None:
        reading = self._lookout.reading()
        hold = before_contact(reading)
        if reading is None or hold is not None:
            return self._wait(hold or UNREAD_YET)
        rung = self._page.policy.rungs.match(reading.spec)
        self.is_over = False
        log("adopted", instance=self._page.policy.name, rung=rung.name if rung else None, spec=dict(reading.spec))
        return self._page.write(Adopted(rung.name if rung else "", dict(reading.spec)))

    def _wait(self, hold: Hold) -> Page | None:
        """Before first contact nothing can be decided; the signals stay in the inbox, and we are woken again."""
        self.decision = hold
        if self._page.state.stance and self._page.state.stance.code == hold.code:
            around, since = self._page.around, self._page.state.stance.at
            again = next_beat(self._now, since, self._page.policy.name, UNMET_AGAIN, UNMET_SELDOM)
            around.ledger.mark(self._page.key, again)
            return self._page
        written = self._page.write(Decided(self._stance(self._page.state), (), None), self._now)
        if written is not None:
            journal.decided(written, hold, journal.BY_ITSELF, ())
        return written

    def _decide(self, fresh: Sequence[Signal]) -> Page | None:
        page, lookout = self._page, self._lookout
        taken = take_in(lookout, page.state, fresh)
        self.left = {signal.key: why for signal, why in taken.left}
        self._left_since = min((signal.at for signal, _ in taken.left), default=None)
        state = pruned(lookout, taken.state)
        reading = self._reading(state)
        state, self.decision = self._judged(state, reading)
        rung = self._rung(state, reading)
        before, stance = page.state.stance, self._stance(state).after(page.state.stance)
        self.answers = (
            *(self._answer(signal, after) for signal, after in taken.heard),
            *(Answer(key, "an unknown signal", "hold", UNREADABLE, refused=True) for key in self.unreadable),
        )
        changed = before is None or before.gist != stance.gist
        moved = _said(state) != _said(page.state) or (rung and rung != page.state.rung)
        if self.answers or changed or moved or taken.acked:
            self.is_over = isinstance(self.decision, Hold)
            written = page.write(Decided.of(state, stance, self.answers, rung, acked=taken.acked), self._now)
            if written is not None:
                trigger = journal.trigger_of([signal for signal, _ in taken.heard])
                journal.decided(written, self.decision, trigger, self.answers)
            return written
        if isinstance(self.decision, Resize) and reading is not None:
            return self._plan(self.decision, reading)
        self._mark_next(stance)
        return page

    def _mark_next(self, stance: Stance) -> None:
        """Nothing was written, so the mark of the next moment that matters is renewed here."""
        if (at := self._page.wake(replace(self._page.state, stance=stance), self._now)) is not None:
            self._page.around.ledger.mark(self._page.key, at)

    def _reading(self, state: State) -> Reading | None:
        """Read the instance if the decision may depend on it, or if it is this instance's turn."""
        want = wanted(self._page.terms, state, self._now)
        off = state.operation is None and (want is None or want.rung != state.rung)
        unmeasured = state.operation is None and bool(to_measure(self._page.terms, state, self._now))
        drifting = state.drift is not None and state.operation is None
        if off or unmeasured or _is_stuck(state) or drifting or self._force or self._lookout.has_read:
            return self._lookout.reading()
        return None

    def _judged(self, state: State, reading: Reading | None) -> tuple[State, Decision]:
        if (hold := under_way(state)) is not None:
            return state, hold
        want = wanted(self._page.terms, state, self._now)
        # A look that failed does not end what only a look can end.
        failed = self._lookout.has_read and _is_stuck(state)
        if reading is None and want is not None and want.rung == state.rung and not failed:
            hold = as_wanted(want)
            return asked(self._page.terms, state, hold, want.rung, self._now), hold
        return judge_state(self._lookout, state)

    def _rung(self, state: State, reading: Reading | None) -> str:
        """The rung the instance stands on now, as it was read at rest. One read alone tells nothing of a drift."""
        if reading is None or self._page.state.operation is not None or reading.health is not Health.HEALTHY:
            return ""
        if state.drift is not None and not state.drift.sure:
            return ""
        rung = self._page.policy.rungs.match(reading.spec)
        return rung.name if rung else ""

    def _plan(self, resize: Resize, reading: Reading) -> Page | None:
        """Append the intent, with the name of the execution that will carry it, and start that execution."""
        page = self._page
        operation = intended(page, resize, reading, self._now)
        limits = page.around.limits(page.policy_hash)
        if not page.around.fleet.reserve(limits, page.key, operation.number, self._now):
            # Others were quicker. The next tick looks again.
            self.decision = Hold("fleet", "the fleet's limits were used up just now", until=self._now + FLEET_AGAIN)
            self._mark_next(self._stance(page.state))
            return page
        written = page.write(Planned(operation))
        if written is not None:
            journal.planned(written, operation)
            execution.start(written)
        return written

    def _stance(self, state: State) -> Stance:
        decision = self.decision
        want = wanted(self._page.terms, state, self._now)
        kind, until, would = "resize", None, None
        if isinstance(decision, Hold):
            kind, until = "hold-person" if decision.needs_person else "hold", decision.until
            would = decision.would
        return Stance(kind, decision.code, decision.reason, want.rung if want else "", self._now, until, would=would)

    def _answer(self, signal: Signal, after: Heard) -> Answer:
        held = after.refused or isinstance(self.decision, Hold)
        verdict: Literal["resize", "hold"] = "hold" if held else "resize"
        reason = after.refused or "; ".join(each for each in (after.told, self.decision.reason) if each)
        return Answer(signal.key, describe(signal), verdict, reason, refused=bool(after.refused))


def _is_stuck(state: State) -> bool:
    """Whether only a new look at the instance can end its hold."""
    return state.stance is not None and state.stance.code in STUCK


def _said(state: State) -> tuple[object, ...]:
    """All that a record of a decision holds beside its verdict. A demand that is over may be forgotten without one."""
    demands = tuple(demand for demand in state.demands if not demand.is_over)
    rules = {demand.rule for demand in demands}
    ringing = tuple(each for each in state.ringing if each.rule in rules)
    said = (demands, ringing, state.override, state.words, state.pause, state.approval, state.drift)
    return (*said, state.home, state.found, state.last_set)
