"""The shelf for production: one object a key in an OSS bucket, created with `x-oss-forbid-overwrite` (fact fc 5.2).

The bucket must never have had versioning: there the header is ignored. `shelf.check` tells by trying.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

from tidegate.ledger.creation import Taken
from tidegate.ledger.shelf import ShelfRefused, ShelfUnavailable, Unsure

SERVER_ERROR = 500
PASSING = {408, 409, 429}
NOT_OSS = "BadErrorResponse"
"""What the SDK calls an answer that is not OSS's. It shows the beginning of that, and a proxy may echo the request."""
NEVER_CONNECTED = {"NewConnectionError", "ConnectTimeoutError", "NameResolutionError"}
CARE_PERMISSIONS = ("oss:GetBucketInfo", "oss:GetBucketLifecycle")
"""What `described` needs, which only people's commands ask for."""
PERMISSIONS = ("oss:GetObject", "oss:PutObject", "oss:DeleteObject", "oss:ListObjects")


class Keys(Protocol):
    """An access key, with its token where it is a temporary one."""

    @property
    def access_key_id(self) -> str:
        """The key's name."""

    @property
    def access_key_secret(self) -> str:
        """What signs."""

    @property
    def security_token(self) -> str:
        """Empty for a lasting key."""


@dataclass(frozen=True)
class Bucket:
    """Where the objects are. Without `endpoint` the region's own, by the `internal` network where we run inside it."""

    name: str
    region: str
    endpoint: str = ""
    internal: bool = False
    path_style: bool = False
    connect_timeout_s: float = 2.0
    read_timeout_s: float = 5.0


@dataclass(frozen=True)
class Described:
    """How a bucket is set up. `versioning` is empty where there never was any."""

    acl: str
    versioning: str
    expiring: tuple[str, ...]
    """The beginnings of the keys that something expires under."""


class OssObjects:
    """The objects of one bucket, by the vendor's SDK: each verb is one request, sent once."""

    def __init__(self, bucket: Bucket, keys: Callable[[], Keys]) -> None:
        self._bucket, self._keys = bucket, keys

    def get(self, key: str) -> bytes | None:
        """Give an object's body now."""
        try:
            with self._reading():
                answer = self._client.get_object(self._sdk.GetObjectRequest(bucket=self._bucket.name, key=key))
                with answer.body as body:
                    return bytes(body.read())
        except _NoSuchKey:
            return None

    def page(self, prefix: str, after: str, size: int) -> list[str]:
        """Give up to 1000 keys, in order."""
        request = self._sdk.ListObjectsV2Request(
            bucket=self._bucket.name, prefix=prefix, start_after=after or None, max_keys=size
        )
        with self._reading():
            return [str(item.key) for item in self._client.list_objects_v2(request).contents or ()]

    def delete(self, key: str) -> None:
        """Remove an object."""
        with self._reading():
            self._client.delete_object(self._sdk.DeleteObjectRequest(bucket=self._bucket.name, key=key))

    def put(self, key: str, body: bytes) -> None:
        """Create an object unless there is one: then it raises Taken."""
        request = self._sdk.PutObjectRequest(
            bucket=self._bucket.name,
            key=key,
            body=body,
            content_type="application/json",
            forbid_overwrite=True,
        )
        try:
            answer = self._client.put_object(request)
        except (self._sdk.exceptions.BaseError, OSError) as error:
            raise self._translate(error, unanswered=Unsure) from _cause(error)
        if not answer.request_id:
            # A proxy's page with 200 is no word of OSS's.
            raise Unsure("an answer came that is not OSS's")

    def described(self) -> Described:
        """Give how the bucket is set up, for a check-up: no function of ours may ask. Raises ShelfUnavailable."""
        name = self._bucket.name
        with self._reading():
            info = self._client.get_bucket_info(self._sdk.GetBucketInfoRequest(bucket=name)).bucket_info
        try:
            with self._reading():
                asked = self._sdk.GetBucketLifecycleRequest(bucket=name)
                configuration = self._client.get_bucket_lifecycle(asked).lifecycle_configuration
            rules = (configuration.rules if configuration else None) or []
        except ShelfRefused as refusal:
            if "NoSuchLifecycle" not in str(refusal):
                raise
            rules = []
        prefixes = tuple(str(rule.prefix or "") for rule in rules if rule.status == "Enabled")
        return Described(str(info.acl or ""), str(info.versioning or ""), prefixes)

    @contextmanager
    def _reading(self) -> Iterator[None]:
        try:
            yield
        except (self._sdk.exceptions.BaseError, OSError) as error:
            raise self._translate(error, unanswered=ShelfUnavailable) from _cause(error)

    def _translate(self, error: Exception, unanswered: type[Exception]) -> Exception:
        """Say an SDK error in the shelf's words; without an answer from OSS it is `unanswered`."""
        cause, sdk = _innermost(error), self._sdk.exceptions
        if isinstance(cause, (sdk.CredentialsBaseError, sdk.ObjectNameInvalidError, sdk.BucketNameInvalidError)):
            return ShelfRefused(str(cause))
        if not isinstance(cause, sdk.ServiceError):
            kind = ShelfUnavailable if _never_left(cause) else unanswered
            return kind(f"OSS gave no answer: {type(cause).__name__}")
        text = f"OSS says {cause.status_code} {cause.code} (request {cause.request_id})"
        if cause.code == "FileAlreadyExists":
            return Taken(text)
        if cause.code == "NoSuchKey":
            return _NoSuchKey(text)
        passes = cause.status_code >= SERVER_ERROR or cause.status_code in PASSING
        said = "" if cause.code == NOT_OSS else f": {cause.message}"
        return unanswered(text) if passes else ShelfRefused(f"{text}{said}")

    @cached_property
    def _sdk(self) -> Any:
        return sdk()

    @cached_property
    def _client(self) -> Any:
        return client_of(self._bucket, self._keys)


