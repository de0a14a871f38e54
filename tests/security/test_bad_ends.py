"""However badly a call ends, nothing that is secret comes out: not in a log at its loudest, not in a traceback."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.security.asker import LINES

MODULE = "from tests.security.asker import main\nmain()\n"
NOBODY = "127.0.0.1:1"
ANSWERS = {"a page with 200", "what follows the token, with 200", "a redirect"}
"""What some lines take for an answer; only a message is ever led elsewhere, by whoever takes it."""


@pytest.mark.parametrize("line", LINES)
def test_no_bad_end_tells_a_secret(
    line: str,
    shouters: Any,
    runs: Callable[..., Any],
    asking: dict[str, str],
    leaks: Callable[..., list[str]],
) -> None:
    """Root logging at DEBUG, `DEBUG=sdk`, and the traceback with every cause as the platform prints it."""
    opened, elsewhere = shouters
    servers = dict(opened)
    begun = {name: len(server.heard) for name, server in servers.items()}
    strays = len(elsewhere.heard)
    ran = runs(MODULE, asking, line, *(server.endpoint for server in servers.values()), NOBODY)
    ends = {end["endpoint"]: end["ended"] for end in ended(ran.stdout)}
    assert set(ends) == {*(server.endpoint for server in servers.values()), NOBODY}
    assert {name for name, server in servers.items() if ends[server.endpoint] == "LookupError"} <= ANSWERS
    told = {name: leaks(server.heard[-1].whole) for name, server in servers.items() if len(server.heard) > begun[name]}
    assert set(told) == set(servers)
    assert all(told.values()), "every server was told something secret, or the test shows nothing"
    assert leaks(ran.stdout + ran.stderr) == []
    assert elsewhere.heard[strays:] == [] or "message" in line


def ended(out: str) -> Iterator[dict[str, str]]:
    """How each try ended."""
    for text in out.splitlines():
        if text.startswith('{"endpoint"'):
            yield json.loads(text)
