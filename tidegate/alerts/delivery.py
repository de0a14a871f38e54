"""How an alert reached the function: through its HTTP trigger, or directly from SMQ or EventBridge.

An HTTP delivery comes from anybody who knows the address. So `receive` reads the envelope only; the caller
compares `token` (see `same_token`), and only then is the body opened.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any
from urllib.parse import unquote

from tidegate.alerts.decoding import BODY_LIMIT
from tidegate.alerts.fields import moment, text

NAMED_FORMATS: Mapping[str, str] = {
    "cms": "cloudmonitor",
    "cloudmonitor": "cloudmonitor",
    "smq": "cloudmonitor-smq",
    "cloudmonitor-smq": "cloudmonitor-smq",
    "eventbridge": "eventbridge",
    "alertmanager": "alertmanager",
    "prometheus": "alertmanager",
    "arms": "arms",
    "sls": "sls",
}
"""What may stand as `<format>` in `/hook/<format>/<token>`, and the format it names."""


class TooLarge(Exception):  # noqa: N818 - the sender's fault, named for what it is
    """The body is over the limit. The text is fit for its sender; 413 is its status."""


class Unreadable(Exception):  # noqa: N818 - the sender's fault, named for what it is
    """The body is no text. The text is fit for its sender; 400 is its status."""


class Kind(str, Enum):
    """Whether a token must be checked: a direct event was let in by the platform's own permissions."""

    HTTP = "http"
    DIRECT = "direct"


@dataclass(frozen=True)
class Delivery:
    """One alert message as it arrived. `body` is still encoded: `open` gives its bytes."""

    kind: Kind
    body: bytes = field(repr=False)
    encoded: bool = False
    path: str = ""
    """The decoded path, fit for a log: of it only `/hook` and a known format are shown, never a token."""
    method: str = ""
    token: str = field(default="", repr=False)
    format_hint: str = field(default="", repr=False)
    """The `<format>` of the path as it was written, known or not; empty where the path names none."""
    content_type: str = ""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Names in lower case."""
    arrived_at: datetime | None = None
    """When the platform took an HTTP request in; None for a direct event."""

    def open(self) -> bytes:
        """Decode the body. Raises TooLarge over 64 KiB of an HTTP body, Unreadable if it is empty or no UTF-8 text.

        A direct event is a batch that the platform has bounded: there the limit holds for each message in it.
        """
        body = self._decoded() if self.encoded else self.body
        if self.kind is Kind.HTTP and len(body) > BODY_LIMIT:
            raise _too_large()
        if not body.strip():
            raise Unreadable("the body is empty: send the alert as the body of a POST")
        try:
            body.decode()
        except UnicodeDecodeError as error:
            raise Unreadable(f"the body is not UTF-8 text: byte {error.start}") from None
        return body

    def _decoded(self) -> bytes:
        if len(self.body) > BODY_LIMIT * 2:
            raise _too_large()
        try:
            return base64.b64decode(self.body, validate=True)
        except (binascii.Error, ValueError):
            raise Unreadable("the body is said to be base64 and is not") from None


def receive(event: bytes) -> Delivery:
    """Tell an HTTP trigger's event (fact fc 1.6) from a direct one, and find the token. The body stays as it came.

    Whatever speaks of a request is HTTP, known version or not, so that no strange envelope passes without a token.
    """
    try:
        envelope = json.loads(event)
    except (ValueError, RecursionError):
        return Delivery(Kind.DIRECT, event)
    if not isinstance(envelope, dict) or not envelope.keys() & {"requestContext", "rawPath", "isBase64Encoded"}:
        return Delivery(Kind.DIRECT, event)
    return _from_http(envelope)


def same_token(given: str, expected: str | Iterable[str]) -> bool:
    """Compare in constant time with the one or more tokens in use (several during a rotation).

    An empty expected token matches nothing, an empty given one neither.
    """
    accepted = [expected] if isinstance(expected, str) else list(expected)
    mine = given.encode(errors="surrogatepass")
    matches = [hmac.compare_digest(mine, one.encode(errors="surrogatepass")) & bool(one.strip()) for one in accepted]
    return any(matches)


def _too_large() -> TooLarge:
    return TooLarge(f"the body is larger than {BODY_LIMIT} bytes")


def _from_http(envelope: Mapping[str, Any]) -> Delivery:
    headers = {str(name).lower(): str(value) for name, value in _mapping(envelope, "headers").items()}
    context = _mapping(envelope, "requestContext")
    raw_path = str(envelope.get("rawPath") or "")
    hint, token = _from_path(raw_path)
    body = envelope.get("body")
    return Delivery(
        kind=Kind.HTTP,
        # "replace" turns half a surrogate pair into a question mark: the rest of the body is read as usual.
        body=(body if isinstance(body, str) else "").encode(errors="replace"),
        encoded=envelope.get("isBase64Encoded") is True,
        path=_without_token(raw_path, hint),
        method=str(_mapping(context, "http").get("method") or "").upper(),
        token=token or _from_headers(headers),
        format_hint=hint,
        content_type=headers.get("content-type", ""),
        headers=headers,
        arrived_at=moment(context.get("timeEpoch")) or moment(context.get("time")),
    )


def _from_path(raw_path: str) -> tuple[str, str]:
    """Give format and token of `/hook/<format>/<token>`, `/hook/<token>` or `/hook/<format>` (token in a header)."""
    match [unquote(part) for part in raw_path.partition("?")[0].strip("/").split("/")]:
        case ["hook", only] if only.lower() in NAMED_FORMATS:
            return only, ""
        case ["hook", token]:
            return "", token
        case ["hook", hint, token]:
            return hint, token
    return "", ""


def _without_token(raw_path: str, hint: str) -> str:
    first, *rest = text(unquote(raw_path.partition("?")[0])).strip("/").split("/")
    if first != "hook":
        # Somebody may have left out `/hook` in front of the token.
        return "/***" if first else "/"
    if hint.lower() in NAMED_FORMATS:
        return f"/hook/{hint}/***"
    return "/hook/***" if rest else "/hook"


def _from_headers(headers: Mapping[str, str]) -> str:
    scheme, _, bearer = headers.get("authorization", "").strip().partition(" ")
    return headers.get("x-tidegate-token", "").strip() or (bearer.strip() if scheme.lower() == "bearer" else "")


def _mapping(envelope: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = envelope.get(name)
    return found if isinstance(found, Mapping) else {}
