"""Cancelling: what was not ordered yet is not ordered, and rests for an hour; what was ordered is for the console."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tidegate.app import steps
from tidegate.domain.operation import Outcome, Phase

Opens = Callable[..., Any]
NOTHING = "orders-mq has nothing to cancel; `tidegate pause orders-mq` keeps it from beginning"


@pytest.fixture
def ready(desk: Opens) -> Any:
    """A desk at ten past noon whose instances have been seen."""
    at = desk()
    at.live(10)
    return at


def test_an_operation_that_was_only_planned_is_never_ordered(ready: Any) -> None:
    ready.hear(ready.alert())
    answer = ready.say("cancel", reason="wrong instance")
    assert answer["told"].startswith("cancelled; nothing is ordered until 2026-03-02 13:10Z")
    assert ready.follow() == ["submit", "settle", "done"]
    assert ready.settled().outcome is Outcome.CANCELLED
    assert ready.settled().why == "not ordered: paused by li until 2026-03-02 13:10Z: wrong instance"
    assert ready.calls("UpdateInstance") == []


def test_what_was_cancelled_does_not_begin_anew_for_an_hour_and_then_does_if_it_is_still_wanted(ready: Any) -> None:
    ready.hear(ready.alert())
    ready.say("cancel")
    ready.live(59)
    assert (ready.orders(), ready.state().stance.code) == ([], "pause")
    ready.live(3)
    assert len(ready.orders()) == 1


def test_a_cancel_may_last_longer_and_may_be_taken_back(ready: Any) -> None:
    ready.hear(ready.alert())
    ready.say("cancel", **{"for": "5h"})
    ready.live(4 * 60)
    assert ready.orders() == []
    ready.say("unpause")
    ready.live(3)
    assert len(ready.orders()) == 1


def test_an_operation_that_waits_to_be_tried_again_is_cancelled_and_not_tried_again(desk: Opens) -> None:
    at = desk(topic_migrating_refusals=9)
    at.live(10)
    at.hear(at.alert())
    with pytest.raises(steps.InstanceUpgradeOrDownGradeTopicMigrating):
        at.submit()
    assert at.operation().phase is Phase.WAITING
    assert "told" in at.say("cancel")
    at.live(30)
    assert at.settled().outcome is Outcome.CANCELLED
    assert len(at.calls("UpdateInstance")) == 1
    assert at.orders() == []


def test_an_operation_that_is_ordered_is_not_cancelled_and_the_advice_names_the_order(ready: Any) -> None:
    ready.hear(ready.alert())
    ready.submit()
    order = ready.orders()[0].order_id
    answer = ready.say("cancel")
    assert answer == {"mistake": f"operation 1 is ordered already; cancel {order} in the vendor's console"}
    ready.live(20)
    assert ready.settled().outcome is Outcome.RESIZED
    assert ready.state().pause is None


def test_an_operation_in_doubt_is_not_cancelled(ready: Any) -> None:
    ready.fault("UpdateInstance", "lost-reply")
    ready.hear(ready.alert())
    ready.submit()
    assert ready.operation().phase is Phase.DOUBT
    assert "is ordered already" in ready.say("cancel")["mistake"]
    ready.live(90)
    assert ready.settled().outcome is Outcome.RESIZED
    assert len(ready.orders()) == 1


def test_a_claim_in_flight_is_not_cancelled(ready: Any) -> None:
    """Between the claim and its verdict nobody knows."""
    ready.hear(ready.alert())
    said = []
    product = ready.around.product

    class Asking:
        """The product, beside which somebody cancels while the call is on its way."""

        def __init__(self, policy: Any) -> None:
            self._product = product(policy)

        def __getattr__(self, name: str) -> Any:
            return getattr(self._product, name)

        def submit(self, purchase: Any) -> str:
            """Order, and let the person speak first."""
            said.append(ready.say("cancel"))
            return str(self._product.submit(purchase))

    steps.submit(replace(ready.around, product=Asking), ready.which())
    assert said == [{"mistake": "operation 1 is ordered already; cancel it in the vendor's console"}]
    assert len(ready.orders()) == 1


def test_nothing_to_cancel_is_a_mistake_and_pauses_nothing(ready: Any) -> None:
    assert ready.say("cancel") == {"mistake": NOTHING}
    assert ready.state().pause is None
    assert ready.hear(ready.alert()).decision.code == "resize"


def test_after_a_resize_there_is_nothing_to_cancel_any_more(ready: Any) -> None:
    ready.hear(ready.alert())
    ready.live(20)
    assert ready.say("cancel") == {"mistake": NOTHING}


def test_a_cancel_that_comes_twice_is_told_so(ready: Any) -> None:
    ready.hear(ready.alert())
    ready.say("cancel")
    ready.live(5)
    assert ready.say("cancel") == {"mistake": NOTHING}
    assert ready.state().pause.until.isoformat() == "2026-03-02T13:10:00+00:00"


def test_a_cancel_leaves_a_longer_pause_as_it_is(ready: Any) -> None:
    ready.hear(ready.alert())
    ready.say("pause", caller="wang", reason="migration")
    ready.clock.advance(1)
    ready.say("cancel")
    ready.live(3 * 60)
    assert ready.orders() == []
    assert (ready.state().pause.by, ready.state().pause.until) == ("wang", None)


def test_a_question_that_is_cancelled_is_asked_no_more_for_an_hour(desk: Opens) -> None:
    at = desk()
    at.push({**at.orders_mq, "approval": {"when": ["up"]}}, at.edge)
    at.live(10)
    at.hear(at.alert())
    asked = at.state().approval.id
    at.say("cancel")
    assert at.state().approval is None
    assert at.say("approve", approval=asked) == {"mistake": "nothing of orders-mq is to be approved"}
    at.live(59)
    assert (at.state().approval, at.orders()) == (None, [])
    at.live(2)
    assert at.state().approval.id != asked


def test_after_an_approved_resize_there_is_nothing_to_cancel_any_more(desk: Opens) -> None:
    at = desk()
    at.push({**at.orders_mq, "approval": {"when": ["up"]}}, at.edge)
    at.live(10)
    at.hear(at.alert())
    at.say("approve")
    at.live(20)
    assert at.settled().outcome is Outcome.RESIZED
    assert at.say("cancel") == {"mistake": NOTHING}
    assert at.state().pause is None


def test_a_cancelled_operation_uses_no_budget_no_cooldown_and_no_slot(ready: Any) -> None:
    ready.hear(ready.alert())
    ready.say("cancel")
    ready.follow()
    assert (ready.state().spent, ready.state().last_resize(), ready.state().circuit) == ((), None, None)
    assert ready.around.fleet.state().slots == ()


def test_a_dry_cancel_says_what_it_would_do_and_does_not(ready: Any) -> None:
    ready.hear(ready.alert())
    answer = ready.say("cancel", dry_run=True)
    assert answer["told"] == "cancelled; nothing is ordered until 2026-03-02 13:10Z"
    ready.live(20)
    assert len(ready.orders()) == 1


def test_a_cancel_whose_rest_would_have_ended_already_is_a_mistake(ready: Any) -> None:
    ready.hear(ready.alert())
    answer = ready.say("cancel", until="2026-03-02T12:00:00Z")
    assert answer == {"mistake": "it would have ended already, at 2026-03-02 12:00Z"}
    assert ready.state().pause is None
