"""Whole clouds in this process, with the project deployed to them from `template.yml` as `local up` does it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from threading import Event
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlencode

import pytest
import requests
import yaml

from localcloud.cloud import Cloud
from localcloud.faults import Fault
from localcloud.fc.function import Ref
from localcloud.fc.invocation import Invocation
from localcloud.project.compose import Whole, compose
from localcloud.project.demo.stage import customer, vendor
from localcloud.project.up import ROOT, settle_in
from localcloud.server import Running, running
from localcloud.world import World
from tidegate.app import codec
from tidegate.domain.state import Settled, State
from tidegate.policyfile import compile_policy, parse_policy

T = TypeVar("T")

START = datetime.fromisoformat("2026-03-02T12:00:00+00:00")
CALLBACK = ROOT / "tests" / "events" / "cms_metric_callback_alert.form.txt"
TOPIC_MESSAGE = ROOT / "tests" / "events" / "cms_metric_to_mns_message.json"
FLOW = "tidegate-resize"
QUICK = {"apply_takes": "20s", "order_visible_after": "10s"}
"""A vendor in a hurry, so that a resize takes few looks."""
WITHIN_S = 60.0
BUSY = 429
RABBIT = {
    "product": "rabbitmq",
    "region": "cn-hangzhou",
    "mode": "act",
    "ladder": [
        {"rung": "small", "MaxPrivateTps": 3000, "QueueCapacity": 200, "MaxConnections": 2000},
        {"rung": "medium", "MaxPrivateTps": 5000, "QueueCapacity": 400, "MaxConnections": 3000},
    ],
    "alerts": [{"rule": "rabbit-tps-high", "raise": 1}],
}
SMALL = {"MaxPrivateTps": 3000, "QueueCapacity": 200, "MaxConnections": 2000}


def until(what: str, seen: Callable[[], T | None], within_s: float = WITHIN_S) -> T:
    """Wait until something is seen, and give it; fail when the deadline has passed."""
    deadline, pause = time.monotonic() + within_s, Event()
    while time.monotonic() < deadline:
        if found := seen():
            return found
        pause.wait(0.2)
    raise AssertionError(f"{what} did not happen within {within_s:.0f} s")


def id_of(name: str) -> str:
    """The vendor's id of the instance that the policy calls so."""
    return f"amqp-cn-{name}"


def callback(name: str, at_ms: int, **fields: str) -> bytes:
    """CloudMonitor's callback about one of our instances."""
    form = {key: values[0] for key, values in parse_qs(CALLBACK.read_text().strip()).items()}
    about = f"{{userId=1234567890123456, regionId=cn-hangzhou, instanceId={id_of(name)}}}"
    ringing = {"alertName": "rabbit-tps-high", "alertState": "ALERT", "dimensions": about, "timestamp": str(at_ms)}
    return urlencode({**form, **ringing, **fields}).encode()


