"""Every example is a story with an ending, and comes to it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.examples.conftest import EXAMPLES, played

FOLDERS = sorted(path.parent for path in EXAMPLES.glob("*/scenario.yaml"))
NAMED = {
    "alert-only",
    "approval-for-downs",
    "freeze",
    "month-end",
    "office-hours",
    "sale-day",
    "timetable-and-alerts",
    "two-regions",
}


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_an_example_ends_as_it_says(folder: Path) -> None:
    over = played(folder)
    assert over.differences == ()
    assert over.performance.story.orders


def test_the_examples_that_pages_speak_of_are_there() -> None:
    assert {folder.name for folder in FOLDERS} >= NAMED


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_an_example_says_what_it_is_and_the_list_leads_to_it(folder: Path) -> None:
    page = (folder / "README.md").read_text("utf-8")
    assert f"tidegate local play examples/{folder.name}" in page
    assert f"]({folder.name}/)" in (EXAMPLES / "README.md").read_text("utf-8")
