"""The wheels that the set-up fetched, and the packages built of them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from tidegate.operate.package import Package, build, project_root
from tidegate.operate.package.build import WHEELHOUSE


@pytest.fixture(scope="session")
def wheelhouse() -> Path:
    """Where `make` puts the wheels, as tests fetch nothing."""
    folder = project_root() / WHEELHOUSE
    if not folder.is_dir():
        pytest.skip(f"there is no {WHEELHOUSE}: `make .wheels` fetches what packages are made of")
    return folder


@pytest.fixture(scope="session")
def built(wheelhouse: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Package]:
    """The project's own package for a Python, built once."""

    @cache
    def build_once(python: str) -> Package:
        return build(project_root(), python, tmp_path_factory.mktemp("dist"), wheelhouse)

    return build_once
