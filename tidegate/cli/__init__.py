"""The command line. Exit codes: 0, 2 for a user's mistake (told in clear lines), 1 for a failure."""

from __future__ import annotations

from collections.abc import Sequence

from tidegate.cli import streams

FAILED, INTERRUPTED = 1, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and give its exit code."""
    if not streams.are_there():
        streams.complain(streams.CLOSED)
        return FAILED
    code = _run(arguments)
    return FAILED if streams.is_lost() else code


def _run(arguments: Sequence[str] | None) -> int:
    from tidegate.cli.commands import program  # noqa: PLC0415 - nothing is loaded before it is used

    try:
        code = program()(None if arguments is None else list(arguments), prog_name="tidegate", standalone_mode=False)
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:
        from tidegate.cli.errors import exit_code_of  # noqa: PLC0415 - only when something went wrong

        # What could not be written is in no buffer any more, so one more sign is tried.
        if isinstance(error, OSError) and streams.is_lost("\n"):
            return FAILED
        if (known := exit_code_of(error)) is None:
            raise
        if known != INTERRUPTED:
            streams.complain(str(getattr(error, "format_message", error.__str__)()))
        return known
    return code if isinstance(code, int) else 0
