"""Nobody comes in without a token, whatever they send and wherever they put it; it is compared in constant time."""

from __future__ import annotations

import ast
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st

from tests.hostile.test_alert_door import SIMPLE, TOKEN, deliver, posted, stored
from tests.hostile.words import mutated, values
from tidegate.alerts import Kind, receive, same_token

ROOT = Path(__file__).parents[2]
Opens = Callable[..., Any]

WRONG: dict[str, dict[str, Any]] = {
    "missing": {"path": "/hook/cms"},
    "empty": {"path": "/hook/cms/"},
    "blank": {"path": "/hook/cms/%20"},
    "in the query": {"path": "/hook/cms", "queryParameters": {"token": TOKEN, "access_token": TOKEN}},
    "behind a question mark": {"path": f"/hook/cms?token={TOKEN}"},
    "in the body": {"content": {**SIMPLE, "token": TOKEN}},
    "in the context": {"path": "/hook/cms", "requestContext": {"token": TOKEN, "authorizer": TOKEN}},
    "at the top": {"path": "/hook/cms", "token": TOKEN, "kind": "direct"},
    "cut": {"path": f"/hook/cms/{TOKEN[:-1]}"},
    "longer": {"path": f"/hook/cms/{TOKEN}x"},
    "with a line end": {"path": f"/hook/cms/{TOKEN}%0a"},
    "with a zero": {"path": f"/hook/cms/{TOKEN}%00"},
    "in another case": {"path": f"/hook/cms/{TOKEN.swapcase()}"},
    "look-alike": {"path": f"/hook/cms/{TOKEN.replace('e', chr(0x435))}"},
    "encoded twice": {"path": "/hook/cms/" + "".join(f"%25{ord(sign):02x}" for sign in TOKEN)},
    "one part too deep": {"path": f"/hook/cms/x/{TOKEN}"},
    "climbing": {"path": f"/hook/cms/wrong/../{TOKEN}"},
    "another door": {"path": f"/kook/cms/{TOKEN}"},
    "a list as the path": {"rawPath": ["/hook/cms", TOKEN]},
    "no path": {"rawPath": None},
    "a list as the header": {"path": "/hook/cms", "headers": {"X-Tidegate-Token": [TOKEN]}},
    "a map as the header": {"path": "/hook/cms", "headers": {"X-Tidegate-Token": {TOKEN: TOKEN}}},
    "twice in one header": {"path": "/hook/cms", "headers": {"X-Tidegate-Token": f"{TOKEN},{TOKEN}"}},
    "headers as a list": {"path": "/hook/cms", "headers": [["x-tidegate-token", TOKEN]]},
    "another scheme": {"path": "/hook/cms", "headers": {"Authorization": f"Basic {TOKEN}"}},
    "no scheme": {"path": "/hook/cms", "headers": {"Authorization": TOKEN}},
    "another header": {"path": "/hook/cms", "headers": {"X-Token": TOKEN, "Cookie": f"x-tidegate-token={TOKEN}"}},
    "every token at once": {"path": "/hook/cms", "headers": {"X-Tidegate-Token": f"{TOKEN} the-next-one"}},
    "the settings' own text": {"path": "/hook/cms/T0KEN-demo,the-next-one"},
}
CAREFUL = [
    ("tidegate/alerts/delivery.py", "same_token"),
    ("localcloud/fc/signature2.py", "caller"),
    ("localcloud/identity.py", "_check_token"),
    ("localcloud/oss/signing.py", "authenticate"),
    ("localcloud/rpc/signing.py", "is_by"),
]
NO_SECRETS = {
    "tidegate/app/steps/verdicts.py": "an attempt's token, ours and from our own ledger on both sides",
    "tidegate/products/tokens.py": "a token with itself, whether it has blanks around it",
    "localcloud/flow/paging.py": "where the next page of a list begins",
    "localcloud/flow/register.py": "a task's token, after the caller's signature was checked",
}


