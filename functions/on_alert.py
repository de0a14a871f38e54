"""An alert rule rang: CloudMonitor, SMQ, EventBridge, Alertmanager, ARMS or SLS."""

from __future__ import annotations

from typing import Any

INLINE_S = 2.0
"""CloudMonitor waits 5 s and then sends again; what is not answered inline is answered by the tick."""


def handler(event: bytes, _context: Any) -> dict[str, Any]:
    """Keep the alerts of one delivery, and reconcile the instances they name while there is time."""
    from tidegate.app.crowd import at_the_door  # noqa: PLC0415 - nothing is done at import time
    from tidegate.app.doors import guarded, receive_alerts  # noqa: PLC0415
    from tidegate.app.machine import machine  # noqa: PLC0415
    from tidegate.app.wiring import wire  # noqa: PLC0415

    def take_in() -> Any:
        in_time, recall = at_the_door(event, INLINE_S)
        settings = machine().settings()
        return receive_alerts(wire(settings, quick=True), event, settings.hook_tokens, in_time, recall)

    return guarded(event, take_in).as_response()
