"""A store that is not OSS: moto's S3, whose conditional behaviour is the opposite of OSS's (fact fc 5.2)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from threading import Thread

import boto3
import pytest
from moto.moto_server.werkzeug_app import create_backend_app
from werkzeug.serving import make_server

from tidegate.ledger.creation import Patience
from tidegate.ledger.oss import Bucket, OssObjects
from tidegate.ledger.remote import RemoteShelf
from tidegate.ledger.shelf import Unprotected, check


@dataclass(frozen=True)
class Keys:
    """An access key."""

    access_key_id: str = "AKIDEXAMPLE"
    access_key_secret: str = "secret"
    security_token: str = ""


@pytest.fixture
def s3() -> Iterator[str]:
    """An S3 endpoint with one bucket; every path is taken for S3, whoever signed it."""
    server = make_server("127.0.0.1", 0, create_backend_app("s3"), threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    endpoint = f"http://127.0.0.1:{server.server_port}"
    keys = {"aws_access_key_id": "a", "aws_secret_access_key": "b"}
    client = boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1", **keys)
    client.create_bucket(Bucket="ledger")
    client.close()
    yield endpoint
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_store_that_ignores_the_create_only_header_is_found_out_before_anything_is_ordered(s3: str) -> None:
    bucket = Bucket("ledger", "cn-hangzhou", endpoint=s3, path_style=True)
    shelf = RemoteShelf(OssObjects(bucket, Keys), Patience(sleep=lambda _: None))
    with pytest.raises(Unprotected):
        check(shelf, "nonce-0001")
