"""One resize from signal to proof, as an operator sees it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from tidegate.app import codec, steps
from tidegate.app.steps import Which
from tidegate.domain.fold import fold
from tidegate.domain.operation import Outcome, Phase, Sight
from tidegate.domain.signal import AlertState, Verb
from tidegate.domain.state import State
from tidegate.ledger.marks import Mark
from tidegate.ledger.memory import NoMisfortune

Opens = Callable[..., Any]


def test_an_alert_buys_one_rung_and_is_read_back(desk: Opens) -> None:
    at = desk()
    verdict = at.hear(at.alert())
    assert verdict.decision.code == "resize"
    path = at.follow()
    settled = at.settled()
    assert (settled.outcome, settled.from_rung, settled.to_rung) == (Outcome.RESIZED, "small", "medium"), path
    assert len(at.orders()) == 1
    assert at.state().rung == "medium"


def test_the_proof_is_two_healthy_reads_a_minute_apart(desk: Opens) -> None:
    """The first sight of the wanted values is not yet an outcome."""
    at = desk()
    at.hear(at.alert())
    which = at.which()
    answer = at.submit()
    while at.operation().evidence.sight is not Sight.WANTED:
        at.clock.advance(15)
        answer = at.look()
    assert (at.operation().phase, answer) == (Phase.PROVING, "look60")
    at.clock.advance(59)
    assert steps.look(at.around, which) == "look60"
    at.clock.advance(1)
    assert steps.look(at.around, which) == "settle"
    assert at.operation().outcome is Outcome.RESIZED


def test_the_same_alert_four_times_buys_once(desk: Opens) -> None:
    at = desk()
    alert = at.alert()
    assert at.hear(alert).decision.code == "resize"
    for _ in range(3):
        assert at.hear(alert).answers == ()
    at.follow()
    for _ in range(3):
        assert at.hear(alert).answers == ()
    assert len(at.orders()) == 1
    assert at.state().operation is None


class Died(BaseException):
    """The process is gone."""


class DiesAfterItsRecord(NoMisfortune):
    """The process dies at its first call after a record of an instance."""

    def __init__(self) -> None:
        self.has_written = self.is_over = False

    def before(self, verb: str, key: str) -> None:
        """Let nothing through any more, once."""
        del verb, key
        if self.has_written and not self.is_over:
            self.is_over = True
            raise Died

    def after(self, verb: str, key: str) -> None:
        """Note that a record stands."""
        is_record = key.startswith("ledger/") and not key.startswith("ledger/fleet/")
        self.has_written = self.has_written or (verb == "create" and is_record)


def test_a_resize_that_was_decided_by_a_process_that_died_is_taken_up_within_minutes(desk: Opens) -> None:
    """Also where nothing but its record asks for that: an instance whose turn it is has no mark of its own."""
    at = desk()
    at.tick()
    at.clock.advance(600)
    at.shelf._misfortunes = DiesAfterItsRecord()
    with pytest.raises(Died):
        at.hear(at.alert())
    assert (at.state().stance.code, at.state().operation) == ("resize", None)
    at.around.ledger.take(at.key(), [item["id"] for item in at.around.ledger.inbox(at.key())])
    at.shelf.delete(str(Mark(at.clock.now(), at.key())))
    at.clock.advance(180)
    assert at.tick().reconciled == ("orders-mq",)
    assert at.operation().phase is Phase.PLANNED


def test_a_second_ringing_of_the_same_rule_does_not_climb(desk: Opens) -> None:
    at = desk()
    at.hear(at.alert("first"))
    at.follow()
    at.clock.advance(3600)
    again = at.hear(at.alert("second"))
    assert again.answers[0].reason == "medium as wanted by rabbit-tps-high"
    assert at.state().operation is None


def test_an_alert_during_a_resize_is_answered_with_the_operation(desk: Opens) -> None:
    at = desk()
    at.hear(at.alert())
    verdict = at.hear(at.alert("other", rule="nobody-knows"))
    assert verdict.answers[0].verdict == "hold"
    assert "no alert rule `nobody-knows`" in verdict.answers[0].reason
    held = at.hear(at.request("large"))
    assert held.answers[0].reason == "operation 1 to medium is planned"


def test_after_the_all_clear_it_goes_home_when_demand_and_cooldown_have_ended(desk: Opens) -> None:
    at = desk()
    at.hear(at.alert())
    at.follow()
    at.hear(at.alert("ok", AlertState.OK))
    at.clock.advance(31 * 60)
    verdict = at.reconcile()
    assert verdict.decision.code == "cooldown"
    at.clock.advance(30 * 60)
    assert at.reconcile().decision.code == "resize"
    at.follow()
    assert (at.settled().to_rung, at.settled().outcome) == ("small", Outcome.RESIZED)
    assert len(at.orders()) == 2


def test_no_data_changes_nothing(desk: Opens) -> None:
    at = desk()
    verdict = at.hear(at.alert(state=AlertState.NO_DATA))
    assert verdict.answers[0].verdict == "hold"
    assert at.state().demands == ()


def test_an_override_returns_to_the_wanted_rung_when_it_ends(desk: Opens) -> None:
    at = desk()
    assert at.hear(at.request("large", hours=2)).decision.code == "resize"
    at.follow()
    assert at.state().rung == "large"
    at.clock.advance(2 * 3600)
    assert at.reconcile().decision.code == "resize"
    at.follow()
    assert (at.state().rung, at.state().override) == ("small", None)
    assert len(at.orders()) == 2


def test_a_release_ends_the_override_at_once(desk: Opens) -> None:
    at = desk()
    at.hear(at.request("large"))
    at.follow()
    at.clock.advance(3600)
    verdict = at.hear(at.request("", verb=Verb.RELEASE, until=None))
    assert verdict.decision.code == "resize"
    assert at.operation().to_rung == "small"


def test_an_override_taken_back_before_the_claim_cancels_the_operation(desk: Opens) -> None:
    at = desk()
    at.hear(at.request("large"))
    at.hear(at.request("", verb=Verb.RELEASE, until=None))
    assert at.follow() == ["submit", "settle", "done"]
    assert at.settled().outcome is Outcome.CANCELLED
    assert at.orders() == []


def test_observed_instances_are_never_moved(desk: Opens) -> None:
    at = desk()
    at.push({**at.orders_mq, "mode": "observe"})
    verdict = at.hear(at.alert())
    assert verdict.decision.code == "observe"
    assert verdict.state.operation is None


def test_every_sellable_field_is_sent_and_reads_back_unchanged_where_the_rung_is_silent(desk: Opens) -> None:
    """An omitted field falls back to a default in this world; a public endpoint must survive a resize."""
    at = desk(omitted_field="reset")
    at.hear(at.alert())
    at.follow()
    assert at.settled().outcome is Outcome.RESIZED
    assert at.settled().spec["SupportEip"] is True
    assert at.settled().spec["MaxEipTps"] == 128


def test_values_that_the_vendor_rounds_settle_elsewhere_and_are_not_ordered_again(desk: Opens) -> None:
    at = desk(rounding="up")
    odd = [{"rung": "small", "MaxPrivateTps": 3000}, {"rung": "odd", "MaxPrivateTps": 4500}]
    at.push({**at.orders_mq, "ladder": odd})
    at.hear(at.alert())
    at.follow()
    settled = at.settled()
    assert settled.outcome is Outcome.SETTLED_ELSEWHERE
    assert "MaxPrivateTps 5000 instead of 4500" in settled.why
    assert at.reconcile(force=True).decision.code == "off-ladder"
    assert len(at.orders()) == 1
    assert at.messages[-2][0] == "held"


def test_values_that_settled_off_the_ladder_are_not_said_to_be_as_wanted_before_the_next_read(desk: Opens) -> None:
    """By then the rung is wanted again on which the instance stood before."""
    at = desk(rounding="up")
    odd = [{"rung": "small", "MaxPrivateTps": 3000}, {"rung": "odd", "MaxPrivateTps": 4500}]
    at.push({**at.orders_mq, "ladder": odd, "base": "small"})
    at.live(2)
    at.say("resize", to="odd", despite=["fit", "cooldown"], reason="a try", **{"for": "20m"})
    at.follow()
    assert at.settled().outcome is Outcome.SETTLED_ELSEWHERE
    assert at.state().stance.code == "off-ladder"


def test_a_look_that_fails_does_not_end_a_hold_that_only_a_look_can_end(desk: Opens) -> None:
    """It stands off the ladder, and the rung that it stood on before is the one that is wanted."""
    at = desk(rounding="up")
    odd = [{"rung": "small", "MaxPrivateTps": 3000}, {"rung": "odd", "MaxPrivateTps": 4500}]
    at.push({**at.orders_mq, "ladder": odd})
    at.hear(at.alert())
    at.follow()
    at.clock.advance(60)
    at.hear(at.alert("a2", AlertState.OK))
    at.hear(at.request("", verb=Verb.ACK, until=None))
    at.clock.advance(3600)
    held = at.reconcile(force=True)
    assert (held.decision.code, at.state().stance.wanted, at.state().rung) == ("off-ladder", "small", "")
    at.fault("GetInstance", "lost-request", times=9)
    assert at.reconcile(force=True).decision.code == "unread"
    at.mend()
    assert at.reconcile().decision.code == "off-ladder"


def test_a_rollback_is_named_and_opens_the_circuit_until_a_person_says_so(desk: Opens) -> None:
    at = desk(rolls_back=True, new_values_before_completion=True, apply_takes="20m", status_during_resize="UPDATING")
    at.hear(at.alert())
    at.follow()
    assert at.settled().outcome is Outcome.ROLLED_BACK
    assert at.reconcile().decision.code == "circuit"
    assert at.messages[-1][0] == "failed"
    ack = at.hear(at.request("", verb=Verb.ACK, until=None))
    assert ack.state.circuit is None


def test_a_long_resize_hands_over_and_the_tick_carries_it_on(desk: Opens) -> None:
    at = desk(apply_takes="9h")
    at.hear(at.alert())
    assert at.follow()[-1] == "handover"
    first = at.operation()
    assert first.executions == 1
    at.clock.advance(301)
    at.tick()
    second = at.operation()
    assert (second.executions, second.revivals) == (2, 0)
    assert at.started[-1].endswith("-1-2")
    assert at.follow()[-1] == "done"
    assert at.settled().outcome is Outcome.RESIZED
    assert any("has been ordered for" in text for _, text in at.messages)


def test_a_dead_execution_is_revived_ever_rarer_and_a_person_is_told_after_three(desk: Opens) -> None:
    at = desk()
    at.hear(at.alert())
    at.submit()
    revived: list[int] = []
    for minute in range(30):
        at.clock.advance(60)
        at.tick()
        if at.operation().revivals > len(revived):
            revived.append(minute)
    gaps = [after - before for before, after in pairwise(revived)]
    assert gaps == sorted(gaps)
    assert len(revived) in (4, 5)
    assert any("stopped looking 3 times" in text for _, text in at.messages)
    at.follow()
    assert at.settled().outcome is Outcome.RESIZED
    assert len(at.orders()) == 1


def test_an_execution_whose_name_is_used_up_gives_way_to_the_next(desk: Opens) -> None:
    at = desk()
    at.hear(at.alert())
    at.ended.add(at.started[0])
    at.clock.advance(300)
    at.tick()
    assert at.started[-2:] == [at.started[0], at.started[0][:-1] + "2"]


def test_folding_all_records_gives_the_newest_state(desk: Opens) -> None:
    at = desk()
    at.hear(at.alert())
    at.follow()
    at.clock.advance(7200)
    at.hear(at.request("large"))
    at.follow()
    state = State()
    for record in at.around.ledger.records(at.page().key, newest_first=False):
        state = fold(state, codec.read_fact(record.fact), record.at)
        assert codec.write_state(state) == dict(record.state)
    assert state == at.state()


def test_every_step_is_safe_after_the_end(desk: Opens) -> None:
    at = desk()
    at.hear(at.alert())
    which: Which = at.which()
    at.follow()
    records = at.page().head.seq
    assert steps.submit(at.around, which) == "settle"
    assert steps.look(at.around, which) == "settle"
    assert steps.settle(at.around, which) == "done"
    assert at.page().head.seq == records
    assert len(at.orders()) == 1


def test_a_tick_that_finds_nothing_due_writes_one_record_for_the_fleet_and_none_for_instances(desk: Opens) -> None:
    at = desk()
    at.tick()
    at.clock.advance(600)
    at.tick()
    before = at.page().head.seq
    at.clock.advance(timedelta(minutes=7).total_seconds())
    at.tick()
    assert at.page().head.seq == before
    assert at.around.fleet.state().last_tick == at.clock.now()


def test_another_instance_by_the_same_name_begins_at_once_although_its_numbers_begin_again(desk: Opens) -> None:
    at = desk(more=1)
    at.hear(at.alert())
    at.follow()
    at.ended |= {*at.started}
    at.push({**at.orders_mq, "instance_id": "amqp-cn-more0001"}, at.edge)
    at.hear(at.alert(key="a2"))
    assert at.operation().number == 1
    assert not at.ended & {at.started[-1]}
    at.live(20)
    assert at.settled().outcome is Outcome.RESIZED
