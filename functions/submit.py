"""The workflow's first step: place the order."""

from __future__ import annotations

from typing import Any


def handler(event: bytes, _context: Any) -> dict[str, str]:
    """Place the order, if that is still wanted and nobody has; say what to do next."""
    import json  # noqa: PLC0415 - nothing is done at import time

    from tidegate.app.steps import Which, submit  # noqa: PLC0415
    from tidegate.app.wiring import wire  # noqa: PLC0415

    return {"next": submit(wire(), Which.read(json.loads(event)))}
