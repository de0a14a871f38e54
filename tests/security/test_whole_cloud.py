"""The whole project with canaries in the place of every secret, in bad luck: nothing of them can be read anywhere."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from typing import Any
from urllib.parse import quote

import pytest
import requests

from localcloud.cloud import Cloud
from localcloud.fc.function import Ref
from localcloud.project.compose import Whole, compose
from localcloud.project.up import LEDGER, command_environment, settle_in
from localcloud.server import running
from tests.e2e.conftest import Place, id_of, policy_of, until, world_of
from tidegate.ledger.shelf import listed
from tidegate.policyfile import compile_policy, parse_policy

pytestmark = pytest.mark.once

FUNCTIONS = ("on-alert", "on-schedule", "on-request", "on-approval", "submit", "look", "settle")


class Canaried(Place):
    """A place whose secrets are canaries, and who remembers every key that was given out."""

    hook_token = ""
    replies: tuple[str, ...] = ()
    """What the senders of alerts and requests were told."""

    def secrets(self, canaries: Mapping[str, str]) -> dict[str, str]:
        """The canaries, and what the platform gave its functions to sign with."""
        identity = self.cloud.cloud.identity

        def given() -> dict[str, str]:
            keys = {name: entry for name, entry in identity._drawer.items() if name.startswith("key/")}
            found = {f"secret of {name}": entry["secret"] for name, entry in keys.items()}
            return found | {f"token of {name}": entry["token"] for name, entry in keys.items() if "token" in entry}

        return {**canaries, **self.cloud.run(given)}

    def base(self) -> str:
        """Where the function's HTTP trigger answers, without the path of alerts."""
        return str(self.address["alert_url"]).partition("/hook/")[0]

    def kept(self) -> dict[str, str]:
        """Every object of the ledger's bucket: records, inbox, marks and policies."""
        shelf = self.around.ledger._shelf
        return {key: (shelf.get(key) or b"").decode() for key in listed(shelf, "")}

    def written(self) -> str:
        """All that anybody may read afterwards: logs, records, executions with their histories, messages."""
        logs = [line for name in FUNCTIONS for line in self.host.logs(f"tidegate-{name}")]
        shown = [self.flow("DescribeExecution", ExecutionName=name) for name in self.flow_names()]
        steps = [self.history(name) for name in self.flow_names()]
        told = requests.get(f"http://{self.address['endpoint']}/_console/messages", timeout=10).text
        return "\n".join([*logs, *map(str, shown), *map(str, steps), told, *self.kept(), *self.kept().values()])

    def flow_names(self) -> list[str]:
        """The names of all executions."""
        return [one["Name"] for one in self.flow("ListExecutions", Limit=99)["Executions"]]

    def keys_of(self, function: str) -> dict[str, str]:
        """The environment of a function, with temporary keys of its own role."""
        known = self.host.registry.function(Ref(function))
        keys = self.cloud.run(lambda: self.cloud.cloud.identity.issue(known.role, "loud-1"))
        return {
            **known.environment,
            "FC_ACCOUNT_ID": self.address["account_id"],
            "FC_REGION": self.address["region"],
            "FC_FUNCTION_NAME": function,
            "NO_PROXY": "127.0.0.1",
            "ALIBABA_CLOUD_ACCESS_KEY_ID": keys.access_key_id,
            "ALIBABA_CLOUD_ACCESS_KEY_SECRET": keys.access_key_secret,
            "ALIBABA_CLOUD_SECURITY_TOKEN": keys.security_token,
        }


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, canaries: Mapping[str, str]) -> Iterator[Canaried]:
    """One cloud, deployed with canaries, after a day of bad luck."""
    names = ("orders-mq", "audit-mq")
    documents, index = compile_policy(parse_policy(policy_of(names)))
    made: list[Whole] = []

    def attach(cloud: Cloud) -> None:
        made.append(compose(cloud, tmp_path_factory.mktemp("functions")))

    with ExitStack() as stack:
        cloud = stack.enter_context(running(world_of(names), attach=attach, speed=600))
        hidden = f"{canaries['channel']}?+X-Key={canaries['channel key']}"
        given = {
            "HookTokens": f"{canaries['hook token']},{canaries['older hook token']}",
            "ApprovalKey": canaries["approval key"],
            "ChatUrl": f"json://{cloud.cloud.endpoint}/_console/messages/{hidden}",
            "OncallUrl": f"json://{cloud.cloud.endpoint}/_console/nowhere/{hidden}",
        }
        address = cloud.submit(settle_in(made[0], documents, index, **given), 60)
        place = Canaried(cloud, made[0], {**cloud.cloud.address(), **address})
        stack.callback(place.aliyun.close)
        place.hook_token = canaries["hook token"]
        place.address = {**place.address, "alert_url": f"{place.base()}/hook/cms/{place.hook_token}"}
        place.replies = tuple(unlucky(place))
        yield place


