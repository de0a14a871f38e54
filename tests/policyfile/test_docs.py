"""The pages about the policy and the command line name everything there is."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import BaseModel

from tidegate.domain.limits import FleetLimits
from tidegate.domain.policy import InstancePolicy
from tidegate.policyfile import KEYS
from tidegate.policyfile.written import fields_of, models_of

DOCS = Path(__file__).parents[2] / "docs"


EVERY = models_of(InstancePolicy, FleetLimits)


@pytest.mark.parametrize("model", EVERY)
def test_every_key_of_a_policy_is_described(model: type[BaseModel]) -> None:
    page = (DOCS / "policy.md").read_text(encoding="utf-8")
    assert [key for key in sorted(fields_of(model)) if f"`{key}`" not in page and f"{key}:" not in page] == []


def test_all_parts_of_a_policy_are_looked_at() -> None:
    names = {model.__name__ for model in EVERY}
    assert {"Confirm", "DriftRule", "Fit", "FleetLimits", "Freeze", "ResizeWindow", "RungSpec"} <= names


def test_every_key_of_the_file_is_described() -> None:
    page = (DOCS / "policy.md").read_text(encoding="utf-8")
    assert [key for key in KEYS if f"`{key}`" not in page] == []
