"""The decision: every reason to hold, their order, and who may overrule which."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tidegate.domain.decide import DESPITE, GUARDS, Decision, Hold, Resize, decide
from tidegate.domain.operation import Outcome, Phase
from tidegate.domain.reading import Billing, Direction, Health
from tidegate.domain.state import Circuit

if TYPE_CHECKING:
    from tests.domain.conftest import Make


class _Scene:
    """An instance on its large rung, where small is wanted: nothing but guards stands in the way of a resize."""

    def __init__(self, make: Make) -> None:
        self.make = make
        self.policy: dict[str, Any] = {}
        self.state = make.state("large")
        self.reading = make.reading("large")
        self.now = make.noon

    def decided(self) -> Decision:
        """What is decided as things are."""
        return decide(self.make.policy(**self.policy), self.state, self.reading, self.make.timetable(), self.now)

    def observe(self) -> None:
        self.policy["mode"] = "observe"

    def act(self) -> None:
        self.policy["mode"] = "act"

    def open_operation(self) -> None:
        self.state = replace(self.state, operation=self.make.operation(Phase.APPLYING))

    def close_operation(self) -> None:
        self.state = replace(self.state, operation=None)

    def fall_ill(self) -> None:
        self.reading = replace(self.reading, health=Health.CHANGING, status="UPGRADING")

    def recover(self) -> None:
        self.reading = replace(self.reading, health=Health.HEALTHY, status="SERVING")

    def expect_another_edition(self) -> None:
        self.policy["expect"] = {"edition": "vip"}

    def expect_this_edition(self) -> None:
        self.policy["expect"] = {"edition": "Enterprise", "billing": "subscription"}

    def open_circuit(self) -> None:
        self.state = replace(self.state, circuit=Circuit("operation 6 refused: Quota: too much", self.now))

    def close_circuit(self) -> None:
        self.state = replace(self.state, circuit=None)

    def resize_just_now(self) -> None:
        self.state = replace(self.state, recent=(self.make.settled(at=self.now - timedelta(minutes=4)),))

    def let_rest(self) -> None:
        self.now += timedelta(hours=1)

    def ask_before_downs(self) -> None:
        self.policy["subscription_down"] = "ask"

    def allow_downs(self) -> None:
        self.policy["subscription_down"] = "allow"


Act = Callable[[_Scene], None]
OBSTACLES: tuple[tuple[str, str, Act, Act], ...] = (
    ("mode", "observe", _Scene.observe, _Scene.act),
    ("operation", "operation", _Scene.open_operation, _Scene.close_operation),
    ("health", "unhealthy", _Scene.fall_ill, _Scene.recover),
    ("expect", "expect", _Scene.expect_another_edition, _Scene.expect_this_edition),
    ("circuit", "circuit", _Scene.open_circuit, _Scene.close_circuit),
    ("cooldown", "cooldown", _Scene.resize_just_now, _Scene.let_rest),
    ("approval", "approval", _Scene.ask_before_downs, _Scene.allow_downs),
)
"""Each guard, the code of its Hold, what makes it hold, and what lets it pass again; in the guards' order."""
REASONS = {
    "mode": ("observe only: would go down to small for home", False),
    "operation": ("operation 7 to medium is applying", False),
    "health": ("the instance is UPGRADING, so it is left alone", True),
    "expect": ("expected edition vip, found enterprise", True),
    "circuit": ("nothing is ordered until `tidegate ack orders-mq`: operation 6 refused: Quota: too much", False),
    "cooldown": ("cooling down until 2026-03-02 12:51:00Z before small", False),
    "approval": (
        "a downgrade of a subscription does not return vouchers; allow it with `subscription_down: allow`",
        True,
    ),
}


@pytest.fixture
def scene(make: Make) -> _Scene:
    """A scene of one's own."""
    return _Scene(make)


def _code(decision: Decision) -> str:
    return decision.code


def test_with_nothing_in_the_way_it_resizes_and_says_for_whom(scene: _Scene) -> None:
    rungs = scene.make.policy().rungs
    assert scene.decided() == Resize(rungs.rung("large"), rungs.rung("small"), Direction.DOWN, "small wanted by home")


