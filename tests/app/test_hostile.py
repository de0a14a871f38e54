"""Attempts to break it: policies that change in flight, skewed clocks, poisoned stores, stale reads, dead ticks."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tidegate.app import codec, doors, requests, steps
from tidegate.app.reconcile import reconcile
from tidegate.app.report.standing import Standing, status
from tidegate.app.steps import Which
from tidegate.app.tick import tick
from tidegate.domain.calendars import PLAIN
from tidegate.domain.facts import Decided
from tidegate.domain.fold import fold
from tidegate.domain.follow import DOUBT_LASTS
from tidegate.domain.operation import Event, Operation, Outcome, Phase
from tidegate.domain.reading import Health, Reading
from tidegate.domain.signal import Verb
from tidegate.domain.state import State
from tidegate.ledger.record import Record

Opens = Callable[..., Any]


def open_operation(at: Any, name: str = "orders-mq") -> Operation:
    """Order a resize and stop in the middle of it."""
    at.hear(at.alert() if name == "orders-mq" else at.alert(rule="", rule_id="gw-qps-high"), name)
    at.submit(name)
    operation: Operation = at.operation(name)
    return operation


def by_key(at: Any, key: str) -> State:
    """The newest state under a ledger's key, whatever the policy says of it."""
    head = at.around.ledger.head(key)
    return codec.read_state(head.state) if head else State()


def run_to_the_end(at: Any, key: str, hours: float = 3) -> State:
    """Let the tick run every minute, and every execution that it starts walk on, until the operation is closed."""
    walking: dict[str, tuple[Which, str, float]] = {}
    begun, now_s = len(at.started), 0.0
    while by_key(at, key).operation and now_s < hours * 3600:
        at.tick()
        for name, given in at.given[begun:]:
            walking[name] = (Which.read(given), "submit", now_s)
        begun = len(at.given)
        for name, (which, answer, due_s) in list(walking.items()):
            if now_s >= due_s:
                walking[name] = at.walk(which, answer, now_s)
        walking = {name: step for name, step in walking.items() if step[1] not in ("done", "handover")}
        at.clock.advance(60)
        now_s += 60
    return by_key(at, key)


# The policy changes while an operation is open.


def test_an_operation_of_an_instance_that_left_the_policy_is_followed_to_its_end(desk: Opens) -> None:
    at = desk()
    key = at.page().key
    open_operation(at)
    which = at.which()
    at.push(at.edge)
    at.clock.advance(15)
    assert steps.look(at.around, which).startswith("look")
    state = run_to_the_end(at, key)
    assert state.operation is None
    assert state.recent[-1].outcome is Outcome.RESIZED
    assert len(at.orders()) == 1


def test_an_operation_that_was_only_planned_when_its_instance_left_the_policy_is_cancelled(desk: Opens) -> None:
    at = desk()
    key = at.page().key
    at.hear(at.alert())
    which = at.which()
    at.push(at.edge)
    assert steps.submit(at.around, which) == "settle"
    assert steps.settle(at.around, which) == "done"
    assert by_key(at, key).recent[-1].outcome is Outcome.CANCELLED
    assert at.calls("UpdateInstance") == []


def test_an_operation_is_followed_when_its_name_now_means_another_instance(desk: Opens) -> None:
    at = desk()
    key = at.page().key
    open_operation(at)
    which = at.which()
    at.push({**at.orders_mq, "instance_id": "amqp-cn-other001"}, at.edge)
    assert steps.look(at.around, which) == "settle"
    state = run_to_the_end(at, key)
    assert state.recent[-1].outcome is Outcome.RESIZED
    assert len(at.orders()) == 1


def test_an_instance_that_was_renamed_keeps_its_operation_and_its_mode(desk: Opens) -> None:
    at = desk()
    at.hear(at.alert())
    which = at.which()
    at.push({**at.orders_mq, "name": "renamed-mq"}, at.edge)
    assert steps.submit(at.around, which) == "look15"
    at.follow("renamed-mq")
    assert at.settled("renamed-mq").outcome is Outcome.RESIZED
    assert len(at.orders()) == 1


def test_an_instance_that_left_the_policy_at_rest_is_left_alone(desk: Opens) -> None:
    at = desk()
    key = at.page().key
    at.reconcile()
    at.push(at.edge)
    for _ in range(5):
        at.clock.advance(300)
        assert at.tick().failed == ()
    assert by_key(at, key).operation is None
    assert [mark for mark in at.around.ledger.due(at.clock.now()) if mark.key == key] == []


