"""`tidegate local play DIR`: what it prints, and its exit codes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from localcloud.__main__ import main
from tests.examples.conftest import EXAMPLES, SCENARIO, Writes
from tidegate.ledger.sqlite import SqliteShelf

WRONG = {"expect": {**SCENARIO["expect"], "rungs": {"orders-mq": "large"}}}


def test_a_scenario_that_ends_as_expected_is_told_and_gives_0(
    folder: Writes, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["play", str(folder())]) == 0
    told = capsys.readouterr().out
    assert "A short day" in told
    assert "Mon 02 Mar 2026" in told
    assert "10:00:00  orders-mq: resize small -> medium: medium wanted by office to 13:00" in told
    assert "As expected: 6 orders" in told


def test_one_that_does_not_gives_1_and_says_what_differs(folder: Writes, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["play", str(folder(scenario=WRONG))]) == 1
    told = capsys.readouterr().out
    assert "differs  orders-mq ends on small, expected large" in told
    assert "Not as expected" in told


def test_a_bad_folder_gives_2_and_a_line_a_mistake(folder: Writes, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["play", str(folder(scenario={"tittle": "x", "until": "soon"}))]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert "tittle" in said.err
    assert "Traceback" not in said.err


def test_as_json_it_is_one_object_and_nothing_else(folder: Writes, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["play", str(folder(scenario=WRONG)), "--json"]) == 1
    said = json.loads(capsys.readouterr().out)
    assert (said["ok"], said["differences"]) == (False, ["orders-mq ends on small, expected large"])
    assert said["rungs"] == {"orders-mq": "small"}
    first = said["orders"][0]
    assert {key: first[key] for key in ("instance", "from", "to", "direction", "operation", "outcome")} == {
        "instance": "orders-mq",
        "from": "small",
        "to": "medium",
        "direction": "up",
        "operation": 1,
        "outcome": "resized",
    }
    assert {"title", "from", "until", "holds", "messages", "answers", "ticks", "lost_ticks", "seconds"} <= set(said)


def test_the_ledger_can_be_kept_for_a_later_look(folder: Writes, tmp_path: Path) -> None:
    kept = tmp_path / "kept.db"
    assert main(["play", str(folder()), "--json", "--ledger", str(kept)]) == 0
    assert SqliteShelf(kept, {}).list("ledger/")


def test_a_ledger_that_is_there_already_is_not_played_into(
    folder: Writes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = tmp_path / "kept.db"
    kept.write_bytes(b"")
    assert main(["play", str(folder()), "--ledger", str(kept)]) == 2
    assert "is there already" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("place", "why"),
    [("file/kept.db", "the ledger's file cannot be opened: File exists"), ("a" * 300, "File name too long")],
)
def test_a_ledger_that_cannot_be_begun_is_told_before_the_story(
    folder: Writes, tmp_path: Path, capsys: pytest.CaptureFixture[str], place: str, why: str
) -> None:
    (tmp_path / "file").write_bytes(b"")
    assert main(["play", str(folder()), "--ledger", str(tmp_path / place)]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith(f"{tmp_path / place}: ")
    assert said.err.endswith(f"{why}\n")


def test_the_command_line_hands_over() -> None:
    command = [sys.executable, "-m", "tidegate.cli", "local", "play", str(EXAMPLES / "month-end"), "--json"]
    done = subprocess.run(command, cwd=EXAMPLES.parent, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert json.loads(done.stdout)["scenario"] == "month-end"
