"""A record spoilt in the bucket is told by what the template deploys, with the rights it grants."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import requests

from tests.e2e.conftest import until
from tidegate.app.wiring import shelf
from tidegate.ledger.record import FLEET
from tidegate.ledger.sequence import NEWEST_FIRST
from tidegate.settings import read_settings


def spoil(place: Any, key: str) -> tuple[Any, str]:
    """Somebody writes the next entry of a ledger, however quick the tick is. Gives the store, and the object."""
    store = shelf(read_settings(place.environment()))

    def spoilt() -> str:
        name = f"ledger/{key}/{NEWEST_FIRST - place.around.ledger.head(key).seq - 1:012d}.json"
        return name if store.create(name, b"not a record") else ""

    return store, until("a record that is none", spoilt)


@pytest.mark.once
def test_a_record_spoilt_in_the_bucket_is_told_by_the_deployed_tick_and_told_to_be_over(
    opens: Callable[..., Any],
) -> None:
    place = opens("orders-mq", "other-mq")
    console = f"http://{place.address['endpoint']}/_console/messages"

    def told(words: str) -> bool:
        return words in requests.get(console, timeout=10).text

    until("first contact", lambda: place.state("other-mq").adopted_at and place.state().adopted_at)
    book = place.around.book()
    store, name = spoil(place, place.around.key(book.read("orders-mq")))
    assert place.ring("orders-mq")["answer"] == "kept"
    # A door that had to wait keeps it, and the tick answers.
    assert place.ring("other-mq")["answer"] in {"resize", "kept"}
    until("the message", lambda: told("orders-mq needs you. Its ledger cannot be read since "))
    assert told(name)
    assert place.orders("orders-mq") == []
    place.assert_bought_once("other-mq")
    store.delete(name)
    place.assert_bought_once("orders-mq")
    until("that it is over", lambda: told("orders-mq is looked after again, after "))

    store, name = spoil(place, FLEET)
    until("the message", lambda: told("Tidegate needs you. The fleet's ledger cannot be read since "))
    assert place.tick().error_type
    store.delete(name)
    until("that it is over", lambda: told("Tidegate looks after every instance again, after "))
