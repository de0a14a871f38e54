"""The command `approve`: what is asked is read first, so that the yes is to just that, and is shown."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from tidegate.cli.errors import Failed, Mistake
from tidegate.cli.looks import Line, show
from tidegate.cli.paper import Paper
from tidegate.cli.replies import reply_lines
from tidegate.cli.roots import surroundings
from tidegate.cli.send import send
from tidegate.cli.times import show_time
from tidegate.settings import read_cli_settings

if TYPE_CHECKING:
    from tidegate.app.report.approvals import Asked


def approve(name: str, which: str, caller: str, *, dry_run: bool, as_json: bool) -> int:
    """Say yes to what an instance asks: to the approval of this id, or to the one that is asked now.

    Without a store nothing can be read, and whatever is asked is approved; the answer says what that was.
    """
    asked = _asked(name, which) if read_cli_settings().store else None
    wanted = which or (asked.approval.id if asked else "")
    reply = send("approve", name, caller, {"approval": wanted, "dry_run": dry_run})
    if as_json:
        Paper().json({**reply, "approved": _row(asked) if asked else None})
        return 0
    show(reply_lines(name, reply, _lines(asked) if asked else ()))
    return 0


def _asked(name: str, which: str) -> Asked | None:
    """What is asked, by the ledger; None where another id was named than what the ledger has."""
    from tidegate.app.report.approvals import asked  # noqa: PLC0415 - only with a store
    from tidegate.ledger.shelf import ShelfUnavailable  # noqa: PLC0415

    try:
        found = asked(surroundings(), name)
    except ShelfUnavailable as error:
        if which:
            return None
        raise Failed(f"what is asked cannot be read, so name it with --id: {error}") from error
    if found is None and not which:
        raise Mistake(f"{name} asks for no approval")
    return found if found and which in ("", found.approval.id) else None


def _row(asked: Asked) -> dict[str, Any]:
    from tidegate.app.report import to_json  # noqa: PLC0415 - only here

    row: dict[str, Any] = to_json(asked.approval)
    return {key: row[key] for key in ("id", "from_rung", "to_rung", "cost", "asked_at", "expires_at", "why")}


def _lines(asked: Asked) -> Iterator[Line]:
    """From where to where, at what cost, until when, and why it was asked."""
    one, zone = asked.approval, asked.timezone
    cost = f"   {one.cost:g} an hour" if one.cost is not None else ""
    yield (f"{one.from_rung} -> {one.to_rung}{cost}   asked {show_time(one.asked_at, zone)}: {one.why}",)
    yield (f"good until {show_time(one.expires_at, zone)}, for one order, and only while just this is wanted",)
