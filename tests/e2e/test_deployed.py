"""What `tidegate deploy` deployed to an empty account, from a zip, does the main job; with one action less it cannot.

The three stories are those of the demo, on functions, workflow and roles that came out of a ROS stack.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from localcloud.cloud import Cloud
from localcloud.project.compose import Whole, compose
from localcloud.project.demo.play import GATEWAY, GATEWAY_ID, MQ, MQ_ID, perform, verdict
from localcloud.project.demo.stage import Stage, customer, vendor
from localcloud.project.up import DEMO
from localcloud.server import Running, running
from localcloud.template.package import zip_project
from localcloud.world import World
from tidegate.app import codec
from tidegate.cli import main
from tidegate.domain.operation import Phase
from tidegate.domain.state import State
from tidegate.operate.package import build, project_root
from tidegate.operate.package.build import WHEELHOUSE

pytestmark = pytest.mark.once
TOKEN = "a-token-of-nobody-else"
TOPIC_MESSAGE = Path(__file__).parents[1] / "events" / "cms_metric_to_mns_message.json"
SPEED, PATIENCE_S = 1200, 240.0
QUICK = {"stack_resource_takes": timedelta(seconds=0.01)}
"""How long ROS takes is no part of these stories; what is done in between is the same."""


class Site:
    """The demo's account, with the project deployed to it by the command line."""

    def __init__(self, cloud: Running, whole: Whole, stage: Stage) -> None:
        self.cloud, self.whole, self.stage = cloud, whole, stage
        self.pressed: set[str] = set()

    def without(self, role: str, *actions: str) -> None:
        """Take actions away from a role that the stack made."""
        (stack,) = self.whole.ros.stacks.all()
        said = next(made.properties for made in stack.resources.values() if made.properties.get("RoleName") == role)
        documents = [policy["PolicyDocument"] for policy in said["Policies"]]
        left = [document for document in (less(each, actions) for each in documents) if document["Statement"]]
        assert json.dumps(left) != json.dumps(documents)
        identity = self.cloud.cloud.identity
        self.cloud.run(lambda: identity.create_role(role, left, said["AssumeRolePolicyDocument"]))

    def outcomes(self, action: str) -> set[str]:
        """How the calls of one action ended."""
        return {call["outcome"] for call in self.cloud.run(lambda: self.cloud.cloud.door.calls.listed(action))}

    def publish(self) -> None:
        """Publish an alert to the topic, as CloudMonitor does."""
        now = round(self.cloud.cloud.clock.now().timestamp() * 1000)
        message = {**json.loads(TOPIC_MESSAGE.read_text()), "time": now}
        smq = self.whole.fc.smq
        assert self.cloud.submit(smq.publish_topic("tidegate-alerts", json.dumps(message))) == 1

    def ended(self, name: str, number: int) -> Any:
        """An operation that is over, and reached what was wanted."""
        recent = self.state(name).recent
        return next((one for one in recent if one.number == number and one.outcome.value == "resized"), None)

    def attended(self, name: str, instance_id: str) -> Any:
        """Its first operation, once it is over; whatever it needs of a person is done in the console."""
        operation = self.state(name).operation
        if operation is not None and operation.phase is Phase.UNPAID:
            self._press(f"orders/{operation.evidence.candidates[0]}/pay")
        if operation is not None and operation.phase is Phase.SWITCHOVER:
            self._press(f"instances/{instance_id}/switch")
        return self.ended(name, 1)

    def _press(self, what: str) -> None:
        if what not in self.pressed:
            self.pressed.add(what)
            self.stage.console("POST", what)

    def state(self, name: str) -> State:
        """What the ledger says of an instance."""
        book = self.stage.around.book()
        assert book is not None
        head = self.stage.around.ledger.head(self.stage.around.key(book.read(name)))
        return codec.read_state(head.state) if head else State()


def less(document: dict[str, Any], actions: tuple[str, ...]) -> dict[str, Any]:
    """A RAM policy without some actions."""
    statements = [
        {**one, "Action": [each for each in one["Action"] if each not in actions]} for one in document["Statement"]
    ]
    return {**document, "Statement": [one for one in statements if one["Action"]]}


