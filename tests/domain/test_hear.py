"""Taking signals in: what they change, and that the way they arrive does not matter."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import permutations
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidegate.domain.arbiter import open_demands, open_override
from tidegate.domain.hear import Heard, describe, hear, rule_for
from tidegate.domain.operation import Phase
from tidegate.domain.policy import InstancePolicy
from tidegate.domain.signal import Alert, AlertState, Signal, Verb
from tidegate.domain.state import State
from tidegate.domain.terms import Terms

if TYPE_CHECKING:
    from tests.domain.conftest import Make

FIRING, OK, NO_DATA = AlertState.FIRING, AlertState.OK, AlertState.NO_DATA


def _after(policy: InstancePolicy, state: State, signals: Iterable[Signal], now: datetime) -> State:
    """The state when these signals were heard together; ended demands and overrides are let go, as records do."""
    heard = hear(Terms(policy), state, signals, now)
    state = heard[-1][1].state if heard else state
    return replace(
        state, demands=open_demands(Terms(policy), state, now), override=open_override(Terms(policy), state, now)
    )


def _one_by_one(policy: InstancePolicy, state: State, signals: Iterable[Signal], now: datetime) -> State:
    for signal in signals:
        state = _after(policy, state, [signal], now)
    return state


def _only(policy: InstancePolicy, state: State, signal: Signal, now: datetime) -> Heard:
    ((heard, after),) = hear(Terms(policy), state, [signal], now)
    assert heard is signal
    return after


def _said(after: Heard) -> tuple[Any, ...]:
    """What a signal came to: the demands and the override after it, why it was turned down, whether it was an ack."""
    return after.demands, after.override, after.refused, after.acked


def test_an_alert_that_fires_demands_one_rung_more_than_the_settled_one(make: Make) -> None:
    after = _only(make.policy(), make.state("medium"), make.alert(), make.after(1))
    assert _said(after) == ((make.demand("large"),), None, "", False)


def test_a_rule_may_demand_a_certain_rung_at_least(make: Make) -> None:
    after = _only(make.policy(), make.state(), make.alert(rule="", rule_id="a1b2"), make.after(1))
    assert after.demands == (make.demand("large", "a1b2"),)


def test_at_the_top_an_alert_demands_the_top(make: Make) -> None:
    after = _only(make.policy(), make.state("large"), make.alert(), make.after(1))
    assert after.demands == (make.demand("large"),)


def test_the_rung_is_counted_from_the_settled_one_and_not_from_one_in_flight(make: Make) -> None:
    flying = make.state("small", operation=make.operation(Phase.PROVING, to_rung="medium"))
    assert _only(make.policy(), flying, make.alert(), make.noon).demands == (make.demand("medium"),)


@pytest.mark.parametrize("rung", ["", "huge"])
def test_off_the_ladder_it_is_counted_from_the_lowest_rung(make: Make, rung: str) -> None:
    after = _only(make.policy(min="medium"), make.state(rung), make.alert(), make.noon)
    assert after.demands == (make.demand("large"),)


def test_a_re_notification_is_heard_but_does_not_climb(make: Make) -> None:
    """Even when the rung it raised to has settled meanwhile."""
    policy, at = make.policy(), make.after(30)
    state = _after(policy, make.state("small"), [make.alert()], make.noon)
    state = _after(policy, replace(state, rung="medium"), [make.alert(at=at)], at)
    assert state.demands == (make.demand("medium", heard_at=at),)


def test_a_new_episode_after_the_last_was_released_counts_from_where_it_settled(make: Make) -> None:
    policy, at = make.policy(), make.after(60)
    state = _after(policy, make.state("small"), [make.alert(), make.alert(OK, make.after(10))], make.after(10))
    state = _after(policy, replace(state, rung="medium"), [make.alert(at=at)], at)
    assert state.demands == (make.demand("large", opened_at=at, heard_at=at, last_ok_at=make.after(10)),)


def test_an_alert_that_fires_again_before_it_was_released_keeps_its_rung_and_takes_the_ok_back(make: Make) -> None:
    policy, at = make.policy(), make.after(20)
    state = _after(policy, make.state("small"), [make.alert(), make.alert(OK, make.after(10))], make.after(10))
    state = _after(policy, replace(state, rung="medium"), [make.alert(at=at)], at)
    assert state.demands == (make.demand("medium", heard_at=at, last_ok_at=make.after(10)),)


def test_no_data_changes_nothing(make: Make) -> None:
    demands = (make.demand(), make.demand("large", "a1b2", ok_at=make.after(1)))
    after = _only(make.policy(), make.state(demands=demands), make.alert(NO_DATA, make.after(5)), make.after(5))
    assert _said(after) == (demands, None, "", False)


def test_one_rules_alerts_leave_the_demands_of_another_alone(make: Make) -> None:
    other = make.demand("large", "a1b2")
    after = _only(make.policy(), make.state(demands=(other,)), make.alert(), make.noon)
    assert set(after.demands) == {other, make.demand("medium")}


def test_an_ok_repeated_does_not_put_the_release_off(make: Make) -> None:
    policy = make.policy()
    signals = [make.alert(), make.alert(OK, make.after(10)), make.alert(OK, make.after(35))]
    state = _one_by_one(policy, make.state(), signals, make.after(36))
    assert open_demands(Terms(policy), state, make.after(39)) != ()
    assert open_demands(Terms(policy), state, make.after(40)) == ()


def test_an_ok_that_comes_before_its_alert_ends_what_the_late_alert_opens(make: Make) -> None:
    policy, ok_at = make.policy(), make.after(10)
    state = _after(policy, make.state(), [make.alert(OK, ok_at)], ok_at)
    assert [demand.fired for demand in state.demands] == [False]
    state = _after(policy, state, [make.alert()], make.after(11))
    (demand,) = state.demands
    assert (demand.rung, demand.ends(policy.release_after, policy.forget_after)) == ("medium", make.after(40))
    assert open_demands(Terms(policy), state, make.after(40)) == ()


def test_an_alert_from_a_clock_that_is_ahead_is_taken_as_of_now_so_that_it_can_end(make: Make) -> None:
    policy = make.policy()
    state = _after(policy, make.state(), [make.alert(at=make.after(days=400))], make.noon)
    assert state.demands == (make.demand("medium"),)
    state = _after(policy, state, [make.alert(OK, make.after(1))], make.after(1))
    assert open_demands(Terms(policy), state, make.after(31)) == ()


def test_an_alert_older_than_a_day_says_nothing_of_now(make: Make) -> None:
    policy, alert = make.policy(), make.alert()
    late = _only(policy, make.state(), alert, make.after(24 * 60 + 1))
    assert _said(late) == ((), None, "the alert is of 2026-03-02 12:00Z: too old to say anything of now", False)
    assert _only(policy, make.state(), alert, make.after(24 * 60)).refused == ""


def test_an_alert_of_a_rule_that_the_policy_does_not_have_is_turned_down_by_name(make: Make) -> None:
    refused = _only(make.policy(), make.state(), make.alert(rule="cpu"), make.noon).refused
    assert refused == "orders-mq has no alert rule `cpu` in its policy"
    refused = _only(make.policy(), make.state(), make.alert(rule="", rule_id="zz"), make.noon).refused
    assert refused == "orders-mq has no alert rule `zz` in its policy"


def test_an_alert_without_any_rule_matches_no_rule(make: Make) -> None:
    assert rule_for(make.policy(), make.alert(rule="", rule_id="")) is None


def test_an_alert_is_known_by_the_id_of_its_rule_or_by_its_name(make: Make) -> None:
    policy = make.policy()
    assert rule_for(policy, make.alert(rule="whatever it is called today", rule_id="a1b2")) == policy.alerts[1]
    assert rule_for(policy, make.alert(rule="tps-high", rule_id="5")) == policy.alerts[0]


def test_signals_heard_together_are_taken_by_the_time_they_speak_of(make: Make) -> None:
    ok, firing = make.alert(OK, make.after(10)), make.alert()
    assert [signal for signal, _ in hear(make.terms(), make.state(), [ok, firing], make.after(11))] == [firing, ok]


@st.composite
def _episodes(draw: st.DrawFn) -> tuple[list[int], list[int]]:
    """Minutes of firings and OKs in turn, and an order in which they arrive, some of them twice."""
    minutes = sorted(draw(st.sets(st.integers(1, 29), min_size=1, max_size=6)))
    order = draw(st.permutations(range(len(minutes))))
    again = draw(st.lists(st.sampled_from(range(len(minutes))), max_size=3))
    return minutes, [*order, *again]


def _told(make: Make, minutes: Sequence[int], *, first: AlertState = FIRING) -> list[Alert]:
    states = [first, OK if first is FIRING else FIRING]
    return [make.alert(states[index % 2], make.after(minute)) for index, minute in enumerate(minutes)]


@settings(deadline=None)
@given(episodes=_episodes(), first=st.sampled_from([FIRING, OK]))
def test_the_order_of_arrival_does_not_change_what_is_wanted_nor_until_when(
    make: Make, episodes: tuple[list[int], list[int]], first: AlertState
) -> None:
    minutes, order = episodes
    policy, now = make.policy(), make.after(30)
    alerts = _told(make, minutes, first=first)
    in_order = _after(policy, make.state(), alerts, now)
    arrived = _one_by_one(policy, make.state(), [alerts[index] for index in order], now)
    for minute in range(30, 90):
        at = make.after(minute)
        rungs = [{demand.rung for demand in open_demands(Terms(policy), state, at)} for state in (in_order, arrived)]
        assert rungs[0] == rungs[1], f"minute {minute}: {order} of {minutes}"


def test_two_episodes_in_any_order_end_when_the_last_one_was_released(make: Make) -> None:
    policy, now = make.policy(), make.after(30)
    for alerts in permutations(_told(make, [1, 5, 9, 13])):
        state = _one_by_one(policy, make.state(), alerts, now)
        assert open_demands(Terms(policy), state, make.after(42)) != (), alerts
        assert open_demands(Terms(policy), state, make.after(43)) == (), alerts


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from(AlertState), st.integers(1, 29)), max_size=8))
def test_what_was_heard_once_changes_nothing_when_it_is_heard_again(
    make: Make, told: list[tuple[AlertState, int]]
) -> None:
    policy, now = make.policy(), make.after(30)
    alerts = [make.alert(state, make.after(minute)) for state, minute in told]
    state = _after(policy, make.state(), alerts, now)
    for alert in alerts:
        assert _after(policy, state, [alert], now) == state


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from(AlertState), st.integers(0, 29), st.booleans()), max_size=30))
def test_there_is_never_more_than_one_demand_a_rule(make: Make, told: list[tuple[AlertState, int, bool]]) -> None:
    alerts = [
        make.alert(state, make.after(minute), **({"rule": "", "rule_id": "a1b2"} if by_id else {}))
        for state, minute, by_id in told
    ]
    rules = [demand.rule for demand in _one_by_one(make.policy(), make.state(), alerts, make.after(30)).demands]
    assert len(rules) == len(set(rules))


def test_a_request_for_a_rung_is_an_override_with_an_end(make: Make) -> None:
    request = make.request("large", reason="launch", despite=("cooldown",))
    override = make.override("large", reason="launch", despite=("cooldown",))
    assert _said(_only(make.policy(), make.state(), request, make.noon)) == ((), override, "", False)


REFUSALS: list[tuple[dict[str, Any], str]] = [
    ({"to": "huge"}, "orders-mq has no rung `huge`; its ladder is small, medium, large"),
    ({"to": ""}, "orders-mq has no rung ``; its ladder is small, medium, large"),
    ({"to": "large"}, "large is outside the bounds small to medium"),
    ({"until": None}, "an override ends by itself: say --for 2h or --until TIME, or --until-released if it must not"),
    ({"until": "past"}, "the override would have ended already, at 2026-03-02 12:00Z"),
    ({"until": "far"}, "an override lasts 31 days at most; one without an end is --until-released"),
    ({"despite": ("cooldown", "mode")}, "--despite knows cooldown, budget, window, drift, fit, not mode"),
    ({"despite": ("cooldown",)}, "--despite needs a --reason"),
]


@pytest.mark.parametrize(("asked", "why"), REFUSALS)
def test_a_request_that_cannot_be_met_is_turned_down_with_its_reason(
    make: Make, asked: dict[str, Any], why: str
) -> None:
    words = {"past": make.noon, "far": make.noon + timedelta(days=31, seconds=1)}
    given_ = {"to": "medium", **asked}
    if isinstance(until := given_.get("until"), str):
        given_["until"] = words[until]
    before = make.state(override=make.override("small", at=make.after(-1)), demands=(make.demand(),))
    after = _only(make.policy(max="medium"), before, make.request(**given_), make.noon)
    assert _said(after) == (before.demands, before.override, why, False)


def test_the_longest_override_is_a_month(make: Make) -> None:
    request = make.request(until=make.noon + timedelta(days=31))
    assert _only(make.policy(), make.state(), request, make.noon).refused == ""


def test_the_newest_override_wins_in_any_order(make: Make) -> None:
    policy = make.policy()
    requests = [make.request(rung, make.after(index)) for index, rung in enumerate(["small", "large", "medium"])]
    for order in permutations(requests):
        state = _one_by_one(policy, make.state(), order, make.after(5))
        override = make.override("medium", at=make.after(2), until=make.after(122))
        assert state.override == override, order


def test_an_older_request_is_told_whose_newer_override_stands(make: Make) -> None:
    state = make.state(override=make.override(by="wang", at=make.after(1)))
    after = _only(make.policy(), state, make.request("small"), make.after(2))
    assert _said(after) == ((), state.override, "a newer override by wang stands", False)


def test_a_release_ends_the_override_at_once(make: Make) -> None:
    release = make.request("", make.after(1), verb=Verb.RELEASE, until=None)
    after = _only(make.policy(), make.state(override=make.override()), release, make.after(1))
    assert _said(after) == ((), None, "", False)


def test_a_release_where_nothing_is_overridden_is_told_so(make: Make) -> None:
    release = make.request("", verb=Verb.RELEASE, until=None)
    assert _only(make.policy(), make.state(), release, make.noon).refused == "there is no override to release"


def test_a_release_that_arrives_late_leaves_an_override_made_after_it_alone(make: Make) -> None:
    state = make.state(override=make.override(at=make.after(1)))
    after = _only(make.policy(), state, make.request("", verb=Verb.RELEASE, until=None), make.after(2))
    assert _said(after) == ((), state.override, "a newer override by li stands", False)


def test_an_ack_acks_and_changes_nothing_else(make: Make) -> None:
    before = make.state(override=make.override(), demands=(make.demand(),))
    ack = make.request("", verb=Verb.ACK, until=None)
    after = _only(make.policy(), before, ack, make.noon)
    assert _said(after) == (before.demands, before.override, "", True)


def test_a_signal_is_described_in_a_phrase(make: Make) -> None:
    assert describe(make.alert(value="97.39")) == "alert tps-high firing (97.39)"
    assert describe(make.alert(OK, rule="", rule_id="a1b2")) == "alert a1b2 ok"
    assert describe(make.request()) == "resize to large until 2026-03-02 14:00Z by li"
    assert describe(make.request("", verb=Verb.ACK, until=None)) == "ack by li"
