"""The vendor's own client for RabbitMQ talks to the running cloud."""

from __future__ import annotations

from typing import Any

import pytest
from alibabacloud_amqp_open20191212 import models
from alibabacloud_amqp_open20191212.client import Client
from alibabacloud_tea_openapi.exceptions import ClientException, ServerException
from alibabacloud_tea_openapi.models import Config

from localcloud.faults import Fault
from localcloud.identity import Keys
from localcloud.server import Running

MQ = "amqp-cn-demo0001"
UPGRADE = {"instance_id": MQ, "modify_type": "UPGRADE", "instance_type": "enterprise"}

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
        read_timeout=3000,
    )
    return Client(config)


def test_an_instance_is_read_resized_and_read_again(served: Running) -> None:
    client = client_of(served)
    request = models.UpdateInstanceRequest(**UPGRADE, max_private_tps=8000, support_eip=True)
    reply = client.update_instance(request).body
    assert (reply.code, reply.success, reply.data["instanceId"]) == (200, "true", MQ)
    assert client.get_instance(models.GetInstanceRequest(instance_id=MQ)).body.data.max_tps == 3000
    served.advance(6 * 60)
    data = client.get_instance(models.GetInstanceRequest(instance_id=MQ)).body.data
    assert (data.max_tps, data.support_eip, data.status) == (8000, True, "SERVING")


def test_lists_and_amounts_are_read(served: Running) -> None:
    client = client_of(served)
    listed = client.list_instances(models.ListInstancesRequest(max_results=10)).body.data.instances
    assert [item.instance_id for item in listed] == [MQ]
    amounts = client.get_metadata_amount(models.GetMetadataAmountRequest(instance_id=MQ)).body.data
    assert (amounts.current_queues, amounts.max_queues) == (120, 200)


def test_a_wrong_secret_is_refused(served: Running) -> None:
    client = client_of(served, Keys(served.keys.access_key_id, "wrong"))
    with pytest.raises(ClientException) as caught:
        client.get_instance(models.GetInstanceRequest(instance_id=MQ))
    assert caught.value.code == "SignatureDoesNotMatch"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"instance_id": None}, "MissingParameter"),
        ({"modify_type": "SIDEWAYS"}, "InvalidParameter"),
        ({"max_private_tps": "many"}, "InvalidParameter"),
        ({"instance_id": "amqp-cn-other"}, "InstanceNotExist"),
    ],
)
def test_a_wrong_parameter_is_refused(served: Running, changes: dict[str, Any], code: str) -> None:
    with pytest.raises(ClientException) as caught:
        client_of(served).update_instance(models.UpdateInstanceRequest(**{**UPGRADE, **changes}))
    assert caught.value.code == code


def test_a_failure_in_the_body_is_returned_as_if_it_were_a_success(served: Running) -> None:
    reply = client_of(served).update_instance(models.UpdateInstanceRequest(**UPGRADE, max_private_tps=3001)).body
    assert (reply.code, reply.success) == ("PARAM_ERRPR", "false")


def test_throttling_and_server_errors_are_raised(served: Running) -> None:
    served.run(lambda: served.cloud.faults.add(Fault(call="GetInstance", do="throttle")))
    served.run(lambda: served.cloud.faults.add(Fault(call="GetInstance", do="error-before")))
    client, request = client_of(served), models.GetInstanceRequest(instance_id=MQ)
    with pytest.raises(ClientException) as throttled:
        client.get_instance(request)
    assert (throttled.value.code, throttled.value.status_code) == ("Throttling.Api", 429)
    with pytest.raises(ServerException) as broken:
        client.get_instance(request)
    assert broken.value.code == "InternalError"


def test_a_role_without_the_permission_is_refused(served: Running) -> None:
    statement = {"Effect": "Allow", "Action": "amqp:GetInstance", "Resource": f"acs:amqp:*:*:/instances/{MQ}"}

    def issue() -> Keys:
        role = served.cloud.identity.create_role("reader", [{"Version": "1", "Statement": [statement]}])
        return served.cloud.identity.issue(role, "worker-1")

    client = client_of(served, served.run(issue))
    assert client.get_instance(models.GetInstanceRequest(instance_id=MQ)).body.data.instance_id == MQ
    with pytest.raises(ClientException) as caught:
        client.update_instance(models.UpdateInstanceRequest(**UPGRADE, max_private_tps=8000))
    assert (caught.value.code, caught.value.status_code) == ("UnauthorizedOperation", 403)


@pytest.mark.parametrize(("do", "orders"), [("lost-request", 0), ("lost-reply", 1)])
def test_a_lost_line_says_nothing_about_the_order(served: Running, do: Any, orders: int) -> None:
    served.run(lambda: served.cloud.faults.add(Fault(call="UpdateInstance", do=do)))
    with pytest.raises(Exception, match=r"Connection aborted|closed connection|reset"):
        client_of(served).update_instance(models.UpdateInstanceRequest(**UPGRADE, max_private_tps=8000))
    assert len(served.run(served.cloud.orders.orders)) == orders


def test_a_hanging_reply_is_the_callers_timeout(served: Running) -> None:
    served.run(lambda: served.cloud.faults.add(Fault(call="GetInstance", do="hang")))
    client = client_of(served)
    client._read_timeout = 300
    with pytest.raises(Exception, match=r"(?i)timed? ?out"):
        client.get_instance(models.GetInstanceRequest(instance_id=MQ))
