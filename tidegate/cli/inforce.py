"""The policy in force as a whole, and those that were in force before."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from tidegate.app.report.facts import NothingPushed
from tidegate.cli.looks import BAD, CALM, Line, show
from tidegate.cli.paper import Paper, columns
from tidegate.cli.publish import counted
from tidegate.cli.pushes import moment
from tidegate.cli.roots import surroundings
from tidegate.domain.durations import write_duration
from tidegate.ledger.policies import NoSuchPolicy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tidegate.ledger.policies import Pointer, Policies


def whole(*, as_json: bool) -> int:
    """Show which policy is in force, by whom and since when, and its instances with their modes."""
    around = surroundings()
    pointer = around.policies.current()
    if pointer is None:
        raise NothingPushed
    rows = [
        _row(around.policies, pointer.hash, name) for name in sorted(around.policies.index(pointer.hash)["instances"])
    ]
    if as_json:
        limits = around.limits(pointer.hash).model_dump(mode="json")
        Paper().json({**_pointer(pointer), "fleet": limits, "instances": rows})
        return 0
    age = write_duration(around.now() - pointer.at)
    show(_lines(f"policy {pointer.hash} by {pointer.by}, {moment(pointer.at)}, {age} ago", rows))
    return 0


def history(limit: int, *, as_json: bool) -> int:
    """Show which policies were in force, newest first."""
    around = surroundings()
    pointers = list(islice(around.policies.history(), limit))
    if not pointers:
        raise NothingPushed
    if as_json:
        Paper().json([_pointer(each) for each in pointers])
        return 0
    cells = [
        (str(each.number), each.hash, moment(each.at), "in force" if each is pointers[0] else "", each.by)
        for each in pointers
    ]
    show(tuple(row) for row in columns(cells))
    return 0


def _row(policies: Policies, hashed: str, name: str) -> dict[str, Any]:
    """What can be said of an instance, also of one that a later version wrote."""
    try:
        document = policies.document(hashed, name)
    except NoSuchPolicy:
        return {"instance": name, "mode": "?", "product": "", "region": "", "instance_id": "", "rungs": []}
    said = {key: str(document.get(key, "")) for key in ("mode", "product", "region", "instance_id")}
    ladder = document.get("ladder") or []
    return {"instance": name, **said, "rungs": [str(rung.get("rung")) for rung in ladder if isinstance(rung, dict)]}


def _lines(head: str, rows: list[dict[str, Any]]) -> Iterator[Line]:
    acting = sum(row["mode"] == "act" for row in rows)
    yield (f"{head}   {counted(len(rows), 'instance')}, {acting} in mode act",)
    cells = [
        (row["instance"], row["mode"], row["product"], row["region"], row["instance_id"], " < ".join(row["rungs"]))
        for row in rows
    ]
    for row, padded in zip(rows, columns(cells), strict=True):
        yield (padded[0], (padded[1], BAD if row["mode"] == "act" else CALM), *padded[2:])


def _pointer(pointer: Pointer) -> dict[str, Any]:
    return {"policy": pointer.hash, "number": pointer.number, "by": pointer.by, "at": pointer.at.isoformat()}