class Place:
    """One whole cloud. Its instances are RabbitMQ's, stand on `small`, and go by the names they were opened with."""

    def __init__(self, cloud: Running, whole: Whole, address: Mapping[str, str]) -> None:
        self.cloud, self.whole, self.address = cloud, whole, address
        self.host = whole.fc.host
        self.around = customer(address)
        self.aliyun = vendor(address)

    def callback(self, name: str = "orders-mq", **fields: str) -> bytes:
        """CloudMonitor's callback as it writes it, about one of our instances, ringing now."""
        form = {key: values[0] for key, values in parse_qs(CALLBACK.read_text().strip()).items()}
        about = f"{{userId=1234567890123456, regionId=cn-hangzhou, instanceId={id_of(name)}}}"
        ringing = {
            "alertName": "rabbit-tps-high",
            "alertState": "ALERT",
            "dimensions": about,
            "timestamp": str(self.now_ms()),
        }
        return urlencode({**form, **ringing, **fields}).encode()

    def post(self, body: bytes, url: str = "") -> requests.Response:
        """Post a callback to the function's HTTP trigger."""
        kind = {"Content-Type": "application/x-www-form-urlencoded; charset=UTF-8"}
        return requests.post(url or self.address["alert_url"], data=body, headers=kind, timeout=30)

    def ring(self, name: str = "orders-mq") -> dict[str, Any]:
        """Post an alert and give what was answered to it."""
        answer = self.post(self.callback(name))
        assert answer.status_code == 200, answer.text
        said: dict[str, Any] = answer.json()["alerts"][0]
        return said

    def environment(self) -> dict[str, str]:
        """What a function finds in its environment, with the owner's own key."""
        function = self.host.registry.function(Ref("tidegate-on-alert"))
        return {
            **function.environment,
            "FC_ACCOUNT_ID": self.address["account_id"],
            "FC_REGION": self.address["region"],
            "ALIBABA_CLOUD_ACCESS_KEY_ID": self.address["access_key_id"],
            "ALIBABA_CLOUD_ACCESS_KEY_SECRET": self.address["access_key_secret"],
        }

    def publish(self, name: str = "orders-mq") -> int:
        """Publish an alert to the topic as CloudMonitor does, and give how many functions will get it."""
        text = TOPIC_MESSAGE.read_text().replace("amqp-cn-demo0001", id_of(name))
        message = {**json.loads(text), "time": self.now_ms()}
        return self.cloud.submit(self.whole.fc.smq.publish_topic("tidegate-alerts", json.dumps(message)))

    def now_ms(self) -> int:
        """The simulated time as alerts write it."""
        return round(self.cloud.cloud.clock.now().timestamp() * 1000)

    def host_kill(self, function: str) -> int:
        """Kill every worker of a function, and give how many there were."""
        return self.cloud.run(lambda: self.host.kill(function))

    def invoke(self, function: str, event: bytes) -> Invocation:
        """Invoke a function and wait for its answer. The tick may be busy, as there is only one at a time."""

        def invoked() -> Invocation | None:
            answer = self.cloud.submit(self.host.invoke(Ref(function), event), 60)
            return None if answer.status == BUSY else answer

        return until(f"{function}'s turn", invoked)

    def tick(self) -> Invocation:
        """Let the timer's function run once more, now."""
        return self.invoke("tidegate-on-schedule", b"{}")

    def state(self, name: str = "orders-mq") -> State:
        """What the ledger says of an instance."""
        book = self.around.book()
        assert book is not None
        head = self.around.ledger.head(self.around.key(book.read(name)))
        return codec.read_state(head.state) if head else State()

    def settled(self, name: str = "orders-mq") -> Settled:
        """Wait for the end of the instance's first operation, and give it."""
        return until(f"the end of {name}'s resize", lambda: next(iter(self.state(name).recent), None))

    def orders(self, name: str = "orders-mq") -> list[Any]:
        """Every order that the vendor has booked for an instance, shown in billing or not."""
        booked = self.cloud.run(self.cloud.cloud.orders.orders)
        return [order for order in booked if order.instance_id == id_of(name)]

    def spec(self, name: str = "orders-mq") -> dict[str, Any]:
        """What the instance is, by the vendor's own book."""
        estate = self.cloud.cloud.estate
        return dict(self.cloud.run(lambda: estate.moment(estate.known(id_of(name))).spec))

    def calls(self, action: str, name: str = "orders-mq") -> list[Any]:
        """Every call of one action about an instance that reached the vendor."""
        listed = self.cloud.run(lambda: self.cloud.cloud.door.calls.listed(action))
        return [call for call in listed if call["instance"] == id_of(name)]

    def flow(self, action: str, **given: str | int) -> Mapping[str, Any]:
        """Call CloudFlow as the account's owner."""
        return self.aliyun.call("fnf", action, {"FlowName": FLOW, **given}, read=True)

    def executions(self, name: str = "orders-mq") -> list[str]:
        """The names of the executions that have carried the instance's operations."""
        listed = self.flow("ListExecutions", Limit=99)["Executions"]
        return sorted(one["Name"] for one in listed if f"-{name}-" in one["Name"])

    def status(self, execution: str) -> str:
        """How an execution stands."""
        return str(self.flow("DescribeExecution", ExecutionName=execution)["Status"])

    def until_ended(self, execution: str) -> None:
        """Wait until an execution runs no more: it ends a moment after the operation has."""
        until(f"the end of {execution}", lambda: self.status(execution) != "Running")

    def history(self, execution: str) -> list[Mapping[str, Any]]:
        """Every event of an execution."""
        return list(self.flow("GetExecutionHistory", ExecutionName=execution, Limit=999)["Events"])

    def path(self, execution: str) -> list[str]:
        """The states that an execution entered, in order."""
        return [event["StepName"] for event in self.history(execution) if event["Type"] == "StepEntered"]

    def fault(self, call: str, do: str, **over: Any) -> None:
        """Plan a misfortune."""
        self.cloud.run(lambda: self.cloud.cloud.faults.add(Fault.model_validate({"call": call, "do": do, **over})))

    def struck(self, call: str, name: str) -> int:
        """How many calls about an instance or a function the planned misfortunes have struck."""
        listed = self.cloud.run(self.cloud.cloud.faults.listed)
        plans = [(one["plan"], one["struck"]) for one in listed]
        return sum(len(struck) for plan, struck in plans if plan["call"] == call and name in plan["instance"])

    def logged(self, function: str, word: str) -> list[str]:
        """The lines that a function logged and that have a word in them."""
        return [line for line in self.host.logs(function) if word in line]

    def assert_bought_once(self, name: str = "orders-mq") -> None:
        """The instance reports the wanted spec, by one order."""
        settled = self.settled(name)
        assert (settled.outcome.value, settled.to_rung) == ("resized", "medium"), settled.why
        assert len(self.orders(name)) == 1
        assert self.spec(name).items() >= {"MaxPrivateTps": 5000, "QueueCapacity": 400, "MaxConnections": 3000}.items()


