"""docs/scenarios.md says what a scenario may say: every key of it, and the scenario it shows can be read."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from pydantic import BaseModel

from localcloud.project.scenario import ending, model
from localcloud.project.scenario.model import Scenario
from tests.examples.conftest import EXAMPLES
from tidegate.policyfile.tree import read_tree

MODELS: tuple[type[BaseModel], ...] = (
    model.Scenario,
    model.Step,
    model.Deed,
    model.AlertDeed,
    model.RequestDeed,
    model.ConsoleDeed,
    model.HandResize,
    model.Use,
    model.Answer,
    ending.Expect,
    ending.OrderExpected,
    ending.HoldExpected,
    ending.MessageExpected,
    ending.Never,
)


@pytest.fixture(scope="module")
def page() -> str:
    """The page as it is."""
    return (EXAMPLES.parent / "docs" / "scenarios.md").read_text("utf-8")


def keys() -> Iterator[str]:
    """Every key that the models know, as it is written."""
    for each in MODELS:
        yield from (field.alias or name for name, field in each.model_fields.items())


@pytest.mark.parametrize("key", sorted(set(keys())))
def test_every_key_is_on_the_page(page: str, key: str) -> None:
    written = "\n".join(re.findall(r"`[^`\n]+`|```.*?```", page, re.DOTALL))
    assert re.search(rf"\b{re.escape(key)}\b", written)


def test_the_scenario_that_the_page_shows_can_be_read(page: str) -> None:
    (shown,) = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    scenario = Scenario.model_validate(read_tree(shown.encode(), "page").plain())
    assert len(scenario.steps) == 2


def test_the_page_has_the_options_of_the_command(page: str, capsys: pytest.CaptureFixture[str]) -> None:
    from localcloud.project.scenario import main  # noqa: PLC0415 - the command alone is asked here

    with pytest.raises(SystemExit):
        main(["--help"])
    options = set(re.findall(r"--[a-z-]+", capsys.readouterr().out)) - {"--help"}
    assert options == set(re.findall(r"^\| `(--[a-z-]+)", page, re.MULTILINE))
