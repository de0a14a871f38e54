"""A long run that is broken off goes on where it was, and ends as it would have."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from localcloud.project.simulate import main
from localcloud.project.simulate.course import Course
from localcloud.project.simulate.resume import progress_in
from localcloud.project.simulate.run import run
from tests.processes.place import until
from tests.simulate.conftest import ROOT

PLAIN = "60000"
"""The first of many weeks that are soon over."""
MOST_WEEKS = 3000

Simulate = Callable[..., tuple[int, dict[str, Any]]]


def begun(path: Path) -> subprocess.Popen[str]:
    """A run of more weeks than anybody waits for, in a process group of its own."""
    command = [sys.executable, "-m", "localcloud.simulate", "--first", PLAIN, "--seeds", str(MOST_WEEKS)]
    return subprocess.Popen(
        [*command, "--jobs", "2", "--resume", str(path)],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def played_in(path: Path) -> int:
    """Of how many weeks the file tells."""
    return int(json.loads(path.read_text("utf-8"))["result"]["runs"]) if path.exists() else 0


def without_times(printed: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in printed.items() if name not in ("seconds", "cpu_seconds")}


@pytest.mark.once
def test_a_run_that_was_struck_down_ends_as_one_that_was_not(tmp_path: Path, simulate: Simulate) -> None:
    path = tmp_path / "soak.json"
    run = begun(path)
    until("some weeks were kept", lambda: played_in(path), within_s=120)
    os.killpg(run.pid, signal.SIGKILL)
    run.communicate()
    weeks = played_in(path) + 4
    assert weeks < MOST_WEEKS
    code, resumed = simulate(ROOT, "--first", PLAIN, "--seeds", str(weeks), "--jobs", "1", "--resume", str(path))
    _, whole = simulate(ROOT, "--first", PLAIN, "--seeds", str(weeks), "--jobs", "2")
    assert without_times(resumed) == without_times(whole)
    assert (code, resumed["runs"], resumed["broken"]) == (0, weeks, [])
    assert resumed["cpu_seconds"] > 0
    assert played_in(path) == weeks


@pytest.mark.once
def test_ctrl_c_says_how_to_go_on(tmp_path: Path) -> None:
    path = tmp_path / "soak.json"
    run = begun(path)
    until("some weeks were kept", lambda: played_in(path), within_s=120)
    os.killpg(run.pid, signal.SIGINT)
    told = run.communicate(timeout=60)[1]
    assert run.returncode == 130
    assert told.endswith(f"of {MOST_WEEKS} weeks; the same command goes on\n")
    assert "Traceback" not in told


def test_a_run_that_is_over_is_told_of_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["--first", PLAIN, "--seeds", "2", "--jobs", "1", "--json", "--resume", str(tmp_path / "soak.json")]
    assert main(command) == 0
    first = capsys.readouterr().out
    assert main(command) == 0
    again = capsys.readouterr()
    assert without_times(json.loads(again.out)) == without_times(json.loads(first))
    assert "goes on after 2 weeks" in again.err


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ({"source": "another"}, "played by another source or Python; remove it to begin anew"),
        ({"first": 7}, "begins with seed 7, not 60000"),
        ({"result": {"runs": 5}}, "it has 5 weeks already, more than 1"),
        ({"result": {"runs": "many"}}, "is no file of an earlier run"),
    ],
)
def test_what_is_of_another_run_is_not_gone_on_with(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], written: dict[str, Any], says: str
) -> None:
    path = tmp_path / "soak.json"
    command = ["--first", PLAIN, "--seeds", "1", "--jobs", "1", "--quiet", "--resume", str(path)]
    assert main(command) == 0
    path.write_text(json.dumps({**json.loads(path.read_text("utf-8")), **written}), "utf-8")
    before = path.read_bytes()
    capsys.readouterr()
    assert main(command) == 2
    told = capsys.readouterr().err
    assert says in told
    assert told.count("\n") == 1
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("where", "says"), [("none/soak.json", "No such file or directory"), ("", "Is a directory")], ids=["none", "folder"]
)
def test_what_cannot_be_kept_is_said_before_the_first_week(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], where: str, says: str
) -> None:
    assert main(["--seeds", "1", "--resume", str(tmp_path / where)]) == 2
    told = capsys.readouterr().err
    assert says in told
    assert told.count("\n") == 1


def test_a_run_that_cannot_be_kept_any_more_goes_on_and_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "kept"
    folder.mkdir()
    seeds = range(60000, 60002)
    path = folder / "soak.json"
    course = Course(progress_in(path, seeds), len(seeds), path, sys.stderr)
    shutil.rmtree(folder)
    result = run(seeds, 1, course)
    assert course.keep(result) > 0
    assert result.runs == 2
    assert "what came so far is not kept: No such file or directory" in capsys.readouterr().err
