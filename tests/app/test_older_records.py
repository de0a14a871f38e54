"""Ledgers that an older version began are gone on with; an older version does not go on with ours."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tidegate.app import codec
from tidegate.domain.fleet import FleetState
from tidegate.domain.operation import Outcome
from tidegate.domain.queue import Line
from tidegate.ledger.record import FLEET, SCHEMA

Opens = Callable[..., Any]
ADDED = ("queues", "summaries", "silences")
"""What the fleet's state got after schema 2 landed."""


def _aged(at: Any, schema: int) -> None:
    """Every record that stands was written by an older version, which knew less."""
    for place in at.shelf.list("ledger/"):
        raw = json.loads(at.shelf.get(place))
        if place.startswith(f"ledger/{FLEET}/"):
            raw["state"] = {key: value for key, value in raw["state"].items() if key not in ADDED}
        at.shelf.delete(place)
        at.shelf.create(place, json.dumps({**raw, "schema": schema, "code": "0.1.0"}).encode())


def _schemas(at: Any) -> list[int]:
    """The schema of every record, the oldest of each ledger first."""
    return [json.loads(at.shelf.get(place))["schema"] for place in reversed(at.shelf.list("ledger/"))]


@pytest.mark.parametrize("schema", range(1, SCHEMA))
def test_an_operation_that_an_older_version_began_is_followed_to_its_end(desk: Opens, schema: int) -> None:
    at = desk()
    at.hear(at.alert())
    at.submit()
    _aged(at, schema)
    assert set(_schemas(at)) == {schema}
    at.follow()
    assert at.settled().outcome is Outcome.RESIZED
    assert len(at.orders()) == 1
    assert set(_schemas(at)) == {schema, SCHEMA}
    assert at.around.ledger.head(at.key()).schema == SCHEMA


def test_all_that_is_written_says_a_schema_that_the_version_before_refuses(desk: Opens) -> None:
    """It would read past the queues of the fleet, and write the record after it without them."""
    at = desk()
    at.hear(at.alert())
    at.follow()
    at.tick()
    at.around.fleet.pace("TIDEGATE_CHAT_URL", Line("orders-mq", "op1", "a message"), at.clock.now())
    assert SCHEMA == 3
    assert set(_schemas(at)) == {SCHEMA}
    state = at.around.ledger.head(FLEET).state
    assert "queues" in state
    assert codec.write(FleetState, codec.read(FleetState, state)) == state
