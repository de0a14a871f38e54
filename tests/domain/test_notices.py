"""What people are told: everything they need in one message, and how often they hear it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tidegate.domain.channels import TRIES, dead_channels
from tidegate.domain.facts import Decided, Telling
from tidegate.domain.fold import fold
from tidegate.domain.notice import Notice
from tidegate.domain.notices import notices
from tidegate.domain.operation import Evidence, Operation, Outcome, Phase, Verdict
from tidegate.domain.owed import LAST_CALL, owed
from tidegate.domain.policy import InstancePolicy
from tidegate.domain.reading import Payment
from tidegate.domain.state import CHANNELS_KEPT, Approved, Circuit, Stance, State

if TYPE_CHECKING:
    from tests.domain.conftest import Make

SECOND, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
EVERYTHING = ["resized", "failed", "held", "needs-person"]
ORDERS_PAGE, MQ_PAGE, GATEWAY_PAGE = "https://usercenter2-intl.", "https://amqp.console.", "https://apigateway.console."


def _waits(make: Make) -> dict[str, tuple[Operation, datetime, dict[str, Any]]]:
    """Every wait that a person is told of: the operation, since when, and what else the policy says."""
    two, shanghai = make.after(120), {"timezone": "Asia/Shanghai"}
    refused = make.attempt(Verdict.REFUSED_FOR_NOW, code="TopicMigrating", message="busy")
    return {
        "unpaid": (make.operation(Phase.UNPAID, order_id="o-1"), make.noon, shanghai),
        "switchover": (
            make.operation(
                Phase.SWITCHOVER,
                from_notes={"internet egress": "47.1.2.9", "vpc egress": "10.0.0.0/24"},
                evidence=Evidence(
                    switchover_at=make.noon, notes={"internet egress": "47.1.2.3", "vpc egress": "10.0.0.0/24"}
                ),
            ),
            make.noon,
            {"product": "apigateway", "ladder": ["small", "medium"], "alerts": []},
        ),
        "doubt": (make.doubtful(), make.after(55), {}),
        "migrating": (make.operation(Phase.WAITING, attempts=(refused,), planned_at=make.noon), two, {}),
        "slow": (make.operation(Phase.APPLYING, order_id="o-1"), two, {}),
        "dying": (make.operation(revivals=3), make.noon, {}),
    }


WAITS = ("unpaid", "switchover", "doubt", "migrating", "slow", "dying")
SAYS = {
    "unpaid": ("by Mon 09 Mar 20:00", "Pay order o-1", ORDERS_PAGE, "the vendor cancels the order after 7 days"),
    "switchover": (
        "by Tue 03 Mar 12:00",
        "Whitelist the new egress 47.1.2.3 (internet egress; was 47.1.2.9) at the back ends, then press Switch",
        GATEWAY_PAGE,
        "the vendor rolls back and the old spec stays",
    ),
    "doubt": (
        "by Tue 10 Mar 11:59",
        "the request for orders-mq small -> medium at 2026-03-02 12:00:00Z got no clear answer (SDK.HttpError)",
        ORDERS_PAGE,
        "nothing is ordered until then, and this operation is given up",
    ),
    "migrating": (
        "by Mon 02 Mar 15:15",
        "orders-mq small -> medium was refused for 2h (TopicMigrating: busy)",
        MQ_PAGE,
        "Tidegate goes on trying until about then, 40 times at most, and gives up; the old spec stays",
    ),
    "slow": (
        "by Tue 10 Mar 11:59",
        "orders-mq small -> medium has been applying for 2h (order o-1)",
        MQ_PAGE,
        "Tidegate goes on following it until then, and gives up",
    ),
    "dying": (
        "by Tue 10 Mar 11:59",
        "The workflow execution e1-orders-mq-7-1 stopped looking 3 times (orders-mq small -> medium)",
        "https://fnf.console.",
        "another one is started every half hour",
    ),
}
"""By when, what, where to press, and what happens if nobody does."""


def _said(make: Make, wait: str, *, before: timedelta = timedelta(0)) -> list[Notice]:
    operation, at, over = _waits(make)[wait]
    return list(notices(make.policy(**over), make.state(operation=operation), at - before))


@pytest.mark.parametrize("wait", WAITS)
def test_a_message_that_needs_a_person_says_what_by_when_what_to_press_and_what_if_nobody_does(
    make: Make, wait: str
) -> None:
    (notice,) = _said(make, wait)
    when, what, where, otherwise = SAYS[wait]
    assert (notice.name, notice.kind, notice.repeats) == (f"op7-{wait}", "needs-person", True)
    assert notice.text.startswith(f"{notice.title}. ")
    assert when in f"{notice.title}."
    assert (what in notice.text, where in notice.text) == (True, True), notice.text
    assert otherwise in notice.text.partition("If nobody does, ")[2], notice.text
    assert notice.text.endswith(". Quiet this: `tidegate ack orders-mq`.")


@pytest.mark.parametrize("wait", ["doubt", "migrating", "slow"])
def test_what_may_pass_by_itself_is_told_after_a_while_and_not_a_second_sooner(make: Make, wait: str) -> None:
    assert _said(make, wait, before=SECOND) == []


def test_a_doubt_that_clears_in_its_time_needs_nobody(make: Make) -> None:
    """45 minutes until it may be cleared, and ten in which it is."""
    state = make.state(operation=make.doubtful())
    assert list(notices(make.policy(), state, make.after(55) - SECOND)) == []


@pytest.mark.parametrize("phase", [Phase.PLANNED, Phase.CLAIMED, Phase.CONCLUDED])
def test_a_phase_in_which_nobody_waits_is_not_told(make: Make, phase: Phase) -> None:
    state = make.state(operation=make.operation(phase))
    assert list(notices(make.policy(), state, make.after(days=1))) == []


def test_orders_that_may_be_ours_are_named_in_a_doubt(make: Make) -> None:
    operation = make.doubtful(evidence=Evidence(candidates=("o-1", "o-2")))
    (notice,) = notices(make.policy(), make.state(operation=operation), make.after(60))
    assert "(o-1, o-2 found so far)" in notice.text
    (notice,) = _said(make, "doubt")
    assert "(none that fits found so far)" in notice.text


def test_where_several_orders_fit_people_pay_or_cancel_the_one_that_is_of_this_resize(make: Make) -> None:
    evidence = Evidence(payments={"o-1": Payment.UNPAID, "o-2": Payment.UNPAID, "o-3": Payment.PAID})
    operation = replace(make.operation(Phase.UNPAID), evidence=evidence)
    (notice,) = notices(make.policy(), make.state(operation=operation), make.noon)
    assert "Pay or cancel whichever of the orders o-1, o-2 is of this resize (orders-mq small -> medium)" in notice.text


def test_the_deadline_to_pay_does_not_move_when_the_order_goes_out_of_sight_for_a_while(make: Make) -> None:
    operation = make.in_phase(make.operation(Phase.UNPAID), Phase.UNPAID, make.after(days=2))
    (notice,) = notices(make.policy(), make.state(operation=operation), make.after(days=2))
    assert notice.deadline == make.after(days=7)


def test_an_execution_that_died_twice_is_revived_in_silence(make: Make) -> None:
    assert list(notices(make.policy(), make.state(operation=make.operation(revivals=2)), make.noon)) == []


def test_a_gateway_that_does_not_show_its_addresses_sends_people_to_the_console(make: Make) -> None:
    _, at, over = _waits(make)["switchover"]
    operation = make.operation(Phase.SWITCHOVER)
    (notice,) = notices(make.policy(**over), make.state(operation=operation), at)
    assert "Whitelist the new egress addresses, shown in the console, at the back ends" in notice.text


FAILED = {Outcome.REFUSED, Outcome.ROLLED_BACK, Outcome.ORDER_CANCELLED, Outcome.ABANDONED}


@pytest.mark.parametrize("outcome", Outcome)
def test_every_outcome_is_told_once_with_its_reason(make: Make, outcome: Outcome) -> None:
    settled = make.settled(6, outcome, why="because of this", order_id="o-1")
    (notice,) = notices(make.policy(), make.state(recent=(settled,)), make.noon)
    assert notice.kind == ("failed" if outcome in FAILED else "resized" if outcome is Outcome.RESIZED else "held")
    assert notice.title == f"orders-mq small -> medium: {outcome.value}"
    assert f"{outcome.value}, order o-1. because of this. Wanted because: medium wanted by tps-high." in notice.text
    assert ("until `tidegate ack orders-mq`" in notice.text) == (outcome in {*FAILED, Outcome.SETTLED_ELSEWHERE})
    assert (notice.name, notice.repeats) == ("op6-outcome", False)


def test_an_outcome_is_news_for_a_day(make: Make) -> None:
    state = make.state(recent=(make.settled(),))
    assert list(notices(make.policy(), state, make.after(days=1) - SECOND)) != []
    assert list(notices(make.policy(), state, make.after(days=1))) == []


def test_while_it_keeps_the_circuit_open_an_outcome_is_told_again_until_it_is_acked(make: Make) -> None:
    old, opener = make.settled(5, at=make.noon - HOUR), make.settled(6, Outcome.REFUSED)
    state = make.state(recent=(old, opener), circuit=Circuit("refused", make.noon))
    assert [(notice.name, notice.repeats) for notice in notices(make.policy(), state, make.noon)] == [
        ("op5-outcome", False),
        ("op6-outcome", True),
    ]
    assert [notice.name for notice in notices(make.policy(), state, make.after(days=9))] == ["op6-outcome"]
    closed = replace(state, circuit=None)
    assert list(notices(make.policy(), closed, make.after(days=9))) == []


def test_an_instance_that_cannot_be_read_is_told_after_an_hour(make: Make) -> None:
    state = make.state(stance=Stance("hold", "unread", "the instance could not be read", "small", make.noon))
    assert list(notices(make.policy(), state, make.noon + HOUR - SECOND)) == []
    (notice,) = notices(make.policy(), state, make.noon + HOUR)
    assert (notice.kind, notice.repeats) == ("held", True)
    assert notice.text.startswith("orders-mq is held: the instance could not be read. See the log for what")


def test_a_hold_that_needs_a_person_is_told_and_another_hold_is_not(make: Make) -> None:
    stance = Stance("hold-person", "off-ladder", "matches no rung", "small", make.noon)
    (notice,) = notices(make.policy(), make.state(stance=stance), make.after(5))
    assert (notice.kind, notice.title) == ("held", "orders-mq is held")
    assert list(notices(make.policy(), make.state(stance=replace(stance, kind="hold")), make.noon)) == []


HOLDS = {
    "off-ladder": ("Give the policy a rung with these values", "no alert, timetable or request moves it"),
    "gone": ("Start or restore the instance, or take it out of the policy", "nothing is ordered for it"),
    "home-unknown": ("Say `base: RUNG` in the policy", "no alert, timetable or request moves it"),
    "unhealthy": ("Look at the instance", "until the vendor says that it is healthy"),
    "expect": ("Correct `expect` in the policy", "no alert, timetable or request moves it"),
    "something-new": ("Look at the instance", "it stays as it is"),
}


@pytest.mark.parametrize("code", HOLDS)
def test_a_hold_that_needs_a_person_says_what_to_press_and_what_if_nobody_does(make: Make, code: str) -> None:
    press, otherwise = HOLDS[code]
    state = make.state(stance=Stance("hold-person", code, "because", "small", make.noon))
    (notice,) = notices(make.policy(), state, make.after(5))
    assert notice.text.startswith(f"orders-mq is held: because. {press}"), notice.text
    assert otherwise in notice.text.partition("If nobody does, ")[2], notice.text
    assert notice.text.endswith(". Quiet this: `tidegate ack orders-mq`.")


def test_no_ack_is_asked_for_before_first_contact_since_none_could_be_written(make: Make) -> None:
    stance = Stance("hold-person", "gone", "it is not there", "", make.noon)
    (notice,) = notices(make.policy(), State(stance=stance), make.noon)
    assert "tidegate ack" not in notice.text


def test_a_hold_that_needs_a_person_is_said_again_until_it_is_acknowledged(make: Make) -> None:
    stance = Stance("hold-person", "off-ladder", "matches no rung", "small", make.noon)
    teller = _Teller(make.policy(), make.state(stance=stance))
    assert teller.minutes(make, timedelta(hours=9)) == [0, 240, 480]
    teller.state = fold(teller.state, Decided(stance, (), None, acked=True), make.after(hours=9))
    assert teller.minutes(make, timedelta(hours=20)) == [0, 240, 480]


def _silent(make: Make) -> _Teller:
    """Two channels, of which one takes nothing for half an hour."""
    channels = [{"url_env": "CHAT", "on": EVERYTHING}, {"url_env": "ONCALL"}]
    teller = _Teller(make.policy(notify=channels), make.state(operation=_waits(make)["unpaid"][0]))
    teller.works = lambda channel: channel == "CHAT"
    teller.minutes(make, timedelta(minutes=30))
    return teller


def test_when_a_channel_takes_no_messages_the_others_are_told_once(make: Make) -> None:
    teller = _silent(make)
    teller.minutes(make, timedelta(hours=3))
    told = [(channel, name) for _, channel, name in teller.said if name.startswith("silent")]
    assert told == [("CHAT", "silent-ONCALL-since-ever")]
    assert dead_channels(teller.policy, teller.state, make.after(hours=3)) == ["ONCALL"]
    (notice,) = [each for each in notices(teller.policy, teller.state, make.after(60)) if each.but]
    assert (notice.kind, notice.title) == ("failed", "channel ONCALL takes no messages")


def test_a_channel_that_takes_messages_again_is_dead_no_more_and_its_next_silence_is_news(make: Make) -> None:
    teller = _silent(make)
    teller.works = lambda _channel: True
    teller.tell(make.after(hours=5))
    assert dead_channels(teller.policy, teller.state, make.after(hours=5)) == []
    teller.works = lambda channel: channel == "CHAT"
    for minute in range(60):
        teller.tell(make.after(minute, hours=10))
    assert [name for _, _, name in teller.said if name.startswith("silent")] == [
        "silent-ONCALL-since-ever",
        "silent-ONCALL-since-20260302T170000",
    ]


def test_a_channel_that_has_failed_less_often_is_not_called_dead(make: Make) -> None:
    teller = _Teller(make.policy(), make.state(operation=_waits(make)["unpaid"][0]))
    teller.works = lambda _channel: False
    teller.minutes(make, timedelta(minutes=19))
    assert dead_channels(teller.policy, teller.state, make.after(19)) == []


def test_a_hold_of_the_same_kind_later_is_news_again(make: Make) -> None:
    names = {
        notice.name
        for minute in (0, 0, 9)
        for notice in notices(
            make.policy(),
            make.state(stance=Stance("hold-person", "gone", "gone", "small", make.after(minute))),
            make.after(10),
        )
    }
    assert len(names) == 2


class _Teller:
    """Somebody who tells whatever is owed, every time he is asked; what was told is folded in as the ledger does."""

    def __init__(self, policy: InstancePolicy, state: State) -> None:
        self.policy, self.state = policy, state
        self.works: Callable[[str], bool] = lambda _channel: True
        self.said: list[tuple[datetime, str, str]] = []
        self.tried: list[datetime] = []

    def tell(self, now: datetime) -> None:
        """Claim, send, and note that it went out; where the channel fails nothing is noted."""
        for message in owed(self.policy, self.state, now):
            self.state = fold(self.state, Telling(message.told), now)
            self.tried.append(now)
            if self.works(message.channel.url_env):
                self.said.append((now, message.channel.url_env, message.notice.name))
                told = replace(message.told, sent_at=now, times=message.told.times + 1, failures=0)
                self.state = fold(self.state, Telling(told), now)

    def minutes(self, make: Make, until: timedelta, every: timedelta = MINUTE) -> list[int]:
        """Tell again and again from noon, and give the minutes in which something was said."""
        now = make.noon
        while now <= make.noon + until:
            self.tell(now)
            now += every
        return [int((at - make.noon) / MINUTE) for at, _, _ in self.said]


def test_an_outcome_is_said_once_on_every_channel_that_wants_its_kind(make: Make) -> None:
    channels = [{"url_env": "CHAT", "on": ["resized"]}, {"url_env": "ONCALL"}, {"url_env": "LOG", "on": EVERYTHING}]
    teller = _Teller(make.policy(notify=channels), make.state(recent=(make.settled(),)))
    teller.minutes(make, HOUR)
    assert [channel for _, channel, _ in teller.said] == ["CHAT", "LOG"]


def test_a_wait_is_said_again_after_every_remind_and_an_hour_before_the_deadline(make: Make) -> None:
    teller = _Teller(make.policy(), make.state(operation=_waits(make)["switchover"][0]))
    said = teller.minutes(make, DAY - MINUTE)
    assert said == [0, 4 * 60, 8 * 60, 12 * 60, 16 * 60, 20 * 60, 23 * 60]


def test_the_last_call_comes_once_and_reminders_go_on_after_the_deadline(make: Make) -> None:
    channel = {"url_env": "ONCALL", "on": ["needs-person"], "remind": "9h"}
    teller = _Teller(make.policy(notify=[channel]), make.state(operation=_waits(make)["switchover"][0]))
    assert teller.minutes(make, timedelta(hours=24)) == [0, 9 * 60, 18 * 60, 23 * 60]


@pytest.mark.parametrize(("wait", "hours"), [("switchover", 25), ("unpaid", 24)])
def test_a_wait_that_outlasts_its_deadline_is_told_anew_even_after_an_ack(make: Make, wait: str, hours: int) -> None:
    operation, _, over = _waits(make)[wait]
    teller = _Teller(make.policy(**over), make.state(operation=operation))
    teller.tell(make.noon)
    _ack(make, teller, make.after(1))
    said = teller.minutes(make, timedelta(hours=hours + 1))
    assert said == [0, hours * 60]


def test_who_is_told_first_in_the_last_hour_is_not_called_again_for_it(make: Make) -> None:
    teller = _Teller(make.policy(), make.state(operation=_waits(make)["switchover"][0]))
    at = make.noon + DAY - LAST_CALL
    for minute in range(59):
        teller.tell(at + minute * MINUTE)
    assert [when for when, _, _ in teller.said] == [at]


def test_each_channel_is_reminded_at_its_own_pace(make: Make) -> None:
    channels = [{"url_env": "CHAT", "remind": "1h"}, {"url_env": "ONCALL", "remind": "2h"}]
    teller = _Teller(make.policy(notify=channels), make.state(operation=_waits(make)["slow"][0]))
    teller.minutes(make, timedelta(hours=6))
    pace = {name: [at for at, channel, _ in teller.said if channel == name] for name in ("CHAT", "ONCALL")}
    assert pace["CHAT"] == [make.after(hours=hour) for hour in (2, 3, 4, 5, 6)]
    assert pace["ONCALL"] == [make.after(hours=hour) for hour in (2, 4, 6)]


def _ack(make: Make, teller: _Teller, now: datetime) -> None:
    stance = Stance("hold", "operation", "operation 7 is open", "medium", now)
    teller.state = fold(teller.state, Decided(stance, (), None, acked=True), now)


def test_an_ack_quiets_the_reminders_and_the_last_call(make: Make) -> None:
    teller = _Teller(make.policy(), make.state(operation=_waits(make)["switchover"][0]))
    teller.minutes(make, HOUR)
    _ack(make, teller, make.after(60))
    assert teller.minutes(make, DAY) == [0]


def test_after_an_ack_another_wait_is_news(make: Make) -> None:
    operation = _waits(make)["switchover"][0]
    teller = _Teller(make.policy(), make.state(operation=operation))
    teller.tell(make.noon)
    _ack(make, teller, make.after(1))
    teller.state = replace(teller.state, operation=make.in_phase(operation, Phase.UNPAID, make.after(2)))
    teller.tell(make.after(2))
    assert [name for _, _, name in teller.said] == ["op7-switchover", "op7-unpaid"]


def test_an_ack_also_quiets_what_never_went_out(make: Make) -> None:
    teller = _Teller(make.policy(), make.state(recent=(make.settled(outcome=Outcome.REFUSED),)))
    teller.works = lambda _channel: False
    teller.tell(make.noon)
    _ack(make, teller, make.after(1))
    teller.works = lambda _channel: True
    assert teller.minutes(make, HOUR) == []


def test_a_channel_that_fails_is_tried_five_times_and_then_left_alone_for_a_while(make: Make) -> None:
    teller = _Teller(make.policy(), make.state(operation=_waits(make)["unpaid"][0]))
    teller.works = lambda _channel: False
    teller.minutes(make, timedelta(hours=10))
    tried = [int((at - make.noon) / MINUTE) for at in teller.tried]
    assert tried == [0, 5, 10, 15, 20, 20 + 240, 20 + 480]
    assert len(tried[:-2]) == TRIES


def test_a_channel_that_works_again_is_told_once(make: Make) -> None:
    teller = _Teller(make.policy(), make.state(recent=(make.settled(),)))
    teller.works = lambda _channel: len(teller.tried) > 3
    assert teller.minutes(make, timedelta(hours=10)) == [15]


def test_a_reminder_that_does_not_go_out_is_tried_again_soon(make: Make) -> None:
    teller = _Teller(make.policy(), make.state(operation=_waits(make)["unpaid"][0]))
    teller.works = lambda _channel: len(teller.tried) != 2
    assert teller.minutes(make, timedelta(hours=5)) == [0, 245]


def test_a_teller_who_died_after_his_claim_is_followed_by_another_after_five_minutes(make: Make) -> None:
    teller = _Teller(make.policy(), make.state(recent=(make.settled(),)))
    (message,) = owed(teller.policy, teller.state, make.noon)
    teller.state = fold(teller.state, Telling(message.told), make.noon)
    assert owed(teller.policy, teller.state, make.after(5) - SECOND) == []
    assert len(owed(teller.policy, teller.state, make.after(5))) == 1


def test_two_tellers_at_once_do_not_both_tell(make: Make) -> None:
    """The one whose claim came second finds that it is told already, and has nothing to say."""
    state = make.state(recent=(make.settled(),))
    (message,) = owed(make.policy(), state, make.noon)
    assert owed(make.policy(), fold(state, Telling(message.told), make.noon), make.noon) == []


def test_however_many_channels_and_outcomes_nothing_is_ever_said_twice(make: Make) -> None:
    """What is owed at once fits into what is remembered: an old note that gave way would be said anew for ever."""
    channels = [{"url_env": f"CHANNEL_{number}", "on": EVERYTHING} for number in range(CHANNELS_KEPT)]
    teller = _Teller(make.policy(notify=channels), make.state())
    for number in range(1, 31):
        now = make.after(number * 10)
        recent = (*teller.state.recent, make.settled(number, at=now))[-20:]
        stance = Stance("hold-person", "gone", "gone", "small", now)
        teller.state = replace(teller.state, recent=recent, stance=stance)
        teller.tell(now)
        teller.tell(now + MINUTE)
    said = [(channel, name) for _, channel, name in teller.said]
    assert len(said) == len(set(said)) == 30 * 2 * CHANNELS_KEPT


def test_what_is_to_be_approved_is_asked_with_its_id_and_by_when_whatever_holds_it(make: Make) -> None:
    """Also while a window holds it: whoever is to say yes is asked before the window opens."""
    asked = Approved("3f2a", "large", "small", make.noon, make.after(24 * 60), "the policy asks", cost=1.5)
    state = make.state(stance=Stance("hold", "window", "because", "small", make.noon), approval=asked)
    (notice,) = notices(make.policy(), state, make.after(5))
    assert (notice.kind, notice.deadline, notice.repeats) == ("needs-person", make.after(24 * 60), True)
    assert "large -> small, 1.5 an hour (the policy asks)" in notice.text
    assert "`tidegate approve orders-mq --id 3f2a`" in notice.text
    answered = replace(state, approval=replace(asked, by="li", at=make.after(1)))
    assert list(notices(make.policy(), answered, make.after(5))) == []
