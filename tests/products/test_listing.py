"""Every instance is listed once, page by page, and only those that are meant."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from localcloud.clock import Clock
from localcloud.server import Running, running
from tests.products.conftest import Cloud, patience
from tidegate.aliyun.client import Aliyun
from tidegate.aliyun.credentials import Credentials
from tidegate.aliyun.errors import NeedsPerson, Unreadable
from tidegate.products import listing
from tidegate.products.apigateway import PERMISSIONS as GATEWAY_PERMISSIONS
from tidegate.products.listing import Choice, Listed, list_instances, product_of

ALL = Choice({})
MANY = 230
TEAM = "rg-team0001"


@pytest.fixture
def many(clock: Clock) -> Iterator[Cloud]:
    """An account with more instances than a page has; every tenth is the shop's and in the team's group."""
    own = {"tags": {"app": "shop", "env": "prod"}, "resource_group": TEAM}
    instances = [
        {
            "product": product,
            "instance_id": f"{prefix}-cn-{number:04}",
            "name": f"n{number}",
            **(own if number % 10 == 0 else {}),
        }
        for product, prefix in (("rabbitmq", "amqp"), ("apigateway", "apigateway"))
        for number in range(MANY)
    ]
    with ExitStack() as stack:
        server = stack.enter_context(running({"instances": instances}, clock))
        credentials = Credentials(server.keys.access_key_id, server.keys.access_key_secret)
        aliyun = Aliyun(credentials, "cn-hangzhou", patience(), endpoints={"*": server.endpoint})
        stack.callback(aliyun.close)
        yield server, aliyun


def test_lists_are_read_page_by_page(many: Cloud) -> None:
    _, aliyun = many
    for product, prefix in (("rabbitmq", "amqp"), ("apigateway", "apigateway")):
        found = list_instances(aliyun, product, ALL)
        assert found == [Listed(product, f"{prefix}-cn-{number:04}", f"n{number}") for number in range(MANY)]


def test_tags_and_a_resource_group_choose(many: Cloud) -> None:
    _, aliyun = many
    for product in ("rabbitmq", "apigateway"):
        assert len(list_instances(aliyun, product, Choice({"app": "shop", "env": "prod"}))) == MANY // 10
        assert list_instances(aliyun, product, Choice({"app": "shop", "env": "test"})) == []
    assert len(list_instances(aliyun, "rabbitmq", Choice({}, TEAM))) == MANY // 10


def test_what_is_declared_is_enough_to_list_and_needed(many: Cloud, limited: Callable[..., Aliyun]) -> None:
    server: Running
    server, _ = many
    lists = limited(server, *listing.PERMISSIONS, *GATEWAY_PERMISSIONS)
    assert all(list_instances(lists, product, ALL) for product in ("rabbitmq", "apigateway"))
    with pytest.raises(NeedsPerson):
        list_instances(limited(server, *GATEWAY_PERMISSIONS), "rabbitmq", ALL)


def test_a_gateway_that_knows_no_pages_is_asked_until_nothing_new_comes(told: Callable[..., Any]) -> None:
    """Pages came to the API late, so an older one answers everything every time, and may say no total."""
    aliyun = told({"Instances": {"InstanceAttribute": [{"InstanceId": "apigateway-cn-1"}, {"InstanceId": None}]}})
    assert list_instances(aliyun, "apigateway", ALL) == [Listed("apigateway", "apigateway-cn-1")]
    assert len(aliyun.asked) == 2


def test_a_list_that_never_ends_is_unreadable(told: Callable[..., Any]) -> None:
    aliyun = told({"Data": {"Instances": [{"InstanceId": "amqp-cn-1"}], "NextToken": "more"}})
    with pytest.raises(Unreadable, match="pages of instances"):
        list_instances(aliyun, "rabbitmq", ALL)


@pytest.mark.parametrize("body", [{}, {"Data": None}, {"Data": []}, {"Data": {"Instances": {}}}, {"Instances": [1]}])
def test_a_list_of_another_shape_is_empty(told: Callable[..., Any], body: dict[str, Any]) -> None:
    assert [list_instances(told(body), product, ALL) for product in ("rabbitmq", "apigateway")] == [[], []]


def test_an_id_tells_its_product() -> None:
    assert [product_of(each) for each in ("apigateway-cn-1", "amqp-cn-1", "1880770869")] == [
        "apigateway",
        "rabbitmq",
        "rabbitmq",
    ]
