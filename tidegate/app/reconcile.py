"""Reconcile one instance: take in what waits for it, decide, and carry a decision to resize as far as an execution.

Level-triggered: it does whatever is due by what the ledger says, whoever calls it, so that a lost tick, execution or
reply is repaired by the next call. Every write is one append that either wins or makes us read again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from tidegate.aliyun.errors import Missing, VendorError
from tidegate.app import codec, execution
from tidegate.app.page import LostRaces, Page
from tidegate.app.surroundings import Surroundings, log
from tidegate.app.tell import tell
from tidegate.domain.arbiter import wanted
from tidegate.domain.decide import Decision, Hold, Resize, decide
from tidegate.domain.facts import Adopted, Answer, Decided, Planned
from tidegate.domain.hear import Heard, describe, hear
from tidegate.domain.operation import Operation
from tidegate.domain.policy import InstancePolicy
from tidegate.domain.reading import Billing, Health, Reading
from tidegate.domain.signal import Signal
from tidegate.domain.state import Stance, State
from tidegate.ledger.record import NewerSchema

TRIES = 12
FIRST_LOOK = timedelta(seconds=60)
UNREADABLE = "it cannot be read: a later version may have written it"
NEWER_AGAIN = timedelta(minutes=10)


@dataclass(frozen=True)
class Verdict:
    """What a reconcile came to, with the answers to the signals it took in."""

    decision: Decision
    answers: tuple[Answer, ...]
    state: State
    record: int


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
        return Verdict(held_by(error), (), State(), error.record.seq)


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
        execution.revive(written)
        written = tell(written.again())
        return Verdict(step.decision, answers, written.state, written.head.seq if written.head else 0)
    raise LostRaces(f"{policy.name}: {TRIES} times somebody else wrote first")


class _Step:
    """One round: at most one append. `is_over` says that there is nothing more to do this time."""

    def __init__(self, page: Page, *, force_read: bool) -> None:
        self._page, self._force = page, force_read
        self._now = page.around.now()
        self.decision: Decision = Hold("unread", "nothing was decided")
        self.answers: tuple[Answer, ...] = ()
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

    def _first_contact(self) -> Page | None:
        reading = self._read()
        if reading is None:
            return self._wait(Hold("unread", "the instance could not be read yet; its alerts and requests are kept"))
        if reading.health is Health.GONE:
            why = f"the vendor says {reading.status}; nothing is adopted before it is there"
            return self._wait(Hold("gone", why, needs_person=True))
        rung = self._page.policy.rungs.match(reading.spec)
        self.is_over = False
        log("adopted", instance=self._page.policy.name, rung=rung.name if rung else None, spec=dict(reading.spec))
        return self._page.write(Adopted(rung.name if rung else "", dict(reading.spec)))

    def _wait(self, hold: Hold) -> Page | None:
        """Before first contact nothing can be decided; the signals stay in the inbox, and we are woken again."""
        self.decision = hold
        if self._page.state.stance and self._page.state.stance.code == hold.code:
            around = self._page.around
            around.ledger.mark(self._page.key, self._now + timedelta(minutes=2))
            return self._page
        return self._page.write(Decided(self._stance(self._page.state), (), None))

    def _decide(self, fresh: Sequence[Signal]) -> Page | None:
        page = self._page
        heard = hear(page.policy, page.state, fresh, self._now)
        last = heard[-1][1] if heard else Heard(page.state.demands, page.state.override)
        acked = any(after.acked for _, after in heard)
        state = replace(page.state, demands=last.demands, override=last.override)
        if acked:
            state = replace(state, circuit=None)
        reading = self._reading(state)
        self.decision = self._decision(state, reading)
        pruned = replace(page, state=state).pruned(self._now)
        rung = self._rung(reading)
        before = page.state.stance
        stance = self._stance(state)
        self.answers = (
            *(self._answer(signal, after) for signal, after in heard),
            *(Answer(key, "an unknown signal", "hold", UNREADABLE, refused=True) for key in self.unreadable),
        )
        changed = before is None or (before.kind, before.code, before.wanted) != (
            stance.kind,
            stance.code,
            stance.wanted,
        )
        gone = (pruned.demands, pruned.override) != (page.state.demands, page.state.override)
        if not changed and before:
            stance = replace(before, reason=stance.reason)
        if self.answers or changed or gone or acked or (rung and rung != page.state.rung):
            self.is_over = isinstance(self.decision, Hold)
            self._log()
            return page.write(Decided(stance, pruned.demands, pruned.override, self.answers, acked=acked, rung=rung))
        if isinstance(self.decision, Resize) and reading is not None:
            return self._plan(self.decision, reading)
        self._mark_next()
        return page

    def _mark_next(self) -> None:
        """Nothing was written, so the mark of the next moment that matters is renewed here."""
        if (at := self._page.wake(self._page.state, self._now)) is not None:
            self._page.around.ledger.mark(self._page.key, at)

    def _reading(self, state: State) -> Reading | None:
        """Read the instance if the decision may depend on it, or if it is this instance's turn."""
        page = self._page
        want = wanted(page.policy, state, page.around.timetable(page.policy), self._now)
        off = state.operation is None and (want is None or want.rung != state.rung)
        stuck = state.stance is not None and state.stance.code in ("off-ladder", "gone", "unhealthy", "unread")
        return self._read() if off or stuck or self._force else None

    def _decision(self, state: State, reading: Reading | None) -> Decision:
        page = self._page
        timetable = page.around.timetable(page.policy)
        if state.operation is not None:
            operation = state.operation
            return Hold("operation", f"operation {operation.number} to {operation.to_rung} is {operation.phase.value}")
        want = wanted(page.policy, state, timetable, self._now)
        if reading is None and want is not None and want.rung == state.rung:
            return Hold("as-wanted", f"{want.rung} as wanted by {want.why}")
        return decide(page.policy, state, reading, timetable, self._now)

    def _rung(self, reading: Reading | None) -> str:
        """The rung the instance stands on now, where it was read at rest."""
        if reading is None or self._page.state.operation is not None or reading.health is not Health.HEALTHY:
            return ""
        rung = self._page.policy.rungs.match(reading.spec)
        return rung.name if rung else ""

    def _plan(self, resize: Resize, reading: Reading) -> Page | None:
        """Append the intent, with the name of the execution that will carry it, and start that execution."""
        operation = plan_operation(self._page, resize, reading, self._now)
        written = self._page.write(Planned(operation))
        if written is not None:
            log("planned", instance=self._page.policy.name, operation=operation.number, to=operation.to_rung)
            execution.start(written)
        return written

    def _read(self) -> Reading | None:
        return read_instance(self._page)

    def _stance(self, state: State) -> Stance:
        decision, page = self.decision, self._page
        want = wanted(page.policy, state, page.around.timetable(page.policy), self._now)
        kind = "resize"
        if isinstance(decision, Hold):
            kind = "hold-person" if decision.needs_person else "hold"
        return Stance(kind, decision.code, decision.reason, want.rung if want else "", self._now)

    def _answer(self, signal: Signal, after: Heard) -> Answer:
        held = after.refused or isinstance(self.decision, Hold)
        verdict: Literal["resize", "hold"] = "hold" if held else "resize"
        reason = after.refused or self.decision.reason
        return Answer(signal.key, describe(signal), verdict, reason, refused=bool(after.refused))

    def _log(self) -> None:
        decision = self.decision
        answers = [answer.what for answer in self.answers]
        kind = "hold" if isinstance(decision, Hold) else "resize"
        name = self._page.policy.name
        log("decided", instance=name, decision=kind, code=decision.code, reason=decision.reason, answers=answers)


