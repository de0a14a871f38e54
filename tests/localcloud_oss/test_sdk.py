"""Both of the vendor's SDKs talk to it, as far as the basic calls go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import alibabacloud_oss_v2 as v2
import oss2
import pytest

if TYPE_CHECKING:
    from tests.localcloud_oss.conftest import Place

ODD_KEY = "a/ä b+c%2F~'(1)*水?&=.json"


def error_of(ask: Any) -> Any:
    """Give the service error that a call of the newer SDK ends in."""
    with pytest.raises(v2.exceptions.OperationError) as caught:
        ask()
    error = caught.value.unwrap()
    assert isinstance(error, v2.exceptions.ServiceError)
    return error


@pytest.mark.parametrize("signature", ["v4", "v1"])
def test_the_newer_sdk_writes_reads_and_removes_an_object(place: Place, signature: str) -> None:
    client = place.client(signature_version=signature)
    written = client.put_object(
        v2.PutObjectRequest(bucket=place.bucket, key=ODD_KEY, body=b"body", metadata={"who": "me"})
    )
    assert written.etag == '"841A2D689AD86BD1611447453C22C6FC"'
    read = client.get_object(v2.GetObjectRequest(bucket=place.bucket, key=ODD_KEY))
    assert read.body.read() == b"body"
    assert read.metadata == {"who": "me"}
    head = client.head_object(v2.HeadObjectRequest(bucket=place.bucket, key=ODD_KEY))
    assert (head.content_length, head.etag, head.hash_crc64) == (4, written.etag, written.hash_crc64)
    client.delete_object(v2.DeleteObjectRequest(bucket=place.bucket, key=ODD_KEY))
    missing = error_of(lambda: client.get_object(v2.GetObjectRequest(bucket=place.bucket, key=ODD_KEY)))
    assert (missing.status_code, missing.code) == (404, "NoSuchKey")


@pytest.mark.parametrize("signature", ["v1", "v4"])
def test_the_older_sdk_writes_reads_and_removes_an_object(place: Place, signature: str) -> None:
    bucket = place.older(version=signature)
    bucket.put_object(ODD_KEY, b"body", headers={"x-oss-meta-who": "me"})
    read = bucket.get_object(ODD_KEY)
    assert read.read() == b"body"
    assert read.headers["x-oss-meta-who"] == "me"
    assert bucket.head_object(ODD_KEY).content_length == 4
    assert bucket.object_exists(ODD_KEY)
    bucket.delete_object(ODD_KEY)
    with pytest.raises(oss2.exceptions.NoSuchKey):
        bucket.get_object(ODD_KEY)
    with pytest.raises(oss2.exceptions.NotFound):
        bucket.head_object(ODD_KEY)


def test_the_checksum_is_the_one_the_sdks_compute(place: Place) -> None:
    body = bytes(range(256)) * 3
    written = place.client().put_object(v2.PutObjectRequest(bucket=place.bucket, key="k", body=body))
    crc = v2.crc.Crc64(0)
    crc.update(body)
    assert written.hash_crc64 == str(crc.sum64())


def test_a_part_of_an_object_can_be_read(place: Place) -> None:
    place.older().put_object("k", b"0123456789")
    assert place.older().get_object("k", byte_range=(2, 4)).read() == b"234"
    assert place.older().get_object("k", byte_range=(8, None)).read() == b"89"
    assert place.older().get_object("k", byte_range=(None, 3)).read() == b"789"


def test_an_object_is_copied_with_its_headers_unless_they_are_replaced(place: Place) -> None:
    client, source = place.client(), {"source_bucket": place.bucket, "source_key": ODD_KEY}
    client.put_object(v2.PutObjectRequest(bucket=place.bucket, key=ODD_KEY, body=b"body", metadata={"who": "me"}))
    client.copy_object(v2.CopyObjectRequest(bucket=place.bucket, key="copy", **source))
    replaced = {"metadata_directive": "REPLACE", "metadata": {"who": "you"}}
    client.copy_object(v2.CopyObjectRequest(bucket=place.bucket, key="other", **source, **replaced))
    assert client.get_object(v2.GetObjectRequest(bucket=place.bucket, key="copy")).body.read() == b"body"
    heads = [client.head_object(v2.HeadObjectRequest(bucket=place.bucket, key=key)) for key in ("copy", "other")]
    assert [head.metadata for head in heads] == [{"who": "me"}, {"who": "you"}]


@pytest.mark.parametrize("quiet", [False, True])
def test_many_objects_are_removed_at_once(place: Place, *, quiet: bool) -> None:
    for key in ("a", ODD_KEY, "c"):
        place.older().put_object(key, b"")
    doomed = v2.Delete(objects=[v2.ObjectIdentifier(key=ODD_KEY), v2.ObjectIdentifier(key="none")], quiet=quiet)
    answer = place.client().delete_multiple_objects(
        v2.DeleteMultipleObjectsRequest(bucket=place.bucket, encoding_type="url", delete=doomed)
    )
    assert [each.key for each in answer.deleted_objects or ()] == ([] if quiet else [ODD_KEY, "none"])
    assert place.older().batch_delete_objects(["a"]).deleted_keys == ["a"]
    assert [each.key for each in oss2.ObjectIterator(place.older())] == ["c"]


def test_buckets_are_created_described_listed_and_deleted_when_empty(place: Place) -> None:
    client, name = place.client(), f"{place.bucket}-new"
    client.put_bucket(v2.PutBucketRequest(bucket=name))
    assert client.get_bucket_info(v2.GetBucketInfoRequest(bucket=name)).bucket_info.name == name
    older = oss2.Bucket(place.older().auth, place.endpoint, name, is_path_style=True)
    assert older.get_bucket_info().versioning_status is None
    assert name in [each.name for each in client.list_buckets(v2.ListBucketsRequest()).buckets]
    client.put_object(v2.PutObjectRequest(bucket=name, key="k", body=b""))
    kept = error_of(lambda: client.delete_bucket(v2.DeleteBucketRequest(bucket=name)))
    assert (kept.status_code, kept.code) == (409, "BucketNotEmpty")
    client.delete_object(v2.DeleteObjectRequest(bucket=name, key="k"))
    client.delete_bucket(v2.DeleteBucketRequest(bucket=name))
    gone = error_of(lambda: client.get_bucket_info(v2.GetBucketInfoRequest(bucket=name)))
    assert (gone.status_code, gone.code) == (404, "NoSuchBucket")


def test_an_error_names_code_message_request_and_host(place: Place) -> None:
    error = error_of(lambda: place.client().get_object(v2.GetObjectRequest(bucket=place.bucket, key="none")))
    assert error.message == "The specified key does not exist."
    assert len(error.request_id) == 24
    assert error.headers["x-oss-request-id"] == error.request_id
    assert error.error_fileds["HostId"] == place.cloud.oss_endpoint


# Wrong signatures, keys, times and parameters.


@pytest.mark.parametrize("signature", ["v4", "v1"])
def test_a_wrong_secret_does_not_match(place: Place, signature: str) -> None:
    wrong = type(place.cloud.keys)(place.cloud.keys.access_key_id, "wrong")
    client = place.client(wrong, signature_version=signature)
    error = error_of(lambda: client.put_object(v2.PutObjectRequest(bucket=place.bucket, key="k", body=b"")))
    assert (error.status_code, error.code) == (403, "SignatureDoesNotMatch")
    with pytest.raises(oss2.exceptions.SignatureDoesNotMatch):
        place.older(wrong, signature).put_object("k", b"")


def test_an_unknown_key_is_refused(place: Place) -> None:
    unknown = type(place.cloud.keys)("LTAI5tnobody", "secret")
    error = error_of(lambda: place.client(unknown).list_objects_v2(v2.ListObjectsV2Request(bucket=place.bucket)))
    assert (error.status_code, error.code) == (403, "InvalidAccessKeyId")


def test_a_signature_for_another_region_is_refused(place: Place) -> None:
    client = place.client(region="cn-beijing")
    error = error_of(lambda: client.list_objects_v2(v2.ListObjectsV2Request(bucket=place.bucket)))
    assert (error.status_code, error.code) == (400, "InvalidArgument")
    assert "region" in error.message


def test_without_a_signature_nobody_has_a_right(place: Place) -> None:
    anonymous = oss2.Bucket(oss2.AnonymousAuth(), place.endpoint, place.bucket, is_path_style=True)
    with pytest.raises(oss2.exceptions.AccessDenied):
        anonymous.get_object("k")


def test_a_signed_url_is_said_to_be_unsupported(place: Place) -> None:
    url = place.older().sign_url("GET", "k", 60)
    answer = oss2.Bucket(oss2.AnonymousAuth(), place.endpoint, place.bucket, is_path_style=True)
    with pytest.raises(oss2.exceptions.ServerError) as caught:
        answer.get_object_with_url(url)
    assert (caught.value.status, caught.value.code) == (501, "NotImplemented")


@pytest.mark.parametrize("size", [0, 1001, -1])
def test_a_page_has_one_to_a_thousand_keys(place: Place, size: int) -> None:
    request = v2.ListObjectsV2Request(bucket=place.bucket, max_keys=size)
    error = error_of(lambda: place.client().list_objects_v2(request))
    assert (error.status_code, error.code) == (400, "InvalidArgument")
    assert error.error_fileds["ArgumentName"] == "max-keys"


def test_a_broken_continuation_token_is_refused(place: Place) -> None:
    request = v2.ListObjectsV2Request(bucket=place.bucket, continuation_token="%%%")
    assert error_of(lambda: place.client().list_objects_v2(request)).code == "InvalidArgument"


def test_a_body_that_is_not_what_its_digest_says_is_refused(place: Place) -> None:
    with pytest.raises(oss2.exceptions.InvalidDigest):
        place.older().put_object("k", b"body", headers={"Content-MD5": "1B2M2Y8AsgTpgAmY7PhCfg=="})
    assert not place.older().object_exists("k")


def test_broken_xml_is_refused(place: Place) -> None:
    request = v2.PutBucketVersioningRequest(
        bucket=place.bucket, versioning_configuration=v2.VersioningConfiguration(status="Maybe")
    )
    assert error_of(lambda: place.client().put_bucket_versioning(request)).code == "MalformedXML"


def test_what_this_stand_in_lacks_is_said_and_not_guessed(place: Place) -> None:
    error = error_of(lambda: place.client().get_bucket_acl(v2.GetBucketAclRequest(bucket=place.bucket)))
    assert (error.status_code, error.code) == (501, "NotImplemented")
    assert error.error_fileds["Header"] == "GET bucket acl"


# Permissions.


def test_a_user_may_do_what_the_policy_says_and_nothing_else(place: Place) -> None:
    keys = place.user("oss:GetObject", "oss:PutObject", resource=f"acs:oss:*:*:{place.bucket}/mine/*")
    bucket = place.older(keys)
    bucket.put_object("mine/k", b"body")
    assert bucket.get_object("mine/k").read() == b"body"
    with pytest.raises(oss2.exceptions.AccessDenied):
        bucket.put_object("theirs/k", b"")
    with pytest.raises(oss2.exceptions.AccessDenied):
        bucket.delete_object("mine/k")
    with pytest.raises(oss2.exceptions.AccessDenied):
        bucket.list_objects()


def test_listing_is_allowed_on_the_bucket_and_not_on_its_objects(place: Place) -> None:
    allowed = place.user("oss:ListObjects", resource=f"acs:oss:*:*:{place.bucket}")
    assert place.older(allowed).list_objects().object_list == []
    wrong = place.user("oss:ListObjects", resource=f"acs:oss:*:*:{place.bucket}/*")
    with pytest.raises(oss2.exceptions.AccessDenied):
        place.older(wrong).list_objects()


def test_copying_needs_the_right_to_read_the_source(place: Place) -> None:
    place.older().put_object("secret/k", b"body")
    bucket = place.older(place.user("oss:PutObject"))
    with pytest.raises(oss2.exceptions.AccessDenied):
        bucket.copy_object(place.bucket, "secret/k", "mine")


def test_a_temporary_key_needs_its_token(place: Place) -> None:
    policy = {"Version": "1", "Statement": [{"Effect": "Allow", "Action": "oss:*", "Resource": "*"}]}
    identity = place.cloud.cloud.identity
    keys = place.cloud.run(lambda: identity.issue(identity.create_role("ledger", [policy]), "instance-1"))
    place.older(keys).put_object("k", b"")
    place.older(keys, "v4").put_object("k", b"")
    with pytest.raises(oss2.exceptions.ServerError) as caught:
        place.older(type(keys)(keys.access_key_id, keys.access_key_secret)).put_object("k", b"")
    assert (caught.value.status, caught.value.code) == (403, "InvalidSecurityToken")
