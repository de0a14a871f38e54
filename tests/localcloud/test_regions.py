"""Instances of several regions: each is there for callers of its own region's endpoint only."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from localcloud.server import running
from tests.localcloud.conftest import GATEWAY, MQ, NOON
from tidegate.aliyun.client import Aliyun
from tidegate.aliyun.credentials import Credentials
from tidegate.aliyun.errors import VendorError
from tidegate.aliyun.patience import Patience

FAR = "eu-central-1"
WORLD = {
    "start": NOON.isoformat(),
    "instances": [
        {"product": "rabbitmq", "instance_id": MQ},
        {"product": "rabbitmq", "instance_id": "amqp-cn-far0000001", "region": FAR},
        {"product": "apigateway", "instance_id": GATEWAY, "region": FAR},
    ],
}


@contextmanager
def calling(region: str) -> Iterator[Callable[..., Any]]:
    """The API as a client of one region sees it."""
    patience = Patience(lambda _: None, lambda: 0.0, lambda: 0.5)
    with running(WORLD) as server:
        credentials = Credentials(server.keys.access_key_id, server.keys.access_key_secret)
        aliyun = Aliyun(credentials, region, patience, endpoints={"*": server.endpoint})
        try:
            yield lambda product, action, **given: aliyun.call(product, action, given, read=True)
        finally:
            aliyun.close()


def test_an_instance_is_read_in_its_own_region_and_is_not_there_in_another() -> None:
    with calling(FAR) as call:
        assert call("amqp-open", "GetInstance", InstanceId="amqp-cn-far0000001")["Data"]["Status"] == "SERVING"
        with pytest.raises(VendorError, match="InstanceNotExist"):
            call("amqp-open", "GetInstance", InstanceId=MQ)


def test_lists_show_the_instances_of_the_region() -> None:
    with calling(FAR) as call:
        (gateway,) = call("CloudAPI", "DescribeInstances")["Instances"]["InstanceAttribute"]
        assert (gateway["InstanceId"], gateway["RegionId"]) == (GATEWAY, FAR)
        (queue,) = call("amqp-open", "ListInstances", MaxResults=10)["Data"]["Instances"]
        assert queue["InstanceId"] == "amqp-cn-far0000001"
    with calling("cn-hangzhou") as call:
        assert call("CloudAPI", "DescribeInstances")["Instances"]["InstanceAttribute"] == []
        (queue,) = call("amqp-open", "ListInstances", MaxResults=10)["Data"]["Instances"]
        assert queue["InstanceId"] == MQ