@pytest.mark.parametrize(("guard", "code", "obstruct"), [(guard, code, act) for guard, code, act, _ in OBSTACLES])
def test_each_guard_holds_with_a_reason_of_its_own(scene: _Scene, guard: str, code: str, obstruct: Act) -> None:
    obstruct(scene)
    reason, needs_person = REASONS[guard]
    assert scene.decided() == Hold(code, reason, needs_person)


def test_guards_speak_in_the_order_of_their_weight(scene: _Scene) -> None:
    """With everything wrong at once the weightiest reason is given; put right, the next one is."""
    for _, _, obstruct, _ in OBSTACLES:
        obstruct(scene)
    given = []
    for _, _, _, mend in OBSTACLES:
        given.append(_code(scene.decided()))
        mend(scene)
    assert given == [code for _, code, _, _ in OBSTACLES]
    assert _code(scene.decided()) == "resize"


def test_the_tests_know_every_guard_there_is() -> None:
    assert [name for name, _ in GUARDS] == [name for name, *_ in OBSTACLES]


@pytest.mark.parametrize(("guard", "code", "obstruct"), [(guard, code, act) for guard, code, act, _ in OBSTACLES])
def test_despite_overrules_the_cooldown_and_no_other_guard(scene: _Scene, guard: str, code: str, obstruct: Act) -> None:
    obstruct(scene)
    everything = tuple(name for name, _ in GUARDS)
    scene.state = replace(scene.state, override=scene.make.override("small", despite=everything))
    assert _code(scene.decided()) == ("resize" if guard in DESPITE else code)


def test_despite_overrules_only_what_it_names(scene: _Scene) -> None:
    scene.resize_just_now()
    scene.state = replace(scene.state, override=scene.make.override("small", despite=("approval",)))
    assert _code(scene.decided()) == "cooldown"


def test_despite_ends_with_its_override(scene: _Scene) -> None:
    scene.resize_just_now()
    scene.state = replace(scene.state, override=scene.make.override("small", despite=DESPITE, until=scene.now))
    assert _code(scene.decided()) == "cooldown"


def test_an_instance_that_was_not_read_is_held(make: Make) -> None:
    decision = decide(make.policy(), make.state(), None, make.timetable(), make.noon)
    assert decision == Hold("unread", "the instance could not be read; the next tick tries again")


def test_an_instance_that_is_gone_is_held_and_told_whatever_is_wanted(scene: _Scene) -> None:
    scene.reading = replace(scene.reading, health=Health.GONE, status="RELEASED", spec={})
    decision = scene.decided()
    assert decision == Hold("gone", "the vendor says RELEASED: the instance is stopped or released", needs_person=True)


def test_an_instance_on_no_rung_is_held_with_the_differing_fields_named(scene: _Scene) -> None:
    scene.reading = replace(scene.reading, spec=scene.make.spec("large", MaxPrivateTps=9000))
    reason = "matches no rung; nearest large: MaxPrivateTps 9000 != 8000"
    assert scene.decided() == Hold("off-ladder", reason, needs_person=True)


def test_every_field_that_differs_from_the_nearest_rung_is_named(scene: _Scene) -> None:
    scene.reading = replace(scene.reading, spec={"MaxPrivateTps": 1})
    decision = scene.decided()
    assert decision.reason.endswith("nearest small: MaxPrivateTps 1 != 3000, QueueCapacity None != 200")


def test_an_override_does_not_move_an_instance_that_stands_on_no_rung(scene: _Scene) -> None:
    scene.reading = replace(scene.reading, spec=scene.make.spec("large", QueueCapacity=1200))
    scene.state = replace(scene.state, override=scene.make.override("small", despite=DESPITE))
    assert _code(scene.decided()) == "off-ladder"


def test_before_home_is_known_nothing_is_decided_and_a_person_is_told(scene: _Scene) -> None:
    scene.state = replace(scene.state, home="")
    decision = scene.decided()
    assert isinstance(decision, Hold)
    assert (decision.code, decision.needs_person) == ("home-unknown", True)


def test_an_instance_as_wanted_is_held_whatever_the_guards_would_say(scene: _Scene) -> None:
    for _, _, obstruct, _ in OBSTACLES:
        obstruct(scene)
    scene.state = replace(scene.state, home="large")
    assert scene.decided() == Hold("as-wanted", "large as wanted by home")


