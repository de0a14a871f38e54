"""The flow that both engines run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.engine.asl import fewer_attempts

WORKFLOW = Path(__file__).parents[2] / "workflows" / "resize.yml"


@pytest.fixture
def written() -> dict[str, Any]:
    """Give `workflows/resize.yml` as YAML gives it, with a prefix."""
    flow: dict[str, Any] = yaml.safe_load(WORKFLOW.read_text("utf-8").replace("${Prefix}", "tidegate"))
    return flow


@pytest.fixture
def flow(written: dict[str, Any]) -> dict[str, Any]:
    """Give it with at most two retries by each rule, because moto waits for real."""
    return fewer_attempts(written)