def _gist(stance: Stance) -> tuple[str, str, str]:
    """What makes a verdict another one. Its words may change with every tick."""
    return stance.kind, stance.code, stance.wanted


def read_instance(page: Page) -> Reading | None:
    """Read the instance, or None where the vendor does not answer now; an instance that is gone is a reading."""
    product = page.around.product(page.policy)
    try:
        return product.read(page.policy.instance_id)
    except Missing as error:
        log("missing", instance=page.policy.name, code=error.code, message=error.message)
        return Reading(page.around.now(), {}, error.code, Health.GONE, Billing.PAY_AS_YOU_GO)
    except VendorError as error:
        log("unread", instance=page.policy.name, code=error.code, message=error.message, request=error.request_id)
        return None


def plan_operation(page: Page, resize: Resize, reading: Reading, now: datetime) -> Operation:
    """The operation that a decision to resize means, from the specs just read."""
    number = page.state.operations + 1
    return Operation(
        number=number,
        from_rung=resize.start.name,
        to_rung=resize.end.name,
        from_spec=dict(reading.spec),
        to_spec={**reading.spec, **resize.end.spec},
        direction=resize.direction,
        billing=reading.billing,
        edition=reading.edition,
        reason=resize.reason,
        planned_at=now,
        from_notes=dict(reading.notes),
        execution=execution.name_of(page, number, 1),
        executions=1,
        execution_at=now,
        next_look_at=now + FIRST_LOOK,
    )
