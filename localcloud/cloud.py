"""The whole cloud in one process: what it is made of, and which part answers a call."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Protocol

from localcloud.clock import Clock
from localcloud.console import Console
from localcloud.drawer import Cabinet
from localcloud.faults import Faults
from localcloud.identity import Identity, Keys
from localcloud.rpc.amqp import Amqp
from localcloud.rpc.bss import Bss
from localcloud.rpc.cloudapi import CloudApi
from localcloud.rpc.cms import Cms
from localcloud.rpc.door import RpcDoor
from localcloud.rpc.estate import Estate
from localcloud.rpc.load import Load
from localcloud.rpc.operation import RpcProduct
from localcloud.rpc.orders import OrderBook
from localcloud.rpc.ram import Ram
from localcloud.rpc.rules import Rules
from localcloud.rpc.tokens import Tokens
from localcloud.wire import Call, Reply
from localcloud.world import World

AHEAD = timedelta(seconds=2)
"""Of the machine's time: how far ahead of the simulated time a restart may begin."""


class Answers(Protocol):
    """A service that answers at once."""

    def answer(self, call: Call) -> Reply:
        """Answer one call, or raise `Dropped`."""


class AnswersLater(Protocol):
    """A service whose answers take their time: Function Compute waits for its functions."""

    async def answer(self, call: Call) -> Reply:
        """Answer one call, or raise `Dropped`."""


class Part(Protocol):
    """Something that lives with the server: started with it, stopped with it, the last one first."""

    async def start(self) -> None:
        """Begin to work."""

    async def stop(self) -> None:
        """Let go of everything."""


class Cloud:
    """One account in one region. What Function Compute, OSS and CloudFlow do is attached by whoever composes."""

    def __init__(self, world: World, cabinet: Cabinet, clock: Clock) -> None:
        self.world, self.cabinet, self.clock = world, cabinet, clock
        self.identity = Identity(cabinet.drawer("identity"), clock, world.account_id)
        self.faults = Faults(cabinet.drawer("faults"), clock)
        self._times = cabinet.drawer("clock")
        self._noted = datetime.min.replace(tzinfo=timezone.utc)
        self._seed()
        self.orders = OrderBook(cabinet.drawer("orders"), clock, world.balance)
        self.estate = Estate(cabinet.drawer("instances"), world, self.orders, clock, self.faults)
        self.rules = Rules(cabinet.drawer("rules"), world)
        self.load = Load(cabinet.drawer("usage"), clock)
        self.door = RpcDoor(self._products(), self.identity, clock, self.faults)
        self.console = Console(self)
        self.fc: AnswersLater | None = None
        self.oss: Answers | None = None
        self.parts: list[Part] = []
        self.endpoint = ""
        self.oss_endpoint = ""

    def _seed(self) -> None:
        """Plan the world file's faults, once: what was cleared since stays cleared after a restart."""
        seeded = self.cabinet.drawer("world")
        if "faults" not in seeded:
            for fault in self.world.faults:
                self.faults.add(fault)
            seeded["faults"] = len(self.world.faults)

    def _products(self) -> list[RpcProduct]:
        world, tokens = self.world, Tokens(self.cabinet.drawer("tokens"))
        ram = Ram(self.identity)
        return [
            Amqp(self.estate, self.load, tokens, world.account_id).product(),
            CloudApi(self.estate, self.load, tokens, world.account_id).product(),
            Cms(self.estate, self.load, world.account_id, self.rules).product(),
            Bss(self.orders, world, self.clock, self.faults).product(),
            ram.product(),
            ram.sts(),
        ]

    @classmethod
    def begin(cls, world: World, state: Path | None = None, speed: float = 1.0) -> Cloud:
        """Begin a world, or go on with the one that is kept in `state`, from the moment it was left."""
        cabinet = Cabinet(state)
        machine = datetime.fromtimestamp(time.time(), timezone.utc)
        left_at = cabinet.drawer("clock").get("now")
        start = world.begins_at(machine)
        if left_at:
            start = (
                max(machine, datetime.fromisoformat(left_at))
                if world.start == "now"
                else datetime.fromisoformat(left_at)
            )
        return cls(world, cabinet, Clock(start, speed))

    def address(self) -> dict[str, str]:
        """Give what a client needs to reach the cloud."""
        keys = self.keys
        return {
            "endpoint": self.endpoint,
            "oss_endpoint": self.oss_endpoint,
            "access_key_id": keys.access_key_id,
            "access_key_secret": keys.access_key_secret,
            "region": self.world.region,
            "account_id": self.world.account_id,
        }

    def remember_time(self, *, exactly: bool = False) -> None:
        """Write down the simulated time, so that a restart goes on from there.

        What is written lies a little ahead, so that time never goes back however suddenly the process dies, and
        so that it is written seldom; `exactly` is for an orderly end.
        """
        now = self.clock.now()
        if exactly or now > self._noted:
            self._noted = now if exactly else now + AHEAD * max(self.clock.speed, 1.0)
            self._times["now"] = self._noted.isoformat()

    @property
    def keys(self) -> Keys:
        """Give the account's own key."""
        return self.identity.root

    def attach(
        self,
        *,
        fc: AnswersLater | None = None,
        oss: Answers | None = None,
        fnf: RpcProduct | None = None,
        parts: Sequence[Part] = (),
        kill: Callable[[str], int] | None = None,
    ) -> None:
        """Add services to the cloud.

        `parts` are started when the server is, with the endpoints known. `kill` ends, at once, the function instance of
        that id or every instance of the function of that name, and says how many: a fault or a person asks for it.
        """
        self.fc = fc or self.fc
        self.oss = oss or self.oss
        if fnf is not None:
            self.door.add(fnf)
        self.parts.extend(parts)
        if kill is not None:
            self.console.kill = kill
            self.faults.on_kill(kill)
