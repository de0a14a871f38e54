"""Whatever lies in the store, a reader gets what was written or is told of damage; no name leads to another key."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from functools import partial
from typing import Any, get_args

import pytest
from hypothesis import strategies as st

from tests.cli.conftest import POLICY
from tests.hostile.watched import Watched
from tests.hostile.words import DEEP_JSON, NUMBERS, TRICKS, mutated, tried, values
from tidegate.app import codec
from tidegate.domain.facts import Fact
from tidegate.domain.signal import Alert, AlertState, Noise, Request
from tidegate.domain.state import State
from tidegate.ledger import inbox, marks
from tidegate.ledger.ledger import Ledger
from tidegate.ledger.memory import MemoryShelf
from tidegate.ledger.policies import NAME, NoSuchPolicy, Policies
from tidegate.ledger.record import Corrupt, InstanceKey, NewerSchema, Record, read_record, write_record
from tidegate.operate.candidate import Candidate, Outdated, published
from tidegate.policyfile import compile_policy, parse_policy

NOON = datetime(2026, 3, 2, 12, tzinfo=timezone.utc)
KEY = "1/cn-hangzhou/rabbitmq/amqp-cn-demo0001"
RECORD = Record(1, NOON, {"kind": "adopted"}, {"home": "small"}, "aaaaaaaaaaaa", "0.3", "nonce")
JUNK = (*DEEP_JSON, *NUMBERS, b"", b"\xff", b"null", b"[]", b"\x1f\x8b\x08", b"{" * 1000)
BODIES = st.one_of(st.binary(max_size=100), values.map(lambda value: json.dumps(value).encode()))

Opens = Callable[..., Any]


def as_json(value: Any) -> bytes:
    """A body as somebody else may have written it."""
    return json.dumps(value).encode()


def ledger(shelf: MemoryShelf) -> Ledger:
    """A ledger on a shelf that others have written to."""
    return Ledger(shelf, lambda: NOON, lambda: "nonce")


def test_any_body_is_the_record_that_was_written_or_is_damaged(tries: Any) -> None:
    good = json.loads(write_record(RECORD))

    def check(body: bytes) -> None:
        record = tried(lambda: read_record("ledger/x", 1, body), Corrupt, NewerSchema)
        if isinstance(record, Corrupt):
            assert "ledger/x" in str(record)
        elif isinstance(record, NewerSchema):
            assert record.record.schema > 2
        else:
            assert isinstance(record.fact, dict)
            assert isinstance(record.state, dict)
            assert record.at.utcoffset() == timedelta(0)
            assert {type(record.policy), type(record.code), type(record.nonce)} == {str}

    tries(150, check, body=st.one_of(BODIES, mutated(good).map(as_json)))
    assert read_record("ledger/x", 1, write_record(RECORD)) == RECORD


@pytest.mark.parametrize("body", JUNK)
def test_junk_in_the_place_of_a_record_an_epoch_a_pointer_or_an_item_is_named(body: bytes, soon: Any) -> None:
    shelf = MemoryShelf()
    for key in (f"ledger/{KEY}/999999999999.json", "epoch", "policy/current/999999999999.json", f"inbox/{KEY}/x.json"):
        shelf.create(key, body)
    readers: tuple[Callable[[], object], ...] = (
        lambda: ledger(shelf).head(KEY),
        lambda: ledger(shelf).epoch(),
        lambda: Policies(shelf, lambda: NOON).current(),
        lambda: ledger(shelf).inbox(KEY),
    )
    for read in readers:
        with soon(), pytest.raises(Corrupt, match=r"ledger/|epoch|policy/|inbox/"):
            read()


def test_any_fact_or_state_is_read_or_is_damaged(tries: Any) -> None:
    states = {"home": "small", "operation": None, "demands": [], "pause": None, "recent": [], "seen": ["a"]}
    fact = {"kind": "decided", "stance": {"kind": "hold", "code": "x", "reason": "x"}, "answers": []}

    def check(written: Any, said: Any) -> None:
        for read, given in ((codec.read_state, written), (codec.read_fact, said)):
            found = tried(partial(read, given), Corrupt)
            assert isinstance(found, (State, Corrupt, *get_args(Fact)))
            assert not isinstance(found, Corrupt) or len(str(found)) < 500

    tries(100, check, written=st.one_of(values, mutated(states)), said=st.one_of(values, mutated(fact)))
    assert codec.read_state({}) == State()


def test_any_item_of_an_inbox_is_a_signal_or_is_named_as_unreadable_and_costs_the_others_nothing(tries: Any) -> None:
    good = codec.write_signal(Alert("a-1", NOON, "r", AlertState.FIRING, "test"))

    def check(item: Any) -> None:
        shelf = MemoryShelf()
        if isinstance(item, dict) and isinstance(item.get("id"), str):
            inbox.put_item(
                shelf, KEY, json.loads(json.dumps(item).replace("NaN", "0").replace("Infinity", "0")), NOON, "n"
            )
        inbox.put_item(shelf, KEY, {**good, "id": "other"}, NOON, "n")
        signals, unreadable = codec.read_signals(inbox.items(shelf, KEY))
        assert any(isinstance(one, Alert) and one.rule == "r" for one in signals)
        assert all(isinstance(one, (Alert, Request, Noise)) for one in signals)
        inbox.remove_items(shelf, KEY, ["other", *unreadable, *(one.key for one in signals)])

    tries(100, check, item=mutated(good))


@pytest.mark.parametrize("name", TRICKS)
def test_no_name_in_a_key_leads_outside_of_its_place(name: str) -> None:
    """Neither by slashes, nor for those who read keys as paths, nor after a URL was decoded once."""
    if not name:
        return
    key = str(InstanceKey("1", "cn-hangzhou", "rabbitmq", name))
    assert key.count("/") == 3
    assert key.startswith("1/cn-hangzhou/rabbitmq/")
    parts = key.split("/")
    assert not {"", ".", ".."} & set(parts)
    assert key.isascii()
    shelf = MemoryShelf()
    mine = ledger(shelf)
    assert mine.append(key, {"kind": "x"}, {}, after=None, policy="", wake=NOON)
    assert mine.post(key, {"id": name}, due=NOON)
    prefixes = (f"ledger/{key}/", f"inbox/{key}/", "wake/20260302T1200/" + key)
    assert [each for each in shelf.list("") if not each.startswith(prefixes)] == []


def test_two_instances_never_share_a_key(tries: Any) -> None:
    def check(one: tuple[str, ...], other: tuple[str, ...]) -> None:
        assert (str(InstanceKey(*one)) == str(InstanceKey(*other))) is (one == other)

    part = st.one_of(
        st.sampled_from([trick for trick in TRICKS if trick and trick != "fleet"]), st.text("./%a2F", min_size=1)
    )
    four = st.tuples(part, part, part, part)
    tries(200, check, one=four, other=four)


@pytest.mark.parametrize("trick", TRICKS)
def test_a_policy_is_asked_for_by_its_hash_and_name_and_by_nothing_else(trick: str) -> None:
    shelf = Watched(MemoryShelf())
    policies = Policies(shelf, lambda: NOON)
    hashed = policies.publish({"orders-mq": {}}, {"instances": {}}, "li")
    shelf.asked.clear()
    for read in (
        lambda: policies.index(trick),
        lambda: policies.document(trick, "orders-mq"),
        lambda: policies.document(hashed, trick),
        lambda: policies.restore(trick, "li"),
    ):
        with pytest.raises(NoSuchPolicy):
            read()
    assert shelf.asked == ([f"policy/{hashed}/{trick}.json"] if NAME.fullmatch(trick) else [])
    if not NAME.fullmatch(trick):
        with pytest.raises(ValueError, match="not names of instances"):
            policies.publish({trick: {}}, {}, "li")


def test_any_published_policy_is_one_or_is_told_to_be_none(tries: Any) -> None:
    """Whatever an earlier or later version, or somebody else, has left under a hash."""
    documents, index = compile_policy(parse_policy(POLICY.encode()))
    good = {"documents": documents, "index": index}

    def check(left: Any) -> None:
        shelf = MemoryShelf()
        parts = left if isinstance(left, dict) else {}
        stored = {
            **(parts["documents"] if isinstance(parts.get("documents"), dict) else {}),
            "_index": parts.get("index"),
        }
        for name, document in stored.items():
            if NAME.fullmatch(name) or name == "_index":
                shelf.create(f"policy/{'a' * 12}/{name}.json", as_json(document))
        told = tried(lambda: published(Policies(shelf, lambda: NOON), "a" * 12), Outdated, Corrupt)
        assert isinstance(told, (Candidate, Outdated, Corrupt))

    check(good)
    tries(300, check, left=mutated(good))


def test_what_somebody_else_left_among_the_marks_stops_no_tick(desk: Opens, tries: Any, lines: Any) -> None:
    at = desk()

    def check(name: str) -> None:
        at.shelf.create(f"{marks.PREFIX}{name}", b"{}")
        at.clock.advance(60)
        ticked = at.tick()
        assert ticked.failed == ()
        lines.facts()

    tries(15, check, name=st.one_of(st.sampled_from([trick for trick in TRICKS if trick]), st.text(max_size=20)))


def test_a_damaged_record_of_one_instance_keeps_no_other_from_its_turn(desk: Opens, tries: Any, lines: Any) -> None:
    at = desk()
    head = at.reconcile() and at.page().head
    good = json.loads(write_record(head))

    def check(state: Any) -> None:
        key = f"ledger/{at.key()}/{10**12 - head.seq - 1:012d}.json"
        at.shelf.create(key, as_json({**good, "seq": head.seq + 1, "state": state}))
        at.around.ledger.mark(at.key(), at.clock.now())
        at.around.ledger.mark(at.key("edge-gateway"), at.clock.now())
        at.clock.advance(60)
        ticked = at.tick()
        assert "edge-gateway" not in ticked.failed
        assert set(ticked.failed) <= {"orders-mq"}
        lines.facts()
        at.shelf.delete(key)

    tries(25, check, state=mutated(good["state"]))
