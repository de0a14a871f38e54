"""What the tests of the documents look at."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LABEL = r"(?:[A-G](?:\.\d+)?|(?:flow |fc )?\d+(?:\.\d+)?)\b"
CITATION = re.compile(rf"\b[Ff]acts? ((?=[A-G]\b|flow \d|fc \d){LABEL}(?:(?:, | and | to ){LABEL})*)")


@pytest.fixture
def root() -> Path:
    """The repository."""
    return ROOT


@pytest.fixture
def pages() -> list[Path]:
    """Every page that people read."""
    return [*ROOT.glob("*.md"), *sorted((ROOT / "docs").rglob("*.md"))]


@pytest.fixture
def verified() -> str:
    """The page of what is known and what is assumed."""
    return (ROOT / "docs" / "verified.md").read_text("utf-8")


def rows_of(page: str) -> list[list[str]]:
    """The cells of every row of every table."""
    lines = [line.replace(r"\|", "¦") for line in page.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


@pytest.fixture
def rows(verified: str) -> list[list[str]]:
    """The cells of every row of the page."""
    return rows_of(verified)


def labels_in(text: str) -> Iterator[str]:
    """Every label that a text cites: `(facts A.1, B.2)`, `(facts flow 2.1 to 2.5)`, also over a comment's lines."""
    for cited in CITATION.findall(re.sub(r"\s*\n\s*(?:#\s)?\s*", " ", text)):
        yield from labels_of(cited)


def labels_of(cited: str) -> Iterator[str]:
    """The single labels of a list of them; a range gives all between."""
    family, before, ranges = "", "", False
    for word in re.split(r"(, | and | to )", cited):
        if word in (", ", " and ", " to "):
            ranges = word == " to "
            continue
        name, _, number = word.rpartition(" ")
        family = "" if word[0].isupper() else name or family
        label = f"{family} {number}".strip()
        yield from between(before, label) if ranges else ()
        yield label
        before = label


def between(first: str, last: str) -> Iterator[str]:
    """The labels between two of one chapter."""
    chapter, _, begin = first.rpartition(".")
    for number in range(int(begin) + 1, int(last.rpartition(".")[2])):
        yield f"{chapter}.{number}"


@pytest.fixture
def citations() -> dict[str, list[str]]:
    """Every label that the code cites, and where."""
    found: dict[str, list[str]] = {}
    for folder in ("tidegate", "functions", "localcloud", "workflows", "tests"):
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in (".py", ".yml", ".csv") and path.parent.name != "docs":
                for label in labels_in(path.read_text("utf-8")):
                    found.setdefault(label, []).append(str(path.relative_to(ROOT)))
    return found