def test_a_wish_outside_the_bounds_says_so(scene: _Scene) -> None:
    scene.policy["min"] = "medium"
    assert scene.decided().reason == "medium wanted by home (small is outside min/max)"
    scene.reading = scene.make.reading("medium")
    assert scene.decided() == Hold("as-wanted", "medium as wanted by home (small is outside min/max)")


@pytest.mark.parametrize(("rung", "home", "ready"), [("small", "large", 5), ("large", "small", 55)])
def test_a_cooldown_ends_to_the_second_and_each_direction_has_its_own(
    scene: _Scene, rung: str, home: str, ready: int
) -> None:
    scene.state = scene.make.state(rung, home=home, recent=(scene.make.settled(at=scene.make.noon),))
    scene.reading = scene.make.reading(rung)
    scene.now = scene.make.after(ready) - timedelta(seconds=1)
    assert scene.decided().reason == f"cooling down until 2026-03-02 12:{ready:02}:00Z before {home}"
    scene.now = scene.make.after(ready)
    assert _code(scene.decided()) == "resize"


CHANGED = {Outcome.RESIZED, Outcome.RESIZED_ELSEWHERE, Outcome.SETTLED_ELSEWHERE, Outcome.ROLLED_BACK}


@pytest.mark.parametrize("outcome", Outcome)
def test_only_an_operation_that_changed_the_instance_is_rested_after(scene: _Scene, outcome: Outcome) -> None:
    scene.state = replace(scene.state, recent=(scene.make.settled(outcome=outcome),))
    assert _code(scene.decided()) == ("cooldown" if outcome in CHANGED else "resize")


def test_the_newest_change_counts_for_the_cooldown(scene: _Scene) -> None:
    make = scene.make
    old, new = make.settled(5, at=make.noon - timedelta(hours=9)), make.settled(6)
    cancelled = make.settled(7, Outcome.CANCELLED, at=make.after(1))
    scene.state = replace(scene.state, recent=(old, new, cancelled))
    scene.now = make.after(2)
    assert scene.decided().reason.startswith("cooling down until 2026-03-02 12:55:00Z")


@pytest.mark.parametrize(
    ("expect", "found", "why"),
    [
        ({"billing": "subscription"}, Billing.PAY_AS_YOU_GO, "expected billing subscription, found pay-as-you-go"),
        ({"billing": "pay-as-you-go"}, Billing.SUBSCRIPTION, "expected billing pay-as-you-go, found subscription"),
        ({"billing": "subscription"}, Billing.SUBSCRIPTION, ""),
        ({"edition": "ENTERPRISE"}, Billing.SUBSCRIPTION, ""),
        ({"edition": "vip"}, Billing.SUBSCRIPTION, "expected edition vip, found enterprise"),
    ],
)
def test_an_instance_that_is_not_what_was_expected_is_not_touched(
    scene: _Scene, expect: dict[str, str], found: Billing, why: str
) -> None:
    scene.policy["expect"] = expect
    scene.reading = replace(scene.reading, billing=found)
    decision = scene.decided()
    assert (decision.code, decision.reason) == (("expect", why) if why else ("resize", "small wanted by home"))


@pytest.mark.parametrize("health", [Health.CHANGING, Health.SWITCHOVER])
def test_an_instance_that_is_not_at_rest_is_left_alone(scene: _Scene, health: Health) -> None:
    scene.reading = replace(scene.reading, health=health)
    assert _code(scene.decided()) == "unhealthy"


@pytest.mark.parametrize(
    ("billing", "home", "code"),
    [
        (Billing.SUBSCRIPTION, "small", "approval"),
        (Billing.SUBSCRIPTION, "large", "resize"),
        (Billing.PAY_AS_YOU_GO, "small", "resize"),
        (Billing.PAY_AS_YOU_GO, "large", "resize"),
    ],
)
def test_only_a_subscription_asks_before_a_downgrade(scene: _Scene, billing: Billing, home: str, code: str) -> None:
    scene.ask_before_downs()
    scene.state = scene.make.state("medium", home=home)
    scene.reading = scene.make.reading("medium", billing=billing)
    assert _code(scene.decided()) == code


def test_the_same_facts_at_the_same_time_give_the_same_decision(scene: _Scene) -> None:
    scene.resize_just_now()
    assert scene.decided() == scene.decided()
