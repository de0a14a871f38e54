"""A whole cloud with nothing deployed, and the vendor's own client for ROS."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from alibabacloud_ros20190910 import models
from alibabacloud_ros20190910.client import Client
from alibabacloud_tea_openapi.models import Config

from localcloud.cloud import Cloud
from localcloud.faults import Fault
from localcloud.identity import Keys
from localcloud.project.compose import Whole, compose
from localcloud.server import Running, running
from localcloud.template.package import zip_source

REGION = "cn-hangzhou"
TEMPLATE: Mapping[str, Any] = {
    "ROSTemplateFormatVersion": "2015-09-01",
    "Parameters": {
        "Bucket": {"Type": "String"},
        "Rung": {"Type": "String", "Default": "small", "AllowedValues": ["small", "large"]},
        "Token": {"Type": "String", "NoEcho": True, "Default": ""},
    },
    "Resources": {
        "Ledger": {
            "Type": "ALIYUN::OSS::Bucket",
            "DeletionPolicy": "Retain",
            "Properties": {"BucketName": {"Ref": "Bucket"}},
        },
        "Topic": {"Type": "ALIYUN::MNS::Topic", "Properties": {"TopicName": "alerts"}},
        "Role": {
            "Type": "ALIYUN::RAM::Role",
            "Properties": {
                "RoleName": "door",
                "AssumeRolePolicyDocument": {
                    "Version": "1",
                    "Statement": [
                        {
                            "Action": "sts:AssumeRole",
                            "Effect": "Allow",
                            "Principal": {"Service": ["fc.aliyuncs.com"]},
                        }
                    ],
                },
            },
        },
        "Door": {
            "Type": "ALIYUN::FC3::Function",
            "Properties": {
                "FunctionName": "door",
                "Handler": "index.handler",
                "Runtime": "python3.10",
                "Role": {"Fn::GetAtt": ["Role", "Arn"]},
                "Code": {"OssBucketName": "code", "OssObjectName": "door.zip"},
                "EnvironmentVariables": {"RUNG": {"Ref": "Rung"}, "TOKEN": {"Ref": "Token"}},
            },
        },
        "Http": {
            "Type": "ALIYUN::FC3::Trigger",
            "Properties": {
                "FunctionName": {"Fn::GetAtt": ["Door", "FunctionName"]},
                "TriggerName": "http",
                "TriggerType": "http",
                "TriggerConfig": {"authType": "anonymous", "methods": ["GET"]},
            },
        },
    },
    "Outputs": {"Url": {"Value": {"Fn::GetAtt": ["Http", "UrlInternet"]}}},
}
CODE = "import os\n\n\ndef handler(event, context):\n    return os.environ['RUNG']\n"


def without(*names: str) -> dict[str, Any]:
    """The template without some of its resources."""
    resources = {name: body for name, body in TEMPLATE["Resources"].items() if name not in names}
    return {**TEMPLATE, "Resources": resources, "Outputs": {}}


class Place:
    """One whole cloud, asked for stacks as a person would."""

    def __init__(self, cloud: Running, whole: Whole) -> None:
        self.cloud, self.whole = cloud, whole
        self.client = self.client_of(cloud.keys)

    def client_of(self, keys: Keys) -> Any:
        """The vendor's own client, with somebody's key."""
        config = Config(
            access_key_id=keys.access_key_id,
            access_key_secret=keys.access_key_secret,
            endpoint=self.cloud.endpoint,
            protocol="http",
            read_timeout=3000,
        )
        return Client(config)

    def ask(self, action: str, request: str, **fields: Any) -> Any:
        """Ask one call and give its body."""
        if isinstance(fields.get("template_body"), Mapping):
            fields["template_body"] = json.dumps(fields["template_body"])
        if given := fields.pop("given", None):
            kind = getattr(models, f"{request}Parameters")
            fields["parameters"] = [kind(parameter_key=key, parameter_value=value) for key, value in given.items()]
        made = getattr(models, request)(region_id=REGION, **fields)
        return getattr(self.client, action)(made).body

    def create(self, template: Mapping[str, Any] = TEMPLATE, **fields: Any) -> str:
        """Begin to create the stack `demo`, and give its id."""
        given = fields.pop("given", {"Bucket": "ledger", "Token": "s3cret"})
        stack = {"stack_name": "demo", "template_body": template, **fields}
        return str(self.ask("create_stack", "CreateStackRequest", given=given, **stack).stack_id)

    def update(self, stack_id: str, template: Mapping[str, Any] = TEMPLATE, **fields: Any) -> None:
        """Begin to update a stack."""
        stack = {"stack_id": stack_id, "template_body": template, "use_previous_parameters": True, **fields}
        self.ask("update_stack", "UpdateStackRequest", **stack)

    def delete(self, stack_id: str, **fields: Any) -> None:
        """Begin to delete a stack."""
        self.ask("delete_stack", "DeleteStackRequest", stack_id=stack_id, **fields)

    def get(self, stack_id: str) -> Any:
        """Read a stack."""
        return self.ask("get_stack", "GetStackRequest", stack_id=stack_id)

    def rest(self, stack_id: str) -> str:
        """Wait until nothing is done to a stack any more, and give its status."""
        pause = Event()
        for _ in range(1000):
            status = str(self.get(stack_id).status)
            if not status.endswith("_IN_PROGRESS"):
                return status
            pause.wait(0.01)
        raise AssertionError(f"{stack_id} never comes to rest: {self.get(stack_id)}")

    def resources(self, stack_id: str) -> dict[str, str]:
        """Every resource with its status."""
        found = self.ask("list_stack_resources", "ListStackResourcesRequest", stack_id=stack_id).resources
        return {one.logical_resource_id: one.status for one in found}

    def events(self, stack_id: str) -> list[tuple[str, str]]:
        """What happened, the oldest first."""
        body = self.ask("list_stack_events", "ListStackEventsRequest", stack_id=stack_id, page_size=50)
        return [(one.logical_resource_id, one.status) for one in reversed(body.events)]

    def preview(self, template: Mapping[str, Any] = TEMPLATE, **fields: Any) -> dict[str, str]:
        """What would happen to each resource."""
        body = self.ask("preview_stack", "PreviewStackRequest", template_body=template, **fields)
        return {
            one.logical_resource_id: one.action + (" anew" if one.replacement == "True" else "")
            for one in body.stack.resources
        }

    def plan_fault(self, call: str, nth: int = 1, **fields: Any) -> None:
        """Let something go wrong."""
        fault = Fault.model_validate({"call": call, "do": "error-before", "nth": nth, "code": "Broken", **fields})
        self.cloud.run(lambda: self.cloud.cloud.faults.add(fault))


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """A whole cloud whose stacks take no time, with the code in its bucket."""
    made: list[Whole] = []

    def attach(cloud: Cloud) -> None:
        made.append(compose(cloud, tmp_path / "work"))

    with running({"stack_resource_takes": "0.01s"}, attach=attach) as cloud:
        whole = made[0]
        cloud.run(lambda: whole.oss.create_bucket("code"))
        cloud.run(lambda: whole.oss.write("code", "door.zip", zip_source(CODE)))
        yield Place(cloud, whole)
