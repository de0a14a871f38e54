"""How the OSS shelf reads OSS's answers, and the lack of one."""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from localcloud.identity import Keys
from localcloud.rpc.operation import Caller
from tidegate.ledger.creation import Patience
from tidegate.ledger.ledger import Ledger
from tidegate.ledger.oss import PERMISSIONS, Bucket, OssObjects
from tidegate.ledger.remote import RemoteShelf
from tidegate.ledger.shelf import ShelfRefused, ShelfUnavailable, Unprotected, Unsure

if TYPE_CHECKING:
    from tests.ledger.conftest import Hands, InBucket

ROOT = Path(__file__).parents[2]


def policy(*actions: str) -> dict[str, object]:
    return {"Version": "1", "Statement": [{"Effect": "Allow", "Action": list(actions), "Resource": "*"}]}


def shelf_with(store: InBucket, keys: Keys, read_timeout_s: float = 5) -> RemoteShelf:
    endpoint = f"http://{store.cloud.oss_endpoint}"
    place = Bucket(store.bucket, "cn-hangzhou", endpoint, path_style=True, read_timeout_s=read_timeout_s)
    return RemoteShelf(OssObjects(place, lambda: keys), Patience(lambda _: None))


@pytest.mark.parametrize("versioning", ["Enabled", "Suspended"])
def test_a_bucket_that_ever_had_versioning_is_refused_by_the_check(
    in_bucket: InBucket, hands: Hands, versioning: str
) -> None:
    in_bucket.create(versioning)
    with pytest.raises(Unprotected, match="versioning"):
        Ledger(in_bucket.shelf(), hands, lambda: "n").check()


def test_the_check_leaves_nothing_behind(in_bucket: InBucket, hands: Hands) -> None:
    Ledger(in_bucket.shelf(), hands, lambda: "n").check()
    assert in_bucket.shelf().list("") == []


@pytest.mark.parametrize("status", [500, 502, 503])
def test_a_server_error_after_the_effect_is_settled_by_reading(in_bucket: InBucket, status: int) -> None:
    in_bucket.plan(call="oss.PutObject", do="error-after", status=status)
    assert in_bucket.shelf().create("one", b"mine")


def test_a_conflict_of_another_kind_is_settled_by_reading(in_bucket: InBucket) -> None:
    in_bucket.plan(call="oss.PutObject", do="error-after", status=409, code="OperationAborted")
    assert in_bucket.shelf().create("one", b"mine")


def test_without_a_key_to_sign_with_nothing_is_asked(in_bucket: InBucket) -> None:
    with pytest.raises(ShelfRefused, match="Credentials"):
        shelf_with(in_bucket, Keys("", "")).create("one", b"mine")


def test_a_server_error_before_the_effect_is_tried_again(in_bucket: InBucket) -> None:
    in_bucket.plan(call="oss.PutObject", do="error-before", status=503, times=2)
    assert in_bucket.shelf().create("one", b"mine")


def test_throttling_passes_by_itself(in_bucket: InBucket) -> None:
    in_bucket.plan(call="oss.*", do="throttle", times=2)
    shelf = in_bucket.shelf()
    assert shelf.create("one", b"mine")
    assert shelf.list("") == ["one"]


def test_a_reply_that_never_comes_is_settled_by_reading(in_bucket: InBucket) -> None:
    in_bucket.plan(call="oss.PutObject", do="hang", seconds=5)
    shelf = shelf_with(in_bucket, in_bucket.cloud.keys, read_timeout_s=0.3)
    assert shelf.create("one", b"mine")


def test_a_creation_is_unsure_while_reading_is_impossible(in_bucket: InBucket) -> None:
    in_bucket.plan(call="oss.PutObject", do="lost-reply", times=None)
    in_bucket.plan(call="oss.GetObject", do="error-before", status=500, times=None)
    with pytest.raises(Unsure):
        in_bucket.shelf().create("one", b"mine")


def test_a_clean_refusal_after_a_doubt_is_still_a_doubt(in_bucket: InBucket) -> None:
    in_bucket.plan(call="oss.PutObject", do="lost-request")
    in_bucket.plan(call="oss.PutObject", do="error-before", status=403, code="AccessDenied", nth=2)
    with pytest.raises(Unsure, match="earlier try"):
        in_bucket.shelf().create("one", b"mine")


def test_reads_are_repeated_but_not_for_ever(in_bucket: InBucket) -> None:
    shelf = in_bucket.shelf()
    shelf.create("one", b"mine")
    in_bucket.plan(call="oss.GetObject", do="lost-reply", times=2)
    assert shelf.get("one") == b"mine"
    in_bucket.plan(call="oss.GetObject", do="lost-reply", times=3)
    with pytest.raises(ShelfUnavailable):
        shelf.get("one")


def test_a_lost_reply_to_a_removal_is_repeated(in_bucket: InBucket) -> None:
    shelf = in_bucket.shelf()
    shelf.create("one", b"mine")
    in_bucket.plan(call="oss.DeleteObject", do="lost-reply")
    shelf.delete("one")
    assert shelf.get("one") is None


