"""A template deploys to a whole cloud: what runs is what it says."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from localcloud.cloud import Cloud
from localcloud.fc.compute import FunctionCompute
from localcloud.fc.function import Ref
from localcloud.flow.outcome import Outcome
from localcloud.flow.service import FlowService
from localcloud.oss import Oss
from localcloud.server import Running, running
from localcloud.template.deploy import Deployed, Targets, deploy
from localcloud.template.faults import TemplateError
from tidegate.operate.package import rendered

PROJECT = Path(__file__).parents[2]

TEMPLATE = """
ROSTemplateFormatVersion: '2015-09-01'
Parameters:
  Bucket: {Type: String}
  Rung: {Type: String, Default: small, AllowedValues: [small, large]}
Resources:
  Ledger: {Type: 'ALIYUN::OSS::Bucket', Properties: {BucketName: !Ref Bucket}}
  Topic: {Type: 'ALIYUN::MNS::Topic', Properties: {TopicName: alerts}}
  Queue: {Type: 'ALIYUN::MNS::Queue', Properties: {QueueName: alerts}}
  Role:
    Type: ALIYUN::RAM::Role
    Properties:
      RoleName: door
      AssumeRolePolicyDocument:
        Version: '1'
        Statement: [{Action: 'sts:AssumeRole', Effect: Allow, Principal: {Service: [fc.aliyuncs.com]}}]
  Door:
    Type: ALIYUN::FC3::Function
    Properties:
      FunctionName: door
      Handler: functions/door.handler
      Runtime: python3.10
      Role: !GetAtt Role.Arn
      Timeout: 10
      InstanceLifecycleConfig: {Initializer: {Handler: functions/door.wake, Timeout: 5}}
      Code: {OssBucketName: code, OssObjectName: project.zip}
      EnvironmentVariables: {RUNG: !Ref Rung, Where: !Sub 'oss://${Bucket}/${ALIYUN::StackName}'}
  Http:
    Type: ALIYUN::FC3::Trigger
    Properties:
      FunctionName: !GetAtt Door.FunctionName
      TriggerName: http
      TriggerType: http
      TriggerConfig: {authType: anonymous, methods: [GET]}
  Async:
    Type: ALIYUN::FC3::AsyncInvokeConfig
    Properties: {FunctionName: !Ref Door, MaxAsyncRetryAttempts: 1}
  One:
    Type: ALIYUN::FC3::ConcurrencyConfig
    Properties: {FunctionName: !Ref Door, ReservedConcurrency: 1}
  Old: {Type: 'ALIYUN::FC::Service', Properties: {ServiceName: old, Role: !GetAtt Role.Arn}}
  OldDoor:
    Type: ALIYUN::FC::Function
    Properties:
      ServiceName: !Ref Old
      FunctionName: door
      Handler: index.handler
      Runtime: python3.10
      Code: {SourceCode: "def handler(event, context):\\n    return context.service.name\\n"}
  Flow:
    Type: ALIYUN::FNF::Flow
    Metadata: {Tidegate: {Definition: flow.yml}}
    Properties: {Name: wait, Definition: flow.yml}
  Nightly:
    Type: ALIYUN::FNF::Schedule
    Properties: {ScheduleName: nightly, FlowName: !Ref Flow, CronExpression: '@every 60m', Enable: false}
  Rule:
    Type: ALIYUN::CMS::ResourceMetricRule
    Properties:
      Namespace: acs_amqp
      MetricName: InstanceMessageInput
      Resources: []
      ContactGroups: [ops]
      Webhook: !GetAtt Http.UrlInternet
Outputs:
  Url: {Value: !GetAtt Http.UrlInternet}
  Arns: {Value: !Join [',', [!GetAtt Door.ARN, !GetAtt OldDoor.ARN, !GetAtt Topic.ARN.WithSlash]]}
"""
FLOW = """
Type: StateMachine
SpecVersion: v1
Name: wait
StartAt: Done
States:
  - {Type: Succeed, Name: Done, End: true}
"""
DOOR = """
import json
import os

awake = False


def wake(context):
    global awake
    awake = True