def loose(place: Canaried) -> dict[str, Any]:
    """A vendor that answers with the token of every key there is."""
    tokens = [secret for name, secret in place.secrets({}).items() if name.startswith("token of")]
    told = " ".join(f"GET /?SecurityToken={quote(token, safe='')}&Signature=x" for token in tokens)
    return {"status": 400, "message": f"it was {told}; string to sign is:{quote(told, safe='')}"}


def unlucky(place: Canaried) -> list[str]:
    """Let an alert and a request come to their ends in bad luck, and give what their senders were told."""
    place.fault("UpdateInstance", "lost-reply")
    place.fault("UpdateInstance", "error-before", nth=2, code="SignatureDoesNotMatch", **loose(place))
    place.fault("GetInstance", "lost-reply", nth=3, times=2)
    place.fault("StartExecution", "error-after", status=500)
    place.fault("oss.PutObject", "lost-reply", nth=4, times=2)
    place.fault("oss.GetObject", "error-before", nth=9, times=3, status=503)
    base = place.base()
    replies = [place.post(place.callback(), url).text for url in urls(base, place.hook_token)]
    asked = {
        "verb": "resize",
        "instance": "audit-mq",
        "caller": "li",
        "key": "a-key-of-li",
        "to": "medium",
        "for": "2h",
    }
    replies.append(place.invoke("tidegate-on-request", json.dumps(asked).encode()).body.decode())
    replies += [
        place.invoke(f"tidegate-{name}", b"nonsense").body.decode()
        for name in ("submit", "look", "on-request", "on-approval")
    ]
    until("the end of both", lambda: place.state("orders-mq").recent and place.state("audit-mq").recent, 300)
    return replies


def urls(base: str, token: str) -> list[str]:
    """The right address, and ways to get it wrong with the right token in it."""
    paths = ("hook/cms/{}", "{}", "hook/{}/cms", "hook/cms/{}/", "x/{}/y", "hook/cms/{}x", "hook/cms?token={}")
    return [f"{base}/{path.format(token)}" for path in paths]


def test_after_a_day_of_bad_luck_no_secret_can_be_read_anywhere(
    place: Canaried, canaries: Mapping[str, str], leaks: Callable[..., list[str]]
) -> None:
    """Function workers are processes; their logs are read as Function Compute keeps them."""
    written = place.written()
    assert "attempt" in written
    assert '"what": "turned-away"' in written
    assert '"what": "not-told"' in written
    assert "string to sign is:[hidden]" in written
    among = place.secrets(canaries)
    assert sum(name.startswith("token of") for name in among) >= 3
    assert leaks(written, among) == []
    assert "duplicate" in "".join(place.replies) or "resize" in "".join(place.replies)
    assert leaks("\n".join(place.replies), among) == []


def test_an_execution_carries_nothing_but_which_operation(place: Canaried) -> None:
    names = place.flow_names()
    assert names
    for name in names:
        given = json.loads(place.flow("DescribeExecution", ExecutionName=name)["Input"])
        assert set(given) == {"instance", "operation", "execution"}


LOUD_HANDLERS = """
import json, traceback
from types import SimpleNamespace
from functions import on_alert, on_request, on_schedule, submit
context = SimpleNamespace(function=SimpleNamespace(timeout=30))
handlers = {"on_alert": on_alert, "on_request": on_request, "on_schedule": on_schedule, "submit": submit}
try:
    print(json.dumps(handlers[sys.argv[1]].handler(sys.stdin.buffer.read() or sys.argv[2].encode(), context)))
except Exception:
    traceback.print_exc()
"""


