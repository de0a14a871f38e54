"""What every shelf promises, and what the ledger promises on every shelf."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from tests.ledger.rivals import rivals
from tidegate.ledger.ledger import Ledger
from tidegate.ledger.record import FLEET, Corrupt, InstanceKey, NewerSchema, Record, encode
from tidegate.ledger.sequence import NEWEST_FIRST
from tidegate.ledger.shelf import Unsure, listed

if TYPE_CHECKING:
    from tests.ledger.conftest import Hands, OpenLedger, Store

KEY = str(InstanceKey("123456789", "cn-hangzhou", "rabbitmq", "amqp-cn-demo0001"))

REMOTE = pytest.mark.parametrize("store", ["memory", "in_bucket"], indirect=True)
"""Stores that can lose a request or a reply, and whose listings can be old."""
SHARED = pytest.mark.parametrize("store", ["sqlite", "in_bucket"], indirect=True)
"""Stores that several processes reach."""


def add(ledger: Ledger, after: Record | None = None, **more: Any) -> Record | None:
    fact, state = more.pop("fact", {"kind": "tick"}), more.pop("state", {"home": "small"})
    return ledger.append(KEY, fact, state, after=after, **{"policy": "7f3a", "wake": None, **more})


def length_of(ledger: Ledger, key: str) -> int:
    head = ledger.head(key)
    return head.seq if head else 0


def grown(ledger: Ledger, to: int) -> Record:
    head = ledger.head(KEY)
    while head is None or head.seq < to:
        head = add(ledger, head)
        assert head is not None
    return head


def place_of(seq: int) -> str:
    return f"ledger/{KEY}/{NEWEST_FIRST - seq:012d}.json"


# The shelf.


def test_of_twenty_threads_that_create_one_key_exactly_one_wins(store: Store) -> None:
    shelves = [store.shelf() for _ in range(20)]
    start = threading.Barrier(20)

    def create(number: int) -> bool:
        start.wait(10)
        return bool(shelves[number].create("one", f"writer {number}".encode()))

    with ThreadPoolExecutor(20) as pool:
        won = list(pool.map(create, range(20)))
    assert won.count(True) == 1
    assert store.shelf().get("one") == f"writer {won.index(True)}".encode()


@SHARED
def test_two_processes_never_both_win_a_key_and_leave_none_out(store: Store) -> None:
    place = json.dumps(store.outside())
    won = rivals("tests.ledger.racer", [["a", place], ["b", place]], "go")
    assert sorted(won[0] + won[1]) == list(range(50))


def test_creating_our_own_bytes_again_is_still_ours(store: Store) -> None:
    shelf = store.shelf()
    assert shelf.create("one", b"mine")
    assert shelf.create("one", b"mine")
    assert not shelf.create("one", b"theirs")
    assert shelf.get("one") == b"mine"


@REMOTE
def test_a_lost_request_is_sent_again_and_wins(store: Store) -> None:
    store.lose("request")
    assert store.shelf().create("one", b"mine")
    assert store.shelf().get("one") == b"mine"


@REMOTE
def test_a_lost_reply_is_settled_by_the_bytes_that_stand_there(store: Store) -> None:
    store.lose("reply")
    assert store.shelf().create("one", b"mine")


@REMOTE
def test_whoever_overtakes_a_lost_request_wins(store: Store) -> None:
    rival = store.shelf()

    def overtake(_seconds: float) -> None:
        rival.create("one", b"theirs")

    ours = store.shelf(overtake)
    store.lose("request")
    assert not ours.create("one", b"mine")
    assert rival.get("one") == b"theirs"


@REMOTE
def test_without_any_answer_the_creation_is_unsure(store: Store) -> None:
    store.lose("request", times=3)
    with pytest.raises(Unsure):
        store.shelf().create("one", b"mine")


def test_keys_are_listed_by_prefix_in_order_behind_a_key_and_up_to_a_limit(store: Store) -> None:
    shelf = store.shelf()
    for key in ("b/2", "a/10", "a/2", "a/1", "a", "a0", "b/1"):
        shelf.create(key, b"{}")
    assert shelf.list("a/") == ["a/1", "a/10", "a/2"]
    assert shelf.list("a/", limit=2) == ["a/1", "a/10"]
    assert shelf.list("a/", after="a/1") == ["a/10", "a/2"]
    assert shelf.list("a/", after="b") == []
    assert shelf.list("", after="a/2") == ["a0", "b/1", "b/2"]
    assert listed(shelf, "", page=3) == ["a", "a/1", "a/10", "a/2", "a0", "b/1", "b/2"]


def test_a_deleted_key_is_gone_and_may_be_created_again(store: Store) -> None:
    shelf = store.shelf()
    shelf.create("one", b"first")
    shelf.delete("one")
    shelf.delete("one")
    assert shelf.get("one") is None
    assert shelf.create("one", b"second")


def test_keys_and_bodies_may_hold_any_letter(store: Store) -> None:
    shelf = store.shelf()
    key, body = "ledger/a b+c/%2F/Ä~'/水.json", "水\x00ä".encode()
    assert shelf.create(key, body)
    assert shelf.get(key) == body
    assert shelf.list("ledger/a b+c/%2F/Ä") == [key]


# The ledger.


def test_a_store_that_protects_what_was_created_passes_the_check(ledger: Ledger) -> None:
    ledger.check()


def test_a_new_ledger_has_no_head_and_no_records(ledger: Ledger) -> None:
    assert ledger.head(KEY) is None
    assert list(ledger.records(KEY)) == []


def test_the_head_is_the_last_record_as_it_was_written(ledger: Ledger, open_ledger: OpenLedger, hands: Hands) -> None:
    first = add(ledger)
    hands.move(seconds=1, microseconds=7)
    second = add(ledger, first, fact={"text": "Ä水\ud800", "n": [1, None, 2.5]}, state={"home": "large"}, policy="9c1d")
    assert second is not None
    assert open_ledger().head(KEY) == second
    assert (second.seq, second.at, second.policy, second.state) == (2, hands.now, "9c1d", {"home": "large"})


def test_of_two_writers_behind_one_record_the_second_loses_and_changes_nothing(open_ledger: OpenLedger) -> None:
    one, other = open_ledger(), open_ledger()
    head = add(one)
    won = add(one, head)
    assert add(other, head) is None
    assert one.head(KEY) == won


def test_a_writer_who_thinks_the_ledger_is_new_loses_too(ledger: Ledger, open_ledger: OpenLedger) -> None:
    grown(ledger, 3)
    assert add(open_ledger(), None) is None


def test_twenty_threads_appending_leave_a_row_without_gap_or_fork(open_ledger: OpenLedger) -> None:
    def write(ledger: Ledger) -> list[str]:
        won = [add(ledger, ledger.head(KEY)) for _ in range(3)]
        return [record.nonce for record in won if record]

    ledgers = [open_ledger() for _ in range(20)]
    with ThreadPoolExecutor(20) as pool:
        claimed = [nonce for nonces in pool.map(write, ledgers) for nonce in nonces]
    records = list(open_ledger().records(KEY, newest_first=False))
    assert [record.seq for record in records] == list(range(1, len(records) + 1))
    assert sorted(record.nonce for record in records) == sorted(claimed)


def test_time_never_goes_back_in_a_ledger_even_if_a_clock_does(ledger: Ledger, hands: Hands) -> None:
    first = add(ledger)
    hands.move(hours=-1)
    second = add(ledger, first)
    assert first is not None
    assert second is not None
    assert second.at == first.at


@REMOTE
def test_an_append_whose_reply_is_lost_is_still_ours(store: Store, ledger: Ledger) -> None:
    first = add(ledger)
    store.lose("reply")
    second = add(ledger, first)
    assert second is not None
    assert ledger.head(KEY) == second


@REMOTE
def test_an_append_that_is_unsure_shows_in_the_head_or_never_happened(store: Store, ledger: Ledger) -> None:
    first = add(ledger)
    store.lose("request", times=3)
    with pytest.raises(Unsure):
        add(ledger, first)
    assert ledger.head(KEY) == first


@REMOTE
@pytest.mark.parametrize("length", [1, 2, 3, 7, 40])
def test_the_head_is_found_although_the_listing_shows_nothing(store: Store, ledger: Ledger, length: int) -> None:
    head = grown(ledger, length)
    store.hide()
    assert ledger.head(KEY) == head
    assert [record.seq for record in ledger.records(KEY)] == list(range(length, 0, -1))


def test_records_come_newest_first_or_oldest_first_and_the_limit_keeps_the_last(ledger: Ledger) -> None:
    grown(ledger, 5)
    assert [record.seq for record in ledger.records(KEY)] == [5, 4, 3, 2, 1]
    assert [record.seq for record in ledger.records(KEY, limit=2)] == [5, 4]
    assert [record.seq for record in ledger.records(KEY, newest_first=False, limit=2)] == [4, 5]


def test_ledgers_of_different_instances_do_not_meet(ledger: Ledger) -> None:
    longer = KEY + "2"
    grown(ledger, 2)
    ledger.append(longer, {}, {}, after=None, policy="", wake=None)
    ledger.append(FLEET, {}, {}, after=None, policy="", wake=None)
    assert [length_of(ledger, key) for key in (KEY, longer, FLEET)] == [2, 1, 1]


def test_a_record_of_a_newer_schema_is_not_read_as_ours(store: Store, ledger: Ledger) -> None:
    grown(ledger, 1)
    newer = {"seq": 2, "schema": 99, "at": "2026-03-02T12:00:00+00:00", "code": "9.0", "policy": "", "nonce": "n"}
    store.shelf().create(place_of(2), encode({**newer, "fact": {}, "state": {"new": 1}, "more": "unknown"}))
    with pytest.raises(NewerSchema, match=r"schema 99, and version 9\.0") as caught:
        ledger.head(KEY)
    assert caught.value.record.state == {"new": 1}


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"{}", b'{"seq": 3, "schema": 1}', b"\xff\xfe"])
def test_a_broken_record_is_named_by_its_key(store: Store, ledger: Ledger, body: bytes) -> None:
    grown(ledger, 1)
    store.shelf().create(place_of(2), body)
    with pytest.raises(Corrupt, match=place_of(2)):
        ledger.head(KEY)


def test_all_writers_agree_on_one_epoch(open_ledger: OpenLedger) -> None:
    ledgers = [open_ledger() for _ in range(10)]
    with ThreadPoolExecutor(10) as pool:
        epochs = set(pool.map(Ledger.epoch, ledgers))
    assert len(epochs) == 1
    epoch = epochs.pop()
    assert len(epoch) == 9
    assert epoch[0].isalpha()
    assert epoch.isalnum()
    assert epoch == epoch.lower() == open_ledger().epoch()
