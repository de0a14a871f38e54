"""The vendor's own client for API Gateway talks to the running cloud."""

from __future__ import annotations

from typing import Any

import pytest
from alibabacloud_cloudapi20160714 import models
from alibabacloud_cloudapi20160714.client import Client
from alibabacloud_tea_openapi.exceptions import ClientException
from alibabacloud_tea_openapi.models import Config

from localcloud.faults import Fault
from localcloud.identity import Keys
from localcloud.server import Running

GATEWAY = "apigateway-cn-demo0001"
LARGER = {"instance_id": GATEWAY, "instance_spec": "api.s1.medium", "token": "t1"}

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


def gateway(client: Any) -> Any:
    """Read the gateway."""
    request = models.DescribeInstancesRequest(instance_id=GATEWAY, language="en")
    return client.describe_instances(request).body.instances.instance_attribute[0]


def test_a_gateway_is_resized_and_switched(served: Running) -> None:
    client = client_of(served)
    client.modify_instance_spec(models.ModifyInstanceSpecRequest(**LARGER, auto_pay=True))
    served.advance(6 * 60)
    waiting = gateway(client)
    assert (waiting.status, waiting.instance_spec) == ("WAIT_SWITCH", "api.s1.small")
    served.run(lambda: served.cloud.estate.press_switch(GATEWAY))
    done = gateway(client)
    assert (done.status, done.instance_spec, done.instance_rps_limit) == ("RUNNING", "api.s1.medium", 5000)


def test_requests_per_second_are_read(served: Running) -> None:
    request = models.DescribeInstanceQpsRequest(
        instance_id=GATEWAY,
        stage_name="RELEASE",
        start_time="2026-03-02T11:00:00Z",
        end_time="2026-03-02T11:05:00Z",
    )
    assert len(client_of(served).describe_instance_qps(request).body.instance_qps.monitor_item) == 5


def test_connections_are_read(served: Running) -> None:
    request = models.DescribeInstanceSlbConnectRequest(
        instance_id=GATEWAY,
        sbc_name="Maximum",
        start_time="2026-03-02T11:00:00Z",
        end_time="2026-03-02T11:05:00Z",
    )
    items = client_of(served).describe_instance_slb_connect(request).body.instance_slb_connect.monitor_item
    assert [item.item for item in items].count("InstanceMaxConnection") == 5


def test_a_wrong_secret_is_refused(served: Running) -> None:
    with pytest.raises(ClientException) as caught:
        gateway(client_of(served, Keys(served.keys.access_key_id, "wrong")))
    assert caught.value.code == "SignatureDoesNotMatch"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"token": None}, "MissingParameter"),
        ({"auto_pay": "perhaps"}, "InvalidParameter"),
        ({"modify_action": "DOWNGRADE"}, "InvalidModifyAction"),
        ({"instance_spec": "api.s9.huge"}, "InvalidInstanceSpec"),
    ],
)
def test_a_wrong_parameter_is_refused(served: Running, changes: dict[str, Any], code: str) -> None:
    with pytest.raises(ClientException) as caught:
        client_of(served).modify_instance_spec(models.ModifyInstanceSpecRequest(**{**LARGER, **changes}))
    assert caught.value.code == code


def test_throttling_is_a_400_here(served: Running) -> None:
    served.run(lambda: served.cloud.faults.add(Fault(call="DescribeInstances", do="throttle")))
    with pytest.raises(ClientException) as caught:
        gateway(client_of(served))
    assert (caught.value.code, caught.value.status_code) == ("Throttling.User", 400)


def test_a_role_without_the_permission_is_refused(served: Running) -> None:
    statement = {"Effect": "Allow", "Action": "apigateway:Describe*", "Resource": "*"}

    def issue() -> Keys:
        role = served.cloud.identity.create_role("reader", [{"Version": "1", "Statement": [statement]}])
        return served.cloud.identity.issue(role, "worker-1")

    client = client_of(served, served.run(issue))
    assert gateway(client).instance_id == GATEWAY
    with pytest.raises(ClientException) as caught:
        client.modify_instance_spec(models.ModifyInstanceSpecRequest(**LARGER))
    assert (caught.value.code, caught.value.status_code) == ("Forbidden.RAM", 403)
