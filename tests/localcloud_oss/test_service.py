"""OSS without HTTP: hosts, clocks, durability, and what goes wrong on the way."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING

import alibabacloud_oss_v2 as v2
import oss2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from localcloud.clock import Clock
from localcloud.drawer import Cabinet
from localcloud.identity import Keys
from localcloud.oss.target import target_of
from localcloud.wire import Call, Reply

if TYPE_CHECKING:
    from tests.localcloud_oss.conftest import Alone, Place

Build = Callable[..., "Alone"]
FAR = datetime(2031, 5, 1, 12, tzinfo=timezone.utc)


def signed(keys: Keys, method: str, host: str, at: datetime, body: bytes = b"") -> Call:
    """Sign a call on `bucket/key` with the newer SDK's own signer."""
    request = v2.types.HttpRequest(method, f"http://{host}/key", headers={"Host": host}, body=body)
    context = v2.types.SigningContext(product="oss", region="cn-hangzhou", bucket="bucket", key="key", request=request)
    context.credentials = v2.credentials.Credentials(keys.access_key_id, keys.access_key_secret)
    context.signing_time = at
    v2.signer.SignerV4().sign(context)
    headers = {name.lower(): value for name, value in request.headers.items()}
    return Call(method, "/key", (), headers, body)


def put(alone: Alone, at: datetime) -> Reply:
    return alone.oss.answer(signed(alone.identity.root, "PUT", "bucket.oss-cn-hangzhou.aliyuncs.com", at, b"body"))


@pytest.mark.parametrize(
    ("host", "path", "named"),
    [
        ("127.0.0.1:8080", "/bucket/a/b", ("bucket", "a/b")),
        ("localhost:8080", "/bucket", ("bucket", "")),
        ("[::1]:8080", "/bucket/", ("bucket", "")),
        ("oss-cn-hangzhou.aliyuncs.com", "/", ("", "")),
        ("bucket.oss-cn-hangzhou.aliyuncs.com", "/a/b", ("bucket", "a/b")),
        ("bucket.localhost:8080", "/", ("bucket", "")),
    ],
)
def test_bucket_and_key_come_from_the_path_or_from_the_host(host: str, path: str, named: tuple[str, str]) -> None:
    target = target_of(Call("GET", path, headers={"host": host}))
    assert (target.bucket, target.key) == named


def test_a_call_by_virtual_host_is_answered(alone: Build) -> None:
    cloud = alone()
    cloud.oss.create_bucket("bucket")
    assert put(cloud, cloud.clock.now()).status == 200
    assert cloud.oss.read("bucket", "key") == b"body"


@pytest.mark.parametrize(("bucket", "code"), [("UPPER", "InvalidBucketName"), ("ab", "InvalidBucketName")])
def test_a_name_that_oss_would_not_take_is_refused(alone: Build, bucket: str, code: str) -> None:
    reply = alone().oss.answer(Call("GET", f"/{bucket}/k", headers={"host": "127.0.0.1"}))
    assert reply.status == 400
    assert code.encode() in reply.body


def test_both_simulated_and_real_time_are_now_and_no_other(alone: Build) -> None:
    cloud = alone(clock=Clock(FAR))
    cloud.oss.create_bucket("bucket")
    assert put(cloud, FAR + timedelta(minutes=14)).status == 200
    assert put(cloud, Clock.real().now()).status == 200
    late = put(cloud, FAR + timedelta(minutes=16))
    assert late.status == 403
    assert b"<Code>RequestTimeTooSkewed</Code>" in late.body


def test_a_body_changed_on_the_way_is_noticed_only_by_its_digest(alone: Build) -> None:
    """OSS signs UNSIGNED-PAYLOAD; a changed header is noticed by the signature."""
    cloud = alone()
    cloud.oss.create_bucket("bucket")
    call = signed(cloud.identity.root, "PUT", "bucket.localhost", cloud.clock.now())
    altered = Call(call.method, call.path, call.query, {**call.headers, "x-oss-forbid-overwrite": "true"}, b"changed")
    assert b"SignatureDoesNotMatch" in cloud.oss.answer(altered).body


def test_buckets_and_objects_survive_a_restart(alone: Build, tmp_path: Path) -> None:
    cabinet = Cabinet(tmp_path)
    first = alone(cabinet).oss
    first.create_bucket("kept", "Enabled")
    first.create_bucket("bucket")
    first.write("bucket", "a/ä", b"\x00body")
    first.write("bucket", "gone", b"")
    cabinet.close()
    reopened = Cabinet(tmp_path)
    second = alone(reopened).oss
    assert second.read("bucket", "a/ä") == b"\x00body"
    assert second.read("bucket", "none") is None
    assert second.read("nowhere", "k") is None
    reopened.close()


@pytest.mark.parametrize(("fault", "kept"), [("lost-request", None), ("lost-reply", b"body")])
def test_a_lost_request_has_no_effect_and_a_lost_reply_has(place: Place, fault: str, kept: bytes | None) -> None:
    place.plan(call="oss.PutObject", do=fault)
    with pytest.raises(oss2.exceptions.RequestError):
        place.older().put_object("k", b"body")
    assert place.cloud.run(lambda: place.oss.read(place.bucket, "k")) == kept


def test_a_planned_error_comes_as_xml(place: Place) -> None:
    place.plan(call="oss.HeadObject", do="error-before", status=503, code="ServiceUnavailable", message="busy")
    place.older().put_object("k", b"")
    with pytest.raises(oss2.exceptions.ServerError) as caught:
        place.older().head_object("k")
    assert (caught.value.status, caught.value.code, caught.value.message) == (503, "ServiceUnavailable", "busy")


def test_throttling_comes_in_oss_s_words(place: Place) -> None:
    place.plan(call="oss.*", do="throttle")
    with pytest.raises(oss2.exceptions.ServerError) as caught:
        place.older().put_object("k", b"")
    assert (caught.value.status, caught.value.code) == (503, "TotalQpsLimitExceeded")


def test_a_fault_names_bucket_and_key(place: Place) -> None:
    place.plan(call="oss.PutObject", do="lost-reply", instance=f"{place.bucket}/k*")
    place.older().put_object("other", b"")
    with pytest.raises(oss2.exceptions.RequestError):
        place.older().put_object("key", b"")


WORDS = st.text(max_size=20) | st.sampled_from(
    [
        "OSS a:b",
        "OSS4-HMAC-SHA256 Credential=a/20260101/cn-hangzhou/oss/aliyun_v4_request,Signature=x",
        "20260101T000000Z",
        "\udcff",
    ]
)
HEADERS = ["host", "authorization", "x-oss-date", "date", "x-oss-copy-source", "if-match", "range", "content-md5"]


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    method=st.sampled_from(["GET", "PUT", "POST", "DELETE", "HEAD", "OPTIONS"]),
    path=st.text(max_size=20),
    query=st.lists(st.tuples(st.text(max_size=5), st.text(max_size=5)), max_size=3),
    headers=st.dictionaries(st.sampled_from(HEADERS), WORDS),
)
def test_any_junk_is_answered_with_an_error(
    alone: Build, method: str, path: str, query: list[tuple[str, str]], headers: dict[str, str]
) -> None:
    reply = alone().oss.answer(Call(method, f"/{path}", tuple(query), headers))
    assert 400 <= reply.status < 600
