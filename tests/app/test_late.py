"""What waits for a person past its deadline is said as it was before; and a tick that is dead is said to be."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tidegate.app.report import Standing, status
from tidegate.app.report.following import follow
from tidegate.domain.operation import Phase

Opens = Callable[..., Any]
DAY_S = 24 * 3600


def do(at: Any, name: str) -> str:
    """What a person is to do in a few words, the same for `status` and `watch`."""
    (standing,) = (each for each in status(at.around).instances if each.instance == name)
    assert isinstance(standing, Standing)
    (need,) = standing.needs
    (same,) = follow(at.around, name, at.operation(name).number).needs
    assert same == need
    return str(need.do)


def test_an_order_that_is_unpaid_past_its_deadline_still_says_which_to_pay(desk: Opens) -> None:
    at = desk(wait_for_payment=True)
    at.hear(at.alert())
    at.submit()
    at.clock.advance(60)
    at.look()
    order = at.operation().order_id
    assert (at.operation().phase, do(at, "orders-mq")) == (Phase.UNPAID, f"pay order {order}")
    at.clock.advance(DAY_S)
    at.look()
    assert (at.operation().phase, do(at, "orders-mq")) == (Phase.UNPAID, f"pay order {order}")
    assert len(at.asked()) == 2, "it was told anew, by its deadline"


@pytest.mark.parametrize("late_s", [0, 3600])
def test_a_switchover_past_its_deadline_still_says_what_to_press(desk: Opens, late_s: int) -> None:
    at = desk()
    at.push(at.orders_mq, {**at.edge, "deadlines": {"switchover": "1h"}})
    at.hear(at.alert(rule="", rule_id="gw-qps-high"), "edge-gateway")
    at.submit("edge-gateway")
    for _ in range(15):
        at.clock.advance(60)
        at.look("edge-gateway")
    at.clock.advance(late_s)
    at.look("edge-gateway")
    assert (at.operation("edge-gateway").phase, do(at, "edge-gateway")) == (Phase.SWITCHOVER, "press Switch")
    assert len(at.asked()) == (2 if late_s else 1)


@pytest.mark.parametrize(("silent_s", "dead"), [(599, False), (600, True)])
@pytest.mark.parametrize("ticked", [True, False])
def test_a_tick_that_does_not_run_is_said_to_be_dead_when_people_are_told(
    desk: Opens, silent_s: int, *, dead: bool, ticked: bool
) -> None:
    """One that never ran, since the policy is in force."""
    at = desk()
    if ticked:
        at.clock.advance(DAY_S)
        at.tick()
    at.clock.advance(silent_s)
    assert status(at.around).tick_dead is dead
    at.say("ack")
    assert any("tick does not run" in text for _, text in at.messages) is dead
    at.tick()
    assert status(at.around).tick_dead is False
