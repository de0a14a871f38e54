"""Builders of the core's values: each gives a plain, complete example, and takes what a test cares about."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from itertools import accumulate
from typing import Any

import pytest

from tidegate.domain.calendars import PLAIN, Calendar
from tidegate.domain.facts import Fact, Looked
from tidegate.domain.fold import fold
from tidegate.domain.follow import Insight, interpret
from tidegate.domain.limits import FleetLimits
from tidegate.domain.measures import Usage
from tidegate.domain.observed import FleetUse, Observed
from tidegate.domain.operation import Attempt, Event, Evidence, Operation, Outcome, Phase, Verdict
from tidegate.domain.policy import InstancePolicy
from tidegate.domain.reading import Billing, Direction, Health, Order, Payment, Reading, Spec
from tidegate.domain.signal import Alert, AlertState, Request, Verb
from tidegate.domain.state import Demand, Override, Settled, State
from tidegate.domain.terms import Terms
from tidegate.domain.timetable import Timetable
from tidegate.domain.whose import OrderSearch

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=timezone.utc)
LADDER: dict[str, dict[str, int]] = {
    "small": {"MaxPrivateTps": 3000, "QueueCapacity": 200},
    "medium": {"MaxPrivateTps": 5000, "QueueCapacity": 400},
    "large": {"MaxPrivateTps": 8000, "QueueCapacity": 1000},
}
FOUND: dict[str, int | bool] = {"SupportEip": True, "MaxEipTps": 128}
"""What no rung names."""


class Make:
    """Examples at noon of a Monday: a RabbitMQ instance that may be resized, found on its small rung."""

    noon = NOON
    ladder = tuple(LADDER)

    def after(self, minutes: float = 0, **span: float) -> datetime:
        """So long after noon."""
        return NOON + timedelta(minutes=minutes, **span)

    def spec(self, rung: str = "small", **over: Any) -> Spec:
        """Every field of an instance on this rung."""
        return {**FOUND, **LADDER[rung], **over}

    def policy(self, **over: Any) -> InstancePolicy:
        """A policy of three rungs that acts."""
        given = {
            "name": "orders-mq",
            "product": "rabbitmq",
            "region": "cn-hangzhou",
            "instance_id": "amqp-cn-demo0001",
            "mode": "act",
            "ladder": [{"rung": rung, **spec} for rung, spec in LADDER.items()],
            "alerts": [{"rule": "tps-high", "raise": 1}, {"rule_id": "a1b2", "at_least": "large"}],
            "subscription_down": "allow",
            "notify": [{"url_env": "ONCALL_URL", "on": ["resized", "failed", "held", "needs-person"]}],
        }
        return InstancePolicy.model_validate({**given, **over})

    def timetable(self, *entries: dict[str, Any], **over: Any) -> Timetable:
        """The timetable of such a policy with these entries; `calendar` may be another than Monday to Friday."""
        calendar = over.pop("calendar", PLAIN)
        return Timetable.of(self.policy(timetable=list(entries), **over), calendar)

    def terms(self, *entries: dict[str, Any], calendar: Calendar = PLAIN, **over: Any) -> Terms:
        """The terms of such a policy, with this timetable."""
        return Terms(self.policy(timetable=list(entries), **over), calendar)

    def seen(self, rung: str = "small", **over: Any) -> Observed:
        """What is observed of a healthy instance on a rung with nothing in use, beside an idle fleet."""
        given = {"reading": self.reading(rung), "usage": Usage(), "fleet": FleetUse(FleetLimits())}
        return Observed(**{**given, **over})

    def state(self, rung: str = "small", **over: Any) -> State:
        """The state of an instance that was found on a rung long ago."""
        given = {"home": "small", "adopted_at": NOON - timedelta(days=9), "rung": rung, "operations": 6}
        return State(**{**given, **over})

    def reading(self, rung: str = "small", at: datetime = NOON, **over: Any) -> Reading:
        """A healthy read of a subscription on a rung."""
        given = {"at": at, "spec": self.spec(rung), "status": "SERVING", "health": Health.HEALTHY}
        return Reading(**{**given, "billing": Billing.SUBSCRIPTION, "edition": "enterprise", **over})

    def demand(self, rung: str = "medium", rule: str = "tps-high", **over: Any) -> Demand:
        """A demand that an alert opened at noon."""
        return Demand(**{"rule": rule, "rung": rung, "opened_at": NOON, "heard_at": NOON, **over})

    def override(self, rung: str = "large", **over: Any) -> Override:
        """A person's override from noon until two."""
        given = {"rung": rung, "until": NOON + timedelta(hours=2), "by": "li", "at": NOON}
        return Override(**{**given, **over})

    def alert(self, state: AlertState = AlertState.FIRING, at: datetime = NOON, **over: Any) -> Alert:
        """An alert of the rule that raises by one rung."""
        given = {"key": f"{state.value}-{at.isoformat()}", "at": at, "rule": "tps-high", "state": state}
        return Alert(**{**given, "source": "test", **over})

    def request(self, to: str = "large", at: datetime = NOON, **over: Any) -> Request:
        """A request for a rung over two hours."""
        given = {"key": f"request-{at.isoformat()}", "at": at, "verb": Verb.RESIZE, "instance": "orders-mq"}
        return Request(**{**given, "caller": "li", "to": to, "until": at + timedelta(hours=2), **over})

    def attempt(self, verdict: Verdict | None = Verdict.ACCEPTED, number: int = 1, **over: Any) -> Attempt:
        """An attempt made at noon."""
        return Attempt(**{"number": number, "token": f"token-{number}", "sent_at": NOON, "verdict": verdict, **over})

    def operation(self, phase: Phase = Phase.ORDERED, **over: Any) -> Operation:
        """Operation 7, small to medium, ordered at noon a minute after it was planned."""
        given: dict[str, Any] = {
            "number": 7,
            "from_rung": "small",
            "to_rung": "medium",
            "from_spec": self.spec("small"),
            "to_spec": self.spec("medium"),
            "direction": Direction.UP,
            "billing": Billing.SUBSCRIPTION,
            "edition": "enterprise",
            "reason": "medium wanted by tps-high",
            "planned_at": NOON - timedelta(minutes=1),
            "phase": phase,
            "phases": ((phase, NOON),),
            "attempts": (self.attempt(),),
            "execution": "e1-orders-mq-7-1",
            "executions": 1,
        }
        return Operation(**{**given, **over})

    def doubtful(self, **over: Any) -> Operation:
        """The operation when its one request got no answer."""
        attempts = (self.attempt(Verdict.UNANSWERED, code="SDK.HttpError"),)
        return self.operation(**{"phase": Phase.DOUBT, "attempts": attempts, **over})

    def order(self, payment: Payment = Payment.PAID, order_id: str = "o-1", **over: Any) -> Order:
        """An order that BSS dates a second after noon."""
        given = {"order_id": order_id, "payment": payment, "created_at": NOON + timedelta(seconds=1)}
        return Order(**{**given, "direction": Direction.UP, **over})

    def settled(self, number: int = 6, outcome: Outcome = Outcome.RESIZED, **over: Any) -> Settled:
        """An operation that ended at noon."""
        given: dict[str, Any] = {
            "number": number,
            "direction": Direction.UP,
            "from_rung": "small",
            "to_rung": "medium",
            "outcome": outcome,
            "why": "read back twice",
            "at": NOON,
            "reason": "medium wanted by tps-high",
            "spec": self.spec("medium"),
        }
        return Settled(**{**given, **over})

    def evidence(self, spec: Spec, *, since: datetime | None, last: datetime, **over: Any) -> Evidence:
        """What was seen of an instance so far."""
        return Evidence(**{"spec": spec, "since": since, "last": last, **over})

    def folded(self, state: State, *facts: Fact) -> State:
        """The state after these facts, one a minute from noon on."""
        ats = accumulate([timedelta(minutes=1)] * len(facts), initial=timedelta(0))
        for fact, after in zip(facts, ats, strict=False):
            state = fold(state, fact, NOON + after)
        return state

    def moved(self, operation: Operation, *events: Event) -> Operation:
        """The operation after these events, one a minute from noon on."""
        for minute, event in enumerate(events):
            operation = operation.moved(event, NOON + timedelta(minutes=minute))
        return operation

    def in_phase(self, operation: Operation, phase: Phase, at: datetime) -> Operation:
        """The operation, in a phase that it entered then."""
        return replace(operation, phase=phase, phases=((phase, at),))


