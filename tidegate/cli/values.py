"""The look of a resolved policy: a line a value, and where it is written."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tidegate.policyfile.resolved import Resolved

PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_./ -]*[a-zA-Z][A-Za-z0-9_./-]*|[A-Za-z]")
"""Text that needs no quotes: with a letter, and nothing that YAML takes for a sign."""
WORDS = ("true", "false", "null")
WIDEST = 48
"""A longer value does not push everybody's place to the right."""


def value_lines(values: Sequence[Resolved]) -> Iterator[str]:
    """Give `key: value   # file:line (whose)`, in columns."""
    rows = [(f"{each.key}:", flow(each.value), _place(each)) for each in values]
    keys = max((len(key) for key, *_ in rows), default=0)
    widest = max((len(value) for _, value, _ in rows if len(value) <= WIDEST), default=0)
    for key, value, place in rows:
        yield f"{key:<{keys}} {value:<{widest}}  {place}".rstrip()
    if not any(each.origin for each in values):
        yield "# files and lines are known only with --policy"


def _place(each: Resolved) -> str:
    if each.line:
        return f"# {each.file}:{each.line} ({each.origin})"
    if each.file:
        return f"# {each.file}"
    return f"# {each.origin}" if each.origin else ""


def flow(value: Any) -> str:
    """A value on one line, as a policy file would have it."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {flow(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return f"[{', '.join(map(flow, value))}]"
    if isinstance(value, str) and PLAIN.fullmatch(value) and value.lower() not in WORDS:
        return value
    return json.dumps(value, ensure_ascii=False)
