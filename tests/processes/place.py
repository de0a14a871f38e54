"""A cloud as `local up` runs it: processes of its own, killed without a word and started again where they stood."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from select import select
from threading import Event
from typing import Any, TypeVar

import requests

from localcloud.project.demo.stage import customer, vendor
from localcloud.project.up import ROOT
from tidegate.app.surroundings import Surroundings

T = TypeVar("T")
STARTS_WITHIN_S = 120.0
ENDS_WITHIN_S = 60.0
FLOW = "tidegate-resize"
FUNCTIONS = "tidegate-"
"""How the names of functions begin."""
_TICKS = os.sysconf("SC_CLK_TCK")


def until(what: str, seen: Callable[[], T | None], within_s: float, every_s: float = 0.1) -> T:
    """Wait until something is seen, and give it; fail when the deadline has passed."""
    deadline, pause = time.monotonic() + within_s, Event()
    while time.monotonic() < deadline:
        if found := seen():
            return found
        pause.wait(every_s)
    raise AssertionError(f"{what} did not happen within {within_s:.0f} s")


class Place:
    """One cloud. Its files lie in a folder; what it keeps, and its ports, stay the same from one life to the next."""

    def __init__(self, folder: Path, world: Mapping[str, Any], policy: Mapping[str, Any], speed: float) -> None:
        self.folder, self.speed = folder, speed
        (folder / "world.yml").write_text(json.dumps(world))
        (folder / "policy.yml").write_text(json.dumps(policy))
        self.address: dict[str, Any] = {}
        self.lives = 0
        self._process: subprocess.Popen[str] | None = None
        self._started: set[int] = set()

    def start(self, *words: str) -> None:
        """Start it, or start it again. Its ports may be in use for a moment by whoever was killed with it."""
        deadline = time.monotonic() + STARTS_WITHIN_S
        while not self._try_to_start(*words):
            assert time.monotonic() < deadline, self.words()
            Event().wait(0.2)
        self.lives += 1

    def stop(self) -> None:
        """End it as a person does, with all that it ever started."""
        if self._process is not None:
            self.workers()
            self._process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(ENDS_WITHIN_S)
            self._bury()
        for pid in self._started:
            kill_worker(pid)

    def kill(self, *, with_workers: bool) -> None:
        """Kill the server, with its workers, or so that they are left to go on without it."""
        assert self._process is not None
        victims = self.workers()
        self._process.send_signal(signal.SIGKILL)
        for pid in victims if with_workers else ():
            kill_worker(pid)
        self._process.wait(ENDS_WITHIN_S)
        self._bury()

    def kill_worker(self, chance: random.Random, function: str = "") -> str:
        """Kill one worker, of a function or of any, and give whose it was; nothing where none runs."""
        running = sorted((name, pid) for pid, name in self.workers().items() if function in ("", name))
        if not running:
            return ""
        name, pid = chance.choice(running)
        kill_worker(pid)
        return name

    def workers(self) -> dict[int, str]:
        """The server's worker processes, and the functions they run."""
        assert self._process is not None
        found = {pid: function_of(pid) for pid in descendants_of(self._process.pid)}
        named = {pid: name for pid, name in found.items() if name}
        self._started |= named.keys()
        return named

    def cpu_s(self) -> float:
        """The processor time that the server and its living workers have taken."""
        assert self._process is not None
        return sum(cpu_of(pid) for pid in (self._process.pid, *self.workers()))

    def console(self, method: str, path: str, body: Any = None) -> Any:
        """Do what only the owner of the cloud can do."""
        answer = requests.request(method, f"http://{self.address['endpoint']}/_console/{path}", json=body, timeout=60)
        answer.raise_for_status()
        return answer.json()

    def now(self) -> datetime:
        """The simulated time."""
        return datetime.fromisoformat(self.console("GET", "clock")["now"])

    def around(self) -> Surroundings:
        """The account's owner, who reads the ledger."""
        return customer(self.address)

    def executions(self) -> list[Mapping[str, Any]]:
        """Every execution of the workflow, and how it stands."""
        aliyun = vendor(self.address)
        try:
            found: list[Mapping[str, Any]] = []
            given: dict[str, str | int] = {"FlowName": FLOW, "Limit": 99}
            while True:
                page = aliyun.call("fnf", "ListExecutions", given, read=True)
                found += page["Executions"]
                if not page.get("NextToken"):
                    return found
                given["NextToken"] = str(page["NextToken"])
        finally:
            aliyun.close()

    def words(self) -> str:
        """What the server itself wrote last, for whoever reads of a failure."""
        return (self.folder / "words.txt").read_text()[-2000:]

    def _try_to_start(self, *words: str) -> bool:
        with (self.folder / "words.txt").open("a") as said:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "localcloud", "up", *self._command(), *words],
                stdout=subprocess.PIPE,
                stderr=said,
                text=True,
                cwd=ROOT,
            )
        assert self._process.stdout is not None
        readable, _, _ = select([self._process.stdout], [], [], STARTS_WITHIN_S)
        line = self._process.stdout.readline() if readable else ""
        if not line:
            self._process.kill()
            self._process.wait(ENDS_WITHIN_S)
            self._bury()
            return False
        before, self.address = self.address, json.loads(line)
        assert not before or before["alert_url"] == self.address["alert_url"]
        return True

    def _command(self) -> Sequence[str]:
        folder = self.folder
        files = ("--world", str(folder / "world.yml"), "--policy", str(folder / "policy.yml"))
        ports = [self.address[name].rpartition(":")[2] for name in ("endpoint", "oss_endpoint") if self.address]
        kept = ("--port", ports[0], "--oss-port", ports[1]) if ports else ()
        return (*files, "--state", str(folder / "state"), "--speed", str(self.speed), "--quiet", *kept)

    def _bury(self) -> None:
        assert self._process is not None
        if self._process.stdout is not None:
            self._process.stdout.close()


def kill_worker(pid: int) -> None:
    """Kill a worker, if it is one and lives."""
    if function_of(pid):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def function_of(pid: int) -> str:
    """The function that a worker process runs, as far as the kernel keeps its name; nothing for any other process."""
    with suppress(OSError):
        name = Path(f"/proc/{pid}/comm").read_text("utf-8").strip()
        return name if name.startswith(FUNCTIONS) else ""
    return ""


def descendants_of(ancestor: int) -> list[int]:
    """The processes that this one started, and those that they started: most workers are forked by another process."""
    parents = {int(each.name): _told(int(each.name))[1:2] for each in Path("/proc").iterdir() if each.name.isdigit()}
    found = [ancestor]
    for parent in found:
        found += [pid for pid, of in parents.items() if of == [str(parent)]]
    return found[1:]


def cpu_of(pid: int) -> float:
    """The processor time a process has taken, in seconds."""
    told = _told(pid)
    return (int(told[11]) + int(told[12])) / _TICKS if told else 0.0


def machine_s() -> float:
    """The processor time that all processes of this machine have taken, in seconds."""
    told = Path("/proc/stat").read_text().splitlines()[0].split()[1:]
    idle, waiting = 3, 4
    return sum(int(each) for place, each in enumerate(told[:8]) if place not in (idle, waiting)) / _TICKS


def _told(pid: int) -> list[str]:
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return []