def doctor(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """What the doctor finds of the roles."""
    capsys.readouterr()
    main(["doctor", "--json"])
    checks = json.loads(capsys.readouterr().out)["checks"]
    return next(one for one in checks if one["check"] == "roles")


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package as it is deployed, where this Python is one of the runtimes; otherwise Tidegate's own code alone.

    The libraries in a package are built for one Python, and localcloud's functions run in the one at hand.
    """
    folder, python = tmp_path_factory.mktemp("package"), f"{sys.version_info[0]}.{sys.version_info[1]}"
    wheels = project_root() / WHEELHOUSE
    if python in ("3.10", "3.12") and wheels.is_dir():
        return build(project_root(), python, folder, wheels).path
    alone = folder / "tidegate.zip"
    alone.write_bytes(zip_project(project_root()))
    return alone


@pytest.fixture
def words() -> tuple[str, ...]:
    """What is said besides when it is deployed."""
    return ()


@pytest.fixture
def site(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    package: Path,
    words: tuple[str, ...],
) -> Iterator[Site]:
    """An account that was empty, deployed to from a zip."""
    made: list[Whole] = []

    def attach(cloud: Cloud) -> None:
        made.append(compose(cloud, tmp_path / "work"))

    with running(World.load(DEMO / "world.yml").model_copy(update=QUICK), attach=attach) as cloud:
        address = cloud.cloud.address()
        said = {
            "TIDEGATE_ACCOUNT": address["account_id"],
            "TIDEGATE_REGION": address["region"],
            "TIDEGATE_ENDPOINT": address["endpoint"],
            "TIDEGATE_OSS_ENDPOINT": f"http://{address['oss_endpoint']}",
            "TIDEGATE_FC_ENDPOINT": f"http://{address['endpoint']}",
            "TIDEGATE_CLOCK_URL": f"http://{address['endpoint']}/_console/clock",
            "TIDEGATE_HOOK_TOKENS": TOKEN,
            "TIDEGATE_CHAT_URL": f"json://{address['endpoint']}/_console/messages/chat",
            "TIDEGATE_ONCALL_URL": f"json://{address['endpoint']}/_console/messages/oncall",
            "ALIBABA_CLOUD_ACCESS_KEY_ID": address["access_key_id"],
            "ALIBABA_CLOUD_ACCESS_KEY_SECRET": address["access_key_secret"],
        }
        for name, value in said.items():
            monkeypatch.setenv(name, value)
        monkeypatch.delenv("TIDEGATE_STORE", raising=False)
        command = ["deploy", "--package", str(package), "--policy", str(DEMO / "policy.yml"), "--mode", "act"]
        command += ["--no-doctor", *words]
        assert main([*command, "--yes", "--json"]) == 0
        done = json.loads(capsys.readouterr().out)
        assert main([*command, "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["change"] is False
        reached = {
            **address,
            "ledger": done["store"].removeprefix("oss://"),
            "alert_url": f"{done['outputs'].get('AlertUrl', '').rstrip('/')}/hook/cms/{TOKEN}",
        }
        for line in done["next"]:
            if line.startswith("export "):
                monkeypatch.setenv(*line.removeprefix("export ").split("=", 1))
        # From here on time flies, while nobody works.
        cloud.run(lambda: cloud.cloud.clock.set_speed(SPEED))
        stage = Stage(reached, customer(reached), vendor(reached))
        yield Site(cloud, made[0], stage)
        stage.aliyun.close()


# The vendor's fc2, with which the demo makes its 2.0 function, leaves the zip open.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.deep
def test_the_three_stories_of_the_demo_end_well_on_what_was_deployed(site: Site) -> None:
    receipts = perform(site.stage, Console(quiet=True), PATIENCE_S)
    assert verdict(receipts), receipts
    assert sorted(one["to_rung"] for one in receipts) == ["api.s1.medium", "medium", "medium", "small"]


def test_submit_without_the_action_to_order_is_refused_by_the_vendor_and_the_doctor_names_it(
    site: Site, waits: Callable[..., Any], capsys: pytest.CaptureFixture[str]
) -> None:
    """The alert's story ends so, and the timetable's: each has an action of its own."""
    site.without("tidegate-submit", "amqp:UpdateInstance", "apigateway:ModifyInstanceSpec")
    site.stage.post_alert()
    waits("the refusal", lambda: site.outcomes("UpdateInstance"))
    assert site.outcomes("UpdateInstance") == {"UnauthorizedOperation"}
    told = waits("the message", lambda: site.stage.console("GET", "messages/oncall")["messages"])
    assert "UnauthorizedOperation" in json.dumps(told)
    (instance,) = [one for one in site.stage.console("GET", "instances")["instances"] if one["instance_id"] == MQ_ID]
    assert instance["spec"]["MaxPrivateTps"] == 3000
    waits("the timetable's refusal", lambda: site.outcomes("ModifyInstanceSpec"), PATIENCE_S)
    assert site.outcomes("ModifyInstanceSpec") == {"Forbidden.RAM"}
    assert doctor(capsys)["level"] == "FAIL"
    assert "tidegate-submit may not amqp:UpdateInstance, apigateway:ModifyInstanceSpec" in doctor(capsys)["found"]


def test_a_door_without_the_action_to_start_the_workflow_is_refused_by_the_vendor_and_the_doctor_names_it(
    site: Site, waits: Callable[..., Any], capsys: pytest.CaptureFixture[str]
) -> None:
    site.without("tidegate-door", "fnf:StartExecution")
    site.stage.post_alert()
    waits("the refusal", lambda: site.outcomes("StartExecution"))
    assert site.outcomes("StartExecution") == {"AccessDenied"}
    assert site.outcomes("UpdateInstance") == set()
    assert "fnf:StartExecution" in doctor(capsys)["found"]


def test_a_workflow_without_the_action_to_call_functions_is_refused_orders_nothing_and_the_doctor_names_it(
    site: Site, waits: Callable[..., Any], capsys: pytest.CaptureFixture[str]
) -> None:
    site.without("tidegate-flow", "fc:InvokeFunction")
    site.stage.post_alert()

    def failed() -> list[Any]:
        asked: dict[str, str | int] = {"FlowName": "tidegate-resize", "Limit": 99}
        listed = site.stage.aliyun.call("fnf", "ListExecutions", asked, read=True)["Executions"]
        return [one for one in listed if one["Status"] == "Failed"]

    (ended, *_) = waits("the execution's end", failed)
    asked: dict[str, str | int] = {"FlowName": "tidegate-resize", "ExecutionName": ended["Name"], "Limit": 99}
    events = site.stage.aliyun.call("fnf", "GetExecutionHistory", asked, read=True)["Events"]
    refused = [json.loads(one["EventDetail"])["error"] for one in events if one["Type"] == "TaskFailed"]
    assert set(refused) == {"FC.AccessDenied"}
    assert site.outcomes("UpdateInstance") == set()
    assert doctor(capsys)["level"] == "FAIL"
    assert "tidegate-flow may not fc:InvokeFunction" in doctor(capsys)["found"]


@pytest.mark.parametrize("words", [("--generation", "2")])
def test_an_alert_the_timetable_and_a_person_do_their_jobs_on_functions_of_2_0(
    site: Site, waits: Callable[..., Any], capsys: pytest.CaptureFixture[str]
) -> None:
    assert site.whole.fc.host.registry.functions() == []
    site.publish()
    waits("the alert's resize", lambda: site.ended(MQ, 1), PATIENCE_S)
    waits("the timetable's resize", lambda: site.attended(GATEWAY, GATEWAY_ID), PATIENCE_S)
    assert main(["resize", MQ, "--to", "small", "--for", "2h", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["decision"] in ("resize", "hold")
    waits("the person's resize", lambda: site.ended(MQ, 2), PATIENCE_S)
    (instance,) = [one for one in site.stage.console("GET", "instances")["instances"] if one["instance_id"] == MQ_ID]
    assert instance["spec"]["MaxPrivateTps"] == 3000
