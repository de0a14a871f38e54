"""The fleet's limits hold in any sliding hour, however many processes race, die and come back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random

from hypothesis import given, settings

from tests.app.paper import Execution, Paper
from tests.domain.strategies import SEEDS, chance_of
from tidegate.app.page import LostRaces
from tidegate.app.reconcile import reconcile
from tidegate.app.surroundings import Surroundings
from tidegate.app.tick import free_leftovers, tick
from tidegate.domain.policy import InstancePolicy
from tidegate.domain.reading import Purchase
from tidegate.domain.signal import Alert, AlertState, Request, Signal, Verb
from tidegate.ledger.record import FLEET

NAMES = tuple(f"mq-{number}" for number in range(5))
HOUR = timedelta(hours=1)
MINUTES = (0, 0, 0, 1, 3, 11, 30, 50)
ROUNDS = 80


class Killed(Exception):  # noqa: N818 - what became of it
    """The process died here."""


class Racing:
    """At calls to the store another process gets its turn, or the one that calls dies."""

    def __init__(self, chance: Random) -> None:
        self.chance, self.depth, self.is_on = chance, 0, False
        self.fleet: Fleetful | None = None

    def before(self, verb: str, key: str) -> None:
        """Let somebody else go first, now and then."""
        if self.fleet is None or not self.is_on or verb == "list":
            return
        draw = self.chance.random()
        if draw < 0.01:
            raise Killed
        if draw < (0.25 if FLEET in key else 0.06) and self.depth < 3:
            self.depth += 1
            self.fleet.act()
            self.depth -= 1

    def after(self, verb: str, key: str) -> None:
        """Nothing is lost on the way back."""

    def unseen(self, prefix: str) -> int:
        """Everything is shown."""
        del prefix
        return 0


class Fleetful(Paper):
    """Five instances under one limit, and a judge who counts the orders that were placed."""

    def __init__(self, seed: int) -> None:
        self.chance = chance_of(seed)
        self.racing = Racing(self.chance)
        super().__init__(self.racing)
        self.at_once, self.per_hour = self.chance.randint(1, 2), self.chance.randint(2, 4)
        self.processes = [self.process() for _ in range(3)]
        self.policies = [policy_of(name) for name in NAMES]
        for policy in self.policies:
            self.add(policy.instance_id, 0)
        self.push(*self.policies, fleet={"orders_at_once": self.at_once, "orders_per_hour": self.per_hour})
        self.placed_at: dict[tuple[str, str], list[datetime]] = {}
        self.keys = 0
        self.racing.fleet = self

    def placed(self, instance_id: str, purchase: Purchase) -> None:
        """Count it among the orders of the hour, and among those whose operation is not settled."""
        was_on, self.racing.is_on = self.racing.is_on, False
        operation = purchase.token.split("-")[-2]
        self.placed_at.setdefault((instance_id, operation), []).append(self.now)
        in_hour = [who for who, ats in self.placed_at.items() if any(self.now - at < HOUR for at in ats)]
        assert len(in_hour) <= self.per_hour, f"{len(in_hour)} orders in the hour before {self.now}: {in_hour}"
        under_way = [who for who in self.placed_at if self.is_open(*who)]
        assert len(under_way) <= self.at_once, f"{len(under_way)} orders at once at {self.now}: {under_way}"
        self.racing.is_on = was_on

    def is_open(self, instance_id: str, operation: str) -> bool:
        """Whether an operation is not settled yet."""
        name = next(policy.name for policy in self.policies if policy.instance_id == instance_id)
        known = self.page(name).state.operation
        return known is not None and str(known.number) == operation

    def act(self) -> None:
        """One process does something, and may lose a race or die of it."""
        around, was_on = self.chance.choice(self.processes), self.racing.is_on
        self.racing.is_on = True
        try:
            draw = self.chance.random()
            if draw < 0.4:
                self.go_on(around)
            elif draw < 0.5:
                tick(around, lambda: True)
            else:
                book = self.book(around)
                reconcile(around, book.read(self.chance.choice(NAMES)), book.hash, force_read=True)
        except (Killed, LostRaces):
            pass
        finally:
            self.racing.is_on = was_on

    def go_on(self, around: Surroundings) -> None:
        """One execution goes on, early or late; one that dies there is started again by nobody but the tick."""
        if not self.going:
            return
        execution = self.going.pop(self.chance.randrange(len(self.going)))
        answer = self.step(around, execution.which, execution.answer)
        if answer not in ("done", "handover"):
            self.going.append(Execution(execution.which, answer, self.now))

    def say(self) -> None:
        """Somebody wants something of an instance."""
        self.keys += 1
        name, key = self.chance.choice(NAMES), f"key-{self.keys}"
        state = self.chance.choice((AlertState.FIRING, AlertState.FIRING, AlertState.OK))
        to, until = self.chance.choice(("small", "medium", "large")), self.now + timedelta(minutes=30)
        asked: list[Signal] = [
            Alert(key, self.now, "tps-high", state, "test"),
            Request(key, self.now, Verb.RESIZE, name, "li", to, until),
        ]
        self.post(name, self.chance.choice(asked))


def policy_of(name: str) -> InstancePolicy:
    """A policy that nothing but the fleet holds back."""
    return InstancePolicy.model_validate(
        {
            "name": name,
            "product": "rabbitmq",
            "region": "cn-hangzhou",
            "instance_id": f"amqp-cn-{name}",
            "mode": "act",
            "ladder": [{"rung": rung, "MaxPrivateTps": 1000 * (place + 1)} for place, rung in enumerate(RUNGS)],
            "alerts": [{"rule": "tps-high", "raise": 1, "release_after": "5m"}],
            "cooldown": {"up": "0s", "down": "0s"},
            "budget": dict.fromkeys(("ups_per_day", "downs_per_day", "reversals_per_day"), 48),
        }
    )


RUNGS = ("small", "medium", "large")


@settings(deadline=None, derandomize=True, max_examples=10)
@given(seed=SEEDS)
def test_no_race_and_no_death_breaks_the_fleets_limits(seed: int) -> None:
    fleet = Fleetful(seed)
    for _ in range(ROUNDS):
        fleet.now += timedelta(minutes=fleet.chance.choice(MINUTES))
        fleet.say()
        for _ in range(4):
            fleet.act()
    assert fleet.orders, "nothing was ordered"


class Meanwhile:
    """Just before somebody does this to the fleet's ledger, something happens first, once."""

    def __init__(self, verb: str, after_reading: str = "") -> None:
        self.verb, self.after_reading, self.has_read = verb, after_reading, not after_reading
        self.happens: Callable[[], None] | None = None

    def before(self, verb: str, key: str) -> None:
        """Wait for the moment."""
        if self.happens is None:
            return
        if self.after_reading and self.after_reading in key:
            self.has_read = True
        elif self.has_read and verb == self.verb and FLEET in key:
            happens, self.happens = self.happens, None
            happens()

    def after(self, verb: str, key: str) -> None:
        """Nothing is lost on the way back."""

    def unseen(self, prefix: str) -> int:
        """Everything is shown."""
        del prefix
        return 0


