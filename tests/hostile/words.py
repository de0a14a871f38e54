"""What hostile senders write: any JSON, good messages with a part changed, and words that have broken others."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator
from typing import Any

from hypothesis import strategies as st

DANGEROUS = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""Ends a line, rules a terminal, turns writing round, or cannot be written as UTF-8."""

ESCAPES = (
    "\x1b[2J\x1b]0;owned\x07",
    'a"}\n{"what": "decided", "decision": "resize"}',
    "\r\n2026-03-02T12:00:00Z INFO all is well",
    "\x9b31mred",
    "line\u2028another\u2029third\x85fourth",
    "\u202egnp.exe\u2066",
    "\x00\x7f\b\b\b",
    "%s %d %(what)s {0} {what}",
    "${jndi:ldap://127.0.0.1/a}",
    "</script><script>alert(1)</script>",
)
"""What would forge a line of a log, rule a terminal, or be filled in by somebody's template."""

TRICKS = (
    *("..", ".", "../..", "../../../etc/passwd", "/etc/passwd", "a/../../b", "./a", "a/", "/a", "//", "a//b", "~"),
    *("%2e%2e", "%2e%2e%2fa", "..%2f", "..\\..\\a", "C:\\a", "a\0b", "\0", "a\nb", " a", "a ", "*", "a*", "?"),
    *("\u2025/a", "\uff0e\uff0e/a", "\u2215etc", "orders\u2010mq", "\u043erders-mq", "orders-mq\u200b", "ORDERS-MQ"),
    *("fleet", "epoch", "policy/current", "inbox/", "wake/", "_index", "orders-mq@", "@", "#", "a#1", "x" * 2000, ""),
)
"""Names that mean another place to somebody: to a file system, a URL, a store's keys, or an eye."""

DEEP = 100_000
DEEP_JSON = (b"[" * DEEP, b'{"a":' * DEEP, b"[" * DEEP + b"]" * DEEP, b'{"a":' * DEEP + b"1" + b"}" * DEEP)
NUMBERS = (b"1e400", b"-1e400", b"NaN", b"Infinity", b"9" * 5000, b"0." + b"9" * 5000, b"-0", b"1e-400")

leaves = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([10**30, -1, 0, 2**63, 1e308, 1e400, -1e400, float("nan")]),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from(
        [*ESCAPES, *TRICKS, "null", "9" * 5000, "1e400", "\ud800", "0001-01-01T00:00:00+23:59", "[" * 2000, "{}", "[1]"]
    ),
)
values: st.SearchStrategy[Any] = st.recursive(
    leaves,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=12), inner, max_size=3)),
    max_leaves=8,
)


def tried(call: Callable[[], Any], *clear: type[Exception]) -> Any:
    """What a call gives; or its error, if it is one of the clear ones and says something. Any other is let out."""
    try:
        return call()
    except clear as error:
        return error if str(error) else AssertionError("an error that says nothing")


def places(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a message, the whole of it first."""
    yield path
    parts = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, part in parts:
        yield from places(part, (*path, key))


def put(message: Any, path: tuple[Any, ...], value: Any) -> Any:
    """A copy of a message with another value at one place."""
    if not path:
        return value
    changed = copy.deepcopy(message)
    here = changed
    for key in path[:-1]:
        here = here[key]
    here[path[-1]] = value
    return changed


def mutated(message: Any, worse: st.SearchStrategy[Any] = values) -> st.SearchStrategy[Any]:
    """A good message with one or two of its parts replaced, dropped or added to."""

    def change(times: int, draw: Callable[[st.SearchStrategy[Any]], Any]) -> Any:
        changed = message
        for _ in range(times):
            path = draw(st.sampled_from(sorted(places(changed), key=repr)))
            changed = put(changed, path, draw(worse))
        return changed

    @st.composite
    def one(draw: Callable[[st.SearchStrategy[Any]], Any]) -> Any:
        return change(draw(st.integers(1, 2)), draw)

    return one()
