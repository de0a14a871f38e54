"""The options and arguments that several commands share."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from tidegate import names


def readable(given: str) -> str:
    """Take a text that can be kept and sent. Bytes that are no text in the encoding of here arrive as half signs."""
    try:
        given.encode()
    except UnicodeEncodeError:
        raise typer.BadParameter(f"it has bytes that are no text in {sys.getfilesystemencoding()}") from None
    return given


def named(given: str) -> str:
    """Take a name, and none that is empty, as of a variable that is not set."""
    if not given:
        raise typer.BadParameter("the name is empty")
    return readable(given)


def path(given: str | Path) -> Path:
    """Take a path, and none that is empty: Python would take the current folder for it."""
    if not str(given):
        raise typer.BadParameter("the name of the file is empty")
    return Path(given)


def _prefix(given: str) -> str:
    if given and not names.is_prefix(given):
        raise typer.BadParameter(f"a prefix is {names.WORDS}")
    return given


Json = Annotated[bool, typer.Option("--json", help="Print one JSON value instead of text.")]
Name = Annotated[str, typer.Argument(metavar="NAME", help="An instance, by its name in the policy.", callback=named)]
File = Annotated[
    Path,
    typer.Option("--policy", help="The policy file, or a folder of them.", parser=path, show_default=True),
]
MaybeFile = Annotated[
    Path | None,
    typer.Option("--policy", help="A policy file or a folder of them, instead of the policy in force.", parser=path),
]
PolicyFile = Annotated[
    Path | None,
    typer.Argument(parser=path, metavar="[FILE]", help="The policy file, as with --policy.", show_default=False),
]
Accept = Annotated[
    int, typer.Option("--accept", min=0, metavar="N", help="Let it start so many orders at once, above the limit.")
]
As = Annotated[
    str, typer.Option("--as", help="Who asks, where that is not whoever is logged in here.", callback=readable)
]
Prefix = Annotated[
    str,
    typer.Option(
        "--prefix",
        help="What the names of the deployment begin with; TIDEGATE_PREFIX, or tidegate, unless stated.",
        callback=_prefix,
    ),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what would be decided; nothing is written.")]
MaybeName = Annotated[
    str, typer.Argument(metavar="NAME", help="An instance, by its name in the policy.", callback=readable)
]
WholeFleet = Annotated[bool, typer.Option("--fleet", help="Every instance, instead of one.")]
