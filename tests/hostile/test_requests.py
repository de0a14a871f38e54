"""Whatever on_request is sent is a mistake that is told, or a request; and what people write cannot rule a terminal."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import strategies as st

from tests.hostile.words import DANGEROUS, DEEP_JSON, ESCAPES, NUMBERS, TRICKS, mutated, values
from tidegate.app.requests import receive_request

GOOD = {
    "verb": "resize",
    "instance": "orders-mq",
    "caller": "li",
    "key": "key-00000001",
    "to": "medium",
    "for": "2h",
    "despite": ["cooldown"],
    "reason": "the launch",
    "until_released": False,
    "approval": "",
    "dry_run": False,
    "fleet": False,
}
Opens = Callable[..., Any]


def asked(at: Any, form: Any) -> dict[str, Any]:
    """What a request is answered. It must be possible to send that."""
    raw = form if isinstance(form, bytes) else json.dumps(form).encode()
    answer = receive_request(at.around, raw)
    json.dumps(answer).encode()
    return answer


def test_whatever_is_asked_is_answered(desk: Opens, tries: Any, lines: Any) -> None:
    at = desk()
    own = (f"ledger/{at.key()}/", f"inbox/{at.key()}/", "wake/", "ledger/fleet/", "epoch", "policy/")

    def check(form: Any) -> None:
        answer = asked(at, form)
        assert list(answer) == ["mistake"] or answer["decision"] in ("hold", "resize")
        assert len(json.dumps(answer)) < 5_000
        lines.facts()
        assert [key for key in at.shelf.list("", limit=100_000) if not key.startswith(own)] == []

    tries(200, check, form=st.one_of(st.binary(max_size=100), values, mutated(GOOD)))
    assert len(at.orders()) <= 1


@pytest.mark.parametrize(
    "raw",
    [
        *DEEP_JSON,
        *(b'{"caller": ' + number + b"}" for number in NUMBERS),
        b"\xff" * 1000,
        json.dumps(GOOD).encode("utf-16"),
    ],
)
def test_what_cannot_be_read_is_a_mistake_at_once(desk: Opens, raw: bytes, soon: Any) -> None:
    at = desk()
    with soon():
        answer = asked(at, raw)
    assert len(answer["mistake"]) < 2_000


@pytest.mark.parametrize(
    "form",
    [
        {**GOOD, **{f"key {number}": 1 for number in range(20_000)}},
        {**GOOD, "k" * 1_000_000: 1},
        {**GOOD, "despite": ["x"] * 100_000},
        *(
            {**GOOD, field: "x" * 1_000_000}
            for field in ("verb", "instance", "caller", "key", "to", "for", "until", "reason", "approval")
        ),
    ],
)
def test_a_request_beyond_all_measure_is_a_short_mistake(desk: Opens, form: Any, soon: Any, lines: Any) -> None:
    at = desk()
    with soon():
        answer = asked(at, form)
    assert list(answer) == ["mistake"]
    assert len(answer["mistake"]) < 2_500
    [fact] = lines.facts()
    assert fact["what"] == "mistake"
    assert at.around.ledger.inbox(at.key()) == []


@pytest.mark.parametrize("trick", TRICKS)
def test_a_trick_in_a_name_finds_no_instance_rung_or_approval(desk: Opens, trick: str) -> None:
    at = desk()
    before = at.shelf.list("", limit=100_000)
    assert "mistake" in asked(at, {**GOOD, "instance": trick})
    assert at.shelf.list("", limit=100_000) == before
    assert "mistake" in asked(at, {**GOOD, "key": "key-00000002", "to": trick or "no"})
    assert at.started == []


@pytest.mark.parametrize("bad", ESCAPES)
def test_what_a_person_writes_is_one_plain_line_in_log_record_and_message(desk: Opens, bad: str, lines: Any) -> None:
    at = desk()
    words = {"caller": f"li {bad}", "reason": f"because {bad}"}
    answer = asked(at, {**GOOD, "verb": "pause", "to": "", "despite": [], **words})
    assert answer["decision"] == "hold"
    asked(at, {"verb": "pause", "fleet": True, "key": "key-00000009", **words})
    at.clock.advance(86_500)
    at.tick()
    assert lines.facts()
    records = [*at.around.ledger.records(at.key()), *at.around.ledger.records("fleet")]
    assert not DANGEROUS.search(json.dumps([[dict(one.fact), dict(one.state)] for one in records], ensure_ascii=False))
    assert at.messages
    assert not [text for _, text in at.messages if DANGEROUS.search(text)]


def test_a_caller_of_nothing_but_signs_is_nobody(desk: Opens) -> None:
    assert "caller" in asked(desk(), {**GOOD, "caller": "\x1b\n\u202e"})["mistake"]
