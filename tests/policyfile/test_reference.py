"""The page of every key is the models' own, and says of each what it means."""

from __future__ import annotations

import re
from pathlib import Path

from tests.policyfile.test_schema import EVERY
from tidegate.domain.when import Blackout
from tidegate.policyfile import KEYS
from tidegate.policyfile.meanings import first_words, meanings_of
from tidegate.policyfile.reference import reference
from tidegate.policyfile.written import fields_of
from tidegate.products.rabbitmq import RabbitMq

PAGE = Path(__file__).parents[2] / "docs" / "policy-reference.md"
ROW = re.compile(r"^\| `(\w+)` \| (.*) \| (.*) \| (.*) \|$", re.MULTILINE)


def test_the_published_reference_is_the_one_that_the_models_give() -> None:
    """If not: `python -m tidegate.policyfile.reference > docs/policy-reference.md`."""
    assert PAGE.read_text("utf-8") == reference()


def test_every_key_that_a_file_may_have_has_a_row_and_a_meaning() -> None:
    rows = ROW.findall(reference())
    keys = {*KEYS, *RabbitMq.fields, *(key for model in EVERY for key in fields_of(model))}
    told = {key for key, *_ in rows}
    assert {key for key in keys - told if f"`{key}`" not in reference() and f"{{{key}:" not in reference()} == set()
    assert [key for key, takes, _, means in rows if not (takes and means.endswith("."))] == []


def test_every_link_leads_to_a_heading() -> None:
    headings = {line.removeprefix("## ").lower() for line in reference().splitlines() if line.startswith("## ")}
    assert set(re.findall(r"\]\(#([a-z]+)\)", reference())) <= headings


def test_what_a_model_has_from_another_one_means_the_same_there() -> None:
    assert meanings_of(Blackout)["from"] == "When it starts, by the wall clock."


def test_the_facts_that_a_sentence_rests_on_are_left_out() -> None:
    assert first_words("What is so (fact A.2).\n\n    More.") == "What is so."
