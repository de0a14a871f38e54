"""Who may do what: everything that a call declares is granted to somebody, and to nobody without need."""

from __future__ import annotations

import ast
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from typing import Any

import tidegate
from localcloud.project.compose import compose
from localcloud.server import running
from tidegate.aliyun.permission import Permission
from tidegate.ledger import oss
from tidegate.operate.grants import LEDGER, PEOPLE, PLATFORM, PRODUCTS, ROLES, Role

OPERATING = (
    "tidegate.aliyun.second",
    "tidegate.aliyun.stacks",
    "tidegate.ledger.buckets",
)
"""What only who deploys calls: the vendor's own policies allow it."""
ROOT = Path(__file__).parents[2]
EVERY = [*ROLES.values(), *PEOPLE.values()]


def actions(role: Role) -> set[str]:
    """All that a role may do for any product."""
    needs = [*role.fixed, *(one for product in PRODUCTS.values() for one in role.of_product(product))]
    return {one.action for one in needs}


def declared() -> set[str]:
    """The actions that any module declares beside its calls."""
    found: set[str] = set()
    for module in walk_packages(tidegate.__path__, "tidegate."):
        text = Path(module.module_finder.path, module.name.rpartition(".")[2]).with_suffix(".py")  # type: ignore[union-attr]
        if module.name.startswith(OPERATING):
            continue
        if text.is_file() and "\nPERMISSIONS" in text.read_text("utf-8"):
            for one in import_module(module.name).PERMISSIONS:
                found.add(one.action if isinstance(one, Permission) else one)
    return found


def test_every_action_that_a_call_declares_is_granted_to_somebody_and_no_other() -> None:
    granted = set().union(*map(actions, EVERY))
    assert granted - {one.action for one in PLATFORM} == declared()
    assert len(declared()) > 15


def called() -> dict[str, set[str]]:
    """Every action of the vendor that a module calls by its name, but what only who deploys calls; and where."""
    found: dict[str, set[str]] = {}
    for path in sorted((ROOT / "tidegate").rglob("*.py")):
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        if module.startswith(OPERATING):
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            is_call = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "call"
            if is_call and len(node.args) > 1 and isinstance(node.args[1], ast.Constant):  # type: ignore[attr-defined]
                found.setdefault(str(node.args[1].value), set()).add(module)  # type: ignore[attr-defined]
    return found


class Anything(dict[str, str]):
    """Parameters of any name."""

    def __missing__(self, key: str) -> str:
        return "amqp-cn-demo0001" if key == "InstanceId" else f"any-{key}"


def test_what_a_call_needs_is_what_is_declared_for_it(tmp_path: Path) -> None:
    """The needs are localcloud's, which were written from the vendor's documents and know nothing of our declarations.

    A call that is new, and declared nowhere, is seen here before a role lacks it.
    """
    made: list[Any] = []
    world = {"start": "now", "instances": [{"product": "rabbitmq", "instance_id": "amqp-cn-demo0001"}]}
    with running(world, attach=lambda cloud: made.append(compose(cloud, tmp_path))) as server:
        products = server.cloud.door._products.values()
        operations = {name: one for product in products for name, one in product.operations.items()}
        calls = called()
        assert len(calls) > 12
        assert sorted(set(calls) - set(operations)) == []
        asked = server.run(lambda: {name: operations[name].permission(Anything())[0] for name in calls})
    # Of billing's actions there are two names, and either is enough; who one is, anybody may ask.
    lacking = {name: need for name, need in asked.items() if need and not set(need.split("|")) & declared()}
    assert lacking == {}


def test_the_functions_write_the_ledger_and_no_policy() -> None:
    assert {one.action for one in LEDGER} == set(oss.PERMISSIONS)
    written = {one.resource for one in LEDGER if one.action in ("oss:PutObject", "oss:DeleteObject")}
    assert not [one for one in written if "policy" in one or one.endswith("{bucket}/*")]


def test_only_submit_orders_and_only_look_reads_bills() -> None:
    orders = {one.action for product in PRODUCTS.values() for one in product.orders}
    assert [name for name, role in ROLES.items() if actions(role) & orders] == ["submit"]
    assert [name for name, role in ROLES.items() if any(one.startswith("bss") for one in actions(role))] == ["look"]
    assert not [role.name for role in PEOPLE.values() if actions(role) & orders]


def test_no_action_is_a_wildcard() -> None:
    assert not [one for role in EVERY for one in actions(role) if "*" in one or "?" in one]
