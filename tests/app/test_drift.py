"""Drift: a colleague's change in the console is noticed, made sure of, and not fought."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from localcloud.world import Behaviour
from tidegate.app import steps
from tidegate.app.report.reasons import Explanation, explain
from tidegate.domain.operation import Outcome, Phase
from tidegate.domain.signal import AlertState

Opens = Callable[..., Any]
CALM = {"cooldown": {"up": "0s", "down": "0s"}}
APPLIED = 7
"""Minutes after which a change in the console is there."""
TURN = 61
"""Minutes within which every instance is read once."""


def _opened(desk: Opens, policy: dict[str, Any] | None = None, **behaviour: Any) -> Any:
    """A desk at ten past noon, whose instance stands on its small rung, which is home."""
    at = desk(**behaviour)
    at.push({**at.orders_mq, **CALM, **(policy or {})}, at.edge)
    at.live(10)
    return at


def _drifted(desk: Opens, rung: Any = "large", policy: dict[str, Any] | None = None, **behaviour: Any) -> Any:
    """A desk on which a colleague has resized the instance in the console, an hour ago."""
    at = _opened(desk, policy, **behaviour)
    at.by_hand(rung)
    at.live(APPLIED + TURN)
    return at


def _ours(at: Any) -> list[Any]:
    """The orders that are not the colleague's."""
    return [order for order in at.orders() if "wang" not in order.operator]


# Noticing it


def test_a_resize_in_the_console_is_seen_on_two_reads_and_then_held_and_told(desk: Opens) -> None:
    at = _drifted(desk)
    drift = at.state().drift
    assert (drift.rung, drift.sure) == ("large", True)
    why = f"somebody else resized it to large, seen {drift.at:%Y-%m-%d %H:%M}Z; `tidegate adopt orders-mq` to go on"
    assert (at.state().stance.code, at.state().stance.reason) == ("drift", why)
    ((kind, text),) = at.messages
    assert kind == "held"
    assert "Take over what is there with `tidegate adopt orders-mq`, or put it back" in text
    assert _ours(at) == []


def test_the_second_read_comes_a_minute_after_the_first(desk: Opens) -> None:
    at = _opened(desk)
    at.by_hand("large")
    at.live(APPLIED)
    at.reconcile(force=True)
    first = at.state().drift
    assert (first.at, first.sure) == (at.clock.now(), False)
    assert at.messages == []
    at.clock.advance(59)
    at.reconcile(force=True)
    assert at.state().drift == first
    at.clock.advance(1)
    at.live(1)
    assert at.state().drift.sure
    assert len(at.messages) == 1


def test_one_stale_read_is_no_drift_and_moves_nothing(desk: Opens) -> None:
    """Shortly after our own resize a read shows the old values again."""
    at = _opened(desk)
    at.hear(at.alert())
    at.live(20)
    assert at.state().rung == "medium"
    at.fault("GetInstance", "stale-read", age="15m")
    at.reconcile(force=True)
    assert (at.state().drift.sure, at.state().operation) == (False, None)
    at.live(3)
    assert (at.state().drift, at.state().stance.code) == (None, "as-wanted")
    at.live(TURN)
    assert (len(at.orders()), at.state().rung) == (1, "medium")
    assert not any("somebody else" in text for _, text in at.messages)


def test_an_alert_that_rings_between_a_stale_read_and_the_next_one_counts_from_the_settled_rung(desk: Opens) -> None:
    at = _opened(desk, {"alerts": [{"rule": "rabbit-tps-high", "raise": 1}, {"rule": "other", "raise": 1}]})
    at.hear(at.alert())
    at.live(20)
    at.fault("GetInstance", "stale-read", age="15m")
    at.reconcile(force=True)
    assert at.state().drift.rung == "small"
    at.hear(at.alert("second", rule="other"))
    assert {demand.rule: demand.rung for demand in at.state().demands}["other"] == "large"
    at.live(20)
    assert at.state().rung == "large"


