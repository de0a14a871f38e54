"""Whatever the vendor answers, or who speaks in its place, is a value, or an error that says what to do next."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, timezone
from functools import partial
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
from hypothesis import strategies as st

from tests.aliyun.conftest import aliyun, aliyun_at, pauses, vendor, vendors
from tests.hostile.words import DEEP_JSON, NUMBERS, mutated, put, tried, values
from tidegate.aliyun import answers
from tidegate.aliyun.client import Aliyun
from tidegate.aliyun.codes import AMQP
from tidegate.aliyun.errors import Unanswered, Unreadable, VendorError
from tidegate.aliyun.functions import Answer, failure
from tidegate.aliyun.workflow import Started, Workflow
from tidegate.domain.alertrule import Confirm
from tidegate.domain.measures import Measure, Usage
from tidegate.domain.reading import Billing, Direction, Order, Purchase, Reading
from tidegate.products import product

__all__ = ["aliyun", "aliyun_at", "pauses", "vendor", "vendors"]

NOON = datetime(2026, 3, 2, 12, tzinfo=timezone.utc)
RABBIT, GATEWAY = "amqp-cn-demo0001", "apigateway-cn-demo0001"
ORDER = {
    "OrderId": "234",
    "CreateTime": "2026-03-02T11:59:00Z",
    "PaymentStatus": "Paid",
    "OrderType": "Upgrade",
    "InstanceIDs": f'["{RABBIT}"]',
    "Config": "Module:[MaxTps:5000;MaxConnections:3000]",
    "ProductCode": "ons",
    "Operator": "acs:ram::1:role/x",
}
ITEM = {"ItemTime": "2026-03-02T11:59:00Z", "ItemValue": "12", "Item": "InstanceMaxConnection"}
BODIES: Mapping[str, dict[str, Any]] = {
    "GetInstance": {
        "Data": {
            "InstanceId": RABBIT,
            "Status": "SERVING",
            "OrderType": "PRE_PAID",
            "InstanceType": "ENTERPRISE",
            "MaxTps": 3000,
            "MaxQueue": 200,
            "MaxConnections": 2000,
            "MaxEipTps": 128,
            "SupportEIP": True,
        },
    },
    "DescribeInstances": {
        "Instances": {
            "InstanceAttribute": [
                {
                    "InstanceId": GATEWAY,
                    "InstanceSpec": "api.s1.small",
                    "Status": "RUNNING",
                    "InstanceChargeType": "PrePaid",
                    "InstanceRpsLimit": 2500,
                    "VpcEgressAddress": "100.104.1.0/26",
                }
            ]
        },
    },
    "QueryOrders": {"Data": {"OrderList": {"Order": [ORDER]}, "TotalCount": 1}},
    "GetOrderDetail": {"Data": {"OrderList": {"Order": [ORDER]}}},
    "DescribeMetricLast": {"Datapoints": json.dumps([{"timestamp": 1772452740000, "Value": 7, "instanceId": RABBIT}])},
    "DescribeMetricList": {"Datapoints": [{"timestamp": 1772452740000, "Maximum": 7, "instanceId": RABBIT}]},
    "GetMetadataAmount": {"Data": {"CurrentQueues": 120}},
    "DescribeInstanceQps": {"InstanceQps": {"MonitorItem": [ITEM]}},
    "DescribeInstanceSlbConnect": {
        "InstanceSlbConnect": {"MonitorItem": [ITEM, {**ITEM, "Item": "InstanceActiveConnection"}]}
    },
    "UpdateInstance": {"Data": {"OrderId": 234}, "Code": "200", "Success": "true"},
    "ModifyInstanceSpec": {},
    "StartExecution": {"Name": "n", "Input": '{"operation": 1}'},
}
CALLS: Mapping[str, tuple[str, ...]] = {
    "rabbitmq": (
        "GetInstance",
        "QueryOrders",
        "GetOrderDetail",
        "DescribeMetricLast",
        "DescribeMetricList",
        "GetMetadataAmount",
        "UpdateInstance",
    ),
    "apigateway": (
        "DescribeInstances",
        "QueryOrders",
        "GetOrderDetail",
        "DescribeInstanceQps",
        "DescribeInstanceSlbConnect",
        "ModifyInstanceSpec",
    ),
}


class Told:
    """A client whose vendor answers as told, byte for byte; everything behind the wire is the real thing."""

    region = "cn-hangzhou"

    def __init__(self) -> None:
        self.over: dict[str, bytes] = {}

    def call(self, product: str, action: str, _parameters: Any, *, read: bool) -> answers.Body:
        """Understand what was told as the client does."""
        raw = self.over.get(action, json.dumps({"RequestId": "R-1", **BODIES[action]}).encode())
        return answers.understand(raw, product, read=read, redact=lambda text: text)


def ask_all(told: Told, name: str) -> None:
    """Ask a product everything that is asked of one. Whatever is told, it is a value or a VendorError."""
    one = product(name, told, now=lambda: NOON)  # type: ignore[arg-type]
    instance, spec = (
        (RABBIT, {"MaxPrivateTps": 5000}) if name == "rabbitmq" else (GATEWAY, {"InstanceSpec": "api.s1.medium"})
    )
    metric = "InstanceTps" if name == "rabbitmq" else "qps"
    confirm = Confirm.model_validate({"metric": metric, "above": 5, "statistic": "Maximum"})
    purchase = Purchase(instance, spec, Direction.UP, Billing.SUBSCRIPTION, "enterprise", "t-1")
    asked: tuple[tuple[Callable[[], Any], type | tuple[type, ...]], ...] = (
        (lambda: one.read(instance), Reading),
        (lambda: one.order("234"), (Order, type(None))),
        (lambda: one.orders_since(NOON - timedelta(hours=1), NOON), list),
        (lambda: one.measure(instance, confirm), Measure),
        (
            lambda: one.usage(
                instance, {"QueueCapacity": 200, "MaxConnections": 9, "MaxPrivateTps": 9, **spec}, timedelta(minutes=9)
            ),
            Usage,
        ),
        (lambda: one.submit(purchase), str),
    )
    for ask, kind in asked:
        found = tried(ask, VendorError)
        assert found.code if isinstance(found, VendorError) else isinstance(found, kind), found


@pytest.mark.parametrize("name", CALLS)
def test_any_part_of_any_reply_may_be_anything(name: str, tries: Any) -> None:
    replies = [mutated({"RequestId": "R-1", **BODIES[action]}).map(partial(pair, action)) for action in CALLS[name]]

    def check(reply: tuple[str, Any]) -> None:
        told = Told()
        told.over[reply[0]] = json.dumps(reply[1]).encode()
        ask_all(told, name)

    tries(150, check, reply=st.one_of(replies))


@pytest.mark.parametrize(
    "value", [None, [], {}, "x", "", True, -1, 1e400, float("nan"), 10**400, "9" * 5000, [[]], [{}]]
)
@pytest.mark.parametrize("name", CALLS)
def test_every_field_of_every_reply_may_be_of_another_kind(name: str, value: Any) -> None:
    for action in CALLS[name]:
        for path in fields_of(BODIES[action]):
            told = Told()
            told.over[action] = json.dumps(put({"RequestId": "R-1", **BODIES[action]}, path, value)).encode()
            ask_all(told, name)


def pair(action: str, body: Any) -> tuple[str, Any]:
    """A reply and what it answers."""
    return action, body


JUNK: Mapping[str, bytes] = {
    **{f"deep {number}": raw for number, raw in enumerate(DEEP_JSON)},
    **{f"number {raw[:9]!r}": b'{"RequestId": "R", "Data": ' + raw + b"}" for raw in NUMBERS},
    "html": b"<html><body>502 Bad Gateway</body></html>" * 1000,
    "gbk": '{"RequestId": "R", "Message": "\u4e2d"}'.encode("gbk") + "中".encode("gbk"),
    "utf-16": '{"RequestId": "R"}'.encode("utf-16"),
    "zeros": b"\0" * 100_000,
    "half": b'{"RequestId": "R", "Data": {"Inst',
    "twice": b'{"RequestId": "R"}{"RequestId": "R"}',
    "a list": b"[" + b"{}," * 50_000 + b"{}]",
}


@pytest.mark.parametrize("junk", JUNK)
@pytest.mark.parametrize("name", CALLS)
def test_junk_in_the_place_of_any_reply_costs_no_time(name: str, junk: str, soon: Any) -> None:
    for action in CALLS[name]:
        told = Told()
        told.over[action] = JUNK[junk]
        with soon():
            ask_all(told, name)


@pytest.mark.parametrize(
    "text", ["A" * 50_000, "Aa:" * 10_000, "[" * 20_000, '{"a":' * 5_000, "." * 20_000, "9" * 20_000, '"' * 9_999]
)
def test_a_text_of_any_length_in_any_field_costs_no_time_and_fills_no_record(text: str, soon: Any) -> None:
    for name, actions in CALLS.items():
        for action in actions:
            for path in fields_of(BODIES[action]):
                told = Told()
                told.over[action] = json.dumps(put({"RequestId": "R-1", **BODIES[action]}, path, text)).encode()
                with soon():
                    ask_all(told, name)


def fields_of(body: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every field that holds no other."""
    parts = body.items() if isinstance(body, dict) else enumerate(body) if isinstance(body, list) else None
    return [path] if parts is None else [found for key, part in parts for found in fields_of(part, (*path, key))]


