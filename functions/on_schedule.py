"""The tick: a timer, every minute."""

from __future__ import annotations

from typing import Any

SHARE = 0.8
"""Of the function's timeout: then it stops, and the next tick goes on."""


def handler(_event: bytes, context: Any) -> dict[str, Any]:
    """Reconcile whatever is due."""
    from tidegate.app.tick import tick  # noqa: PLC0415 - nothing is done at import time
    from tidegate.app.wiring import has_time, wire  # noqa: PLC0415

    ticked = tick(wire(), has_time(SHARE * float(context.function.timeout)))
    return {"reconciled": ticked.reconciled, "failed": ticked.failed, "left": ticked.left}
