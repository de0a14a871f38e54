"""One instance's life in virtual time: the protocol of the use cases, played through facts and their fold.

What happens comes from a seed, so that two lives of one seed differ only in what is made to differ.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta

from tests.domain.strategies import METRICS, START, chance_of
from tests.domain.world import FIELD, LIMITS, Around, Diary, Order, World
from tidegate.app.lookout import Lookout
from tidegate.app.page import Page
from tidegate.app.taking import judge_state, pruned, take_in
from tidegate.domain.arbiter import wanted
from tidegate.domain.facts import Adopted, Answer, Claimed, Closed, Concluded, Decided, Fact, Judged, Planned
from tidegate.domain.fold import fold
from tidegate.domain.follow import verdict_event
from tidegate.domain.hear import describe
from tidegate.domain.operation import OPENS_CIRCUIT, Attempt, Operation, Outcome, Phase, Verdict
from tidegate.domain.policy import InstancePolicy
from tidegate.domain.reading import Billing, Reading
from tidegate.domain.signal import Alert, AlertState, Request, Signal, Verb
from tidegate.domain.state import Question, Stance, State
from tidegate.domain.terms import Terms
from tidegate.domain.verdict import Decision, Hold, Resize

Judge = Callable[["Life", Order], None]
Deed = Callable[["Life"], list[Signal]]
VERDICTS = (Verdict.ACCEPTED,) * 20 + (Verdict.UNANSWERED, Verdict.REFUSED_FOR_NOW, Verdict.REFUSED)
OUTCOMES = (Outcome.RESIZED,) * 20 + (Outcome.ROLLED_BACK, Outcome.ORDER_CANCELLED)
WAITS_S = (5, 90, 600)
MINUTES = (0, 1, 1, 2, 7, 20, 61, 200, 700)


class Life:
    """An instance from first contact on. Every order is shown to the judge before it has its effect."""

    def __init__(self, policy: InstancePolicy, seed: int, judge: Judge | None = None, *, place: int = 0) -> None:
        self.chance, self.judge, self.home = chance_of(seed), judge, place
        self.now, self.keys, self.state, self.diary = START, 0, State(), Diary()
        self.world = World(place, self.chance.choice(list(Billing)), load=dict.fromkeys(METRICS.values(), 0.0))
        self.records: list[tuple[Fact, State]] = []
        self.ats = [self.now]
        self.inbox: list[Signal] = []
        self.muted: set[tuple[str, AlertState]] = set()
        """Alerts that never reach us."""
        self.fixed: dict[str, Sequence[float | None]] = {}
        """What alone a metric shows, one value after the other, whatever happens."""
        self.held_to(policy)
        self.diary.last_set_tps = self.world.tps
        self.write(Adopted(self.rungs[place], self.world.spec))

    def held_to(self, policy: InstancePolicy) -> None:
        """Put a policy in force."""
        self.policy, self.terms = policy, Terms(policy)
        self.rungs = self.terms.ladder.names

    def live(self, steps: int, deeds: Sequence[Deed], paces: Sequence[int] = MINUTES) -> None:
        """Let so many things happen, each followed by a round most of the time, and by the next step of an order."""
        for _ in range(steps):
            chance = self.chance
            self.now += timedelta(minutes=chance.choice(paces), seconds=chance.randrange(60))
            signals = chance.choice(deeds)(self)
            is_lost, submits, settles = (chance.random() < share for share in (0.1, 0.8, 0.85))
            verdict, outcome, wait_s = chance.choice(VERDICTS), chance.choice(OUTCOMES), chance.choice(WAITS_S)
            if signals or not is_lost:
                self.round(*(signal for signal in signals if not self.is_muted(signal)))
            if submits:
                self.submit(verdict)
            self.now += timedelta(seconds=wait_s)
            if settles:
                self.settle(outcome)

    def is_muted(self, signal: Signal) -> bool:
        """Whether it never reaches us."""
        return isinstance(signal, Alert) and (signal.rule, signal.state) in self.muted

    def write(self, fact: Fact) -> None:
        """Append a record."""
        self.state = fold(self.state, fact, self.now)
        self.records.append((fact, self.state))
        self.ats.append(self.now)

    def lookout(self, placing: int = 0) -> Lookout:
        """Look at the world as the use cases do."""
        self.world.load |= {name: loads[self.keys % len(loads)] for name, loads in self.fixed.items()}
        page = Page(Around(self.world, self.terms), self.policy, "hash", None, self.state)
        seen = Lookout(page, self.now, placing, LIMITS, _fleet=self.world.fleet(self.now))
        seen.known, seen.has_read = self.world.reading(self.now), True
        return seen

    def round(self, *signals: Signal) -> Decision:
        """One reconcile: hear what waits, decide, and plan where something is to be ordered."""
        lookout = self.lookout()
        taken = take_in(lookout, self.state, [*self.inbox, *signals])
        self.inbox = [signal for signal, _ in taken.left]
        state, decision = judge_state(lookout, pruned(lookout, taken.state))
        for signal, after in taken.heard:
            self._note(signal, after.refused)
        answers = tuple(
            Answer(signal.key, describe(signal), "hold", after.refused or decision.reason, refused=bool(after.refused))
            for signal, after in taken.heard
        )
        self.write(Decided.of(state, self._stance(decision), answers, self._rung(state), acked=taken.acked))
        self._show(decision)
        if isinstance(decision, Resize) and lookout.known is not None:
            self.write(Planned(self._planned(decision, lookout.known)))
        return decision

    def submit(self, verdict: Verdict) -> None:
        """Decide once more, claim, and order; or cancel."""
        operation, reading = self.state.operation, self.world.reading(self.now)
        if operation is None or operation.phase not in (Phase.PLANNED, Phase.WAITING) or reading is None:
            return
        lookout = self.lookout(operation.number)
        _, decision = judge_state(lookout, pruned(lookout, replace(self.state, operation=None)))
        if not isinstance(decision, Resize) or decision.end.name != operation.to_rung:
            self.write(Concluded(operation.number, Outcome.CANCELLED, f"not ordered: {decision.reason}"))
            return
        attempt = Attempt(len(operation.attempts) + 1, "token", self.now)
        after = {**reading.spec, **decision.end.spec}
        order = Order(self.now, operation.number, attempt.number, self.world.tps, int(after[FIELD]))
        if self.judge:
            self.judge(self, order)
        self.diary.orders.append(order)
        self.write(Claimed(operation.number, attempt, reading.spec, after, self.now))
        claimed = self.state.operation
        assert claimed is not None
        event = verdict_event(claimed, verdict)
        self.write(Judged(operation.number, attempt.number, verdict, event, self.now, code="Code"))

    def settle(self, outcome: Outcome) -> None:
        """The operation comes to its end, where the phase it is in allows one."""
        operation = self.state.operation
        if operation is None or operation.phase in (Phase.PLANNED, Phase.WAITING, Phase.CLAIMED):
            return
        if operation.outcome is None:
            if outcome is Outcome.RESIZED:
                self.world.place, self.world.off = int(operation.to_spec[FIELD]) // 1000 - 1, False
            self.write(Concluded(operation.number, outcome, "it ended", self.world.spec))
        ended = self.state.operation.outcome if self.state.operation else None
        assert ended is not None
        opens = ended in OPENS_CIRCUIT or ended is Outcome.SETTLED_ELSEWHERE
        rung = self.terms.ladder.match(self.world.spec) if operation.sent else None
        self.write(Closed(operation.number, rung.name if rung else "", opens_circuit=opens))
        self.diary.endings.append((self.now, operation.number, ended))
        if operation.sent:
            self.diary.last_set_tps = self.world.tps

    def story(self, last: int = 30) -> str:
        """The policy, and the end of what was recorded."""
        lines = [
            f"{at:%d %H:%M:%S} {type(fact).__name__} {[answer.what for answer in getattr(fact, 'answers', ())]} "
            f"{state.stance.code if state.stance else ''} {state.stance.reason if state.stance else ''}"
            for at, (fact, state) in zip(self.ats[1:], self.records, strict=True)
        ]
        return "\n".join([repr(self.policy), *lines[-last:]])

    def _rung(self, state: State) -> str:
        """The rung it stands on, where that is known for sure."""
        reading = self.world.reading(self.now)
        at_rest = reading is not None and self.world.is_healthy and self.state.operation is None
        rung = self.terms.ladder.match(self.world.spec) if at_rest else None
        return rung.name if rung and (state.drift is None or state.drift.sure) else ""

    def _stance(self, decision: Decision) -> Stance:
        kind = "hold" if isinstance(decision, Hold) else "resize"
        return Stance(kind, decision.code, decision.reason, "", self.now)

    def _planned(self, resize: Resize, reading: Reading) -> Operation:
        return Operation(
            number=self.state.operations + 1,
            from_rung=resize.start.name,
            to_rung=resize.end.name,
            from_spec=reading.spec,
            to_spec={**reading.spec, **resize.end.spec},
            direction=resize.direction,
            billing=reading.billing,
            edition=reading.edition,
            reason=resize.reason,
            planned_at=self.now,
        )

    def _note(self, signal: Signal, refused: str) -> None:
        """Write down what was said."""
        if isinstance(signal, Alert):
            self.diary.alerts.append((self.now, signal))
        elif isinstance(signal, Request):
            self.diary.requests.append((self.now, signal, refused))
            if signal.verb is Verb.APPROVE and not refused:
                self.diary.yes.append((self.now, signal.approval or list(self.diary.questions)[-1]))
            if signal.verb is Verb.ADOPT and not refused:
                self.diary.last_set_tps = self.world.tps

    def _show(self, decision: Decision) -> None:
        """Let people see what is asked of them, and note what was demanded."""
        known = self.state.approval
        if known is not None:
            question = Question(known.from_rung, known.to_rung, known.why, known.cost)
            self.diary.questions.setdefault(known.id, (question, known.asked_at, known.expires_at))
        if decision.code != "operation":
            want = wanted(self.terms, self.state, self.now)
            self.diary.wants.append((self.now, want.rung if want else ""))
