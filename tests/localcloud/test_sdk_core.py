"""The vendor's older client, which makes every call of Tidegate's, talks to the running cloud."""

from __future__ import annotations

import json
from typing import Any

import pytest
from aliyunsdkcore.acs_exception.exceptions import ClientException, ServerException
from aliyunsdkcore.auth.credentials import StsTokenCredential
from aliyunsdkcore.client import AcsClient
from aliyunsdkcore.request import CommonRequest

from localcloud.faults import Fault
from localcloud.server import Running

MQ, GATEWAY = "amqp-cn-demo0001", "apigateway-cn-demo0001"

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def ask(served: Running, client: Any, action: str, form: dict[str, str] | None = None, **query: Any) -> Any:
    """Make one call; what is given as `form` goes into the body."""
    version = "2016-07-14" if action.endswith(("Spec", "Instances")) else "2019-12-12"
    request = CommonRequest(domain=served.endpoint, version=version, action_name=action)
    request.set_protocol_type("http")
    request.set_method("POST" if action in {"UpdateInstance", "ModifyInstanceSpec"} else "GET")
    for name, value in query.items():
        request.add_query_param(name, value)
    for name, value in (form or {}).items():
        request.add_body_params(name, value)
    return json.loads(client.do_action_with_exception(request))


@pytest.fixture
def client(served: Running) -> Any:
    """Give a client with the account's own key, and without retries."""
    keys = served.keys
    return AcsClient(keys.access_key_id, keys.access_key_secret, "cn-hangzhou", auto_retry=False, max_retry_time=0)


@pytest.mark.parametrize("as_form", [False, True])
def test_parameters_go_into_the_query_or_the_form(served: Running, client: Any, as_form: object) -> None:
    larger = {"InstanceId": MQ, "ModifyType": "UPGRADE", "InstanceType": "enterprise", "MaxPrivateTps": "8000"}
    form, query = (larger, {}) if as_form else ({}, larger)
    reply = ask(served, client, "UpdateInstance", form, **query)
    assert reply["Data"]["instanceId"] == MQ


@pytest.mark.parametrize("text", ["a b", "a+b", "a*~b", "ä/ö", "a:b,c", "%41", "“”"])
def test_any_text_survives_the_signature(served: Running, client: Any, text: str) -> None:
    with pytest.raises(ServerException) as caught:
        ask(served, client, "GetInstance", InstanceId=text)
    assert caught.value.get_error_code() == "InstanceNotExist"


def test_the_gateway_is_reached_the_same_way(served: Running, client: Any) -> None:
    shown = ask(served, client, "DescribeInstances", InstanceId=GATEWAY)
    assert shown["Instances"]["InstanceAttribute"][0]["Status"] == "RUNNING"


def test_a_wrong_secret_is_refused(served: Running) -> None:
    client = AcsClient(served.keys.access_key_id, "wrong", "cn-hangzhou")
    with pytest.raises(ServerException) as caught:
        ask(served, client, "GetInstance", InstanceId=MQ)
    assert caught.value.get_error_code() in {"SignatureDoesNotMatch", "InvalidAccessKeySecret"}


def test_a_temporary_key_is_taken_with_its_token(served: Running) -> None:
    policy = {"Version": "1", "Statement": [{"Effect": "Allow", "Action": "amqp:GetInstance", "Resource": "*"}]}
    identity = served.cloud.identity
    keys = served.run(lambda: identity.issue(identity.create_role("fn", [policy]), "worker-1"))
    credential = StsTokenCredential(keys.access_key_id, keys.access_key_secret, keys.security_token)
    client = AcsClient(region_id="cn-hangzhou", credential=credential)
    assert ask(served, client, "GetInstance", InstanceId=MQ)["Data"]["InstanceId"] == MQ
    with pytest.raises(ServerException) as caught:
        ask(served, client, "UpdateInstance", InstanceId=MQ, ModifyType="UPGRADE", InstanceType="enterprise")
    assert (caught.value.get_http_status(), caught.value.get_error_code()) == (403, "UnauthorizedOperation")


def test_a_lost_reply_is_a_network_error_and_is_not_repeated(served: Running, client: Any) -> None:
    served.run(lambda: served.cloud.faults.add(Fault(call="ModifyInstanceSpec", do="lost-reply")))
    with pytest.raises(ClientException) as caught:
        ask(served, client, "ModifyInstanceSpec", InstanceId=GATEWAY, InstanceSpec="api.s1.medium", Token="t1")
    assert caught.value.get_error_code() == "SDK.HttpError"
    assert len(served.run(served.cloud.orders.orders)) == 1
    assert len(served.run(served.cloud.door.calls.listed)) == 1
