"""OSS's conditional behaviour, which is not S3's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import alibabacloud_oss_v2 as v2
import oss2
import pytest

if TYPE_CHECKING:
    from tests.localcloud_oss.conftest import Place

FORBID = {"x-oss-forbid-overwrite": "true"}


def test_an_object_that_must_not_be_overwritten_is_not(place: Place) -> None:
    bucket = place.older()
    bucket.put_object("k", b"first", headers=FORBID)
    with pytest.raises(oss2.exceptions.ServerError) as caught:
        bucket.put_object("k", b"second", headers=FORBID)
    assert (caught.value.status, caught.value.code) == (409, "FileAlreadyExists")
    assert bucket.get_object("k").read() == b"first"


def test_the_newer_sdk_creates_only_once_as_well(place: Place) -> None:
    request = v2.PutObjectRequest(bucket=place.bucket, key="k", body=b"first", forbid_overwrite=True)
    place.client().put_object(request)
    with pytest.raises(v2.exceptions.OperationError, match="FileAlreadyExists"):
        place.client().put_object(request)


@pytest.mark.parametrize("headers", [{}, {"x-oss-forbid-overwrite": "false"}])
def test_an_object_is_overwritten_unless_that_is_forbidden(place: Place, headers: dict[str, str]) -> None:
    bucket = place.older()
    bucket.put_object("k", b"first")
    bucket.put_object("k", b"second", headers=headers)
    assert bucket.get_object("k").read() == b"second"


def test_a_copy_may_be_forbidden_to_overwrite_too(place: Place) -> None:
    bucket = place.older()
    bucket.put_object("k", b"first")
    with pytest.raises(oss2.exceptions.ServerError, match="FileAlreadyExists"):
        bucket.copy_object(place.bucket, "k", "k", headers=FORBID)


@pytest.mark.parametrize("status", ["Enabled", "Suspended"])
def test_a_bucket_with_versioning_ignores_the_wish_not_to_overwrite(place: Place, status: str) -> None:
    bucket = place.older()
    bucket.put_bucket_versioning(oss2.models.BucketVersioningConfig(status))
    assert bucket.get_bucket_versioning().status == status
    bucket.put_object("k", b"first", headers=FORBID)
    written = bucket.put_object("k", b"second", headers=FORBID)
    assert written.versionid
    assert bucket.get_object("k").read() == b"second"


@pytest.mark.parametrize("header", ["If-None-Match", "If-Match"])
def test_a_write_with_an_s3_condition_is_not_implemented(place: Place, header: str) -> None:
    with pytest.raises(oss2.exceptions.ServerError) as caught:
        place.older().put_object("k", b"", headers={header: "*"})
    assert (caught.value.status, caught.value.code) == (501, "NotImplemented")
    assert not place.older().object_exists("k")


@pytest.mark.parametrize(
    "headers",
    [{"Content-Encoding": "aws-chunked"}, {"x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER"}],
)
def test_a_chunked_upload_in_s3_s_manner_is_refused(place: Place, headers: dict[str, str]) -> None:
    with pytest.raises(oss2.exceptions.InvalidArgument, match="aws-chunked"):
        place.older().put_object("k", b"", headers=headers)


def test_reads_have_conditions(place: Place) -> None:
    bucket = place.older()
    tag = bucket.put_object("k", b"body").etag
    assert bucket.get_object("k", headers={"If-Match": tag}).read() == b"body"
    assert bucket.get_object("k", headers={"If-None-Match": "other"}).read() == b"body"
    with pytest.raises(oss2.exceptions.PreconditionFailed):
        bucket.get_object("k", headers={"If-Match": "other"})
    with pytest.raises(oss2.exceptions.NotModified):
        bucket.get_object("k", headers={"If-None-Match": tag})
    with pytest.raises(oss2.exceptions.NotModified):
        bucket.get_object("k", headers={"If-Modified-Since": "Fri, 01 Jan 2100 00:00:00 GMT"})
    with pytest.raises(oss2.exceptions.PreconditionFailed):
        bucket.get_object("k", headers={"If-Unmodified-Since": "Mon, 01 Jan 2001 00:00:00 GMT"})
