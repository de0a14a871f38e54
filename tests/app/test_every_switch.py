"""One resize under every value of every switch that nobody can check without an account: one order, a named outcome."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal, get_args, get_origin

import pytest

from localcloud.rpc.timeline import Phase
from localcloud.world import Behaviour
from tests.sampling import alternating
from tidegate.app import steps
from tidegate.domain.operation import Outcome

Opens = Callable[..., Any]
NAMES = ("orders-mq", "edge-gateway")
IDS = {"orders-mq": "amqp-cn-demo0001", "edge-gateway": "apigateway-cn-demo0001"}
ACTIONS = {"orders-mq": "UpdateInstance", "edge-gateway": "ModifyInstanceSpec"}
NEVER = "never"

SAMPLES: Mapping[str, tuple[Any, ...]] = {
    "status_during_resize": (None, "UPDATING", "MODIFYING", "SERVING", "Running", "a word nobody knows"),
    "switchover_status": ("WAIT_SWITCH", "WaitSwitch", "SWITCHING", "wait_switch"),
    "switchover_ends_after": ("10m", "24h"),
    "unpaid_ends_after": ("1h", "30h"),
    "order_visible_after": ("0s", "30s", "30m", NEVER),
    "apply_takes": ("0s", "6m", "50m"),
    "migrating_for": ("0s", "20m"),
    "topic_migrating_refusals": (0, 1, 12),
}
"""Values of the switches that take any duration, number or word."""
ONLY_WITH_A_FLOW = {"flow_exception_names", "flow_wait_passes_input", "schedule_input"}
"""Switches of the workflow's engine: tests/e2e runs under those."""


def values_of(switch: str) -> tuple[Any, ...]:
    """Every value of a switch, or its samples."""
    if switch in SAMPLES:
        return SAMPLES[switch]
    kind = Behaviour.model_fields[switch].annotation
    if kind is bool:
        return (False, True)
    assert get_origin(kind) is Literal, switch
    return get_args(kind)


@dataclass(frozen=True)
class Case:
    """One world: how it behaves, and who does what in it."""

    behaviour: Mapping[str, Any]
    expected: Mapping[str, Outcome] = field(default_factory=dict)
    """By instance; resized where it is silent."""
    billing: str = "PRE_PAID"
    nobody_acts: bool = False
    odd_rung: bool = False

    def outcome(self, name: str) -> Outcome:
        """How this instance's resize must end."""
        return self.expected.get(name, Outcome.RESIZED)

    def __str__(self) -> str:
        words = [f"{switch}={value}" for switch, value in self.behaviour.items()]
        words += [word for word in ("nobody_acts", "odd_rung") if getattr(self, word)]
        return " ".join([*words, self.billing])


def both(outcome: Outcome) -> dict[str, Outcome]:
    """The same end for both instances."""
    return dict.fromkeys(NAMES, outcome)


WHERE_THE_VENDOR_DOES_OTHERWISE = {
    # The values get there and billing never shows an order: not called ours, and not ordered again.
    ("order_visible_after", NEVER): both(Outcome.RESIZED_ELSEWHERE),
    # Of RabbitMQ nothing shows but the old values, in the best of health: no change was ever seen.
    ("rolls_back", True): {"orders-mq": Outcome.ABANDONED, "edge-gateway": Outcome.ROLLED_BACK},
}


def cases() -> Iterator[Case]:
    """Every switch alone, and the pairs that make a switch bite."""
    for switch in Behaviour.model_fields:
        for value in values_of(switch) if switch not in ONLY_WITH_A_FLOW else ():
            yield Case({switch: value}, WHERE_THE_VENDOR_DOES_OTHERWISE.get((switch, value), {}))
    for orders in values_of("pay_as_you_go_orders"):
        yield Case({"pay_as_you_go_orders": orders}, billing="POST_PAID")
    for early in values_of("new_values_before_completion"):
        yield Case({"new_values_before_completion": early, "status_during_resize": "Running"})
        yield Case({"new_values_before_completion": early, "wait_for_payment": True})
    early_and_back = {"rolls_back": True, "new_values_before_completion": True}
    yield Case({**early_and_back, "status_during_resize": "UPDATING"}, both(Outcome.ROLLED_BACK))
    # The wanted values on two healthy reads a minute apart, and the order paid: nothing tells that they will not stay.
    yield Case({**early_and_back, "status_during_resize": "SERVING"}, {"edge-gateway": Outcome.ROLLED_BACK})
    yield Case({"rounding": "up"}, {"orders-mq": Outcome.SETTLED_ELSEWHERE}, odd_rung=True)
    yield Case({"rounding": "none"}, {"orders-mq": Outcome.REFUSED}, odd_rung=True)
    for blocks in values_of("unpaid_blocks_next"):
        yield Case({"unpaid_blocks_next": blocks, "wait_for_payment": True})
    for ends in values_of("unpaid_ends_after"):
        ended = both(Outcome.ORDER_CANCELLED)
        yield Case({"unpaid_ends_after": ends, "wait_for_payment": True}, ended, nobody_acts=True)
    for ends in values_of("switchover_ends_after"):
        gateway = {"edge-gateway": Outcome.ROLLED_BACK}
        yield Case({"switchover_ends_after": ends}, gateway, nobody_acts=True)
    for case in values_of("status_case"):
        yield Case({"status_case": case, "wait_for_payment": True, "status_during_resize": "updating"})


