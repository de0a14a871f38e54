"""Which bucket and object a call is about: by path, or by the host's first label."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from localcloud.oss.answers import OssError
from localcloud.wire import Call

BUCKET_NAME = re.compile(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]")
LONGEST_KEY = 1023
NAMES = """
accessPoint accessPointPolicy acl append asyncFetch bucketArchiveDirectRead bucketInfo callback callback-var
cloudboxes cname comp continuation-token cors delete encryption group httpsConfig inventory inventoryId
lifecycle link live location logging metaQuery objectInfo objectMeta partNumber policy position
publicAccessBlock qos qosInfo redundancyTransition referer regionList replication replicationLocation
replicationProgress requestPayment requesterQosInfo resourceGroup resourcePool response-cache-control
response-content-disposition response-content-encoding response-content-language response-content-type
response-expires restore security-token sequential stat status style styleName symlink tagging
transferAcceleration uploadId uploads versionId versioning versions vod website worm wormExtend wormId
x-oss-process x-oss-request-payer x-oss-traffic-limit
"""
SUBRESOURCES = frozenset(NAMES.split())
"""Query parameters that are part of a V1 signature, as the two SDKs have them."""
HARMLESS = frozenset({"continuation-token", "x-oss-request-payer", "sequential"})


@dataclass(frozen=True)
class Target:
    """A call, with the bucket and key it names; empty where it names none."""

    call: Call
    bucket: str
    key: str

    @cached_property
    def query(self) -> Mapping[str, str]:
        """The query's fields by name."""
        return dict(self.call.query)

    @property
    def subresource(self) -> str:
        """The one subresource that says what is asked for, empty for the bucket or object itself."""
        named = [name for name in self.query if name in SUBRESOURCES - HARMLESS]
        return named[0] if named else ""

    def header(self, name: str) -> str:
        """Give a header, empty where there is none."""
        return self.call.headers.get(name, "")

    def __str__(self) -> str:
        return f"{self.bucket}/{self.key}" if self.key else self.bucket


def target_of(call: Call) -> Target:
    """Read bucket and key. Virtual hosts are `bucket.anything`; an address or a service's own name means path style."""
    if not call.is_text:
        raise OssError(400, "InvalidArgument", "The request holds bytes that are not UTF-8.")
    host = call.headers.get("host", "").rpartition(":")[0] or call.headers.get("host", "")
    if is_service(host):
        bucket, _, key = call.path.removeprefix("/").partition("/")
    else:
        bucket, key = host.partition(".")[0], call.path.removeprefix("/")
    return checked(Target(call, bucket, key))


def checked(target: Target) -> Target:
    """Refuse names that OSS would refuse."""
    if target.bucket and not BUCKET_NAME.fullmatch(target.bucket):
        raise OssError(400, "InvalidBucketName", "The specified bucket is not valid.", BucketName=target.bucket)
    if len(target.key.encode()) > LONGEST_KEY or target.key.startswith(("/", "\\")):
        raise OssError(400, "InvalidObjectName", "The specified object is not valid.", ObjectName=target.key)
    return target


def is_service(host: str) -> bool:
    """Say whether a host name stands for the service and not for a bucket of it."""
    if host in {"", "localhost"} or host.startswith(("oss-", "oss.")):
        return True
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True
