"""Whatever an account shows to whoever operates it is read, or told in a finding or a clear refusal, and soon."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timezone
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import strategies as st

from tests.deploy.conftest import POLICY
from tests.hostile.test_stand_in_files import TEXTS
from tests.hostile.test_vendor_replies import JUNK, fields_of
from tests.hostile.words import mutated, put, tried, values
from tidegate.aliyun import answers
from tidegate.aliyun.credentials import Credentials
from tidegate.aliyun.deployed import Deployed
from tidegate.aliyun.errors import VendorError
from tidegate.aliyun.functions import Function, InvokeFailed
from tidegate.aliyun.reach import Reached, reach
from tidegate.aliyun.second import SecondGeneration
from tidegate.aliyun.stacks import Stack, Stacks
from tidegate.app.machine import machine
from tidegate.app.surroundings import Surroundings
from tidegate.app.wiring import wire
from tidegate.cli.roots import read_file
from tidegate.operate.candidate import from_file
from tidegate.operate.deploy.account import Account, account_of
from tidegate.operate.deploy.faults import CannotDeploy
from tidegate.operate.deploy.second import differences, functions_in, services_in
from tidegate.operate.doctor import CHECKS, Place
from tidegate.operate.doctor.account import clock
from tidegate.operate.doctor.expected import Expected, expected
from tidegate.operate.doctor.finding import Finding, Skipped, Verdict
from tidegate.operate.doctor.noting import DEEPEST, shape_of, shape_of_text
from tidegate.operate.doctor.ram import allows
from tidegate.operate.doctor.reporting import report_of
from tidegate.operate.invoking import Invoked, invoke
from tidegate.operate.ours import ROOT
from tidegate.operate.push import enact, judge
from tidegate.settings import CliSettings, DeploySettings, Settings

REGION, ACCOUNT, TOKEN = "cn-hangzhou", "1234567890123456", "t0ken"
KEYS = Credentials("LTAI-example", "secret")
NOON = datetime(2026, 3, 2, 12, tzinfo=timezone.utc)
LOOKED_AT = ("on-alert", "on-schedule", "submit")
"""Functions enough for every check: an account shows all of them alike."""
TRUST = {"Version": "1", "Statement": [{"Effect": "Allow", "Principal": {"Service": ["fc.aliyuncs.com"]}}]}
GRANT = {"Version": "1", "Statement": [{"Effect": "Allow", "Action": ["amqp:*"], "Resource": ["acs:amqp:*:*:*"]}]}
WATCHED = [{"instanceId": "amqp-cn-demo0001"}]
FLOW = (ROOT / "workflows" / "resize.yml").read_text("utf-8").replace("${Prefix}", "tidegate")
OURS = {
    "Service": "tidegate-door",
    "Role": "acs:ram::1:role/tidegate-door",
    "LogConfig": {"Project": "p", "Logstore": "l"},
    "FunctionName": "tidegate-on-alert",
    "Description": "",
    "Handler": "functions/on_alert.handler",
    "Runtime": "python3.12",
    "MemorySize": 512,
    "Timeout": 60,
    "Code": {"OssBucketName": "b", "OssObjectName": "o"},
    "EnvironmentVariables": {"A": "b"},
    "Secrets": {"TIDEGATE_HOOK_TOKENS": "HookTokens"},
    "Triggers": [
        {"TriggerName": "tick", "TriggerType": "timer", "TriggerConfig": {"enable": True}, "SourceArn": "acs:x"}
    ],
}
BODIES: Mapping[str, dict[str, Any]] = {
    "function": {
        "functionName": "tidegate-on-alert",
        "handler": "functions/on_alert.handler",
        "runtime": "python3.12",
        "timeout": 60,
        "state": "Active",
        "role": f"acs:ram::{ACCOUNT}:role/tidegate-door",
        "environmentVariables": {"TIDEGATE_HOOK_TOKENS": TOKEN, "TIDEGATE_CHAT_URL": "x"},
    },
    "triggers": {
        "triggers": [
            {
                "triggerName": "http",
                "triggerType": "http",
                "triggerConfig": {"authType": "anonymous", "methods": ["POST"], "disableURLInternet": False},
                "httpTrigger": {"urlInternet": "https://x.fcapp.run"},
            },
            {
                "triggerName": "tick",
                "triggerType": "timer",
                "triggerConfig": '{"cronExpression": "@every 1m", "enable": true}',
            },
            {"triggerName": "topic", "triggerType": "mns_topic", "triggerConfig": {}, "sourceArn": "acs:mns:x:1:/t"},
        ]
    },
    "functions": {"functions": [{"functionName": "tidegate-on-alert"}]},
    "service": {"serviceName": "s", "role": "acs:ram::1:role/tidegate-door", "logConfig": {"project": "p"}},
    "DescribeFlow": {"Definition": FLOW, "RoleArn": "acs:ram::1:role/f"},
    "GetRole": {"Role": {"RoleName": "r", "AssumeRolePolicyDocument": json.dumps(TRUST)}},
    "ListPoliciesForRole": {"Policies": {"Policy": [{"PolicyName": "p", "PolicyType": "Custom"}]}},
    "GetPolicy": {"DefaultPolicyVersion": {"PolicyDocument": json.dumps(GRANT)}},
    "GetCallerIdentity": {"AccountId": ACCOUNT, "Arn": "acs:ram::1:user/u", "IdentityType": "RAMUser"},
    "DescribeMetricRuleList": {
        "Alarms": {
            "Alarm": [
                {
                    "RuleId": "r-1",
                    "RuleName": "rabbit-tps-high",
                    "EnableState": True,
                    "Resources": json.dumps(WATCHED),
                    "Webhook": f"https://x.fcapp.run/{TOKEN}/amqp",
                }
            ]
        }
    },
    "DescribeMetricRuleTargets": {"Targets": {"Target": [{"Id": "1", "Arn": "acs:mns:x:1:/t/messages"}]}},
    "ListStacks": {"Stacks": [{"StackName": "tidegate", "StackId": "i", "Status": "CREATE_COMPLETE"}]},
    "GetStack": {
        "StackName": "tidegate",
        "Status": "CREATE_COMPLETE",
        "StatusReason": "",
        "Parameters": [{"ParameterKey": "LedgerBucket", "ParameterValue": "b"}],
        "Outputs": [{"OutputKey": "Fc2OnAlert", "OutputValue": json.dumps(OURS)}],
    },
    "ListStackResources": {
        "Resources": [{"LogicalResourceId": "A", "ResourceType": "T", "PhysicalResourceId": "p", "Status": "X"}]
    },
    "ListStackEvents": {"Events": [{"EventId": "e", "CreateTime": "t", "Status": "CREATE_FAILED"}]},
    "GetTemplate": {"TemplateBody": "{}"},
    "PreviewStack": {"Stack": {"Resources": [{"LogicalResourceId": "A", "Action": "Add", "Replacement": "False"}]}},
    "CreateStack": {"StackId": "i"},
    "UpdateStack": {"StackId": "i"},
}
INSIDE: Mapping[str, tuple[tuple[Any, ...], Any]] = {
    "GetRole": (("Role", "AssumeRolePolicyDocument"), TRUST),
    "GetPolicy": (("DefaultPolicyVersion", "PolicyDocument"), GRANT),
    "DescribeMetricRuleList": (("Alarms", "Alarm", 0, "Resources"), WATCHED),
    "GetStack": (("Outputs", 0, "OutputValue"), OURS),
}
"""JSON texts inside of replies: their parts may be anything too."""
SEEN_BY: Mapping[str, tuple[str, ...]] = {
    "function": ("functions", "triggers", "roles", "messages", "alarm rules"),
    "triggers": ("triggers", "alarm rules"),
    "DescribeFlow": ("flow", "roles"),
    "GetRole": ("roles",),
    "ListPoliciesForRole": ("roles",),
    "GetPolicy": ("roles",),
    "GetCallerIdentity": ("credentials",),
    "DescribeMetricRuleList": ("alarm rules",),
    "DescribeMetricRuleTargets": ("alarm rules",),
}
"""The checks that read a reply."""
STACKS = ("ListStacks", "GetStack", "ListStackResources", "ListStackEvents", "GetTemplate", "PreviewStack")
BEGINS = ("CreateStack", "UpdateStack")
SECOND = ("service", "function", "functions", "triggers")
OTHERS: tuple[Any, ...] = (None, 5, "x", True, [5], [{}], {"a": 5}, [[]], 1e400)
LONG = ("A" * 50_000, "*a" * 10_000, "[" * 20_000, '{"a":' * 5_000, "Aa:" * 10_000, "acs:fc:" + "/" * 50_000)


class Shown:
    """An account that shows what it is told to: Function Compute over loopback HTTP, the rest byte for byte."""

    region = REGION

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self.over: dict[str, bytes] = {}
        self.headers: dict[str, str] = {}
        self.status = 200

    def raw(self, what: str) -> bytes:
        """What it answers."""
        return self.over.get(what, json.dumps({"RequestId": "R-1", **BODIES.get(what, {})}).encode())

    def call(self, product: str, action: str, _parameters: Any, *, read: bool) -> answers.Body:
        """Understand what was told as the client does."""
        return answers.understand(self.raw(action), product, read=read, redact=str)

    def close(self) -> None:
        """Nothing is open."""


def handler_of(shown: Shown) -> type[BaseHTTPRequestHandler]:
    """Function Compute's door."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            parts = ["", *urlsplit(self.path).path.strip("/").split("/")]
            known = {"triggers": "triggers", "functions": "functions", "invocations": "invocation"}
            raw = shown.raw(known.get(parts[-1]) or {"functions": "function"}.get(parts[-2], "service"))
            self.send_response_only(shown.status)
            for name, value in {"Date": self.date_time_string(), **shown.headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        do_GET = do_POST = do_PUT = do_DELETE = answer  # noqa: N815 - names that the base class calls

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so
            """Keep quiet."""

    return Handler


@pytest.fixture(scope="module")
def door() -> Iterator[Shown]:
    """The account's door."""
    shown = Shown("")
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler_of(shown))
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    shown.endpoint = f"127.0.0.1:{server.server_address[1]}"
    yield shown
    server.shutdown()
    server.server_close()


