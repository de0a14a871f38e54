"""Who or what a downgrade is put down to: what ended last, be it by itself or by a push, and nobody else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from tidegate.app.report.course import course, remembering
from tidegate.app.report.observed import Watched, observed
from tidegate.app.report.orders import Month, orders
from tidegate.domain import facts

Opens = Callable[..., Any]
CALM = {"cooldown": {"up": "0s", "down": "0s"}}


@pytest.fixture
def calm(desk: Opens) -> Any:
    """A desk whose instance needs no rest between resizes."""
    at = desk()
    at.push({**at.orders_mq, **CALM, "base": "small"}, at.edge)
    at.live(1)
    return at


def push(at: Any, **other: Any) -> str:
    """Put a policy in force with other words for orders-mq, and let it act."""
    hashed = str(at.push({**at.orders_mq, **CALM, **other}, at.edge))
    at.live(30)
    return hashed


def overridden_to_no_effect(at: Any) -> None:
    """An override that nothing was ever ordered for, as long as it stood."""
    at.say("pause")
    at.say("resize", to="large", **{"for": "30m"})
    at.live(40)
    at.say("unpause")
    at.live(120)
    assert (at.state().override, at.orders()) == (None, [])


def told(at: Any) -> list[tuple[str, str, str]]:
    """Of each order where it led to, and its cause; the same in the report on what was done."""
    causes = [(each.to_rung, each.cause.kind, each.cause.name) for each in orders(at.around, Month(2026, 3)).orders]
    (watched,) = observed(at.around, timedelta(days=3), "orders-mq").instances
    assert isinstance(watched, Watched)
    done = [(each.to_rung, each.cause.kind, each.cause.name) for each in watched.done if each.order_id]
    assert done == causes
    return causes


def test_what_a_push_did_is_put_down_to_the_push_and_to_nobodys_override(calm: Any) -> None:
    overridden_to_no_effect(calm)
    raised = push(calm, base="large")
    push(calm, base="small")
    assert told(calm) == [("large", "home", ""), ("small", "home", f"policy {raised} (large wanted by base)")]


def test_a_push_that_takes_a_timetables_entry_away_is_the_cause_though_the_entry_had_its_hours(calm: Any) -> None:
    """The other entry, which stays, has ended before: it is not the cause."""
    morning = {"name": "morning", "days": "daily", "from": "12:05", "to": "13:00", "rung": "medium"}
    always = {"name": "always", "days": "daily", "from": "00:00", "to": "24:00", "rung": "medium"}
    both = push(calm, base="small", timetable=[morning, always])
    calm.live(60)
    push(calm, base="small", timetable=[morning])
    assert told(calm)[-1] == ("small", "home", f"policy {both} (medium wanted by always to 00:00)")


def test_an_override_that_ended_after_the_push_is_the_cause(calm: Any) -> None:
    push(calm, base="large")
    calm.say("resize", to="large", **{"for": "2h"})
    push(calm, base="small")
    calm.live(150)
    assert told(calm)[-1] == ("small", "home", "the override by li")


def test_a_push_that_changes_nothing_about_it_does_not_hide_the_override_that_ended(calm: Any) -> None:
    calm.say("resize", to="large", **{"for": "1h"})
    calm.live(50)
    calm.say("pause", **{"for": "40m"})
    calm.live(20)
    push(calm, base="small", deadlines={"unpaid": "5h"})
    calm.live(30)
    assert told(calm)[-1] == ("small", "home", "the override by li")


def test_what_was_cancelled_before_its_order_does_not_hide_the_override_that_ended(calm: Any) -> None:
    calm.say("resize", to="large", **{"for": "1h"})
    calm.live(59)
    calm.clock.advance(60)
    calm.tick()
    assert calm.operation().to_rung == "small"
    calm.say("cancel", **{"for": "10m"})
    calm.live(60)
    assert [settled.outcome.value for settled in calm.state().recent] == ["resized", "cancelled", "resized"]
    assert told(calm)[-1] == ("small", "home", "the override by li")


def test_an_override_of_before_the_instance_came_to_its_rung_is_not_remembered(calm: Any) -> None:
    overridden_to_no_effect(calm)
    push(calm, base="large")
    push(calm, base="small")
    now = calm.clock.now()
    stretches = course(calm.around, calm.page().policy, now - timedelta(days=2), now)
    up, down = (each for each in stretches if isinstance(each.fact, facts.Planned))
    assert remembering(stretches, up).override is not None
    assert remembering(stretches, down).override is None