def test_what_an_error_and_a_reading_hold_of_a_reply_can_be_kept_in_a_record() -> None:
    long = "x" * 1_000_000
    told = Told()
    told.over["GetInstance"] = json.dumps(
        put({"RequestId": "R", **BODIES["GetInstance"]}, ("Data", "Status"), long)
    ).encode()
    reading = product("rabbitmq", told, now=lambda: NOON).read(RABBIT)  # type: ignore[arg-type]
    assert len(reading.status) <= 100
    told.over["GetInstance"] = json.dumps({"RequestId": long, "Code": long, "Message": long, "Success": False}).encode()
    with pytest.raises(VendorError) as caught:
        product("rabbitmq", told, now=lambda: NOON).read(RABBIT)  # type: ignore[arg-type]
    assert len(str(caught.value)) < 3_000


def test_any_answer_to_a_start_says_whether_it_runs(tries: Any) -> None:
    def check(body: Any) -> None:
        told = Told()
        told.over["StartExecution"] = json.dumps(body).encode()
        workflow = Workflow(told, "f")  # type: ignore[arg-type]
        assert isinstance(tried(lambda: workflow.start("n", {"operation": 1}), VendorError), (Started, VendorError))

    tries(100, check, body=st.one_of(values, mutated({"RequestId": "R", **BODIES["StartExecution"]})))


