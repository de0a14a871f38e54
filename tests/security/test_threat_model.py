"""SECURITY.md says of everybody what they can do at the worst, and names tests that exist. What it says of us is so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from tidegate.app.requests import RequestForm
from tidegate.domain.ask import LONGEST_OVERRIDE
from tidegate.domain.guards import DESPITE, GUARDS
from tidegate.domain.limits import FleetLimits

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "SECURITY.md").read_text("utf-8")
ACTORS = dict(part.split("\n", 1) for part in re.split(r"^### ", TEXT, flags=re.MULTILINE)[1:])
TEST = re.compile(r"`(tests/[\w/]+\.py)`")
EXPECTED = (
    "on the internet",
    "leaked hook token",
    "link for an approval",
    "invoke `tidegate-on-request`",
    "start executions",
    "oss:PutObject",
    "policy repository",
    "between us and the vendor",
    "dependency",
    "colleague",
    "localcloud",
)


@pytest.mark.parametrize("words", EXPECTED)
def test_nobody_is_left_out(words: str) -> None:
    assert [title for title in ACTORS if words in title], words


@pytest.mark.parametrize("actor", ACTORS)
def test_of_everybody_it_says_the_worst_what_bounds_it_what_does_not_and_what_shows_it(actor: str) -> None:
    text = ACTORS[actor]
    assert "**At the worst**" in text
    assert "**Stopped by**" in text or "**Bounded by**" in text
    assert "**Not stopped**" in text or "**To do**" in text
    assert TEST.search(text.partition("**Shown by**")[2])


def test_every_test_that_is_named_is_there_and_tests_something() -> None:
    named = set(TEST.findall(TEXT))
    assert len(named) > 30
    assert [path for path in sorted(named) if not (ROOT / path).is_file()] == []
    assert [path for path in sorted(named) if "def test_" not in (ROOT / path).read_text("utf-8")] == []


def test_all_tests_of_security_are_named() -> None:
    there = {path.relative_to(ROOT).as_posix() for path in (ROOT / "tests" / "security").glob("test_*.py")}
    assert there - set(TEST.findall(TEXT)) == {"tests/security/test_threat_model.py"}


def test_the_figures_are_those_of_the_code() -> None:
    limits = FleetLimits()
    assert (limits.orders_at_once, limits.orders_per_hour) == (3, 12)
    assert "three orders at once and twelve an hour" in TEXT
    assert f"for up to {LONGEST_OVERRIDE.days} days" in TEXT


def test_what_despite_passes_over_is_what_is_said() -> None:
    assert set(DESPITE) == {"cooldown", "budget", "window", "drift", "fit"}
    assert "passes over cooldown, budget, windows, drift and the check that it fits" in TEXT
    unmoved = {name for name, _ in GUARDS} - set(DESPITE) - {"blackout", "operation", "health"}
    said = TEXT.partition("the answer `no` to `--despite` for ")[2].partition(".")[0]
    assert set(re.split(r", | and ", said)) == unmoved


def test_a_caller_is_a_claim_still() -> None:
    """When the platform tells a function who invoked it, this page has to change."""
    assert "caller" in RequestForm.model_fields
    door = (ROOT / "functions" / "on_request.py").read_text("utf-8")
    assert "def handler(event: bytes, _context: Any)" in door, "the context is not looked at: it does not say who asks"
    assert "**`caller` is a claim**" in TEXT


def test_no_role_of_a_function_may_write_policies() -> None:
    template = yaml.safe_load((ROOT / "template.yml").read_text("utf-8"))
    writes = []
    for resource in template["Resources"].values():
        for policy in resource["Properties"].get("Policies", []) if resource["Type"] == "ALIYUN::RAM::Role" else []:
            for statement in policy["PolicyDocument"]["Statement"]:
                if {"oss:PutObject", "oss:DeleteObject"} & set(statement["Action"]):
                    writes += [one["Fn::Sub"].partition("${LedgerBucket}/")[2] for one in statement["Resource"]]
    assert set(writes) == {"epoch", "inbox/*", "ledger/*", "probe/*", "wake/*"}


def test_contributing_and_this_page_lead_to_one_another() -> None:
    assert "](CONTRIBUTING.md#security)" in TEXT
    contributing = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    assert "](SECURITY.md)" in contributing.partition("## Security\n")[2]
