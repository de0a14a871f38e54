"""Ten thousand callbacks for a hundred instances within a minute: all are answered, none is lost, each buys once.

Whoever sends and whoever answers share one machine here. On a slow one the same storm takes longer, in proportion.
"""

from __future__ import annotations

import asyncio
import os
import random
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

from tests.processes.books import Books, Story
from tests.processes.conftest import Opens, rabbit
from tests.processes.place import Place, machine_s, until
from tests.processes.sender import Callback
from tests.processes.storm import RULES, Weather, blow, deliveries
from tests.speed import slowness


@dataclass(frozen=True)
class Size:
    """How large a storm is, and how long all may take to come to rest after it, in real seconds."""

    instances: int
    callbacks: int
    within_s: float
    rests_within_s: float

    def on_a_machine(self, slowness: float) -> Size:
        """Give the same storm as it blows on a machine that is so many times slower than others."""
        return replace(self, within_s=self.within_s * slowness)


TENTH, WHOLE = Size(10, 1_000, 30.0, 300.0), Size(100, 10_000, 60.0, 600.0)
CALM_EVERY = 10
AFTERWARDS_SPEED = 120
BUSY = 0.4
"""From this share of the machine on that others take, a storm that is not answered in time proves nothing."""


def weathered(place: Place, callbacks: list[Callback], size: Size) -> Weather:
    """Let the storm blow, and see what else the machine did meanwhile."""
    ours, all_s, began = time.process_time() + place.cpu_s(), machine_s(), time.monotonic()
    weather = asyncio.run(blow(place.address["alert_url"], callbacks, size.within_s))
    taken_s = time.process_time() + place.cpu_s() - ours
    could_s = (time.monotonic() - began) * (os.cpu_count() or 1)
    weather.others = max(0.0, machine_s() - all_s - taken_s) / could_s
    return weather


@pytest.mark.once
@pytest.mark.soak
def test_a_storm_of_callbacks_is_answered_in_time_and_each_instance_that_rings_buys_once(
    opens: Opens, record_property: Callable[[str, object], None], *, soaking: bool
) -> None:
    size = (WHOLE if soaking else TENTH).on_a_machine(slowness())
    names = [f"mq-{number:03d}" for number in range(size.instances)]
    calm = set(names[::CALM_EVERY])
    alerts = [{"rule": rule, "raise": 1} for rule in RULES]
    limits = {"orders_at_once": size.instances, "orders_per_hour": size.instances}
    place = opens(
        {name: rabbit(name, alerts=alerts) for name in names},
        {"version": 1, "fleet": limits},
        1,
        client_token="ignored",
        apply_takes="2m",
        order_visible_after="30s",
    )
    place.start()
    callbacks = deliveries(names, calm, size.callbacks, place.now(), random.Random(1))  # noqa: S311 - the same storm every time
    weather = weathered(place, callbacks, size)
    figures = weather.figures()
    record_property("storm", figures)
    sys.stdout.write(f"{size}: {figures}\n")
    if weather.others > BUSY and (weather.lost or "none in time" in weather.answers):
        pytest.skip(f"others took {weather.others:.0%} of this machine, so its latencies say nothing: {figures}")
    assert weather.lost == []
    assert "none in time" not in weather.answers

    place.console("POST", "clock/speed", {"speed": AFTERWARDS_SPEED})
    books = Books(place)
    stories = [Story(name, "small" if name in calm else "medium") for name in names]
    wanted = {story.name: story.rung for story in stories}
    until("the last resize", lambda: books.rungs() == wanted, size.rests_within_s, 1.0)
    until("rest", lambda: not books.unrest(stories), size.rests_within_s, 3.0)
    assert books.wrongs(stories, set(callbacks)) == []
    assert {name: len(orders) for name, orders in books.orders().items()} == {n: int(n not in calm) for n in names}
