from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from localcloud.identity import Keys
from localcloud.rpc.operation import ApiError, Caller, Operation, Parameter, RpcProduct
from localcloud.rpc.signing import acs3_string_to_sign, sign_acs3
from localcloud.wire import Call

MQ = "amqp-cn-demo0001"


def body(reply: Any) -> dict[str, Any]:
    """Read a reply."""
    return {"status": reply.status, **json.loads(reply.body)}


def acs3(sim: Any, at: str = "2026-03-02T12:00:00Z", **changes: Any) -> Call:
    """Sign a call the newer way."""
    headers = {
        "host": "127.0.0.1",
        "x-acs-action": "GetInstance",
        "x-acs-version": "2019-12-12",
        "x-acs-date": at,
        "x-acs-signature-nonce": base64.b64encode(at.encode()).decode(),
        "x-acs-content-sha256": hashlib.sha256(b"").hexdigest(),
    }
    signed = sorted(headers)
    call = Call("GET", "/", (("InstanceId", MQ),), headers, b"", f"/?InstanceId={MQ}")
    signature = sign_acs3(sim.cloud.keys.access_key_secret, acs3_string_to_sign(call, signed))
    credential = f"Credential={sim.cloud.keys.access_key_id},SignedHeaders={';'.join(signed)},Signature={signature}"
    headers["authorization"] = f"ACS3-HMAC-SHA256 {credential}"
    headers.update(changes.pop("headers", {}))
    return replace(call, headers=headers, **changes)


def test_an_error_comes_in_the_vendors_envelope(sim: Any) -> None:
    reply = sim.ask("GetInstance", InstanceId="amqp-cn-other")
    assert set(reply) == {"status", "RequestId", "HostId", "Code", "Message", "Recommend"}


def test_every_reply_has_a_request_id_of_its_own(sim: Any) -> None:
    assert sim.ask("GetInstance", InstanceId=MQ)["RequestId"] != sim.ask("GetInstance", InstanceId=MQ)["RequestId"]


@pytest.mark.parametrize(
    ("action", "extra", "status", "code"),
    [
        ("DeleteEverything", {}, 404, "InvalidAction.NotFound"),
        ("GetInstance", {"Version": "1999-01-01"}, 400, "InvalidVersion"),
        ("GetInstance", {"method": "POST"}, 400, "UnsupportedHTTPMethod"),
        ("UpdateInstance", {"method": "GET"}, 400, "UnsupportedHTTPMethod"),
        ("GetInstance", {"SignatureMethod": "HMAC-MD5"}, 400, "InvalidParameter.SignatureMethod"),
        ("GetInstance", {"Timestamp": "noon"}, 400, "InvalidTimeStamp.Format"),
        ("GetInstance", {"SignatureNonce": ""}, 400, "IncompleteSignature"),
    ],
)
def test_what_the_door_does_not_know_is_refused(
    sim: Any, action: str, extra: dict[str, Any], status: int, code: str
) -> None:
    reply = sim.ask(action, InstanceId=MQ, **extra)
    assert (reply["status"], reply["Code"]) == (status, code)


def test_parameters_are_taken_from_the_form_too(sim: Any) -> None:
    call = sim.call(
        "UpdateInstance", InstanceId=MQ, ModifyType="UPGRADE", InstanceType="enterprise", MaxPrivateTps=8000
    )
    form = "&".join(f"{name}={value}" for name, value in call.query if name in {"InstanceId", "MaxPrivateTps"})
    query = tuple(pair for pair in call.query if pair[0] not in {"InstanceId", "MaxPrivateTps"})
    headers = {"content-type": "application/x-www-form-urlencoded"}
    reply = body(sim.cloud.door.answer(replace(call, query=query, headers=headers, body=form.encode())))
    assert reply["Code"] == 200


def test_a_wrong_secret_is_refused(sim: Any) -> None:
    keys = Keys(sim.cloud.keys.access_key_id, "wrong")
    reply = sim.ask("GetInstance", keys=keys, InstanceId=MQ)
    assert (reply["status"], reply["Code"]) == (400, "SignatureDoesNotMatch")
    assert "wrong" not in reply["Message"]


def test_an_unknown_key_is_refused(sim: Any) -> None:
    reply = sim.ask("GetInstance", keys=Keys("LTAI-nobody", "wrong"), InstanceId=MQ)
    assert (reply["status"], reply["Code"]) == (400, "InvalidAccessKeyId.NotFound")


def test_a_parameter_that_was_not_signed_is_refused(sim: Any) -> None:
    call = sim.call("GetInstance", InstanceId=MQ)
    tampered = replace(call, query=(*call.query, ("Colour", "red")))
    assert body(sim.cloud.door.answer(tampered))["Code"] == "SignatureDoesNotMatch"


def test_a_nonce_counts_once(sim: Any) -> None:
    call = sim.call("GetInstance", InstanceId=MQ)
    assert sim.cloud.door.answer(call).status == 200
    assert body(sim.cloud.door.answer(call))["Code"] == "SignatureNonceUsed"


def test_a_stamp_may_be_of_simulated_time_or_of_the_machines(simulate: Callable[..., Any]) -> None:
    sim = simulate()
    early = sim.call("GetInstance", InstanceId=MQ)
    sim.advance(minutes=15)
    assert sim.cloud.door.answer(early).status == 200
    late = sim.call("GetInstance", InstanceId=MQ)
    sim.advance(minutes=15, seconds=1)
    assert body(sim.cloud.door.answer(late))["Code"] == "InvalidTimeStamp.Expired"


