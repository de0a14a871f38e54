"""Deliveries as the platform hands them over, made of the payloads in tests/events or of values given by the test."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tidegate.alerts import Delivery, Reading, read, receive
from tidegate.domain.signal import Alert

EVENTS = Path(__file__).parent.parent / "events"


def http_event(body: str, path: str = "/hook/T0KEN", *, encoded: bool = False, **headers: str) -> bytes:
    return json.dumps(
        {
            "version": "v1",
            "rawPath": path,
            "body": base64.b64encode(body.encode()).decode() if encoded else body,
            "isBase64Encoded": encoded,
            "headers": {name.replace("_", "-"): value for name, value in headers.items()},
            "queryParameters": {},
            "requestContext": {
                "http": {"method": "POST", "path": path},
                "requestId": "1-65e30c00-10000001-0000demo",
                "time": "2026-03-02T12:00:03Z",
                "timeEpoch": "1772452803000",
            },
        }
    ).encode()


@pytest.fixture
def sample() -> Callable[[str], bytes]:
    """Give a vendor's payload by its file name."""
    return lambda name: (EVENTS / name).read_bytes()


@pytest.fixture
def parsed(sample: Callable[[str], bytes]) -> Callable[[str], Any]:
    """Give a vendor's payload as a value to change."""
    return lambda name: json.loads(sample(name))


@pytest.fixture
def over_http() -> Callable[..., Delivery]:
    """Deliver a body through the HTTP trigger."""
    return lambda body, path="/hook/T0KEN", **rest: receive(http_event(body, path, **rest))


@pytest.fixture
def directly() -> Callable[[Any], Reading]:
    """Read a value that SMQ or EventBridge hands over."""
    return lambda value: read(receive(json.dumps(value).encode()))


@pytest.fixture
def only() -> Callable[[Reading], Alert]:
    """Give the one alert of a reading that has nothing else."""

    def give(reading: Reading) -> Alert:
        assert reading.rejected == []
        [alert] = reading.alerts
        return alert

    return give


@pytest.fixture
def refusal() -> Callable[[Reading], str]:
    """Give the one reason of a reading that has no alert."""

    def give(reading: Reading) -> str:
        assert reading.alerts == []
        [rejected] = reading.rejected
        return rejected.reason

    return give
