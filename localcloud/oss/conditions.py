"""OSS's conditional behaviour: `If-*` works on reads and is refused on writes; writes have `x-oss-forbid-overwrite`."""

from __future__ import annotations

import base64
import hashlib
import re
from datetime import datetime, timedelta, timezone
from email.utils import parsedate_to_datetime

from localcloud.oss.answers import OssError, invalid_argument, not_implemented
from localcloud.oss.buckets import Bucket, Meta
from localcloud.oss.target import Target

RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")


def check_write(target: Target, bucket: Bucket) -> None:
    """Refuse what OSS refuses on a write, in its words (fact fc 5.2)."""
    for header in ("if-match", "if-none-match"):
        if target.header(header):
            raise not_implemented(header.title())
    chunked = "aws-chunked" in target.header("content-encoding").lower()
    if chunked or any(target.header(name).startswith("STREAMING-") for name in CONTENT_HASHES):
        message = "aws-chunked encoding is not supported with the specified x-amz-content-sha256 value."
        raise invalid_argument(message, "x-amz-content-sha256")
    check_digest(target)
    check_overwrite(target, bucket)


CONTENT_HASHES = ("x-amz-content-sha256", "x-oss-content-sha256")


def check_digest(target: Target) -> None:
    """Compare the body with `Content-MD5`, where it is given."""
    given = target.header("content-md5")
    if given and given != base64.b64encode(hashlib.md5(target.call.body, usedforsecurity=False).digest()).decode():
        raise OssError(400, "InvalidDigest", "The Content-MD5 you specified was invalid.")


def check_overwrite(target: Target, bucket: Bucket) -> None:
    """Protect an object that must not be overwritten. A bucket that ever had versioning ignores the wish."""
    wish = target.header("x-oss-forbid-overwrite").lower()
    if wish not in {"", "true", "false"}:
        raise invalid_argument("x-oss-forbid-overwrite must be true or false.", "x-oss-forbid-overwrite", wish)
    if wish == "true" and not bucket.versioning and bucket.meta(target.key) is not None:
        message = "The object you specified already exists and can not be overwritten."
        raise OssError(409, "FileAlreadyExists", message)


def check_read(target: Target, meta: Meta, prefix: str = "") -> None:
    """Apply the `If-*` headers of a read; `prefix` is that of a copy's source."""
    if (wanted := target.header(f"{prefix}if-match")) and not names(wanted, meta):
        raise OssError(412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold.")
    if (known := target.header(f"{prefix}if-none-match")) and names(known, meta):
        raise OssError(304, "NotModified", "The object was not modified.")
    since = read_date(target.header(f"{prefix}if-unmodified-since"))
    if since and meta.modified_at > since:
        raise OssError(412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold.")
    since = read_date(target.header(f"{prefix}if-modified-since"))
    if since and meta.modified_at <= since:
        raise OssError(304, "NotModified", "The object was not modified.")


def names(tags: str, meta: Meta) -> bool:
    """Say whether one of the given tags is the object's."""
    given = {tag.strip().strip('"') for tag in tags.split(",")}
    return "*" in given or meta.etag.strip('"') in given


def read_date(text: str) -> datetime | None:
    """Read an HTTP date; one that cannot be read is no condition."""
    try:
        at = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    return at if at.tzinfo else at.replace(tzinfo=timezone(timedelta()))


def read_range(text: str, size: int) -> tuple[int, int] | None:
    """Read a `Range` of one part as first and last byte. One that does not fit is ignored, as OSS does."""
    match = RANGE.fullmatch(text)
    if not match or match.groups() == ("", ""):
        return None
    first, last = match.groups()
    if not first:
        return (max(size - int(last), 0), size - 1) if int(last) > 0 and size else None
    end = int(last) if last else size - 1
    return (int(first), end) if int(first) <= end < size else None
