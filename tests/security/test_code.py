"""What the code never does. The linter's security rules are on; here is what they leave out, and that they stay on."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.security.inventory import project

ROOT = Path(__file__).parents[2]
PRODUCT = ("tidegate", "functions")
ALL = (*PRODUCT, "localcloud", "benchmarks")
CALLS = {"eval", "exec", "compile", "__import__", "execfile"}
MODULES = {"pickle", "cPickle", "dill", "shelve", "marshal", "jsonpickle", "telnetlib", "ftplib", "xmlrpc", "commands"}
ATTRIBUTES = {
    ("os", "system"),
    ("os", "popen"),
    ("yaml", "unsafe_load"),
    ("yaml", "full_load"),
    ("yaml", "load_all"),
    ("yaml", "UnsafeLoader"),
    ("yaml", "FullLoader"),
    ("yaml", "Loader"),
    ("ssl", "CERT_NONE"),
    ("ssl", "_create_unverified_context"),
    ("tempfile", "mktemp"),
    ("urllib3", "disable_warnings"),
}
SWITCHES = {"verify": False, "check_hostname": False, "insecure_skip_verify": True, "shell": True, "cert_verify": False}
SAFE_LOADERS = {"StrictLoader", "TemplateLoader", "CSafeLoader", "LOADER"}
NOT_SECRET = {"tidegate/app/steps/verdicts.py", "tidegate/products/tokens.py"}
"""There a token is what makes an order one order, and is in the ledger for all who may read it."""
EXCUSED = {
    "S105": "localcloud",  # words of the world file that only sound like secrets
    "S108": "localcloud",  # the only folder that a function may write to
    "S311": "localcloud, benchmarks",  # chance that only has to repeat itself
    "S314": "localcloud",  # XML that comes over loopback
    "S506": "localcloud, tidegate",  # loaders made from the safe one, or the safe one by another name
    "S603": "benchmarks, tidegate",  # its own scripts; pip, which fetches wheels for the package
    "S606": "tidegate",  # `tidegate local` becomes localcloud, in the same interpreter
}


def modules(*tops: str) -> Iterator[tuple[str, ast.Module, str]]:
    """Every module under these folders: its path, its tree and its text."""
    for top in tops:
        for path in sorted((ROOT / top).rglob("*.py")):
            text = path.read_text("utf-8")
            yield path.relative_to(ROOT).as_posix(), ast.parse(text), text


def forbidden(node: ast.AST) -> str:
    """What is wrong with a node, empty where nothing is."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CALLS:
        return f"calls {node.func.id}"
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        pair = (node.value.id, node.attr)
        return f"uses {'.'.join(pair)}" if pair in ATTRIBUTES else ""
    if isinstance(node, ast.keyword) and node.arg in SWITCHES and isinstance(node.value, ast.Constant):
        return f"says {node.arg}={node.value.value}" if node.value.value is SWITCHES[node.arg] else ""
    names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
    names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
    bad = [name for name in names if name.partition(".")[0] in MODULES]
    return f"imports {bad[0]}" if bad else ""


@pytest.mark.parametrize("top", ALL)
def test_nothing_that_is_read_is_run_and_no_certificate_goes_unchecked(top: str) -> None:
    """No eval, no pickle, no shell, no unsafe YAML, and TLS is never told to look away."""
    found = [f"{name}:{getattr(node, 'lineno', 0)} {why}" for name, tree, _ in modules(top) for node, why in bad(tree)]
    assert found == []


def bad(tree: ast.Module) -> Iterator[tuple[Any, str]]:
    """The nodes of a module that are forbidden, each with the reason."""
    for node in ast.walk(tree):
        if why := forbidden(node):
            yield node, why


def test_yaml_is_loaded_by_safe_loaders_alone() -> None:
    """`yaml.load` itself is called only with a loader that is made from the safe one."""
    for name, tree, text in modules(*ALL):
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "yaml.load":
                loaders = [*map(ast.unparse, node.args[1:]), *(ast.unparse(one.value) for one in node.keywords)]
                assert {loader.rpartition(".")[2] for loader in loaders} <= SAFE_LOADERS, name
                assert loaders, name
        for derived in re.findall(r"class (?:StrictLoader|TemplateLoader)\((.*)\)", text):
            assert derived in ("yaml.SafeLoader", "yaml.CSafeLoader"), name
        for quicker in re.findall(r"(?m)^LOADER\b.*? = (.*)$", text):
            assert quicker == 'getattr(yaml, "CSafeLoader", yaml.SafeLoader)', name


def test_tokens_and_signatures_are_compared_in_constant_time() -> None:
    """`==` stops at the first difference, and tells by its time where that was."""
    word = re.compile(r"(?i)\b\w*(token|signature|secret|password)s?\b(?!_)")
    for name, tree, _ in modules(*PRODUCT):
        for node in ast.walk(tree):
            if isinstance(node, ast.Compare) and any(isinstance(op, (ast.Eq, ast.NotEq, ast.In)) for op in node.ops):
                sides = [ast.unparse(side) for side in (node.left, *node.comparators) if not is_text(side)]
                assert name in NOT_SECRET or not any(map(word.search, sides)), f"{name}:{node.lineno}"
    door = (ROOT / "tidegate/app/doors.py").read_text("utf-8")
    assert "same_token(delivery.token, tokens)" in door
    assert "hmac.compare_digest" in (ROOT / "tidegate/alerts/delivery.py").read_text("utf-8")


def is_text(node: ast.AST) -> bool:
    """Whether a side of a comparison is a constant."""
    return isinstance(node, ast.Constant)


def test_the_linters_security_rules_stay_on() -> None:
    """All of them, everywhere but in tests; every exception stands beside its line, with a reason."""
    ruff = project()["tool"]["ruff"]["lint"]
    assert ruff["select"] == ["ALL"]
    assert [rule for rule in ruff["ignore"] if re.fullmatch(r"S\d*", rule)] == []
    files = {path: {rule for rule in rules if re.fullmatch(r"S\d*", rule)} for path, rules in named(ruff)}
    assert {path: rules for path, rules in files.items() if rules} == {
        "tests/**": {"S101", "S105", "S106", "S107", "S603", "S607"},
        # Chance that only has to repeat itself.
        "localcloud/project/simulate/**": {"S311"},
        "localcloud/**": {"S603"},
    }


def named(ruff: dict[str, Any]) -> list[tuple[str, list[str]]]:
    """The rules that whole folders are let off."""
    return list(ruff["per-file-ignores"].items())


def test_every_exception_from_a_security_rule_is_known_and_says_why() -> None:
    for name, _, text in modules(*ALL):
        for line in text.splitlines():
            rules = re.findall(r"\bS\d{3}\b", line.partition("# noqa:")[2].partition(" - ")[0])
            for rule in rules:
                assert name.partition("/")[0] in EXCUSED.get(rule, ""), f"{name}: {line.strip()}"
                assert " - " in line, f"{name}: {line.strip()}"
