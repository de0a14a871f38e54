"""The command line. Exit codes: 0, 2 for a user's mistake (told in clear lines), 1 for a failure."""

from __future__ import annotations

import sys
from collections.abc import Sequence

INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and give its exit code."""
    from tidegate.cli.commands import app  # noqa: PLC0415 - nothing is loaded before it is used

    try:
        code = app(args=None if arguments is None else list(arguments), prog_name="tidegate", standalone_mode=False)
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:
        from tidegate.cli.errors import exit_code_of  # noqa: PLC0415 - only when something went wrong
        from tidegate.cli.paper import plain  # noqa: PLC0415

        if (known := exit_code_of(error)) is None:
            raise
        if known != INTERRUPTED:
            message = getattr(error, "format_message", error.__str__)()
            sys.stderr.write("".join(f"tidegate: {plain(line)}\n" for line in str(message).splitlines() if line))
        return known
    return code if isinstance(code, int) else 0
