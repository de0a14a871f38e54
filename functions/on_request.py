"""A person, or a script of theirs, asks for something: `tidegate resize`, `release`, `ack`."""

from __future__ import annotations

from typing import Any


def handler(event: bytes, _context: Any) -> dict[str, Any]:
    """Take the request in, decide at once, and say what was decided and why."""
    from tidegate.app.requests import receive_request  # noqa: PLC0415 - nothing is done at import time
    from tidegate.app.wiring import wire  # noqa: PLC0415

    return receive_request(wire(), event)
