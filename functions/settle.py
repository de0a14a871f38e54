"""The workflow's end: close the operation."""

from __future__ import annotations

from typing import Any


def handler(event: bytes, _context: Any) -> dict[str, str]:
    """Close the operation, tell people, and see what is wanted now."""
    import json  # noqa: PLC0415 - nothing is done at import time

    from tidegate.app.steps import Which, settle  # noqa: PLC0415
    from tidegate.app.wiring import wire  # noqa: PLC0415

    return {"next": settle(wire(), Which.read(json.loads(event)))}
