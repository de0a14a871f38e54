"""What the tests of the simulation share: copies of the source to plant bugs in."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PARTS = ("functions", "localcloud", "tidegate", "workflows", "template.yml")


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A copy of all that the simulation runs."""
    for part in PARTS:
        source = ROOT / part
        if source.is_dir():
            shutil.copytree(source, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, tmp_path / part)
    return tmp_path


@pytest.fixture
def simulate() -> Callable[..., tuple[int, dict[str, Any]]]:
    """Run `python -m localcloud.simulate --json` of a tree: how it exits, and what it prints."""

    def run(tree: Path, *options: str) -> tuple[int, dict[str, Any]]:
        ran = subprocess.run(
            [sys.executable, "-m", "localcloud.simulate", "--json", "--quiet", *options],
            cwd=tree,
            env={**os.environ, "PYTHONPATH": str(tree)},  # noqa: TID251 - it starts the project itself
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.stdout, ran.stderr[-2000:]
        printed: dict[str, Any] = json.loads(ran.stdout)
        return ran.returncode, printed

    return run
