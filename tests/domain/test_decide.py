"""The decision: every reason to hold, their order, and who may overrule which."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tidegate.domain.decide import decide
from tidegate.domain.guards import DESPITE, GUARDS
from tidegate.domain.limits import FleetLimits
from tidegate.domain.measures import Usage, Use
from tidegate.domain.observed import FleetUse, Observed
from tidegate.domain.operation import Outcome, Phase
from tidegate.domain.reading import Billing, Direction, Health
from tidegate.domain.state import Circuit, Drift, Pause, Spent
from tidegate.domain.terms import Terms
from tidegate.domain.verdict import Decision, Hold, Resize

if TYPE_CHECKING:
    from tests.domain.conftest import Make

PRICES = {"small": 1.5, "medium": 3.0, "large": 6.0}
EVENING = [{"from": "18:00", "to": "20:00"}]


class _Scene:
    """An instance on one end of its ladder whose home is the other: only guards stand in the way of a resize."""

    def __init__(self, make: Make, direction: Direction = Direction.DOWN) -> None:
        self.make, self.direction = make, direction
        start, home = ("large", "small") if direction is Direction.DOWN else ("small", "large")
        self.policy: dict[str, Any] = {
            "ladder": [{"rung": rung, "hourly_price": PRICES[rung], **_figures(make, rung)} for rung in make.ladder]
        }
        self.state = make.state(start, home=home)
        self.reading = make.reading(start)
        self.usage: Usage | None = Usage((Use("queues", 141, 200), Use("peak TPS", 2900, 3000)))
        self.fleet = FleetUse(FleetLimits())
        self.now = make.noon

    def decided(self) -> Decision:
        """What is decided as things are."""
        observed = Observed(self.reading, {}, self.usage, self.fleet)
        return decide(Terms(self.make.policy(**self.policy)), self.state, observed, self.now)

    def observe(self) -> None:
        self.policy["mode"] = "observe"

    def act(self) -> None:
        self.policy["mode"] = "act"

    def pause(self) -> None:
        self.state = replace(self.state, pause=Pause("li", self.now, reason="fair"))

    def unpause(self) -> None:
        self.state = replace(self.state, pause=None)

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

    def cost_too_much(self) -> None:
        self.policy["cost"] = {"hard": 5}

    def cost_enough(self) -> None:
        self.policy["cost"] = {"hard": 6}

    def open_circuit(self) -> None:
        self.state = replace(self.state, circuit=Circuit("operation 6 refused: Quota: too much", self.now))

    def close_circuit(self) -> None:
        self.state = replace(self.state, circuit=None)

    def crowd_the_fleet(self) -> None:
        self.fleet = replace(self.fleet, at_once=3)

    def empty_the_fleet(self) -> None:
        self.fleet = FleetUse(FleetLimits(), at_once=2, in_hour=11)

    def resize_just_now(self) -> None:
        self.state = replace(self.state, recent=(self.make.settled(at=self.now - timedelta(minutes=4)),))

    def let_rest(self) -> None:
        self.now += timedelta(hours=1)

    def spend_the_budget(self) -> None:
        spent = tuple(Spent(number, self.direction, self.now) for number in (4, 5))
        self.state = replace(self.state, spent=spent)
        self.policy["budget"] = {"ups_per_day": 2, "downs_per_day": 2}

    def raise_the_budget(self) -> None:
        self.policy["budget"] = {"ups_per_day": 3, "downs_per_day": 3}

    def close_the_windows(self) -> None:
        self.policy["resize_windows"] = {"up": EVENING, "down": EVENING}

    def open_the_windows(self) -> None:
        self.policy["resize_windows"] = {}

    def black_out(self) -> None:
        self.policy["blackouts"] = [{"name": "fair", "from": "11:00", "to": "15:00"}]

    def end_the_blackout(self) -> None:
        self.policy["blackouts"] = []

    def drift(self) -> None:
        drift = Drift(self.reading.spec, self.state.rung, self.make.after(-30), sure=True)
        self.state = replace(self.state, drift=drift)

    def adopt(self) -> None:
        self.state = replace(self.state, drift=None)

    def use_too_much(self) -> None:
        self.usage = Usage((Use("queues", 212, 200), Use("peak TPS", 2900, 3000)))

    def use_less(self) -> None:
        self.usage = Usage((Use("queues", 200, 200),))

    def ask_before_all(self) -> None:
        self.policy["approval"] = {"when": ["up", "down"]}

    def ask_nobody(self) -> None:
        self.policy["approval"] = {}


def _figures(make: Make, rung: str) -> dict[str, Any]:
    return {name: make.spec(rung)[name] for name in ("MaxPrivateTps", "QueueCapacity")}


Act = Callable[[_Scene], None]
OBSTACLES: tuple[tuple[str, str, Act, Act], ...] = (
    ("mode", "observe", _Scene.observe, _Scene.act),
    ("pause", "pause", _Scene.pause, _Scene.unpause),
    ("operation", "operation", _Scene.open_operation, _Scene.close_operation),
    ("health", "unhealthy", _Scene.fall_ill, _Scene.recover),
    ("expect", "expect", _Scene.expect_another_edition, _Scene.expect_this_edition),
    ("cost", "cost", _Scene.cost_too_much, _Scene.cost_enough),
    ("circuit", "circuit", _Scene.open_circuit, _Scene.close_circuit),
    ("fleet", "fleet", _Scene.crowd_the_fleet, _Scene.empty_the_fleet),
    ("cooldown", "cooldown", _Scene.resize_just_now, _Scene.let_rest),
    ("budget", "budget", _Scene.spend_the_budget, _Scene.raise_the_budget),
    ("window", "window", _Scene.close_the_windows, _Scene.open_the_windows),
    ("blackout", "blackout", _Scene.black_out, _Scene.end_the_blackout),
    ("drift", "drift", _Scene.drift, _Scene.adopt),
    ("fit", "fit", _Scene.use_too_much, _Scene.use_less),
    ("approval", "approval", _Scene.ask_before_all, _Scene.ask_nobody),
)
"""Each guard, the code of its Hold, what makes it hold, and what lets it pass again; in the guards' order."""
ONE_WAY = {"cost": Direction.UP, "fit": Direction.DOWN}
"""Guards that stand in the way of one direction alone."""
REASONS = {
    "mode": ("observe only: would go down to small for home", False),
    "pause": ("paused by li, until `tidegate unpause orders-mq`: fair", False),
    "operation": ("operation 7 to medium is applying", False),
    "health": ("the instance is UPGRADING, so it is left alone", True),
    "expect": ("expected edition vip, found enterprise", True),
    "cost": ("large costs 6 an hour, above the hard limit of 5", True),
    "circuit": ("nothing is ordered until `tidegate ack orders-mq`: operation 6 refused: Quota: too much", False),
    "fleet": ("3 orders of other instances are under way, and 3 may be at once", False),
    "cooldown": ("cooling down until 2026-03-02 12:51:00Z before small", False),
    "budget": ("2 of 2 downs of today are used; the next day begins at 2026-03-03 00:00Z", False),
    "window": ("downs have windows; the next one opens at 2026-03-02 18:00Z", False),
    "blackout": ("blackout fair until 2026-03-02 15:00Z", False),
    "drift": (
        "somebody else resized it to large, seen 2026-03-02 11:30Z; `tidegate adopt orders-mq` to go on",
        True,
    ),
    "fit": ("small does not fit what is in use: queues 212 of 200", False),
    "approval": (
        (
            "large -> small, 1.5 an hour is to be approved (the policy asks before every down): "
            "`tidegate approve orders-mq`"
        ),
        True,
    ),
}


