"""OSS: answers a call as Object Storage Service would, for the calls that Tidegate and the SDKs' basics make."""

from __future__ import annotations

import time
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from localcloud.clock import Clock
from localcloud.faults import Detail, Faults, Throttled
from localcloud.identity import Identity
from localcloud.oss import bucket_calls, object_calls
from localcloud.oss.answers import OssError, not_implemented, refusal
from localcloud.oss.buckets import Buckets
from localcloud.oss.signing import authenticate
from localcloud.oss.target import Target, target_of
from localcloud.rpc.operation import ApiError, Caller
from localcloud.wire import Call, Reply

REGION = "cn-hangzhou"


@dataclass(frozen=True)
class Action:
    """One operation of OSS. Its permission is `oss:<name>` unless it says otherwise."""

    name: str
    run: Callable[[Buckets, Target], Reply]
    permission: str = ""


class Oss:
    """All buckets of one account in one region.

    Objects have no history here: a versioned bucket behaves as one where it matters (`x-oss-forbid-overwrite` is
    ignored, writes give a version id), but earlier versions cannot be read.
    """

    def __init__(
        self,
        drawer: MutableMapping[str, Any],
        clock: Clock,
        identity: Identity,
        faults: Faults,
        *,
        region: str = REGION,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._buckets = Buckets(drawer, clock)
        self._clock, self._identity, self._faults = clock, identity, faults
        self._region, self._wall = region, wall

    def answer(self, call: Call) -> Reply:
        """Answer one call; raises `Dropped` where a fault says so."""
        try:
            return self._answer(target_of(call))
        except OssError as error:
            return refusal(error, call)

    def create_bucket(self, name: str, versioning: str = "") -> None:
        """Create a bucket without asking for permission, as a deployment does."""
        self._buckets.create(name, versioning)

    def give_bucket(self, name: str, account: str) -> None:
        """Let a bucket be another account's, which lets this one use it."""
        self._buckets.set_owner(name, account)

    def has_bucket(self, name: str) -> bool:
        """Say whether there is a bucket of this name."""
        return name in self._buckets

    def delete_bucket(self, name: str) -> None:
        """Delete a bucket without asking for permission; raises 409 where something is in it."""
        self._buckets.delete(name)

    def keep(self, name: str, acl: str, lifecycle: list[dict[str, Any]]) -> None:
        """Say who may reach a bucket, and what expires in it, as a deployment does."""
        self._buckets.set_acl(name, acl)
        self._buckets.set_lifecycle(name, lifecycle)

    def read(self, bucket: str, key: str) -> bytes | None:
        """Give an object's body without asking for permission, None where there is none."""
        if bucket not in self._buckets or self._buckets[bucket].meta(key) is None:
            return None
        return self._buckets.body(bucket, key)

    def write(self, bucket: str, key: str, body: bytes) -> None:
        """Put an object without asking for permission."""
        self._buckets.put(bucket, key, body, {})

    def _answer(self, target: Target) -> Reply:
        real = datetime.fromtimestamp(self._wall(), timezone.utc)
        caller = authenticate(target, self._identity, self._region, (real, self._clock.now()))
        action = self._action(target)
        self._permit(caller, action.permission or action.name, str(target))
        if source := object_calls.copy_source(target):
            self._permit(caller, "GetObject", str(source))
        detail = Detail(str(target), caller.instance)
        name = f"oss.{action.name}"
        try:
            self._faults.before(name, detail)
            reply = action.run(self._buckets, target)
            self._faults.after(name, detail)
        except Throttled as error:
            raise OssError(503, "TotalQpsLimitExceeded", "Exceed the total qps limit of the account.") from error
        except ApiError as error:
            raise OssError(error.status, error.code, error.message) from error
        return reply

    def _permit(self, caller: Caller, action: str, resource: str) -> None:
        arn = f"acs:oss:{self._region}:{self._identity.account_id}:{resource or '*'}"
        if not self._identity.allowed(caller, f"oss:{action}", arn):
            raise OssError(403, "AccessDenied", "You have no right to access this object because of bucket acl.")

    def _action(self, target: Target) -> Action:
        where = "object" if target.key else "bucket" if target.bucket else "service"
        subresource = target.subresource
        if (where, target.call.method, subresource) == ("object", "PUT", "") and target.header("x-oss-copy-source"):
            return COPY
        if (where, target.call.method, subresource) == ("bucket", "GET", ""):
            return Action("ListObjects", self._list)
        action = ACTIONS.get((where, target.call.method, subresource))
        if action is None:
            raise not_implemented(f"{target.call.method} {where} {subresource}".strip())
        return action

    def _list(self, buckets: Buckets, target: Target) -> Reply:
        stale = self._faults.stale("oss.ListObjects", Detail(target.bucket))
        return bucket_calls.list_objects(buckets, target, buckets.before(stale))


COPY = Action("CopyObject", object_calls.copy, "PutObject")
ACTIONS = {
    ("service", "GET", ""): Action("ListBuckets", bucket_calls.list_buckets),
    ("bucket", "PUT", ""): Action("PutBucket", bucket_calls.put),
    ("bucket", "DELETE", ""): Action("DeleteBucket", bucket_calls.delete),
    ("bucket", "GET", "bucketInfo"): Action("GetBucketInfo", bucket_calls.info),
    ("bucket", "GET", "versioning"): Action("GetBucketVersioning", bucket_calls.get_versioning),
    ("bucket", "PUT", "versioning"): Action("PutBucketVersioning", bucket_calls.put_versioning),
    ("bucket", "PUT", "acl"): Action("PutBucketAcl", bucket_calls.put_acl),
    ("bucket", "GET", "lifecycle"): Action("GetBucketLifecycle", bucket_calls.get_lifecycle),
    ("bucket", "PUT", "lifecycle"): Action("PutBucketLifecycle", bucket_calls.put_lifecycle),
    ("bucket", "DELETE", "lifecycle"): Action("DeleteBucketLifecycle", bucket_calls.delete_lifecycle),
    ("bucket", "POST", "delete"): Action("DeleteMultipleObjects", object_calls.delete_many, "DeleteObject"),
    ("object", "PUT", ""): Action("PutObject", object_calls.put),
    ("object", "GET", ""): Action("GetObject", object_calls.get),
    ("object", "HEAD", ""): Action("HeadObject", object_calls.head, "GetObject"),
    ("object", "HEAD", "objectMeta"): Action("GetObjectMeta", object_calls.head, "GetObject"),
    ("object", "DELETE", ""): Action("DeleteObject", object_calls.delete),
}
