"""Fetching with pip, from a folder instead of an index."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from tests.operate.making import PURE, make_project, make_wheel
from tidegate.operate.package import CannotFetch, CannotPackage
from tidegate.operate.package.fetch import Pip
from tidegate.operate.package.gather import gather
from tidegate.operate.package.runtimes import runtime_of

BACKEND = """
import zipfile
NAME = "{name}-1-{tag}.whl"
def build_wheel(folder, config_settings=None, metadata_directory=None):
    with zipfile.ZipFile(folder + "/" + NAME, "w") as archive:
        archive.writestr("{name}.py", "x = 1")
        archive.writestr("{name}-1.dist-info/METADATA", "Metadata-Version: 2.1\\nName: {name}\\nVersion: 1\\n")
        archive.writestr("{name}-1.dist-info/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: {tag}\\n")
        archive.writestr("{name}-1.dist-info/RECORD", "")
    return NAME
"""


def make_source(folder: Path, name: str, tag: str = PURE) -> None:
    """A distribution that comes as source only, and builds itself without any tool."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {
        "PKG-INFO": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n",
        "pyproject.toml": "[build-system]\nrequires = []\nbuild-backend = 'backend'\nbackend-path = ['.']\n",
        "backend.py": BACKEND.format(name=name, tag=tag),
    }
    with tarfile.open(folder / f"{name}-1.tar.gz", "w:gz") as archive:
        for place, text in files.items():
            entry = tarfile.TarInfo(f"{name}-1/{place}")
            entry.size = len(text)
            archive.addfile(entry, io.BytesIO(text.encode()))


class Shop:
    """A project, a folder to fetch from, and one to fetch to."""

    def __init__(self, base: Path) -> None:
        self.source, self.wheels, self.base = base / "source", base / "wheels", base
        self.told: list[str] = []

    def fetch(self, *names: str, python: str = "3.10") -> list[str]:
        """Fetch some distributions, each in version 1, and give the files that are taken."""
        root = make_project(self.base / "p", names, "".join(f"{name}==1\n" for name in names))
        options = ("--no-index", f"--find-links={self.source}")
        pip = Pip(runtime_of(python), self.wheels, self.told.append, options)
        return [each.path.name for each in gather(root, runtime_of(python), self.wheels, pip)]


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def test_wheels_of_the_runtime_are_fetched_and_source_of_pure_python_is_built(shop: Shop) -> None:
    """Twice, and the second time nothing is left to fetch. What does not fit stays where it is."""
    for tag in ("cp310-cp310-manylinux_2_17_x86_64", "cp310-cp310-manylinux_2_34_x86_64", "cp312-cp312-win_amd64"):
        make_wheel(shop.source, "tidegate_fast", tag=tag)
    make_source(shop.source, "tidegate_pure")
    taken = ["tidegate_fast-1-cp310-cp310-manylinux_2_17_x86_64.whl", f"tidegate_pure-1-{PURE}.whl"]
    assert shop.fetch("tidegate_fast", "tidegate_pure") == taken
    assert sorted(path.name for path in shop.wheels.iterdir()) == taken
    assert shop.told == [
        "fetching tidegate-fast 1, tidegate-pure 1",
        "building tidegate-pure 1, which has no wheel that fits",
    ]
    shop.told.clear()
    assert shop.fetch("tidegate_fast", "tidegate_pure") == taken
    assert shop.told == []


def test_source_that_is_not_pure_python_is_refused(shop: Shop) -> None:
    make_source(shop.source, "tidegate_c", tag="cp310-cp310-linux_x86_64")
    with pytest.raises(CannotPackage, match="no wheel of tidegate-c 1 fits") as caught:
        shop.fetch("tidegate_c")
    assert "\n" not in str(caught.value)
    assert not list(shop.wheels.iterdir())


def test_what_is_nowhere_is_told_in_one_line(shop: Shop) -> None:
    shop.source.mkdir()
    with pytest.raises(CannotPackage, match="no wheel of tidegate-nowhere 1 fits") as caught:
        shop.fetch("tidegate_nowhere")
    assert "\n" not in str(caught.value)


def test_what_pip_cannot_do_is_told_in_its_words(shop: Shop) -> None:
    pip = Pip(runtime_of("3.10"), shop.wheels, options=("--no-such-option",))
    with pytest.raises(CannotFetch, match="pip could not fetch tidegate-fast: ") as caught:
        pip([("tidegate-fast", "1")])
    assert "\n" not in str(caught.value)
