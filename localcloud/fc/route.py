"""What an API version is made of: operations found by method and path."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from localcloud.fc.invocation import Invocation
from localcloud.wire import Call


@dataclass(frozen=True)
class Request:
    """One call on its way through an API: the names in its path, its body as JSON where it is a map."""

    call: Call
    names: Mapping[str, str]
    body: Mapping[str, Any]


@dataclass(frozen=True)
class Route:
    """One operation. `path` holds names as `{name}`; `resource` is what permission is asked for, below the account."""

    method: str
    path: str
    action: str
    resource: str
    run: Callable[[Request], Awaitable[Invocation | Mapping[str, Any] | None]]


class Api(Protocol):
    """One version of the API."""

    routes: Sequence[Route]
    version2: bool