def handler(event, context):
    return json.dumps({"rung": os.environ["RUNG"], "where": os.environ["Where"], "awake": awake})
"""


@dataclass
class Place:
    """A whole cloud and a small project to deploy to it."""

    cloud: Running
    targets: Targets
    base: Path

    def deploy(self, path: Path | None = None, base: Path | None = None, /, **parameters: Any) -> Deployed:
        """Deploy a template, the project's own unless given."""
        return self.cloud.submit(deploy(path or self.base / "template.yml", parameters, self.targets, base))

    def invoke(self, ref: Ref) -> bytes:
        """Invoke a function and give its answer."""
        return self.cloud.submit(self.targets.fc.host.invoke(ref, b"{}")).body


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    base = tmp_path / "project"
    (base / "functions").mkdir(parents=True)
    (base / "template.yml").write_text(TEMPLATE)
    (base / "flow.yml").write_text(FLOW)
    (base / "functions" / "door.py").write_text(DOOR)
    made: list[Targets] = []

    async def perform(*_: Any) -> Outcome:
        return Outcome.succeeded()

    def attach(cloud: Cloud) -> None:
        oss = Oss(cloud.cabinet.drawer("oss"), cloud.clock, cloud.identity, cloud.faults)
        fc = FunctionCompute(
            cloud.cabinet.drawer("fc"),
            cloud.clock,
            cloud.identity,
            cloud.faults,
            workdir=tmp_path / "work",
            code_store=oss.read,
            endpoint=lambda: cloud.endpoint,
        )
        flow = FlowService(cloud.cabinet.drawer("flow"), cloud.clock, perform)
        cloud.attach(fc=fc, oss=oss, fnf=flow.product, parts=[fc, flow])
        made.append(Targets(cloud.identity, oss, fc, flow))

    with running(attach=attach) as cloud:
        yield Place(cloud, made[0], base)


def test_everything_that_the_template_names_is_made_and_works(place: Place) -> None:
    deployed = place.deploy(Bucket="ledger")
    url = f"http://{place.cloud.endpoint}/_fc/door"
    account = place.targets.identity.account_id
    assert deployed.outputs == {
        "Url": url,
        "Arns": f"acs:fc:cn-hangzhou:{account}:functions/door,"
        f"acs:fc:cn-hangzhou:{account}:services/old/functions/door,acs:mns:cn-hangzhou:{account}:/topics/alerts",
    }
    assert deployed.left_out == ("Rule",)
    assert requests.get(url, timeout=20).json() == {"rung": "small", "where": "oss://ledger/tidegate", "awake": True}
    assert place.invoke(Ref("door", "old")) == b"old"
    assert place.targets.oss.read("code", "project.zip")
    assert place.targets.flow.flows.describe({"Name": "wait"})["Definition"] == FLOW
    assert place.targets.fc.host.registry.function(Ref("door")).async_retries == 1


def test_deploying_again_brings_everything_up_to_date(place: Place) -> None:
    place.deploy(Bucket="ledger")
    (place.base / "functions" / "door.py").write_text(DOOR.replace('"rung":', '"step":'))
    place.deploy(Bucket="ledger", Rung="large")
    assert json.loads(place.invoke(Ref("door")))["step"] == "large"


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({}, "Parameters.Bucket: is required"),
        ({"Bucket": "ledger", "Size": "1"}, "Parameters.Size: is not in the template"),
        ({"Bucket": "ledger", "Rung": "huge"}, "Parameters.Rung: 'huge' is not one of small, large"),
        ({"Bucket": "No Bucket"}, "Ledger.Properties.BucketName: 'No Bucket' does not have the form"),
    ],
)
def test_wrong_parameters_are_refused(place: Place, parameters: dict[str, Any], said: str) -> None:
    with pytest.raises(TemplateError) as caught:
        place.deploy(**parameters)
    assert said in str(caught.value)


