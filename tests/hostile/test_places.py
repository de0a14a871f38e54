"""No parser and no door is without somebody who abuses it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.hostile.places import OWN, PLACES

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
FOLDERS = ("functions", "tidegate", "localcloud")
TOOLS = "localcloud/project/"
"""Plays stories that this project tells; what it reads lies in this repository, and what it attaches is listed."""

PARSERS = frozenset(
    (
        *(
            "loads",
            "load",
            "safe_load",
            "compose",
            "parse_qsl",
            "from_ical",
            "fromstring",
            "b64decode",
            "ZipFile",
            "unquote",
        ),
        *(
            "fromisoformat",
            "strptime",
            "parsedate_to_datetime",
            "model_validate",
            "model_validate_json",
            "validate_python",
        ),
        *("literal_eval", "eval", "exec", "decompress", "unpack", "parse_multipart", "iterparse", "read_pickle"),
    )
)
"""Called by these names, something that may be anybody's becomes something that is believed."""
DOORS = frozenset(("handler", "answer"))
MODULES = ("tidegate/alerts/", "tidegate/settings.py", "tidegate/app/steps/which.py", "localcloud/nesting.py")
"""Parsers that call none of these: formats of alerts, the environment, an execution's input."""
NO_PARSERS = ("__init__.py", "formats.py", "reading.py")


def found() -> Iterator[str]:
    """Every module in which something is parsed or comes in."""
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            name = path.relative_to(ROOT).as_posix()
            if name.startswith(TOOLS):
                continue
            named = name.startswith(MODULES) and not name.endswith(NO_PARSERS)
            if named or any(is_place(node) for node in ast.walk(ast.parse(path.read_text()))):
                yield name


def is_place(node: ast.AST) -> bool:
    """Whether something is parsed here, or comes in."""
    if isinstance(node, ast.Call):
        called = node.func
        return (called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")) in PARSERS
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        takes = {argument.arg for argument in node.args.args}
        commands = [
            each for each in node.decorator_list if isinstance(each, ast.Call) and "command" in ast.unparse(each)
        ]
        return bool(commands) or (node.name in DOORS and bool(takes & {"event", "_event", "call"}))
    return False


def test_every_parser_and_every_door_is_abused_or_reads_only_its_own() -> None:
    assert sorted(PLACES) == sorted(found())


def test_whatever_is_said_to_abuse_a_place_is_a_test_that_is_there() -> None:
    named = {test for test in PLACES.values() if not test.startswith(OWN)}
    there = {
        f"{path.name}::{node.name}"
        for path in HERE.glob("test_*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }
    assert named - there == set()
    assert all(len(reason) > len(OWN) + 5 for reason in PLACES.values())
