"""What every test may use: how long it is to try."""

from __future__ import annotations

import gc
import ipaddress
import sys
from contextlib import suppress

import pytest

from tests import sampling

LONGEST = "test_unlucky_weeks_break_nothing"
HERE = ("", "localhost")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let `make soak` ask for the long runs."""
    parser.addoption("--soak", action="store_true", help="try as often as `make soak` does, which takes long")
    parser.addoption("--weeks", type=int, default=2000, help="how many unlucky weeks are played (default 2000)")


def pytest_configure(config: pytest.Config) -> None:
    """Draw more in a soak, and let nothing of the tests leave this machine."""
    if config.getoption("--soak"):
        sampling.soak()
    sys.addaudithook(_stay_here)


def _stay_here(event: str, given: tuple[object, ...]) -> None:
    """Fail a test whose process asks for another machine's address, or calls one, whatever becomes of it."""
    if event == "socket.getaddrinfo":
        host = given[0]
    elif event in ("socket.connect", "socket.sendto") and isinstance(given[1], tuple):
        host = given[1][0]
    else:
        return
    name = host.decode() if isinstance(host, bytes) else str(host or "")
    if name in HERE or name.endswith((".localhost", ".invalid")):
        return
    with suppress(ValueError):
        if ipaddress.ip_address(name).is_loopback:
            return
    pytest.fail(f"{event}: a test is not to leave this machine, and asked for {name}")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin with what takes long, the weeks before all, so that no runner waits for another one at the end.

    What is marked `deep` is left out without --soak.
    """
    if not config.getoption("--soak"):
        deep = [item for item in items if item.get_closest_marker("deep")]
        items[:] = [item for item in items if not item.get_closest_marker("deep")]
        config.hook.pytest_deselected(items=deep)
    items.sort(key=lambda item: (not item.name.startswith(LONGEST), item.get_closest_marker("once") is None))


def pytest_collection_finish() -> None:
    """Keep what is loaded by now from being looked through for garbage: it is much, and it stays until the end."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def soaking(request: pytest.FixtureRequest) -> bool:
    """Whether the long runs are asked for: every kill round, the whole storm, all engine scripts, all planted bugs."""
    return bool(request.config.getoption("--soak"))


@pytest.fixture(scope="session")
def weeks(request: pytest.FixtureRequest) -> int:
    """How many unlucky weeks are played; from 2,000 on everything must occur in them."""
    return int(request.config.getoption("--weeks"))
