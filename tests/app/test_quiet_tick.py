"""A tick over a fleet in which nothing is due costs one listing, and the vendor hears of its sixtieth alone."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from zlib import crc32

import pytest

from benchmarks.quiet import INSTANCES, QuietFleet
from tidegate.app.due import ROUND
from tidegate.app.logs import LOG


@pytest.fixture(scope="module")
def fleet() -> Iterator[QuietFleet]:
    """Ten thousand instances at rest, and a process that has run the tick before."""
    level = LOG.level
    LOG.setLevel(logging.ERROR)
    fleet = QuietFleet(INSTANCES)
    fleet.tick()
    yield fleet
    LOG.setLevel(level)


def turns(fleet: QuietFleet) -> list[str]:
    """The instances whose turn it is in this minute."""
    names = fleet.around.cache["index"]["instances"]
    return [name for name in names if crc32(name.encode()) % ROUND == fleet.now.minute]


def test_the_vendor_is_asked_of_its_sixtieth_alone_and_once_each(fleet: QuietFleet) -> None:
    fleet.tick()
    mine = turns(fleet)
    assert dict(fleet.product.calls) == {("read", f"amqp-cn-{name}"): 1 for name in mine}
    assert INSTANCES / 100 < len(mine) < INSTANCES / 40


def test_the_store_is_listed_once_beyond_its_sixtieth(fleet: QuietFleet) -> None:
    """What is listed for an instance whose turn it is are its inbox and, if it was never seen here, its ledger."""
    fleet.tick()
    lists, mine = fleet.lists(), turns(fleet)
    assert lists["wake"] == 1
    assert lists["inbox"] == len(mine)
    assert lists["ledger"] <= len(mine)
    assert set(lists) == {"wake", "inbox", "ledger"}


def test_a_process_that_knows_nothing_yet_lists_two_times_more(fleet: QuietFleet) -> None:
    """It must find the newest policy and the newest record of the fleet."""
    fleet.tick(cold=True)
    lists = fleet.lists()
    assert (lists["wake"], lists["policy"], lists["fleet"]) == (1, 1, 1)


def test_nothing_is_written_but_the_fleets_tick_and_the_next_marks(fleet: QuietFleet) -> None:
    fleet.tick()
    written = {whose: times for (verb, whose), times in fleet.shelf.calls.items() if verb in ("create", "delete")}
    assert written == {"fleet": 1, "wake": len(turns(fleet))}


def test_every_instance_is_read_within_an_hour() -> None:
    fleet = QuietFleet(200)
    read: set[str] = set()
    for _ in range(ROUND):
        fleet.tick()
        read |= {instance for _, instance in fleet.product.calls}
    assert len(read) == fleet.size
