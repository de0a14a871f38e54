"""The template as ROS is given it: one JSON text that says what the source says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from localcloud.template.intrinsics import Scope, resolve
from localcloud.template.read import parse, read
from tidegate.operate.package import CannotPackage, project_root, rendered
from tidegate.operate.package.rendered import MOST_BYTES, as_sub

KNOWN = {"ALIYUN::Region", "Prefix", "Submit"}
TEMPLATE = """
ROSTemplateFormatVersion: '2015-09-01'
Parameters:
  Prefix: {Type: String, Default: tidegate}
Resources:
  Flow:
    Type: ALIYUN::FNF::Flow
    Metadata: {Tidegate: {Definition: flow.yml}}
    Properties: {Name: wait, Definition: flow.yml, Description: &said waits}
  Topic: {Type: 'ALIYUN::MNS::Topic', Properties: {TopicName: *said}}
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A small project whose template includes a file."""
    (tmp_path / "template.yml").write_text(TEMPLATE, encoding="utf-8")
    (tmp_path / "flow.yml").write_text("Name: ${Prefix}-wait  # ${ALIYUN::Region}, ${$Context.Name}, 等\n", "utf-8")
    return tmp_path


def test_the_projects_template_says_the_same_as_one_text(tmp_path: Path) -> None:
    """Read in a folder of its own, so that it needs no other file."""
    root = project_root()
    text = rendered(root)
    assert parse(text, tmp_path) == read(root / "template.yml")
    assert len(text.encode()) < MOST_BYTES
    assert rendered(root) == text


def test_an_included_file_stands_where_it_belongs_and_nothing_else_changes(project: Path) -> None:
    said = json.loads(rendered(project))
    flow = "Name: ${Prefix}-wait  # ${ALIYUN::Region}, ${!$Context.Name}, 等\n"
    assert said["Resources"]["Flow"] == {
        "Type": "ALIYUN::FNF::Flow",
        "Properties": {"Name": "wait", "Definition": {"Fn::Sub": flow}, "Description": "waits"},
    }
    assert said["Resources"]["Topic"]["Properties"] == {"TopicName": "waits"}


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("$Context.Execution.Name and $Input.next", "$Context.Execution.Name and $Input.next"),
        ("${ALIYUN::Region} ${Prefix} ${Submit.ARN}", "${ALIYUN::Region} ${Prefix} ${Submit.ARN}"),
        ("${$Context.Name} ${} ${ Prefix } $${1+1}", "${!$Context.Name} ${!} ${! Prefix } $${!1+1}"),
        ("${!Prefix} ${open", "${!Prefix} ${open"),
    ],
)
def test_sub_gives_back_as_it_was_what_it_does_not_know(text: str, written: str) -> None:
    assert as_sub(text, KNOWN, "flow.yml") == written
    scope = Scope(lambda name: f"<{name}>", lambda owner, name: f"<{owner}.{name}>", lambda _: False)
    filled = text.replace("${!", "${")
    for name in ("ALIYUN::Region", "Prefix", "Submit.ARN"):
        filled = filled if "{!" in text else filled.replace(f"${{{name}}}", f"<{name}>")
    assert resolve({"Fn::Sub": written}, scope, "") == filled


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"flow.yml": "${ALIYUN::Regoin}"}, r"flow\.yml: \$\{ALIYUN::Regoin\} is neither a parameter nor a resource"),
        ({"template.yml": TEMPLATE.replace("flow.yml}}", "../x}}")}, r"Flow includes \.\./x, which is no file"),
        ({"template.yml": TEMPLATE.replace("'2015-09-01'", "2015-09-01")}, "2015-09-01 must stand in quotes"),
        ({"template.yml": TEMPLATE + "  A: !Ref Topic\n"}, r"template\.yml cannot be read: .*!Ref"),
        ({"template.yml": "[]"}, "has no map of Resources"),
        ({"flow.yml": "x" * MOST_BYTES}, "ROS takes 524288 at most"),
    ],
)
def test_what_ros_would_not_take_is_named_in_one_line(project: Path, changes: dict[str, Any], said: str) -> None:
    for name, text in changes.items():
        (project / name).write_text(text, encoding="utf-8")
    with pytest.raises(CannotPackage, match=said) as caught:
        rendered(project)
    assert "\n" not in str(caught.value)
