"""Invoking a function of Function Compute from outside: 2.0 functions through `fc2`, 3.0 ones with a signed POST.

No SDK at hand signs for 3.0: aliyun-python-sdk-core signs ROA calls with HMAC-SHA1 only (fact fc 1.10).
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any
from urllib.parse import quote, urlsplit

from tidegate.aliyun.credentials import Credentials
from tidegate.aliyun.endpoints import is_loopback
from tidegate.aliyun.once import READ_S, NoAnswer, send_once
from tidegate.aliyun.permission import Permission
from tidegate.aliyun.signed_fc2 import signed_fc2

PERMISSIONS = (Permission("fc:InvokeFunction", "acs:fc:{region}:{account}:functions/{function}"),)
VERSION = "2023-03-30"
ALGORITHM = "ACS3-HMAC-SHA256"
GONE = ("FunctionNotFound", "ServiceNotFound")
"""Codes that say that nothing was run, because there is nothing of this name."""
MULTIPLE_CHOICES = 300
"""HTTP's first status that is no success, though not an error either."""


class InvokeFailed(Exception):  # noqa: N818 - reads as what it is
    """The function could not be invoked, or failed. The message holds the platform's own words."""

    def __init__(self, code: str, message: str, *, again: bool, request_id: str = "", sent: bool = True) -> None:
        about = f" (request {request_id})" if request_id else ""
        super().__init__(f"{code}: {message}{about}")
        self.code, self.message, self.request_id = code, message, request_id
        self.again = again
        """Whether trying again may help; the first try may have had its effect all the same, if it was `sent`."""
        self.sent = sent
        """Whether it may have arrived."""


@dataclass(frozen=True)
class Function:
    """Which function, and where. One with a service is of 2.0."""

    endpoint: str
    name: str
    service: str = ""

    @property
    def url(self) -> str:
        """The endpoint with its scheme: https unless it says otherwise or is this machine."""
        if "://" in self.endpoint:
            return self.endpoint.rstrip("/")
        host = self.endpoint.rstrip("/")
        return f"{'http' if is_loopback(host) else 'https'}://{host}"


@dataclass(frozen=True)
class Answer:
    """What the platform answered, whatever that was."""

    status: int
    content: bytes
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """How the function failed, by the platform's word; empty where it did not."""
        return str(self.headers.get("X-Fc-Error-Type", ""))

    @property
    def request_id(self) -> str:
        """The platform's name for the call."""
        return str(self.headers.get("X-Fc-Request-Id", ""))

    @property
    def succeeded(self) -> bool:
        """Whether the call came through and the function did not fail."""
        return self.status < MULTIPLE_CHOICES and not self.kind


def invoke(function: Function, credentials: Credentials, event: bytes, *, at: datetime, nonce: str) -> bytes:
    """Invoke a function and wait for its result. Raises InvokeFailed.

    `at` is the machine's time and `nonce` a word never used before: both are signed.
    """
    answer = call(function, credentials, event, at=at, nonce=nonce)
    if not answer.succeeded:
        raise failure(answer, credentials.redact)
    return answer.content


def call(
    function: Function,
    credentials: Credentials,
    event: bytes,
    *,
    at: datetime,
    nonce: str,
    more: Mapping[str, str] | None = None,
    read_s: float = READ_S,
) -> Answer:
    """Invoke a function and give whatever comes back. Raises InvokeFailed where nothing does.

    `more` are headers that ask for something beside, such as the end of the log; `read_s` is how long to wait for it,
    in seconds.
    """
    if function.service:
        return _through_fc2(function, credentials, event, more or {}, read_s)
    path = f"/{VERSION}/functions/{quote(function.name)}/invocations"
    headers = {**acs3(function.url, path, event, credentials, at=at, nonce=nonce), **(more or {})}
    return send("POST", function.url + path, headers, event, read_s)


def acs3(
    url: str,
    path: str,
    body: bytes,
    credentials: Credentials,
    *,
    at: datetime,
    nonce: str,
    method: str = "POST",
    action: str = "InvokeFunction",
) -> dict[str, str]:
    """Give the headers of a call without query, signed the way the vendor's V3 signature asks for (fact A.0)."""
    digest = hashlib.sha256(body).hexdigest()
    headers = {
        "content-type": "application/octet-stream",
        "host": urlsplit(url).netloc,
        "x-acs-action": action,
        "x-acs-content-sha256": digest,
        "x-acs-date": at.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "x-acs-signature-nonce": nonce,
        "x-acs-version": VERSION,
    }
    if credentials.security_token:
        headers["x-acs-security-token"] = credentials.security_token
    names = sorted(headers)
    lines = "".join(f"{name}:{headers[name]}\n" for name in names)
    canonical = "\n".join((method, path, "", lines, ";".join(names), digest))
    to_sign = f"{ALGORITHM}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    signature = hmac.new(credentials.access_key_secret.encode(), to_sign.encode(), hashlib.sha256).hexdigest()
    who = f"Credential={credentials.access_key_id},SignedHeaders={';'.join(names)},Signature={signature}"
    return {**headers, "Authorization": f"{ALGORITHM} {who}"}


def _through_fc2(
    function: Function, credentials: Credentials, event: bytes, more: Mapping[str, str], read_s: float
) -> Answer:
    answers: list[Answer] = []

    def through(method: str, url: str, headers: Mapping[str, str], _params: Any, body: bytes | None) -> _Seen:
        answers.append(send(method, url, headers, body or b"", read_s))
        return _Seen(answers[-1].content)

    try:
        client = signed_fc2(function.url, credentials, through)
    except ValueError as error:
        raise InvokeFailed("BadClient", str(error), again=False) from error
    # A map of our own each time: the default is one that all calls share.
    client.invoke_function(function.service, function.name, payload=event, headers=dict(more))
    return answers[-1]


@dataclass(frozen=True)
class _Seen:
    """As much of an answer as fc2 is to look at: it would log what failed."""

    content: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


def send(method: str, url: str, headers: Mapping[str, str], body: bytes = b"", read_s: float = READ_S) -> Answer:
    """Send once (`once.send_once`). Raises InvokeFailed where no answer comes."""
    try:
        reply = send_once(method, url, headers, body=body, read_s=read_s)
    except NoAnswer as error:
        raise InvokeFailed("NoAnswer", str(error), again=True, sent=error.sent) from None
    return Answer(reply.status_code, reply.content, reply.headers)


def failure(answer: Answer, redact: Callable[[str], str]) -> InvokeFailed:
    """Give the platform's refusal, or the function's own exception (fact fc 1.9).

    The vendor answers a wrong signature with all that was signed.
    """
    try:
        said = json.loads(answer.content)
    except (ValueError, RecursionError):
        said = {}
    said = said if isinstance(said, dict) else {}
    status = answer.status
    code = str(said.get("errorType") or said.get("ErrorCode") or said.get("Code") or answer.kind or f"HTTP {status}")
    message = said.get("errorMessage") or said.get("ErrorMessage") or said.get("Message") or "no reason was given"
    final = MULTIPLE_CHOICES <= status < 500 and status != 429  # noqa: PLR2004 - HTTP
    # In one line: the vendor's words may have several.
    told = redact(code)[:100], " ".join(redact(str(message)).split())[:500]
    return InvokeFailed(*told, again=not final, request_id=answer.request_id)
