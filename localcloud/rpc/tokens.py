"""Which idempotency tokens were used, with what, and what was answered then."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, MutableMapping
from typing import Any

from localcloud.rpc.operation import ApiError


class Tokens:
    """Remembers accepted requests by their token. A refused request leaves its token unused."""

    def __init__(self, drawer: MutableMapping[str, Any]) -> None:
        self._drawer = drawer

    def earlier(self, instance_id: str, token: str, parameters: Mapping[str, Any]) -> dict[str, Any] | None:
        """Give what was answered to this token before; raise where it came with other parameters then."""
        entry = self._drawer.get(f"{instance_id}/{token}")
        if entry is None:
            return None
        if entry["asked"] != fingerprint(parameters):
            message = "The request uses the same client token as a previous, but non-identical request."
            raise ApiError("IdempotentParameterMismatch", message)
        answer: dict[str, Any] = entry["answer"]
        return answer

    def is_used(self, instance_id: str, token: str) -> bool:
        """Say whether the token was used, with whatever parameters."""
        return f"{instance_id}/{token}" in self._drawer

    def keep(self, instance_id: str, token: str, parameters: Mapping[str, Any], answer: Mapping[str, Any]) -> None:
        """Remember an accepted request."""
        self._drawer[f"{instance_id}/{token}"] = {"asked": fingerprint(parameters), "answer": dict(answer)}


def fingerprint(parameters: Mapping[str, Any]) -> str:
    """Tell requests apart by what they ask for."""
    return hashlib.sha256(json.dumps(dict(parameters), sort_keys=True).encode()).hexdigest()
