"""What can be asked of a bucket."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from xml.etree import ElementTree as ET

from localcloud.oss.answers import Node, OssError, invalid_argument, iso, not_implemented, ok, ok_xml
from localcloud.oss.buckets import Bucket, Buckets
from localcloud.oss.listing import as_xml, page_of, read_question
from localcloud.oss.target import Target
from localcloud.wire import Reply


def owned_by(owner: str) -> Node:
    """Say whose something is."""
    return ("Owner", [("ID", owner), ("DisplayName", owner)])


def list_buckets(buckets: Buckets, target: Target) -> Reply:
    """Give all buckets."""
    del target
    entries: list[Node] = [("Bucket", described(name, buckets[name])) for name in buckets.names()]
    return ok_xml(("ListAllMyBucketsResult", [owned_by("owner"), ("Buckets", entries)]))


def put(buckets: Buckets, target: Target) -> Reply:
    """Create a bucket; one's own existing bucket is no error."""
    if target.bucket not in buckets:
        buckets.create(target.bucket)
    return ok(headers={"location": f"/{target.bucket}"})


def delete(buckets: Buckets, target: Target) -> Reply:
    """Delete an empty bucket."""
    buckets.delete(target.bucket)
    return ok(204)


def info(buckets: Buckets, target: Target) -> Reply:
    """Describe a bucket."""
    bucket = buckets[target.bucket]
    grant: Node = ("AccessControlList", [("Grant", buckets.acl(target.bucket))])
    more: list[Node] = [owned_by(buckets.owner(target.bucket)), grant, ("DataRedundancyType", "LRS")]
    if bucket.versioning:
        more.append(("Versioning", bucket.versioning))
    return ok_xml(("BucketInfo", [("Bucket", [*described(target.bucket, bucket), *more])]))


def get_versioning(buckets: Buckets, target: Target) -> Reply:
    """Give a bucket's versioning; no status where it never had any."""
    status = buckets[target.bucket].versioning
    return ok_xml(("VersioningConfiguration", [("Status", status)] if status else []))


def put_versioning(buckets: Buckets, target: Target) -> Reply:
    """Enable or suspend versioning; there is no way back to none."""
    bucket_exists = buckets[target.bucket]
    status = read_xml(target.call.body).findtext("Status")
    if status not in {"Enabled", "Suspended"}:
        raise malformed()
    if status != bucket_exists.versioning:
        buckets.create(target.bucket, status)
    return ok()


def put_acl(buckets: Buckets, target: Target) -> Reply:
    """Say who may reach a bucket without signing."""
    acl = target.header("x-oss-acl")
    if acl not in ("private", "public-read", "public-read-write"):
        raise invalid_argument("The bucket acl is not valid.", "x-oss-acl", acl)
    buckets.set_acl(target.bucket, acl)
    return ok()


def get_lifecycle(buckets: Buckets, target: Target) -> Reply:
    """Give a bucket's lifecycle rules."""
    rules = buckets.lifecycle(target.bucket)
    if not rules:
        raise OssError(404, "NoSuchLifecycle", "No Row found in Lifecycle Table.", BucketName=target.bucket)
    nodes: list[Node] = [
        (
            "Rule",
            [
                ("ID", rule["id"]),
                ("Prefix", rule["prefix"]),
                ("Status", rule["status"]),
                ("Expiration", [("Days", str(rule["days"]))]),
            ],
        )
        for rule in rules
    ]
    return ok_xml(("LifecycleConfiguration", nodes))


def put_lifecycle(buckets: Buckets, target: Target) -> Reply:
    """Replace a bucket's lifecycle rules. Only rules that expire after days are understood here."""
    rules = [read_rule(node, number) for number, node in enumerate(read_xml(target.call.body).iter("Rule"), 1)]
    if not rules:
        raise malformed()
    buckets.set_lifecycle(target.bucket, rules)
    return ok()


def delete_lifecycle(buckets: Buckets, target: Target) -> Reply:
    """Remove every lifecycle rule."""
    buckets.set_lifecycle(target.bucket, [])
    return ok(204)


def read_rule(node: ET.Element, number: int) -> dict[str, Any]:
    """Read one lifecycle rule; refuse what is not understood."""
    days, status = node.findtext("Expiration/Days") or "", node.findtext("Status")
    if {child.tag for child in node} - {"ID", "Prefix", "Status", "Expiration"}:
        raise not_implemented("a lifecycle rule other than an expiration after days")
    if status not in ("Enabled", "Disabled") or not days.isdecimal() or int(days) < 1:
        raise malformed()
    name = node.findtext("ID") or f"rule-{number}"
    return {"id": name, "prefix": node.findtext("Prefix") or "", "status": status, "days": int(days)}


def list_objects(buckets: Buckets, target: Target, as_of: datetime | None) -> Reply:
    """List objects in either version of the call, as they are, or as they were at a time."""
    question = read_question(target.query)
    keys, metas = buckets[target.bucket].as_of(as_of)
    return ok_xml(as_xml(target.bucket, question, page_of(keys, question), metas))


def described(name: str, bucket: Bucket) -> list[Node]:
    """Write what every description of a bucket begins with."""
    return [
        ("Name", name),
        ("CreationDate", iso(datetime.fromisoformat(bucket.created))),
        ("StorageClass", "Standard"),
        ("Location", "oss-localcloud"),
        ("ExtranetEndpoint", "localhost"),
        ("IntranetEndpoint", "localhost"),
    ]


def read_xml(body: bytes) -> ET.Element:
    """Read an XML body, whatever its namespace."""
    try:
        root = ET.fromstring(body)  # noqa: S314 - loopback only, from our own tests and tools
    except (ET.ParseError, ValueError, LookupError) as error:
        raise malformed() from error
    for node in root.iter():
        node.tag = node.tag.rpartition("}")[2]
    return root


def malformed() -> OssError:
    """Give the error for XML that does not fit."""
    message = "The XML you provided was not well-formed or did not validate against our published schema."
    return OssError(400, "MalformedXML", message)
