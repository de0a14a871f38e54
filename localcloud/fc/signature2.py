"""Verifies the signature of the 2.0 API: `Authorization: FC id:signature` (fact fc 1.10)."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime

from localcloud.clock import Clock
from localcloud.fc.words import WORDS
from localcloud.identity import Identity
from localcloud.rpc.operation import ApiError, Caller
from localcloud.rpc.signing import VALID_FOR
from localcloud.wire import Call


class Gate2:
    """Lets in whoever signed a call correctly and lately, by the simulated clock or the machine's."""

    def __init__(self, identity: Identity, clock: Clock, wall: Callable[[], datetime]) -> None:
        self._identity, self._clock, self._wall = identity, clock, wall

    def caller(self, call: Call) -> Caller:
        """Give who calls, or raise the refusal."""
        if not call.is_text:
            raise ApiError("InvalidArgument", "the request holds bytes that are not UTF-8", 400)
        scheme, _, signed = call.headers.get("authorization", "").partition(" ")
        key_id, colon, given = signed.partition(":")
        if scheme != "FC" or not colon:
            raise ApiError("MissingRequiredHeader", "required HTTP header Authorization was not specified", 400)
        secret = self._identity.secret(key_id)
        if secret is None:
            raise WORDS.unknown_key.says(f"invalid access key ID '{key_id}'")
        if not any(hmac.compare_digest(sign(secret, text), given.encode()) for text in _texts(call)):
            raise WORDS.wrong_signature.says(
                "The request signature we calculated does not match the signature you provided. "
                "Check your access key and signing method"
            )
        self._check_time(call.headers.get("date", ""))
        return self._identity.caller(key_id, call.headers.get("x-fc-security-token", ""))

    def _check_time(self, date: str) -> None:
        try:
            at = parsedate_to_datetime(date).astimezone(timezone.utc)
        except (TypeError, ValueError, OverflowError):
            raise ApiError("MissingRequiredHeader", "required HTTP header Date was not specified", 400) from None
        if all(abs(at - now) > VALID_FOR for now in (self._clock.now(), self._wall())):
            raise WORDS.wrong_time.says("the difference between the request time and the current time is too large")


def sign(secret: str, text: str) -> bytes:
    """Sign as the 2.0 API does."""
    return base64.b64encode(hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest())


def _texts(call: Call) -> list[str]:
    """Give what may have been signed: with the query, as HTTP calls are, or without, as all others."""
    headers = call.headers
    named = sorted((name, value) for name, value in headers.items() if name.startswith("x-fc-"))
    lines = [call.method, *(headers.get(name, "") for name in ("content-md5", "content-type", "date"))]
    plain = "\n".join(lines) + "\n" + "".join(f"{name}:{value}\n" for name, value in named) + call.path
    return [plain, plain + "\n" + "\n".join(sorted(f"{name}={value}" for name, value in call.query))]
