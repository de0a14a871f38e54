"""A standard output that takes nothing, such as a full disk, ends a command in one line."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

FAILED = 1


def told(run: Callable[[], int]) -> int:
    """Run a command, and give its exit code: 1 where standard output took not all that it told."""
    if sys.stdout is None:
        _complain("standard output is closed, so nothing could be told, and nothing was done")
        return FAILED
    if isinstance(sys.stdout, io.TextIOWrapper):
        # Unbuffered, argparse of Python 3.12 and later would pass over a help that could not be written.
        sys.stdout.reconfigure(write_through=False)
    try:
        code = run()
    except OSError:
        # What could not be written is in no buffer any more, so one more sign is tried.
        if not _is_lost("\n"):
            raise
        return FAILED
    except SystemExit:
        # How argparse ends a command, after its help too.
        if _is_lost():
            return FAILED
        raise
    return FAILED if _is_lost() else code


def _is_lost(more: str = "") -> bool:
    """Whether standard output takes no more, which is then said; not of a reader who has read enough."""
    try:
        if more:
            sys.stdout.write(more)
        sys.stdout.flush()
    except OSError as error:
        # What is left goes nowhere: the interpreter would try it once more at its end, and complain.
        with suppress(OSError, ValueError), Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):
            _complain(f"standard output cannot be written, so not all was told: {error.strerror or error}")
        return True
    return False


def _complain(text: str) -> None:
    if sys.stderr is not None:
        with suppress(OSError):
            sys.stderr.write(f"{text}\n")
            sys.stderr.flush()
