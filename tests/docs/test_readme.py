"""What the README shows is there: targets, commands, a policy that may be used, folders."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from localcloud.project import scenario, up
from tidegate.cli.commands import program
from tidegate.policyfile import parse_policy

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"^(?:\$ )?((?:make|tidegate) [^#\n]*(?:#\d+)?[^#\n]*)", re.MULTILINE)
PASSED_ON = {"local", "demo"}


@pytest.fixture
def readme(root: Path) -> str:
    """The page as it is."""
    return (root / "README.md").read_text("utf-8")


@pytest.fixture
def shown(readme: str) -> list[list[str]]:
    """Every command that a block of the page starts a line with, and those named in running text, in words."""
    blocks = [body for kind, body in FENCE.findall(readme) if kind in ("sh", "console")]
    inline = re.findall(r"`(tidegate [^`\n]+)`", FENCE.sub("", readme))
    lines = [found for block in blocks for found in COMMAND.findall(block)]
    return [shlex.split(line) for line in [*lines, *inline]]


def parse(words: list[str]) -> None:
    """Read a command line as the program would, without running it. Raises what the program would answer with."""
    command: Any = program()
    context: Any = None
    while hasattr(command, "resolve_command"):
        context = command.make_context("tidegate", list(words), parent=context)
        _, command, words = command.resolve_command(context, list(words))
    if command.name not in PASSED_ON:
        command.make_context(command.name, list(words), parent=context)
    elif command.name == "local":
        {"up": up.read_options, "play": scenario.read_options}[words[0]](words[1:])


def test_the_readme_shows_the_commands_that_matter(shown: list[list[str]]) -> None:
    """Otherwise the tests below would pass on an empty page."""
    assert [words for words in shown if words[0] == "make"] == [["make", "demo"], ["make", "test"]]
    assert {"local", "demo", "status", "explain", "resize", "release"} <= {words[1] for words in shown}


def test_every_target_of_make_that_a_page_shows_is_in_the_makefile(root: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", (root / "Makefile").read_text("utf-8"), re.MULTILINE))
    for name in ("README.md", "CONTRIBUTING.md"):
        text = (root / name).read_text("utf-8")
        blocks = [body for kind, body in FENCE.findall(text) if kind == "sh"]
        named = {target for block in blocks for target in re.findall(r"^make ([a-z]+)", block, re.MULTILINE)}
        assert named, name
        assert named <= targets, name


def test_every_command_in_the_readme_is_one_that_the_program_reads(shown: list[list[str]]) -> None:
    for words in shown:
        if words[0] == "tidegate":
            parse(words[1:])


@pytest.mark.parametrize(
    "line", ["resise orders-mq", "resize orders-mq --too large", "status --polcy x", "policy pull", "explain"]
)
def test_a_command_that_does_not_exist_would_be_noticed(line: str) -> None:
    with pytest.raises(Exception, match=r"No such|Missing"):
        parse(line.split())


def test_every_policy_in_the_readme_is_good(readme: str) -> None:
    policies = [body for kind, body in FENCE.findall(readme) if kind == "yaml"]
    assert policies
    for body in policies:
        assert parse_policy(body.encode(), "README.md").instances["orders-mq"].mode == "act"


def test_the_map_names_what_there_is_and_every_folder(readme: str, root: Path) -> None:
    tree = readme.partition("## Map of the tree")[2].partition("\n## ")[0]
    named = re.findall(r"^\| `([^`]+)` \|", tree, re.MULTILINE)
    assert [name for name in named if not (root / name).exists()] == []
    folders = {f"tidegate/{path.parent.name}/" for path in (root / "tidegate").glob("*/__init__.py")}
    assert folders - set(named) == set()


def test_every_file_that_the_front_pages_name_is_there(root: Path) -> None:
    for page in ("README.md", "CONTRIBUTING.md"):
        text = FENCE.sub("", (root / page).read_text("utf-8"))
        named = re.findall(r"`((?:tidegate|tests|functions|workflows|localcloud|docs|examples)/[\w/.-]+)`", text)
        assert named, page
        assert [name for name in named if "NAME" not in name and not (root / name).exists()] == [], page


def test_a_link_to_a_heading_leads_to_one(readme: str, root: Path) -> None:
    contributing = (root / "CONTRIBUTING.md").read_text("utf-8")
    headings = {heading.lower().replace(" ", "-") for heading in re.findall(r"^## (.+)$", readme, re.MULTILINE)}
    targets = re.findall(r"\((?:README\.md)?#([\w-]+)\)", readme + contributing)
    assert targets
    assert set(targets) <= headings


def test_the_demo_is_shown_with_its_three_acts_and_receipts(readme: str) -> None:
    shown = next(body for _, body in FENCE.findall(readme) if body.startswith("Tidegate on localcloud"))
    assert re.findall(r"^(\d)  (\w+)", shown, re.MULTILINE) == [("1", "Alert"), ("2", "Schedule"), ("3", "By")]
    assert len(re.findall(r"^\S+#\d+  (?:UP|DOWN) .* ok$", shown, re.MULTILINE)) >= 2
    assert len(re.findall(r"^   reports .*: as wanted;", shown, re.MULTILINE)) >= 2
