"""The environment and the command line: any word is taken or told in a line; nothing printed can rule a terminal."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st

from tests.cli.conftest import Office, clock, office, run, world
from tests.hostile.words import DANGEROUS, ESCAPES, TRICKS, leaves, tried
from tidegate.app import codec
from tidegate.cli.errors import Mistake
from tidegate.cli.looks import in_zone, show
from tidegate.cli.send import checked
from tidegate.cli.times import read_time
from tidegate.cli.values import value_lines
from tidegate.domain.durations import parse_duration
from tidegate.domain.signal import Alert, AlertState
from tidegate.policyfile.resolved import Resolved
from tidegate.settings import BadSettings, read_cli_settings, read_settings

__all__ = ["clock", "office", "run", "world"]

NOON = datetime(2026, 3, 2, 12, tzinfo=timezone.utc)
NAMES = (
    *("ACCOUNT", "REGION", "STORE", "OSS_ENDPOINT", "ENDPOINT", "FLOW", "HOOK_TOKENS", "FC_API", "FC_ENDPOINT"),
    *("CLOCK_URL", "CHAT_URL", "FC_SERVICE", "FC_FUNCTION", "PREFIX"),
)
TIMES = st.one_of(
    st.text(alphabet="0123456789:-+TZ. ", max_size=30),
    st.text(max_size=12),
    st.sampled_from(
        [
            "0001-01-01T00:00+23:59",
            "9999-12-31T23:59:59-23:59",
            "\u0662\u0660:\u0660\u0665",
            "25:00",
            "²:05",
            "9" * 9999,
            "24:00",
        ]
    ),
)
KEPT_TEXT = "".join(ESCAPES)


def test_any_environment_is_read_or_the_variable_is_named(tries: Any) -> None:
    def check(given: dict[str, str]) -> None:
        environ = {f"TIDEGATE_{name}": value for name, value in given.items()}
        for read in (read_settings, read_cli_settings):
            settings = tried(partial(read, environ), BadSettings)
            if isinstance(settings, BadSettings):
                assert "TIDEGATE_" in str(settings)
                continue
            assert all(getattr(settings, "hook_tokens", ("x",))) or not environ.get("TIDEGATE_HOOK_TOKENS", "").strip(
                ","
            )

    tries(
        150,
        check,
        given=st.dictionaries(st.sampled_from(NAMES), st.one_of(st.text(max_size=20), st.sampled_from(TRICKS))),
    )


@pytest.mark.parametrize("tokens", ["", ",", ",,,", " ", " , "])
def test_no_token_in_the_environment_is_no_way_in(tokens: str) -> None:
    from tidegate.alerts import same_token  # noqa: PLC0415 - beside its only use

    settings = read_settings(
        {"TIDEGATE_ACCOUNT": "1", "TIDEGATE_REGION": "r", "TIDEGATE_STORE": "s", "TIDEGATE_HOOK_TOKENS": tokens}
    )
    for given in ("", " ", ",", "  "):
        assert not same_token(given, settings.hook_tokens)


def test_any_time_and_any_duration_is_read_or_is_a_mistake(tries: Any, soon: Any) -> None:
    def check(text: str, zone: str) -> None:
        with soon():
            assert isinstance(tried(lambda: read_time(text, zone, NOON), Mistake), (datetime, Mistake))
            assert isinstance(tried(lambda: checked({"until": text}), Mistake), (dict, Mistake))
            assert isinstance(tried(lambda: checked({"for": text}), Mistake), (dict, Mistake))
            assert isinstance(tried(lambda: parse_duration(text), ValueError), (timedelta, ValueError))

    tries(300, check, text=TIMES, zone=st.sampled_from(["UTC", "Asia/Shanghai"]))


def test_any_value_of_a_policy_is_shown_in_one_line(tries: Any) -> None:
    def check(value: Any) -> None:
        [line] = value_lines([Resolved("key", value, "file", 1, "origin")])
        assert "\n" not in line
        assert isinstance(in_zone(str(value), "Asia/Shanghai"), str)

    tries(100, check, value=leaves)


WORDS = [word for word in TRICKS if "\0" not in word] + [
    *(
        "a#1",
        "orders-mq#²",
        "orders-mq#" + "9" * 5000,
        "orders-mq#-1",
        "orders-mq#1e5",
        "#",
        "9" * 5000,
        "-",
        "policy/current/",
    ),
    *(word for word in ESCAPES if "\0" not in word),
]


def commands_with(word: str, folder: Path) -> list[tuple[str, ...]]:
    """Every place of the command line where a word may stand."""
    return [
        *((command, word) for command in ("explain", "history", "upcoming")),
        *(("explain", "orders-mq", "--at", word), ("history", "orders-mq", "--limit", word), ("policy", "show", word)),
        *(("upcoming", "--from", word or "x"), ("upcoming", "--days", word), ("validate", "--policy", word), (word,)),
        ("status", "--policy", str(folder / "no" / (word[:50] or "x"))),
        ("resize", "orders-mq", "--to", "small", "--until", word or "x"),
    ]


def test_any_word_on_the_command_line_is_a_mistake_in_a_plain_line(
    office: Office,
    tmp_path: Path,
    soaking: bool,  # noqa: FBT001 - a fixture
) -> None:
    office.push()
    before = office.rows()
    words = WORDS if soaking else WORDS[::3]
    for command in [command for word in words for command in commands_with(word, tmp_path)]:
        said = office.run(*command)
        assert said.code in (0, 1, 2), command
        assert "Traceback" not in said.err
        assert said.code == 0 or said.err.startswith("tidegate: "), (command, said)
        assert not DANGEROUS.search((said.out + said.err).replace("\n", "")), command
    assert office.rows() == before


def test_what_others_wrote_cannot_rule_the_terminal_of_whoever_reads_it(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Alerts, callers, reasons, and the vendor's own words: also if they came into the ledger some other way."""
    office.push()
    office.reconcile()
    around = office.around
    book = around.book()
    assert book is not None
    key = around.key(book.read("orders-mq"))
    for number, (rule, value) in enumerate([(f"r{KEPT_TEXT}", "1"), ("mq-tps-high", KEPT_TEXT)]):
        alert = Alert(f"ring-000{number}", office.clock.now(), rule, AlertState.FIRING, "test", value=value)
        around.ledger.post(key, codec.write_signal(alert), due=office.clock.now())
    office.reconcile()
    office.asks("pause", caller=f"li {KEPT_TEXT}", reason=KEPT_TEXT)
    commands = [
        ("history", "orders-mq"),
        ("status",),
        ("plan",),
        ("explain", "orders-mq"),
        ("explain", "ring-0000"),
        ("policy", "show", "orders-mq"),
    ]
    for command in commands:
        said = office.run(*command)
        assert said.code == 0, said
        assert not DANGEROUS.search(said.out.replace("\n", "")), command
        told = office.run(*command, "--json").out
        assert json.loads(told)
        assert not DANGEROUS.search(told.replace("\n", "")), command
    shown = office.run("history", "orders-mq").out
    assert shown.count("\n") == len(json.loads(office.run("history", "orders-mq", "--json").out)["records"])


def test_a_line_of_any_text_is_one_line_on_paper(tries: Any, capsys: pytest.CaptureFixture[str]) -> None:
    def check(text: str) -> None:
        show([(text, (text, "bold"))])
        out = capsys.readouterr().out
        assert out.count("\n") == 1
        assert not DANGEROUS.search(out.rstrip("\n"))

    tries(100, check, text=st.one_of(st.text(max_size=30), st.sampled_from([*ESCAPES, *TRICKS])))


def test_any_fact_is_one_line_of_json_in_the_log(tries: Callable[..., None], lines: Any) -> None:
    from tidegate.app.logs import log  # noqa: PLC0415 - beside its only use

    def check(text: str, value: Any) -> None:
        log("fact", text=text, value=value, **{f"k{text}": text})
        [fact] = lines.facts()
        assert fact["text"].encode("utf-16", "surrogatepass") == text.encode("utf-16", "surrogatepass")

    tries(200, check, text=st.one_of(st.text(max_size=30), st.sampled_from([*ESCAPES, "\ud800"])), value=leaves)
    assert logging.getLogger("tidegate")
