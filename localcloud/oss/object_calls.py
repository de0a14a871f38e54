"""What can be asked of an object."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote, unquote

from localcloud.oss.answers import Node, http_date, invalid_argument, iso, ok, ok_xml
from localcloud.oss.bucket_calls import malformed, read_xml
from localcloud.oss.buckets import Buckets, Meta
from localcloud.oss.conditions import check_digest, check_overwrite, check_read, check_write, read_range
from localcloud.oss.target import Target, checked
from localcloud.wire import Reply

KEPT_HEADERS = {
    "content-type",
    "content-encoding",
    "content-disposition",
    "content-language",
    "cache-control",
    "expires",
}
DEFAULT_TYPE = "application/octet-stream"
MOST_DELETED = 1000
SOURCE_CONDITION = "x-oss-copy-source-"


def put(buckets: Buckets, target: Target) -> Reply:
    """Write an object."""
    check_write(target, buckets[target.bucket])
    meta = buckets.put(target.bucket, target.key, target.call.body, kept_headers(target.call.headers))
    return ok(headers=identifying(meta))


def get(buckets: Buckets, target: Target) -> Reply:
    """Give an object, or a part of it."""
    meta = buckets.meta(target.bucket, target.key)
    check_read(target, meta)
    body = buckets.body(target.bucket, target.key)
    headers = describing(meta)
    part = read_range(target.header("range"), len(body))
    if part is None:
        return ok(body=body, headers=headers)
    first, last = part
    return ok(206, body[first : last + 1], {**headers, "content-range": f"bytes {first}-{last}/{len(body)}"})


def head(buckets: Buckets, target: Target) -> Reply:
    """Give an object's headers; the server leaves the body away."""
    meta = buckets.meta(target.bucket, target.key)
    check_read(target, meta)
    return ok(body=buckets.body(target.bucket, target.key), headers=describing(meta))


def delete(buckets: Buckets, target: Target) -> Reply:
    """Delete an object; one that is not there is no error."""
    buckets.remove(target.bucket, target.key)
    return ok(204)


def delete_many(buckets: Buckets, target: Target) -> Reply:
    """Delete up to a thousand objects."""
    check_digest(target)
    root = read_xml(target.call.body)
    encoded = target.query.get("encoding-type") == "url"
    keys = [node.findtext("Key") or "" for node in root.findall("Object")]
    if root.tag != "Delete" or not 0 < len(keys) <= MOST_DELETED or not all(keys):
        raise malformed()
    for key in keys:
        buckets.remove(target.bucket, key)
    if root.findtext("Quiet") == "true":
        return ok()
    deleted: list[Node] = [("Deleted", [("Key", quote(key) if encoded else key)]) for key in keys]
    encoding: list[Node] = [("EncodingType", "url")] if encoded else []
    return ok_xml(("DeleteResult", [*encoding, *deleted]))


def copy(buckets: Buckets, target: Target) -> Reply:
    """Copy an object, with its headers unless they are to be replaced."""
    source = copy_source(target)
    if source is None:
        raise invalid_argument("Copy Source must mention the source bucket and key: /sourcebucket/sourcekey.")
    check_digest(target)
    check_overwrite(target, buckets[target.bucket])
    meta = buckets.meta(source.bucket, source.key)
    check_read(target, meta, SOURCE_CONDITION)
    is_replaced = target.header("x-oss-metadata-directive").upper() == "REPLACE"
    headers = kept_headers(target.call.headers) if is_replaced else meta.headers
    copied = buckets.put(target.bucket, target.key, buckets.body(source.bucket, source.key), headers)
    reply = ok_xml(("CopyObjectResult", [("LastModified", iso(copied.modified_at)), ("ETag", copied.etag)]))
    return Reply(reply.status, reply.body, {**identifying(copied), **reply.headers})


def copy_source(target: Target) -> Target | None:
    """Give what a copy is to be made of, None where nothing is copied."""
    bucket, _, key = unquote(target.header("x-oss-copy-source")).removeprefix("/").partition("/")
    return checked(Target(target.call, bucket, key)) if bucket and key else None


def kept_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Choose the headers that an object keeps."""
    kept = {name: value for name, value in headers.items() if name in KEPT_HEADERS or name.startswith("x-oss-meta-")}
    return {"content-type": DEFAULT_TYPE, **kept}


def describing(meta: Meta) -> dict[str, str]:
    """Give the headers of a read."""
    modified = {"last-modified": http_date(meta.modified_at), "x-oss-object-type": "Normal"}
    return {
        **meta.headers,
        **identifying(meta),
        **modified,
        "x-oss-storage-class": "Standard",
        "accept-ranges": "bytes",
    }


def identifying(meta: Meta) -> dict[str, str]:
    """Give the headers by which a client knows what it wrote."""
    version = {"x-oss-version-id": meta.version_id} if meta.version_id else {}
    return {"etag": meta.etag, "x-oss-hash-crc64ecma": meta.crc64, **version}