def test_what_no_rung_names_is_nobodys_business(desk: Opens) -> None:
    at = _drifted(desk, {"SupportEip": False, "MaxEipTps": 0})
    assert (at.state().drift, at.state().stance.code) == (None, "as-wanted")
    assert at.messages == []


def test_a_change_that_is_still_being_applied_is_no_drift_yet(desk: Opens) -> None:
    at = _opened(desk, apply_takes="30m", new_values_before_completion=True, status_during_resize="UPDATING")
    at.by_hand("large")
    at.live(5)
    verdict = at.reconcile(force=True)
    assert (verdict.state.drift, verdict.decision.code) == (None, "unhealthy")


def test_a_drift_to_no_rung_is_held_with_the_fields_named(desk: Opens) -> None:
    at = _drifted(desk, {"MaxPrivateTps": 4000})
    assert (at.state().stance.code, at.state().drift.rung) == ("off-ladder", "")
    assert at.state().stance.reason == "matches no rung; nearest small: MaxPrivateTps 4000 != 3000"
    assert at.hear(at.alert()).decision.code == "off-ladder"
    at.live(30)
    assert _ours(at) == []


def test_a_colleague_who_puts_it_back_ends_it(desk: Opens) -> None:
    at = _drifted(desk)
    at.by_hand("small")
    at.live(APPLIED + TURN)
    assert (at.state().drift, at.state().stance.code) == (None, "as-wanted")
    assert _ours(at) == []


# `on_drift: hold`


@pytest.mark.parametrize("rung", ["medium", "large"])
def test_what_a_colleague_made_larger_is_not_made_smaller(desk: Opens, rung: str) -> None:
    at = _drifted(desk, rung)
    at.live(26 * 60)
    assert (at.state().rung, _ours(at)) == (rung, [])


def test_what_a_colleague_made_smaller_is_not_made_larger_for_what_was_wanted_before(desk: Opens) -> None:
    at = _opened(desk)
    at.hear(at.alert("before"))
    at.live(20)
    at.by_hand("small")
    at.live(APPLIED + TURN)
    assert (at.state().stance.code, at.state().rung) == ("drift", "small")
    at.hear(at.alert("rings on"))
    at.live(60)
    assert len(_ours(at)) == 1


def test_an_alert_that_rings_after_it_raises_the_instance(desk: Opens) -> None:
    at = _drifted(desk, "medium")
    assert at.hear(at.alert()).decision.code == "resize"
    at.live(20)
    assert (at.settled().from_rung, at.settled().to_rung) == ("medium", "large")
    assert len(_ours(at)) == 1


def test_after_our_own_resize_the_drift_is_over_and_it_goes_home_when_nothing_asks_for_more(desk: Opens) -> None:
    at = _drifted(desk, "medium", {"release_after": "1m"})
    at.hear(at.alert())
    at.live(20)
    assert at.state().drift is None
    at.hear(at.alert("calm", AlertState.OK))
    at.live(30)
    assert at.state().rung == "small"


def test_adopting_ends_it(desk: Opens) -> None:
    at = _drifted(desk)
    answer = at.say("adopt")
    assert answer["told"].startswith("adopted on large")
    assert (at.state().home, at.state().drift, at.state().last_set["MaxPrivateTps"]) == ("large", None, 8000)
    at.live(26 * 60)
    assert (at.state().stance.code, _ours(at)) == ("as-wanted", [])
    at.say("resize", to="small", **{"for": "30m"})
    at.live(60)
    assert [settled.to_rung for settled in at.state().recent] == ["small", "large"]


def test_a_person_lowers_it_despite_drift_and_so_adopts_it(desk: Opens) -> None:
    at = _drifted(desk)
    over = {"to": "small", "for": "8h", "reason": "agreed with wang"}
    assert at.say("resize", **over)["code"] == "drift"
    assert at.say("resize", despite=["drift"], **over)["decision"] == "resize"
    assert at.state().drift is None
    at.live(20)
    assert (at.state().rung, len(_ours(at))) == ("small", 1)


