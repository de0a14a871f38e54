"""What several commands read from their command line."""

from __future__ import annotations

from argparse import ArgumentTypeError

from localcloud.clock import speed


def pace(text: str) -> float:
    """Read simulated seconds per second. Raises `ArgumentTypeError`, which tells a person what is wrong with theirs."""
    try:
        number = float(text)
    except ValueError as error:
        raise ArgumentTypeError(f"{text!r} is no number") from error
    try:
        return speed(number)
    except ValueError as error:
        raise ArgumentTypeError(f"{text}: {error}") from error