def test_a_missing_permission_is_a_refusal_and_not_asked_again(in_bucket: InBucket) -> None:
    cloud = in_bucket.cloud
    keys = cloud.run(lambda: cloud.cloud.identity.create_user("reader", [policy("oss:GetObject")]))
    waits: list[float] = []
    place = Bucket(in_bucket.bucket, "cn-hangzhou", f"http://{cloud.oss_endpoint}", path_style=True)
    shelf = RemoteShelf(OssObjects(place, lambda: keys), Patience(waits.append))
    with pytest.raises(ShelfRefused, match="403 AccessDenied"):
        shelf.create("one", b"mine")
    assert waits == []


def test_the_permissions_named_beside_the_calls_are_all_that_is_needed(in_bucket: InBucket, hands: Hands) -> None:
    cloud = in_bucket.cloud
    keys = cloud.run(lambda: cloud.cloud.identity.create_user("ledger", [policy(*PERMISSIONS)]))
    ledger = Ledger(shelf_with(in_bucket, keys), hands, lambda: "n")
    ledger.check()
    assert ledger.head("key") is None


def test_a_function_s_temporary_key_works_with_its_token(in_bucket: InBucket) -> None:
    cloud = in_bucket.cloud

    def issue() -> tuple[Keys, Caller]:
        identity = cloud.cloud.identity
        keys = identity.issue(identity.create_role("resizer", [policy(*PERMISSIONS)]), "instance-1")
        return keys, identity.caller(keys.access_key_id, keys.security_token)

    keys, _ = cloud.run(issue)
    assert shelf_with(in_bucket, keys).create("one", b"mine")
    with pytest.raises(ShelfRefused, match="InvalidSecurityToken"):
        shelf_with(in_bucket, Keys(keys.access_key_id, keys.access_key_secret, "wrong")).get("one")


def test_a_bucket_that_does_not_exist_is_a_refusal(in_bucket: InBucket) -> None:
    place = Bucket("no-such-bucket", "cn-hangzhou", f"http://{in_bucket.cloud.oss_endpoint}", path_style=True)
    shelf = RemoteShelf(OssObjects(place, lambda: in_bucket.cloud.keys), Patience(lambda _: None))
    with pytest.raises(ShelfRefused, match="NoSuchBucket"):
        shelf.get("one")


def test_where_nobody_listens_nothing_was_written(in_bucket: InBucket) -> None:
    place = Bucket("any-bucket", "cn-hangzhou", "http://127.0.0.1:1", path_style=True)
    shelf = RemoteShelf(OssObjects(place, lambda: in_bucket.cloud.keys), Patience(lambda _: None))
    with pytest.raises(ShelfUnavailable):
        shelf.create("one", b"mine")


def test_no_secret_is_logged_when_a_signature_is_wrong(in_bucket: InBucket, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    wrong = Keys(in_bucket.cloud.keys.access_key_id, "not-the-secret-of-anyone")
    with pytest.raises(ShelfRefused, match="SignatureDoesNotMatch") as caught:
        shelf_with(in_bucket, wrong).get("one")
    assert "not-the-secret-of-anyone" not in caplog.text + str(caught.value)


def test_a_listing_of_more_than_a_thousand_keys_is_whole(in_bucket: InBucket) -> None:
    oss = in_bucket.cloud.cloud.oss

    def fill() -> None:
        for number in range(1205):
            oss.write(in_bucket.bucket, f"a/{number:05d}", b"{}")  # type: ignore[union-attr]  # OSS is attached here

    in_bucket.cloud.run(fill)
    assert in_bucket.shelf().list("a/", limit=1200) == [f"a/{number:05d}" for number in range(1200)]


def test_the_sdk_is_imported_with_the_first_call_and_not_before() -> None:
    """A rejected or duplicate alert must not pay for it."""
    program = (
        "import sys; from tidegate.ledger.oss import *; from tidegate.ledger.creation import Patience;"
        "from tidegate.ledger.remote import RemoteShelf;"
        "RemoteShelf(OssObjects(Bucket('b', 'r'), lambda: None), Patience(print));"
        "print('alibabacloud_oss_v2' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


class _Page(BaseHTTPRequestHandler):
    """Something between us and OSS that answers everything with a page of its own."""

    def do_PUT(self) -> None:
        """Take the body, and say 200."""
        self.rfile.read(int(self.headers["Content-Length"]))
        self._page(200)

    def do_GET(self) -> None:
        """Nothing stands there."""
        self._page(404)

    def _page(self, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def test_a_200_that_is_not_osss_is_no_proof_that_a_record_was_written() -> None:
    server = HTTPServer(("127.0.0.1", 0), _Page)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        place = Bucket("ledger", "cn-hangzhou", f"http://127.0.0.1:{server.server_port}", path_style=True)
        shelf = RemoteShelf(OssObjects(place, lambda: Keys("key", "secret")), Patience(lambda _: None))
        with pytest.raises((Unsure, ShelfUnavailable)):
            shelf.create("one", b"mine")
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