def test_observing_from_now_on_stops_orders_but_not_the_following_of_one(desk: Opens) -> None:
    at = desk()
    open_operation(at)
    at.push({**at.orders_mq, "mode": "observe"}, at.edge)
    at.follow()
    assert at.settled().outcome is Outcome.RESIZED


def test_observing_before_the_claim_cancels_it(desk: Opens) -> None:
    at = desk()
    at.hear(at.alert())
    at.push({**at.orders_mq, "mode": "observe"}, at.edge)
    assert at.follow() == ["submit", "settle", "done"]
    assert at.settled().outcome is Outcome.CANCELLED
    assert at.calls("UpdateInstance") == []


def test_a_lower_maximum_before_the_claim_cancels_it(desk: Opens) -> None:
    at = desk()
    at.hear(at.alert())
    at.push({**at.orders_mq, "max": "small"}, at.edge)
    at.follow()
    assert at.settled().outcome is Outcome.CANCELLED
    assert at.orders() == []


def test_a_ladder_without_the_rung_in_flight_is_no_reason_to_stop_following(desk: Opens) -> None:
    at = desk()
    open_operation(at)
    ladder = [at.orders_mq["ladder"][0], at.orders_mq["ladder"][2]]
    at.push({**at.orders_mq, "ladder": ladder}, at.edge)
    at.follow()
    assert at.settled().outcome is Outcome.RESIZED
    assert at.reconcile(force=True).decision.code == "off-ladder"
    assert len(at.orders()) == 1


def test_a_rung_that_left_the_ladder_before_the_claim_cancels_it(desk: Opens) -> None:
    at = desk()
    at.hear(at.alert())
    ladder = [at.orders_mq["ladder"][0], at.orders_mq["ladder"][2]]
    at.push({**at.orders_mq, "ladder": ladder}, at.edge)
    at.follow()
    assert at.settled().outcome is Outcome.CANCELLED


def test_a_rung_with_other_figures_before_the_claim_is_ordered_and_proven_with_those(desk: Opens) -> None:
    at = desk()
    at.hear(at.alert())
    ladder = [dict(rung) for rung in at.orders_mq["ladder"]]
    ladder[1]["MaxPrivateTps"] = 4000
    at.push({**at.orders_mq, "ladder": ladder}, at.edge)
    at.follow()
    assert at.settled().outcome is Outcome.RESIZED
    assert at.settled().spec["MaxPrivateTps"] == 4000


# What Submit reads is not what Plan read.


def test_a_resize_by_hand_before_the_claim_never_turns_an_upgrade_into_a_downgrade(desk: Opens) -> None:
    at = desk(apply_takes="0s")
    at.hear(at.alert())
    by_hand(at, "large")
    at.follow()
    assert at.settled().outcome is Outcome.CANCELLED
    assert at.calls("UpdateInstance") == []
    assert at.state().operation is None
    at.clock.advance(61)
    assert at.reconcile().decision.code == "drift"
    verdict = at.hear(at.request("", verb=Verb.ADOPT, until=None))
    assert (verdict.decision.code, at.state().home) == ("as-wanted", "large")
    assert at.calls("UpdateInstance") == []


def test_what_moves_after_a_cleared_doubt_is_doubt_again_and_not_a_second_order(desk: Opens) -> None:
    """Two reads and a search said that nothing stands; then the instance begins to change after all."""
    at = desk()
    after_an_earlier_success(at)
    at.fault("UpdateInstance", "lost-request")
    at.hear(at.alert())
    at.submit()
    until_cleared(at)
    calls = len(at.calls("UpdateInstance"))
    late = seeing(at, lambda reading: replace(reading, health=Health.CHANGING, status="UPGRADING"))
    assert steps.submit(late, at.which()) == "look15"
    assert at.operation().phase is Phase.DOUBT
    assert len(at.calls("UpdateInstance")) == calls


def test_wanted_values_after_a_cleared_doubt_are_proven_and_not_called_unchanged(desk: Opens) -> None:
    at = desk(apply_takes="0s")
    after_an_earlier_success(at)
    at.fault("UpdateInstance", "lost-request")
    at.hear(at.alert())
    at.submit()
    until_cleared(at)
    by_hand(at, "medium")
    at.follow()
    assert at.settled().outcome in (Outcome.RESIZED, Outcome.RESIZED_ELSEWHERE)


