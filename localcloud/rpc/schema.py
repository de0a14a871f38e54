"""The vendor's own description of the actions: parameters, methods and known quotas, from its published metadata."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from localcloud.rpc.operation import Caller, Operation, Parameter, Parameters

FILE = Path(__file__).with_name("schema.json")


@lru_cache(maxsize=1)
def schema() -> dict[str, Any]:
    """Give the description of every product that is simulated here."""
    loaded: dict[str, Any] = json.loads(FILE.read_text("utf-8"))
    return loaded


def version(product: str) -> str:
    """Give the version of a product's API."""
    return str(schema()[product]["version"])


def operation(
    product: str,
    action: str,
    run: Callable[[Parameters, Caller], Mapping[str, Any]],
    permission: Callable[[Parameters], tuple[str, str]],
) -> Operation:
    """Make an operation of what the vendor's description says and what we do."""
    described = schema()[product]["operations"][action]
    parameters = {name: parameter(entry) for name, entry in described["parameters"].items()}
    return Operation(run, permission, parameters, tuple(described["methods"]), described.get("quota"))


def parameter(entry: Mapping[str, Any]) -> Parameter:
    """Read one described parameter."""
    return Parameter(
        entry["type"],
        required=entry.get("required", False),
        enum=tuple(entry.get("enum", ())),
        minimum=entry.get("minimum"),
        maximum=entry.get("maximum"),
    )