CONDITIONED = """
ROSTemplateFormatVersion: '2015-09-01'
Parameters:
  Size: {Type: String, Default: small}
  Name: {Type: String, Default: ''}
Conditions:
  Large: {'Fn::Equals': [{Ref: Size}, large]}
  Queued: {'Fn::Not': {'Fn::Equals': [{Ref: Name}, '']}}
  Both: {'Fn::And': [Large, Queued]}
  Either: {'Fn::Or': [Large, {'Fn::Equals': [{Ref: Size}, medium]}]}
Resources:
  Topic: {Type: 'ALIYUN::MNS::Topic', Properties: {TopicName: !If [Either, wide, narrow]}}
  Queue: {Type: 'ALIYUN::MNS::Queue', Condition: Queued, Properties: {QueueName: !Ref Name}}
Outputs:
  Topic: {Value: !Ref Topic}
  Queue: {Value: !If [Queued, !If [Both, !Sub 'large ${Name}', !GetAtt Queue.QueueName], none]}
"""


@pytest.mark.parametrize(
    ("parameters", "outputs"),
    [
        ({}, {"Topic": "narrow", "Queue": "none"}),
        ({"Size": "medium"}, {"Topic": "wide", "Queue": "none"}),
        ({"Size": "medium", "Name": "q"}, {"Topic": "wide", "Queue": "q"}),
        ({"Size": "large", "Name": "q"}, {"Topic": "wide", "Queue": "large q"}),
    ],
)
def test_what_is_made_depends_on_conditions(place: Place, parameters: dict[str, Any], outputs: dict[str, Any]) -> None:
    path = place.base / "conditioned.yml"
    path.write_text(CONDITIONED)
    deployed = place.deploy(path, **parameters)
    assert deployed.outputs == outputs
    assert ("Queue" in deployed.resources) == ("Name" in parameters)


def test_a_handler_without_its_file_is_refused_before_anything_is_made(place: Place) -> None:
    (place.base / "functions" / "door.py").unlink()
    with pytest.raises(TemplateError, match=r"functions/door\.handler"):
        place.deploy(Bucket="ledger")
    assert place.targets.fc.host.registry.functions() == []


def test_code_given_in_base64_runs(place: Place, code_zip: bytes) -> None:
    text = f"""
ROSTemplateFormatVersion: '2015-09-01'
Resources:
  F:
    Type: ALIYUN::FC3::Function
    Properties:
      FunctionName: f
      Handler: echo.text
      Runtime: python3.12
      Code: {{ZipFile: {base64.b64encode(code_zip).decode()}}}
"""
    path = place.base / "other.yml"
    path.write_text(text)
    place.deploy(path)
    assert place.invoke(Ref("f")) == b"as it is"


def test_the_projects_own_template_deploys(place: Place) -> None:
    deployed = place.deploy(
        PROJECT / "template.yml",
        LedgerBucket="ledger",
        CodeBucket="code",
        CodeObject="tidegate.zip",
        HookTokens="a-token-of-a-demo",
    )
    assert deployed.outputs["AlertUrl"].startswith("http://127.0.0.1:")
    assert set(deployed.left_out) == {"Logs", "FunctionLogs", "FunctionLogsIndex"}
    names = {str(ref) for ref in place.targets.fc.host.registry.functions()}
    assert {"tidegate-on-alert", "tidegate-submit", "tidegate-look", "tidegate-settle"} <= names


def test_the_template_as_ros_is_given_it_deploys_like_its_source(place: Place, tmp_path: Path) -> None:
    parameters = {
        "LedgerBucket": "ledger",
        "CodeBucket": "code",
        "CodeObject": "t.zip",
        "HookTokens": "a-token-of-the-demo",
    }
    flows = place.targets.flow.flows
    from_source = place.deploy(PROJECT / "template.yml", **parameters)
    flow = flows.describe({"Name": "tidegate-resize"})
    (tmp_path / "rendered.json").write_text(rendered(PROJECT), encoding="utf-8")
    from_rendered = place.deploy(tmp_path / "rendered.json", PROJECT, **parameters)
    assert from_rendered.outputs == from_source.outputs
    assert set(from_rendered.resources) == set(from_source.resources)
    again = flows.describe({"Name": "tidegate-resize"})
    assert again["Definition"] == flow["Definition"]
    assert "acs:fc:cn-hangzhou:" in again["Definition"]
