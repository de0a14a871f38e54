from __future__ import annotations

from datetime import datetime, timezone

import pytest

from tidegate.aliyun.endpoints import Endpoint, endpoints_of
from tidegate.aliyun.instants import as_text, instant


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("127.0.0.1:8080", Endpoint("127.0.0.1:8080", secure=False)),
        ("localhost:80", Endpoint("localhost:80", secure=False)),
        ("[::1]:80", Endpoint("[::1]:80", secure=False)),
        ("localhost.example.com", Endpoint("localhost.example.com", secure=True)),
        ("127.0.0.1.example.com:80", Endpoint("127.0.0.1.example.com:80", secure=True)),
        ("https://127.0.0.1:8443", Endpoint("127.0.0.1:8443", secure=True)),
        ("http://10.0.0.1/", Endpoint("10.0.0.1", secure=False)),
        ("amqp-open.cn-hangzhou.aliyuncs.com", Endpoint("amqp-open.cn-hangzhou.aliyuncs.com", secure=True)),
    ],
)
def test_only_loopback_goes_without_tls_by_itself(text: str, expected: Endpoint) -> None:
    assert Endpoint.parse(text) == expected


@pytest.mark.parametrize(
    ("product", "hosts"),
    [
        ("amqp-open", ["amqp-open.cn-beijing.aliyuncs.com"]),
        ("CloudAPI", ["apigateway.cn-beijing.aliyuncs.com"]),
        ("BssOpenApi", ["business.aliyuncs.com", "business.ap-southeast-1.aliyuncs.com"]),
        ("fnf", ["cn-beijing.fnf.aliyuncs.com"]),
        ("Cms", ["metrics.cn-beijing.aliyuncs.com"]),
    ],
)
def test_each_product_answers_at_the_vendors_host_over_tls(product: str, hosts: list[str]) -> None:
    endpoints = endpoints_of(product, "cn-beijing", {})
    assert [endpoint.host for endpoint in endpoints] == hosts
    assert all(endpoint.secure for endpoint in endpoints)


def test_a_products_own_override_comes_before_the_one_for_all() -> None:
    overrides = {"*": "127.0.0.1:1", "fnf": "127.0.0.1:2"}
    assert endpoints_of("fnf", "cn", overrides)[0].host == "127.0.0.1:2"
    assert endpoints_of("CloudAPI", "cn", overrides)[0].host == "127.0.0.1:1"


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-04T04:00:10Z",
        "2026-03-04T04:00:10.123Z",
        "2026-03-04 04:00:10.0",
        "2026-03-04T12:00:10+08:00",
        "2026-03-04T04:00:10.123456789Z",
    ],
)
def test_the_vendors_times_are_read_as_utc(text: str) -> None:
    read = instant(text)
    assert read == datetime(2026, 3, 4, 4, 0, 10, tzinfo=timezone.utc)
    assert as_text(read) == "2026-03-04T04:00:10Z"