@pytest.mark.parametrize("how", WRONG)
def test_a_token_that_is_wrong_or_in_the_wrong_place_opens_nothing(desk: Opens, lines: Any, how: str) -> None:
    at = desk()
    before = stored(at)
    reply = deliver(at, posted_with(WRONG[how]))
    assert (reply.status, reply.body) == (404, {"error": "not found"})
    assert stored(at) == before
    assert [fact["what"] for fact in lines.facts()] == ["turned-away"]


def posted_with(over: dict[str, Any]) -> dict[str, Any]:
    """A good alert on a wrong way."""
    rest = {key: value for key, value in over.items() if key not in ("content", "path")}
    return posted(over.get("content", SIMPLE), over.get("path", "/hook/cms/wrong"), **rest)


def test_no_envelope_that_speaks_of_a_request_passes_for_a_direct_event(desk: Opens, tries: Any) -> None:
    at = desk()
    before = stored(at)
    envelope = {**posted(SIMPLE, "/hook/cms/wrong"), **SIMPLE}

    def check(event: Any) -> None:
        if isinstance(event, dict) and event.keys() & {"rawPath", "requestContext", "isBase64Encoded"}:
            delivery = receive(json.dumps(event).encode())
            assert delivery.kind is Kind.HTTP
            assert not same_token(delivery.token, (TOKEN,))
            assert deliver(at, event).status == 404

    tries(150, check, event=mutated(envelope, values))
    assert stored(at) == before


def test_only_the_token_itself_is_the_same(tries: Any) -> None:
    def check(given: str) -> None:
        assert same_token(given, (TOKEN, "", " ")) is (given == TOKEN)

    near = st.sampled_from([TOKEN, TOKEN + "\0", "", " ", "\ud800", TOKEN.encode().hex()])
    tries(200, check, given=st.one_of(near, st.text(max_size=12), st.text(alphabet=TOKEN, max_size=12)))


def test_every_comparison_of_a_token_or_a_signature_takes_the_same_time() -> None:
    """No source compares one with `==` or `in`, which stop at the first letter that differs."""
    careless = {str(path.relative_to(ROOT)) for path, _ in comparisons()}
    assert careless == set(NO_SECRETS)


@pytest.mark.parametrize(("path", "name"), CAREFUL)
def test_whoever_checks_a_secret_leaves_the_comparison_to_one_that_takes_its_time(path: str, name: str) -> None:
    tree = ast.parse((ROOT / path).read_text())
    [checks] = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name == name]
    assert any(
        isinstance(node, ast.Call) and ast.unparse(node.func).endswith("compare_digest") for node in ast.walk(checks)
    )
    assert [node for node in ast.walk(checks) if isinstance(node, ast.Compare) and is_of_two_values(node)] == []


def sources() -> Iterator[Path]:
    """Everything that is deployed, and the doors of the stand-in."""
    for folder in ("functions", "tidegate", "localcloud/rpc", "localcloud/oss", "localcloud/fc", "localcloud/flow"):
        yield from sorted((ROOT / folder).rglob("*.py"))
    yield from sorted((ROOT / "localcloud").glob("*.py"))


def comparisons() -> Iterator[tuple[Path, int]]:
    """Where a value that is named like a secret is compared with another value, not with a constant."""
    for path in sources():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Compare) and is_careless(node):
                yield path, node.lineno


def is_of_two_values(node: ast.Compare) -> bool:
    """Whether it is by `==`, `!=` or `in`, with no constant on either side."""
    sides = [node.left, *node.comparators]
    by_letters = any(isinstance(operator, (ast.Eq, ast.NotEq, ast.In, ast.NotIn)) for operator in node.ops)
    return by_letters and not any(isinstance(side, ast.Constant) for side in sides)


def is_careless(node: ast.Compare) -> bool:
    """Whether something that is named like a secret is compared so."""
    sides = [node.left, *node.comparators]
    return is_of_two_values(node) and any(
        name.endswith(("token", "signature", "secret")) for side in sides for name in named(side)
    )


def named(node: ast.AST) -> list[str]:
    """The last name of a value: `delivery.token` is `token`."""
    if isinstance(node, ast.Attribute):
        return [node.attr.lower()]
    return [node.id.lower()] if isinstance(node, ast.Name) else []
