"""One call: how it is sent, and what each answer means for an order and for a read."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from tidegate.aliyun.client import Aliyun
from tidegate.aliyun.errors import (
    Busy,
    Missing,
    NeedsPerson,
    Refused,
    Throttled,
    Unanswered,
    Unreadable,
    VendorError,
)

AMQP_OK = {"RequestId": "R-1", "Code": 200, "Message": "InstanceNotExist", "Success": "true", "StatusCode": "200"}
HTML = b"<html><body><h1>502 Bad Gateway</h1></body></html>"


def order(aliyun: Aliyun) -> Any:
    return aliyun.call("amqp-open", "UpdateInstance", {"InstanceId": "amqp-cn-1", "SupportEip": True}, read=False)


def read(aliyun: Aliyun) -> Any:
    return aliyun.call("amqp-open", "GetInstance", {"InstanceId": "amqp-cn-1"}, read=True)


FAILURES: list[tuple[str, Callable[[Any], None], type[VendorError], type[VendorError]]] = [
    ("reset", lambda vendor: vendor.resets(), Unanswered, Unreadable),
    ("half an answer", lambda vendor: vendor.breaks_off(), Unanswered, Unreadable),
    ("HTML 502", lambda vendor: vendor.says(502, HTML, "text/html"), Unanswered, Unreadable),
    ("HTML 403", lambda vendor: vendor.says(403, HTML, "text/html"), Unanswered, Unreadable),
    ("HTML 200", lambda vendor: vendor.says(200, HTML, "text/html"), Unanswered, Unreadable),
    ("HTML in GBK", lambda vendor: vendor.says(502, "网关错误".encode("gbk"), "text/html"), Unanswered, Unreadable),
    ("a JSON number", lambda vendor: vendor.says(502, 5), Unanswered, Unreadable),
    ("a JSON list", lambda vendor: vendor.says(200, []), Unanswered, Unreadable),
    ("a redirection", lambda vendor: vendor.says(302, {}), Unanswered, Unreadable),
    ("500", lambda vendor: vendor.refuses(500, "InternalError"), Unanswered, Unreadable),
    ("503", lambda vendor: vendor.refuses(503, "ServiceUnavailable"), Unanswered, Unreadable),
    ("RepeatedCommit", lambda vendor: vendor.refuses(400, "RepeatedCommit"), Unanswered, Unreadable),
    ("no change", lambda vendor: vendor.refuses(400, "UpDowngradeConfigNoChange"), Unanswered, Unreadable),
    ("no colon", lambda vendor: vendor.refuses(400, "SignatureDoesNotMatch", "no colon"), Unanswered, Unreadable),
    ("bad signature", lambda vendor: vendor.refuses(400, "SignatureDoesNotMatch", "is:x"), NeedsPerson, NeedsPerson),
    ("403", lambda vendor: vendor.refuses(403, "UnauthorizedOperation"), NeedsPerson, NeedsPerson),
    ("money", lambda vendor: vendor.refuses(400, "INSUFFICIENT_AVAILABLE_QUOTA"), NeedsPerson, NeedsPerson),
    ("404", lambda vendor: vendor.refuses(404, "InstanceNotExist"), Missing, Missing),
    ("unknown 4xx", lambda vendor: vendor.refuses(400, "NobodyDocumentedThis"), Refused, Refused),
    ("throttled", lambda vendor: vendor.refuses(429, "Throttling.Api"), Throttled, Throttled),
    ("migrating", lambda vendor: vendor.refuses(400, "instanceUpgradeOrDownGradeTopicMigrating"), Busy, Busy),
    ("200 PARAM_ERRPR", lambda vendor: vendor.says(200, {"Code": "PARAM_ERRPR", "Success": "false"}), Refused, Refused),
    ("200 unknown", lambda vendor: vendor.says(200, {"Code": "What", "Success": False}), Unanswered, Unreadable),
    ("200 only false", lambda vendor: vendor.says(200, {"Success": "false", "RequestId": "R"}), Unanswered, Unreadable),
    (
        "200 no money",
        lambda vendor: vendor.says(200, {"Code": "INSUFFICIENT.AVAILABLE.QUOTA", "Success": False}),
        NeedsPerson,
        NeedsPerson,
    ),
]
failures = pytest.mark.parametrize(
    ("tell", "for_order", "for_read"), [row[1:] for row in FAILURES], ids=[row[0] for row in FAILURES]
)


@failures
def test_an_order_is_sent_exactly_once_whatever_happens_to_it(
    vendor: Any, aliyun: Aliyun, tell: Callable[[Any], None], for_order: type, for_read: type
) -> None:
    tell(vendor)
    with pytest.raises(VendorError) as caught:
        order(aliyun)
    assert type(caught.value) is for_order
    assert len(vendor.seen) == 1


@failures
def test_a_read_fails_without_doubt_and_only_what_passes_is_asked_again(
    vendor: Any, aliyun: Aliyun, tell: Callable[[Any], None], for_order: type, for_read: type
) -> None:
    tell(vendor)
    with pytest.raises(VendorError) as caught:
        read(aliyun)
    assert type(caught.value) is for_read
    assert (len(vendor.seen) > 1) is (for_read in (Unreadable, Throttled, Busy))


def test_an_order_that_nobody_answers_in_time_is_in_doubt(vendor: Any, aliyun_at: Callable[..., Aliyun]) -> None:
    vendor.hangs()
    with pytest.raises(Unanswered) as caught:
        order(aliyun_at(vendor.endpoint, read_s=0.2))
    assert caught.value.code == "SDK.HttpError"
    assert len(vendor.seen) == 1


def test_an_order_to_a_closed_port_is_in_doubt_too(vendor: Any, aliyun_at: Callable[..., Aliyun]) -> None:
    """The SDK tells no refused connection from a dropped one, so neither do we."""
    with pytest.raises(Unanswered):
        order(aliyun_at("127.0.0.1:1"))


def test_an_error_keeps_code_message_request_id_status_and_cause(vendor: Any, aliyun: Aliyun) -> None:
    vendor.refuses(403, "UnauthorizedOperation", "not for you")
    with pytest.raises(NeedsPerson) as caught:
        order(aliyun)
    error = caught.value
    assert (error.code, error.message, error.request_id, error.status) == (
        "UnauthorizedOperation",
        "not for you",
        "R-1",
        403,
    )
    assert str(error) == "UnauthorizedOperation: not for you (request R-1)"
    assert "grant" in error.advice
    assert type(error.__cause__).__name__ == "ServerException"


def test_a_success_whose_message_speaks_of_an_error_is_a_success(vendor: Any, aliyun: Aliyun) -> None:
    vendor.says(200, AMQP_OK)
    assert order(aliyun)["Code"] == 200


@pytest.mark.parametrize(
    "body",
    [
        {**AMQP_OK, "Success": "false"},
        {**AMQP_OK, "Code": "InvalidParameter"},
        {"Code": 200, "Success": "true"},
        {},
        {"status": "ok"},
    ],
)
def test_an_order_with_contradictory_or_no_signs_of_success_is_in_doubt(
    vendor: Any, aliyun: Aliyun, body: dict[str, Any]
) -> None:
    vendor.says(200, body)
    with pytest.raises(Unanswered):
        order(aliyun)


@pytest.mark.parametrize(
    "body",
    [
        {"RequestId": "R", "Data": {}},
        {"Code": "Success", "Success": True},
        {"Code": "200", "Success": True},
        {"Code": "InvalidConfigCod", "Success": True},
        {"Success": "true"},
    ],
)
def test_a_read_is_taken_when_any_sign_says_yes_or_none_is_there(
    vendor: Any, aliyun: Aliyun, body: dict[str, Any]
) -> None:
    vendor.says(200, body)
    assert read(aliyun) == body


def test_parameters_are_spelled_as_the_documents_do_and_signed(vendor: Any, aliyun: Aliyun) -> None:
    vendor.says(200, AMQP_OK)
    aliyun.call("amqp-open", "UpdateInstance", {"MaxPrivateTps": 3000, "SupportEip": False}, read=False)
    (seen,) = vendor.seen
    assert seen.method == "POST"
    assert seen.query["MaxPrivateTps"] == "3000"
    assert seen.query["SupportEip"] == "false"
    assert (seen.query["Action"], seen.query["Version"]) == ("UpdateInstance", "2019-12-12")
    assert seen.query["Signature"]
    assert "SecurityToken" not in seen.query


def test_a_flows_input_travels_in_the_body(vendor: Any, aliyun: Aliyun) -> None:
    vendor.says(200, {"RequestId": "R"})
    aliyun.call("fnf", "StartExecution", {"FlowName": "resize", "Input": "{}"}, read=True)
    assert vendor.seen[0].form == {"FlowName": "resize", "Input": "{}"}


def test_a_temporary_key_brings_its_token_whatever_the_environment_holds(
    vendor: Any, aliyun_at: Callable[..., Aliyun], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALIYUN_ACCESS_KEY_ID", "somebody-else")
    monkeypatch.setenv("ALIYUN_ACCESS_KEY_SECRET", "somebody-else")
    vendor.says(200, {"RequestId": "R"})
    read(aliyun_at(vendor.endpoint, security_token="CAIS"))
    assert (vendor.seen[0].query["AccessKeyId"], vendor.seen[0].query["SecurityToken"]) == ("LTAI-example", "CAIS")


def test_a_proxy_of_the_environment_is_not_asked_for_this_machines_loopback(
    vendor: Any, aliyun: Aliyun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    vendor.says(200, {"RequestId": "R"})
    assert read(aliyun)


def test_an_order_never_goes_over_a_connection_kept_from_before(vendor: Any, aliyun: Aliyun) -> None:
    """A frozen function instance wakes with dead connections; one of them would put an order in doubt."""
    vendor.says(200, AMQP_OK)
    read(aliyun)
    read(aliyun)
    order(aliyun)
    first, second, third = (seen.from_port for seen in vendor.seen)
    assert first == second != third


def test_billing_is_asked_at_the_other_site_once_and_stays_there(
    vendors: Callable[[], Any], aliyun_at: Callable[..., Aliyun]
) -> None:
    china, international = vendors(), vendors()
    china.refuses(400, "NotApplicable")
    international.says(200, {"Code": "Success", "Success": True})
    aliyun = aliyun_at(f"{china.endpoint},{international.endpoint}")
    for _ in range(2):
        aliyun.call("BssOpenApi", "QueryOrders", {}, read=True)
    assert (len(china.seen), len(international.seen)) == (1, 2)


def test_an_account_of_neither_site_needs_a_person(
    vendors: Callable[[], Any], aliyun_at: Callable[..., Aliyun]
) -> None:
    china, international = vendors(), vendors()
    china.refuses(400, "NotApplicable")
    international.refuses(400, "NotApplicable")
    with pytest.raises(NeedsPerson, match="NotApplicable") as caught:
        aliyun_at(f"{china.endpoint},{international.endpoint}").call("BssOpenApi", "QueryOrders", {}, read=True)
    assert "billing endpoint" in caught.value.advice
    assert (len(china.seen), len(international.seen)) == (1, 1)


def test_the_sdk_is_not_loaded_before_the_first_call() -> None:
    code = "import sys, tidegate.aliyun.client, tidegate.products; sys.exit('aliyunsdkcore' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