def sdk() -> Any:
    """Give the vendor's SDK."""
    import alibabacloud_oss_v2  # noqa: PLC0415 - a rejected or duplicate alert must not pay for the SDK

    return alibabacloud_oss_v2


def client_of(bucket: Bucket, keys: Callable[[], Keys]) -> Any:
    """Give the SDK's client for a bucket, which sends each request once."""
    oss = sdk()

    def sdk_keys() -> Any:
        own = keys()
        return oss.credentials.Credentials(own.access_key_id, own.access_key_secret, own.security_token or None)

    return oss.Client(
        oss.config.Config(
            region=bucket.region,
            endpoint=bucket.endpoint or None,
            use_internal_endpoint=bucket.internal,
            use_path_style=bucket.path_style,
            credentials_provider=oss.credentials.CredentialsProviderFunc(sdk_keys),
            # The SDK repeats a creation blindly; ours is the only patience here.
            retryer=oss.retry.NopRetryer(),
            retry_max_attempts=1,
            connect_timeout=bucket.connect_timeout_s,
            readwrite_timeout=bucket.read_timeout_s,
        )
    )


class _NoSuchKey(Exception):  # noqa: N818 - an answer, not a failure
    """Nothing stands under the key."""


def _innermost(error: BaseException) -> BaseException:
    """Give what an SDK error wraps (`unwrap`), or requests wraps (its first argument)."""
    inner = error.unwrap() if hasattr(error, "unwrap") else None
    return _innermost(inner) if isinstance(inner, BaseException) else error


def _cause(error: Exception) -> Exception | None:
    """Give what is to be printed below our own words: the SDK's error, unless that shows what may be our token."""
    return None if getattr(_innermost(error), "code", "") == NOT_OSS else error


def _never_left(error: BaseException) -> bool:
    """Say whether the connection was never made, so that nothing can have been written."""
    wrapped = error.args[0] if error.args else None
    return any(type(each).__name__ in NEVER_CONNECTED for each in (error, wrapped, getattr(wrapped, "reason", None)))