def test_what_is_undone_after_it_was_asked_for_despite_everything_is_ordered_once(desk: Opens) -> None:
    at = _opened(desk)
    everything = ["cooldown", "budget", "window", "drift", "fit"]
    asked = at.say("resize", to="large", despite=everything, reason="the sale", **{"for": "30h"})
    assert asked["decision"] == "resize"
    at.live(30)
    assert (at.state().rung, len(_ours(at))) == ("large", 1)
    at.by_hand("small")
    at.live(26 * 60)
    assert len(_ours(at)) == 1
    assert at.state().stance.reason.startswith("it is small again: after operation 1 somebody else, or the vendor")
    assert "took it back" in at.messages[-1][1]
    explained = explain(at.around, "orders-mq")
    assert isinstance(explained, Explanation)
    (said,) = (claim.why for claim in explained.claims if claim.who == "override")
    assert said.endswith("despite cooldown, budget, window, drift, fit until it was there: the sale")
    # Whoever still wants it says so once more.
    assert at.say("resize", to="large", despite=["drift"], reason="once more", **{"for": "4h"})["decision"] == "resize"
    at.live(30)
    assert (at.state().rung, len(_ours(at))) == ("large", 2)


def test_it_is_told_again_and_again_while_it_holds(desk: Opens) -> None:
    at = _drifted(desk)
    at.live(13 * 60)
    assert 3 <= len(at.messages) <= 4
    at.say("ack")
    at.live(13 * 60)
    assert len(at.messages) <= 4


# `on_drift: {keep_for: ...}` and `adopt`


def test_kept_it_becomes_an_override_of_the_console_that_ends_and_then_everything_goes_on(desk: Opens) -> None:
    at = _drifted(desk, policy={"on_drift": {"keep_for": "6h"}})
    override = at.state().override
    assert (override.rung, override.by, override.reason) == ("large", "the console", "somebody else resized it")
    assert at.state().stance.reason.startswith("large as wanted by override by the console until ")
    at.live((override.until - at.clock.now()) / timedelta(minutes=1) - 1)
    assert (at.state().rung, at.state().operation) == ("large", None)
    at.live(20)
    assert (at.state().rung, at.state().override, at.state().drift) == ("small", None, None)
    assert len(_ours(at)) == 1
    at.hear(at.alert())
    at.live(20)
    assert at.state().rung == "medium"


def test_a_person_may_end_what_is_kept(desk: Opens) -> None:
    at = _drifted(desk, policy={"on_drift": {"keep_for": "6h"}})
    assert at.say("release")["decision"] == "resize"
    at.live(20)
    assert at.state().rung == "small"


def test_adopted_by_the_policy_it_is_home(desk: Opens) -> None:
    at = _drifted(desk, policy={"on_drift": "adopt"})
    assert (at.state().home, at.state().drift, at.messages) == ("large", None, [])
    at.live(26 * 60)
    assert _ours(at) == []


@pytest.mark.parametrize("rule", [{"keep_for": "6h"}, "adopt"])
@pytest.mark.parametrize(("bounds", "rung"), [({"max": "medium"}, "large"), ({"min": "medium"}, "small")])
def test_outside_the_bounds_it_is_held_whatever_the_policy_makes_of_drift(
    desk: Opens, rule: Any, bounds: dict[str, str], rung: str
) -> None:
    at = _opened(desk)
    at.say("resize", to="medium", **{"for": "1h"})
    at.live(20)
    at.say("adopt")
    at.push({**at.orders_mq, **CALM, **bounds, "on_drift": rule}, at.edge)
    at.live(3)
    at.by_hand(rung)
    at.live(APPLIED + TURN)
    assert (at.state().stance.code, at.state().home, at.state().override) == ("drift", "medium", None)
    assert len(_ours(at)) == 1


