"""The stand-in for the vendor, on loopback: whatever comes in is answered with a clear 4xx, and the cloud goes on."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import socket
import zipfile
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import strategies as st

from localcloud.fc.function import Ref
from localcloud.oss.answers import OssError
from localcloud.oss.signing import read_v1
from localcloud.oss.target import target_of
from localcloud.project.compose import Whole, compose
from localcloud.rpc.signing import TIME_FORM, acs3_string_to_sign, sign_acs3
from localcloud.server import Running, running
from localcloud.wire import Call, Reply
from tests.hostile.words import DEEP_JSON, NUMBERS, TRICKS, leaves, mutated

MQ, GATEWAY = "amqp-cn-demo0001", "apigateway-cn-demo0001"
NONCES = count()
XML_BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "aaaaaaaaaa">'
    + b"".join(b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(9))
    + b"]><Delete><Object><Key>&j;</Key></Object></Delete>"
)
FUNCTION = {
    "functionName": "f",
    "runtime": "python3.10",
    "handler": "a.b",
    "timeout": 5,
    "memorySize": 256,
    "cpu": 0.25,
    "environmentVariables": {"A": "b"},
    "logConfig": {"project": "p"},
    "instanceLifecycleConfig": {"initializer": {"handler": "a.c", "timeout": 3}},
    "code": {"zipFile": "UEsFBgAAAAAAAAAAAAAAAAAAAAAAAA=="},
}
TRIGGERS: dict[str, Any] = {
    "timer": {"cronExpression": "@every 9m", "enable": False, "payload": "x"},
    "http": {"authType": "anonymous", "methods": ["GET"]},
    "mns_topic": {"notifyContentFormat": "JSON", "notifyStrategy": "BACKOFF_RETRY", "filterTag": "a"},
    "eventbridge": {
        "triggerEnable": False,
        "eventRuleFilterPattern": "{}",
        "eventSourceConfig": {"eventSourceType": "Default"},
        "eventSinkConfig": {"deliveryOption": {"eventSchema": "CloudEvents"}},
        "runOptions": {"mode": "event-driven"},
    },
}


class Place:
    """A whole cloud, and signed calls to each of its doors."""

    def __init__(self, server: Running, whole: Whole) -> None:
        self.server, self.whole, self.cloud = server, whole, server.cloud

    def asks(self, call: Call, door: str) -> Reply:
        """Let a call come in, past the wire; whatever it raises is the test's failure."""
        doors: dict[str, Callable[[], Reply]] = {
            "console": lambda: self.cloud.console.answer(call),
            "rpc": lambda: self.cloud.door.answer(call),
            "oss": lambda: self.whole.oss.answer(call),
        }
        reply = self.server.submit(self.whole.fc.answer(call)) if door == "fc" else self.server.run(doors[door])
        # 501 is what OSS itself says of what it does not offer.
        assert reply.status < 500 or (door, reply.status) == ("oss", 501), (call, reply)
        return reply

    def rpc(self, version: str, action: str, **parameters: Any) -> Reply:
        """Call a product, signed."""
        query = tuple(sorted((name, str(value)) for name, value in parameters.items()))
        headers = {"x-acs-action": action, "x-acs-version": version}
        return self.asks(self.signed("GET", "/", b"", query, **headers), "rpc")

    def fc(self, method: str, path: str, body: bytes = b"", **query: str) -> Reply:
        """Call Function Compute's newer API, signed."""
        return self.asks(self.signed(method, f"/2023-03-30/{path}", body, tuple(query.items())), "fc")

    def signed(self, method: str, path: str, body: bytes, query: tuple[tuple[str, str], ...], **over: str) -> Call:
        """Sign a call as the newer SDKs do, whatever is in it."""
        keys = self.cloud.keys
        headers = {
            "x-acs-date": self.cloud.clock.now().strftime(TIME_FORM),
            "x-acs-signature-nonce": f"n{next(NONCES)}",
            "x-acs-content-sha256": hashlib.sha256(body).hexdigest(),
            **over,
        }
        call = Call(method, path, query, headers, body, quote(path))
        names = sorted(headers)
        signature = sign_acs3(keys.access_key_secret, acs3_string_to_sign(call, names))
        claim = f"Credential={keys.access_key_id},SignedHeaders={';'.join(names)},Signature={signature}"
        headers["authorization"] = f"ACS3-HMAC-SHA256 {claim}"
        return call

    def oss(self, method: str, path: str, body: bytes = b"", headers: Any = (), **query: str) -> Reply:
        """Call OSS, signed as the older SDK does."""
        date = self.cloud.clock.now().strftime("%a, %d %b %Y %H:%M:%S GMT")
        call = Call(method, path, tuple(query.items()), {"host": "127.0.0.1", "date": date, **dict(headers)}, body)
        try:
            claim = read_v1(target_of(call), f"OSS {self.cloud.keys.access_key_id}:")
        except OssError:
            return self.asks(call, "oss")
        signature = claim.sign(self.cloud.keys.access_key_secret)
        signed = {**call.headers, "authorization": f"OSS {claim.access_key_id}:{signature}"}
        return self.asks(Call(method, path, call.query, signed, body), "oss")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A cloud with every part; its clock stands still."""
    made: list[Whole] = []
    world = {
        "instances": [{"product": "rabbitmq", "instance_id": MQ}, {"product": "apigateway", "instance_id": GATEWAY}]
    }
    workdir = tmp_path_factory.mktemp("work")
    with running(world, attach=lambda cloud: made.append(compose(cloud, workdir)), speed=0) as server:
        opened = Place(server, made[0])
        server.run(lambda: made[0].oss.create_bucket("b-1"))
        yield opened


@pytest.fixture(autouse=True)
def goes_on(place: Place) -> Iterator[None]:
    """After every test the cloud answers as before, and its clock can be told."""
    yield
    for path in ("clock", "balance", "instances", "orders", "faults"):
        assert place.asks(Call("GET", f"/_console/{path}"), "console").status == 200
    assert place.rpc("2019-12-12", "GetInstance", InstanceId=MQ, RegionId="cn-hangzhou").status == 200
    assert place.fc("GET", "functions").status == 200


ROUTES = [
    *(f"instances/{name}/{what}" for name in (MQ, GATEWAY, "x") for what in ("switch", "resize", "usage")),
    *(
        "clock/advance",
        "clock/speed",
        "orders/1/pay",
        "orders/1/cancel",
        "top-up",
        "messages/x",
        "kill/x",
        "faults",
        "x",
    ),
]
FORM = {
    "seconds": 1,
    "speed": 0,
    "spec": {"MaxPrivateTps": 5000},
    "by": "li",
    "tps": 1,
    "queues": 1,
    "amount": "1",
    "call": "nothing",
    "do": "hang",
    "times": 1,
    "chance": 1,
    "seed": 0,
    "instance": "*",
    "from": None,
    "age": "1m",
}


def test_the_console_takes_nothing_that_it_cannot_live_with(place: Place, tries: Any) -> None:
    def check(method: str, route: str, body: bytes) -> None:
        place.asks(Call(method, f"/_console/{route}", body=body), "console")
        place.asks(Call("GET", "/_console/clock"), "console")
        place.asks(Call("DELETE", "/_console/faults"), "console")

    fields = st.dictionaries(
        st.sampled_from(sorted(FORM)), st.one_of(leaves, st.sampled_from([*FORM.values()])), max_size=3
    )
    bodies = st.one_of(
        st.binary(max_size=40), *(kind.map(lambda body: json.dumps(body).encode()) for kind in (fields, mutated(FORM)))
    )
    routes = st.one_of(st.sampled_from(ROUTES), st.sampled_from(TRICKS).map(lambda trick: f"instances/{trick}/resize"))
    tries(200, check, method=st.sampled_from(["POST", "GET", "DELETE", "PUT", "X"]), route=routes, body=bodies)


@pytest.mark.parametrize(
    "figure", ["Infinity", "-Infinity", "NaN", "1e400", "1e12", "null", "[]", '"1e999999"', "-1", '"sNaN"']
)
def test_no_figure_stops_or_breaks_the_clock_or_the_purse(place: Place, figure: str) -> None:
    for path, field in (("clock/advance", "seconds"), ("clock/speed", "speed"), ("top-up", "amount")):
        body = f'{{"{field}": {figure}}}'.encode()
        assert place.asks(Call("POST", f"/_console/{path}", body=body), "console").status in (200, 400)
    assert json.loads(place.asks(Call("GET", "/_console/clock"), "console").body)["speed"] == 0


@pytest.mark.parametrize("body", [*DEEP_JSON, *NUMBERS, b"\xff" * 9999])
def test_no_body_is_too_deep_or_too_long_a_number_for_any_door(place: Place, body: bytes, soon: Any) -> None:
    with soon():
        for path in ("clock/advance", "faults", "messages/x", f"instances/{MQ}/resize"):
            assert place.asks(Call("POST", f"/_console/{path}", body=body), "console").status == 400
        for path in ("functions", "functions/f/triggers"):
            assert place.fc("POST", path, body).status in (400, 404)
        assert place.oss("POST", "/b-1", body, delete="").status == 400


ACTIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "UpdateInstance": (
        "2019-12-12",
        {"InstanceId": MQ, "ModifyType": "UPGRADE", "MaxPrivateTps": 5000, "ClientToken": "t"},
    ),
    "GetInstance": ("2019-12-12", {"InstanceId": MQ}),
    "GetMetadataAmount": ("2019-12-12", {"InstanceId": MQ}),
    "ModifyInstanceSpec": (
        "2016-07-14",
        {"InstanceId": GATEWAY, "InstanceSpec": "api.s1.medium", "ModifyAction": "UPGRADE", "Token": "t"},
    ),
    "DescribeInstances": ("2016-07-14", {"InstanceId": GATEWAY}),
    "DescribeInstanceQps": (
        "2016-07-14",
        {
            "InstanceId": GATEWAY,
            "StartTime": "2026-03-02T11:00:00Z",
            "EndTime": "2026-03-02T12:00:00Z",
            "StageName": "RELEASE",
        },
    ),
    "DescribeMetricLast": (
        "2019-01-01",
        {
            "Namespace": "acs_amqp",
            "MetricName": "InstanceTps",
            "Dimensions": json.dumps([{"instanceId": MQ}]),
            "Period": 60,
        },
    ),
    "DescribeMetricList": (
        "2019-01-01",
        {
            "Namespace": "acs_amqp",
            "MetricName": "InstanceTps",
            "Dimensions": "[]",
            "StartTime": "1",
            "Length": 9,
            "NextToken": "",
        },
    ),
    "DescribeMetricRuleList": (
        "2019-01-01",
        {"RuleIds": "r", "RuleName": "n", "Namespace": "acs_amqp", "EnableState": True, "Page": 1, "PageSize": 9},
    ),
    "DescribeMetricRuleTargets": ("2019-01-01", {"RuleId": "r"}),
    "QueryOrders": (
        "2017-12-14",
        {
            "CreateTimeStart": "2026-03-02T11:00:00Z",
            "CreateTimeEnd": "2026-03-02T12:00:00Z",
            "PageNum": 1,
            "PageSize": 20,
        },
    ),
    "GetOrderDetail": ("2017-12-14", {"OrderId": "1"}),
    "CreateFlow": (
        "2019-03-15",
        {"Name": "f", "Definition": "x", "Description": "x", "Type": "FDL", "Environment": "{}"},
    ),
    "StartExecution": (
        "2019-03-15",
        {"FlowName": "f", "ExecutionName": "e", "Input": "{}", "CallbackFnFTaskToken": ""},
    ),
    "ListExecutions": (
        "2019-03-15",
        {"FlowName": "f", "StartedTimeBegin": "2026-03-02T12:00:00Z", "Limit": 9, "NextToken": "x"},
    ),
    "ReportTaskSucceeded": ("2019-03-15", {"TaskToken": "t", "Output": "{}"}),
    "CreateSchedule": (
        "2019-03-15",
        {"FlowName": "f", "ScheduleName": "s", "CronExpression": "@every 9m", "Payload": "{}", "Enable": False},
    ),
}


def test_any_parameter_of_any_product_is_taken_or_refused(place: Place, tries: Any) -> None:
    flow = {
        "Type": "StateMachine",
        "SpecVersion": "v1",
        "Name": "f",
        "StartAt": "A",
        "States": [{"Type": "Succeed", "Name": "A", "End": True}],
    }
    place.rpc("2019-03-15", "CreateFlow", Name="f", Definition=json.dumps(flow), Description="x", Type="FDL")
    texts = st.one_of(
        st.text(max_size=20),
        leaves.map(str),
        st.sampled_from([*TRICKS, "9" * 5000, "[" * 9000, "0001-01-01T00:00:00Z"]),
    )

    def check(action: str, field: int, value: str) -> None:
        version, good = ACTIONS[action]
        names = [*sorted(good), "RegionId", "Weird", "AccountId"]
        if value.encode(errors="replace").decode() == value:
            place.rpc(version, action, **{**good, names[field % len(names)]: value})

    tries(250, check, action=st.sampled_from(sorted(ACTIONS)), field=st.integers(0, 40), value=texts)


def test_any_part_of_a_function_or_trigger_is_taken_or_refused(place: Place, tries: Any) -> None:
    place.fc("POST", "functions", json.dumps(FUNCTION).encode())

    def check(function: Any, kind: str, config: Any, way: str) -> None:
        name = f"g{next(NONCES)}"
        made = {**function, "functionName": name} if isinstance(function, dict) else function
        if place.fc("POST", "functions", json.dumps(made).encode()).status == 200 and isinstance(made, dict):
            ref = Ref(name)
            place.server.run(lambda: place.whole.fc.host.registry.function(ref))
            place.fc("DELETE", f"functions/{name}")
        text = json.dumps(config) if way != "raw" else config
        trigger = {"triggerName": f"t{next(NONCES)}", "triggerType": kind, "triggerConfig": text}
        place.fc("POST", "functions/f/triggers", json.dumps(trigger).encode())
        place.fc("PUT", "functions/f/concurrency", json.dumps({"reservedConcurrency": config}).encode())
        place.fc("PUT", "functions/f/async-invoke-config", json.dumps(config).encode())

    for kind, config in TRIGGERS.items():
        tries(
            60,
            check,
            function=mutated(FUNCTION),
            kind=st.just(kind),
            config=mutated(config),
            way=st.sampled_from(["text", "raw"]),
        )
    for name in ("limit", "prefix", "nextToken", "qualifier"):
        for value in ("x", "-1", "9" * 5000, "\u0663", ""):
            place.fc("GET", "functions", b"", **{name: value})


@pytest.mark.parametrize(
    "name", ["../../evil.py", "/evil.py", "a/../../evil.py", "..\\evil.py", "a\0evil.py", "x" * 300 + "evil.py"]
)
def test_code_is_unpacked_nowhere_but_in_its_folder(
    place: Place, name: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(zipfile.ZipInfo(name), "x = 1")
    code = {"zipFile": base64.b64encode(packed.getvalue()).decode()}
    place.fc("POST", "functions", json.dumps({**FUNCTION, "functionName": f"z{next(NONCES)}", "code": code}).encode())
    base = tmp_path_factory.getbasetemp()
    outside = [path for path in base.rglob("*evil.py") if "code" not in path.relative_to(base).parts]
    assert outside == []
    assert not Path("/evil.py").exists()


def test_a_zip_that_is_a_bomb_or_none_is_refused(place: Place, soon: Any) -> None:
    packed = io.BytesIO()
    with (
        zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("a.py", "w", force_zip64=True) as entry,
    ):
        for _ in range(600):
            entry.write(bytes(1024 * 1024))
    for raw in (packed.getvalue(), packed.getvalue()[:-30], b"PK", b"", packed.getvalue()[:50] + b"\xff" * 99):
        code = {"zipFile": base64.b64encode(raw).decode()}
        with soon():
            assert (
                place.fc(
                    "POST", "functions", json.dumps({**FUNCTION, "functionName": "bomb", "code": code}).encode()
                ).status
                == 400
            )


def test_any_call_of_the_store_is_answered(place: Place, tries: Any) -> None:
    headers = st.dictionaries(
        st.sampled_from(
            [
                "range",
                "if-match",
                "if-modified-since",
                "content-md5",
                "x-oss-copy-source",
                "x-oss-forbid-overwrite",
                "host",
            ]
        ),
        st.one_of(
            st.sampled_from([*TRICKS, "bytes=" + "9" * 5000 + "-", "bytes=0-" + "9" * 5000, "b-1/k"]),
            st.text("a/b%1-=", max_size=9),
        ),
        max_size=2,
    )
    queries = st.dictionaries(
        st.sampled_from(
            [
                "list-type",
                "prefix",
                "max-keys",
                "continuation-token",
                "marker",
                "delete",
                "versioning",
                "encoding-type",
                "acl",
            ]
        ),
        st.one_of(st.sampled_from(["2", "", "9" * 5000, "\u0663", "é", "%", *TRICKS]), st.text(max_size=5)),
        max_size=3,
    )
    paths = st.one_of(
        st.sampled_from(["/", "/b-1", "/b-1/k", "/nobody/k"]),
        st.sampled_from(TRICKS).map(lambda trick: f"/b-1/{trick}"),
    )
    bodies = st.sampled_from(
        [
            b"",
            b"x",
            XML_BOMB,
            b"<?xml version='1.0' encoding='x'?><a/>",
            b"<Delete><Object><Key>../k</Key></Object></Delete>",
            b"<a>" * 9000,
        ]
    )

    def check(method: str, path: str, body: bytes, headers: Any, query: dict[str, str]) -> None:
        if "".join([path, *headers.values(), *query.values()]).isprintable():
            place.oss(method, path, body, headers, **query)

    methods = st.sampled_from(["GET", "PUT", "POST", "DELETE", "HEAD"])
    tries(400, check, method=methods, path=paths, body=bodies, headers=headers, query=queries)


def test_an_xml_bomb_is_refused_at_once(place: Place, soon: Any) -> None:
    with soon():
        assert place.oss("POST", "/b-1", XML_BOMB, delete="").status == 400


SCHEMES = [
    "",
    "OSS a:b",
    "FC a:b",
    "FC :",
    "ACS3-HMAC-SHA256 Credential=,SignedHeaders=,Signature=",
    "Basic x",
    "ACS3-HMAC-SHA256 " + "Credential=a," * 9000,
]
WIRE = [
    b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /\xff\xfe?\xff=\xfe HTTP/1.1\r\nHost: x\r\nX: \xff\r\n\r\n",
    b"GET /?Version=2019-12-12&AccessKeyId=%ff&Signature=%00&SignatureNonce=\xed\xa0\x80 HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /%00%2e%2e/%2e%2e HTTP/1.1\r\nHost: x\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",
    b"GET / HTTP/9.9\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"GET " + b"/" * 2_000_000 + b" HTTP/1.1\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X: y\r\n" * 9_000 + b"\r\n",
    b"POST /_console/faults HTTP/1.1\r\nHost: x\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nabcd",
    b"GET /_console/clock HTTP/1.1\r\nHost: x\r\nAuthorization: \x80\r\n\r\n",
    b"GET /2016-08-15/services HTTP/1.1\r\nHost: x\r\nAuthorization: FC \xff:\xfe\r\nDate: \xff\r\n\r\n",
    b"GET /_fc/..%2f..%2f HTTP/1.1\r\nHost: \xff\r\n\r\n",
]


@pytest.mark.parametrize("raw", WIRE)
@pytest.mark.parametrize("port", ["endpoint", "oss_endpoint"])
def test_whatever_comes_over_the_wire_is_refused_or_hung_up_on(place: Place, raw: bytes, port: str) -> None:
    host, number = getattr(place.server, port).split(":")
    with socket.create_connection((host, int(number)), timeout=10) as line:
        try:
            line.sendall(raw)
            line.shutdown(socket.SHUT_WR)
            said = line.recv(65536)
        except OSError:
            said = b""
    assert not said or said.split()[1][:1] in (b"2", b"4"), said[:200]


def test_no_signature_is_found_in_junk(place: Place, tries: Any) -> None:
    def check(door: str, method: str, path: str, scheme: str, more: dict[str, str]) -> None:
        call = Call(method, path, tuple(more.items()), {"authorization": scheme, **more}, b"", path)
        assert place.asks(call, door).status >= 400

    paths = st.sampled_from(
        ["/", "/2023-03-30/functions", "/2016-08-15/services", "/_fc/f/x", "/_fc/", "/2023-03-30/", "/b-1/k", "/\udcff"]
    )
    names = st.sampled_from(
        [
            "x-acs-date",
            "date",
            "x-acs-signature-nonce",
            "x-acs-content-sha256",
            "x-oss-date",
            "Timestamp",
            "Signature",
            "AccessKeyId",
        ]
    )
    more = st.dictionaries(names, st.one_of(st.text(max_size=9), st.sampled_from(["\udcff", "9" * 999])), max_size=4)
    tries(
        400,
        check,
        door=st.sampled_from(["rpc", "oss", "fc"]),
        method=st.sampled_from(["GET", "POST", "X"]),
        path=paths,
        scheme=st.sampled_from(SCHEMES),
        more=more,
    )