@pytest.fixture
def shown(door: Shown) -> Shown:
    """The account, all well."""
    well(door)
    return door


def well(shown: Shown) -> None:
    """Let it answer as a good account does."""
    shown.over, shown.headers, shown.status = {}, {}, 200


@pytest.fixture(scope="module")
def around(tmp_path_factory: pytest.TempPathFactory, door: Shown) -> Surroundings:
    """A ledger with a policy in force that names a rule and a channel. Whoever pushes it asks the door, too."""
    folder = tmp_path_factory.mktemp("account")
    (folder / "policy.yaml").write_text(f"{POLICY}    notify: [{{url_env: TIDEGATE_CHAT_URL}}]\n")
    surroundings = wire(replace(settings(f"sqlite:///{folder / 'ledger.db'}"), endpoint=door.endpoint))
    enact(surroundings, judge(surroundings, from_file(read_file(folder / "policy.yaml"))), "somebody")
    return surroundings


@pytest.fixture(scope="module")
def known() -> Expected:
    """What the project's files say, of few functions."""
    found = expected(ROOT)
    assert found is not None
    return replace(found, functions={short: found.functions[short] for short in LOOKED_AT})


def settings(store: str) -> Settings:
    """Whose account it is."""
    return Settings(ACCOUNT, REGION, store, access_key_id="LTAI-example", access_key_secret="secret")


