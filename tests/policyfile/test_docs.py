"""The pages about the policy and the command line name everything there is."""

from __future__ import annotations

from pathlib import Path

import pytest

from tidegate.domain.policy import (
    AlertRule,
    Channel,
    Cooldown,
    Deadlines,
    Expect,
    InstancePolicy,
    Strict,
    TimetableEntry,
)
from tidegate.policyfile import KEYS
from tidegate.policyfile.phrases import LATER

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("model", [AlertRule, Channel, Cooldown, Deadlines, Expect, InstancePolicy, TimetableEntry])
def test_every_key_of_a_policy_is_described(model: type[Strict]) -> None:
    page = (DOCS / "policy.md").read_text(encoding="utf-8")
    keys = {field.alias or name for name, field in model.model_fields.items()} - {"name"}
    assert [key for key in sorted(keys) if f"`{key}`" not in page and f"{key}:" not in page] == []


def test_every_key_of_the_file_is_described() -> None:
    page = (DOCS / "policy.md").read_text(encoding="utf-8")
    assert [key for key in KEYS if f"`{key}`" not in page] == []


def test_what_is_said_to_come_later_is_told_so_by_the_reader() -> None:
    page = (DOCS / "policy.md").read_text(encoding="utf-8")
    later = page.partition("## Not supported yet")[2]
    named = {word.strip("`") for word in later.replace(",", " ").split() if word.startswith("`")}
    assert named
    assert named <= LATER
