"""One instance's life in virtual time: the protocol of the use cases, played purely through facts and their fold.

What happens comes from a seed, so that a life is as good as its seed; a diary keeps what a judge needs who knows
nothing of the state.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, Any, cast

from tests.domain.strategies import PEOPLE, RULES, START
from tidegate.app.taking import pruned
from tidegate.domain.approve import asked
from tidegate.domain.arbiter import to_measure, wanted, why_not
from tidegate.domain.decide import case_of, decide
from tidegate.domain.drift import seen
from tidegate.domain.facts import Adopted, Answer, Claimed, Closed, Concluded, Decided, Fact, Judged, Planned
from tidegate.domain.fold import fold
from tidegate.domain.follow import verdict_event
from tidegate.domain.guards import DESPITE
from tidegate.domain.hear import describe, hear
from tidegate.domain.limits import FleetLimits
from tidegate.domain.measures import Measure, Usage, Use
from tidegate.domain.observed import FleetUse, Observed
from tidegate.domain.operation import OPENS_CIRCUIT, Attempt, Operation, Outcome, Phase, Verdict
from tidegate.domain.policy import InstancePolicy
from tidegate.domain.reading import Billing, Health, Reading
from tidegate.domain.signal import Alert, AlertState, Request, Signal, Verb
from tidegate.domain.state import Pause, Question, Stance, State
from tidegate.domain.terms import Terms
from tidegate.domain.verdict import Case, Decision, Hold, Resize

if TYPE_CHECKING:
    from tidegate.app.lookout import Lookout

FIELD = "MaxPrivateTps"
LIMITS = FleetLimits(orders_at_once=3, orders_per_hour=12)
MINUTES = (0, 1, 1, 2, 7, 20, 61, 200, 700)
CHANGED = (Outcome.RESIZED, Outcome.RESIZED_ELSEWHERE, Outcome.SETTLED_ELSEWHERE, Outcome.ROLLED_BACK)


@dataclass
class World:
    """What is true of the instance, whatever anybody knows of it."""

    place: int
    """On the ladder; a half is off it."""
    billing: Billing = Billing.SUBSCRIPTION
    off: bool = False
    is_healthy: bool = True
    is_readable: bool = True
    load: dict[str, float | None] = field(default_factory=dict)
    """What the metric of a rule shows."""
    used: int | None = 0
    """How many TPS are in use; None where that cannot be read."""
    at_once: int = 0
    in_hour: int = 0
    fleet_pause: Pause | None = None

    @property
    def tps(self) -> int:
        """The one field of its spec."""
        return 1000 * (self.place + 1) + 500 * self.off


@dataclass(frozen=True)
class Order:
    """One order as it was placed."""

    at: datetime
    operation: int
    attempt: int
    before_tps: int
    after_tps: int


@dataclass
class Diary:
    """What happened, in plain words; `refused` is what somebody was told."""

    alerts: list[tuple[datetime, Alert]] = field(default_factory=list)
    requests: list[tuple[datetime, Request, str]] = field(default_factory=list)
    questions: dict[str, tuple[Question, datetime, datetime]] = field(default_factory=dict)
    """What people were shown: what was asked, when, and until when."""
    yes: list[tuple[datetime, str]] = field(default_factory=list)
    """When somebody approved which question."""
    orders: list[Order] = field(default_factory=list)
    endings: list[tuple[datetime, int, Outcome]] = field(default_factory=list)
    console: list[tuple[datetime, int]] = field(default_factory=list)
    """When somebody resized it by hand, and to how much."""
    last_set_tps: int = 0
    """What we know to have set or taken over."""
    wants: list[tuple[datetime, str]] = field(default_factory=list)
    """What was wanted whenever it was decided."""
    holds: set[str] = field(default_factory=set)


Judge = Callable[["Life", Order], None]


class Life:
    """An instance from first contact on. Every order is shown to the judge before it has its effect."""

    def __init__(self, policy: InstancePolicy, seed: int, judge: Judge | None = None, *, place: int = 0) -> None:
        self.policy, self.terms, self.chance, self.judge = policy, Terms(policy), Random(seed), judge
        self.now, self.keys, self.state, self.diary = START, 0, State(), Diary()
        self.rungs = self.terms.ladder.names
        self.world = World(place, self.chance.choice(list(Billing)), load=dict.fromkeys(RULES, 0.0))
        self.records: list[tuple[Fact, datetime, State]] = []
        self.inbox: list[Signal] = []
        self.muted: set[tuple[str, AlertState]] = set()
        self.fixed: dict[str, Sequence[float | None]] = {}
        """What alone the metric of a rule shows, whatever happens."""
        self.home = place
        self.diary.last_set_tps = self.world.tps
        self.write(Adopted(self.rungs[place], {FIELD: self.world.tps}))

    def write(self, fact: Fact) -> None:
        """Append a record."""
        self.state = fold(self.state, fact, self.now)
        self.records.append((fact, self.now, self.state))

    def reading(self) -> Reading | None:
        """Look at the instance."""
        world = self.world
        if not world.is_readable:
            return None
        health = Health.HEALTHY if world.is_healthy else Health.CHANGING
        return Reading(self.now, {FIELD: world.tps}, "SERVING", health, world.billing, "enterprise")

    def measures(self, rules: Sequence[str]) -> dict[str, Measure]:
        """Read the metrics of these rules."""
        load = {**self.world.load, **{rule: loads[self.keys % len(loads)] for rule, loads in self.fixed.items()}}
        return {rule: Measure("InstanceTPSIn", load[rule], self.now, "" if load[rule] is not None else "no point") for rule in rules}

    def observed(self, measures: Mapping[str, Measure], placing: int = 0) -> Observed:
        """Everything that a decision looks at, but for what is in use."""
        world = self.world
        pause = world.fleet_pause if world.fleet_pause and world.fleet_pause.holds(self.now) else None
        fleet = FleetUse(LIMITS, world.at_once, world.in_hour, pause=pause)
        return Observed(self.reading(), measures, None, fleet, placing)

    def take_in(self, *signals: Signal) -> Decision:
        """One round: hear what waits, decide, and plan where something is to be ordered."""
        waiting = [*self.inbox, *signals]
        confirmed = [rule for rule, known in self.terms.rules.items() if known.confirm]
        observed = Observed(self.reading(), self.measures(confirmed))
        heard = hear(self.terms, self.state, waiting, self.now, observed)
        self.inbox = [signal for signal, after in heard if after.waits]
        state = heard[-1][1].state if heard else self.state
        state, decision = self.judged(self.let_go(state))
        answers = tuple(
            Answer(signal.key, describe(signal), "hold", after.refused or decision.reason, refused=bool(after.refused))
            for signal, after in heard
            if not after.waits
        )
        for signal, after in heard:
            self.note(signal, after.refused)
        is_acked = any(after.acked for _, after in heard)
        rung = self.terms.ladder.match({FIELD: self.world.tps}) if self.is_at_rest() else None
        self.write(Decided.of(state, self.stance(decision), answers, rung.name if rung else "", acked=is_acked))
        self.show()
        if isinstance(decision, Resize):
            self.write(Planned(self.planned(decision)))
        return decision

    def is_at_rest(self) -> bool:
        """Whether its spec can be taken for a fact."""
        return self.world.is_readable and self.world.is_healthy and self.state.operation is None

    def let_go(self, state: State) -> State:
        """The state without what has ended."""
        return pruned(cast("Lookout", _Round(self.terms, self.now)), state)

    def judged(self, state: State, placing: int = 0) -> tuple[State, Decision]:
        """Decide, with all that a decision leaves in the state."""
        if state.operation is not None:
            return state, Hold("operation", "an operation is open")
        state = seen(self.terms, state, self.reading())
        rules = to_measure(self.terms, state, self.now)
        measures = self.measures(rules)
        fresh = [
            replace(demand, confirmed_at=self.now)
            if demand.rule in rules and not demand.confirmed_at and why_not(self.terms, demand, measures) is None
            else demand
            for demand in state.demands
        ]
        state = replace(state, demands=tuple(fresh))
        observed = self.observed(measures, placing)
        decision = decide(self.terms, state, observed, self.now)
        case = case_of(self.terms, state, observed, self.now)
        if isinstance(decision, Hold) and decision.code == "fit-unread" and isinstance(case, Case):
            decision = decide(self.terms, state, replace(observed, usage=self.usage(case.end.name)), self.now)
        if isinstance(decision, Hold):
            self.diary.holds.add(decision.code)
        want = wanted(self.terms, state, self.now, measures, state.rung)
        if not placing:
            self.diary.wants.append((self.now, want.rung if want else ""))
        return asked(self.terms, state, decision, want.rung if want else "", self.now), decision

    def usage(self, rung: str) -> Usage:
        """What is in use against a rung."""
        if self.world.used is None:
            return Usage(trouble="no point")
        remains = int(self.terms.ladder.rung(rung).spec[FIELD])
        return Usage((Use("peak TPS", self.world.used, remains),))

    def stance(self, decision: Decision) -> Stance:
        """The last decision."""
        kind = "hold" if isinstance(decision, Hold) else "resize"
        return Stance(kind, decision.code, decision.reason, "", self.now)

    def planned(self, resize: Resize) -> Operation:
        """The intent."""
        reading = self.reading()
        assert reading is not None
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

    def submit(self, verdict: Verdict) -> None:
        """Decide once more, claim, and order; or cancel."""
        operation = self.state.operation
        if operation is None or operation.phase not in (Phase.PLANNED, Phase.WAITING) or self.reading() is None:
            return
        state = self.let_go(replace(self.state, operation=None))
        _, decision = self.judged(state, operation.number)
        if not isinstance(decision, Resize) or decision.end.name != operation.to_rung:
            self.write(Concluded(operation.number, Outcome.CANCELLED, f"not ordered: {decision.reason}"))
            return
        number = len(operation.attempts) + 1
        attempt = Attempt(number, f"token-{number}", self.now)
        spec: dict[str, Any] = {FIELD: self.world.tps}
        self.write(Claimed(operation.number, attempt, spec, {**spec, **decision.end.spec}, self.now))
        order = Order(self.now, operation.number, number, self.world.tps, int(decision.end.spec[FIELD]))
        if self.judge:
            self.judge(self, order)
        self.diary.orders.append(order)
        claimed = self.state.operation
        assert claimed is not None
        event = verdict_event(claimed, verdict)
        self.write(Judged(operation.number, number, verdict, event, self.now, code="Code"))

    def settle(self, outcome: Outcome) -> None:
        """The operation comes to its end, as the phase it is in allows."""
        operation = self.state.operation
        if operation is None:
            return
        if operation.outcome is None:
            if operation.phase in (Phase.PLANNED, Phase.WAITING, Phase.CLAIMED):
                return
            if outcome is Outcome.RESIZED:
                self.world.place, self.world.off = int(operation.to_spec[FIELD]) // 1000 - 1, False
            self.write(Concluded(operation.number, outcome, "it ended", {FIELD: self.world.tps}))
            operation = self.state.operation
            assert operation is not None
        ended = operation.outcome
        assert ended is not None
        rung = self.terms.ladder.match({FIELD: self.world.tps}) if operation.sent else None
        opens = ended in OPENS_CIRCUIT or ended is Outcome.SETTLED_ELSEWHERE
        self.write(Closed(operation.number, rung.name if rung else "", opens_circuit=opens))
        self.diary.endings.append((self.now, operation.number, ended))
        if operation.sent:
            self.diary.last_set_tps = self.world.tps

    def note(self, signal: Signal, refused: str) -> None:
        """Write down what was said."""
        if isinstance(signal, Alert):
            self.diary.alerts.append((self.now, signal))
        elif isinstance(signal, Request):
            self.diary.requests.append((self.now, signal, refused))
            if signal.verb is Verb.APPROVE and not refused:
                self.diary.yes.append((self.now, signal.approval or list(self.diary.questions)[-1]))
            if signal.verb is Verb.ADOPT and not refused:
                self.diary.last_set_tps = self.world.tps

    def show(self) -> None:
        """Let people see what is asked of them."""
        known = self.state.approval
        if known is not None:
            question = Question(known.from_rung, known.to_rung, known.why, known.cost)
            self.diary.questions.setdefault(known.id, (question, known.asked_at, known.expires_at))

    def story(self, last: int = 30) -> str:
        """What it decided in the end and what it heard, for people."""
        told = [f"{at:%d %H:%M:%S} {type(fact).__name__} {getattr(fact, 'answers', '')}" for fact, at, _ in self.records]
        decided = [f"  {stance.code}: {stance.reason}" if (stance := after.stance) else "" for *_, after in self.records]
        return "\n".join([repr(self.policy), *(f"{a}{b}" for a, b in zip(told, decided, strict=True))][-last:])

    # What may happen ---------------------------------------------------------------------------------------------

    def live(self, steps: int) -> None:
        """Let so many things happen, each followed by a round, most of the time."""
        for _ in range(steps):
            self.step()

    def step(self) -> None:
        """One thing."""
        self.now += timedelta(minutes=self.chance.choice(MINUTES), seconds=self.chance.randrange(60))
        signals = self.chance.choice(DEEDS)(self)
        is_lost, submits, settles = (self.chance.random() < share for share in (0.1, 0.8, 0.85))
        verdict, outcome = self.chance.choice(VERDICTS), self.chance.choice(OUTCOMES)
        if signals or not is_lost:
            self.take_in(*(signal for signal in signals if not self.is_muted(signal)))
        if submits:
            self.submit(verdict)
        self.now += timedelta(seconds=self.chance.choice((5, 90, 600)))
        if settles:
            self.settle(outcome)

    def is_muted(self, signal: Signal) -> bool:
        """Whether it never reaches us."""
        return isinstance(signal, Alert) and (signal.rule, signal.state) in self.muted

    def key(self) -> str:
        """A new one."""
        self.keys += 1
        return f"key-{self.keys}"

    def alert(self) -> list[Signal]:
        """A rule rings, or says that it is over; some of it is late."""
        late = timedelta(minutes=self.chance.choice((0, 0, 0, 3, 50)))
        state = self.chance.choice((AlertState.FIRING, AlertState.FIRING, AlertState.OK))
        rule = self.chance.choice(RULES)
        if state is AlertState.FIRING and self.chance.random() < 0.6:
            self.world.load[rule] = 90.0
        return [Alert(self.key(), self.now - late, rule, state, "test")]

    def request(self, verb: Verb, **over: Any) -> list[Signal]:
        """A person asks for something."""
        given = {"key": self.key(), "at": self.now, "verb": verb, "instance": self.policy.name}
        return [Request(**{**given, "caller": self.chance.choice(PEOPLE), **over})]

    def until(self) -> datetime:
        """Some time ahead."""
        return self.now + timedelta(minutes=self.chance.choice((5, 60, 300, 3000)))

    def resize(self) -> list[Signal]:
        """A person asks for a rung."""
        despite = tuple(self.chance.sample(DESPITE, self.chance.choice((0, 0, 1, 2, 5))))
        rung = self.chance.choice(self.rungs)
        return self.request(Verb.RESIZE, to=rung, until=self.until(), despite=despite, reason="because")

    def say(self) -> list[Signal]:
        """A person asks for something else."""
        verb = self.chance.choice((Verb.RELEASE, Verb.RELEASE, Verb.ADOPT, Verb.CANCEL, Verb.PAUSE))
        until = self.chance.choice((None, self.until()))
        return self.request(verb, **({"until": until} if verb is Verb.PAUSE else {}))

    def approve(self) -> list[Signal]:
        """A person says yes, to what is asked or to what was."""
        asked, draw = list(self.diary.questions), self.chance.random()
        which = "" if draw < 0.2 or not asked else asked[-1] if draw < 0.9 else asked[int(draw * 1000) % len(asked)]
        return self.request(Verb.APPROVE, approval=which)

    def console(self) -> list[Signal]:
        """Somebody resizes it by hand, while nothing of ours is under way."""
        operation, before = self.state.operation, self.world.tps
        place, off = self.chance.randrange(len(self.rungs)), self.chance.random() < 0.1
        if operation is None or operation.phase is Phase.PLANNED:
            self.world.place, self.world.off = place, off
            if self.world.tps != before:
                self.diary.console.append((self.now, self.world.tps))
        return []

    def turn(self) -> list[Signal]:
        """Something of the world becomes otherwise."""
        world, chance = self.world, self.chance
        world.is_healthy, world.is_readable = chance.random() < 0.8, chance.random() < 0.8
        world.at_once, world.in_hour = chance.choice((0, 0, 0, 3)), chance.choice((0, 0, 0, 12))
        world.fleet_pause = chance.choice((None, None, Pause("li", self.now, self.until())))
        return []

    def load(self) -> list[Signal]:
        """It is used for more, or for less, or nobody can tell."""
        self.world.used = self.chance.choice((0, 0, 700, 1500, 2500, None))
        self.world.load[self.chance.choice(RULES)] = self.chance.choice((0.0, 90.0, 90.0, None))
        return []

    def reprice(self) -> list[Signal]:
        """A new policy is pushed, with other prices."""
        dearer = self.chance.choice((1, 2))
        ladder = [
            rung.model_copy(update={"hourly_price": rung.hourly_price and rung.hourly_price + dearer})
            for rung in self.policy.ladder
        ]
        self.policy = InstancePolicy.model_validate(self.policy.model_copy(update={"ladder": ladder}).model_dump(by_alias=True))
        self.terms = Terms(self.policy)
        return []

    def calm(self) -> list[Signal]:
        """Nothing is in the way any more."""
        world = self.world
        world.is_healthy = world.is_readable = True
        world.at_once, world.in_hour, world.fleet_pause = 0, 0, None
        verbs = (Verb.ACK, Verb.UNPAUSE, *((Verb.ADOPT,) if self.chance.random() < 0.5 else ()))
        return [signal for verb in verbs for signal in self.request(verb)]

    def wait(self) -> list[Signal]:
        """Nothing."""
        return []


@dataclass(frozen=True)
class _Round:
    terms: Terms
    now: datetime

    @property
    def page(self) -> _Round:
        return self


DEEDS: tuple[Callable[[Life], list[Signal]], ...] = (
    *(Life.alert,) * 8,
    *(Life.resize,) * 6,
    *(Life.approve,) * 5,
    *(Life.calm, Life.wait) * 4,
    *(Life.say, Life.turn, Life.console, Life.load) * 2,
    Life.reprice,
)
VERDICTS = (Verdict.ACCEPTED,) * 20 + (Verdict.UNANSWERED, Verdict.REFUSED_FOR_NOW, Verdict.REFUSED)
OUTCOMES = (Outcome.RESIZED,) * 20 + (Outcome.ROLLED_BACK, Outcome.ORDER_CANCELLED)
