"""Reads and verifies the two signatures of the RPC products: HMAC-SHA1 "v1" and ACS3-HMAC-SHA256 (fact A.0)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from urllib.parse import quote

from localcloud.clock import Clock
from localcloud.identity import Identity
from localcloud.rpc.operation import ApiError, Caller
from localcloud.rpc.words import COMMON, Words
from localcloud.wire import Call

VALID_FOR = timedelta(minutes=15)
ACS3 = "ACS3-HMAC-SHA256"
AUTHORIZATION = re.compile(rf"{ACS3}\s+Credential=([^,]+),\s*SignedHeaders=([^,]+),\s*Signature=([0-9a-fA-F]+)")
TIME_FORM = "%Y-%m-%dT%H:%M:%SZ"


@dataclass(frozen=True)
class Signature:
    """What a call claims about its sender, and what must be signed for that to be true."""

    access_key_id: str
    security_token: str
    nonce: str
    timestamp: str
    given: str
    to_sign: str
    sign: Callable[[str, str], str]
    """Takes the secret and what is to be signed."""

    def is_by(self, secret: str) -> bool:
        """Say whether the holder of this secret signed the call."""
        return hmac.compare_digest(self.sign(secret, self.to_sign).encode(), self.given.encode())


class Gate:
    """Lets in whoever signed a call correctly, lately, and once.

    Lately means within 15 minutes of the simulated time or of the machine's: functions live in simulated time,
    everybody else in the machine's.
    """

    def __init__(self, identity: Identity, clock: Clock, wall: Callable[[], datetime]) -> None:
        self._identity, self._clock, self._wall = identity, clock, wall
        self._nonces: dict[str, datetime] = {}

    def caller(self, call: Call, words: Words = COMMON) -> Caller:
        """Give who calls, or raise the refusal in the product's words."""
        if not call.is_text:
            raise ApiError("InvalidParameter", "The request holds bytes that are not UTF-8.", 400)
        signature = read_signature(call)
        secret = self._identity.secret(signature.access_key_id)
        if secret is None:
            raise words.unknown_key.says("Specified access key is not found.")
        if not signature.is_by(secret):
            raise words.wrong_signature.says(
                f"Specified signature is not matched with our calculation. server string to sign is:{signature.to_sign}"
            )
        self._check_time(signature.timestamp, words)
        caller = self._identity.caller(signature.access_key_id, signature.security_token)
        self._use_up(signature.nonce, words)
        return caller

    def _check_time(self, timestamp: str, words: Words) -> None:
        try:
            at = datetime.strptime(timestamp, TIME_FORM).replace(tzinfo=timezone.utc)
        except ValueError:
            raise ApiError("InvalidTimeStamp.Format", "Specified time stamp is not well formatted.") from None
        if all(abs(at - now) > VALID_FOR for now in (self._clock.now(), self._wall())):
            raise words.wrong_time.says("Specified time stamp or date value is expired.")

    def _use_up(self, nonce: str, words: Words) -> None:
        now = self._wall()
        if nonce in self._nonces:
            raise words.used_nonce.says("Specified signature nonce was used already.")
        # Twice the validity: a stamp may lie 15 minutes ahead of the clock that accepts it.
        while self._nonces and now - next(iter(self._nonces.values())) > 2 * VALID_FOR:
            del self._nonces[next(iter(self._nonces))]
        self._nonces[nonce] = now


def read_signature(call: Call) -> Signature:
    """Read whichever signature the call carries; raise where it carries none, or half of one."""
    if "authorization" in call.headers:
        return read_acs3(call)
    parameters = call.parameters
    for name in ("AccessKeyId", "Signature", "SignatureMethod", "SignatureVersion", "SignatureNonce", "Timestamp"):
        if not parameters.get(name):
            raise ApiError("IncompleteSignature", f"The request signature lacks {name}.")
    if (parameters["SignatureMethod"], parameters["SignatureVersion"]) != ("HMAC-SHA1", "1.0"):
        raise ApiError("InvalidParameter.SignatureMethod", "Only HMAC-SHA1 in version 1.0 is known here.")
    return Signature(
        access_key_id=parameters["AccessKeyId"],
        security_token=parameters.get("SecurityToken", ""),
        nonce=parameters["SignatureNonce"],
        timestamp=parameters["Timestamp"],
        given=parameters["Signature"],
        to_sign=v1_string_to_sign(call.method, parameters),
        sign=sign_v1,
    )


def v1_string_to_sign(method: str, parameters: Mapping[str, str]) -> str:
    """Give what version 1 signs: the method and every parameter but the signature, sorted."""
    signed = sorted((name, value) for name, value in parameters.items() if name != "Signature")
    # Each name and value is encoded twice: by itself, and in the query, which is encoded as a whole.
    query = "%26".join(f"{encoded(encoded(name))}%3D{encoded(encoded(value))}" for name, value in signed)
    return f"{method}&%2F&{query}"


def sign_v1(secret: str, text: str) -> str:
    """Sign as version 1 does."""
    digest = hmac.new(f"{secret}&".encode(), text.encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()


def read_acs3(call: Call) -> Signature:
    """Read an ACS3 signature; raise where the body is not the one that was signed."""
    match = AUTHORIZATION.fullmatch(call.headers["authorization"].strip())
    if not match:
        raise ApiError("IncompleteSignature", f"The Authorization header is not that of {ACS3}.")
    key_id, signed, given = match.groups()
    headers = call.headers
    for name in ("x-acs-date", "x-acs-signature-nonce", "x-acs-content-sha256"):
        if name not in headers or name not in signed.split(";"):
            raise ApiError("IncompleteSignature", f"The header {name} is missing or not signed.")
    if headers["x-acs-content-sha256"] != hashlib.sha256(call.body).hexdigest():
        raise ApiError("InvalidContentSha256", "The body is not the one that was signed.")
    return Signature(
        access_key_id=key_id,
        security_token=headers.get("x-acs-security-token", ""),
        nonce=headers["x-acs-signature-nonce"],
        timestamp=headers["x-acs-date"],
        given=given.lower(),
        to_sign=acs3_string_to_sign(call, signed.split(";")),
        sign=sign_acs3,
    )


def acs3_string_to_sign(call: Call, signed: list[str]) -> str:
    """Give what ACS3 signs: the digest of the canonical request."""
    query = "&".join(f"{name}={encoded(value)}" for name, value in sorted(call.query))
    headers = "".join(f"{name}:{call.headers.get(name, '').strip()}\n" for name in signed)
    path = call.raw_path.partition("?")[0] or "/"
    parts = (call.method, path, query, headers, ";".join(signed), call.headers["x-acs-content-sha256"])
    digest = hashlib.sha256("\n".join(parts).encode()).digest()
    return f"{ACS3}\n{binascii.hexlify(digest).decode()}"


def sign_acs3(secret: str, text: str) -> str:
    """Sign as ACS3 does."""
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()


@lru_cache(maxsize=128)
def encoded(text: str) -> str:
    """Percent-encode as RFC 3986 says, which is what both signatures use. A template comes with many calls."""
    return quote(text, safe="~")