class Few(Paper):
    """Some instances under one limit, and what may happen meanwhile."""

    def __init__(self, meanwhile: Meanwhile, **limits: int) -> None:
        super().__init__(meanwhile)
        self.meanwhile, policies = meanwhile, [policy_of(name) for name in NAMES[:3]]
        for policy in policies:
            self.add(policy.instance_id, 0)
        self.push(*policies, fleet=limits)
        for name in NAMES[:3]:
            self.decide(name)

    def decide(self, name: str) -> None:
        """Reconcile one instance."""
        book = self.book()
        reconcile(self.around, book.read(name), book.hash)

    def want(self, name: str) -> None:
        """Ask for a larger rung, and begin the resize."""
        until = self.now + timedelta(hours=5)
        self.post(name, Request(f"key-of-{name}", self.now, Verb.RESIZE, name, "li", "medium", until))
        self.decide(name)


def test_a_slot_that_was_left_over_and_is_taken_anew_is_not_given_back() -> None:
    """The tick had seen that its operation was never begun, just before somebody began it."""
    desk = Few(Meanwhile("get", after_reading="mq-0"), orders_at_once=2)
    key, limits = desk.around.key(policy_of("mq-0")), desk.book().limits
    assert desk.around.fleet.reserve(limits, key, 1, desk.now), "and its process died before it wrote the intent"
    desk.now += timedelta(minutes=11)
    ticking = desk.process()
    seen = ticking.fleet.state()
    desk.meanwhile.happens = lambda: desk.want("mq-0")
    free_leftovers(ticking, seen, desk.now)
    for name in NAMES[:3]:
        desk.want(name)
        desk.work()
    assert len(desk.orders) == 2, "two orders at once are all that may be under way"


def test_of_two_that_want_the_last_order_of_the_hour_at_one_moment_one_gets_it() -> None:
    """One was planned over an hour ago, so that its slot counts no more, and is about to take it anew."""
    desk = Few(Meanwhile("create"), orders_at_once=2, orders_per_hour=1)
    desk.want("mq-0")
    (late,) = desk.going
    desk.going.clear()
    desk.now += timedelta(minutes=70)

    def be_quicker() -> None:
        desk.want("mq-1")
        desk.work()

    desk.meanwhile.happens = be_quicker
    assert desk.step(desk.process(), late.which, late.answer) == "settle"
    assert [order.instance_ids for order in desk.orders] == [("amqp-cn-mq-1",)]