def test_any_failure_of_a_function_is_told_in_few_words(tries: Any, soon: Any) -> None:
    good = {"errorType": "X", "errorMessage": "y", "ErrorCode": "C", "stackTrace": []}

    def check(body: Any) -> None:
        assert len(str(failure(Answer(500, json.dumps(body).encode()), str))) < 1_000

    tries(150, check, body=st.one_of(values, mutated(good)))
    for junk in (*JUNK.values(), json.dumps({"errorType": "x" * 100_000}).encode()):
        with soon():
            assert len(str(failure(Answer(500, junk), str))) < 1_000


# Over the wire: the SDK and its HTTP client are between us and whoever answers.


def encoded(raw: bytes, coding: str, kind: str, length: int | None = None) -> Callable[[BaseHTTPRequestHandler], None]:
    """An answer in some encoding, true or not."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", kind)
        handler.send_header("Content-Encoding", coding)
        handler.send_header("Content-Length", str(len(raw) if length is None else length))
        handler.end_headers()
        handler.wfile.write(raw)
        handler.close_connection = True

    return answer


GOOD = json.dumps({"RequestId": "R", **BODIES["UpdateInstance"]}).encode()
WIRE: Mapping[str, Callable[[BaseHTTPRequestHandler], None]] = {
    "a bomb": encoded(gzip.compress(b" " * 20_000_000), "gzip", "application/json"),
    "no gzip at all": encoded(GOOD, "gzip", "application/json"),
    "half a gzip": encoded(gzip.compress(GOOD)[:-20], "gzip", "application/json"),
    "an unknown coding": encoded(b"\x28\xb5\x2f\xfd", "zstd, br, x", "application/json"),
    "a charset that is none": encoded(b"\xff\xfe\xfd", "identity", "application/json; charset=nonsense"),
    "a charset that is a codec": encoded(b"QUJD", "identity", "application/json; charset=base64"),
    "more than it says": encoded(GOOD + GOOD, "identity", "application/json", len(GOOD) + 9),
    "less than it says": encoded(GOOD[:-1], "identity", "application/json", len(GOOD) + 10_000),
    "deep": encoded(DEEP_JSON[0], "identity", "application/json"),
}


@pytest.mark.parametrize("how", WIRE)
def test_an_order_that_is_answered_in_a_strange_way_is_in_doubt_and_a_read_unreadable(
    vendor: Any, aliyun: Aliyun, how: str, soon: Any
) -> None:
    vendor.answers.append(WIRE[how])
    with soon(), pytest.raises(Unanswered):
        aliyun.call(AMQP, "UpdateInstance", {"InstanceId": RABBIT}, read=False)
    assert len(vendor.seen) == 1
    with pytest.raises(Unreadable):
        aliyun.call(AMQP, "GetInstance", {"InstanceId": RABBIT}, read=True)