def _of(direction: Direction) -> list[tuple[str, str, Act, Act]]:
    """The obstacles that stand in the way of a direction."""
    return [each for each in OBSTACLES if ONE_WAY.get(each[0], direction) is direction]


@pytest.fixture
def scene(make: Make) -> _Scene:
    """A scene of one's own, on the way down."""
    return _Scene(make)


def _code(decision: Decision) -> str:
    return decision.code


def test_with_nothing_in_the_way_it_resizes_and_says_for_whom(scene: _Scene) -> None:
    rungs = scene.make.policy(**scene.policy).rungs
    assert scene.decided() == Resize(rungs.rung("large"), rungs.rung("small"), Direction.DOWN, "small wanted by home")


@pytest.mark.parametrize(("guard", "code", "obstruct"), [(guard, code, act) for guard, code, act, _ in OBSTACLES])
def test_each_guard_holds_with_a_reason_of_its_own(make: Make, guard: str, code: str, obstruct: Act) -> None:
    scene = _Scene(make, ONE_WAY.get(guard, Direction.DOWN))
    obstruct(scene)
    decision = scene.decided()
    assert isinstance(decision, Hold)
    assert (decision.code, decision.reason, decision.needs_person) == (code, *REASONS[guard])


@pytest.mark.parametrize("direction", Direction)
def test_guards_speak_in_the_order_of_their_weight(make: Make, direction: Direction) -> None:
    """With everything wrong at once the weightiest reason is given; put right, the next one is."""
    scene, obstacles = _Scene(make, direction), _of(direction)
    for _, _, obstruct, _ in obstacles:
        obstruct(scene)
    given = []
    for _, _, _, mend in obstacles:
        given.append(_code(scene.decided()))
        mend(scene)
    assert given == [code for _, code, _, _ in obstacles]
    assert _code(scene.decided()) == "resize"


