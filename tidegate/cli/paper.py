"""Writing to standard output: plain text into a pipe, with some colour on a terminal."""

from __future__ import annotations

import codecs
import json
import sys
from collections.abc import Sequence
from typing import Any

from tidegate.app.logs import escaped

Span = tuple[str, str]
"""A piece of text and its style: `bold`, `yellow`, `red`, `green`, `dim`, or nothing."""


class Paper:
    """What a command prints goes here."""

    def __init__(self) -> None:
        self._console: Any = None
        if sys.stdout.isatty():
            from rich.console import Console  # noqa: PLC0415 - a pipe needs no colours

            self._console = Console(highlight=False, markup=False, emoji=False, soft_wrap=True)

    def line(self, *spans: str | Span) -> None:
        """Print one line made of spans."""
        if self._console is None:
            sys.stdout.write("".join(span if isinstance(span, str) else span[0] for span in spans).rstrip() + "\n")
            return
        from rich.text import Text  # noqa: PLC0415 - as above

        self._console.print(Text.assemble(*spans))

    def json(self, value: Any) -> None:
        """Print one JSON value."""
        sys.stdout.write(in_json(value, indent=2) + "\n")


def in_json(value: Any, indent: int | None = None) -> str:
    """A value as JSON that standard output can take, whatever its encoding.

    JSON leaves some signs as they are by which a text could rule the terminal.
    """
    takes_all = codecs.lookup(sys.stdout.encoding or "ascii").name == "utf-8"
    return escaped(json.dumps(value, ensure_ascii=not takes_all, indent=indent))


def plain(text: str) -> str:
    """A text without line breaks, and without signs by which it could rule the terminal."""
    return text if text.isprintable() else "".join(sign if sign.isprintable() else " " for sign in text)


def columns(rows: Sequence[Sequence[str]]) -> list[list[str]]:
    """Pad every column but the last one to the width of its widest cell, and two spaces."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)] if rows else []
    return [[cell.ljust(width + 2) for cell, width in zip(row[:-1], widths, strict=False)] + [row[-1]] for row in rows]
