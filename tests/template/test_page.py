"""The page about the deployment names every parameter, output and role, and their defaults."""

from __future__ import annotations

import re

import pytest

from tests.template.reading import ROLE, ROOT, Template, read

PAGE = (ROOT / "docs" / "deployment.md").read_text("utf-8")


@pytest.fixture(scope="module")
def template() -> Template:
    """The project's own."""
    return read()


def named(section: str) -> set[str]:
    """What the first column of a section's table names."""
    text = PAGE.partition(f"\n## {section}\n")[2].partition("\n## ")[0]
    return {name for row in re.findall(r"^\| (`.*?) \|", text, re.MULTILINE) for name in re.findall(r"`([^`]+)`", row)}


def test_every_parameter_output_and_role_is_explained_and_no_other(template: Template) -> None:
    assert named("Parameters") == set(template.parameters)
    assert named("Outputs") == set(template.said["Outputs"])
    assert named("Roles") == {one["RoleName"] for one in template.of(ROLE).values()}


def test_defaults_are_those_of_the_template(template: Template) -> None:
    for name, one in template.parameters.items():
        if one.get("Default"):
            (row,) = [line for line in PAGE.splitlines() if line.startswith("|") and f"`{name}`" in line.split("|")[1]][
                :1
            ]
            assert str(one["Default"]) in row.split("|")[3], name