# What was ordered ends in something else.


def test_values_settled_elsewhere_on_another_rung_are_held_and_never_ordered_again(desk: Opens) -> None:
    at = desk(rounding="up")
    figures = {"small": 3000, "odd": 4500, "odder": 5000}
    ladder = [{"rung": name, "MaxPrivateTps": tps} for name, tps in figures.items()]
    at.push({**at.orders_mq, "ladder": ladder}, at.edge)
    at.hear(at.alert())
    at.follow()
    assert at.settled().outcome is Outcome.SETTLED_ELSEWHERE
    at.clock.advance(2 * 3600)
    at.reconcile(force=True)
    assert at.state().operation is None
    assert len(at.orders()) == 1
    assert any("tidegate ack" in text for kind, text in at.messages if kind == "held")


def test_an_unpaid_order_is_followed_while_somebody_resizes_to_and_fro(desk: Opens) -> None:
    """A change that comes and goes while our order is unpaid was not ours, so it is no rollback of ours."""
    at = desk(switchover=False, unpaid_blocks_next=False, apply_takes="0s")
    at.push(at.orders_mq, {**at.edge, "auto_pay": False})
    at.hear(at.alert(rule="", rule_id="gw-qps-high"), "edge-gateway")
    at.submit("edge-gateway")
    at.clock.advance(60)
    at.look("edge-gateway")
    moved = seeing(at, lambda reading: replace(reading, spec={"InstanceSpec": "api.s2.large"}))
    steps.look(moved, at.which("edge-gateway"))
    for _ in range(30):
        at.clock.advance(60)
        at.look("edge-gateway")
    assert at.operation("edge-gateway").phase is Phase.UNPAID


def test_an_instance_that_cannot_be_read_any_more_is_abandoned_and_a_person_told(desk: Opens) -> None:
    at = desk()
    open_operation(at)
    at.fault("GetInstance", "error-before", times=None, code="NoPermission", status=403)
    at.clock.advance(9 * 24 * 3600)
    assert at.look() == "settle"
    assert at.operation().outcome is Outcome.ABANDONED


def test_an_instance_that_cannot_be_read_for_hours_is_told(desk: Opens) -> None:
    at = desk()
    at.fault("GetInstance", "error-before", times=None, code="NoPermission", status=403)
    at.reconcile()
    for _ in range(70):
        at.clock.advance(120)
        at.tick()
    told = [text for _, text in at.messages]
    assert len([text for text in told if "could not be read" in text and "orders-mq" in text]) == 1


def test_an_instance_that_is_not_there_at_first_contact_is_not_adopted(desk: Opens) -> None:
    at = desk()
    at.fault("GetInstance", "error-before", code="InstanceNotExist", status=404)
    assert at.reconcile().decision.code == "gone"
    assert at.state().adopted_at is None
    at.clock.advance(300)
    assert at.reconcile().decision.code == "as-wanted"
    assert at.state().home == "small"


# Executions and clocks.


def test_an_execution_that_was_given_up_hands_over_to_the_one_that_took_its_place(desk: Opens) -> None:
    at = desk()
    open_operation(at)
    first = at.which()
    at.clock.advance(300)
    at.tick()
    assert at.operation().execution != first.execution or at.operation().executions == 1
    at.clock.advance(300)
    at.tick()
    records = at.page().head.seq
    second = at.which()
    assert second.execution != first.execution
    assert steps.look(at.around, first) == "handover"
    assert at.page().head.seq == records
    assert steps.look(at.around, second).startswith("look")


def test_a_tick_whose_clock_is_ahead_does_not_leave_a_crowd_of_executions(desk: Opens) -> None:
    at = desk(apply_takes="2h")
    open_operation(at)
    ahead = at.surroundings(now=lambda: at.clock.now() + timedelta(minutes=10))
    for _ in range(30):
        tick(ahead, lambda: True)
        at.clock.advance(60)
        at.look()
    alive = {name for name in at.started if name == at.operation().execution}
    assert len(alive) == 1
    assert len(at.orders()) == 1