Looks = Callable[[str], list[Verdict | Exception]]


@pytest.fixture
def looks(shown: Shown, around: Surroundings, known: Expected) -> Looks:
    """Make every check that reads a reply, anew; each gives a verdict, or says why it cannot."""
    book = around.book()

    def look(reply: str, api: str = "3.0") -> list[Verdict | Exception]:
        cli = CliSettings(shown.endpoint, api)
        place = Place(settings("sqlite:///x"), cli, around, machine())
        place.__dict__["expected"] = known
        place._kept.update({f"aliyun {REGION}": (shown, None), "book or none": (book, None)})
        found = [tried(partial(CHECKS[name], place), VendorError, InvokeFailed, Skipped) for name in SEEN_BY[reply]]
        for each in found:
            assert isinstance(each, (VendorError, InvokeFailed, Skipped, Verdict)), each
            assert len(each.found if isinstance(each, Verdict) else str(each)) < 10_000
        told = [Finding(name, one.level, one.found) for name, one in zip("abcde", found, strict=False) if is_told(one)]
        assert len(report_of(place, told).encode()) < 50_000
        return found

    return look


def is_told(found: Verdict | Exception) -> bool:
    """Whether it is a verdict."""
    return isinstance(found, Verdict)


def some(replies: Any) -> st.SearchStrategy[Any]:
    """A reply of some of these kinds with a part of it, or of a text in it, that may be anything."""
    parts = [mutated({"RequestId": "R-1", **BODIES[name]}).map(partial(pair, name)) for name in replies]
    inner = [mutated(INSIDE[name][1]).map(partial(within, name)) for name in replies if name in INSIDE]
    return st.one_of([*parts, *inner])