@pytest.mark.parametrize("handler", ["on_alert", "on_request", "on_schedule", "submit"])
def test_a_function_that_logs_everything_still_tells_no_secret(
    place: Canaried, handler: str, canaries: Mapping[str, str], leaks: Callable[..., list[str]], runs: Any
) -> None:
    """Root logging at DEBUG and `DEBUG=sdk`: what an operator may set while looking for a fault."""
    place.fault("GetInstance", "error-before", times=2, code="SignatureDoesNotMatch", **loose(place))
    place.fault("oss.*", "error-before", nth=6, status=403, code="AccessDenied")
    environ = place.keys_of(f"tidegate-{handler.replace('_', '-')}")
    ran = runs(LOUD_HANDLERS, environ, handler, event_for(place, handler))
    shown = ran.stdout + ran.stderr
    assert "DEBUG" in shown
    mine = {
        "my secret": environ["ALIBABA_CLOUD_ACCESS_KEY_SECRET"],
        "my token": environ["ALIBABA_CLOUD_SECURITY_TOKEN"],
    }
    assert leaks(shown, {**place.secrets(canaries), **mine}) == []


def event_for(place: Canaried, handler: str) -> str:
    """An event that gives a handler work."""
    if handler == "on_alert":
        body = place.callback("audit-mq").decode()
        context = {"http": {"method": "POST"}, "timeEpoch": str(place.now_ms())}
        path = f"/hook/cms/{place.hook_token}"
        return json.dumps({"version": "v1", "rawPath": path, "body": body, "headers": {}, "requestContext": context})
    if handler == "on_request":
        return json.dumps(
            {"verb": "resize", "instance": "orders-mq", "caller": "li", "key": "loud-key-1", "to": "small"}
        )
    if handler == "submit":
        return json.dumps({"instance": "orders-mq", "operation": 1, "execution": "x"})
    return "{}"


@pytest.mark.parametrize(
    "words", ["status --json", "history orders-mq --json", "plan", "resize orders-mq --to huge --json"]
)
def test_a_command_that_logs_everything_tells_no_secret(
    place: Canaried, words: str, canaries: Mapping[str, str], leaks: Callable[..., list[str]], runs: Any
) -> None:
    environ = {**command_environment(place.address), "NO_PROXY": "127.0.0.1", "TIDEGATE_CHAT_URL": canaries["channel"]}
    ran = runs("from tidegate.cli import main\nprint('ended', main(sys.argv[1].split()))", environ, words)
    assert "ended 0" in ran.stdout or "ended 2" in ran.stdout, ran.stderr
    assert leaks(ran.stdout + ran.stderr, place.secrets(canaries)) == []


def test_the_ledger_names_who_asked_and_nothing_that_lets_them_in(
    place: Canaried, canaries: Mapping[str, str], leaks: Callable[..., list[str]]
) -> None:
    kept = place.kept()
    assert any("li" in body and id_of("audit-mq") in key for key, body in kept.items())
    assert leaks("\n".join([*kept, *kept.values()]), place.secrets(canaries)) == []
    assert LEDGER in place.environment()["TIDEGATE_STORE"]


PUSH = """
import traceback
from tidegate.app.wiring import shelf, utc_now
from tidegate.ledger.policies import Policies
from tidegate.settings import read_settings
policies = Policies(shelf(read_settings()), utc_now)
try:
    policies.publish({"orders-mq": {"mode": "act"}}, {"instances": {}}, "a function")
except Exception as error:
    print("ended", type(error).__name__)
try:
    policies.restore(policies.current().hash, "a function")
    policies._pointers.create(policies.current().number + 1, b"{}")
except Exception as error:
    print("ended", type(error).__name__)
"""


@pytest.mark.parametrize("name", FUNCTIONS)
def test_no_function_can_put_a_policy_in_force(place: Canaried, name: str, runs: Any) -> None:
    """Not even one that was taken over: its role may write everything in the bucket but that."""
    before = {key for key in place.kept() if key.startswith("policy/")}
    ran = runs(PUSH, place.keys_of(f"tidegate-{name}") | {"FC_FUNCTION_NAME": ""})
    assert ran.stdout.split() == ["ended", "ShelfRefused"] * 2, ran.stdout + ran.stderr
    assert {key for key in place.kept() if key.startswith("policy/")} == before
