"""A template is read strictly: every fault is refused with its place."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml

from localcloud.template.faults import TemplateError
from localcloud.template.package import missing_handlers, zip_project
from localcloud.template.read import parse, read

PROJECT = Path(__file__).parents[2]

FLOW = """\
Type: StateMachine
SpecVersion: v1
Name: resize
StartAt: Submit
States:
  - Type: Task
    Name: Submit
    Action: FC:InvokeFunction
    TaskMode: RequestComplete
    Parameters:
      resourceArn: acs:fc:${ALIYUN::Region}:${ALIYUN::AccountId}:functions/submit/LATEST
      invocationType: Sync
    End: true
"""

GOOD: dict[str, Any] = {
    "ROSTemplateFormatVersion": "2015-09-01",
    "Parameters": {
        "Bucket": {"Type": "String"},
        "Memory": {"Type": "Number", "Default": 512},
        "Token": {"Type": "String", "NoEcho": True, "Default": "secret-token"},
    },
    "Resources": {
        "Ledger": {"Type": "ALIYUN::OSS::Bucket", "Properties": {"BucketName": {"Ref": "Bucket"}}},
        "Role": {
            "Type": "ALIYUN::RAM::Role",
            "Properties": {
                "RoleName": "submit",
                "AssumeRolePolicyDocument": {
                    "Version": "1",
                    "Statement": [
                        {"Action": "sts:AssumeRole", "Effect": "Allow", "Principal": {"Service": ["fc.aliyuncs.com"]}}
                    ],
                },
                "Policies": [
                    {
                        "PolicyName": "p",
                        "PolicyDocument": {
                            "Version": "1",
                            "Statement": [
                                {
                                    "Effect": "Allow",
                                    "Action": ["oss:GetObject"],
                                    "Resource": [{"Fn::Sub": "acs:oss:*:${ALIYUN::AccountId}:${Bucket}/*"}],
                                }
                            ],
                        },
                    }
                ],
            },
        },
        "Submit": {
            "Type": "ALIYUN::FC3::Function",
            "Properties": {
                "FunctionName": "submit",
                "Handler": "functions/submit.handler",
                "Runtime": "python3.10",
                "Role": {"Fn::GetAtt": ["Role", "Arn"]},
                "MemorySize": {"Ref": "Memory"},
                "Code": {"OssBucketName": {"Ref": "Bucket"}, "OssObjectName": "code.zip"},
                "EnvironmentVariables": {"TOKEN": {"Ref": "Token"}},
            },
        },
        "Timer": {
            "Type": "ALIYUN::FC3::Trigger",
            "Properties": {
                "FunctionName": {"Fn::GetAtt": ["Submit", "FunctionName"]},
                "TriggerName": "tick",
                "TriggerType": "timer",
                "TriggerConfig": {"cronExpression": "@every 1m", "enable": True, "payload": "{}"},
            },
        },
        "Resize": {
            "Type": "ALIYUN::FNF::Flow",
            "Metadata": {"Tidegate": {"Definition": "flow.yml"}},
            "Properties": {"Name": "resize", "Definition": "flow.yml", "RoleArn": {"Fn::GetAtt": ["Role", "Arn"]}},
        },
    },
    "Outputs": {"Flow": {"Value": {"Fn::GetAtt": ["Resize", "Name"]}}},
}


def changed(path: str, value: Any) -> dict[str, Any]:
    """Give the good template with one place changed; `...` removes it."""
    template = copy.deepcopy(GOOD)
    *way, last = path.split("/")
    node: Any = template
    for step in way:
        node = node[int(step)] if isinstance(node, list) else node.setdefault(step, {})
    if value is ...:
        del node[last]
    else:
        node[int(last) if isinstance(node, list) else last] = value
    return template


@pytest.fixture
def base(tmp_path: Path) -> Path:
    (tmp_path / "flow.yml").write_text(FLOW)
    return tmp_path


def test_the_good_template_is_read(base: Path) -> None:
    template = parse(yaml.safe_dump(GOOD), base)
    assert template.handlers() == ["functions/submit.handler"]
    names = [resource.name for resource in template.in_order()]
    assert names.index("Role") < names.index("Submit") < names.index("Timer")


SUBMIT = "Resources/Submit/Properties"
TIMER = "Resources/Timer/Properties"


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("ROSTemplateFormatVersion", "2020-01-01", "ROSTemplateFormatVersion: must be"),
        ("Transform", "Aliyun::Serverless-2018-04-03", "Transform: is not understood here"),
        ("Conditions", ["A"], "Conditions: is not a map"),
        ("Conditions/A", True, "Conditions.A: must be one of Fn::Equals, Fn::Not, Fn::And, Fn::Or"),
        ("Conditions/A", {"Fn::Equals": ["a"]}, "Conditions.A.Fn::Equals: needs two"),
        ("Conditions/A", {"Fn::Or": ["A"]}, "Conditions.A.Fn::Or: needs two or more"),
        ("Conditions/A", {"Fn::Not": "A"}, "Conditions.A: needs itself"),
        ("Conditions/A", {"Fn::Not": "B"}, "Conditions.A.Fn::Not: there is no condition 'B'"),
        ("Conditions/A", {"Fn::Equals": [{"Ref": "Nobody"}, 1]}, "there is no parameter 'Nobody'"),
        ("Conditions/A", {"Fn::Equals": [{"Fn::Sub": "x"}, 1]}, "compares parameters and plain values only"),
        ("Conditions", {f"C{n}": {"Fn::Equals": [n, 1]} for n in range(7)}, "Conditions: there are more than 6"),
        ("Resources/Submit/Properties/Description", {"Fn::If": ["A", "b", "c"]}, "there is no condition 'A'"),
        ("Resources/Submit/Properties/Description", {"Fn::If": ["A", "b"]}, "needs a condition, a value if it holds"),
        ("Resources", {}, "Resources: is required"),
        ("Resources/Submit/Type", "ALIYUN::FC3::Funktion", "Submit.Type: unknown resource type"),
        ("Resources/Submit/Type", ..., "Submit.Type: is required"),
        ("Resources/Submit/Condition", "x", "Submit.Condition: there is no condition 'x'"),
        ("Resources/Submit/DependsOn", ["Nobody"], "Submit.DependsOn: there is no resource 'Nobody'"),
        (f"{SUBMIT}/MemorySise", 512, "Submit.Properties.MemorySise: unknown property"),
        (f"{SUBMIT}/Handler", ..., "Submit.Properties.Handler: is required"),
        (f"{SUBMIT}/Handler", "submit", "Submit.Properties.Handler: 'submit' does not have the form"),
        (f"{SUBMIT}/Timeout", "60", "Submit.Properties.Timeout: must be a whole number, not text"),
        (f"{SUBMIT}/Timeout", 0, "Submit.Properties.Timeout: 0 is outside 1..86400"),
        (f"{SUBMIT}/Timeout", True, "Submit.Properties.Timeout: must be a whole number, not true or false"),
        (f"{SUBMIT}/MemorySize", 500, "Submit.Properties.MemorySize: 500 is not a multiple of 64"),
        (f"{SUBMIT}/Runtime", "python3.11", "Submit.Properties.Runtime: 'python3.11' is not one of"),
        (f"{SUBMIT}/Code", {"OssBucketName": "b"}, "Submit.Properties.Code: needs OssBucketName and OssObjectName"),
        (f"{SUBMIT}/Code/Key", "x", "Submit.Properties.Code.Key: unknown property"),
        (f"{SUBMIT}/EnvironmentVariables/N", 1, "Submit.Properties.EnvironmentVariables.N: must be text"),
        (f"{SUBMIT}/Role", {"Ref": "Rolle"}, "Submit.Properties.Role.Ref: there is no parameter or resource 'Rolle'"),
        (f"{SUBMIT}/Role", {"Fn::GetAtt": ["Rolle", "Arn"]}, "Role.Fn::GetAtt: there is no resource 'Rolle'"),
        (f"{SUBMIT}/Role", {"Fn::GetAtt": ["Role", "Ern"]}, "ALIYUN::RAM::Role has no attribute 'Ern'; it has Arn"),
        (f"{SUBMIT}/Role", {"Fn::GetAtt": ["Role"]}, "Role.Fn::GetAtt: needs a resource and an attribute"),
        (
            f"{SUBMIT}/Role",
            {"Fn::Select": ["a", "b", "c"]},
            "Submit.Properties.Role: Fn::Select is not understood here",
        ),
        (f"{SUBMIT}/Role", {"Fn::Sub": "${Nobody}"}, "Role.Fn::Sub: there is no parameter or resource 'Nobody'"),
        (f"{SUBMIT}/Role", {"Fn::Join": "x"}, "Role.Fn::Join: needs a delimiter and a list"),
        (f"{SUBMIT}/Role", {"Ref": "Bucket", "More": 1}, "Submit.Properties.Role: Ref must stand alone"),
        (f"{TIMER}/TriggerType", "oss", "Timer.Properties.TriggerType: 'oss' is not one of"),
        (f"{TIMER}/TriggerConfig/cronExpression", "* * * * *", "Timer.Properties.TriggerConfig: cronExpression"),
        (f"{TIMER}/TriggerConfig/payload", {"a": 1}, "Timer.Properties.TriggerConfig: payload must be a str"),
        (f"{TIMER}/TriggerConfig/Enable", True, "Timer.Properties.TriggerConfig: Enable is unknown"),
        (f"{TIMER}/TriggerType", "mns_topic", "Timer.Properties.TriggerConfig: "),
        ("Resources/Resize/Metadata/Tidegate/Definition", "none.yml", "Metadata.Tidegate.Definition: there is no file"),
        ("Resources/Resize/Metadata/Tidegate/Definition", "../x.yml", "Metadata.Tidegate.Definition: there is no file"),
        (
            "Resources/Resize/Properties/Name",
            "other",
            "Definition: the flow calls itself 'resize', the resource 'other'",
        ),
        ("Resources/Resize/Properties/Type", "FDL", "Resize.Properties.Type: unknown property"),
        (f"{SUBMIT}/FunctionName", "order", "calls the function 'submit', which is not in the template"),
        (
            f"{SUBMIT}/FunctionName",
            {"Fn::Sub": "${ALIYUN::StackName}-submit"},
            "calls the function 'submit', which is not in the template",
        ),
        ("Resources/Role/Properties/Policies/0/PolicyDocument/Version", 1, "PolicyDocument.Version: must be text"),
        (
            "Resources/Role/Properties/Policies/0/PolicyDocument/Statement/0/Condition",
            {},
            "Condition: unknown property",
        ),
        ("Resources/Role/Properties/AssumeRolePolicyDocument/Statement/0/Principal/Who", [], "Who: unknown property"),
        ("Resources/Ledger/Properties/BucketName", "UPPER", "Ledger.Properties.BucketName: 'UPPER' does not have"),
        ("Resources/Ledger/DependsOn", "Timer", "is fine"),
        ("Resources/Role/DependsOn", "Timer", "Resources: Resize, Role, Submit, Timer need each other in a circle"),
        ("Parameters/Bucket/Type", "Text", "Parameters.Bucket.Type: 'Text' is not one of"),
        ("Parameters/Bucket/Defualt", "x", "Parameters.Bucket.Defualt: is not understood here"),
        ("Parameters/Memory/Default", "much", "Parameters.Memory: is not a Number"),
        ("Outputs/Flow/Value", ..., "Outputs.Flow.Value: is required"),
        ("Outputs/Flow/Value", {"Ref": "Nobody"}, "Outputs.Flow.Value.Ref: there is no parameter or resource"),
    ],
)
def test_a_fault_is_refused_with_its_place(base: Path, path: str, value: Any, said: str) -> None:
    text = yaml.safe_dump(changed(path, value))
    if said == "is fine":
        parse(text, base)
        return
    with pytest.raises(TemplateError) as caught:
        parse(text, base)
    assert said in str(caught.value)


def test_a_flow_that_would_not_run_is_refused_with_state_and_field(base: Path) -> None:
    (base / "flow.yml").write_text(FLOW.replace("End: true", "Next: Nowhere"))
    with pytest.raises(TemplateError, match=r"Resize\.Properties\.Definition: .*Submit.*Next"):
        parse(yaml.safe_dump(GOOD), base)


def test_text_that_is_not_yaml_or_has_a_key_twice_is_refused(base: Path) -> None:
    with pytest.raises(TemplateError, match="not YAML"):
        parse("a: [", base)
    with pytest.raises(TemplateError, match="the key 'a' stands twice"):
        parse("a: 1\na: 2\n", base)


def test_short_forms_mean_the_same(base: Path) -> None:
    text = """
