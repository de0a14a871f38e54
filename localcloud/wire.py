"""What crosses the wire, without a wire: services take a `Call` and give a `Reply`, over HTTP or in one process."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl


@dataclass(frozen=True)
class Call:
    """One HTTP request as it arrived: `query` decoded and in order, header names in lower case."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    raw_path: str = ""

    @property
    def form(self) -> dict[str, str]:
        """The body's fields where it is a form, otherwise nothing."""
        kind = self.headers.get("content-type", "")
        if not kind.startswith("application/x-www-form-urlencoded"):
            return {}
        return dict(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))

    @property
    def is_text(self) -> bool:
        """Say whether path, query and headers can be written as UTF-8; junk bytes arrive as lone surrogates."""
        try:
            "".join([self.path, *self.headers.values(), *(part for field in self.query for part in field)]).encode()
        except UnicodeEncodeError:
            return False
        return True

    @property
    def parameters(self) -> dict[str, str]:
        """Query and form fields together: RPC products take their parameters in either place (fact A.0)."""
        return {**self.form, **dict(self.query)}


@dataclass(frozen=True)
class Reply:
    """One HTTP response."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def json(cls, body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
        """Give a JSON reply."""
        return cls(status, json.dumps(body).encode(), {"content-type": "application/json", **(headers or {})})


class Dropped(Exception):  # noqa: N818 - not an error of ours: the fault that was asked for
    """No reply: the connection is closed under the caller. The server turns it into a reset."""
