"""Signals wait once, and whoever is due is found with one listing."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tidegate.ledger.ledger import Ledger
from tidegate.ledger.marks import GRACE
from tidegate.ledger.record import FLEET, InstanceKey, Record
from tidegate.ledger.shelf import Shelf

if TYPE_CHECKING:
    from tests.ledger.conftest import Hands, Memory, OpenLedger, Store

KEY = str(InstanceKey("123456789", "cn-hangzhou", "rabbitmq", "amqp-cn-demo0001"))


def append(ledger: Ledger, wake: datetime | None = None) -> Record | None:
    return ledger.append(KEY, {}, {}, after=None, policy="", wake=wake)


def test_the_same_signal_twice_is_one_item(ledger: Ledger, open_ledger: OpenLedger, hands: Hands) -> None:
    assert ledger.post(KEY, {"id": "alert-1", "rule": "mq-tps-high"}, due=hands.now)
    assert not open_ledger().post(KEY, {"id": "alert-1", "rule": "mq-tps-high"}, due=hands.now)
    assert ledger.inbox(KEY) == [{"id": "alert-1", "rule": "mq-tps-high"}]


@pytest.mark.parametrize("store", ["memory", "in_bucket"], indirect=True)
def test_a_signal_whose_reply_is_lost_is_posted_once(store: Store, ledger: Ledger, hands: Hands) -> None:
    store.lose("reply", times=2)
    assert ledger.post(KEY, {"id": "alert-1"}, due=hands.now)
    assert len(ledger.inbox(KEY)) == 1


def test_signals_come_in_their_order_and_are_gone_once_taken(ledger: Ledger, hands: Hands) -> None:
    for name in ("z", "a", "m" * 500, "/../\ud800"):
        ledger.post(KEY, {"id": name}, due=hands.now)
        hands.move(seconds=1)
    ledger.post(FLEET, {"id": "z"}, due=hands.now)
    assert [item["id"] for item in ledger.inbox(KEY)] == ["z", "a", "m" * 500, "/../\ud800"]
    ledger.take(KEY, ["z", "m" * 500, "never there"])
    assert [item["id"] for item in ledger.inbox(KEY)] == ["a", "/../\ud800"]
    assert [item["id"] for item in ledger.inbox(FLEET)] == ["z"]


def test_a_mark_is_due_from_its_minute_on_and_never_before_its_time(ledger: Ledger, hands: Hands) -> None:
    append(ledger, wake=hands.now + timedelta(minutes=5, seconds=10))
    assert ledger.due(hands.now + timedelta(minutes=5, seconds=59)) == []
    (mark,) = ledger.due(hands.now + timedelta(minutes=6))
    assert (mark.key, mark.minute) == (KEY, hands.now + timedelta(minutes=6))


def test_a_wake_that_has_passed_is_due_at_once(ledger: Ledger, hands: Hands) -> None:
    append(ledger, wake=hands.now - timedelta(days=1))
    assert [mark.key for mark in ledger.due(hands.now)] == [KEY]


def test_a_posted_signal_makes_its_instance_due(ledger: Ledger, hands: Hands) -> None:
    ledger.post(KEY, {"id": "alert-1"}, due=hands.now)
    assert [mark.key for mark in ledger.due(hands.now)] == [KEY]


def test_all_ledgers_share_the_marks_and_the_oldest_comes_first(ledger: Ledger, hands: Hands) -> None:
    ledger.append(KEY, {}, {}, after=None, policy="", wake=hands.now + timedelta(minutes=2))
    ledger.append(FLEET, {}, {}, after=None, policy="", wake=hands.now + timedelta(minutes=1))
    ledger.append("another", {}, {}, after=None, policy="", wake=hands.now + timedelta(minutes=3))
    assert [mark.key for mark in ledger.due(hands.now + timedelta(minutes=2))] == [FLEET, KEY]


def test_a_served_mark_is_shown_again_until_no_writer_can_be_behind_it(ledger: Ledger, hands: Hands) -> None:
    """A writer may have put its mark before, and its record after, the tick looked at the instance."""
    append(ledger, wake=hands.now)
    ledger.clear(ledger.due(hands.now))
    assert len(ledger.due(hands.now)) == 1
    hands.move(seconds=GRACE.total_seconds())
    ledger.clear(ledger.due(hands.now))
    assert ledger.due(hands.now) == []


def test_more_than_a_page_of_marks_is_shown_whole(memory: Memory, hands: Hands) -> None:
    shelf: Shelf = memory.shelf()
    ledger = Ledger(shelf, hands, lambda: "n")
    for number in range(2500):
        shelf.create(f"wake/20260302T1159/i{number:05d}", b"{}")
    shelf.create("wake/20260302T1201/later", b"{}")
    memory.plan.seen.clear()
    assert len(ledger.due(hands.now)) == 2500
    assert [verb for verb, _ in memory.plan.seen] == ["list"] * 3


def test_one_tick_costs_one_listing(memory: Memory, hands: Hands) -> None:
    ledger = Ledger(memory.shelf(), hands, lambda: "n")
    for number in range(900):
        memory.shelf().create(f"wake/20260302T1159/i{number:05d}", b"{}")
    memory.plan.seen.clear()
    ledger.due(hands.now)
    assert memory.plan.seen == [("list", "wake/")]


def test_the_mark_is_written_before_the_record_it_serves(memory: Memory, hands: Hands) -> None:
    ledger = Ledger(memory.shelf(), hands, lambda: "n")
    append(ledger, wake=hands.now)
    written = [key for verb, key in memory.plan.seen if verb == "create"]
    assert written == [f"wake/20260302T1200/{KEY}", f"ledger/{KEY}/999999999999.json"]


def test_a_lost_race_leaves_only_a_harmless_mark(open_ledger: OpenLedger, hands: Hands) -> None:
    one, other = open_ledger(), open_ledger()
    append(one)
    assert append(other, wake=hands.now) is None
    assert len(one.due(hands.now)) == 1
    assert one.head(KEY) is not None
