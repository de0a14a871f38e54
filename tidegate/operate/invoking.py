"""Invoking one deployed function by hand, and everything that the platform says of it."""

from __future__ import annotations

import base64
import binascii
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from tidegate.aliyun.credentials import Credentials
from tidegate.aliyun.functions import Answer, Function, call, failure

TAIL = {"x-fc-log-type": "Tail"}
"""Asks for the last 4 KB of the log of a synchronous call (fact fc 1.10)."""
LONGEST_S = 310.0
"""How long an answer is waited for: longer than any function of the template may take."""


@dataclass(frozen=True)
class Invoked:
    """How one call went. `error` is empty where the function did not fail."""

    function: str
    status: int
    error: str
    message: str
    request_id: str
    seconds: float
    """From here, the way to the platform included."""
    log: str
    body: str

    @property
    def succeeded(self) -> bool:
        """Whether the function ran to its end."""
        return not self.error


def invoke(
    function: Function, credentials: Credentials, event: bytes, *, at: datetime, clock: Callable[[], float]
) -> Invoked:
    """Invoke a function once, without trying again. Raises InvokeFailed where no answer comes."""
    began = clock()
    answer = call(function, credentials, event, at=at, nonce=secrets.token_hex(16), more=TAIL, read_s=LONGEST_S)
    failed = None if answer.succeeded else failure(answer, credentials.redact)
    return Invoked(
        function=function.name,
        status=answer.status,
        error=failed.code if failed else "",
        message=failed.message if failed else "",
        request_id=answer.request_id,
        seconds=round(clock() - began, 3),
        log=credentials.redact(_log_of(answer)),
        body=credentials.redact(answer.content.decode("utf-8", "replace")),
    )


def _log_of(answer: Answer) -> str:
    """The end of the function's log, empty where the platform gave none."""
    try:
        return base64.b64decode(answer.headers.get("X-Fc-Log-Result", "")).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return ""
