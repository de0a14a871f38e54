"""Approval: asked once, told, reminded; one yes is for one change, one order, and a while."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from tidegate.app import codec, steps
from tidegate.domain.facts import Decided
from tidegate.domain.operation import Outcome, Phase
from tidegate.domain.signal import AlertState

Opens = Callable[..., Any]
CALM = {"cooldown": {"up": "0s", "down": "0s"}}
HOUR = 60


def _opened(desk: Opens, policy: dict[str, Any] | None = None, **behaviour: Any) -> Any:
    """A desk at ten past noon, whose instance asks before it goes up."""
    at = desk(**behaviour)
    at.push({**at.orders_mq, **CALM, "approval": {"when": ["up"]}, **(policy or {})}, at.edge)
    at.live(10)
    return at


def _asked(desk: Opens, policy: dict[str, Any] | None = None, **behaviour: Any) -> Any:
    """A desk whose instance asks to go up to medium since ten past noon."""
    at = _opened(desk, policy, **behaviour)
    assert at.hear(at.alert()).decision.code == "approval"
    return at


def _reminded(at: Any, minutes: int) -> list[str]:
    """How long after the first message each of the following ones came, in hours and minutes."""
    assert len(at.messages) == 1
    told: list[str] = []
    for minute in range(1, minutes + 1):
        at.live(1)
        told += [f"{minute // HOUR}:{minute % HOUR:02}"] * (len(at.messages) - len(told) - 1)
    return told


def _answers(at: Any) -> list[Any]:
    facts = [codec.read_fact(record.fact) for record in at.around.ledger.records(at.key())]
    return [answer for fact in facts if isinstance(fact, Decided) for answer in fact.answers]


def test_nothing_is_ordered_before_somebody_says_yes(desk: Opens) -> None:
    at = _asked(desk)
    at.live(20 * HOUR)
    assert (at.orders(), at.started) == ([], [])


def test_it_is_asked_with_an_id_and_a_deadline_and_told_once(desk: Opens) -> None:
    at = _asked(desk)
    asked = at.state().approval
    assert (asked.from_rung, asked.to_rung) == ("small", "medium")
    assert asked.expires_at == at.clock.now() + timedelta(hours=24)
    at.live(60)
    ((kind, text),) = at.messages
    assert kind == "needs-person"
    assert text.startswith("orders-mq asks for your approval: small -> medium (the policy asks before every up).")
    assert f"`tidegate approve orders-mq --id {asked.id}`" in text
    assert at.state().approval == asked


def test_a_question_is_reminded_of_in_time_and_an_hour_before_it_ends(desk: Opens) -> None:
    at = _asked(desk)
    assert _reminded(at, 24 * HOUR - 1) == ["4:00", "8:00", "12:00", "16:00", "20:00", "23:00"]


def test_a_question_that_is_asked_ahead_of_a_window_is_reminded_of_as_well(desk: Opens) -> None:
    """It can be answered at a time when people are awake."""
    at = _opened(desk, {"resize_windows": {"up": [{"from": "02:00", "to": "04:00"}]}})
    assert at.hear(at.alert()).decision.code == "window"
    assert _reminded(at, 13 * HOUR) == ["4:00", "8:00", "12:00"]
    at.say("approve")
    at.live(2 * HOUR)
    assert at.settled().to_rung == "medium"
    assert f"{at.settled().planned_at:%H:%M}" == "02:00"


def test_an_ack_quiets_the_question_and_does_not_answer_it(desk: Opens) -> None:
    at = _asked(desk)
    at.say("ack")
    at.live(12 * HOUR)
    assert (len(at.messages), at.orders()) == (1, [])
    at.say("approve")
    at.live(20)
    assert len(at.orders()) == 1


def test_a_yes_is_ordered(desk: Opens) -> None:
    at = _asked(desk)
    answer = at.say("approve", caller="wang")
    assert answer["decision"] == "resize"
    assert answer["told"].startswith(
        f"approved small -> medium ({at.state().approval.id}), good until 2026-03-03 12:10Z"
    )
    at.live(20)
    assert (at.settled().outcome, at.settled().to_rung) == (Outcome.RESIZED, "medium")
    assert len(at.orders()) == 1


def test_who_said_yes_and_when_is_in_the_ledger(desk: Opens) -> None:
    at = _asked(desk)
    at.live(7)
    at.say("approve", caller="wang@example")
    asked = at.state().approval
    assert (asked.by, asked.at) == ("wang@example", at.clock.now())
    at.submit()
    assert (at.operation().approved_by, at.state().approval.used_by) == ("wang@example", 1)
    said = [answer.what for answer in _answers(at) if answer.what.startswith("approve")]
    assert said == ["approve by wang@example"]


def test_a_yes_may_name_what_it_is_for(desk: Opens) -> None:
    at = _asked(desk)
    answer = at.say("approve", approval=at.state().approval.id, to="medium")
    assert answer["decision"] == "resize"
    assert _answers(at)[0].what == f"approve to medium {at.state().approval.id} by li"


def _mistake(at: Any, caplog: pytest.LogCaptureFixture, **over: Any) -> str:
    """Why an approval is turned down: the one thing that is answered, and logged."""
    caplog.clear()
    caplog.set_level(logging.INFO, "tidegate")
    answer = at.say("approve", **over)
    assert list(answer) == ["mistake"]
    assert any("mistake" in record.getMessage() for record in caplog.records)
    return str(answer["mistake"])


def test_a_yes_to_nothing_says_so(desk: Opens, caplog: pytest.LogCaptureFixture) -> None:
    at = _opened(desk)
    assert _mistake(at, caplog) == "nothing of orders-mq is to be approved"


def test_a_second_yes_says_who_was_first_and_orders_nothing_more(desk: Opens, caplog: pytest.LogCaptureFixture) -> None:
    at = _asked(desk)
    asked = at.state().approval.id
    at.say("approve", caller="wang")
    why = f"small -> medium ({asked}) was approved already, by wang at 2026-03-02 12:10Z"
    assert _mistake(at, caplog, approval=asked) == why
    at.live(20)
    why = f"small -> medium ({asked}) was approved by wang, and used by operation 1"
    assert _mistake(at, caplog) == why
    assert len(at.orders()) == 1


def test_a_late_yes_says_so_and_orders_nothing(desk: Opens, caplog: pytest.LogCaptureFixture) -> None:
    """Nobody has come by since: the question is still the old one."""
    at = _asked(desk)
    asked = at.state().approval.id
    at.clock.advance(24 * 3600)
    why = f"small -> medium ({asked}) was to be approved by 2026-03-03 12:10Z: too late"
    assert _mistake(at, caplog, approval=asked) == why
    at.live(30)
    assert at.orders() == []


def test_a_yes_to_a_question_that_was_asked_anew_since_says_so(desk: Opens, caplog: pytest.LogCaptureFixture) -> None:
    at = _asked(desk)
    old = at.state().approval.id
    at.live(24 * HOUR + 1)
    new = at.state().approval.id
    assert new != old
    why = f"`{old}` is no longer asked; what is asked now is small -> medium ({new})"
    assert _mistake(at, caplog, approval=old) == why
    assert at.orders() == []


@pytest.mark.parametrize(
    ("over", "why"),
    [
        ({"approval": "ffffffff"}, "`ffffffff` is no longer asked; what is asked now is small -> medium ({})"),
        ({"to": "large"}, "what is asked is small -> medium ({}), not large"),
    ],
)
def test_a_yes_to_another_change_says_what_is_asked(
    desk: Opens, caplog: pytest.LogCaptureFixture, over: dict[str, str], why: str
) -> None:
    at = _asked(desk)
    assert _mistake(at, caplog, **over) == why.format(at.state().approval.id)
    at.live(30)
    assert (at.state().approval.at, at.orders()) == (None, [])


# Void


def test_a_yes_is_void_when_the_demand_has_changed(desk: Opens) -> None:
    at = _asked(desk, {"alerts": [{"rule": "rabbit-tps-high", "raise": 1}, {"rule": "more", "at_least": "large"}]})
    old = at.state().approval.id
    at.hear(at.alert("more", rule="more"))
    asked = at.state().approval
    assert (asked.to_rung, asked.id == old) == ("large", False)
    assert at.say("approve", approval=old)["mistake"].startswith(f"`{old}` is no longer asked")


def test_a_yes_for_what_nobody_wants_any_more_is_void_and_does_not_come_back(desk: Opens) -> None:
    at = _opened(desk, {"resize_windows": {"up": [{"from": "18:00", "to": "20:00"}]}, "release_after": "1m"})
    at.hear(at.alert("rings"))
    at.say("approve")
    at.hear(at.alert("calm", AlertState.OK))
    at.live(10)
    assert at.state().approval is None
    at.hear(at.alert("rings again"))
    assert at.state().approval.at is None
    at.live(8 * HOUR)
    assert at.orders() == []


def test_a_yes_is_void_when_the_demand_changes_between_plan_and_claim(desk: Opens) -> None:
    at = _asked(desk, {"alerts": [{"rule": "rabbit-tps-high", "raise": 1}, {"rule": "more", "at_least": "large"}]})
    at.say("approve")
    at.hear(at.alert("more", rule="more"))
    assert at.operation().to_rung == "medium"
    assert at.follow() == ["submit", "settle", "done"]
    assert at.settled().outcome is Outcome.CANCELLED
    assert at.calls("UpdateInstance") == []
    assert (at.state().approval.to_rung, at.state().approval.at) == ("large", None)


def test_a_yes_that_was_not_used_in_time_is_asked_for_again(desk: Opens) -> None:
    at = _asked(desk, {"approval": {"when": ["up"], "expires": "1h"}})
    at.say("approve")
    at.say("pause", **{"for": "2h"})
    at.follow()
    assert at.settled().outcome is Outcome.CANCELLED
    at.live(3 * HOUR)
    assert at.orders() == []
    assert at.state().approval.at is None


def test_a_yes_outlasts_a_pause_that_ends_in_time(desk: Opens) -> None:
    at = _asked(desk)
    at.say("approve")
    at.say("pause", **{"for": "2h"})
    at.follow()
    at.live(3 * HOUR)
    assert at.settled().outcome is Outcome.RESIZED
    assert len(at.orders()) == 1


# Used once


def test_a_second_resize_asks_anew(desk: Opens) -> None:
    at = _asked(desk, {"release_after": "1m"})
    at.say("approve")
    first = at.state().approval.id
    at.live(20)
    at.hear(at.alert("calm", AlertState.OK))
    at.live(20)
    assert at.state().rung == "small"
    assert at.hear(at.alert("again")).decision.code == "approval"
    second = at.state().approval
    assert (second.id == first, second.at) == (False, None)
    at.live(HOUR)
    assert len(at.orders()) == 2


def test_a_yes_carries_its_operation_through_attempts_that_were_refused_for_now(desk: Opens) -> None:
    at = _asked(desk, {"approval": {"when": ["up"], "expires": "5m"}}, topic_migrating_refusals=6)
    at.say("approve")
    at.live(HOUR)
    assert (at.settled().outcome, at.settled().attempts) == (Outcome.RESIZED, 7)
    assert len(at.orders()) == 1
    assert len([text for kind, text in at.messages if "asks for your approval" in text]) == 1


def test_a_yes_of_an_operation_that_came_to_nothing_is_not_good_for_the_next(desk: Opens) -> None:
    at = _asked(desk)
    at.fault("UpdateInstance", "error-before", status=400, code="InvalidParameter", message="no")
    at.say("approve")
    at.live(10)
    assert at.settled().outcome is Outcome.REFUSED
    at.say("ack")
    assert at.state().stance.code == "approval"
    at.live(HOUR)
    assert (at.orders(), at.state().approval.at) == ([], None)


def test_an_approval_in_an_unanswered_order_is_for_that_order_alone(desk: Opens) -> None:
    at = _asked(desk)
    at.fault("UpdateInstance", "lost-reply")
    at.say("approve")
    assert at.submit() == "look15"
    assert at.operation().phase is Phase.DOUBT
    at.live(2 * HOUR)
    assert at.settled().outcome is Outcome.RESIZED
    assert len(at.orders()) == 1
    assert at.say("approve")["mistake"].endswith("and used by operation 1")


def test_two_submits_of_one_operation_place_one_order_by_one_yes(desk: Opens) -> None:
    at = _asked(desk)
    at.say("approve")
    which = at.which()
    assert steps.submit(at.around, which) == "look15"
    assert steps.submit(at.surroundings(), which) == "look15"
    assert len(at.orders()) == 1


# Subscriptions, refusals, and other guards


@pytest.mark.parametrize(("billing", "asks"), [("PRE_PAID", True), ("POST_PAID", False)])
def test_only_a_subscription_asks_before_it_is_made_smaller(desk: Opens, billing: str, *, asks: bool) -> None:
    at = desk(billing=billing, instance={"MaxPrivateTps": 3000})
    at.push({**at.orders_mq, **CALM, "subscription_down": "ask"}, at.edge)
    at.live(10)
    at.say("resize", to="medium", **{"for": "30m"})
    at.live(20)
    assert at.state().rung == "medium"
    at.live(20)
    assert (at.state().approval is not None) is asks
    if asks:
        assert at.state().stance.reason.endswith("vouchers): `tidegate approve orders-mq`")
        at.say("approve")
    at.live(20)
    assert at.state().rung == "small"


def test_a_no_orders_nothing_and_is_asked_again_no_sooner_than_in_an_hour(desk: Opens) -> None:
    at = _asked(desk)
    at.say("cancel")
    at.live(59)
    assert (at.state().approval, at.orders()) == (None, [])
    at.live(3)
    assert at.state().approval is not None
    assert at.orders() == []


def test_a_person_cannot_overrule_it_nor_approve_by_asking_for_the_rung(desk: Opens) -> None:
    at = _opened(desk)
    everything = ["cooldown", "budget", "window", "drift", "fit"]
    answer = at.say("resize", to="large", despite=everything, reason="now", **{"for": "8h"})
    assert answer["code"] == "approval"
    assert answer["approval"] == at.state().approval.id
    at.live(HOUR)
    assert at.orders() == []


def test_a_dry_yes_says_what_would_happen_and_is_not_kept(desk: Opens) -> None:
    at = _asked(desk)
    answer = at.say("approve", dry_run=True)
    assert (answer["decision"], answer["dry_run"]) == ("resize", True)
    at.live(30)
    assert (at.state().approval.at, at.orders()) == (None, [])


# With a metric that must bear the alert out


def _asked_on_proof(desk: Opens) -> Any:
    """A desk whose alert was borne out by its metric, and whose resize asks."""
    confirm = {"metric": "InstanceMaxTpsInMiunte", "above": 2700}
    at = _opened(desk, {"alerts": [{"rule": "rabbit-tps-high", "raise": 1, "confirm": confirm}]})
    at.use(tps=2900)
    at.live(5)
    assert at.hear(at.alert()).decision.code == "approval"
    return at


def test_a_metric_that_cannot_be_read_for_a_while_neither_voids_a_question_nor_asks_it_anew(desk: Opens) -> None:
    at = _asked_on_proof(desk)
    asked = at.state().approval
    at.fault("DescribeMetricLast", "error-before", times=None)
    at.reconcile(force=True)
    assert at.state().stance.code == "unmeasured"
    at.live(10)
    at.mend()
    at.live(10)
    assert (at.state().approval, len(at.messages)) == (asked, 1)


def test_a_load_that_comes_and_goes_does_not_flood_people_with_questions(desk: Opens) -> None:
    """The alert rings all the while: it is one change that is asked for, and one yes is good for it."""
    at = _asked_on_proof(desk)
    for _ in range(10):
        at.use(tps=2500)
        at.live(5)
        at.use(tps=2900)
        at.live(5)
    assert len(at.messages) == 1
    at.say("approve")
    at.live(30)
    assert at.state().rung == "medium"
    assert len(at.orders()) == 1


def test_a_yes_orders_nothing_while_the_metric_does_not_bear_the_alert_out(desk: Opens) -> None:
    at = _asked_on_proof(desk)
    at.use(tps=100)
    at.live(3)
    at.say("approve")
    at.live(120)
    assert at.orders() == []