ROSTemplateFormatVersion: '2015-09-01'
Resources:
  Topic: {Type: 'ALIYUN::MNS::Topic', Properties: {TopicName: alerts}}
Outputs:
  A: {Value: !Ref Topic}
  B: {Value: !GetAtt Topic.TopicName}
  C: {Value: !Sub 'x-${Topic}-${!literal}'}
  D: {Value: !Join ['-', [a, !Ref Topic]]}
"""
    template = parse(text, base)
    assert template.outputs == {
        "A": {"Ref": "Topic"},
        "B": {"Fn::GetAtt": "Topic.TopicName"},
        "C": {"Fn::Sub": "x-${Topic}-${!literal}"},
        "D": {"Fn::Join": ["-", ["a", {"Ref": "Topic"}]]},
    }


def test_a_secret_parameter_never_stands_in_a_message(base: Path) -> None:
    template = changed("Parameters/Token/AllowedPattern", "x+")
    with pytest.raises(TemplateError) as caught:
        parse(yaml.safe_dump(template), base)
    assert "Parameters.Token: the value does not have the form" in str(caught.value)
    assert "secret-token" not in str(caught.value)


def test_the_projects_own_template_is_good_and_names_files_that_exist() -> None:
    template = read(PROJECT / "template.yml")
    assert missing_handlers(PROJECT, template.handlers()) == []


def test_a_handler_without_a_file_or_function_is_missing(tmp_path: Path) -> None:
    (tmp_path / "functions").mkdir()
    (tmp_path / "functions" / "a.py").write_text("def handler(event, context):\n    return 1\n")
    asked = ["functions/a.handler", "functions/a.other", "functions/b.handler"]
    assert missing_handlers(tmp_path, asked) == ["functions/a.other", "functions/b.handler"]


def test_what_is_made_only_sometimes_is_not_referred_to_always(base: Path) -> None:
    template = changed("Conditions", {"Large": {"Fn::Equals": [{"Ref": "Memory"}, 1024]}})
    template["Resources"]["Role"]["Condition"] = "Large"
    with pytest.raises(TemplateError, match="no resource 'Role' where its condition does not hold"):
        parse(yaml.safe_dump(template), base)
    for name, key in (("Submit", "Role"), ("Resize", "RoleArn")):
        role = {"Fn::If": ["Large", {"Fn::GetAtt": ["Role", "Arn"]}, "acs:ram::1:role/other"]}
        template["Resources"][name]["Properties"][key] = role
    assert parse(yaml.safe_dump(template), base).resources["Role"].condition == "Large"


def test_both_sides_of_a_condition_are_checked(base: Path) -> None:
    template = changed("Conditions", {"Large": {"Fn::Equals": [{"Ref": "Memory"}, 1024]}})
    template["Resources"]["Submit"]["Properties"]["Timeout"] = {"Fn::If": ["Large", 60, 0]}
    with pytest.raises(TemplateError, match=r"Submit\.Properties\.Timeout: 0 is outside"):
        parse(yaml.safe_dump(template), base)


def test_packing_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("functions/a.py", "functions/__pycache__/a.pyc", "functions/.hidden", "tidegate/b/c.json", "docs/x"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    first = zip_project(tmp_path)
    (tmp_path / "functions" / "a.py").touch()
    assert zip_project(tmp_path) == first
    assert b"functions/a.py" in first
    assert b"hidden" not in first
    assert b"docs" not in first
