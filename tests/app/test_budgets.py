"""Budgets and cost, with the vendor's orders counted: so many a day, and none above the hard limit."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from tidegate.domain.operation import Outcome
from tidegate.domain.signal import AlertState

Opens = Callable[..., Any]
OK = AlertState.OK
CALM = {"cooldown": {"up": "0s", "down": "0s"}, "release_after": "1m"}


def _opened(desk: Opens, policy: dict[str, Any], **behaviour: Any) -> Any:
    """A desk at ten past noon, whose instance needs no rest."""
    at = desk(**behaviour)
    at.push({**at.orders_mq, **CALM, **policy}, at.edge)
    at.live(10)
    return at


def _budget(**limits: int) -> dict[str, Any]:
    return {"budget": {"ups_per_day": 9, "downs_per_day": 9, "reversals_per_day": 9, **limits}}


def _swing(at: Any, times: int) -> None:
    """The load comes and goes: an alert and, a quarter of an hour later, its end."""
    for _ in range(times):
        at.hear(at.alert(f"rings at {at.clock.now()}"))
        at.live(15)
        at.hear(at.alert(f"calm at {at.clock.now()}", OK))
        at.live(15)


def _ways(at: Any) -> list[str]:
    """The rungs that were ordered, one after the other."""
    return [settled.to_rung for settled in at.state().recent if settled.outcome is Outcome.RESIZED]


def _until(at: Any, text: str) -> None:
    at.live((datetime.fromisoformat(text) - at.clock.now()) / timedelta(minutes=1))


def test_of_an_instance_that_flaps_only_so_many_ups_are_ordered_a_day(desk: Opens) -> None:
    at = _opened(desk, _budget(ups_per_day=2))
    _swing(at, 4)
    assert _ways(at) == ["medium", "small", "medium", "small"]
    assert len(at.orders()) == 4
    assert at.state().spent[-1].operation == 4


def test_an_up_that_has_no_budget_left_is_told_and_begins_by_itself_the_next_day(desk: Opens) -> None:
    at = _opened(desk, _budget(ups_per_day=1))
    _swing(at, 1)
    told = len(at.messages)
    verdict = at.hear(at.alert("again"))
    assert verdict.decision.code == "budget"
    assert verdict.decision.reason == "1 of 1 ups of today are used; the next day begins at 2026-03-03 00:00Z"
    at.live(1)
    kind, text = at.messages[told]
    assert (kind, "--despite budget" in text) == ("held", True)
    _until(at, "2026-03-02T23:59:00+00:00")
    assert len(at.orders()) == 2
    at.live(20)
    assert _ways(at) == ["medium", "small", "medium"]


def test_the_day_is_the_instances_own(desk: Opens) -> None:
    """Midnight in Shanghai is at 16:00 in UTC."""
    at = _opened(desk, {**_budget(ups_per_day=1), "timezone": "Asia/Shanghai"})
    _swing(at, 1)
    at.hear(at.alert("again"))
    _until(at, "2026-03-02T15:59:00+00:00")
    assert len(at.orders()) == 2
    at.live(20)
    assert len(at.orders()) == 3


@pytest.mark.parametrize(
    ("begins", "midnight"),
    [
        ("2026-03-29T10:00:00+00:00", "2026-03-29T22:00:00+00:00"),  # a day of 23 hours
        ("2026-10-25T10:00:00+00:00", "2026-10-25T23:00:00+00:00"),  # a day of 25 hours
    ],
)
def test_a_day_on_which_the_clocks_are_changed_ends_when_its_midnight_comes(
    desk: Opens, begins: str, midnight: str
) -> None:
    at = desk()
    at.clock.advance((datetime.fromisoformat(begins) - at.clock.now()).total_seconds())
    at.push({**at.orders_mq, **CALM, **_budget(ups_per_day=1), "timezone": "Europe/Berlin"}, at.edge)
    at.live(10)
    _swing(at, 1)
    assert at.hear(at.alert("again")).decision.code == "budget"
    last_minute = datetime.fromisoformat(midnight) - timedelta(minutes=1)
    at.live((last_minute - at.clock.now()) / timedelta(minutes=1))
    assert len(at.orders()) == 2
    at.live(5)
    assert len(at.orders()) == 3


def test_too_many_reversals_keep_an_instance_that_flaps_up(desk: Opens) -> None:
    """Two reversals are one up and down and up again; the third, down, is held, and no up ever is."""
    at = _opened(desk, _budget(reversals_per_day=2))
    _swing(at, 2)
    assert _ways(at) == ["medium", "small", "medium"]
    assert at.state().stance.code == "budget"
    assert at.state().stance.reason.startswith("2 of 2 reversals of today are used, so it stays up")
    _until(at, "2026-03-02T23:59:00+00:00")
    assert len(at.orders()) == 3
    at.live(20)
    assert _ways(at) == ["medium", "small", "medium", "small"]


def test_downs_have_a_budget_of_their_own(desk: Opens) -> None:
    at = _opened(desk, _budget(downs_per_day=1))
    _swing(at, 2)
    assert (_ways(at), at.state().stance.code) == (["medium", "small", "medium"], "budget")
    answer = at.say("resize", to="large", **{"for": "8h"})
    assert answer["decision"] == "resize"


def test_a_budget_is_used_when_the_order_is_claimed_and_not_when_it_is_planned(desk: Opens) -> None:
    at = _opened(desk, _budget(ups_per_day=1))
    for number in range(5):
        at.hear(at.alert(f"rings-{number}"))
        at.say("pause")
        at.follow()
        assert at.settled().outcome is Outcome.CANCELLED
        at.say("unpause")
        assert at.state().operation is not None
    assert at.state().spent == ()
    at.live(20)
    assert len(at.orders()) == 1


def test_attempts_of_one_operation_use_it_once_however_many(desk: Opens) -> None:
    at = _opened(desk, _budget(ups_per_day=1), topic_migrating_refusals=5)
    at.hear(at.alert())
    at.live(40)
    assert (at.settled().outcome, at.settled().attempts) == (Outcome.RESIZED, 6)
    assert len(at.calls("UpdateInstance")) == 6
    assert len(at.orders()) == 1
    assert len(at.state().spent) == 1


def test_an_order_that_the_vendor_refused_has_used_it(desk: Opens) -> None:
    """So a refusal that comes again and again ends as well."""
    at = _opened(desk, _budget(ups_per_day=1))
    at.fault("UpdateInstance", "error-before", status=400, code="InvalidParameter", message="no")
    at.hear(at.alert())
    at.live(5)
    assert at.settled().outcome is Outcome.REFUSED
    assert len(at.state().spent) == 1
    at.say("ack")
    assert at.state().stance.code == "budget"
    at.live(60)
    assert at.orders() == []


def test_a_person_may_spend_more_than_the_budget_and_that_counts_too(desk: Opens) -> None:
    at = _opened(desk, _budget(ups_per_day=1))
    _swing(at, 1)
    over = {"to": "large", "for": "8h", "reason": "sale"}
    assert at.say("resize", **over)["code"] == "budget"
    assert at.say("resize", despite=["budget"], **over)["decision"] == "resize"
    at.live(20)
    assert _ways(at) == ["medium", "small", "large"]
    assert len(at.state().spent) == 3


# Cost


def _priced(at: Any, **limits: Any) -> dict[str, Any]:
    prices = {"small": 1.5, "medium": 3.0, "large": 6.0}
    ladder = [{**rung, "hourly_price": prices[rung["rung"]]} for rung in at.orders_mq["ladder"]]
    return {**at.orders_mq, **CALM, "ladder": ladder, **limits}


def test_above_the_hard_limit_nothing_is_ordered_for_anybody_and_people_are_told(desk: Opens) -> None:
    at = desk()
    at.push(_priced(at, cost={"hard": 5}), at.edge)
    at.live(10)
    everything = ["cooldown", "budget", "window", "drift", "fit"]
    answer = at.say("resize", to="large", despite=everything, reason="sale", **{"for": "8h"})
    assert (answer["code"], answer["reason"]) == ("cost", "large costs 6 an hour, above the hard limit of 5")
    at.live(60)
    assert at.orders() == []
    ((kind, text),) = at.messages
    assert (kind, "Raise `cost.hard` in the policy" in text) == ("held", True)


def test_just_the_hard_limit_is_ordered(desk: Opens) -> None:
    at = desk()
    at.push(_priced(at, cost={"hard": 6}), at.edge)
    at.live(10)
    at.say("resize", to="large", **{"for": "8h"})
    at.live(20)
    assert _ways(at) == ["large"]


def test_between_the_limits_a_person_is_asked_with_the_price(desk: Opens) -> None:
    at = desk()
    at.push(_priced(at, cost={"soft": 2, "hard": 5}), at.edge)
    at.live(10)
    verdict = at.hear(at.alert())
    assert verdict.decision.reason == (
        "small -> medium, 3 an hour is to be approved (above the soft limit of 2 an hour): `tidegate approve orders-mq`"
    )
    at.live(60)
    assert at.orders() == []
    at.say("approve")
    at.live(20)
    assert _ways(at) == ["medium"]


def test_a_price_that_went_up_between_the_yes_and_the_order_is_asked_for_again(desk: Opens) -> None:
    at = desk()
    at.push(_priced(at, cost={"soft": 2, "hard": 9}), at.edge)
    at.live(10)
    at.hear(at.alert())
    at.say("approve")
    dearer = _priced(at, cost={"soft": 2, "hard": 9})
    dearer["ladder"][1]["hourly_price"] = 3.5
    at.push(dearer, at.edge)
    assert at.follow() == ["submit", "settle", "done"]
    assert "3.5 an hour is to be approved" in at.settled().why
    assert at.calls("UpdateInstance") == []
    assert (at.state().approval.cost, at.state().approval.at) == (3.5, None)


def test_a_way_down_is_never_too_dear(desk: Opens) -> None:
    at = desk()
    at.push(_priced(at), at.edge)
    at.live(10)
    at.say("resize", to="large", **{"for": "30m"})
    at.live(20)
    at.push(_priced(at, cost={"soft": 0.5, "hard": 1}), at.edge)
    at.live(30)
    assert _ways(at) == ["large", "small"]