def test_the_newer_signature_is_verified(sim: Any) -> None:
    assert body(sim.cloud.door.answer(acs3(sim)))["Data"]["InstanceId"] == MQ


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"query": (("InstanceId", "other"),)}, "SignatureDoesNotMatch"),
        ({"headers": {"x-acs-signature-nonce": "other"}}, "SignatureDoesNotMatch"),
        ({"body": b"more"}, "InvalidContentSha256"),
        ({"headers": {"authorization": "Basic abc"}}, "IncompleteSignature"),
        ({"method": "POST"}, "UnsupportedHTTPMethod"),
    ],
)
def test_a_tampered_newer_signature_is_refused(sim: Any, changes: dict[str, Any], code: str) -> None:
    assert body(sim.cloud.door.answer(acs3(sim, **changes)))["Code"] == code


def test_an_old_newer_signature_is_refused(sim: Any) -> None:
    call = acs3(sim, at="2026-03-02T11:44:00Z")
    assert body(sim.cloud.door.answer(call))["Code"] == "InvalidTimeStamp.Expired"


@pytest.mark.parametrize(
    ("action", "parameters", "code"),
    [
        ("GetInstance", {"InstanceId": MQ}, "UnauthorizedOperation"),
        ("DescribeInstances", {}, "Forbidden.RAM"),
        ("QueryOrders", {}, "NotAuthorized"),
    ],
)
def test_a_role_may_do_only_what_its_policy_grants(
    sim: Any, action: str, parameters: dict[str, str], code: str
) -> None:
    granted = {"GetInstance": "amqp:GetInstance", "DescribeInstances": "apigateway:Describe*", "QueryOrders": "bss:*"}
    keys = {}
    for name, what in (("none", "oss:*"), ("some", granted[action])):
        policy = {"Version": "1", "Statement": [{"Effect": "Allow", "Action": what, "Resource": "*"}]}
        keys[name] = sim.cloud.identity.issue(sim.cloud.identity.create_role(name, [policy]), "worker-1")
    refused = sim.ask(action, keys=keys["none"], **parameters)
    assert (refused["status"], refused["Code"]) == (403, code)
    assert sim.ask(action, keys=keys["some"], **parameters)["status"] == 200


def test_a_policy_can_be_scoped_to_one_instance(sim: Any) -> None:
    arn = f"acs:amqp:cn-hangzhou:*:/instances/{MQ}"
    statement = {"Effect": "Allow", "Action": ["amqp:UpdateInstance"], "Resource": [arn]}
    keys = sim.cloud.identity.create_user("ci", [{"Version": "1", "Statement": [statement]}])
    assert sim.upgrade(keys=keys)["Code"] == 200
    assert sim.upgrade(keys=keys, InstanceId="amqp-cn-other")["Code"] == "UnauthorizedOperation"
    assert sim.orders()[0]["OrderId"]


def test_another_product_can_be_let_in_with_its_own_words(sim: Any) -> None:
    def run(parameters: Any, caller: Caller) -> dict[str, Any]:
        if parameters["Tag"] != {"1.Key": "a"}:
            raise ApiError("InvalidArgument", "Tag")
        return {"Said": caller.principal}

    operation = Operation(run, lambda _: ("fnf:CreateFlow", "*"), {"Tag": Parameter("array")}, ("POST",), quota=1)
    sim.cloud.door.add(RpcProduct("fnf", "2019-03-15", {"CreateFlow": operation}, missing_code="MissingRequiredParams"))
    ask = {"Version": "2019-03-15", "method": "POST", "Tag.1.Key": "a"}
    assert sim.ask("CreateFlow", **ask)["Said"] == "acs:ram::1234567890123456:root"
    throttled = sim.ask("CreateFlow", **ask)
    assert (throttled["status"], throttled["Code"]) == (429, "ResourceThrottled")
    wrong = sim.ask("CreateFlow", keys=Keys(sim.cloud.keys.access_key_id, "x"), **ask)
    assert (wrong["status"], wrong["Code"]) == (403, "SignatureNotMatch")
    assert sim.ask("StartFlow", **ask)["Code"] == "ActionNotSupported"


def test_the_call_log_says_who_did_what_and_holds_no_secret(sim: Any) -> None:
    sim.upgrade()
    sim.upgrade(MaxPrivateTps=1)
    calls = sim.console("GET", "calls")["calls"]
    assert [(call["action"], call["instance"], call["outcome"]) for call in calls] == [
        ("UpdateInstance", MQ, "ok"),
        ("UpdateInstance", MQ, "ok"),
    ]
    assert sim.cloud.keys.access_key_secret not in json.dumps(calls)


def test_a_security_token_must_be_right_and_ends(sim: Any) -> None:
    policy = {"Version": "1", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    role = sim.cloud.identity.create_role("all", [policy])
    keys = sim.cloud.identity.issue(role, "worker-1", timedelta(hours=1))
    assert sim.ask("GetInstance", keys=keys, InstanceId=MQ)["status"] == 200
    forged = replace(keys, security_token="CAISforged")
    assert sim.ask("GetInstance", keys=forged, InstanceId=MQ)["Code"] == "InvalidSecurityToken.Malformed"
    sim.advance(hours=1)
    assert sim.ask("GetInstance", keys=keys, InstanceId=MQ)["Code"] == "InvalidSecurityToken.Expired"
