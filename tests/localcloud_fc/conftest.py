"""A Function Compute of one's own, in this process or behind loopback HTTP, with the small functions of `code/`."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import time
import zipfile
from collections.abc import Awaitable, Callable, Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, TypeVar

import pytest

from localcloud.clock import Clock
from localcloud.cloud import Cloud
from localcloud.drawer import Cabinet
from localcloud.faults import Fault, Faults
from localcloud.fc.compute import FunctionCompute
from localcloud.fc.function import Ref
from localcloud.fc.invocation import Invocation
from localcloud.fc.process import _server_of
from localcloud.identity import Identity
from localcloud.server import Running, running

CODE = Path(__file__).parent / "code"
NOON = datetime(2026, 3, 2, 12, tzinfo=timezone.utc)
DEADLINE_S = 20

T = TypeVar("T")


def zipped(extra: dict[str, str] | None = None) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for path in sorted(CODE.rglob("*.py")):
            archive.write(path, path.relative_to(CODE))
        for name, text in (extra or {}).items():
            archive.writestr(name, text)
    return out.getvalue()


class Stage:
    """One Function Compute in this process; `play` runs a story on it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.speed = 1.0
        self.settings: dict[str, Any] = {}
        self.drawer = Cabinet().drawer("fc")
        self.objects: dict[tuple[str, str], bytes] = {}

    def play(self, story: Callable[[], Awaitable[T]]) -> T:
        """Run a story with everything started, and stop everything after it."""
        return asyncio.run(asyncio.wait_for(self._play(story), DEADLINE_S))

    async def _play(self, story: Callable[[], Awaitable[T]]) -> T:
        self.clock = Clock(NOON, self.speed)
        cabinet = Cabinet()
        self.identity = Identity(cabinet.drawer("identity"), self.clock, "1234567890123456")
        self.role = self.identity.create_role("tidegate")
        self.faults = Faults(cabinet.drawer("faults"), self.clock)
        self.fc = FunctionCompute(
            self.drawer,
            self.clock,
            self.identity,
            self.faults,
            workdir=self.folder,
            code_store=lambda bucket, key: self.objects.get((bucket, key)),
            endpoint=lambda: "127.0.0.1:1",
            **self.settings,
        )
        self.host, self.registry = self.fc.host, self.fc.host.registry
        await self.fc.start()
        try:
            return await story()
        finally:
            await self.fc.stop()

    def add(self, handler: str, name: str = "f", extra: dict[str, str] | None = None, **settings: Any) -> Ref:
        """Create a 3.0 function, or a 2.0 function where `name` has a service."""
        ref = Ref.parse(name)
        common = {"runtime": "python3.10", "handler": handler, "timeout": 10, "memorySize": 256}
        code = {"zipFile": base64.b64encode(zipped(extra)).decode()}
        self.registry.create_function(ref, {**common, **settings}, code)
        return ref

    async def run(self, handler: str, event: bytes = b"", **settings: Any) -> Invocation:
        """Create a function and invoke it once."""
        return await self.host.invoke(self.add(handler, **settings), event)

    def tries(self, handler: str, event: bytes = b"", **settings: Any) -> Invocation:
        """Play the story of one function that is invoked once."""

        async def story() -> Invocation:
            return await self.run(handler, event, **settings)

        return self.play(story)

    def plan(self, **fault: Any) -> None:
        """Plan a misfortune."""
        self.faults.add(Fault.model_validate(fault))

    async def until(self, holds: Callable[[], Any]) -> None:
        """Wait for something to become true; the play's deadline ends a wait in vain."""
        while not holds():  # noqa: ASYNC110 - what is waited for lies in files and logs, which set no event
            await asyncio.sleep(0.01)


@pytest.fixture(scope="session")
def libraries() -> tuple[str, ...]:
    """Give the libraries of a fork server that is ready; the function `deep.modules` has no copies of them."""
    names = ("tenacity", "decimal")
    deadline = time.monotonic() + DEADLINE_S
    while _server_of(names) is None:
        assert time.monotonic() < deadline, "the fork server is not ready in time"
        time.sleep(0.02)  # noqa: TID251 - it is another process that is waited for
    return names


@pytest.fixture
def stage(tmp_path: Path, libraries: tuple[str, ...]) -> Stage:
    """Where workers are forked, as they are in a whole cloud."""
    made = Stage(tmp_path / "work")
    made.settings["libraries"] = libraries
    return made


@pytest.fixture(params=["started", "forked"])
def either(request: pytest.FixtureRequest, tmp_path: Path, libraries: tuple[str, ...]) -> Stage:
    """Both: where every worker is a process of its own from the first moment, and where it is forked."""
    made = Stage(tmp_path / "work")
    made.settings["libraries"] = libraries if request.param == "forked" else ()
    return made


@pytest.fixture
def recorded(tmp_path: Path) -> Callable[[], list[dict[str, Any]]]:
    """Give what `echo.record` saw, when its RECORD variable is `tmp_path / 'record'`."""

    def lines() -> list[dict[str, Any]]:
        place = tmp_path / "record"
        return [json.loads(line) for line in place.read_text().splitlines()] if place.exists() else []

    return lines


@pytest.fixture
def code_zip() -> bytes:
    return zipped()


@pytest.fixture
def code_folder() -> str:
    return str(CODE)


class Served:
    """A cloud behind loopback HTTP with its Function Compute."""

    def __init__(self, cloud: Running, fc: FunctionCompute) -> None:
        self.cloud, self.fc = cloud, fc
        self.endpoint, self.keys = cloud.endpoint, cloud.keys


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    parts: list[FunctionCompute] = []

    def attach(cloud: Cloud) -> None:
        fc = FunctionCompute(
            cloud.cabinet.drawer("fc"),
            cloud.clock,
            cloud.identity,
            cloud.faults,
            workdir=tmp_path / "work",
            code_store=lambda bucket, key: zipped() if (bucket, key) == ("code", "project.zip") else None,
            endpoint=lambda: cloud.endpoint,
            calls=cloud.door.calls,
        )
        cloud.attach(fc=fc, parts=[fc])
        parts.append(fc)

    with running(attach=attach) as cloud:
        yield Served(cloud, parts[0])