# In the middle of an operation


def test_a_change_in_the_console_before_the_claim_cancels_what_was_planned(desk: Opens) -> None:
    at = _opened(desk, apply_takes="0s")
    at.hear(at.alert())
    assert at.operation().phase is Phase.PLANNED
    at.by_hand("large")
    at.clock.advance(60)
    assert at.follow() == ["submit", "settle", "done"]
    assert at.settled().outcome is Outcome.CANCELLED
    assert at.settled().why.startswith("not ordered: somebody else resized it to large")
    assert at.calls("UpdateInstance") == []
    at.live(5)
    assert (at.state().drift.rung, at.state().drift.sure) == ("large", True)
    at.live(60)
    assert _ours(at) == []


def test_a_colleague_who_did_just_what_was_planned_saves_an_order(desk: Opens) -> None:
    at = _opened(desk, apply_takes="0s")
    at.hear(at.alert())
    at.by_hand("medium")
    at.clock.advance(60)
    at.follow()
    assert at.settled().why == "not ordered: medium as wanted by rabbit-tps-high"
    at.live(90)
    assert (at.state().rung, _ours(at)) == ("medium", [])


# Our own resizes


def _no_drift_of_ours(at: Any, minutes: int) -> None:
    """Live, and see that we never take our own doing for somebody else's."""
    for _ in range(minutes):
        at.live(1)
        assert at.state().drift is None
        if at.state().operation is None:
            at.reconcile(force=True)
            assert at.state().drift is None, at.state().drift


OPEN_QUESTIONS: list[dict[str, Any]] = [
    {},
    {"rounding": "up"},
    {"new_values_before_completion": True, "apply_takes": "20m"},
    {"new_values_before_completion": True, "apply_takes": "20m", "status_during_resize": "SERVING"},
    {"order_visible_after": "30m"},
    {"order_visible_after": "never"},
    {"rolls_back": True, "new_values_before_completion": True, "status_during_resize": "UPDATING"},
    {"omitted_field": "reset"},
    {"status_case": "lower"},
    {"topic_migrating_refusals": 2},
]


@pytest.mark.parametrize("behaviour", OPEN_QUESTIONS, ids=str)
def test_our_own_resize_is_never_taken_for_somebody_elses(desk: Opens, behaviour: dict[str, Any]) -> None:
    assert Behaviour.model_validate(behaviour)
    at = _opened(desk, **behaviour)
    at.hear(at.alert())
    _no_drift_of_ours(at, 150)
    assert at.settled().to_rung == "medium"
    assert len(at.orders()) == 1


def test_values_that_the_vendor_rounded_are_our_own_doing(desk: Opens) -> None:
    odd = [{"rung": "small", "MaxPrivateTps": 3000}, {"rung": "odd", "MaxPrivateTps": 4500}]
    at = _opened(desk, {"ladder": odd}, rounding="up")
    at.hear(at.alert())
    _no_drift_of_ours(at, 150)
    assert at.settled().outcome is Outcome.SETTLED_ELSEWHERE
    assert len(at.orders()) == 1


def test_up_and_down_again_leaves_no_drift(desk: Opens) -> None:
    at = _opened(desk)
    at.say("resize", to="large", **{"for": "1h"})
    _no_drift_of_ours(at, 120)
    assert [settled.to_rung for settled in at.state().recent] == ["large", "small"]


# Adopting what is on no rung


OFF = {"MaxPrivateTps": 4000, "QueueCapacity": 300, "MaxConnections": 2500}


def _adopted(desk: Opens, spec: dict[str, int] | None = None, **policy: Any) -> Any:
    """A desk whose instance was put off the ladder by a colleague, and adopted there."""
    at = _drifted(desk, spec or OFF, {"release_after": "1m", **policy})
    answer = at.say("adopt")
    assert answer["told"].startswith("adopted as it was found, off the ladder")
    return at