@dataclass
class Follow:
    """An operation that is looked at again and again; what is seen is folded in as the ledger does."""

    make: Make
    operation: Operation
    orders: tuple[Order, ...] = ()
    search: dict[str, Any] = field(default_factory=lambda: {"went_through": True, "was_proven": True})
    health: Health = Health.HEALTHY
    notes: dict[str, str] = field(default_factory=dict)

    def look(self, at: datetime, spec: Spec) -> Insight:
        """Look at the instance when it shows this spec."""
        reading = self.make.reading(at=at, spec=spec, health=self.health, notes=self.notes)
        insight = interpret(self.operation, reading, OrderSearch(self.orders, **self.search), at)
        fact = Looked(self.operation.number, insight.event, at, insight.evidence, 15, order_id=insight.order_id)
        after = fold(State(operation=self.operation), fact, at).operation
        assert after is not None
        self.operation = after
        return insight

    def old(self, at: datetime) -> Insight:
        """Look when it shows the old values."""
        return self.look(at, self.make.spec("small"))

    def new(self, at: datetime) -> Insight:
        """Look when it shows the wanted values."""
        return self.look(at, self.make.spec("medium"))

    def odd(self, at: datetime) -> Insight:
        """Look when it shows values that are neither."""
        return self.look(at, self.make.spec("medium", MaxPrivateTps=5500))


@pytest.fixture(scope="session")
def make() -> Make:
    """The builders; they keep nothing, so that all tests share them."""
    return Make()


@pytest.fixture
def ordered(make: Make) -> Follow:
    """An accepted and paid order, known by its id."""
    return Follow(make, make.operation(order_id="o-1"), (make.order(),))


@pytest.fixture
def doubtful(make: Make) -> Follow:
    """A request that got no answer; no order shows."""
    return Follow(make, make.doubtful())
