"""The stage of a scenario: one cloud on loopback and Tidegate's use cases at work on it, in one process.

Nothing is deployed here and no function has a process of its own; `make demo` does that. The vendor is reached through
the real client over HTTP, the clock stands still until it is moved.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any

from localcloud.clock import Clock
from localcloud.flow.effects import Switches
from localcloud.project.scenario.executions import Executions
from localcloud.project.scenario.folder import Compiled, Folder
from localcloud.project.scenario.mortal import Killed, Mortal
from localcloud.server import Running, running
from localcloud.wire import Call
from tidegate.aliyun.client import Aliyun
from tidegate.aliyun.credentials import Credentials
from tidegate.aliyun.patience import Patience
from tidegate.app import steps
from tidegate.app.steps import Which
from tidegate.app.surroundings import Surroundings
from tidegate.app.tick import tick
from tidegate.app.wiring import wire
from tidegate.domain.policy import InstancePolicy
from tidegate.ledger.ledger import Ledger
from tidegate.ledger.memory import MemoryShelf
from tidegate.ledger.policies import Policies
from tidegate.ledger.shelf import Shelf
from tidegate.products import product
from tidegate.products.port import Product
from tidegate.settings import Settings

FUNCTIONS: Mapping[str, Callable[[Surroundings, Which], str]] = {
    "tidegate-submit": steps.submit,
    "tidegate-look": steps.look,
    "tidegate-settle": steps.settle,
}
PUSHED_BY = "scenario"


@dataclass
class Stage:
    """One account, with everything that happens to it."""

    server: Running
    clock: Clock
    mortal: Mortal
    around: Surroundings
    executions: Executions
    change_known: tuple[str, datetime | None] = ("", None)
    """The next change of a timetable, by the policy of that hash."""

    def now(self) -> datetime:
        """The simulated time."""
        return self.clock.now()

    def move_to(self, at: datetime) -> None:
        """Let time pass."""
        if (seconds := (at - self.now()).total_seconds()) > 0:
            self.clock.advance(seconds)

    def console(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Do what only a person at the vendor's console can do. Raises ValueError with the console's own words."""
        call = Call(method, f"/_console/{path}", body=json.dumps(body or {}).encode())
        reply = self.server.run(lambda: self.server.cloud.console.answer(call))
        said = json.loads(reply.body)
        if reply.status >= 400:  # noqa: PLR2004 - as HTTP counts
            raise ValueError(f"the console says {said.get('code')}: {said.get('message')}")
        return said

    def push(self, policy: Compiled) -> str:
        """Put a policy in force."""
        return self.around.policies.publish(policy.documents, policy.index, PUSHED_BY)

    def tick(self) -> None:
        """Let the tick run, as far as it lives."""
        with self.mortals():
            tick(self.around, lambda: True)

    @contextmanager
    def mortals(self) -> Iterator[None]:
        """A function runs, and may be killed; whoever comes after it lives."""
        try:
            yield
        except Killed:
            pass
        finally:
            self.mortal.is_dead = False

    def names(self) -> list[str]:
        """The instances of the policy in force."""
        book = self.around.book()
        return book.names if book else []

    def next_change(self, after: datetime) -> datetime | None:
        """When a timetable next wants another rung; None where that is not within a fortnight."""
        book = self.around.book()
        hashed, known = self.change_known
        if book is None or (hashed == book.hash and known and known > after):
            return known
        timetables = [self.around.terms(book.read(name)).timetable for name in book.names]
        known = min((at for table in timetables if (at := table.next_change(after))), default=None)
        self.change_known = (book.hash, known)
        return known

    def policy_of(self, name: str) -> InstancePolicy:
        """What the policy in force says of an instance."""
        book = self.around.book()
        if book is None:
            raise LookupError("no policy is in force")
        return book.read(name)


@contextmanager
def open_stage(folder: Folder, ledger: Path | None = None) -> Iterator[Stage]:
    """Begin the world of a folder, put its policy in force, and end it all afterwards.

    With a path the ledger is a SQLite file, which `tidegate history` can read later; otherwise it is in memory.
    """
    clock = Clock(folder.start, speed=0)
    with tempfile.TemporaryDirectory(prefix="scenario-") as scratch, running(folder.world, clock) as server:
        mortal = Mortal(_shelf(ledger))
        aliyuns: dict[str, Aliyun] = {}
        around = _surroundings(server, mortal, clock, aliyuns, Path(scratch))
        stage = _staged(server, clock, mortal, around)
        stage.push(folder.policy)
        try:
            yield stage
        finally:
            for aliyun in aliyuns.values():
                aliyun.close()


def _shelf(path: Path | None) -> Shelf:
    if path is None:
        return MemoryShelf()
    from tidegate.ledger.sqlite import SqliteShelf  # noqa: PLC0415 - only for who wants to keep the ledger

    return SqliteShelf(path, {})


def _surroundings(
    server: Running, shelf: Shelf, clock: Clock, aliyuns: dict[str, Aliyun], scratch: Path
) -> Surroundings:
    """What `wire` builds from an environment, with the clock, the ledger and the vendor of this stage."""
    world, keys, now = server.cloud.world, server.keys, clock.now
    settings = Settings(
        account=world.account_id,
        region=world.region,
        store=f"sqlite://{scratch / 'unused.db'}",
        endpoint=server.endpoint,
        access_key_id=keys.access_key_id,
        access_key_secret=keys.access_key_secret,
    )
    # Rests take simulated time; where chance has a say, it says the same every time.
    patience = Patience(clock.advance, lambda: clock.now().timestamp(), lambda: 0.5, limit_s=12.0)
    nonces = count(1)

    def reached(policy: InstancePolicy) -> Product:
        if policy.region not in aliyuns:
            credentials = Credentials(keys.access_key_id, keys.access_key_secret)
            endpoints = {"*": server.endpoint}
            aliyuns[policy.region] = Aliyun(credentials, policy.region, patience, endpoints=endpoints)
        return product(policy.product, aliyuns[policy.region], now=now)

    return replace(
        wire(settings, now=now, sleep=clock.advance),
        ledger=Ledger(shelf, now, lambda: f"scenario-{next(nonces)}"),
        policies=Policies(shelf, now),
        product=reached,
        checked=[],
        cache={},
    )


def _staged(server: Running, clock: Clock, mortal: Mortal, around: Surroundings) -> Stage:
    """Tie the knot: executions run functions, functions start executions and tell people."""
    behaviour = server.cloud.world.behaviour
    switches = Switches(behaviour.flow_exception_names, behaviour.flow_wait_passes_input, behaviour.schedule_input)

    def perform(name: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        return _performed(stage, name, body)

    stage = Stage(server, clock, mortal, around, Executions(perform, clock.now, switches))

    def send(channel: str, title: str, text: str, kind: str) -> bool:
        stage.console("POST", f"messages/{channel}", {"title": title, "message": text, "type": kind})
        return True

    stage.around = replace(around, start=stage.executions.start, send=send)

    def kill(_worker: str) -> None:
        mortal.is_dead = True

    server.run(lambda: server.cloud.faults.on_kill(kill))
    return stage


def _performed(stage: Stage, name: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
    """Run one of the workflow's functions. Raises Killed where it died."""
    try:
        return {"next": FUNCTIONS[name](stage.around, Which.read(body))}
    finally:
        stage.mortal.is_dead = False
