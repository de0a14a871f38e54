"""The commands that deploy to an account, and take that back."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tidegate.cli.options import Accept, As, Json, Prefix, path

operating = typer.Typer()

Stack = Annotated[str, typer.Option("--stack", help="The stack's name; the prefix unless stated.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do it; without this it is only said what would be done.")]


@operating.command()
def deploy(
    *,
    policy: Annotated[
        Path | None,
        typer.Option("--policy", help="A policy file or a folder of them, to put in force too.", parser=path),
    ] = None,
    mode: Annotated[
        str,
        typer.Option("--mode", help="observe: no function may order anything; act: one may.", metavar="observe|act"),
    ] = "",
    package: Annotated[
        Path | None,
        typer.Option("--package", help="A zip that `tidegate package` made, instead of packing now.", parser=path),
    ] = None,
    prefix: Prefix = "",
    stack: Stack = "",
    parameter: Annotated[
        list[str] | None, typer.Option("--parameter", help="A parameter of the template, K=V; never a secret.")
    ] = None,
    generation: Annotated[
        int, typer.Option("--generation", min=2, max=3, help="Of Function Compute; 2 where there is no other.")
    ] = 3,
    accept: Accept = 0,
    yes: Yes = False,
    no_doctor: Annotated[bool, typer.Option("--no-doctor", help="Do not look the deployment over afterwards.")] = False,
    caller: As = "",
    as_json: Json = False,
) -> int:
    """Deploy to the account, or bring what is deployed up to date. Run again, it goes on from where it ended."""
    from tidegate.cli.deploying import Wanted, run  # noqa: PLC0415

    wanted = Wanted(prefix, stack, policy, package, mode, tuple(parameter or ()), caller, generation, accept)
    return run(wanted, yes=yes, doctor=not no_doctor, as_json=as_json)


@operating.command()
def destroy(
    *,
    prefix: Prefix = "",
    stack: Stack = "",
    with_ledger: Annotated[
        str, typer.Option("--with-ledger", help="Delete the ledger too, by its bucket's name.", metavar="BUCKET")
    ] = "",
    despite_open_operations: Annotated[
        bool, typer.Option("--despite-open-operations", help="Although nobody will follow them any more.")
    ] = False,
    yes: Yes = False,
    as_json: Json = False,
) -> int:
    """Delete what is deployed. The ledger stays, unless its bucket is named."""
    from tidegate.cli.destroying import run  # noqa: PLC0415

    return run(prefix, stack, with_ledger, despite=despite_open_operations, yes=yes, as_json=as_json)
