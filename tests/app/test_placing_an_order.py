"""What people will trust with money: whatever goes wrong around the one call, never two orders, and a named outcome."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tidegate.app import codec, steps
from tidegate.app.steps.placing import token_of
from tidegate.domain.facts import Claimed
from tidegate.domain.follow import DOUBT_LASTS, VERDICT_DUE
from tidegate.domain.operation import Attempt, Outcome, Phase, Verdict
from tidegate.domain.reading import Purchase
from tidegate.ledger.ledger import Ledger
from tidegate.ledger.shelf import Unprotected

Opens = Callable[..., Any]


def bought(at: Any) -> int:
    """How many orders the vendor has booked."""
    return len(at.orders())


def after_an_earlier_success(at: Any) -> None:
    """Let a search in billing find an order of ours once, so that it can be trusted to find the next."""
    at.hear(at.request("medium", hours=1))
    at.follow()
    assert "rabbitmq" in at.around.fleet.state().proven
    at.clock.advance(2 * 3600)
    at.reconcile()
    at.follow()
    assert at.state().rung == "small"
    at.clock.advance(2 * 3600)


@pytest.mark.parametrize("token", ["idempotent", "ignored"])
def test_a_reply_lost_after_the_effect_is_looked_for_and_never_ordered_again(desk: Opens, token: str) -> None:
    at = desk(client_token=token)
    at.fault("UpdateInstance", "lost-reply")
    at.hear(at.alert())
    assert at.submit() == "look15"
    assert at.operation().phase is Phase.DOUBT
    at.follow()
    assert at.settled().outcome is Outcome.RESIZED
    assert bought(at) == 1
    assert len(at.calls("UpdateInstance")) == 1


def test_a_request_lost_before_the_effect_is_ordered_again_once_it_is_sure_that_nothing_stands(desk: Opens) -> None:
    at = desk()
    after_an_earlier_success(at)
    at.fault("UpdateInstance", "lost-request")
    before = bought(at)
    at.hear(at.alert())
    started = at.clock.now()
    at.follow()
    settled = at.settled()
    assert (settled.outcome, settled.attempts) == (Outcome.RESIZED, 2)
    assert bought(at) == before + 1
    assert settled.at - started > timedelta(minutes=45)


def test_without_a_search_that_ever_found_an_order_doubt_stays_doubt_and_a_person_is_asked(desk: Opens) -> None:
    at = desk()
    at.fault("UpdateInstance", "lost-request")
    at.hear(at.alert())
    assert at.follow()[-1] == "handover"
    assert at.operation().phase is Phase.DOUBT
    assert "Order in doubt" in at.asked()[0]
    assert bought(at) == 0
    assert len(at.operation().attempts) == 1


def unpaid_and_unheard(at: Any, rung: str) -> int:
    """Ask for a rung; the order stands, is not paid, and its reply is lost. Gives how many orders there are then."""
    at.behave(wait_for_payment=True)
    at.fault("UpdateInstance", "lost-reply")
    at.hear(at.request(rung, hours=20))
    at.submit()
    assert at.operation().phase is Phase.DOUBT
    return bought(at)


def test_our_order_in_words_that_do_not_fit_is_not_ordered_again(desk: Opens) -> None:
    """The vendor sells 5000 for 4500, keeps no token, and takes a second order beside an unpaid one."""
    at = desk(client_token="ignored", unpaid_blocks_next=False, rounding="up")
    ladder = [*at.orders_mq["ladder"][:1], {**at.orders_mq["ladder"][1], "rung": "odd", "MaxPrivateTps": 4500}]
    after_an_earlier_success(at)
    at.push({**at.orders_mq, "ladder": [*ladder, at.orders_mq["ladder"][2]]}, at.edge)
    before = unpaid_and_unheard(at, "odd")
    at.follow()
    assert bought(at) == before
    assert at.operation().phase is Phase.DOUBT
    assert f"of this instance also {at.orders()[-1].order_id}" in at.asked()[-1]


def test_a_search_is_not_proven_by_an_order_in_words_that_do_not_fit(desk: Opens) -> None:
    at = desk(rounding="up")
    ladder = [*at.orders_mq["ladder"][:1], {**at.orders_mq["ladder"][1], "rung": "odd", "MaxPrivateTps": 4500}]
    at.push({**at.orders_mq, "ladder": [*ladder, at.orders_mq["ladder"][2]]}, at.edge)
    at.hear(at.request("odd", hours=20))
    at.follow()
    assert bought(at) == 1
    assert "rabbitmq" not in at.around.fleet.state().proven


ODD_SEARCHES: dict[str, dict[str, Any]] = {
    "no data": {"Data": None},
    "no list, and orders": {"Data": {"OrderList": None}},
    "an empty list, and orders": {"Data": {"OrderList": {"Order": []}}},
    "success and failure": {"Code": "InternalError", "Data": {"TotalCount": 0, "OrderList": {"Order": []}}},
}


@pytest.mark.parametrize("odd", ODD_SEARCHES.values(), ids=list(ODD_SEARCHES))
def test_a_search_that_is_answered_oddly_does_not_let_us_order_again(desk: Opens, odd: dict[str, Any]) -> None:
    at = desk(client_token="ignored", unpaid_blocks_next=False, order_visible_after="30s")
    after_an_earlier_success(at)
    at.fault("QueryOrders", "odd-answer", times=None, answer=odd)
    before = unpaid_and_unheard(at, "large")
    at.follow()
    assert bought(at) == before
    assert at.operation().phase is Phase.DOUBT


def test_a_search_does_not_grow_with_what_the_account_orders_later(desk: Opens) -> None:
    """Each order that it finds costs a call; a function has 60 s for all of them, and days may pass."""
    at = desk(more=1)
    at.fault("UpdateInstance", "lost-request")
    at.hear(at.alert())
    at.submit()
    at.clock.advance(3600)
    estate = at.server.cloud.estate
    for tps in range(4000, 9000, 500):
        at.server.run(lambda tps=tps: estate.resize_by_hand("amqp-cn-more0001", {"MaxPrivateTps": tps}, "user/wang"))
    assert len(at.orders()) == 10
    at.clock.advance(600)
    at.look()
    assert at.operation().evidence.searched
    assert at.calls("GetOrderDetail") == []


def test_an_order_that_is_never_visible_is_no_proof_that_none_stands(desk: Opens) -> None:
    """The instance gets there, billing never shows the order: not called ours, and not ordered again."""
    at = desk(order_visible_after="never")
    at.hear(at.alert())
    at.follow()
    assert at.settled().outcome is Outcome.RESIZED_ELSEWHERE
    assert bought(at) == 1


def test_an_order_that_shows_late_is_waited_for(desk: Opens) -> None:
    at = desk(order_visible_after="30m")
    at.fault("UpdateInstance", "lost-reply")
    at.hear(at.alert())
    at.follow()
    assert at.settled().outcome is Outcome.RESIZED
    assert bought(at) == 1


@pytest.mark.parametrize("fault", ["error-after", "hang"])
def test_a_server_error_or_a_timeout_after_the_effect_is_doubt(desk: Opens, fault: str) -> None:
    at = desk()
    at.fault("UpdateInstance", fault, seconds=5)
    at.hear(at.alert())
    at.submit()
    assert at.operation().attempts[0].verdict is Verdict.UNANSWERED
    at.follow()
    assert at.settled().outcome is Outcome.RESIZED
    assert bought(at) == 1


def test_two_submits_at_once_make_one_call(desk: Opens) -> None:
    at = desk()
    at.hear(at.alert())
    which = at.which()
    desks = [at.surroundings() for _ in range(6)]
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda around: steps.submit(around, which), desks))
    assert set(answers) == {"look15"}
    assert len(at.calls("UpdateInstance")) == 1
    at.follow()
    assert at.settled().outcome is Outcome.RESIZED
    assert bought(at) == 1


def test_killed_between_claim_and_call_nothing_is_sent_until_the_doubt_is_cleared(desk: Opens) -> None:
    at = desk()
    after_an_earlier_success(at)
    before = bought(at)
    at.hear(at.alert())
    claim_and_die(at)
    assert at.submit() == "look15"
    assert at.look() == "look30"
    at.clock.advance(91)
    at.look()
    assert at.operation().attempts[0].verdict is Verdict.UNANSWERED
    at.follow()
    assert at.settled().outcome is Outcome.RESIZED
    assert bought(at) == before + 1


def test_killed_between_call_and_verdict_the_order_is_found_and_followed(desk: Opens) -> None:
    at = desk()
    at.hear(at.alert())
    claimed = claim_and_die(at)
    operation = claimed.state.operation
    instance = at.around.product(claimed.policy)
    instance.submit(purchase_of(claimed.policy, operation))
    at.clock.advance(95)
    at.follow()
    assert at.settled().outcome is Outcome.RESIZED
    assert bought(at) == 1


def test_a_process_that_was_frozen_after_its_claim_does_not_call(desk: Opens) -> None:
    """A function instance may be frozen at any point and wake up later."""
    at = desk()
    at.hear(at.alert())
    late = at.surroundings(now=Frozen(at))
    assert steps.submit(late, at.which()) == "look15"
    assert at.operation().attempts[0].verdict is Verdict.UNSENT
    assert at.calls("UpdateInstance") == []
    at.clock.advance(60)
    at.follow()
    assert at.settled().outcome is Outcome.RESIZED
    assert bought(at) == 1


def test_refused_first_and_unanswered_second_is_doubt_not_refusal(desk: Opens) -> None:
    at = desk(topic_migrating_refusals=1)
    at.hear(at.alert())
    with pytest.raises(steps.InstanceUpgradeOrDownGradeTopicMigrating):
        at.submit()
    assert at.operation().phase is Phase.WAITING
    at.clock.advance(30)
    at.fault("UpdateInstance", "lost-reply")
    assert at.submit() == "look15"
    verdicts = [attempt.verdict for attempt in at.operation().attempts]
    assert verdicts == [Verdict.REFUSED_FOR_NOW, Verdict.UNANSWERED]
    assert at.operation().attempts[0].token == at.operation().attempts[1].token
    at.follow()
    assert at.settled().outcome is Outcome.RESIZED
    assert bought(at) == 1


def test_unanswered_first_and_refused_second_is_doubt_until_it_is_clear_again_that_none_stands(desk: Opens) -> None:
    """That the second attempt was refused says nothing of the first. It is not submitted a third time."""
    at = desk()
    after_an_earlier_success(at)
    at.fault("UpdateInstance", "lost-request")
    at.fault("UpdateInstance", "error-before", nth=2, code="InvalidParameter", status=400)
    at.hear(at.alert())
    before, orders = at.clock.now(), bought(at)
    assert at.follow()[-1] == "done"
    assert at.settled().outcome is Outcome.UNCHANGED
    assert at.settled().attempts == 2
    assert at.clock.now() - before >= 2 * DOUBT_LASTS
    assert bought(at) == orders
    assert at.state().circuit is not None
    assert any("submitted twice" in text for _, text in at.messages)


def test_topic_migrating_is_repeated_until_it_passes(desk: Opens) -> None:
    at = desk(topic_migrating_refusals=6)
    at.hear(at.alert())
    at.follow()
    settled = at.settled()
    assert (settled.outcome, settled.attempts) == (Outcome.RESIZED, 7)
    assert bought(at) == 1


@pytest.mark.parametrize(
    ("code", "status"),
    [("InvalidParameter", 400), ("SomethingNobodyKnows", 400), ("INSUFFICIENT_AVAILABLE_QUOTA", 400)],
)
def test_a_refusal_ends_the_operation_keeps_the_code_and_tells_a_person(desk: Opens, code: str, status: int) -> None:
    at = desk()
    at.fault("UpdateInstance", "error-before", code=code, status=status, message="no such thing")
    at.hear(at.alert())
    assert at.submit() == "settle"
    steps.settle(at.around, steps.Which("orders-mq", 1, ""))
    settled = at.settled()
    assert settled.outcome is Outcome.REFUSED
    assert settled.why.startswith(f"{code}: no such thing")
    assert (at.messages[-1][0], code in at.messages[-1][1]) == ("failed", True)
    assert at.reconcile().decision.code == "circuit"
    assert bought(at) == 0


@pytest.mark.parametrize("reuse", ["refused", "ignored", "replayed"])
@pytest.mark.parametrize("fault", ["lost-reply", "throttle", "error-after", None])
def test_a_gateway_token_is_never_used_twice_whatever_the_vendor_makes_of_it(
    desk: Opens, reuse: str, fault: str | None
) -> None:
    at = desk(gateway_token_reuse=reuse, switchover=False)
    if fault:
        at.fault("ModifyInstanceSpec", fault)
    at.hear(at.alert(rule="", rule_id="gw-qps-high"), "edge-gateway")
    at.follow("edge-gateway")
    assert at.settled("edge-gateway").outcome is Outcome.RESIZED
    assert bought(at) == 1
    tokens = [attempt.token for attempt in all_attempts(at, "edge-gateway")]
    assert len(tokens) == len(set(tokens))


def test_an_unpaid_gateway_order_waits_for_a_person_and_then_goes_on(desk: Opens) -> None:
    at = desk(switchover=False)
    at.push(at.orders_mq, {**at.edge, "auto_pay": False})
    at.hear(at.alert(rule="", rule_id="gw-qps-high"), "edge-gateway")
    at.submit("edge-gateway")
    for _ in range(20):
        at.clock.advance(60)
        at.look("edge-gateway")
    assert at.operation("edge-gateway").phase is Phase.UNPAID
    order = at.orders()[0].order_id
    asked = at.asked()
    assert len(asked) == 1
    assert f"Pay order {order}" in asked[0]
    at.server.run(lambda: at.server.cloud.orders.pay(order))
    at.follow("edge-gateway")
    assert at.settled("edge-gateway").outcome is Outcome.RESIZED
    assert bought(at) == 1


def test_an_unpaid_order_that_somebody_cancels_is_named(desk: Opens) -> None:
    at = desk(switchover=False)
    at.push(at.orders_mq, {**at.edge, "auto_pay": False})
    at.hear(at.alert(rule="", rule_id="gw-qps-high"), "edge-gateway")
    at.submit("edge-gateway")
    at.clock.advance(60)
    at.look("edge-gateway")
    at.server.run(lambda: at.server.cloud.orders.cancel(at.server.cloud.orders.orders()[0].order_id))
    at.follow("edge-gateway")
    assert at.settled("edge-gateway").outcome is Outcome.ORDER_CANCELLED
    assert at.reconcile("edge-gateway").decision.code == "circuit"


def test_a_switchover_waits_for_a_person_who_is_told_what_to_press(desk: Opens) -> None:
    at = desk()
    at.hear(at.alert(rule="", rule_id="gw-qps-high"), "edge-gateway")
    at.submit("edge-gateway")
    for _ in range(15):
        at.clock.advance(60)
        at.look("edge-gateway")
    assert at.operation("edge-gateway").phase is Phase.SWITCHOVER
    asked = at.asked()
    assert len(asked) == 1
    assert "press Switch" in asked[0]
    assert "egress" in asked[0]
    at.server.run(lambda: at.server.cloud.estate.press_switch(at.edge["instance_id"]))
    at.follow("edge-gateway")
    assert at.settled("edge-gateway").outcome is Outcome.RESIZED


def test_a_switchover_nobody_presses_is_rolled_back_and_reminded_of(desk: Opens) -> None:
    at = desk()
    at.hear(at.alert(rule="", rule_id="gw-qps-high"), "edge-gateway")
    for _ in range(8):
        if at.state("edge-gateway").operation is None:
            break
        if at.follow("edge-gateway")[-1] == "handover":
            at.clock.advance(301)
            at.tick()
    assert at.settled("edge-gateway").outcome is Outcome.ROLLED_BACK
    asked = [text for kind, text in at.messages if kind == "needs-person" and "Switch" in text]
    assert 6 <= len(asked) <= 8


@pytest.mark.parametrize("orders", ["none", "paid"])
def test_a_pay_as_you_go_instance_is_proven_by_its_values(desk: Opens, orders: str) -> None:
    at = desk(billing="POST_PAID", pay_as_you_go_orders=orders, switchover=False)
    at.fault("ModifyInstanceSpec", "lost-reply")
    at.hear(at.alert(rule="", rule_id="gw-qps-high"), "edge-gateway")
    at.follow("edge-gateway")
    assert at.settled("edge-gateway").outcome is Outcome.RESIZED


def test_an_order_for_pay_as_you_go_that_may_not_stand_is_never_repeated(desk: Opens) -> None:
    """Without orders, finding none proves nothing."""
    at = desk(billing="POST_PAID", switchover=False)
    at.fault("ModifyInstanceSpec", "lost-request")
    at.hear(at.alert(rule="", rule_id="gw-qps-high"), "edge-gateway")
    assert at.follow("edge-gateway")[-1] == "handover"
    assert len(at.operation("edge-gateway").attempts) == 1
    assert any("Order in doubt" in text for _, text in at.messages)


def test_a_stale_read_of_the_old_values_is_not_a_rollback(desk: Opens) -> None:
    at = desk()
    at.hear(at.alert())
    at.submit()
    while at.operation().phase is not Phase.PROVING:
        at.clock.advance(30)
        at.look()
    at.fault("GetInstance", "stale-read", age="8m")
    at.clock.advance(60)
    at.look()
    assert at.operation().phase is Phase.APPLYING
    at.follow()
    assert at.settled().outcome is Outcome.RESIZED


@pytest.mark.parametrize("shape", ["object", "json-string", "curly-string", "empty"])
@pytest.mark.parametrize("case", ["upper", "lower"])
def test_every_shape_of_the_answer_leads_to_one_proven_order(desk: Opens, shape: str, case: str) -> None:
    at = desk(update_data=shape, status_case=case, status_during_resize="UPGRADING")
    at.hear(at.alert())
    at.follow()
    assert at.settled().outcome is Outcome.RESIZED
    assert bought(at) == 1


def test_an_operation_that_cannot_be_submitted_ends_after_five_tries(desk: Opens) -> None:
    at = desk()
    at.hear(at.alert())
    answers = []
    for _ in range(6):
        at.clock.advance(15)
        answers.append(at.look())
    assert answers == ["submit"] * 5 + ["settle"]
    assert at.operation().outcome is Outcome.REFUSED


def test_after_eight_days_without_an_end_it_is_abandoned_and_a_person_is_told(desk: Opens) -> None:
    at = desk(wait_for_payment=True, unpaid_ends_after="30d")
    at.hear(at.alert())
    for _ in range(500):
        if at.state().operation is None:
            break
        if at.follow(limit=500)[-1] == "handover":
            at.clock.advance(3601)
            at.tick()
    assert at.settled().outcome is Outcome.ABANDONED
    assert at.messages[-1][0] == "failed"


def test_nothing_is_ordered_on_the_word_of_a_bucket_that_lets_two_writers_both_win(desk: Opens) -> None:
    """A bucket with versioning overwrites without a word (fact fc 5.2)."""
    at = desk()
    at.hear(at.alert())
    careless = replace(at.around, ledger=Ledger(Versioned(at.shelf), at.clock.now, lambda: "n"), checked=[])
    with pytest.raises(Unprotected):
        steps.submit(careless, at.which())
    assert at.calls("UpdateInstance") == []
    at.follow()
    assert bought(at) == 1


class Versioned:
    """A shelf on which everybody who creates has won."""

    def __init__(self, shelf: Any) -> None:
        self._shelf = shelf

    def __getattr__(self, name: str) -> Any:
        return getattr(self._shelf, name)

    def create(self, key: str, body: bytes) -> bool:
        """Overwrite."""
        self._shelf.delete(key)
        return bool(self._shelf.create(key, body))


class Frozen:
    """The clock of a process that is frozen for a while as soon as it has its claim."""

    def __init__(self, at: Any) -> None:
        self._at = at

    def __call__(self) -> Any:
        """The time."""
        claimed = self._at.operation().phase is Phase.CLAIMED
        late = steps.SEND_WITHIN + timedelta(seconds=1) if claimed else timedelta(0)
        return self._at.clock.now() + late


def claim_and_die(at: Any) -> Any:
    """Win the claim as Submit does, and do nothing more."""
    page = at.page()
    operation = page.state.operation
    attempt = Attempt(1, token_of(page, operation, 1), at.clock.now())
    fact = Claimed(operation.number, attempt, operation.from_spec, operation.to_spec, at.clock.now() + VERDICT_DUE)
    written = page.write(fact)
    assert written is not None
    return written


def purchase_of(policy: Any, operation: Any) -> Any:
    """What Submit would have sent."""
    attempt = operation.attempts[-1]
    made = Purchase(
        instance_id=policy.instance_id,
        spec=operation.to_spec,
        direction=operation.direction,
        billing=operation.billing,
        edition=operation.edition,
        token=attempt.token,
    )
    return replace(made, auto_pay=True)


def all_attempts(at: Any, name: str) -> list[Attempt]:
    """Every attempt that the ledger has a claim of."""
    facts = [codec.read_fact(record.fact) for record in at.around.ledger.records(at.page(name).key)]
    return [fact.attempt for fact in facts if isinstance(fact, Claimed)]


# An answer that leaves something out


LEFT_OUT: dict[str, dict[str, Any]] = {
    "its public endpoint": {"Data": {"SupportEIP": None, "MaxEipTps": None}},
    "a figure": {"Data": {"MaxEipTps": None}},
    "a figure, as if it did not apply": {"Data": {"MaxConnections": -1}},
    "what it is": {"Data": {"InstanceType": None}},
}


@pytest.mark.parametrize("answer", LEFT_OUT.values(), ids=list(LEFT_OUT))
def test_what_an_answer_leaves_out_is_not_given_up_by_our_order(desk: Opens, answer: dict[str, Any]) -> None:
    """A vendor resets what an order does not say; so nothing is ordered on a reading that says less than before."""
    at = desk(omitted_field="reset")
    at.hear(at.alert())
    at.fault("GetInstance", "odd-answer", answer=answer)
    assert at.submit() == "look30"
    assert at.orders() == []
    at.follow()
    assert at.settled().outcome is Outcome.RESIZED
    shown = at.around.product(at.page().policy).read(at.page().policy.instance_id)
    assert (shown.spec["SupportEip"], shown.spec["MaxEipTps"], shown.edition) == (True, 128, "enterprise")


@pytest.mark.parametrize("answer", LEFT_OUT.values(), ids=list(LEFT_OUT))
def test_what_a_look_is_not_told_is_no_change_that_was_seen(desk: Opens, answer: dict[str, Any]) -> None:
    at = desk(wait_for_payment=True)
    at.hear(at.alert())
    at.submit()
    at.clock.advance(60)
    at.fault("GetInstance", "odd-answer", answer=answer, times=3)
    for _ in range(3):
        at.clock.advance(60)
        at.look()
    at.look()
    assert not at.operation().evidence.changed


def test_a_field_that_the_vendor_shows_no_more_is_told_and_a_person_takes_the_instance_without_it(desk: Opens) -> None:
    at = desk()
    at.live(10)
    at.fault("GetInstance", "odd-answer", answer={"Data": {"MaxEipTps": None}}, times=None)
    at.hear(at.alert())
    at.live(90)
    assert at.orders() == []
    assert any("orders-mq" in text and "read" in text for _, text in at.messages), at.messages
    assert "mistake" not in at.say("adopt")
    at.live(30)
    assert (at.settled().outcome, len(at.orders())) == (Outcome.RESIZED, 1)
