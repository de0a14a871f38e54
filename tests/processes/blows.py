"""What strikes a cloud: processes are killed at moments that a seed chooses, and at those that matter most."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from threading import Event
from typing import Any

import requests

from tests.processes.place import Place, until

STRIKES_WITHIN_S = 5.0
HANGS_S = 1.5
AT_THE_ORDER = 0.5
ORDERING = ("UpdateInstance", "ModifyInstanceSpec")
LEDGER = "tidegate-ledger/ledger/*"


@dataclass(frozen=True)
class Blow:
    """One moment, and who dies at it."""

    moment: str
    victim: str
    after_s: float
    nth: int

    def __str__(self) -> str:
        return f"{self.victim} at {self.moment} {self.nth} + {self.after_s:.2f} s"


def drawn(chance: random.Random, count: int) -> list[Blow]:
    """So many blows, two or three. Both a worker and the server die, at moments that differ."""
    moments = chance.sample(sorted(MOMENTS), count)
    victims = ["worker", chance.choice(["all", "server"]), chance.choice(["worker", "server", "all"])][:count]
    chance.shuffle(victims)
    return [_blow(chance, *each) for each in zip(moments, victims, strict=True)]


def _blow(chance: random.Random, moment: str, victim: str) -> Blow:
    longest = {"alert": 1.0, "order": HANGS_S / 2, "write": HANGS_S / 2, "wait": 2.0}[moment]
    return Blow(moment, victim, chance.uniform(0, longest), 1 if moment == "order" else chance.randint(1, 8))


def prepare(place: Place, blow: Blow) -> list[str]:
    """Make the moment last, where it would be over too soon: the call has its effect, and its answer is awaited."""
    long = {"do": "hang", "seconds": HANGS_S, "nth": blow.nth}
    plans: list[dict[str, Any]] = []
    if blow.moment == "order":
        plans = [{**long, "call": call} for call in ORDERING]
    if blow.moment == "write":
        plans = [{**long, "call": "oss.PutObject", "instance": LEDGER}]
    return [place.console("POST", "faults", plan)["name"] for plan in plans]


def strike(place: Place, blow: Blow, planned: list[str], chance: random.Random) -> str:
    """Wait for the moment, kill, and start again what does not start by itself. Gives who died."""
    MOMENTS[blow.moment](place, planned)
    Event().wait(blow.after_s)
    if blow.victim == "worker":
        # Where another dies than the one that orders, that one hears nothing on its line.
        ordering = "tidegate-submit" if blow.moment == "order" and chance.random() < AT_THE_ORDER else ""
        return place.kill_worker(chance, ordering) or place.kill_worker(chance) or "nobody"
    place.kill(with_workers=blow.victim == "all")
    place.start()
    return blow.victim


def _struck(place: Place, planned: list[str]) -> None:
    """Until a planned call hangs; where none comes any more, the blow falls at some other moment."""
    try:
        until("the call", lambda: _hangs(place, planned), STRIKES_WITHIN_S, 0.02)
    except AssertionError:
        return


def _hangs(place: Place, planned: list[str]) -> bool:
    return any(one["struck"] for one in place.console("GET", "faults")["faults"] if one["name"] in planned)


def _waiting(place: Place, _planned: list[str]) -> None:
    """Until an order is being applied, and its execution waits."""
    try:
        until("an order", lambda: place.console("GET", "orders")["orders"], STRIKES_WITHIN_S, 0.05)
    except (AssertionError, requests.RequestException):
        return


def _at_once(_place: Place, _planned: list[str]) -> None:
    """While the alerts are being delivered."""


MOMENTS: dict[str, Callable[[Place, list[str]], None]] = {
    "alert": _at_once,
    "order": _struck,
    "write": _struck,
    "wait": _waiting,
}
