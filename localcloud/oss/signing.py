"""OSS's own signatures, V4 (`OSS4-HMAC-SHA256`) and V1, checked as OSS checks them; signed URLs are not supported."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from functools import reduce
from urllib.parse import quote

from localcloud.identity import Identity
from localcloud.oss.answers import OssError, invalid_argument, not_implemented
from localcloud.oss.target import SUBRESOURCES, Target
from localcloud.rpc.operation import ApiError, Caller

VALID_FOR = timedelta(minutes=15)
V4 = "OSS4-HMAC-SHA256"
CREDENTIAL_PARTS = 5
FIELD = re.compile(r"(Credential|AdditionalHeaders|Signature)=([^,\s]*)")
SIGNED_URL = {"Signature", "x-oss-signature"}


@dataclass(frozen=True)
class Claim:
    """What a call says of its sender: whose key, when, and with which signature over what."""

    access_key_id: str
    at: datetime
    given: str
    to_sign: str
    sign: Callable[[str], str]
    """The right signature under a secret."""


def authenticate(target: Target, identity: Identity, region: str, clocks: tuple[datetime, ...]) -> Caller:
    """Give the caller whose signature this is, or raise what OSS raises.

    `clocks` are the times that count as now: a caller inside the simulated world has one, others have the machine's.
    """
    claim = read_claim(target, region)
    secret = identity.secret(claim.access_key_id)
    if secret is None:
        message = "The OSS Access Key Id you provided does not exist in our records."
        raise OssError(403, "InvalidAccessKeyId", message, OSSAccessKeyId=claim.access_key_id)
    if all(abs(claim.at - now) > VALID_FOR for now in clocks):
        message = "The difference between the request time and the current time is too large."
        raise OssError(403, "RequestTimeTooSkewed", message, MaxAllowedSkewMilliseconds="900000")
    if not hmac.compare_digest(claim.sign(secret).encode(), claim.given.encode()):
        message = (
            "The request signature we calculated does not match the signature you provided. "
            "Check your key and signing method."
        )
        raise OssError(403, "SignatureDoesNotMatch", message, StringToSign=claim.to_sign)
    return as_caller(target, identity, claim.access_key_id)


def as_caller(target: Target, identity: Identity, access_key_id: str) -> Caller:
    """Give whom a key stands for; its security token must be right and still valid."""
    try:
        return identity.caller(access_key_id, target.header("x-oss-security-token"))
    except ApiError as error:
        code = "SecurityTokenExpired" if error.code.endswith("Expired") else "InvalidSecurityToken"
        raise OssError(403, code, "The security token you provided is invalid or has expired.") from error


def read_claim(target: Target, region: str) -> Claim:
    """Read the Authorization header."""
    authorization = target.header("authorization")
    if authorization.startswith(f"{V4} "):
        return read_v4(target, authorization, region)
    if authorization.startswith("OSS ") and ":" in authorization:
        return read_v1(target, authorization)
    if authorization:
        raise invalid_argument("Unsupported authorization type.", "Authorization", authorization.split(" ")[0])
    if SIGNED_URL & set(target.query):
        raise not_implemented("signed URLs")
    raise OssError(403, "AccessDenied", "You have no right to access this object because of bucket acl.")


def read_v4(target: Target, authorization: str, region: str) -> Claim:
    """Read a V4 signature; the region it was made for must be ours."""
    fields = dict(FIELD.findall(authorization))
    credential = fields.get("Credential", "").split("/")
    at = target.header("x-oss-date")
    if len(credential) != CREDENTIAL_PARTS or credential[1] != at[:8]:
        raise invalid_argument(
            "Invalid credential in Authorization header.", "Credential", fields.get("Credential", "")
        )
    if credential[2:] != [region, "oss", "aliyun_v4_request"]:
        raise invalid_argument("Invalid signing region in Authorization header.", "Credential", credential[2])
    request = canonical_request(target, fields.get("AdditionalHeaders", ""))
    scope = "/".join(credential[1:])
    to_sign = "\n".join([V4, at, scope, hashlib.sha256(request.encode()).hexdigest()])

    def sign(secret: str) -> str:
        key = reduce(_hmac_sha256, credential[1:], f"aliyun_v4{secret}".encode())
        return hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest()

    when = read_time(at, lambda text: datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=timezone.utc))
    return Claim(credential[0], when, fields.get("Signature", ""), to_sign, sign)


def canonical_request(target: Target, additional: str) -> str:
    """Write a request as V4 signs it."""
    also = set(additional.split(";")) | {"content-type", "content-md5"}
    signed = sorted(
        (name, value) for name, value in target.call.headers.items() if name.startswith("x-oss-") or name in also
    )
    path = f"/{target.bucket}/{target.key}" if target.bucket else "/"
    query = sorted((quote(name, safe=""), quote(value, safe="")) for name, value in target.call.query)
    return "\n".join(
        [
            target.call.method,
            quote(path, safe="/"),
            "&".join(f"{name}={value}" if value else name for name, value in query),
            "".join(f"{name}:{value.strip()}\n" for name, value in signed),
            additional,
            target.header("x-oss-content-sha256") or "UNSIGNED-PAYLOAD",
        ]
    )


def read_v1(target: Target, authorization: str) -> Claim:
    """Read a V1 signature."""
    access_key_id, _, given = authorization.removeprefix("OSS ").partition(":")
    date = target.header("x-oss-date") or target.header("date")
    named = sorted((name, value) for name, value in target.call.headers.items() if name.startswith("x-oss-"))
    query = sorted(field for field in target.call.query if field[0] in SUBRESOURCES)
    wanted = "&".join(f"{name}={value}" if value else name for name, value in query)
    path = f"/{target.bucket}/{target.key}" if target.bucket else "/"
    to_sign = "\n".join(
        [
            target.call.method,
            target.header("content-md5"),
            target.header("content-type"),
            date,
            *(f"{name}:{value}" for name, value in named),
            f"{path}?{wanted}" if wanted else path,
        ]
    )

    def sign(secret: str) -> str:
        return base64.b64encode(hmac.new(secret.encode(), to_sign.encode(), hashlib.sha1).digest()).decode()

    return Claim(access_key_id, read_time(date, parsedate_to_datetime), given, to_sign, sign)


def read_time(text: str, read: Callable[[str], datetime]) -> datetime:
    """Read the time a call was signed at."""
    try:
        at = read(text)
    except (TypeError, ValueError) as error:
        message = "OSS authentication requires a valid Date."
        raise OssError(403, "AccessDenied", message, Date=text) from error
    return at if at.tzinfo else at.replace(tzinfo=timezone.utc)


def _hmac_sha256(key: bytes, part: str) -> bytes:
    return hmac.new(key, part.encode(), hashlib.sha256).digest()
