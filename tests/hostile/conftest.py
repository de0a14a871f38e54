"""How hard hostile input is tried, and a desk, a clock and a line of log to try it on."""

from __future__ import annotations

import gc
import json
import logging
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis.strategies import SearchStrategy

from localcloud.server import Running, running
from tests.app.conftest import desk
from tests.hostile.words import DANGEROUS

__all__ = ["desk"]

AT_MOST_S = 2.0
"""What one piece of input may cost, on a machine that does other things as well."""
SOAKING = 10

Tries = Callable[..., None]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever tries examples tries more in a soak."""
    for item in items:
        if "tries" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.soak)


@pytest.fixture(scope="session")
def tries(soaking: bool) -> Tries:  # noqa: FBT001 - a fixture
    """Try a check on half as many examples, ten times as many with --soak: `tries(100, check, body=st.binary())`."""

    def of(examples: int, check: Callable[..., None], **given_by: SearchStrategy[Any]) -> None:
        often = settings(
            max_examples=examples * SOAKING if soaking else examples // 2,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        often(given(**given_by)(check))()

    return of


@pytest.fixture(scope="module", autouse=True)
def swept() -> None:
    """What earlier tests left is finalized here: in the depth of a hostile text's recursion a finalizer would fail."""
    gc.collect()


class Soon:
    """Fails whatever takes longer than hostile input may."""

    def __enter__(self) -> None:
        """Begin."""
        self._began = time.process_time()

    def __exit__(self, kind: object, *_: object) -> None:
        """See how long it took, in processor time: others work on this machine too."""
        took = time.process_time() - self._began
        assert kind is not None or took < AT_MOST_S, f"took {took:.1f} s"


@pytest.fixture
def soon() -> type[Soon]:
    """What to put around input that may cost no time."""
    return Soon


class Lines:
    """What the operator finds in the log, as the handlers' own logger writes it."""

    def __init__(self, caplog: pytest.LogCaptureFixture) -> None:
        self._caplog = caplog

    def facts(self) -> list[dict[str, Any]]:
        """Every line so far: one line each, whoever splits them, and JSON without a sign that rules a terminal."""
        found = []
        for record in self._caplog.records:
            line = record.getMessage()
            assert line.splitlines() == [line], line
            assert not DANGEROUS.search(line), line
            line.encode()
            found.append(json.loads(line))
        self._caplog.clear()
        return found


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Lines:
    """The log of a door, read as a machine reads it."""
    caplog.set_level(logging.INFO, logger="tidegate")
    return Lines(caplog)


@pytest.fixture(scope="module")
def cloud() -> Iterator[Running]:
    """A cloud behind loopback HTTP, with one instance of each product; its clock stands still."""
    world = {
        "instances": [
            {"product": "rabbitmq", "instance_id": "amqp-cn-demo0001"},
            {"product": "apigateway", "instance_id": "apigateway-cn-demo0001"},
        ]
    }
    with running(world, speed=0) as server:
        yield server