def within(name: str, part: Any) -> tuple[str, Any]:
    """A reply with a text in it that holds this."""
    return name, put(BODIES[name], INSIDE[name][0], json.dumps(part))


def pair(name: str, body: Any) -> tuple[str, Any]:
    """A reply and what it says."""
    return name, body


def test_a_good_account_is_looked_over_without_a_complaint_about_its_replies(looks: Looks) -> None:
    assert all(is_told(each) for reply in SEEN_BY for each in looks(reply))


def test_whatever_a_deployment_shows_the_doctor_finds_something(shown: Shown, looks: Any, tries: Any) -> None:
    def check(reply: tuple[str, Any], api: str) -> None:
        well(shown)
        shown.over[reply[0]] = json.dumps(reply[1]).encode()
        looks(reply[0], api)

    tries(150, check, reply=some(SEEN_BY), api=st.sampled_from(["3.0", "3.0", "2.0"]))


@pytest.mark.parametrize("reply", SEEN_BY)
def test_every_field_that_a_deployment_shows_may_be_of_another_kind(shown: Shown, looks: Looks, reply: str) -> None:
    body = BODIES[reply]
    for number, path in enumerate([*fields_of(body), *{path[:-1] for path in fields_of(body)}]):
        for value in OTHERS[number % 2 :: 2]:
            shown.over[reply] = json.dumps(put(body, path, value)).encode()
            looks(reply)


@pytest.mark.parametrize("value", OTHERS)
def test_an_effect_of_another_kind_is_none(shown: Shown, looks: Looks, value: Any) -> None:
    """The document of a policy is a text in the reply, whose fields the test above does not reach."""
    document = {"Version": "1", "Statement": [{"Effect": value, "Action": ["amqp:*"], "Resource": "*"}]}
    shown.over["GetPolicy"] = json.dumps({"DefaultPolicyVersion": {"PolicyDocument": json.dumps(document)}}).encode()
    looks("GetPolicy")


@pytest.mark.parametrize("reply", SEEN_BY)
def test_junk_and_long_texts_in_what_a_deployment_shows_cost_no_time(
    shown: Shown, looks: Looks, soon: Any, reply: str
) -> None:
    for junk in (*JUNK.values(), *(json.dumps({"RequestId": text}).encode() for text in LONG)):
        shown.over[reply] = junk
        with soon():
            looks(reply)
    for number, path in enumerate(fields_of(BODIES[reply])):
        shown.over[reply] = json.dumps(put(BODIES[reply], path, LONG[number % len(LONG)])).encode()
        with soon():
            looks(reply)


@pytest.mark.parametrize("number", range(len(TEXTS)))
def test_a_workflow_that_is_a_bomb_or_none_is_another_one(shown: Shown, looks: Any, soon: Any, number: int) -> None:
    shown.over["DescribeFlow"] = json.dumps({"RoleArn": "r", "Definition": TEXTS[number]}).encode()
    for api in ("3.0", "2.0"):
        with soon():
            flow, _ = looks("DescribeFlow", api)
        assert flow.level == "FAIL"


