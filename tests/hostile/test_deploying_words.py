"""Any word at any place of `deploy` and `destroy` is taken for what it is, or is a mistake in a plain line."""

from __future__ import annotations

import pytest

from tests.deploy.conftest import Site, site, world
from tests.hostile.words import DANGEROUS, ESCAPES, TRICKS

__all__ = ["site", "world"]

WORDS = [word for word in (*TRICKS, *ESCAPES, "a=b=c", "=", "Mode=", "9" * 5000, "\udc80") if "\0" not in word]
PARAMETERS = ("LedgerBucket", "Runtime", "Mode", "CodeObject", "HookTokens")


def commands_with(word: str, site: Site) -> list[tuple[str, ...]]:
    """Every place where a word may stand; nothing is done, only planned."""
    package = ("--package", str(site.zip))
    return [
        ("deploy", "--stack", word, *package),
        ("deploy", "--mode", word or "x", *package),
        ("deploy", "--parameter", word, *package),
        *(("deploy", "--parameter", f"{name}={word}", *package) for name in PARAMETERS),
        ("deploy", "--package", word[:200] or "x"),
        ("deploy", "--policy", word[:200] or "x", *package),
        ("deploy", "--generation", word, *package),
        ("deploy", "--accept", word, *package),
        ("destroy", "--stack", word),
        ("destroy", "--with-ledger", word),
        ("deploy", word, *package),
    ]


@pytest.mark.once
def test_any_word_of_a_deployment_is_a_mistake_in_a_plain_line(
    site: Site,
    soaking: bool,  # noqa: FBT001 - a fixture
) -> None:
    stride = 1 if soaking else 23
    commands = [command for word in WORDS for command in commands_with(word, site)]
    for command in commands[::stride]:
        said = site.run(*command)
        assert said.code in (0, 1, 2), command
        assert "Traceback" not in said.err
        assert said.code == 0 or said.err.startswith("tidegate: "), (command, said)
        assert not DANGEROUS.search((said.out + said.err).replace("\n", "")), command
    assert site.calls("CreateStack") + site.calls("DeleteStack") == 0
