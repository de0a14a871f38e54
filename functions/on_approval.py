"""A person opens a link in a message that asks for their approval: GET shows what is asked, POST says yes."""

from __future__ import annotations

from typing import Any


def handler(event: bytes, _context: Any) -> dict[str, Any]:
    """Answer a browser. Only a yes is kept, in the inbox; the tick decides on it."""
    from tidegate.app.approving import show_or_approve  # noqa: PLC0415 - nothing is done at import time
    from tidegate.app.machine import machine  # noqa: PLC0415
    from tidegate.app.wiring import wire  # noqa: PLC0415

    settings = machine().settings()
    return show_or_approve(wire(settings, quick=True), event, settings.approval_keys).as_response()
