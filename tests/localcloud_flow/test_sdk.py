"""The vendor's own client for CloudFlow talks to the running cloud."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from alibabacloud_fnf20190315 import models
from alibabacloud_fnf20190315.client import Client
from alibabacloud_tea_openapi.exceptions import ClientException
from alibabacloud_tea_openapi.models import Config

from localcloud.cloud import Cloud
from localcloud.flow.outcome import Outcome
from localcloud.flow.service import FlowService
from localcloud.identity import Keys
from localcloud.server import Running, running

pytestmark = pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning")

INPUT = json.dumps({"instanceId": "i-1", "targetSpec": "large", "deadline": "soon"})
DEADLINE_S = 10


@dataclass
class Served:
    """A running cloud with CloudFlow, and the tokens that its approval function was given."""

    server: Running
    service: FlowService
    tokens: list[str]

    def client(self, secret: str = "") -> Any:
        """Make a client as a person would."""
        keys = self.server.keys
        return Client(
            Config(
                access_key_id=keys.access_key_id,
                access_key_secret=secret or keys.access_key_secret,
                endpoint=self.server.endpoint,
                protocol="http",
                read_timeout=3000,
            )
        )

    def until_logged(self, kind: str, flow: str) -> None:
        """Wait until execution `one` of a flow has an event; asking the API would use up its quota."""
        where = {"FlowName": flow, "ExecutionName": "one", "Limit": 999}
        seen = self.service.executions.history
        self.until(lambda: any(each["Type"] == kind for each in self.server.run(lambda: seen(where))["Events"]))

    def until(self, true: Callable[[], bool]) -> None:
        """Wait until something is true."""
        give_up = time.monotonic() + DEADLINE_S
        while not true():
            assert time.monotonic() < give_up, "it never came true"
            self.server.run(lambda: None)


@pytest.fixture
def served() -> Iterator[Served]:
    """Give a running cloud with CloudFlow, whose functions answer at once."""
    tokens: list[str] = []

    async def perform(_action: str, parameters: Mapping[str, Any], _mode: str, _timeout: int | None) -> Outcome:
        await asyncio.sleep(0)
        body = parameters["body"]
        if "taskToken" in body:
            tokens.append(body["taskToken"])
        return Outcome.succeeded({"Body": {"orderId": "o-1", "status": "Ready"}})

    services: list[FlowService] = []

    def attach(cloud: Cloud) -> None:
        services.append(FlowService(cloud.cabinet.drawer("flow"), cloud.clock, perform))
        cloud.attach(fnf=services[0].product, parts=services)

    with running(attach=attach) as server:
        yield Served(server, services[0], tokens)


def create(client: Any, text: str) -> Any:
    """Create a flow."""
    name = text.split("Name: ", 1)[1].split("\n", 1)[0]
    request = models.CreateFlowRequest(name=name, definition=text, description="d", type="FDL")
    return client.create_flow(request).body


def test_a_flow_is_created_and_run_to_its_end(served: Served, text: Callable[[str], str]) -> None:
    client = served.client()
    made = create(client, text("poll_loop"))
    assert (made.name, made.execution_mode, bool(made.id)) == ("resize-and-poll", "Standard", True)
    start = models.StartExecutionRequest(flow_name="resize-and-poll", execution_name="one", input=INPUT)
    assert client.start_execution(start).body.status == "Running"
    where = {"flow_name": "resize-and-poll", "execution_name": "one"}
    served.until_logged("ExecutionSucceeded", "resize-and-poll")
    described = client.describe_execution(models.DescribeExecutionRequest(**where, wait_time_seconds=1)).body
    assert (described.status, json.loads(described.output)["result"]) == ("Succeeded", "ready")
    history = client.get_execution_history(models.GetExecutionHistoryRequest(**where, limit=2)).body
    assert [event.type for event in history.events] == ["ExecutionStarted", "StepEntered"]
    assert history.next_token == "3"
    (listed,) = client.list_executions(models.ListExecutionsRequest(flow_name="resize-and-poll")).body.executions
    assert (listed.name, listed.stopped_time.endswith("Z")) == ("one", True)
    with pytest.raises(ClientException) as caught:
        client.start_execution(start)
    assert (caught.value.code, caught.value.status_code) == ("ExecutionAlreadyExists", 400)


def test_a_task_is_reported_through_the_client(served: Served, text: Callable[[str], str]) -> None:
    client = served.client()
    create(client, text("callback_and_child"))
    create(client, text("poll_loop"))
    client.start_execution(
        models.StartExecutionRequest(flow_name="resize-with-approval", execution_name="one", input=INPUT)
    )
    served.until_logged("TaskSubmitted", "resize-with-approval")
    report = models.ReportTaskSucceededRequest(
        task_token=served.tokens[0], output='{"decision": "approved", "approver": "li"}'
    )
    assert client.report_task_succeeded(report).body.event_id > 0
    served.until_logged("ExecutionSucceeded", "resize-with-approval")
    with pytest.raises(ClientException) as caught:
        client.report_task_failed(models.ReportTaskFailedRequest(task_token=served.tokens[0], error="E", cause="c"))
    assert caught.value.code == "TaskAlreadyCompleted"


def test_an_execution_is_stopped_and_a_schedule_kept(served: Served, text: Callable[[str], str]) -> None:
    client = served.client()
    create(client, text("callback_and_child"))
    client.start_execution(
        models.StartExecutionRequest(flow_name="resize-with-approval", execution_name="one", input=INPUT)
    )
    stop = models.StopExecutionRequest(flow_name="resize-with-approval", execution_name="one", error="E", cause="c")
    assert client.stop_execution(stop).body.status == "Stopped"
    made = client.create_schedule(
        models.CreateScheduleRequest(
            flow_name="resize-with-approval",
            schedule_name="nightly",
            cron_expression="0 0 18 * * *",
            payload="{}",
            enable=True,
        )
    ).body
    assert (made.schedule_name, made.enable) == ("nightly", True)
    listed = client.list_schedules(models.ListSchedulesRequest(flow_name="resize-with-approval")).body.schedules
    assert [schedule.schedule_id for schedule in listed] == [made.schedule_id]
    client.delete_flow(models.DeleteFlowRequest(name="resize-with-approval"))
    assert client.list_flows(models.ListFlowsRequest(limit=5)).body.flows == []


def test_a_wrong_secret_is_refused(served: Served) -> None:
    with pytest.raises(ClientException) as caught:
        served.client("wrong").list_flows(models.ListFlowsRequest())
    assert (caught.value.code, caught.value.status_code) == ("SignatureNotMatch", 403)


def test_a_role_without_a_grant_is_refused(served: Served) -> None:
    def bare_user() -> Keys:
        return served.server.cloud.identity.create_user("nobody", [])

    keys = served.server.run(bare_user)
    config = Config(
        access_key_id=keys.access_key_id,
        access_key_secret=keys.access_key_secret,
        endpoint=served.server.endpoint,
        protocol="http",
    )
    with pytest.raises(ClientException) as caught:
        Client(config).list_flows(models.ListFlowsRequest())
    assert (caught.value.code, caught.value.status_code) == ("AccessDenied", 403)


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (models.CreateFlowRequest(name="a", definition="x", type="FDL"), "MissingRequiredParams"),
        (models.CreateFlowRequest(name="a", definition="x", description="d", type="DEFAULT"), "InvalidArgument"),
        (models.CreateFlowRequest(name="a", definition="x", description="d", type="FDL"), "InvalidArgument"),
        (models.ListFlowsRequest(limit=0), "InvalidArgument"),
        (models.DescribeFlowRequest(name="none"), "FlowNotExists"),
        (models.StartExecutionRequest(flow_name="none"), "FlowNotExists"),
        (models.DescribeExecutionRequest(flow_name="none"), "MissingRequiredParams"),
    ],
)
def test_a_wrong_parameter_is_refused_by_its_code(served: Served, request_: Any, code: str) -> None:
    words = type(request_).__name__.removesuffix("Request")
    name = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in words).strip("_")
    with pytest.raises(ClientException) as caught:
        getattr(served.client(), name)(request_)
    assert caught.value.code == code


def test_a_bad_definition_is_refused_with_its_state_and_field(served: Served, text: Callable[[str], str]) -> None:
    with pytest.raises(ClientException, match="state WaitBeforeCheck, field Seconds"):
        create(served.client(), text("poll_loop").replace("Seconds: 60\n    Next", "Seconds: 600\n    Next"))


def test_too_many_calls_are_throttled(served: Served) -> None:
    client = served.client()

    def flood() -> None:
        for _ in range(40):
            client.list_flows(models.ListFlowsRequest())

    with pytest.raises(ClientException) as caught:
        flood()
    assert (caught.value.code, caught.value.status_code) == ("ResourceThrottled", 429)
