"""`expect` and the circuit: what is not as expected, or whose last resize went wrong, is left alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tidegate.app.reconcile import reconcile
from tidegate.app.tell import TELL_WITHIN, tell
from tidegate.domain.operation import Outcome
from tidegate.domain.signal import AlertState

Opens = Callable[..., Any]
CALM = {"cooldown": {"up": "0s", "down": "0s"}}
EVERYTHING = {"despite": ["cooldown", "budget", "window", "drift", "fit"], "reason": "now", "for": "8h"}


@pytest.mark.parametrize(
    ("expect", "billing", "why"),
    [
        ({"billing": "subscription"}, "PRE_PAID", ""),
        ({"billing": "pay-as-you-go"}, "POST_PAID", ""),
        ({"billing": "subscription"}, "POST_PAID", "expected billing subscription, found pay-as-you-go"),
        ({"billing": "pay-as-you-go"}, "PRE_PAID", "expected billing pay-as-you-go, found subscription"),
        ({"edition": "Enterprise"}, "PRE_PAID", ""),
        ({"edition": "vip"}, "PRE_PAID", "expected edition vip, found enterprise"),
    ],
)
def test_an_instance_that_is_not_what_was_expected_is_not_touched_by_anybody(
    desk: Opens, expect: dict[str, str], billing: str, why: str
) -> None:
    at = desk(billing=billing, instance={"MaxPrivateTps": 3000})
    at.push({**at.orders_mq, **CALM, "expect": expect}, at.edge)
    at.live(10)
    answer = at.say("resize", to="large", **EVERYTHING)
    assert (answer["code"], why) == (("expect", answer["reason"]) if why else ("resize", ""))
    at.live(30)
    assert len(at.calls("UpdateInstance")) == (0 if why else 1)


def test_people_are_told_what_to_correct_and_reminded(desk: Opens) -> None:
    at = desk()
    at.push({**at.orders_mq, **CALM, "expect": {"edition": "vip"}}, at.edge)
    at.live(10)
    at.hear(at.alert())
    at.live(5 * 60)
    assert len(at.messages) == 2
    assert all("Correct `expect` in the policy and push it, or the instance" in text for _, text in at.messages)


def test_reads_that_fail_now_and_then_do_not_tell_people_anew_each_time(desk: Opens) -> None:
    """It is the same hold afterwards: they are reminded of it every four hours, and no more often."""
    at = desk()
    at.push({**at.orders_mq, **CALM, "expect": {"edition": "vip"}}, at.edge)
    at.live(10)
    at.hear(at.alert())
    told_at = at.clock.now()
    for _ in range(6):
        at.fault("GetInstance", "error-before", times=4)
        at.live(60)
        assert at.state().stance.code == "expect"
    assert (at.state().stance.at, len(at.messages)) == (told_at, 2)


def test_a_hold_that_ended_in_between_is_told_anew(desk: Opens) -> None:
    at = desk()
    expects = {**at.orders_mq, **CALM, "expect": {"edition": "vip"}, "release_after": "1m"}
    at.push(expects, at.edge)
    at.live(10)
    at.hear(at.alert("rings"))
    at.live(5)
    at.hear(at.alert("calm", AlertState.OK))
    at.live(5)
    at.fault("GetInstance", "error-before", times=4)
    at.hear(at.alert("rings again"))
    at.live(20)
    assert (at.state().stance.code, len(at.messages)) == ("expect", 2)


def test_an_instance_that_is_as_wanted_is_nobodys_worry_however_it_is_sold(desk: Opens) -> None:
    at = desk()
    at.push({**at.orders_mq, "expect": {"edition": "vip"}}, at.edge)
    at.live(2 * 60)
    assert (at.state().stance.code, at.messages) == ("as-wanted", [])


def test_a_corrected_policy_acts_at_the_next_tick(desk: Opens) -> None:
    at = desk()
    at.push({**at.orders_mq, **CALM, "expect": {"edition": "vip"}}, at.edge)
    at.live(10)
    at.hear(at.alert())
    at.push({**at.orders_mq, **CALM, "expect": {"edition": "enterprise"}}, at.edge)
    at.live(2)
    assert at.state().operation is not None


# The circuit


def _refused(desk: Opens) -> Any:
    """A desk whose order the vendor has refused."""
    at = desk()
    at.push({**at.orders_mq, **CALM}, at.edge)
    at.live(10)
    at.fault("UpdateInstance", "error-before", status=400, code="InvalidParameter", message="no")
    at.hear(at.alert())
    at.live(10)
    assert at.settled().outcome is Outcome.REFUSED
    return at


def test_after_a_refusal_nothing_is_ordered_for_anybody_until_somebody_says_so(desk: Opens) -> None:
    at = _refused(desk)
    answer = at.say("resize", to="large", **EVERYTHING)
    assert answer["code"] == "circuit"
    assert answer["reason"].startswith("nothing is ordered until `tidegate ack orders-mq`: operation 1 refused: ")
    at.live(3 * 60)
    assert (len(at.calls("UpdateInstance")), at.orders()) == (1, [])


def test_an_ack_closes_the_circuit_and_what_is_wanted_begins(desk: Opens) -> None:
    at = _refused(desk)
    assert at.say("ack")["acknowledged"] is True
    assert at.state().circuit is None
    at.live(20)
    assert (at.settled().outcome, len(at.orders())) == (Outcome.RESIZED, 1)


def test_an_approval_does_not_close_the_circuit(desk: Opens) -> None:
    at = desk()
    at.push({**at.orders_mq, **CALM, "approval": {"when": ["up"]}}, at.edge)
    at.live(10)
    at.fault("UpdateInstance", "error-before", status=400, code="InvalidParameter", message="no")
    at.hear(at.alert())
    at.say("approve")
    at.live(10)
    assert at.state().stance.code == "circuit"
    assert "mistake" in at.say("approve")
    at.live(60)
    assert at.orders() == []


def test_an_open_circuit_is_told_and_reminded_of_until_somebody_acknowledges(desk: Opens) -> None:
    at = _refused(desk)
    at.live(9 * 60)
    failed = [text for kind, text in at.messages if kind == "failed"]
    assert len(failed) == 3
    assert all("Nothing more is ordered until `tidegate ack orders-mq`" in text for text in failed)
    at.say("ack")
    at.live(9 * 60)
    assert len([text for kind, text in at.messages if kind == "failed"]) == 3


def test_a_process_that_stood_still_after_its_claim_to_tell_says_nothing_and_another_one_does(desk: Opens) -> None:
    """Or a person would be told twice, and of something that may be over."""
    at = desk()
    at.push({**at.orders_mq, **CALM, "expect": {"edition": "vip"}}, at.edge)
    at.leave(at.alert())
    frozen = at.surroundings(now=Frozen(at))
    reconcile(frozen, at.page().policy, frozen.book().hash, force_read=True)
    assert [told.sent_at for told in at.state().told] == [None]
    assert at.messages == []
    at.live(10)
    assert len(at.messages) == 1


def test_what_another_process_told_while_one_message_was_being_sent_is_not_told_again(desk: Opens) -> None:
    at = desk()
    chats = [{"url_env": f"TIDEGATE_{name}_URL", "on": ["held", "needs-person"]} for name in ("CHAT", "ONCALL")]
    at.push({**at.orders_mq, **CALM, "expect": {"edition": "vip"}, "notify": chats}, at.edge)
    at.leave(at.alert())
    sent: list[str] = []

    def send(channel: str, title: str, text: str, kind: str) -> bool:
        sent.append(channel)
        if len(sent) == 1:
            tell(at.page())
        return True

    slow, other = replace(at.surroundings(), send=send), replace(at.surroundings(), send=send)
    at.around = other
    reconcile(slow, at.page().policy, slow.book().hash, force_read=True)
    assert sent == ["TIDEGATE_CHAT_URL", "TIDEGATE_ONCALL_URL"]


class Frozen:
    """The clock of a process that stands still as soon as it has claimed to tell somebody."""

    def __init__(self, at: Any) -> None:
        self._at = at

    def __call__(self) -> Any:
        """The time."""
        claimed = bool(self._at.state().told)
        return self._at.clock.now() + (TELL_WITHIN + timedelta(seconds=1) if claimed else timedelta(0))
