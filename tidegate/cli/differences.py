"""A policy file against the policy in force: what it says otherwise, and what would be decided otherwise now."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tidegate.app.report import to_json
from tidegate.cli.access import Absent
from tidegate.cli.effects import as_value, effect_line
from tidegate.cli.looks import BAD, CALM, GOOD, NEEDS, Line, show
from tidegate.cli.paper import Paper
from tidegate.cli.publish import counted
from tidegate.cli.roots import read_file, surroundings
from tidegate.cli.values import flow
from tidegate.operate.candidate import from_file
from tidegate.operate.differences import Change, Differences, differences
from tidegate.operate.push import Judged, judge


def diff(path: Path, *, as_json: bool) -> int:
    """Compare a file with what is in force. Nothing is written."""
    candidate = from_file(read_file(path))
    judged = judge(surroundings(Absent.EMPTY), candidate, observed=True)
    found = differences(judged.before, candidate)
    if as_json:
        Paper().json(_as_json(judged, found))
    else:
        show(_lines(judged, found))
    return 0


def difference_lines(found: Differences) -> Iterator[Line]:
    """Modes first and loudly, then instances that come and go, then a line a value."""
    for mode in found.modes:
        yield (f"! {mode.instance}  ", (_mode(mode), BAD if mode.after == "act" else NEEDS), *_place(mode))
    for name in found.added:
        yield ("+ ", (name, GOOD))
    for name in found.removed:
        yield ("- ", (name, BAD), "  not in the policy any more")
    for name, was in found.renamed.items():
        yield (f"= {name}  was called {was}",)
    for change in found.changes:
        whose = f"{change.instance}  " if change.instance else ""
        yield (f"~ {whose}{change.key}  {_value(change.before)} -> {_value(change.after)}", *_place(change))


def _lines(judged: Judged, found: Differences) -> Iterator[Line]:
    yield (_head(judged, found),)
    yield from difference_lines(found)
    for effect in judged.effects:
        yield effect_line(effect)
    for stranded in judged.stranded:
        yield ("! ", (f"a push is refused while an operation is open: {stranded}", BAD))
    if judged.to_accept:
        beside = f", and {counted(judged.under_way, 'order')} under way" if judged.under_way else ""
        refused = f"a push is refused without `--accept {judged.to_accept}`"
        why = f"{refused}: the fleet's limit is {judged.limit} at once{beside}"
        yield ("! ", (why, BAD))
    starts = counted(len(judged.starts), "order")
    yield (
        f"a push would start {starts} now" if judged.starts else "a push would start no order now",
        ("   nothing was written", CALM),
    )


def _head(judged: Judged, found: Differences) -> str:
    new = judged.candidate.hash
    if judged.pointer is None:
        return f"policy {new} would be the first one"
    if judged.is_in_force:
        return f"policy {new} is in force"
    unread = "" if judged.before else ", which cannot be read by the rules of today: everything counts as new"
    same = "; they say the same in other words" if judged.before and found.none else ""
    return f"policy {new} instead of {judged.pointer.hash}{unread}{same}"


def _mode(change: Change) -> str:
    was = f"{change.before} -> " if change.before else "new, "
    return f"MODE {was}{str(change.after).upper()}"


def _place(change: Change) -> Line:
    return ((f"   {change.file}:{change.line}", CALM),) if change.line else ()


def _value(value: Any) -> str:
    return "nothing" if value in (None, "", [], {}) else flow(value)


def _as_json(judged: Judged, found: Differences) -> dict[str, Any]:
    return {
        "policy": judged.candidate.hash,
        "in_force": judged.pointer.hash if judged.pointer else "",
        "same": judged.is_in_force,
        **to_json(found),
        **as_value(judged),
        "orders_under_way": judged.under_way,
        "orders_at_once": judged.limit,
        "to_accept": judged.to_accept,
        "open_operations": to_json(judged.stranded),
    }
