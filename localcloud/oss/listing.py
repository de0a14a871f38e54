"""ListObjects and ListObjectsV2: which keys and common prefixes one page shows."""

from __future__ import annotations

import base64
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

from localcloud.oss.answers import Node, invalid_argument, iso
from localcloud.oss.buckets import Meta

LARGEST_PAGE = 1000
DEFAULT_PAGE = 100
LAST = "\U0010ffff"


@dataclass
class Page:
    """What one listing shows; `last` is where the next one goes on."""

    keys: list[str] = field(default_factory=list)
    prefixes: list[str] = field(default_factory=list)
    last: str = ""
    is_truncated: bool = False


@dataclass(frozen=True)
class Question:
    """What a listing asks for."""

    prefix: str
    delimiter: str
    after: str
    size: int
    is_v2: bool
    query: Mapping[str, str]


def read_question(query: Mapping[str, str]) -> Question:
    """Read a listing's parameters; raises `InvalidArgument`."""
    is_v2 = query.get("list-type") == "2"
    if query.get("encoding-type", "url") != "url":
        raise invalid_argument("Invalid Encoding Method specified in Request.", "encoding-type", query["encoding-type"])
    after = query.get("start-after", "") if is_v2 else query.get("marker", "")
    if is_v2 and (token := query.get("continuation-token")):
        after = read_token(token)
    return Question(query.get("prefix", ""), query.get("delimiter", ""), after, read_size(query), is_v2, query)


LONGEST_NUMBER = 18


def read_size(query: Mapping[str, str]) -> int:
    """Read `max-keys`, which OSS takes from 1 to 1000."""
    text = query.get("max-keys", str(DEFAULT_PAGE))
    if not text.isdecimal() or len(text) > LONGEST_NUMBER or not 1 <= int(text) <= LARGEST_PAGE:
        raise invalid_argument("Argument max-keys must be an integer between 1 and 1000.", "max-keys", text)
    return int(text)


def read_token(token: str) -> str:
    """Read where a continued listing goes on."""
    try:
        return base64.b64decode(token, validate=True).decode()
    except ValueError as error:
        raise invalid_argument("The continuation token provided is incorrect.", "continuation-token", token) from error


def page_of(keys: list[str], question: Question) -> Page:
    """Choose what one page shows. A common prefix counts as one entry and hides the keys below it."""
    page = Page()
    at = max(bisect_left(keys, question.prefix), bisect_right(keys, question.after))
    while at < len(keys) and keys[at].startswith(question.prefix):
        group = common_prefix(keys[at], question)
        if group and question.after.startswith(group):
            at = bisect_left(keys, group + LAST)
            continue
        if len(page.keys) + len(page.prefixes) == question.size:
            page.is_truncated = True
            break
        page.last = group or keys[at]
        (page.prefixes if group else page.keys).append(page.last)
        at = bisect_left(keys, group + LAST) if group else at + 1
    return page


def common_prefix(key: str, question: Question) -> str:
    """Give the prefix up to the next delimiter, empty where there is none."""
    if not question.delimiter:
        return ""
    end = key.find(question.delimiter, len(question.prefix))
    return "" if end < 0 else key[: end + len(question.delimiter)]


def as_xml(bucket: str, question: Question, page: Page, metas: Mapping[str, Meta]) -> Node:
    """Write a page as OSS does."""
    encode: Callable[[str], str] = quote if "encoding-type" in question.query else str
    head: list[Node] = [
        ("Name", bucket),
        ("Prefix", encode(question.prefix)),
        ("MaxKeys", str(question.size)),
        ("Delimiter", encode(question.delimiter)),
        ("IsTruncated", str(page.is_truncated).lower()),
    ]
    if "encoding-type" in question.query:
        head.append(("EncodingType", "url"))
    contents: list[Node] = [("Contents", object_xml(encode(key), metas[key])) for key in page.keys]
    prefixes: list[Node] = [("CommonPrefixes", [("Prefix", encode(prefix))]) for prefix in page.prefixes]
    return ("ListBucketResult", [*head, *paging_xml(question, page, encode), *contents, *prefixes])


def paging_xml(question: Question, page: Page, encode: Callable[[str], str]) -> list[Node]:
    """Write where a page begins and where the next one goes on."""
    if not question.is_v2:
        following = [("NextMarker", encode(page.last))] if page.is_truncated else []
        return [("Marker", encode(question.after)), *following]
    token = base64.b64encode(page.last.encode()).decode()
    given = {"StartAfter": encode(question.query.get("start-after", ""))}
    given["ContinuationToken"] = question.query.get("continuation-token", "")
    if page.is_truncated:
        given["NextContinuationToken"] = token
    given["KeyCount"] = str(len(page.keys) + len(page.prefixes))
    return [(name, value) for name, value in given.items() if value]


def object_xml(key: str, meta: Meta) -> list[Node]:
    """Write one object of a listing."""
    return [
        ("Key", key),
        ("LastModified", iso(meta.modified_at)),
        ("ETag", meta.etag),
        ("Type", "Normal"),
        ("Size", str(meta.size)),
        ("StorageClass", "Standard"),
    ]
