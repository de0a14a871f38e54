"""The pages lead where they say, and hold nothing that is true on one machine only."""

from __future__ import annotations

import re
from pathlib import Path

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
CODE = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)
MACHINE = re.compile(r"(?<![\w.])/(?:home|root|Users|mnt)/|\b[A-Z]:\\|file://")


def test_every_relative_link_leads_to_a_file(pages: list[Path]) -> None:
    lost = []
    for page in pages:
        for target in LINK.findall(CODE.sub("", page.read_text("utf-8"))):
            place = target.partition("#")[0]
            if place and "://" not in target and not (page.parent / place).exists():
                lost.append(f"{page.name}: {target}")
    assert lost == []


def test_no_page_names_a_path_of_a_machine(pages: list[Path], root: Path) -> None:
    for page in pages:
        text = page.read_text("utf-8")
        assert MACHINE.search(text) is None, page
        assert f"{root}/" not in text, page


def test_the_index_leads_to_every_page(root: Path) -> None:
    docs = root / "docs"
    listed = set(LINK.findall((docs / "README.md").read_text("utf-8")))
    there = {str(page.relative_to(docs)) for page in docs.rglob("*.md")} - {"README.md"}
    assert there - listed == set()


def test_decisions_are_numbered_without_a_gap_and_say_situation_decision_and_cost(root: Path) -> None:
    decisions = sorted((root / "docs" / "decisions").glob("*.md"))
    assert [int(page.name[:4]) for page in decisions] == list(range(1, len(decisions) + 1))
    for number, page in enumerate(decisions, 1):
        text = page.read_text("utf-8")
        assert text.startswith(f"# {number}. "), page
        assert [word for word in ("Situation", "Decision", "Cost") if f"**{word}.**" not in text] == [], page


def test_the_changelog_has_a_place_for_what_comes_next_and_this_version(root: Path) -> None:
    changelog = (root / "CHANGELOG.md").read_text("utf-8")
    version = re.search(r'^version = "([^"]+)"', (root / "pyproject.toml").read_text("utf-8"), re.MULTILINE)
    assert version is not None
    headings = re.findall(r"^## \[?([^\]\n ]+)", changelog, re.MULTILINE)
    assert headings[:2] == ["Unreleased", version[1]]


def test_the_license_is_the_one_that_the_package_names(root: Path) -> None:
    text = (root / "LICENSE").read_text("utf-8")
    assert "Apache License" in text
    assert "Version 2.0" in text
    assert "the Tidegate authors" in text
