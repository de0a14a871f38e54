"""How an invocation ended, as its caller sees it (fact fc 1.9)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from localcloud.fc.function import Ref, Refusal

MAX_SYNC_BYTES = 32 * 1024 * 1024
MAX_ASYNC_BYTES = 128 * 1024


@dataclass(frozen=True)
class Invocation:
    """The reply to one Invoke call. `log` is what the function wrote meanwhile; an asynchronous call has none."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    log: str = ""

    @property
    def error_type(self) -> str:
        """`UnhandledInvocationError` where the function failed, otherwise nothing: the status is 200 either way."""
        return self.headers.get("X-Fc-Error-Type", "")

    @property
    def succeeded(self) -> bool:
        """Whether the function ran to a result, or will (202)."""
        return self.status < 300 and not self.error_type  # noqa: PLR2004 - 2xx


def failure(message: str) -> bytes:
    """Give the body for a function that did not live to tell: no errorType."""
    return json.dumps({"errorMessage": message}).encode()


def refused(refusal: Refusal, ref: Ref, request_id: str) -> Invocation:
    """Give the reply for a call that reached no function."""
    return Invocation(
        refusal.status,
        {"X-Fc-Request-Id": request_id, "Content-Type": "application/json"},
        error_body(refusal, request_id, version2=bool(ref.service)),
    )


def error_body(refusal: Refusal, request_id: str, *, version2: bool) -> bytes:
    """Write a refusal in the form of the 2.0 or the 3.0 API."""
    if version2:
        return json.dumps({"ErrorCode": refusal.code, "ErrorMessage": refusal.message}).encode()
    return json.dumps({"RequestId": request_id, "Code": refusal.code, "Message": refusal.message}).encode()
