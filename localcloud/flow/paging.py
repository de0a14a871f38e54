"""Cuts lists into pages: the token is the key of the first item of the next page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from localcloud.flow.names import invalid
from localcloud.rpc.operation import Parameters

Item = TypeVar("Item")
DEFAULT_LIMIT = 60


def page(items: Sequence[Item], given: Parameters, key: Callable[[Item], str]) -> tuple[Sequence[Item], dict[str, Any]]:
    """Give one page and, where there is more, `{"NextToken": ...}`."""
    begin, token = 0, given.get("NextToken")
    if token:
        found = [number for number, item in enumerate(items) if key(item) == token]
        if not found:
            raise invalid("NextToken is not one that was given out, or what it named is gone.")
        begin = found[0]
    end = begin + given.get("Limit", DEFAULT_LIMIT)
    return items[begin:end], {"NextToken": key(items[end])} if end < len(items) else {}
