"""Where an asynchronous request goes that failed for good (fact fc 1.8). Only queues are offered here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from localcloud.fc.function import invalid

QUEUE = re.compile(r"acs:mns:[a-z0-9-]+:\d+:/queues/([A-Za-z][A-Za-z0-9-]{0,119})(/messages)?")


def check_destinations(said: Any) -> None:
    """Refuse a destinationConfig that is not understood here: a queue for failures is all there is."""
    if said is None or said == {}:
        return
    if not isinstance(said, Mapping) or set(said) != {"onFailure"}:
        raise invalid("destinationConfig: only onFailure is offered here")
    failure = said["onFailure"]
    if not isinstance(failure, Mapping) or set(failure) != {"destination"}:
        raise invalid("destinationConfig.onFailure needs a destination, and nothing else")
    if not queue_of_failures({"destinationConfig": said}):
        raise invalid(
            "destinationConfig.onFailure.destination: only acs:mns:REGION:ACCOUNT:/queues/NAME is offered here"
        )


def queue_of_failures(later: Mapping[str, Any]) -> str:
    """Give the name of the queue that an asynchronous configuration names, or nothing."""
    said = ((later.get("destinationConfig") or {}).get("onFailure") or {}).get("destination")
    found = QUEUE.fullmatch(said) if isinstance(said, str) else None
    return found[1] if found else ""
