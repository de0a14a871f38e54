"""Whole buckets, for who deploys: whether one is there and how, making it, putting code into it, ending it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from tidegate.ledger.oss import Bucket, Keys, client_of, sdk
from tidegate.ledger.shelf import ShelfRefused, ShelfUnavailable

NOT_FOUND, SERVER_ERROR = 404, 500
PAGE = 1000
UPLOAD_S = 300.0
"""Code is some ten megabytes, and the line may be slow."""
PERMISSIONS = (
    "oss:GetBucketInfo",
    "oss:PutBucket",
    "oss:PutObject",
    "oss:GetObject",
    "oss:ListObjects",
    "oss:DeleteObject",
    "oss:DeleteBucket",
)


@dataclass(frozen=True)
class BucketFacts:
    """What a bucket is. `versioning` is empty where it never had any, `owner` the account's number where it is said."""

    name: str
    versioning: str
    acl: str
    owner: str = ""


class NotThere(ShelfRefused):
    """There is no such bucket or object."""


class Buckets:
    """The buckets of one account in one region. All raise `ShelfUnavailable` or `ShelfRefused`."""

    def __init__(self, region: str, keys: Callable[[], Keys], endpoint: str = "") -> None:
        self._where = Bucket(
            "",
            region,
            endpoint=endpoint,
            path_style=endpoint.startswith("http://127.0.0.1"),
            read_timeout_s=UPLOAD_S,
        )
        self._keys = keys

    def find(self, name: str) -> BucketFacts | None:
        """Describe a bucket, None where there is none. Somebody else's is refused by the vendor."""
        try:
            with self._asking():
                info = self._client.get_bucket_info(self._sdk.GetBucketInfoRequest(bucket=name)).bucket_info
        except NotThere:
            return None
        owner = str(info.owner.id or "") if info.owner else ""
        return BucketFacts(name, str(info.versioning or ""), str(info.acl or ""), owner)

    def create(self, name: str) -> None:
        """Create a private bucket; one's own existing bucket is no error."""
        with self._asking():
            self._client.put_bucket(self._sdk.PutBucketRequest(bucket=name, acl="private"))

    def has(self, bucket: str, key: str) -> bool:
        """Say whether there is an object."""
        try:
            with self._asking():
                self._client.head_object(self._sdk.HeadObjectRequest(bucket=bucket, key=key))
        except NotThere:
            return False
        return True

    def put(self, bucket: str, key: str, body: bytes) -> None:
        """Put an object; repeating it does no harm."""
        with self._asking():
            self._client.put_object(self._sdk.PutObjectRequest(bucket=bucket, key=key, body=body))

    def keys(self, bucket: str, prefix: str = "") -> Iterator[str]:
        """Give every key, in order."""
        after = ""
        while True:
            request = self._sdk.ListObjectsV2Request(
                bucket=bucket, prefix=prefix, start_after=after or None, max_keys=PAGE
            )
            with self._asking():
                page = [str(item.key) for item in self._client.list_objects_v2(request).contents or ()]
            yield from page
            if len(page) < PAGE:
                return
            after = page[-1]

    def delete(self, bucket: str) -> int:
        """Delete a bucket with everything in it, and give how many objects that were."""
        gone = 0
        for key in list(self.keys(bucket)):
            with self._asking():
                self._client.delete_object(self._sdk.DeleteObjectRequest(bucket=bucket, key=key))
            gone += 1
        with self._asking():
            self._client.delete_bucket(self._sdk.DeleteBucketRequest(bucket=bucket))
        return gone

    @contextmanager
    def _asking(self) -> Iterator[None]:
        """Say an SDK error in the shelf's words; NotThere for what is not."""
        try:
            yield
        except (self._sdk.exceptions.BaseError, OSError) as error:
            cause = _innermost(error)
            if not isinstance(cause, self._sdk.exceptions.ServiceError):
                raise ShelfUnavailable(f"OSS gave no answer: {type(cause).__name__}") from error
            text = f"OSS says {cause.status_code} {cause.code} (request {cause.request_id})"
            if cause.status_code == NOT_FOUND:
                raise NotThere(text) from None
            if cause.status_code >= SERVER_ERROR:
                raise ShelfUnavailable(text) from error
            raise ShelfRefused(f"{text}: {cause.message}") from None

    @cached_property
    def _sdk(self) -> Any:
        return sdk()

    @cached_property
    def _client(self) -> Any:
        return client_of(self._where, self._keys)


def _innermost(error: BaseException) -> BaseException:
    """Give what an SDK error wraps."""
    inner = error.unwrap() if hasattr(error, "unwrap") else None
    return _innermost(inner) if isinstance(inner, BaseException) else error