@pytest.mark.parametrize("behind", [timedelta(minutes=5), timedelta(minutes=-5)])
def test_steps_whose_clocks_differ_by_minutes_place_one_order(desk: Opens, behind: timedelta) -> None:
    at = desk()
    at.hear(at.alert())
    odd = at.surroundings(now=lambda: at.clock.now() - behind)
    steps.submit(odd, at.which())
    for turn in range(200):
        if at.state().operation is None:
            break
        at.clock.advance(60)
        around = odd if turn % 2 else at.around
        if steps.look(around, at.which()) == "settle":
            steps.settle(around, at.which())
    assert at.settled().outcome is Outcome.RESIZED
    assert len(at.orders()) == 1


def test_folding_gives_the_newest_state_also_while_the_clock_runs_on(desk: Opens) -> None:
    at = desk()
    at.around = at.surroundings(now=ticking(at))
    at.hear(at.alert())
    at.follow()
    state = State()
    for record in at.around.ledger.records(at.page().key, newest_first=False):
        state = fold(state, codec.read_fact(record.fact), record.at)
        assert codec.write_state(state) == dict(record.state)


def test_a_record_from_a_clock_far_ahead_does_not_hide_a_dead_execution(desk: Opens) -> None:
    at = desk()
    ahead = at.surroundings(now=lambda: at.clock.now() + timedelta(minutes=50))
    page = replace(at.page(), around=ahead)
    reconcile(ahead, page.policy, page.policy_hash)
    at.clock.advance(60)
    at.hear(at.alert())
    begun = len(at.started)
    for _ in range(5):
        at.clock.advance(60)
        at.tick()
    assert len(at.started) > begun


# One bad thing in the store keeps nobody else from its turn.


def test_a_record_of_a_newer_schema_makes_the_instance_hold(desk: Opens) -> None:
    at = desk()
    at.reconcile()
    written_by_a_later_version(at)
    verdict = at.hear_blindly(at.alert())
    assert verdict.decision.code == "newer-schema"
    assert verdict.decision.needs_person
    assert at.calls("UpdateInstance") == []
    assert len(at.around.ledger.inbox(at.key("orders-mq"))) == 1


def test_an_instance_of_a_newer_schema_keeps_no_neighbour_from_being_answered(desk: Opens) -> None:
    at = desk()
    at.reconcile()
    at.reconcile("edge-gateway")
    written_by_a_later_version(at)
    body = alertmanager("rabbit-tps-high", at.orders_mq["instance_id"]) + alertmanager("gw-qps-high", "")
    reply = doors.receive_alerts(at.around, json.dumps(envelope(body, at)).encode(), ("t" * 20,), lambda: True)
    assert reply.status == 200
    assert [alert["answer"] for alert in reply.body["alerts"]] == ["hold", "resize"]


def test_a_corrupt_ledger_of_one_instance_keeps_no_neighbour_from_being_answered(desk: Opens) -> None:
    at = desk()
    at.reconcile("edge-gateway")
    at.shelf.create(f"ledger/{at.key('orders-mq')}/999999999999.json", b"nonsense")
    body = alertmanager("rabbit-tps-high", at.orders_mq["instance_id"]) + alertmanager("gw-qps-high", "")
    reply = doors.receive_alerts(at.around, json.dumps(envelope(body, at)).encode(), ("t" * 20,), lambda: True)
    assert reply.status == 200
    assert [alert["answer"] for alert in reply.body["alerts"]] == ["kept", "resize"]
    at.clock.advance(60)
    assert at.tick().failed == ("orders-mq",)


def test_a_signal_that_nobody_can_read_is_answered_so_and_holds_up_no_other(desk: Opens) -> None:
    at = desk()
    at.reconcile()
    key = at.page().key
    at.around.ledger.post(key, {"id": "odd", "is": "request", "verb": "dance"}, due=at.clock.now())
    assert at.hear(at.alert()).decision.code == "resize"
    facts = [codec.read_fact(record.fact) for record in at.around.ledger.records(key)]
    answers = [answer for fact in facts if isinstance(fact, Decided) for answer in fact.answers]
    assert ("odd", "hold") in [(answer.key, answer.verdict) for answer in answers]
    assert at.around.ledger.inbox(key) == []


