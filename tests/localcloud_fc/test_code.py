"""Code is unpacked where workers run from, and compiled once for all clouds of a process."""

from __future__ import annotations

import base64
import subprocess
import sys
from importlib.util import cache_from_source
from pathlib import Path

import pytest

from localcloud.fc.code import CodeShelf
from localcloud.fc.function import Refusal
from localcloud.template.package import zip_source


def shelf(folder: Path) -> CodeShelf:
    """Where one cloud keeps code."""
    return CodeShelf({}, folder, lambda _bucket, _key: None)


def said(source: str) -> dict[str, str]:
    """Code as a call brings it."""
    return {"zipFile": base64.b64encode(zip_source(source)).decode()}


def run(folder: Path) -> Path:
    """Import the code as a worker does, and give where its bytecode is."""
    subprocess.run([sys.executable, "-c", "import index"], cwd=folder, env={}, check=True)
    return Path(cache_from_source(str(folder / "index.py")))


def test_what_one_cloud_compiled_the_next_one_has(tmp_path: Path) -> None:
    """Also as Python sees it: it is not compiled anew."""
    code, one, other = said("compiled = 'once'\n"), shelf(tmp_path / "one"), shelf(tmp_path / "other")
    compiled = run(one.folder(one.keep(code).checksum))
    folder = other.folder(other.keep(code).checksum)
    taken = Path(cache_from_source(str(folder / "index.py")))
    assert taken.read_bytes() == compiled.read_bytes()
    was = taken.stat()
    run(folder)
    assert (taken.stat().st_ino, taken.stat().st_mtime_ns) == (was.st_ino, was.st_mtime_ns)


def test_what_a_function_made_of_its_own_code_stays_where_it_is(tmp_path: Path) -> None:
    code, one, other = said("changed = 'nowhere'\n"), shelf(tmp_path / "one"), shelf(tmp_path / "other")
    folder = one.folder(one.keep(code).checksum)
    (folder / "index.py").write_text("changed = 'here....'\n")
    (folder / "left.txt").write_text("here")
    run(folder)
    found = other.folder(other.keep(code).checksum)
    assert [each.name for each in found.iterdir()] == ["index.py"]
    assert (found / "index.py").read_text() == "changed = 'nowhere'\n"


def test_a_broken_zip_is_refused_every_time(tmp_path: Path) -> None:
    broken = {"zipFile": base64.b64encode(b"no zip").decode()}
    for name in ("one", "other"):
        with pytest.raises(Refusal, match="not a zip file"):
            shelf(tmp_path / name).keep(broken)
