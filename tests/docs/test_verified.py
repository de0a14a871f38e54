"""What the code takes for granted is written down, with how it is known and what happens if it is wrong."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from localcloud.world import Behaviour

GRADES = ("documented", "SDK", "sample", "assumed", "seen")
FACT = re.compile(r"(?:[A-G](?:\.\d+)?|(?:flow|fc) \d+(?:\.\d+)?)")


def facts_among(rows: Iterable[list[str]]) -> list[list[str]]:
    """The rows that give a fact: label, fact, source, grade, what makes the code right."""
    return [row for row in rows if FACT.fullmatch(row[0])]


def test_every_fact_that_the_code_cites_has_a_row(rows: list[list[str]], citations: dict[str, list[str]]) -> None:
    labels = {row[0] for row in facts_among(rows)}
    chapters = {label.partition(".")[0] for label in labels}
    missing = {label: places for label, places in citations.items() if label not in labels | chapters}
    assert missing == {}


def test_the_citations_are_found_at_all(citations: dict[str, list[str]]) -> None:
    """A list, a range, a family that is named once, and a place that cites in a comment."""
    assert {"A.1", "B.3", "C.2", "F.14", "flow 2.4", "flow 4.2", "fc 2.5", "fc 5.2"} <= set(citations)
    assert "localcloud/rpc/words.py" in citations["C.3"]


def test_every_row_says_how_it_is_known_and_what_makes_the_code_right(rows: list[list[str]]) -> None:
    for row in facts_among(rows):
        assert len(row) == 5, row
        assert all(row), row
        assert row[3].startswith(GRADES), row


def test_nothing_counts_as_seen_on_an_account_without_a_date(rows: list[list[str]]) -> None:
    seen = [row for row in facts_among(rows) if re.search(r"\bseen\b", row[3])]
    assert [row for row in seen if not re.search(r"\d{4}-\d{2}-\d{2}", row[3])] == []


def test_every_switch_of_the_world_is_a_question_with_its_answer(verified: str) -> None:
    questions = verified.partition("## 2.")[0]
    assert {name for name in Behaviour.model_fields if f"`{name}`" not in questions} == set()


def test_every_test_that_the_page_names_is_there(verified: str, root: Path) -> None:
    named = set(re.findall(r"`(tests/[\w/]+(?:\.py)?)`", verified))
    assert "tests/app/test_every_possibility.py" in named
    assert [name for name in sorted(named) if not (root / name).exists()] == []


def test_every_source_that_is_named_in_brackets_has_its_address(verified: str) -> None:
    addresses = set(re.findall(r"^\[([\w-]+)\]: https://", verified, re.MULTILINE))
    named = set(re.findall(r"\[([\w-]+)\](?![:(])", verified))
    assert named == addresses
