"""Unlucky weeks break nothing, and a week is the same whenever it is played."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest

from localcloud.project.simulate import main
from localcloud.project.simulate.draw import script_of
from localcloud.project.simulate.draw.sizes import DENSE, PLAIN, QUIET, size_of
from localcloud.project.simulate.run import violations_of
from localcloud.project.simulate.script import Script
from localcloud.project.simulate.shorten import told
from localcloud.project.simulate.week import play
from tests.simulate.conftest import ROOT

Simulate = Callable[..., tuple[int, dict[str, Any]]]

STORIES = sorted((Path(__file__).parent / "stories").glob("*.json"))


def told_by(script: Script) -> tuple[object, ...]:
    """All that comes of a week, as far as it can be compared."""
    trace = play(script)
    return dict(trace.bodies), trace.ordered, trace.said, trace.misfortunes.struck, trace.ticks, trace.logs


@pytest.mark.once
@pytest.mark.parametrize("seed", [6, 9])
def test_the_same_seed_is_the_same_week(seed: int) -> None:
    """To the last byte that is stored, and the last line that is logged."""
    assert told_by(script_of(seed)) == told_by(script_of(seed))


@pytest.mark.once
def test_a_week_whose_faults_are_told_one_by_one_is_the_same_week() -> None:
    """So that what broke something can be shortened."""
    script = script_of(9)
    assert told_by(told(script)) == told_by(script)


def test_of_many_weeks_most_are_plain_and_the_others_are_drawn_as_the_first_ones_are() -> None:
    sizes = [size_of(Random(seed), seed) for seed in range(2 * DENSE, 12 * DENSE)]  # noqa: S311 - drawn, not secret
    others = [size for size in sizes if size is not PLAIN]
    assert 0 < len(others) < len(sizes) / 100
    assert others.count(QUIET) > len(others) / 2
    assert PLAIN not in [size_of(Random(seed), seed) for seed in range(DENSE)]  # noqa: S311 - as above


@pytest.mark.once
@pytest.mark.parametrize("story", STORIES, ids=[path.stem for path in STORIES])
def test_a_story_that_once_broke_something_breaks_nothing_any_more(story: Path) -> None:
    assert violations_of(Script.model_validate_json(story.read_text("utf-8"))) == []


@pytest.mark.once
def test_unlucky_weeks_break_nothing(simulate: Simulate, weeks: int) -> None:
    """Where there are 2,000 of them, everything occurs too: every pair of place and trouble, every row, every outcome.

    Other tests run beside it. `make soak` plays many more before its tests.
    """
    code, printed = simulate(ROOT, "--seeds", str(weeks), "--jobs", "2")
    assert printed["broken"] == []
    assert (printed["runs"], printed["lacks"], code) == (weeks, [], 0)
    assert printed["orders"] > 0
    assert printed["faults"] > 0


@pytest.mark.parametrize(
    ("written", "says"), [(None, "No such file"), (b"{}", "is no kept story"), (b"\xff[", "Invalid")]
)
def test_a_story_that_cannot_be_played_is_a_mistake_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], written: bytes | None, says: str
) -> None:
    story = tmp_path / "story.json"
    if written is not None:
        story.write_bytes(written)
    assert main(["--play", str(story)]) == 2
    told = capsys.readouterr().err
    assert says in told
    assert told.count("\n") == 1
