"""Answers that nobody documented: something is left out, is of another kind, or says yes and no at once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

TAKEN, PUT = 0.7, 0.9
"""Below the first something is left out, below the second it is of another kind; above it the signs contradict."""
OTHER_KINDS: tuple[Any, ...] = ("odd", {}, [], -1)
FREE = frozenset({"RequestId", "Operator"})
"""What may miss without being odd: no order tells for sure who placed it."""

Place = tuple[Any, Any]
"""What holds something, and its name or number there."""


def odd(raw: bytes, draw: float) -> bytes:
    """Give an answer as it never was, drawn by a number in [0, 1)."""
    body = json.loads(raw)
    places = list(_places(body))
    if draw >= PUT or not places:
        body.update({"Success": True, "Code": "InternalError"})
        return json.dumps(body).encode()
    low, high = (0.0, TAKEN) if draw < TAKEN else (TAKEN, PUT)
    at = (draw - low) / (high - low) * len(places)
    holder, name = places[int(at)]
    if draw < TAKEN:
        del holder[name]
    else:
        holder[name] = OTHER_KINDS[int(at % 1 * len(OTHER_KINDS))]
    return json.dumps(body).encode()


def _places(body: Any) -> Iterator[Place]:
    names = body.keys() if isinstance(body, dict) else range(len(body))
    for name in names:
        if name not in FREE:
            yield body, name
            if isinstance(body[name], (dict, list)):
                yield from _places(body[name])