def test_a_calendar_that_fails_for_one_instance_does_not_stop_the_tick(desk: Opens) -> None:
    at = desk()
    office = {"days": "workdays", "from": "08:00", "to": "20:00", "rung": "medium"}
    country = {"workdays": {"country": "XX"}}
    at.push({**at.orders_mq, "timetable": [office], "calendars": country}, at.edge)
    at.around = replace(at.around, calendar=no_such_country)
    at.tick()
    at.clock.advance(60)
    at.hear_blindly(at.alert(rule="", rule_id="gw-qps-high"), "edge-gateway")
    at.clock.advance(60)
    ticked = at.tick()
    assert "edge-gateway" in ticked.reconciled
    assert ticked.failed == ("orders-mq",)


def test_something_that_is_no_mark_does_not_stop_the_tick(desk: Opens) -> None:
    at = desk()
    at.tick()
    at.shelf.create("wake/what-is-this/here", b"{}")
    page = at.page()
    at.around.ledger.post(page.key, codec.write_signal(at.alert()), due=at.clock.now())
    at.clock.advance(60)
    assert "orders-mq" in at.tick().reconciled
    assert at.operation().to_rung == "medium"


def test_a_tick_without_time_for_all_goes_on_where_it_stopped(desk: Opens) -> None:
    at = desk()
    names = ["a-mq", "b-mq", "c-mq", "d-mq"]
    at.push(*({**at.orders_mq, "name": name, "instance_id": f"amqp-cn-{name}"} for name in names))
    served: list[str] = []
    for _ in range(4):
        served += tick(at.around, once()).reconciled
        at.clock.advance(60)
    assert served == names


def test_an_alert_from_a_queue_is_not_called_taken_before_there_is_a_policy(desk: Opens) -> None:
    """To a trigger that invokes the function directly, any answer is a success: the message would be gone."""
    at = desk()
    empty = at.elsewhere()
    alerts = alertmanager("rabbit-tps-high", at.orders_mq["instance_id"])
    direct, over_http = {"version": "4", "alerts": alerts}, envelope(alerts, at)
    with pytest.raises(LookupError):
        doors.receive_alerts(empty, json.dumps(direct).encode(), ("t" * 20,), lambda: True)
    assert doors.receive_alerts(empty, json.dumps(over_http).encode(), ("t" * 20,), lambda: True).status == 503


# The watchers are watched.


def test_a_look_notices_that_the_tick_is_dead(desk: Opens) -> None:
    at = desk()
    at.tick()
    open_operation(at)
    at.clock.advance(11 * 60)
    at.look()
    at.clock.advance(60)
    at.look()
    assert len([text for _, text in at.messages if "last complete tick" in text]) == 1


def test_a_request_that_could_not_be_decided_at_once_is_kept_and_says_so(desk: Opens) -> None:
    at = desk()
    at.reconcile()
    written_by_a_later_version(at)
    request = {"verb": "resize", "instance": "orders-mq", "caller": "li", "key": "12345678", "to": "large", "for": "2h"}
    reply = requests.receive_request(at.around, json.dumps(request).encode())
    assert (reply["decision"], reply["code"]) == ("hold", "newer-schema")


def test_a_failure_is_told_again_until_a_person_acknowledges_it(desk: Opens) -> None:
    at = desk()
    at.fault("UpdateInstance", "error-before", code="InvalidParameter", status=400)
    at.hear(at.alert())
    at.follow()
    for _ in range(18):
        at.clock.advance(1800)
        at.tick()
        at.reconcile()
    failed = [text for kind, text in at.messages if kind == "failed"]
    assert len(failed) == 3
    at.hear(at.request("", verb=Verb.ACK, until=None))
    at.clock.advance(10 * 3600)
    at.reconcile()
    assert len([text for kind, text in at.messages if kind == "failed"]) == 3


def test_the_status_shows_a_channel_that_takes_no_messages(desk: Opens) -> None:
    at = desk()
    at.fault("UpdateInstance", "error-before", code="InvalidParameter", status=400)
    at.channel_works = False
    at.hear(at.alert())
    at.follow()
    for _ in range(30):
        at.clock.advance(60)
        at.tick()
    (queue,) = [each for each in status(at.around).instances if each.instance == "orders-mq"]
    assert isinstance(queue, Standing)
    assert "repair channel TIDEGATE_ONCALL_URL" in [need.do for need in queue.needs]


