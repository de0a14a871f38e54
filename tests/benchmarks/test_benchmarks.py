"""The benchmarks run, say what they measured, and find the core faster than it has to be."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks import decisions, wishes
from benchmarks.__main__ import main
from benchmarks.c7n_check import SCHEDULE
from benchmarks.custodian import compared
from benchmarks.decisions import USUAL, cases, mix
from benchmarks.scenes import SCENES
from benchmarks.suite import SUITE
from benchmarks.timing import QUICK, Effort
from tests.speed import slowness
from tidegate.domain.decide import decide
from tidegate.domain.reading import Direction
from tidegate.domain.verdict import Resize

pytestmark = pytest.mark.once

ROOT = Path(__file__).parents[2]
DECISIONS_PER_S, LOOK_UPS_PER_S = 40_000, 200_000
ROUGH = Effort(rounds=9, size=0.2)
CODES = {
    *("unread", "gone", "off-ladder", "home-unknown", "unmeasured", "unconfirmed", "as-wanted", "resize"),
    *("observe", "pause", "operation", "unhealthy", "expect", "cost", "circuit", "fleet", "cooldown", "budget"),
    *("window", "blackout", "drift", "fit-unread", "fit", "approval"),
}
"""Every code of a decision that `decide` gives."""


@pytest.fixture(scope="module")
def quick() -> dict[str, Any]:
    """What `python -m benchmarks --quick --json` says."""
    command = [sys.executable, "-m", "benchmarks", "--quick", "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=True)
    said: dict[str, Any] = json.loads(done.stdout)
    return said


def test_the_json_is_one_object_with_a_rate_and_its_unit_for_every_benchmark(quick: dict[str, Any]) -> None:
    assert set(quick) == {"benchmarks", "python"}
    assert quick["python"] == ".".join(map(str, sys.version_info[:3]))
    assert list(quick["benchmarks"]) == list(SUITE)
    for name, figures in quick["benchmarks"].items():
        assert figures["unit"], name
        assert figures["per_second"] is None if "skipped" in figures else figures["per_second"] > 0, name


def test_a_quiet_tick_is_measured_with_what_it_asked_of_others(quick: dict[str, Any]) -> None:
    tick = quick["benchmarks"]["quiet-tick"]
    assert tick["lists"]["wake"] == 1
    assert tick["vendor_calls"] == tick["turns"] < tick["instances"] / 20
    assert 0 < tick["peak_mib"] < 128


def test_every_kind_of_decision_is_measured(quick: dict[str, Any]) -> None:
    """Every reason to hold, resizes of both directions, and those a person asked for."""
    assert {kind.partition(" ")[0] for kind in SCENES} == CODES
    assert set(quick["benchmarks"]["decisions"]["kinds"]) == set(SCENES)


@pytest.mark.parametrize("kind", ["resize up", "resize up by override", "resize down"])
def test_the_cases_of_a_kind_are_what_they_are_called(kind: str) -> None:
    decision = decide(*cases(kind, 3)[0])
    assert isinstance(decision, Resize)
    assert decision.direction is (Direction.DOWN if kind.endswith("down") else Direction.UP)
    assert ("override by li" in decision.reason) is kind.endswith("override")


def test_half_of_the_mix_finds_everything_as_wanted_and_the_rest_is_of_all_other_kinds_alike() -> None:
    codes = [decide(*asked).code for asked in mix(2)]
    usual = codes.count("as-wanted")
    assert usual * 2 == len(codes)
    assert len(codes) - usual == 2 * (len(SCENES) - len(USUAL))
    assert set(codes) == CODES


def test_a_mix_of_decisions_of_a_realistic_policy_is_as_fast_as_is_promised() -> None:
    """The best round counts, and there are many: neighbours on the machine can only make it slower.

    A machine that is slow itself, as it was when the promise was missed with code that had kept it, is asked for less.
    """
    asked, best = mix(8), 0.0
    enough = DECISIONS_PER_S / slowness()
    for _ in range(200):
        best = max(best, decisions.rate_of(asked))
        if best >= enough:
            break
    assert best >= enough


def test_looking_up_a_timetable_is_as_fast_as_is_promised() -> None:
    figures = wishes.looked_up(ROUGH)
    assert figures["best"] >= LOOK_UPS_PER_S
    assert figures["in_order"] >= LOOK_UPS_PER_S


def test_for_people_each_benchmark_is_a_rate_with_its_details(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--quick", "look-ups"]) == 0
    first, *details = capsys.readouterr().out.splitlines()
    assert first.startswith("look-ups")
    assert first.endswith("look-ups a second")
    assert any(line.endswith(" cold") for line in details)


def test_a_benchmark_that_is_none_is_an_error_that_names_them(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["nope"])
    said = capsys.readouterr().err
    assert all(name in said for name in ("nope", *SUITE))


def test_without_cloud_custodian_its_benchmark_says_how_to_get_it(tmp_path: Path) -> None:
    figures = compared(QUICK, tmp_path / "python")
    assert figures["per_second"] is None
    assert "make bench" in figures["skipped"]


def test_cloud_custodian_is_asked_for_its_figures_by_an_interpreter_of_its_own(tmp_path: Path) -> None:
    """Where none is installed, one that speaks its words stands in."""
    python = tmp_path / "python"
    python.write_text('#!/bin/sh\nprintf \'{"version": "9", "rates": [3.0, 1.0, 2.0]}\'\n')
    python.chmod(0o755)
    figures = compared(QUICK, python)
    assert (figures["per_second"], figures["version"]) == (2, "9")
    assert figures["our_look_ups"] > figures["our_decisions"] > 0
    assert "tz=Asia/Shanghai" in SCHEDULE