def test_adopted_off_the_ladder_it_stays_as_it_was_found_and_nobody_is_told_any_more(desk: Opens) -> None:
    at = _adopted(desk)
    told = len(at.messages)
    at.live(26 * 60)
    assert (at.state().stance.code, len(at.messages), _ours(at)) == ("as-wanted", told, [])


def test_from_off_the_ladder_an_alert_raises_it_to_the_next_rung_and_it_goes_on_from_there(desk: Opens) -> None:
    at = _adopted(desk)
    assert at.hear(at.alert("rings")).decision.code == "resize"
    at.live(20)
    assert (at.settled().from_rung, at.settled().to_rung) == ("as found", "medium")
    assert at.settled().outcome is Outcome.RESIZED
    at.hear(at.alert("calm", AlertState.OK))
    at.live(20)
    at.hear(at.alert("rings again"))
    at.live(20)
    assert at.state().rung == "large"
    at.say("resize", to="small", **{"for": "8h"})
    at.live(20)
    assert at.state().rung == "small"
    assert not any("home is not known" in text for _, text in at.messages)


def test_from_off_the_ladder_a_person_may_take_it_down_to_a_rung_that_fits(desk: Opens) -> None:
    at = _adopted(desk)
    at.use(queues=150)
    answer = at.say("resize", to="small", **{"for": "8h"})
    assert answer["decision"] == "resize"
    at.live(20)
    assert (at.settled().to_rung, len(_ours(at))) == ("small", 1)


def test_from_off_the_ladder_a_change_that_would_raise_and_lower_is_held_with_the_fields_named(desk: Opens) -> None:
    at = _adopted(desk, {"MaxPrivateTps": 9000, "QueueCapacity": 300, "MaxConnections": 2500})
    answer = at.say("resize", to="medium", **{"for": "8h"})
    assert answer["code"] == "off-ladder"
    assert "QueueCapacity 300 -> 400" in answer["reason"]
    assert "MaxPrivateTps 9000 -> 5000" in answer["reason"]
    at.live(60)
    assert _ours(at) == []


def test_an_alert_never_makes_an_instance_smaller_that_was_adopted_above_the_ladder(desk: Opens) -> None:
    at = _adopted(desk, {"MaxPrivateTps": 9000, "QueueCapacity": 2000, "MaxConnections": 9000})
    assert at.hear(at.alert()).decision.code == "as-wanted"
    at.live(60)
    assert _ours(at) == []


# After attempts that came to nothing


def test_a_change_in_the_console_between_two_attempts_is_noticed_all_the_same(desk: Opens) -> None:
    """The vendor refused the first attempt for now; a colleague was quicker than the second."""
    at = _opened(desk, topic_migrating_refusals=1, apply_takes="0s")
    at.hear(at.alert())
    with pytest.raises(steps.InstanceUpgradeOrDownGradeTopicMigrating):
        at.submit()
    at.by_hand("large")
    at.live(10)
    assert at.settled().outcome is Outcome.CANCELLED
    assert (at.state().drift.rung, at.state().stance.code) == ("large", "drift")
    at.live(26 * 60)
    assert (at.state().rung, _ours(at)) == ("large", [])


def test_an_order_that_was_cancelled_leaves_a_colleagues_change_for_what_it_is(desk: Opens) -> None:
    at = _drifted(desk, "medium", {"release_after": "1m"}, wait_for_payment=True)
    first = at.state().drift
    at.hear(at.alert("rings"))
    at.live(3)
    order = _ours(at)[0].order_id
    at.server.run(lambda: at.server.cloud.orders.cancel(order))
    at.live(20)
    assert at.settled().outcome is Outcome.ORDER_CANCELLED
    at.say("ack")
    at.hear(at.alert("calm", AlertState.OK))
    at.live(60)
    assert (at.state().drift, at.state().rung, at.state().stance.code) == (first, "medium", "drift")
    assert len(_ours(at)) == 1
