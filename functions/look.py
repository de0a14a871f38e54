"""The workflow's middle: read the instance and its order."""

from __future__ import annotations

from typing import Any


def handler(event: bytes, _context: Any) -> dict[str, str]:
    """Read the instance and its order, and say what to do next."""
    import json  # noqa: PLC0415 - nothing is done at import time

    from tidegate.app.steps import Which, look  # noqa: PLC0415
    from tidegate.app.wiring import wire  # noqa: PLC0415

    return {"next": look(wire(), Which.read(json.loads(event)))}
