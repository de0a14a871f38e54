"""Both listings: order, prefixes, delimiters, pages, and listings that are old."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import alibabacloud_oss_v2 as v2
import oss2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from localcloud.oss.listing import Question, page_of

if TYPE_CHECKING:
    from tests.localcloud_oss.conftest import Place

KEYS = ["a", "a/1", "a/2/x", "a/2/y", "a/3", "b", "b/1", "ä/ü"]


@pytest.fixture
def filled(place: Place) -> Place:
    for key in reversed(KEYS):
        place.older().put_object(key, key.encode())
    return place


def keys_of(place: Place, **more: Any) -> list[str]:
    answer = place.client().list_objects_v2(v2.ListObjectsV2Request(bucket=place.bucket, **more))
    return [each.key for each in answer.contents or ()]


def test_keys_come_in_order_with_size_and_tag(filled: Place) -> None:
    answer = filled.client().list_objects_v2(v2.ListObjectsV2Request(bucket=filled.bucket))
    assert [(each.key, each.size) for each in answer.contents] == [(key, len(key.encode())) for key in KEYS]
    assert answer.contents[0].etag == '"0CC175B9C0F1B6A831C399E269772661"'
    assert (answer.key_count, answer.is_truncated) == (8, False)


def test_a_prefix_and_a_start_narrow_the_listing(filled: Place) -> None:
    assert keys_of(filled, prefix="a/") == ["a/1", "a/2/x", "a/2/y", "a/3"]
    assert keys_of(filled, prefix="a/", start_after="a/2/x") == ["a/2/y", "a/3"]
    assert keys_of(filled, start_after="b") == ["b/1", "ä/ü"]
    assert keys_of(filled, prefix="none") == []


def test_a_delimiter_gathers_common_prefixes(filled: Place) -> None:
    request = v2.ListObjectsV2Request(bucket=filled.bucket, prefix="a/", delimiter="/")
    answer = filled.client().list_objects_v2(request)
    assert [each.key for each in answer.contents] == ["a/1", "a/3"]
    assert [each.prefix for each in answer.common_prefixes] == ["a/2/"]
    older = filled.older().list_objects(delimiter="/")
    assert [each.key for each in older.object_list] == ["a", "b"]
    assert older.prefix_list == ["a/", "b/", "ä/"]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 100])
def test_pages_together_are_the_whole_in_every_listing(filled: Place, size: int) -> None:
    pager = filled.client().list_objects_v2_paginator(limit=size)
    pages = [
        [each.key for each in page.contents or ()] for page in pager.iter_page(v2.ListObjectsV2Request(filled.bucket))
    ]
    assert [key for page in pages for key in page] == KEYS
    assert all(len(page) <= size for page in pages)
    assert [each.key for each in oss2.ObjectIterator(filled.older(), max_keys=size)] == KEYS
    assert [each.key for each in oss2.ObjectIteratorV2(filled.older(), max_keys=size)] == KEYS


@pytest.mark.parametrize("size", [1, 2, 3])
def test_pages_with_a_delimiter_name_each_common_prefix_once(filled: Place, size: int) -> None:
    found = [each.key for each in oss2.ObjectIterator(filled.older(), delimiter="/", max_keys=size)]
    assert sorted(found) == sorted(["a", "a/", "b", "b/", "ä/"])


@given(
    keys=st.sets(st.text("ab/", min_size=1, max_size=5), max_size=12),
    prefix=st.text("ab/", max_size=2),
    delimiter=st.sampled_from(["", "/"]),
    size=st.integers(1, 4),
)
def test_paging_never_loses_or_repeats_an_entry(keys: set[str], prefix: str, delimiter: str, size: int) -> None:
    ordered, seen, after = sorted(keys), list[str](), ""
    while True:
        page = page_of(ordered, Question(prefix, delimiter, after, size, is_v2=True, query={}))
        seen += page.keys + page.prefixes
        if not page.is_truncated:
            break
        after = page.last
    whole = page_of(ordered, Question(prefix, delimiter, "", 1000, is_v2=True, query={}))
    assert sorted(seen) == sorted(whole.keys + whole.prefixes)
    assert len(set(seen)) == len(seen)


def test_an_old_listing_shows_what_was_there_then(filled: Place) -> None:
    cloud = filled.cloud
    cloud.advance(600)
    bucket = filled.older()
    bucket.delete_object("a")
    bucket.put_object("a/1", b"changed")
    bucket.put_object("new", b"")
    filled.plan(call="oss.ListObjects", do="stale-read", age="5m", times=2)
    old = filled.client().list_objects_v2(v2.ListObjectsV2Request(bucket=filled.bucket))
    assert [(each.key, each.size) for each in old.contents] == [(key, len(key.encode())) for key in KEYS]
    assert keys_of(filled) == KEYS
    assert keys_of(filled) == sorted({*KEYS, "new"} - {"a"})
    assert bucket.get_object("new").read() == b""