def test_a_hold_that_needs_a_person_is_reminded_of_by_the_tick_until_the_ack(desk: Opens) -> None:
    at = desk()
    at.reconcile()
    at.server.run(
        lambda: at.server.cloud.estate.resize_by_hand(at.orders_mq["instance_id"], {"MaxPrivateTps": 4}, "li")
    )
    said = []
    for _ in range(20):
        at.clock.advance(1800)
        at.tick()
        said.append(len([text for kind, text in at.messages if kind == "held"]))
    assert said[-1] == 3
    at.hear(at.request("", verb=Verb.ACK, until=None))
    at.clock.advance(10 * 3600)
    at.tick()
    assert len([text for kind, text in at.messages if kind == "held"]) == 3


# Hands.


def by_hand(at: Any, rung: str) -> None:
    """Resize the instance in the console."""
    spec = {field: value for field, value in rung_of(at, rung).items() if field != "rung"}
    at.server.run(lambda: at.server.cloud.estate.resize_by_hand(at.orders_mq["instance_id"], spec, "li"))


def rung_of(at: Any, rung: str) -> dict[str, Any]:
    """A rung of the policy as it is written."""
    return next(dict(each) for each in at.orders_mq["ladder"] if each["rung"] == rung)


def seeing(at: Any, change: Callable[[Reading], Reading]) -> Any:
    """The same account, where the instance shows something else just now."""

    def product(policy: Any) -> Any:
        return Tinted(at.around.product(policy), change)

    return replace(at.around, product=product)


class Tinted:
    """A product whose readings are changed on the way; all else is as it is."""

    def __init__(self, inner: Any, change: Callable[[Reading], Reading]) -> None:
        self._inner, self._change = inner, change

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def read(self, instance_id: str) -> Reading:
        """The changed reading."""
        return self._change(self._inner.read(instance_id))


def after_an_earlier_success(at: Any) -> None:
    """Let a search find an order of ours once, so that it is trusted."""
    at.hear(at.request("medium", hours=1))
    at.follow()
    at.clock.advance(2 * 3600)
    at.reconcile()
    at.follow()
    at.clock.advance(2 * 3600)


def until_cleared(at: Any) -> None:
    """Look until the doubt is cleared."""
    at.clock.advance(DOUBT_LASTS.total_seconds())
    for _ in range(5):
        at.clock.advance(300)
        if at.look() == "submit":
            break
    events = [codec.read_fact(record.fact) for record in at.around.ledger.records(at.page().key, limit=3)]
    assert any(getattr(fact, "event", None) is Event.CLEARED for fact in events)


def ticking(at: Any) -> Callable[[], Any]:
    """A clock that moves with every look at it."""
    count = iter(range(10**6))
    return lambda: at.clock.now() + timedelta(milliseconds=next(count))


def once() -> Callable[[], bool]:
    """Time for one instance."""
    left: Iterator[bool] = iter([True])
    return lambda: next(left, False)


def no_such_country(country: str) -> Any:
    """A calendar as the library answers a country it does not know."""
    if country:
        raise NotImplementedError(country)
    return PLAIN


def written_by_a_later_version(at: Any, name: str = "orders-mq") -> None:
    """Append a record of the schema after ours."""
    page = at.page(name)
    head: Record = page.head
    raw = {"seq": head.seq + 1, "at": at.clock.now().isoformat(), "fact": {}, "state": {}, "policy": "", "code": "9"}
    body = json.dumps({**raw, "nonce": "later", "schema": 99}).encode()
    at.shelf.create(f"ledger/{page.key}/{10**12 - head.seq - 1:012d}.json", body)


def alertmanager(rule: str, instance: str) -> list[dict[str, Any]]:
    """One alert as Alertmanager writes it."""
    whom = {"instanceId": instance} if instance else {"_aliyun_arms_alert_rule_id": rule}
    labels = {"alertname": rule, **whom}
    return [{"status": "firing", "labels": labels, "fingerprint": rule, "startsAt": "2026-03-02T12:00:00Z"}]


def envelope(alerts: list[dict[str, Any]], at: Any) -> dict[str, Any]:
    """An HTTP trigger's event with these alerts."""
    del at
    return {
        "version": "v1",
        "rawPath": f"/hook/alertmanager/{'t' * 20}",
        "body": json.dumps({"version": "4", "alerts": alerts}),
        "isBase64Encoded": False,
        "headers": {"Content-Type": "application/json"},
        "requestContext": {"http": {"method": "POST"}},
    }
