"""Policies come into force whole, or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tidegate.ledger.policies import NoSuchPolicy, Policies, hash_of
from tidegate.ledger.record import Corrupt
from tidegate.ledger.shelf import ShelfUnavailable

if TYPE_CHECKING:
    from tests.ledger.conftest import Hands, Memory, Store

SMALL: dict[str, Any] = {"orders-mq": {"base": "small"}, "index": {"base": "keep"}}
LARGE: dict[str, Any] = {"orders-mq": {"base": "large"}}
INDEX = {"version": 1, "timezone": "Asia/Shanghai"}


def test_nothing_is_in_force_before_the_first_push(store: Store, hands: Hands) -> None:
    policies = Policies(store.shelf(), hands)
    assert policies.current() is None
    assert list(policies.history()) == []


def test_a_pushed_policy_is_in_force_and_can_be_read(store: Store, hands: Hands) -> None:
    hashed = Policies(store.shelf(), hands).publish(SMALL, INDEX, "li")
    policies = Policies(store.shelf(), hands)
    current = policies.current()
    assert current is not None
    assert (current.hash, current.by, current.at) == (hashed, "li", hands.now)
    assert policies.document(hashed, "orders-mq") == {"base": "small"}
    assert policies.document(hashed, "index") == {"base": "keep"}
    assert policies.index(hashed) == INDEX


def test_the_newest_push_is_in_force_and_the_history_is_kept(store: Store, hands: Hands) -> None:
    policies = Policies(store.shelf(), hands)
    first, second = policies.publish(SMALL, INDEX, "li"), policies.publish(LARGE, INDEX, "wang")
    policies.restore(first, "li")
    assert [(pointer.number, pointer.hash) for pointer in policies.history()] == [(3, first), (2, second), (1, first)]


def test_pushing_what_is_in_force_changes_nothing(store: Store, hands: Hands) -> None:
    policies = Policies(store.shelf(), hands)
    assert policies.publish(SMALL, INDEX, "li") == policies.publish(SMALL, INDEX, "wang")
    assert [pointer.by for pointer in policies.history()] == ["li"]


def test_a_push_that_dies_half_way_leaves_the_last_policy_in_force(memory: Memory, hands: Hands) -> None:
    policies = Policies(memory.shelf(), hands)
    good = policies.publish(SMALL, INDEX, "li")
    written = len(memory.shelf().list(""))
    for survived in range(3):
        memory.plan.die_after_creations = survived
        with pytest.raises(ShelfUnavailable):
            policies.publish(LARGE, INDEX, "wang")
        memory.plan.revive()
        current = policies.current()
        assert current is not None
        assert current.hash == good
    assert len(memory.shelf().list("")) > written
    again = policies.publish(LARGE, INDEX, "wang")
    assert [pointer.hash for pointer in policies.history()] == [again, good]


def test_a_hash_depends_on_the_content_and_not_on_the_order_of_keys() -> None:
    assert hash_of({"a": {"x": 1, "y": 2}}, INDEX) == hash_of({"a": {"y": 2, "x": 1}}, INDEX)
    assert hash_of({"a": {"x": 1}}, INDEX) != hash_of({"a": {"x": 2}}, INDEX)
    assert hash_of({}, {"x": 1}) != hash_of({"x": {}}, {})
    assert len(hash_of({}, {})) == 12


@pytest.mark.parametrize("name", ["", "Orders", "_index", "a/b", "../x", "1st", "a" * 49])
def test_only_names_of_instances_are_published(memory: Memory, hands: Hands, name: str) -> None:
    with pytest.raises(ValueError, match="not names of instances"):
        Policies(memory.shelf(), hands).publish({name: {}}, INDEX, "li")
    assert memory.shelf().list("") == []


def test_an_unknown_policy_is_neither_read_nor_restored(memory: Memory, hands: Hands) -> None:
    policies = Policies(memory.shelf(), hands)
    hashed = policies.publish(SMALL, INDEX, "li")
    with pytest.raises(NoSuchPolicy):
        policies.index("0" * 12)
    with pytest.raises(NoSuchPolicy):
        policies.document(hashed, "nobody")
    with pytest.raises(NoSuchPolicy):
        policies.restore("0" * 12, "li")


def test_a_broken_pointer_is_named_by_its_key(memory: Memory, hands: Hands) -> None:
    memory.shelf().create("policy/current/999999999999.json", b'{"hash": "x"}')
    with pytest.raises(Corrupt, match=r"policy/current/999999999999\.json"):
        Policies(memory.shelf(), hands).current()