@pytest.mark.parametrize("pattern", ["*a" * 60, "*" * 5_000 + "b", "?*" * 500, "acs:*" + ":*" * 200, "a" * 1_000_000])
def test_a_policy_full_of_wildcards_is_weighed_in_time(soon: Any, pattern: str) -> None:
    one = {"Effect": "Allow", "Action": [pattern, "x"] * 20, "Resource": [pattern, "*"] * 20}
    with soon():
        allows([{"Statement": [one] * 5}], "a" * 60, "acs:amqp:cn-hangzhou:1:/instances/" + "a" * 60)


def test_the_shape_of_any_answer_is_shallow_and_says_nothing_of_it(tries: Any, soon: Any) -> None:
    def check(value: Any) -> None:
        assert len(json.dumps(shape_of(value))) < 10_000

    tries(100, check, value=values)
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]
    with soon():
        assert json.dumps(shape_of(deep)).count("[") <= DEEPEST + 1
    for raw in JUNK.values():
        with soon():
            json.dumps(shape_of_text(raw))


def test_any_function_and_any_trigger_is_read_or_told_to_be_none(shown: Shown, tries: Any) -> None:
    def check(reply: tuple[str, Any], service: str) -> None:
        well(shown)
        shown.over[reply[0]] = json.dumps(reply[1]).encode()
        deployed = Deployed(f"http://{shown.endpoint}", KEYS, lambda: NOON, service)
        assert isinstance(tried(lambda: deployed.function("f"), InvokeFailed), (dict, InvokeFailed))
        assert isinstance(tried(lambda: deployed.triggers("f"), InvokeFailed), (list, InvokeFailed))

    replies = st.tuples(st.sampled_from(["function", "triggers", "service"]), values)
    tries(80, check, reply=some(["triggers", "service"]) | replies, service=st.sampled_from(["", "s"]))


def test_whatever_the_second_generation_shows_is_read_or_unreadable(shown: Shown, tries: Any) -> None:
    def check(reply: tuple[str, Any]) -> None:
        well(shown)
        shown.over[reply[0]] = json.dumps(reply[1]).encode()
        ask_second(shown)

    tries(80, check, reply=some(SECOND) | st.tuples(st.sampled_from(SECOND), values))


def test_junk_of_the_second_generation_costs_no_time(shown: Shown, soon: Any) -> None:
    for name in SECOND:
        for junk in JUNK.values():
            well(shown)
            shown.over[name] = junk
            with soon():
                ask_second(shown)


def ask_second(shown: Shown) -> None:
    """Ask for everything, and look what would be changed."""
    fc2 = SecondGeneration(f"http://{shown.endpoint}", KEYS, looks=True)
    wanted = {"handler": "h", "environmentVariables": {"A": "b"}, "logConfig": {"project": "p"}}
    trigger = {"triggerType": "timer", "sourceArn": None, "triggerConfig": {"enable": True}, "invocationRole": None}
    asked: tuple[tuple[Callable[[], Any], type | tuple[type, ...]], ...] = (
        (lambda: fc2.put_service("s", {"role": "r", "logConfig": {"project": "p"}}), bool),
        (lambda: fc2.put_function("s", "f", wanted, ("b", "o")), bool),
        (lambda: fc2.functions("s"), list),
        (lambda: fc2.put_trigger("s", "f", "tick", trigger), bool),
        (lambda: fc2.delete_service("s"), bool),
    )
    for ask, kind in asked:
        found = tried(ask, VendorError)
        assert isinstance(found, (kind, VendorError)), found


def test_whatever_a_stack_shows_is_read_or_refused(shown: Shown, tries: Any) -> None:
    account = account_at(shown)

    def check(reply: tuple[str, Any]) -> None:
        well(shown)
        shown.over[reply[0]] = json.dumps(reply[1]).encode()
        ask_stacks(account)

    names = (*STACKS, *BEGINS)
    tries(200, check, reply=some([*names, *["GetStack"] * 3]) | st.tuples(st.sampled_from(names), values))


def test_junk_and_long_texts_of_stacks_cost_no_time(shown: Shown, soon: Any) -> None:
    account = account_at(shown)
    for name in (*STACKS, *BEGINS):
        texts = [put(BODIES[name], path, text) for path in fields_of(BODIES[name]) for text in LONG[1:4]]
        for raw in (*JUNK.values(), *(json.dumps(text).encode() for text in texts)):
            well(shown)
            shown.over[name] = raw
            with soon():
                ask_stacks(account)


