"""Workers and the whole cloud are killed at moments that a seed chooses, and started again: the count is right."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from tests.processes import blows
from tests.processes.books import Books, Story
from tests.processes.conftest import Opens, gateway, rabbit
from tests.processes.place import Place, until
from tests.processes.sender import Callback, Sender

ROUNDS, SOAKED_ROUNDS = 5, 100
BLOWS, SOAKED_BLOWS = 2, 3
ENDS, RINGS_AGAIN = 0.4, 0.3
"""How often an alert is over in the end, and how often it rings again before a blow."""
SPEED, SPEED_AFTERWARDS = 120, 1200
RESTS_WITHIN_S = 300.0
"""On a machine that does nothing else it takes some seconds."""
NAMES = ("orders", "events", "edge")
TOLD = [{"url_env": "TIDEGATE_ONCALL_URL", "on": ["failed", "needs-person"]}]
LIMITS = {
    "fleet": {"orders_at_once": 3, "orders_per_hour": 60},
    "cooldown": {"up": "0m", "down": "0m"},
    "release_after": "2m",
    "subscription_down": "allow",
    "notify": TOLD,
}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """As many rounds as are asked for."""
    rounds = SOAKED_ROUNDS if metafunc.config.getoption("--soak") else ROUNDS
    if "seed" in metafunc.fixturenames:
        metafunc.parametrize("seed", range(rounds))


def laid_out(opens: Opens, chance: random.Random) -> Place:
    """A cloud whose vendor takes every order it is sent, also the same one twice."""
    instances = {"orders": rabbit("orders"), "events": rabbit("events"), "edge": gateway("edge", switchover="skip")}
    return opens(
        instances,
        {"version": 1, **LIMITS},
        SPEED,
        client_token="ignored",
        gateway_token_reuse="ignored",
        switchover=False,
        apply_takes=f"{chance.randint(10, 90)}s",
        order_visible_after=f"{chance.choice([5, 30, 120])}s",
        topic_migrating_refusals=chance.choice([0, 0, 1]),
        new_values_before_completion=chance.choice([False, True]),
    )


def rung(name: str, wanted: str) -> str:
    """What a rung is called on an instance's ladder."""
    return f"api.s1.{wanted}" if name == "edge" else wanted


class Bell:
    """Rings for instances, each time with an episode of its own."""

    def __init__(self, place: Place) -> None:
        self._place, self._rung = place, 0
        self.sender = Sender(place.address["alert_url"])

    def ring(self, name: str, state: str) -> None:
        """Send one callback, as of now."""
        self._rung += 1
        rule, instance_id = ("edge-busy", "") if name == "edge" else ("rabbit-tps-high", f"amqp-cn-{name}")
        self.sender.send(Callback(name, state, rule, instance_id, f"episode-{self._rung}", self._place.now()))


@pytest.mark.once
@pytest.mark.soak
def test_whatever_is_killed_and_when_no_order_is_doubled_and_no_alert_lost(
    opens: Opens, seed: int, record_property: Callable[[str, object], None], *, soaking: bool
) -> None:
    chance = random.Random(seed)  # noqa: S311 - drawn again by the same seed
    place = laid_out(opens, chance)
    place.start()
    bell = Bell(place)
    over = {name: chance.random() < ENDS for name in NAMES}
    falls = []
    struck = blows.drawn(chance, SOAKED_BLOWS if soaking else BLOWS)
    for number, blow in enumerate(struck):
        planned = blows.prepare(place, blow)
        for turn, name in enumerate(NAMES):
            # Each blow finds an instance whose order is yet to come.
            first = turn % len(struck)
            if number == first or (number > first and chance.random() < RINGS_AGAIN):
                bell.ring(name, "ALERT")
            if number > first and over[name]:
                bell.ring(name, "OK")
        falls.append(f"{blow}: {blows.strike(place, blow, planned, chance)}")
    bell.sender.finish()
    # Whatever was said last counts, however late it was delivered.
    for name in NAMES:
        bell.ring(name, "OK" if over[name] else "ALERT")
    bell.sender.finish()
    place.console("POST", "clock/speed", {"speed": SPEED_AFTERWARDS})
    stories = [Story(name, rung(name, "small" if over[name] else "medium")) for name in NAMES]
    books = Books(place)
    try:
        until("rest", lambda: not books.unrest(stories), RESTS_WITHIN_S, 0.5)
    except AssertionError as error:
        raise AssertionError(f"seed {seed}, {falls}: {books.unrest(stories)}; {place.words()}") from error
    assert books.wrongs(stories, bell.sender.answered) == [], f"seed {seed}: {falls}"
    record_property("fell", falls)
    record_property("lives", place.lives)
    record_property("tries", bell.sender.tries)
