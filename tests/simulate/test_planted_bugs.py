"""A bug that is planted is caught by unlucky weeks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.simulate.bugs import BUGS, Bug
from tests.simulate.conftest import ROOT

Simulate = Callable[..., tuple[int, dict[str, Any]]]

MOST_WEEKS = 2000
"""Within so many weeks a planted bug must be caught."""
QUICKLY_CAUGHT = (
    *("the status is trusted", "an override without end", "no reminders", "the hook token in the log"),
    "signals leave the inbox before they are recorded",
)


@pytest.mark.once
@pytest.mark.soak
@pytest.mark.parametrize("bug", BUGS, ids=[bug.name for bug in BUGS])
def test_a_planted_bug_is_caught(
    bug: Bug,
    copied: Path,
    simulate: Simulate,
    soaking: bool,  # noqa: FBT001 - a fixture
) -> None:
    if not soaking and bug.name not in QUICKLY_CAUGHT:
        pytest.skip("`make soak` plants this one")
    bug.plant(copied)
    code, printed = simulate(copied, "--seeds", str(MOST_WEEKS), "--until-broken", "--no-story", "--jobs", "1")
    assert (code, bool(printed["broken"])) == (1, True)
    assert printed["runs"] <= MOST_WEEKS


def test_the_lines_that_bugs_change_are_there() -> None:
    """Or the next change of the source would leave a bug unplanted, and nobody would know."""
    for bug in BUGS:
        assert (ROOT / bug.file).read_text("utf-8").count(bug.lines) == 1, bug.name
