"""What is deployed and what is written agree: template, functions, workflow. `tests/template` checks the rest."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from localcloud.project.up import ROOT

FUNCTION_LINES = 40

TEMPLATE: Mapping[str, Any] = yaml.safe_load((ROOT / "template.yml").read_text("utf-8"))
FLOWS = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "workflows").iterdir())
FILES = sorted(path for path in (ROOT / "functions").glob("*.py") if path.name != "__init__.py")


def resources(kind: str) -> dict[str, Any]:
    """The template's resources of one type."""
    return {name: one for name, one in TEMPLATE["Resources"].items() if one["Type"] == kind}


def properties(kind: str) -> list[Mapping[str, Any]]:
    """What the template says of each."""
    return [one["Properties"] for one in resources(kind).values()]


def test_every_handler_is_a_file_of_functions_and_every_file_is_a_handler() -> None:
    handlers = sorted(one["Handler"] for one in properties("ALIYUN::FC3::Function"))
    assert handlers == [f"functions/{path.stem}.handler" for path in FILES]


def test_a_function_is_called_as_its_file() -> None:
    for one in properties("ALIYUN::FC3::Function"):
        stem = one["Handler"].removeprefix("functions/").removesuffix(".handler")
        assert one["FunctionName"] == {"Fn::Sub": f"${{Prefix}}-{stem.replace('_', '-')}"}


def test_every_workflow_file_is_deployed() -> None:
    assert sorted(one["Definition"] for one in properties("ALIYUN::FNF::Flow")) == FLOWS


def test_the_workflow_calls_functions_that_are_deployed() -> None:
    named = {one["FunctionName"]["Fn::Sub"] for one in properties("ALIYUN::FC3::Function")}
    called = {
        arn for path in FLOWS for arn in re.findall(r"functions/([^/:]+)/LATEST", (ROOT / path).read_text("utf-8"))
    }
    assert called == {"${Prefix}-submit", "${Prefix}-look", "${Prefix}-settle"}
    assert called <= named


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_function_is_a_door_of_a_few_lines(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) < FUNCTION_LINES


def test_nothing_that_is_deployed_imports_localcloud() -> None:
    """The command line may start it, and is not part of any function."""
    found = []
    for path in [*(ROOT / "functions").rglob("*.py"), *(ROOT / "tidegate").rglob("*.py")]:
        if (ROOT / "tidegate" / "cli") in path.parents:
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [each.name for each in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            found += [path.name for name in names if name.partition(".")[0] == "localcloud"]
    assert found == []
