"""What a cloud keeps outlives it, however suddenly it ends."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from localcloud.drawer import Cabinet, CannotKeep

BEGIN = """
import os, signal, sys
from pathlib import Path
from localcloud.drawer import Cabinet
cabinet = Cabinet(Path(sys.argv[1]))
drawer = cabinet.drawer("things")
"""
END = "os.kill(os.getpid(), signal.SIGKILL)\n"


def killed_after(deeds: str, folder: Path) -> dict[str, object]:
    """Let a process do this and be killed, and give what was kept."""
    code = BEGIN + deeds + "\n"
    done = subprocess.run([sys.executable, "-c", code, str(folder)], check=False, timeout=30)
    assert done.returncode == -9
    cabinet = Cabinet(folder)
    try:
        return dict(cabinet.drawer("things"))
    finally:
        cabinet.close()


def test_a_write_that_has_returned_survives_a_kill(tmp_path: Path) -> None:
    assert killed_after(f"drawer['a'] = 1\ndrawer['b'] = 2\n{END}", tmp_path) == {"a": 1, "b": 2}


def test_of_what_is_written_together_a_kill_leaves_all_or_nothing(tmp_path: Path) -> None:
    half = f"drawer['a'] = 1\nwith cabinet.together():\n    drawer['b'] = 2\n    del drawer['a']\n    {END}"
    assert killed_after(half, tmp_path) == {"a": 1}
    whole = f"with cabinet.together():\n    drawer['b'] = 2\n    del drawer['a']\n{END}"
    assert killed_after(whole, tmp_path) == {"b": 2}


@pytest.mark.parametrize("in_memory", [True, False])
def test_an_effect_stands_though_its_reply_is_lost(tmp_path: Path, *, in_memory: bool) -> None:
    cabinet = Cabinet(None if in_memory else tmp_path)
    drawer = cabinet.drawer("things")

    def effect() -> None:
        with cabinet.together():
            drawer["a"] = 1
            with cabinet.together():
                drawer["b"] = 2
            raise ConnectionError

    with pytest.raises(ConnectionError):
        effect()
    drawer["c"] = 3
    assert dict(drawer) == {"a": 1, "b": 2, "c": 3}
    if not in_memory:
        assert dict(cabinet.drawer("things")) == dict(drawer)
    cabinet.close()


def test_a_folder_serves_one_cloud_at_a_time(tmp_path: Path) -> None:
    first = Cabinet(tmp_path)
    other = subprocess.run([sys.executable, "-c", BEGIN, str(tmp_path)], capture_output=True, text=True, check=False)
    assert other.returncode == 1
    assert f"CannotKeep: {tmp_path}: another localcloud keeps its state there" in other.stderr
    first.drawer("things")["a"] = 1
    first.close()
    assert killed_after(f"drawer['b'] = 2\n{END}", tmp_path) == {"a": 1, "b": 2}


@pytest.mark.parametrize(("named", "why"), [("file", "a file, and no folder"), ("foreign", "file is not a database")])
def test_where_nothing_can_be_kept_is_said(tmp_path: Path, named: str, why: str) -> None:
    (tmp_path / "file").write_text("no folder")
    (tmp_path / "foreign").mkdir()
    (tmp_path / "foreign" / "localcloud.db").write_text("no database, and long enough to be told from one" * 20)
    with pytest.raises(CannotKeep, match=why):
        Cabinet(tmp_path / named)
