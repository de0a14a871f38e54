"""What an execution is given says which operation it carries; anything else is a clear error, and touches nothing."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st

from tests.hostile.watched import Watched
from tests.hostile.words import DEEP_JSON, NUMBERS, TRICKS, mutated, tried, values
from tidegate.app import steps
from tidegate.app.steps import Which
from tidegate.ledger.ledger import Ledger
from tidegate.ledger.policies import NoSuchPolicy, Policies

STEPS = (steps.submit, steps.look, steps.settle)
CLEAR = (ValueError, LookupError, NoSuchPolicy)
NAMES = [trick for trick in TRICKS if trick not in ("", "orders-mq@")]
"""Of the tricks those that are not, after all, the name of an instance under no hash."""
Opens = Callable[..., Any]


def test_any_input_names_an_operation_or_is_a_clear_error(desk: Opens, tries: Any) -> None:
    at = desk()
    at.hear(at.alert())
    before, gateway = at.shelf.list("", limit=100_000), at.key("edge-gateway")
    good = {"instance": "edge-gateway", "operation": 1, "execution": "e-1"}

    def check(given: Any) -> None:
        which = tried(lambda: Which.read(given), ValueError)
        if isinstance(which, ValueError):
            assert "an execution's input names its instance and operation" in str(which)
            return
        for step in STEPS:
            came = tried(partial(step, at.around, which), *CLEAR)
            assert isinstance(came, CLEAR) or came in ("done", "handover", "settle")

    tries(150, check, given=st.one_of(values, mutated(good)))
    assert at.calls("UpdateInstance") == at.calls("ModifyInstanceSpec") == []
    new = set(at.shelf.list("", limit=100_000)) - set(before)
    assert [key for key in new if gateway not in key and not key.startswith("wake/")] == []


@pytest.mark.parametrize("trick", [*NAMES, *(f"orders-mq@{trick}" for trick in NAMES), "orders-mq@aaaaaaaaaaaa"])
def test_a_trick_in_the_name_finds_no_policy_and_asks_for_no_key_outside(desk: Opens, trick: str) -> None:
    at = desk()
    shelf = Watched(at.shelf)
    ledger, policies = Ledger(shelf, at.clock.now, lambda: "n"), Policies(shelf, at.clock.now)
    around = replace(at.around, ledger=ledger, policies=policies, cache={})
    for step in STEPS:
        with pytest.raises(CLEAR):
            step(around, Which(trick, 1, ""))
    assert shelf.asked
    outside = [key for key in shelf.asked if not key.startswith("policy/") or ".." in key or "//" in key]
    assert outside == []


@pytest.mark.parametrize(
    "raw", [*DEEP_JSON, *NUMBERS, b"", b"\xff", b'{"instance": "a", "operation": 1e400}', b'"\\ud800"']
)
@pytest.mark.parametrize("step", ["submit", "look", "settle"])
def test_bytes_that_are_no_input_fail_at_once(
    step: str, raw: bytes, soon: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The platform sees the failure, and the workflow goes on to look."""
    for name, value in {"ACCOUNT": "1", "REGION": "cn-hangzhou", "STORE": f"sqlite:///{tmp_path / 'l.db'}"}.items():
        monkeypatch.setenv(f"TIDEGATE_{name}", value)
    handler = importlib.import_module(f"functions.{step}").handler
    with soon(), pytest.raises((ValueError, RecursionError)):
        handler(raw, None)
