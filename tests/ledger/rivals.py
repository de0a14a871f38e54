"""Processes that do the same at once."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any

ROOT = Path(__file__).parents[2]


def rivals(module: str, told: list[list[str]], line: str) -> list[Any]:
    """Start a process of `module` for each list of arguments, and give what each printed.

    Each says "ready" first; once all have, each is sent the line.
    """
    with ExitStack() as stack:
        processes = [
            stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-m", module, *arguments],
                    cwd=ROOT,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
            for arguments in told
        ]
        for process in processes:
            assert piped(process.stdout).readline() == "ready\n"
        for process in processes:
            piped(process.stdin).write(line + "\n")
            piped(process.stdin).flush()
        return [json.loads(process.communicate(timeout=30)[0]) for process in processes]


def piped(end: IO[str] | None) -> IO[str]:
    assert end is not None
    return end