@pytest.mark.parametrize("direction", Direction)
def test_observing_says_what_acting_would_come_to_whatever_is_in_the_way(make: Make, direction: Direction) -> None:
    acting, obstacles = _Scene(make, direction), _of(direction)[1:]
    watched = _Scene(make, direction)
    watched.observe()
    for scene in (acting, watched):
        for _, _, obstruct, _ in obstacles:
            obstruct(scene)
    for _, code, _, mend in [*obstacles, ("", "resize", "", lambda _scene: None)]:
        act, seen = acting.decided(), watched.decided()
        assert isinstance(seen, Hold)
        assert seen.would is not None
        assert (seen.code, seen.would.code, act.code) == ("observe", code, code)
        assert seen.would.reason == (act.reason if isinstance(act, Hold) else "")
        assert (seen.would.end, seen.would.direction) == (watched.state.home, direction)
        assert (seen.question, seen.needs_person) == (None, False)
        assert seen.until == (act.until if isinstance(act, Hold) else None)
        mend(acting)
        mend(watched)


def test_the_tests_know_every_guard_there_is() -> None:
    assert [name for name, _ in GUARDS] == [name for name, *_ in OBSTACLES]


OVERRULED = {"cooldown", "budget", "window", "blackout", "drift", "fit"}
"""The guards that a person may overrule, by the table of the guards' module; `window` stands for blackouts too."""


@pytest.mark.parametrize("direction", Direction)
@pytest.mark.parametrize(("guard", "code", "obstruct"), [(guard, code, act) for guard, code, act, _ in OBSTACLES])
def test_a_person_overrules_what_the_table_says_and_nothing_else(
    make: Make, direction: Direction, guard: str, code: str, obstruct: Act
) -> None:
    scene = _Scene(make, direction)
    obstruct(scene)
    everything = tuple(name for name, _ in GUARDS)
    scene.state = replace(scene.state, override=make.override(scene.state.home, despite=everything))
    passes = guard in OVERRULED or ONE_WAY.get(guard, direction) is not direction
    assert _code(scene.decided()) == ("resize" if passes else code)


@pytest.mark.parametrize("urgent", [False, True])
@pytest.mark.parametrize(
    ("guard", "code", "obstruct"), [(guard, code, act) for guard, code, act, _ in _of(Direction.UP)]
)
def test_an_alert_overrules_nothing_and_an_urgent_rule_the_window_alone(
    make: Make, guard: str, code: str, obstruct: Act, *, urgent: bool
) -> None:
    scene = _Scene(make, Direction.UP)
    scene.policy["alerts"] = [{"rule": "tps-high", "at_least": "large", "urgent": urgent}]
    # The drift was seen after the alert began; a later one may raise (see the drift's own tests).
    demand = make.demand("large", opened_at=make.after(-40), heard_at=make.after(-40))
    scene.state = replace(scene.state, home="small", demands=(demand,))
    obstruct(scene)
    assert _code(scene.decided()) == ("resize" if urgent and guard == "window" else code)


def test_what_an_urgent_rule_asks_for_need_not_wait_for_what_others_want_beyond_it(make: Make) -> None:
    scene = _Scene(make, Direction.UP)
    scene.policy["alerts"] = [{"rule": "tps-high", "at_least": "medium", "urgent": True}]
    scene.state = replace(scene.state, demands=(make.demand("medium"),))
    scene.close_the_windows()
    decision = scene.decided()
    assert isinstance(decision, Resize)
    assert decision.end.name == "medium"


@pytest.mark.parametrize("obstruct", [_Scene.crowd_the_fleet, _Scene.resize_just_now, _Scene.close_the_windows])
def test_what_time_alone_holds_is_asked_ahead_so_that_nobody_is_asked_at_night(scene: _Scene, obstruct: Act) -> None:
    scene.ask_before_all()
    obstruct(scene)
    decision = scene.decided()
    assert isinstance(decision, Hold)
    assert decision.code != "approval"
    assert decision.question is not None
    assert (decision.question.from_rung, decision.question.to_rung) == ("large", "small")


@pytest.mark.parametrize("obstruct", [_Scene.pause, _Scene.open_circuit, _Scene.drift, _Scene.use_too_much])
def test_nothing_is_asked_of_what_would_not_be_ordered_anyway(scene: _Scene, obstruct: Act) -> None:
    scene.ask_before_all()
    obstruct(scene)
    decision = scene.decided()
    assert isinstance(decision, Hold)
    assert decision.question is None


def test_despite_overrules_only_what_it_names(scene: _Scene) -> None:
    scene.resize_just_now()
    scene.state = replace(scene.state, override=scene.make.override("small", despite=("budget", "window")))
    assert _code(scene.decided()) == "cooldown"


def test_despite_ends_with_its_override(scene: _Scene) -> None:
    scene.resize_just_now()
    scene.state = replace(scene.state, override=scene.make.override("small", despite=DESPITE, until=scene.now))
    assert _code(scene.decided()) == "cooldown"


def test_an_instance_that_was_not_read_is_held(make: Make) -> None:
    decision = decide(make.terms(), make.state(), Observed(), make.noon)
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
    scene.policy["subscription_down"] = "ask"
    scene.state = scene.make.state("medium", home=home)
    scene.reading = scene.make.reading("medium", billing=billing)
    assert _code(scene.decided()) == code


def test_the_same_facts_at_the_same_time_give_the_same_decision(scene: _Scene) -> None:
    scene.resize_just_now()
    assert scene.decided() == scene.decided()