def account_at(shown: Shown) -> Account:
    """An account whose stacks are as shown, and whose functions are of 2.0."""
    deploying = DeploySettings(ACCOUNT, REGION, "", fc_endpoint=f"http://{shown.endpoint}")
    return replace(account_of(deploying, lambda: NOON), stacks=Stacks(shown))  # type: ignore[arg-type]


def ask_stacks(account: Account) -> None:
    """Read everything of a stack, begin something, and look which functions of 2.0 it puts out are otherwise."""
    stacks = account.stacks
    found = tried(lambda: stacks.find("tidegate"), VendorError)
    assert isinstance(found, (Stack, VendorError, type(None))), found
    asked: tuple[Callable[[], Any], ...] = (
        lambda: stacks.resources("i"),
        lambda: stacks.steps("i"),
        lambda: stacks.template("i"),
        lambda: stacks.preview("n", "", "{}", {}),
        lambda: stacks.create("n", "{}", {}),
        lambda: stacks.update("i", "{}", {}),
    )
    for ask in asked:
        tried(ask, VendorError)
    begun = tried(lambda: stacks.create("n", "{}", {}), VendorError)
    assert begun, "a stack without an id"
    if isinstance(found, Stack):
        assert isinstance(found.goes_on, bool)
        for read in (services_in, lambda outputs: list(functions_in(outputs))):
            tried(partial(read, found.outputs), CannotDeploy)
        tried(lambda: differences(account, found.outputs, {}), CannotDeploy, VendorError)


DATES = st.one_of(
    st.text(alphabet="MonMar 0123456789:,+-GMT", max_size=40),
    st.sampled_from(
        [
            "Mon, 02 Mar 2026 12:00:00 -0000",
            "Mon, 02 Mar 2026 12:00:00",
            "Fri, 31 Dec 9999 23:59:59 -2359",
            "Mon, 01 Jan 0001 00:00:00 +2359",
            f"Mon, 02 Mar {'9' * 4_000} 12:00:00 GMT",
            f"Mon, {'9' * 5_000} Mar 2026 12:00:00 GMT",
            "Mon, 02 Mar 2026 12:00:00 +99999999999999999999",
            " ",
            ",",
        ]
    ),
)


def test_any_date_of_the_vendor_is_a_time_or_none(shown: Shown, around: Surroundings, tries: Any, soon: Any) -> None:
    known = replace(settings("sqlite:///x"), endpoint=shown.endpoint)

    def check(date: str, status: int) -> None:
        shown.headers, shown.status = {"Date": date}, status
        with soon():
            there = reach(f"http://{shown.endpoint}/")
            assert isinstance(there, Reached)
            assert there.date is None or there.date.tzinfo is not None
            assert isinstance(clock(Place(known, CliSettings(""), around, machine())), Verdict)

    tries(60, check, date=DATES, status=st.sampled_from([200, 301, 403, 599]))


HEADERS = st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=30)


def test_any_answer_of_an_invoked_function_is_shown_or_is_a_failure(shown: Shown, tries: Any, soon: Any) -> None:
    junk = st.sampled_from(list(JUNK.values()))
    logs = HEADERS | st.binary(max_size=40).map(lambda raw: base64.b64encode(raw).decode())

    def check(body: bytes, log: str, kind: str, status: int, service: str) -> None:
        shown.over["invocation"], shown.status = body, status
        shown.headers = {"X-Fc-Log-Result": log, "X-Fc-Error-Type": kind, "X-Fc-Request-Id": kind}
        function = Function(f"http://{shown.endpoint}", "f", service)
        with soon():
            found = invoke(function, KEYS, b"{}", at=NOON, clock=lambda: 0.0)
        assert isinstance(found, Invoked)
        assert found.succeeded or len(found.message) <= 500
        assert isinstance(found.body, str)

    tries(
        100,
        check,
        body=st.binary(max_size=60) | junk | values.map(lambda value: json.dumps(value).encode()),
        log=logs,
        kind=HEADERS,
        status=st.sampled_from([200, 202, 301, 404, 500]),
        service=st.sampled_from(["", "s"]),
    )
