"""The buckets and what is in them, kept in a drawer; an index in memory knows the order and the recent changes."""

from __future__ import annotations

import base64
import hashlib
from bisect import bisect_left, insort
from collections import deque
from collections.abc import Mapping, MutableMapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

from localcloud.clock import Clock
from localcloud.oss.answers import OssError
from localcloud.oss.crc64 import crc64

REMEMBERED_CHANGES = 10_000


@dataclass(frozen=True)
class Meta:
    """What is known of an object besides its body."""

    etag: str
    crc64: str
    size: int
    modified: str
    headers: Mapping[str, str] = field(default_factory=dict)
    version_id: str = ""

    @property
    def modified_at(self) -> datetime:
        """When the object was last written, in simulated time."""
        return datetime.fromisoformat(self.modified)


class Bucket:
    """One bucket's keys in order. `versioning` is empty, `Enabled` or `Suspended`."""

    def __init__(self, created: str, versioning: str) -> None:
        self.created, self.versioning = created, versioning
        self._metas: dict[str, Meta] = {}
        self._keys: list[str] = []
        self._changes: deque[tuple[datetime, str, Meta | None]] = deque(maxlen=REMEMBERED_CHANGES)

    @property
    def is_empty(self) -> bool:
        """Whether nothing is in it."""
        return not self._keys

    def meta(self, key: str) -> Meta | None:
        """Give an object's description."""
        return self._metas.get(key)

    def put(self, key: str, meta: Meta | None, at: datetime) -> None:
        """Note that an object is now so, or gone."""
        before = self._metas.pop(key, None)
        self._changes.append((at, key, before))
        if meta is not None:
            self._metas[key] = meta
            if before is None:
                insort(self._keys, key)
        elif before is not None:
            del self._keys[bisect_left(self._keys, key)]

    def as_of(self, at: datetime | None) -> tuple[list[str], Mapping[str, Meta]]:
        """Give keys in order and descriptions, as they are, or as they were at a time."""
        if at is None:
            return self._keys, self._metas
        then = dict(self._metas)
        for changed, key, before in reversed(self._changes):
            if changed <= at:
                break
            if before is None:
                then.pop(key, None)
            else:
                then[key] = before
        return sorted(then), then


class Buckets:
    """All buckets of the account. What a write returns is on disk, where there is a disk."""

    def __init__(self, drawer: MutableMapping[str, Any], clock: Clock) -> None:
        self._drawer, self._clock = drawer, clock
        self._buckets: dict[str, Bucket] = {}
        for name in [name for name in drawer if name.startswith("bucket/")]:
            self._buckets[name.removeprefix("bucket/")] = Bucket(**drawer[name])
        for name in [name for name in drawer if name.startswith("object/")]:
            bucket, _, key = name.removeprefix("object/").partition("/")
            self._buckets[bucket].put(key, Meta(**drawer[name]["meta"]), clock.now())

    def __contains__(self, name: str) -> bool:
        return name in self._buckets

    def __getitem__(self, name: str) -> Bucket:
        if name not in self._buckets:
            raise OssError(404, "NoSuchBucket", "The specified bucket does not exist.", BucketName=name)
        return self._buckets[name]

    def names(self) -> list[str]:
        """Give the names of all buckets."""
        return sorted(self._buckets)

    def create(self, name: str, versioning: str = "") -> None:
        """Create a bucket, or change the versioning of one."""
        created = self._buckets[name].created if name in self._buckets else self._clock.now().isoformat()
        self._drawer[f"bucket/{name}"] = {"created": created, "versioning": versioning}
        self._buckets.setdefault(name, Bucket(created, versioning)).versioning = versioning

    def acl(self, name: str) -> str:
        """Say who may reach a bucket without signing: `private` unless it was set otherwise."""
        return str(self._drawer.get(f"acl/{self._there(name)}", "private"))

    def set_acl(self, name: str, acl: str) -> None:
        """Open a bucket to everybody, or close it again. Nobody is let in here without a signature all the same."""
        self._drawer[f"acl/{self._there(name)}"] = acl

    def owner(self, name: str) -> str:
        """Say whose a bucket is; `owner` stands for the account itself."""
        return str(self._drawer.get(f"owner/{self._there(name)}", "owner"))

    def set_owner(self, name: str, account: str) -> None:
        """Let a bucket be somebody else's, who lets this account use it by a policy of the bucket."""
        self._drawer[f"owner/{self._there(name)}"] = account

    def lifecycle(self, name: str) -> list[dict[str, Any]]:
        """Give a bucket's lifecycle rules: `id`, `prefix`, `status`, `days`. They are kept, and remove nothing here."""
        return list(self._drawer.get(f"lifecycle/{self._there(name)}", []))

    def set_lifecycle(self, name: str, rules: list[dict[str, Any]]) -> None:
        """Replace a bucket's lifecycle rules; with none, there is no configuration."""
        self._drawer[f"lifecycle/{self._there(name)}"] = rules

    def _there(self, name: str) -> str:
        return name if self[name] else ""

    def delete(self, name: str) -> None:
        """Delete a bucket, which must be empty."""
        if not self[name].is_empty:
            raise OssError(409, "BucketNotEmpty", "The bucket you tried to delete is not empty.", BucketName=name)
        for what in ("bucket", "acl", "lifecycle", "owner"):
            self._drawer.pop(f"{what}/{name}", None)
        del self._buckets[name]

    def meta(self, bucket: str, key: str) -> Meta:
        """Give an object's description; raises 404."""
        if (found := self[bucket].meta(key)) is None:
            raise OssError(404, "NoSuchKey", "The specified key does not exist.", Key=key)
        return found

    def body(self, bucket: str, key: str) -> bytes:
        """Give an object's body; raises 404."""
        self.meta(bucket, key)
        return base64.b64decode(self._drawer[f"object/{bucket}/{key}"]["body"])

    def put(self, bucket: str, key: str, body: bytes, headers: Mapping[str, str]) -> Meta:
        """Write an object, over an earlier one if there is one."""
        now = self._clock.now()
        etag = hashlib.md5(body, usedforsecurity=False).hexdigest().upper()
        version = f"CAEQ{now.timestamp():.6f}".replace(".", "") if self[bucket].versioning else ""
        # OSS counts seconds.
        modified = now.replace(microsecond=0).isoformat()
        meta = Meta(f'"{etag}"', crc64(body), len(body), modified, dict(headers), version)
        self._drawer[f"object/{bucket}/{key}"] = {"meta": asdict(meta), "body": base64.b64encode(body).decode()}
        self[bucket].put(key, meta, now)
        return meta

    def remove(self, bucket: str, key: str) -> None:
        """Delete an object; one that is not there is no error."""
        if self[bucket].meta(key) is not None:
            del self._drawer[f"object/{bucket}/{key}"]
            self[bucket].put(key, None, self._clock.now())

    def before(self, age: timedelta | None) -> datetime | None:
        """Give the time a listing shows that is `age` old; None for the present."""
        return None if age is None else self._clock.now() - age
