"""Standard output and standard error, whatever they are: a full disk, a closed pipe, a terminal of another alphabet."""

from __future__ import annotations

import io
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import TextIO

CLOSED = "standard output is closed, so nothing could be told, and nothing was done"


def are_there() -> bool:
    """Let both take any text, and say whether there is a standard output to tell anything on."""
    if sys.stderr is None:
        # Closed by whoever started us: nobody wants to read it.
        sys.stderr = io.StringIO()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    return sys.stdout is not None


def complain(text: str) -> None:
    """Tell something on standard error, line by line. Where that takes nothing either, it stays untold."""
    from tidegate.cli.paper import plain  # noqa: PLC0415 - only when something went wrong

    try:
        sys.stderr.write("".join(f"tidegate: {plain(line)}\n" for line in text.splitlines() if line))
        sys.stderr.flush()
    except OSError:
        _drop(sys.stderr)


def is_lost(more: str = "") -> bool:
    """Whether standard output takes no more, which is then said; not of a reader who has read enough."""
    try:
        if more:
            sys.stdout.write(more)
        sys.stdout.flush()
    except BrokenPipeError:
        _drop(sys.stdout)
        return True
    except OSError as error:
        _drop(sys.stdout)
        complain(f"standard output cannot be written, so not all was told: {error.strerror or error}")
        return True
    return False


def _drop(stream: TextIO) -> None:
    """Let what is left in a stream go nowhere: the interpreter would try it once more at its end, and complain."""
    with suppress(OSError, ValueError), Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), stream.fileno())