class Walk:
    """One operation, carried as the workflow carries it, with a person who pays and presses Switch."""

    def __init__(self, at: Any, name: str, *, person: bool) -> None:
        self._at, self._name, self._person = at, name, person

    def to_its_end(self) -> Any:
        """Walk from Submit to Settle, through as many executions as it takes."""
        answer, which = "submit", self._at.which(self._name)
        for _ in range(1500):
            if answer == "done":
                return self._at.settled(self._name)
            if answer == "handover":
                self._carried_on()
                answer, which = "submit", self._at.which(self._name)
            if self._person:
                self._act()
            answer = self._step(answer, which)
        raise AssertionError("no end in sight")

    def _step(self, answer: str, which: Any) -> str:
        around = self._at.around
        if answer == "submit":
            return self._submit(which)
        if answer == "settle":
            return steps.settle(around, which)
        self._at.clock.advance(float(answer.removeprefix("look")))
        return steps.look(around, which)

    def _submit(self, which: Any) -> str:
        try:
            return steps.submit(self._at.around, which)
        except (steps.InstanceUpgradeOrDownGradeTopicMigrating, steps.Throttled):
            return "look15"

    def _carried_on(self) -> None:
        """The tick starts the next execution when the look is due."""
        operation = self._at.operation(self._name)
        left = operation.next_look_at - self._at.clock.now()
        self._at.clock.advance(max(left, timedelta(0)).total_seconds() + 1)
        self._at.reconcile(self._name)
        assert self._at.operation(self._name).executions == operation.executions + 1

    def _act(self) -> None:
        cloud, instance = self._at.server.cloud, IDS[self._name]
        for order in self._at.server.run(lambda: cloud.orders.unpaid(instance)):
            self._at.server.run(lambda order=order: cloud.orders.pay(order.order_id))
        moment = self._at.server.run(lambda: cloud.estate.moment(cloud.estate.known(instance)))
        if moment.phase is Phase.WAITING_FOR_SWITCH:
            self._at.server.run(lambda: cloud.estate.press_switch(instance))


def placed(at: Any, name: str) -> int:
    """How many changes the vendor has taken for an instance, with an order or without."""
    kept = at.server.run(lambda: at.server.cloud.estate.known(IDS[name]))
    return len(kept.changes)


def rings(at: Any, name: str) -> None:
    """Let the instance's own alert rule ring."""
    rule = {"rule": "rabbit-tps-high"} if name == "orders-mq" else {"rule": "", "rule_id": "gw-qps-high"}
    assert at.hear(at.alert(**rule), name).decision.code == "resize"


def odd(at: Any) -> None:
    """Put a rung on the ladder that nobody sells."""
    ladder = [{"rung": "small", "MaxPrivateTps": 3000}, {"rung": "odd", "MaxPrivateTps": 4500}]
    at.push({**at.orders_mq, "ladder": ladder}, at.edge)


@pytest.mark.parametrize(("case", "name"), alternating(cases(), NAMES, "{} {}".format))
def test_a_resize_ends_as_named_by_at_most_one_order(desk: Opens, case: Case, name: str) -> None:
    at = desk(billing=case.billing, **case.behaviour)
    if case.odd_rung:
        odd(at)
    rings(at, name)
    settled = Walk(at, name, person=not case.nobody_acts).to_its_end()
    assert settled.outcome is case.outcome(name), settled.why
    assert placed(at, name) == (0 if settled.outcome is Outcome.REFUSED else 1)


@pytest.mark.parametrize(
    ("setting", "name"),
    alternating(
        (
            (switch, value)
            for switch in ("update_data", "client_token", "gateway_token_reuse", "order_visible_after", "order_config")
            for value in values_of(switch)
        ),
        NAMES,
        lambda setting, name: f"{setting[0]}={setting[1]} {name}",
    ),
)
def test_an_order_whose_reply_is_lost_stays_one_order(desk: Opens, name: str, setting: tuple[str, Any]) -> None:
    """The switches that decide whether a second call would buy again, and whether the first can be found."""
    value = setting[1]
    at = desk(**dict([setting]))
    at.fault(ACTIONS[name], "lost-reply")
    rings(at, name)
    settled = Walk(at, name, person=True).to_its_end()
    assert settled.outcome is (Outcome.RESIZED_ELSEWHERE if value == NEVER else Outcome.RESIZED), settled.why
    assert placed(at, name) == 1
    assert len(at.calls(ACTIONS[name])) == 1


def test_every_switch_of_the_world_is_tried() -> None:
    tried = {switch for case in cases() for switch in case.behaviour}
    assert tried | ONLY_WITH_A_FLOW == set(Behaviour.model_fields)
    assert set(SAMPLES) <= tried
