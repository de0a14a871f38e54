"""Putting a policy in force: from a file, or one that was in force before. Both pass the same guards."""

from __future__ import annotations

from datetime import timezone
from pathlib import Path
from typing import TYPE_CHECKING

from tidegate.cli.access import Absent
from tidegate.cli.errors import Failed, Mistake
from tidegate.cli.paper import Paper, plain
from tidegate.cli.publish import counted, rows_of, warned_of, warning_line
from tidegate.cli.roots import read_file, surroundings
from tidegate.cli.who import caller_named

if TYPE_CHECKING:
    from datetime import datetime

    from tidegate.app.surroundings import Surroundings
    from tidegate.operate.candidate import Candidate
    from tidegate.operate.push import Judged


def push(path: Path, caller: str, accept: int, base: str, *, as_json: bool) -> int:
    """Put a policy file in force."""
    from tidegate.cli.effects import as_value, start_lines  # noqa: PLC0415 - after the checks of the command line
    from tidegate.cli.looks import show  # noqa: PLC0415
    from tidegate.operate.candidate import from_file  # noqa: PLC0415

    policy = read_file(path)
    around = surroundings(Absent.BEGUN)
    judged = _put(around, from_file(policy), caller, accept, base)
    hashed, warnings, changed = judged.candidate.hash, warned_of(policy), not judged.is_in_force
    paper = Paper()
    if as_json:
        told = {"policy": hashed, "changed": changed, "instances": sorted(policy.instances)}
        paper.json({**told, "warnings": rows_of(warnings), **as_value(judged)})
        return 0
    for warning in warnings:
        paper.line(warning_line(warning))
    paper.line(f"policy {hashed} {'is in force' if changed else 'was in force already'}: {', '.join(policy.instances)}")
    show(start_lines(judged))
    return 0


def rollback(hashed: str, caller: str, accept: int, *, as_json: bool) -> int:
    """Put an earlier policy in force again."""
    from tidegate.cli.differences import difference_lines  # noqa: PLC0415 - after the checks of the command line
    from tidegate.cli.effects import as_value, start_lines  # noqa: PLC0415
    from tidegate.cli.looks import show  # noqa: PLC0415
    from tidegate.operate.candidate import Outdated, published  # noqa: PLC0415
    from tidegate.operate.differences import differences  # noqa: PLC0415
    from tidegate.operate.push import earlier  # noqa: PLC0415

    around = surroundings()
    try:
        chosen = earlier(around.policies, hashed)
        candidate = published(around.policies, chosen.hash)
    except (Outdated, ValueError) as error:
        raise Mistake(f"{error}; push its file instead" if isinstance(error, Outdated) else str(error)) from error
    judged = _put(around, candidate, caller, accept, "")
    changed, instead_of = not judged.is_in_force, judged.pointer.hash if judged.pointer else ""
    if as_json:
        told = {"policy": chosen.hash, "changed": changed, "instead_of": instead_of if changed else ""}
        told |= {"first_pushed_by": chosen.by, "first_pushed_at": chosen.at.isoformat()}
        Paper().json({**told, **as_value(judged)})
        return 0
    was = f"{plain(chosen.by)}'s of {moment(chosen.at)}"
    if not changed:
        Paper().line(f"policy {chosen.hash}, {was}, was in force already")
        return 0
    Paper().line(f"policy {chosen.hash}, {was}, is in force again instead of {instead_of}")
    show(difference_lines(differences(judged.before, candidate)))
    show(start_lines(judged))
    return 0


def moment(at: datetime) -> str:
    """A moment of the history, which has no instance's zone."""
    return f"{at.astimezone(timezone.utc):%Y-%m-%d %H:%M:%S}Z"


def _put(around: Surroundings, candidate: Candidate, caller: str, accept: int, base: str) -> Judged:
    """Judge it, and put it in force. Raises Mistake where something stands against it."""
    from tidegate.cli.accounts import make_sure_of_account  # noqa: PLC0415 - after the checks of the command line
    from tidegate.ledger.policies import Overtaken  # noqa: PLC0415
    from tidegate.operate.push import enact, judge  # noqa: PLC0415

    make_sure_of_account(around.account)
    # A bucket that lets two writers both win must never come into use.
    around.ledger.check()
    judged = judge(around, candidate)
    if base and not (judged.pointer and judged.pointer.hash == base):
        found = f"{judged.pointer.hash} by {plain(judged.pointer.by)}" if judged.pointer else "none"
        raise Mistake(f"the policy in force is not {base} but {found}: look at `tidegate policy diff` again")
    if refused := why_not(judged, accept):
        raise Mistake(refused)
    try:
        enact(around, judged, caller_named(caller))
    except Overtaken as lost:
        by = f"{lost.current.hash} by {plain(lost.current.by)}, {moment(lost.current.at)}"
        raise Failed(
            f"another policy came into force meanwhile ({by}), and this one did not: diff and push again"
        ) from lost
    return judged


def why_not(judged: Judged, accept: int) -> str:
    """Why it cannot be put in force; empty where nothing stands against it."""
    from tidegate.cli.effects import start  # noqa: PLC0415 - after the checks of the command line

    if judged.stranded:
        named = "; ".join(map(str, judged.stranded))
        return f"not while an operation is open: the policy would lose {named}; push again once it is settled"
    if judged.to_accept <= accept:
        return ""
    limit, under_way = judged.limit, judged.under_way
    beside = f" beside {counted(under_way, 'order')} under way" if under_way else ""
    named = ", ".join(map(start, judged.starts))
    told = f"this would start {counted(judged.to_accept, 'order')} at once{beside}, and the fleet's limit is {limit}"
    return f"{told}: {named}; `--accept {judged.to_accept}` if that is meant"
