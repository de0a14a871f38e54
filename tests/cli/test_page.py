"""The page of the command line names every command, every option and every name of a report."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.situations import alerted
from tidegate.cli.commands import program
from tidegate.domain.guards import DESPITE, GUARDS

if TYPE_CHECKING:
    from tests.cli.conftest import Office

GENERAL = {"--help"}
PASSED_ON = {"local", "demo"}


@pytest.fixture
def page() -> str:
    """The page."""
    return (Path(__file__).parents[2] / "docs" / "cli.md").read_text("utf-8")


def commands() -> Iterator[tuple[str, Any]]:
    """Every command, those of `policy` among them."""
    root: Any = program()
    for name, command in root.commands.items():
        for inner, nested in getattr(command, "commands", {"": command}).items():
            yield f"{name} {inner}".strip(), nested


def test_every_command_is_on_the_page_with_its_options(page: str) -> None:
    missing = []
    for name, command in commands():
        if name not in PASSED_ON:
            options = {word for option in command.params for word in option.opts if word.startswith("--")}
            missing += [f"{name} {option}" for option in options - GENERAL if f"{option}" not in page]
        missing += [] if f"`tidegate {name}" in page else [name]
    assert missing == []


def test_no_command_is_on_the_page_that_there_is_not(page: str) -> None:
    known = {name.partition(" ")[0] for name, _ in commands()}
    assert set(re.findall(r"tidegate ([a-z]+)", page)) <= known | {"s"}


def test_every_option_in_the_table_of_requests_is_one_of_the_commands_it_is_said_of(page: str) -> None:
    table = page.partition("## Asking for something")[2].partition("\n\nAn answer")[0]
    asking = {"resize", "release", "pause", "unpause", "adopt", "approve", "cancel", "ack"}
    offered = {name: {word for option in command.params for word in option.opts} for name, command in commands()}
    rows = re.findall(r"^\| `(--[a-z-]+)[^|]*\| ([^|]+) \|", table, re.MULTILINE)
    assert len(rows) >= 10
    for option, of in rows:
        named = asking if of == "all" else set(re.findall(r"`(\w+)`", of))
        assert {name for name in asking if option in offered[name]} >= named, option


def test_the_guards_that_a_person_may_overrule_are_named_and_no_others(page: str) -> None:
    (row,) = [line for line in page.splitlines() if line.startswith("| `--despite")]
    named = [word for word in re.findall(r"`(\w+)`", row) if word in dict(GUARDS)]
    assert named == list(DESPITE)


@pytest.mark.parametrize(
    ("command", "row"),
    [
        (("status",), "`status`"),
        (("plan",), "`plan`"),
        (("history", "orders-mq"), "`history`"),
        (("explain", "orders-mq"), "`explain NAME`"),
        (("explain", "orders-mq#1"), "`explain NAME#3`"),
        (("explain", "ring-0001"), "`explain KEY`"),
        (("report",), "`report`"),
        (("orders",), "`orders`"),
    ],
)
def test_every_name_on_the_page_is_in_the_report(office: Office, page: str, command: list[str], row: str) -> None:
    alerted(office)
    office.reconcile()
    report = office.run(*command, "--json").json
    lines = page.splitlines()
    (at,) = [number for number, line in enumerate(lines) if line.startswith(f"| {row} | `")]
    assert names(lines[at]) - set(report) == set()
    if lines[at + 1].startswith("| of it, an instance"):
        assert names(lines[at + 1]) == set(report["instances"][1])
        assert names(lines[at]) == set(report)


def names(line: str) -> set[str]:
    """The names that a row has outside of brackets."""
    return set(re.findall(r"`([a-z_]+)`", re.sub(r"\([^()]*\)", "", line.split("|")[2])))
