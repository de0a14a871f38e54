"""Which functions are ours, and what they are called where they are deployed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import tidegate

ROOT = Path(tidegate.__file__).parents[1]
"""Where the project's own files are: `functions/` beside the package, and in a checkout `template.yml` as well."""
REQUESTS = "on-request"


def functions() -> Sequence[str]:
    """The functions by their short names: a file of `functions/` each."""
    files = (ROOT / "functions").glob("[a-z]*.py")
    return sorted(path.stem.replace("_", "-") for path in files)


def deployed_name(short: str, request_function: str) -> str:
    """What a function is called where the one that takes requests goes by `request_function`."""
    return f"{request_function.removesuffix(REQUESTS)}{short}" if request_function.endswith(REQUESTS) else short


def short_name(given: str, request_function: str) -> str:
    """The short name of a function of ours, by either name; empty for one that is not ours."""
    return next((short for short in functions() if given in (short, deployed_name(short, request_function))), "")
