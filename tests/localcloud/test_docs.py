"""The page about localcloud says what there is, and its example is a world."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml

from localcloud.faults import Fault, Kind
from localcloud.world import Behaviour, World

PAGE = (Path(__file__).parents[2] / "docs" / "localcloud.md").read_text("utf-8")


def test_the_example_is_a_world() -> None:
    example = re.search(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert example is not None
    assert len(World.model_validate(yaml.safe_load(example[1])).instances) == 2


@pytest.mark.parametrize("switch", Behaviour.model_fields)
def test_every_switch_is_explained_with_its_values_and_default(switch: str) -> None:
    row = re.search(rf"^\| `{switch}` \| (.*?) \|", PAGE, re.MULTILINE)
    assert row is not None
    field = Behaviour.model_fields[switch]
    values = get_args(field.annotation)
    words = [value for value in values if isinstance(value, str)]
    assert all(f"`{word}`" in row[1] for word in words)
    if isinstance(field.default, str | bool):
        assert row[1].startswith(
            f"`{str(field.default).lower() if isinstance(field.default, bool) else field.default}`"
        )


@pytest.mark.parametrize("kind", get_args(Kind))
def test_every_fault_is_explained(kind: str) -> None:
    assert f"| `{kind}` |" in PAGE


@pytest.mark.parametrize("name", [field.alias or name for name, field in Fault.model_fields.items()])
def test_every_key_of_a_fault_is_explained(name: str) -> None:
    assert f"`{name}`" in PAGE


def test_every_request_of_the_console_is_listed(sim: Any) -> None:
    for method, pattern, _ in sim.cloud.console._routes:
        path = re.sub(r"\(\?:.*\)\?$", "", pattern.pattern).replace("([^/]+)", "{").replace("(.+)", "{")
        assert f"`{method} {path.partition('{')[0]}" in PAGE
