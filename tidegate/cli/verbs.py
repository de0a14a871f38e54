"""The commands that ask for something: what a person may want of an instance, or of all of them."""

from __future__ import annotations

from typing import Annotated

import typer

from tidegate.cli.options import As, DryRun, Json, MaybeName, Name, WholeFleet, readable

verbs = typer.Typer()


@verbs.command()
def resize(
    name: Name,
    *,
    to: Annotated[str, typer.Option("--to", help="The rung.", callback=readable)],
    lasts: Annotated[str, typer.Option("--for", help="How long the override lasts: 2h, 1h30m.")] = "",
    until: Annotated[str, typer.Option("--until", help="When it ends, with offset: 2026-03-02T18:00+08:00.")] = "",
    until_released: Annotated[
        bool, typer.Option("--until-released", help="It has no end of its own; people are reminded of it daily.")
    ] = False,
    despite: Annotated[
        str,
        typer.Option(
            "--despite",
            help="Guards to overrule, commas between: cooldown,budget,window,drift,fit.",
            callback=readable,
        ),
    ] = "",
    reason: Annotated[str, typer.Option("--reason", help="Why; --despite asks for it.", callback=readable)] = "",
    dry_run: DryRun = False,
    wait: Annotated[bool, typer.Option("--wait", help="Wait until the resize is settled.")] = False,
    caller: As = "",
    as_json: Json = False,
) -> int:
    """Ask for a rung, until a time.

    It overrides alerts and timetable, and ends by itself, unless --until-released is asked for by name.
    """
    from tidegate.cli.ask import resize as run  # noqa: PLC0415

    wish = {"to": to, "for": lasts, "until": until, "until_released": until_released, "despite": despite}
    return run(name, caller, {**wish, "reason": reason, "dry_run": dry_run}, wait=wait, as_json=as_json)


@verbs.command()
def release(name: Name, *, dry_run: DryRun = False, caller: As = "", as_json: Json = False) -> int:
    """End an override: alerts and timetable decide again."""
    from tidegate.cli.ask import ask as run  # noqa: PLC0415

    return run("release", name, caller, {"dry_run": dry_run}, as_json=as_json)


@verbs.command()
def pause(
    name: MaybeName = "",
    *,
    fleet: WholeFleet = False,
    lasts: Annotated[str, typer.Option("--for", help="How long it lasts: 2h, 1h30m.")] = "",
    until: Annotated[str, typer.Option("--until", help="When it ends, with offset: 2026-03-02T18:00+08:00.")] = "",
    reason: Annotated[str, typer.Option("--reason", help="Why, for those who find it paused.", callback=readable)] = "",
    dry_run: DryRun = False,
    caller: As = "",
    as_json: Json = False,
) -> int:
    """Order nothing for an instance, or for all of them.

    What is ordered already is followed to its end. Without --for or --until it stands until `unpause`.
    """
    from tidegate.cli.ask import ask_all as run  # noqa: PLC0415

    wish = {"for": lasts, "until": until, "reason": reason, "dry_run": dry_run}
    return run("pause", name, caller, wish, fleet=fleet, as_json=as_json)


@verbs.command()
def unpause(
    name: MaybeName = "",
    *,
    fleet: WholeFleet = False,
    dry_run: DryRun = False,
    caller: As = "",
    as_json: Json = False,
) -> int:
    """End a pause: orders may be placed again."""
    from tidegate.cli.ask import ask_all as run  # noqa: PLC0415

    return run("unpause", name, caller, {"dry_run": dry_run}, fleet=fleet, as_json=as_json)


@verbs.command()
def adopt(name: Name, *, dry_run: DryRun = False, caller: As = "", as_json: Json = False) -> int:
    """Take over the size that is there.

    It is the one to return to from then on: after somebody else resized the instance, or where it is off the ladder.
    """
    from tidegate.cli.ask import ask as run  # noqa: PLC0415

    return run("adopt", name, caller, {"dry_run": dry_run}, as_json=as_json)


@verbs.command()
def approve(
    name: Name,
    *,
    which: Annotated[
        str, typer.Option("--id", help="Only this approval, as `status` and messages name it.", callback=readable)
    ] = "",
    dry_run: DryRun = False,
    caller: As = "",
    as_json: Json = False,
) -> int:
    """Say yes to the resize that an instance asks for.

    The yes is to that change at that cost, in time, and for one order.
    """
    from tidegate.cli.approvals import approve as run  # noqa: PLC0415

    return run(name, which, caller, dry_run=dry_run, as_json=as_json)


@verbs.command()
def cancel(
    name: Name,
    *,
    lasts: Annotated[str, typer.Option("--for", help="How long nothing is ordered after it: 1h unless said.")] = "",
    reason: Annotated[str, typer.Option("--reason", help="Why.", callback=readable)] = "",
    dry_run: DryRun = False,
    caller: As = "",
    as_json: Json = False,
) -> int:
    """Stop what is not ordered yet, or say no to it.

    Nothing is ordered for a while after it. What is ordered already can only be cancelled in the vendor's console.
    """
    from tidegate.cli.ask import ask as run  # noqa: PLC0415

    return run("cancel", name, caller, {"for": lasts, "reason": reason, "dry_run": dry_run}, as_json=as_json)


@verbs.command()
def ack(name: Name, *, dry_run: DryRun = False, caller: As = "", as_json: Json = False) -> int:
    """Say that somebody has looked.

    Reminders stop, and orders may be placed again after one that went wrong.
    """
    from tidegate.cli.ask import ask as run  # noqa: PLC0415

    return run("ack", name, caller, {"dry_run": dry_run}, as_json=as_json)
