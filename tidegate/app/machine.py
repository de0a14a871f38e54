"""What a process runs on: its environment, its clock, its chance, its memory, and the lines that lead out of it.

Handlers run on the real machine. Whoever simulates processes, such as localcloud's fault simulation, lets the same
handlers run on another one; nothing else in them is exchanged.
"""

from __future__ import annotations

import random
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from tidegate.settings import Settings, read_settings

if TYPE_CHECKING:
    from tidegate.aliyun.line import Line
    from tidegate.ledger.remote import Objects


def utc_now() -> datetime:
    """The time, aware and in UTC."""
    return datetime.now(timezone.utc)  # noqa: TID251 - the one place


def nap(seconds: float) -> None:
    """Rest."""
    time.sleep(seconds)  # noqa: TID251 - the one place


def told(url: str, title: str, text: str, kind: str) -> bool:
    """Tell people over a channel; True if it took the message."""
    from tidegate.notify import notify  # noqa: PLC0415 - only when somebody must be told

    return notify(url, title, text, kind)


@dataclass
class Memory:
    """What outlives one call where the process does. Losing it costs time, and nothing else."""

    cache: dict[str, Any] = field(default_factory=dict)
    checked: list[bool] = field(default_factory=list)
    hints: dict[str, int] = field(default_factory=dict)
    """The newest entries seen: what came after them is found without a listing."""
    clients: dict[str, Any] = field(default_factory=dict)
    """Clients of the vendor's SDKs with their connections, by what they were made of."""


_OWN = Memory()


@dataclass(frozen=True)
class Machine:
    """One machine. The lines are None where the vendor's SDKs are to be used."""

    settings: Callable[[], Settings] = read_settings
    now: Callable[[], datetime] = utc_now
    sleep: Callable[[float], None] = nap
    monotonic: Callable[[], float] = time.monotonic
    chance: Callable[[], float] = random.random
    nonce: Callable[[], str] = lambda: secrets.token_hex(8)
    memory: Callable[[], Memory] = lambda: _OWN
    notify: Callable[[str, str, str, str], bool] = told
    line: Callable[[str], Line] | None = None
    """The line to the vendor's API in a region."""
    objects: Callable[[], Objects] | None = None
    """The line to the bucket."""


_RUNNING_ON = [Machine()]


def machine() -> Machine:
    """The machine we run on."""
    return _RUNNING_ON[-1]


@contextmanager
def running_on(other: Machine) -> Iterator[None]:
    """Let handlers run on another machine."""
    _RUNNING_ON.append(other)
    try:
        yield
    finally:
        _RUNNING_ON.pop()
