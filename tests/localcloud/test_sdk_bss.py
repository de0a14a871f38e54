"""The vendor's own client for orders talks to the running cloud."""

from __future__ import annotations

import json
from typing import Any

import pytest
from alibabacloud_bssopenapi20171214 import models
from alibabacloud_bssopenapi20171214.client import Client
from alibabacloud_tea_openapi.exceptions import ClientException
from alibabacloud_tea_openapi.models import Config

from localcloud.identity import Keys
from localcloud.server import Running

MQ = "amqp-cn-demo0001"

pytestmark = pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning")


def client_of(served: Running, keys: Keys | None = None) -> Any:
    """Make a client as a person would."""
    keys = keys or served.keys
    config = Config(
        access_key_id=keys.access_key_id,
        access_key_secret=keys.access_key_secret,
        security_token=keys.security_token or None,
        endpoint=served.endpoint,
        protocol="http",
    )
    return Client(config)


def test_orders_are_found_and_read(served: Running) -> None:
    served.run(lambda: served.cloud.estate.resize_by_hand(MQ, {"MaxPrivateTps": 8000}, "colleague"))
    client = client_of(served)
    found = client.query_orders(models.QueryOrdersRequest(page_num=1, page_size=20)).body
    assert (found.code, found.success, found.data.total_count) == ("Success", True, 1)
    order_id = found.data.order_list.order[0].order_id
    detail = client.get_order_detail(models.GetOrderDetailRequest(order_id=order_id)).body.data.order_list.order[0]
    assert json.loads(detail.instance_ids) == [MQ]
    assert (detail.payment_status, detail.order_type, detail.operator) == ("Paid", "Upgrade", "colleague")


def test_money_is_read(served: Running) -> None:
    reply = client_of(served).query_account_balance().body
    assert (reply.code, reply.data.available_amount) == ("200", "100000.00")


def test_an_unknown_order_cannot_be_cancelled(served: Running) -> None:
    with pytest.raises(ClientException) as caught:
        client_of(served).cancel_order(models.CancelOrderRequest(order_id="1"))
    assert caught.value.code == "ResourceNotExists"


def test_a_wrong_secret_is_refused(served: Running) -> None:
    with pytest.raises(ClientException) as caught:
        client_of(served, Keys(served.keys.access_key_id, "wrong")).query_account_balance()
    assert caught.value.code == "SignatureDoesNotMatch"


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({"page_num": "first"}, "InvalidParameter"),
        ({"page_size": 1000}, "InvalidParameter"),
        ({"create_time_start": "yesterday"}, "InvalidParameter"),
        ({"payment_status": "Perhaps"}, "InvalidParameter"),
    ],
)
def test_a_wrong_parameter_is_refused(served: Running, parameters: dict[str, Any], code: str) -> None:
    with pytest.raises(ClientException) as caught:
        client_of(served).query_orders(models.QueryOrdersRequest(**parameters))
    assert caught.value.code == code


def test_a_missing_parameter_is_refused(served: Running) -> None:
    with pytest.raises(ClientException) as caught:
        client_of(served).get_order_detail(models.GetOrderDetailRequest())
    assert caught.value.code == "MissingParameter"


def test_the_quota_is_four_cancellations_a_second(served: Running) -> None:
    served.run(lambda: served.cloud.clock.set_speed(0))
    client, codes = client_of(served), []
    for _ in range(5):
        with pytest.raises(ClientException) as caught:
            client.cancel_order(models.CancelOrderRequest(order_id="1"))
        codes.append(caught.value.code)
    assert codes == ["ResourceNotExists"] * 4 + ["Throttling.User"]


@pytest.mark.parametrize("action", ["bssapi:QueryOrders", "bss:DescribeOrderList"])
def test_a_role_needs_the_new_or_the_old_name_of_the_permission(served: Running, action: str) -> None:
    statement = {"Effect": "Allow", "Action": action, "Resource": "*"}

    def issue() -> Keys:
        role = served.cloud.identity.create_role("reader", [{"Version": "1", "Statement": [statement]}])
        return served.cloud.identity.issue(role, "worker-1")

    client = client_of(served, served.run(issue))
    assert client.query_orders(models.QueryOrdersRequest()).body.success
    with pytest.raises(ClientException) as caught:
        client.query_account_balance()
    assert (caught.value.code, caught.value.status_code) == ("NotAuthorized", 403)
