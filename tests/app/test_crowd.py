"""What a door does when more come to it than it can serve: every alert is kept first, at little cost."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from tests.app.test_doors import TOKENS, cms
from tidegate.app.crowd import KNOWN_FOR_S, Recall, at_the_door
from tidegate.app.doors import Reply, receive_alerts
from tidegate.app.machine import Memory, machine, running_on
from tidegate.ledger.ledger import Ledger
from tidegate.ledger.policies import Policies
from tidegate.ledger.shelf import Shelf

Opens = Callable[..., Any]
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=timezone.utc)
LIMIT_S = 2.0


@dataclass
class Door:
    """A process whose time is moved by hand."""

    seconds: float = 0.0
    memory: Memory = field(default_factory=Memory)

    @contextmanager
    def opened(self) -> Iterator[None]:
        """Let handlers run in this process."""
        here = replace(
            machine(),
            now=lambda: NOON + timedelta(seconds=self.seconds),
            monotonic=lambda: self.seconds,
            memory=lambda: self.memory,
        )
        with running_on(here):
            yield

    def has_time(self, waited_s: float, after_s: float = 0.0) -> bool:
        """Whether a request that waited so long may be worked on, so long after it was begun."""
        with self.opened():
            event = json.dumps({"requestContext": {"timeEpoch": str(round((self._now() - waited_s) * 1000))}})
            in_time, _ = at_the_door(event.encode(), LIMIT_S)
            self.seconds += after_s
            return in_time()

    def _now(self) -> float:
        return NOON.timestamp() + self.seconds


def warm() -> Door:
    """A process that has served before."""
    return Door(memory=Memory(hints={"policy/current/": 1}))


@pytest.mark.parametrize(
    ("door", "waited_s", "after_s", "has_time"),
    [
        (warm(), 0.0, 1.9, True),
        (warm(), 0.0, 2.1, False),
        (warm(), 0.1, 0.0, True),
        (warm(), 0.3, 0.0, False),  # it waited for us: there is a crowd
        (Door(), 1.5, 0.0, True),  # it waited for the process to start
        (Door(), 1.5, 1.9, True),
        (Door(), 3.0, 0.9, True),
        (Door(), 3.0, 1.1, False),  # CloudMonitor is about to send again
        (Door(), 4.5, 0.0, False),
        (warm(), -5.0, 0.0, True),  # the clocks differ
        (warm(), 90.0, 0.0, True),
    ],
)
def test_how_long_a_request_is_worked_on_hangs_on_how_long_it_has_waited(
    door: Door, waited_s: float, after_s: float, *, has_time: bool
) -> None:
    assert door.has_time(waited_s, after_s) is has_time


def test_what_a_trigger_delivers_directly_has_not_waited() -> None:
    with warm().opened():
        in_time, _ = at_the_door(b'{"ruleId": "r", "time": 1}', LIMIT_S)
        assert in_time()


class Counting:
    """A shelf that counts what it is asked."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self.asked: list[str] = []

    def __getattr__(self, verb: str) -> Any:
        def ask(key: str, *given: Any, **named: Any) -> Any:
            self.asked.append(f"{verb} {key.partition('/')[0]}")
            return getattr(self._shelf, verb)(key, *given, **named)

        return ask


def crowded(at: Any, shelf: Shelf, door: Door, number: int) -> Reply:
    """Deliver one more alert, that nobody has sent before, in a crowd."""
    around = replace(
        at.around, ledger=Ledger(shelf, at.clock.now, lambda: f"n{number}"), policies=Policies(shelf, at.clock.now)
    )
    event = cms()
    event.update(isBase64Encoded=False, body=json.dumps(ringing(number)))
    recall = Recall(door.memory.hints, door.memory.cache, lambda: door.seconds, is_crowded=True)
    return receive_alerts(around, json.dumps(event).encode(), TOKENS, lambda: False, recall)


def ringing(number: int, instance_id: str = "amqp-cn-demo0001") -> dict[str, Any]:
    """A callback in JSON."""
    return {
        "alertName": "rabbit-tps-high",
        "alertState": "ALERT",
        "dimensions": {"instanceId": instance_id},
        "timestamp": str(1772452800000 + number),
        "transId": f"t-{number}",
    }


def test_in_a_crowd_an_alert_costs_one_request_to_the_store_and_the_tick_answers_them_all(desk: Opens) -> None:
    at, door = desk(), warm()
    shelf: Any = Counting(at.shelf)
    crowded(at, shelf, door, 1)
    shelf.asked.clear()
    for number in range(2, 12):
        assert crowded(at, shelf, door, number).body["alerts"][0]["answer"] == "kept"
    assert shelf.asked == ["create inbox"] * 10
    at.clock.advance(60)
    at.tick()
    assert at.operation().to_rung == "medium"
    assert at.around.ledger.inbox(at.around.key(at.page().policy)) == []


def test_a_mark_is_put_again_for_the_next_minute_and_the_policy_read_again_after_a_while(desk: Opens) -> None:
    at, door = desk(), warm()
    shelf: Any = Counting(at.shelf)
    crowded(at, shelf, door, 1)
    at.clock.advance(60)
    door.seconds += KNOWN_FOR_S + 1
    shelf.asked.clear()
    crowded(at, shelf, door, 2)
    assert "create wake" in shelf.asked
    assert "get policy" in shelf.asked


def test_an_alert_of_an_instance_that_is_new_in_the_policy_is_kept_in_a_crowd_too(desk: Opens) -> None:
    at, door = desk(), warm()
    shelf: Any = Counting(at.shelf)
    crowded(at, shelf, door, 1)
    at.push({**at.orders_mq, "name": "renamed", "instance_id": "amqp-cn-other"})
    event = cms()
    event.update(isBase64Encoded=False, body=json.dumps(ringing(2, "amqp-cn-other")))
    recall = Recall(door.memory.hints, door.memory.cache, lambda: 0.0, is_crowded=True)
    reply = receive_alerts(at.around, json.dumps(event).encode(), TOKENS, lambda: False, recall)
    assert (reply.body["alerts"][0]["instance"], reply.body["alerts"][0]["answer"]) == ("renamed", "kept")
