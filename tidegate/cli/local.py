"""Handing over to localcloud, which the command line does not know from inside."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Sequence

from tidegate.cli.errors import Mistake


def run(arguments: Sequence[str]) -> int:
    """Become `python -m localcloud ARGUMENTS`, with this interpreter. Does not return."""
    if importlib.util.find_spec("localcloud") is None:
        raise Mistake("localcloud is not installed here: it comes with the project's source, not with a deployment")
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(sys.executable, [sys.executable, "-m", "localcloud", *arguments])  # noqa: S606 - our own arguments