def world_of(names: Sequence[str], **settings: Any) -> World:
    """A world of RabbitMQ instances, each on `small`."""
    own = settings.pop("instances", {})
    instances = [
        {"product": "rabbitmq", "instance_id": id_of(name), "spec": SMALL, "behaviour": own.get(name, {})}
        for name in names
    ]
    behaviour = {**QUICK, **settings.pop("behaviour", {})}
    return World.model_validate({"start": START, "instances": instances, "behaviour": behaviour, **settings})


def policy_of(names: Sequence[str], **over: Any) -> bytes:
    """A policy file for these instances."""
    notify = [{"url_env": "TIDEGATE_ONCALL_URL", "on": ["resized", "failed", "held", "needs-person"]}]
    instances = {name: {**RABBIT, "instance_id": id_of(name), **over} for name in names}
    return yaml.safe_dump({"version": 1, "notify": notify, "instances": instances}).encode()


Opens = Callable[..., Place]


def opening(stack: ExitStack, tmp_path_factory: pytest.TempPathFactory) -> Opens:
    """Open whole clouds; each stays as long as the stack."""

    def open_place(
        *names: str, runtime: str = "python3.10", speed: float = 600, twice: bool = False, **settings: Any
    ) -> Place:
        names = names or ("orders-mq",)
        documents, index = compile_policy(parse_policy(policy_of(names)))
        made: list[Whole] = []
        workdir = tmp_path_factory.mktemp("functions")

        def attach(cloud: Cloud) -> None:
            made.append(compose(cloud, workdir, deliver_twice=lambda: twice))

        cloud = stack.enter_context(running(world_of(names, **settings), attach=attach, speed=speed))
        address = cloud.submit(settle_in(made[0], documents, index, Runtime=runtime), 60)
        place = Place(cloud, made[0], {**cloud.cloud.address(), **address})
        stack.callback(place.aliyun.close)
        return place

    return open_place


@pytest.fixture
def opens(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opens]:
    """Open whole clouds for one test."""
    with ExitStack() as stack:
        yield opening(stack, tmp_path_factory)


@pytest.fixture(scope="module")
def opens_for_all(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opens]:
    """Open whole clouds that all tests of a module share."""
    with ExitStack() as stack:
        yield opening(stack, tmp_path_factory)


@pytest.fixture(scope="session")
def waits() -> Callable[..., Any]:
    """Give `until`, for tests."""
    return until


@pytest.fixture(scope="session")
def resize_flow() -> dict[str, Any]:
    """Give the workflow's states by name."""
    flow = yaml.safe_load((ROOT / "workflows" / "resize.yml").read_text("utf-8"))
    return {"StartAt": flow["StartAt"], "States": {state["Name"]: state for state in flow["States"]}}


@pytest.fixture(scope="session")
def project() -> Path:
    """Give the project's folder."""
    return ROOT


@pytest.fixture(scope="session")
def ringing() -> Callable[[str], bytes]:
    """Give a callback that rings at a time, written as ISO 8601."""
    return lambda at: callback("orders-mq", round(datetime.fromisoformat(at).timestamp() * 1000))


@pytest.fixture(scope="session")
def small_files(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., tuple[Path, Path]]:
    """Write a world file and a policy file for instances of these names."""

    def write(*names: str, **settings: Any) -> tuple[Path, Path]:
        folder = tmp_path_factory.mktemp("files")
        world, policy = folder / "world.yml", folder / "policy.yml"
        world.write_text(json.dumps(world_of(names, **settings).model_dump(mode="json", by_alias=True)))
        policy.write_bytes(policy_of(names))
        return world, policy

    return write
