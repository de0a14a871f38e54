"""Every hold there is happens here, is recorded, and is found and explained: now, and afterwards from the records."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import tidegate.domain
from tests.cli.situations import SITUATIONS, Situation
from tidegate.domain.guards import GUARDS
from tidegate.domain.weigh import HELD_BY

if TYPE_CHECKING:
    from tests.cli.conftest import Office

DOMAIN = Path(tidegate.domain.__file__).parent
CASES = [(code, situation) for code, situations in SITUATIONS.items() for situation in situations]


@pytest.mark.parametrize(("code", "situation"), CASES, ids=[situation.__name__ for _, situation in CASES])
def test_a_hold_is_recorded_with_the_reason_that_explain_gives_now_and_afterwards(
    office: Office, code: str, situation: Situation
) -> None:
    situation(office)
    decision = office.reconcile(force=True).decision
    recorded = office.stance()
    assert (decision.code, recorded.code) == (code, code)

    now = office.run("explain", "orders-mq", "--json").json
    assert (now["decision"], now["code"], now["reason"]) == ("hold", code, decision.reason)
    assert now["needs_person"] == (recorded.kind == "hold-person")
    at = office.clock.now().isoformat()
    office.server.advance(1)
    then = office.run("explain", "orders-mq", "--at", at, "--json").json
    assert (then["past"], then["code"], then["reason"]) == (True, code, recorded.reason)
    assert then["needs_person"] == now["needs_person"]

    for told in (now, then):
        holder, names = HELD_BY.get(code, code), [name for name, _ in GUARDS]
        assert [guard["guard"] for guard in told["guards"]] == names
        passages = [guard["passage"] for guard in told["guards"]]
        place = names.index(holder) if holder in names else 0
        holds = ["HOLD"] if holder in names else []
        assert passages == ["ok"] * place + holds + ["not reached"] * (len(names) - place - len(holds))
        assert [guard["reason"] for guard in told["guards"] if guard["reason"]] == [told["reason"]] * len(holds)

    text = office.run("explain", "orders-mq").out
    assert f"{'ok    ' if code == 'as-wanted' else f'HOLD  {holder}: '}" in text


def test_no_hold_is_left_without_a_situation() -> None:
    """Whoever adds a hold to the core adds to `situations.py` how it comes about."""
    given = {code for path in DOMAIN.glob("*.py") for code in codes_in(ast.parse(path.read_text("utf-8")))}
    assert given == set(SITUATIONS)


def codes_in(tree: ast.Module) -> Iterator[str]:
    """Every code that is the first argument of a Hold: a word, or a name that stands for some words."""
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef):
            continue
        for call in ast.walk(function):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "Hold":
                yield from words_of(function, call.args[0])


def words_of(function: ast.FunctionDef, argument: ast.expr) -> Iterator[str]:
    """The words that an argument can be. One that cannot be told fails the test."""
    if isinstance(argument, ast.Constant):
        assert isinstance(argument.value, str)
        yield argument.value
    elif isinstance(argument, ast.IfExp):
        yield from words_of(function, argument.body)
        yield from words_of(function, argument.orelse)
    else:
        assert isinstance(argument, ast.Name), ast.dump(argument)
        values = [
            node.value
            for node in ast.walk(function)
            if isinstance(node, ast.Assign) and [ast.unparse(target) for target in node.targets] == [argument.id]
        ]
        assert values, f"line {argument.lineno}: nobody knows what `{argument.id}` can be"
        for value in values:
            yield from words_of(function, value)
