"""An order is ours only if we placed it: a colleague may buy the same, for the same instance, in the same minute."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tidegate.domain.operation import Outcome, Phase

Opens = Callable[..., Any]
EARLIER = "acs:ram::1234567890123456:assumed-role/an-earlier-one"


def by_hand(at: Any, rung: str) -> Any:
    """A colleague's order for the rung, placed in the console."""
    spec = next(dict(each) for each in at.orders_mq["ladder"] if each["rung"] == rung)
    del spec["rung"]
    instance, li = at.orders_mq["instance_id"], "acs:ram::1234567890123456:user/li"
    return at.server.run(lambda: at.server.cloud.estate.resize_by_hand(instance, spec, li))


def operators(at: Any, product: str = "rabbitmq") -> tuple[str, ...]:
    """Who is known to order in our name."""
    known: tuple[str, ...] = at.around.fleet.state().operators.get(product, ())
    return known


def after_an_earlier_success(at: Any) -> None:
    """Two resizes, to medium and home again."""
    at.hear(at.request("medium", hours=1))
    at.follow()
    at.clock.advance(2 * 3600)
    at.reconcile()
    at.follow()
    at.clock.advance(2 * 3600)


def test_who_we_are_is_learned_from_an_order_that_the_vendor_named(desk: Opens) -> None:
    at = desk()
    after_an_earlier_success(at)
    assert operators(at) == (at.orders()[0].operator,)


@pytest.mark.parametrize("is_known", [True, False])
def test_a_colleagues_order_of_the_same_target_in_the_same_minute_is_not_taken_for_ours(
    desk: Opens, *, is_known: bool
) -> None:
    at = desk()
    after_an_earlier_success(at)
    if not is_known:
        state = at.around.fleet.state()
        at.around.fleet._change({"kind": "test"}, lambda _: replace(state, operators={}))
    at.fault("UpdateInstance", "lost-request")
    at.hear(at.alert())
    at.submit()
    theirs = by_hand(at, "medium")
    at.follow()
    settled = at.settled()
    if is_known:
        assert (settled.outcome, settled.order_id) == (Outcome.RESIZED_ELSEWHERE, "")
        assert f"somebody else placed order {theirs.order_id}" in settled.why
    else:
        assert (settled.outcome, settled.order_id) == (Outcome.RESIZED, theirs.order_id)


def test_our_order_is_told_from_a_colleagues_although_both_show(desk: Opens) -> None:
    at = desk()
    after_an_earlier_success(at)
    at.fault("UpdateInstance", "lost-reply")
    at.hear(at.alert())
    at.submit()
    assert at.operation().phase is Phase.DOUBT
    ours = at.orders()[-1].order_id
    by_hand(at, "medium")
    at.follow()
    assert (at.settled().outcome, at.settled().order_id) == (Outcome.RESIZED, ours)


def test_a_gateway_order_which_brings_no_id_teaches_who_we_are_once_its_effect_was_seen(desk: Opens) -> None:
    at = desk(switchover=False)
    at.hear(at.alert(rule="", rule_id="gw-qps-high"), "edge-gateway")
    at.follow("edge-gateway")
    assert at.settled("edge-gateway").outcome is Outcome.RESIZED
    assert operators(at, "apigateway") == (at.orders()[0].operator,)


def test_after_a_deployment_under_another_role_our_orders_are_ours_again(desk: Opens) -> None:
    """The first of them waits until it would have shown for sure; from then on the new name is known."""
    at = desk(switchover=False)
    at.around.fleet.operator_learned("apigateway", EARLIER)
    at.hear(at.alert(rule="", rule_id="gw-qps-high"), "edge-gateway")
    at.follow("edge-gateway")
    assert at.settled("edge-gateway").outcome is Outcome.RESIZED
    assert operators(at, "apigateway") == (EARLIER, at.orders()[0].operator)
