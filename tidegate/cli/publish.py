"""Checking a policy, and showing what is said of one instance in force or in a file."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tidegate.cli.errors import Mistake
from tidegate.cli.paper import Paper, plain
from tidegate.cli.roots import clock, read_file, surroundings

if TYPE_CHECKING:
    from tidegate.domain.policy import InstancePolicy
    from tidegate.policyfile import Policy, Problem
    from tidegate.policyfile.resolved import Resolved


def validate(path: Path, *, strict: bool, as_json: bool) -> int:
    """Check a policy: 0 if it is good, 2 if it is not, or, strictly, if there is anything to be warned of."""
    from tidegate.ledger.policies import hash_of  # noqa: PLC0415 - after the checks of the command line
    from tidegate.policyfile import BadPolicy, compile_policy  # noqa: PLC0415

    try:
        policy = read_file(path)
    except BadPolicy as bad:
        if not as_json:
            raise
        Paper().json(_told(problems=bad.problems))
        return 2
    hashed, warnings = hash_of(*compile_policy(policy)), warned_of(policy)
    if as_json:
        Paper().json(_told(warnings=warnings, instances=sorted(policy.instances), hashed=hashed))
        return 2 if strict and warnings else 0
    if strict and warnings:
        raise Mistake("\n".join(map(warning_line, warnings)))
    paper = Paper()
    for warning in warnings:
        paper.line(warning_line(warning))
    acting = [name for name, instance in policy.instances.items() if instance.mode == "act"]
    told = f"{path}: good; {counted(len(policy.instances), 'instance')}, {len(acting)} in mode act; policy {hashed}"
    paper.line(told + (f"; {counted(len(warnings), 'warning')}" if warnings else ""))
    return 0


def show(name: str, path: Path | None, *, resolved: bool, as_json: bool) -> int:
    """Show one instance's part of the policy in force, or of one in files."""
    from tidegate.policyfile.resolved import in_force  # noqa: PLC0415 - after the checks of the command line

    if path is not None:
        return _show_written(name, path, resolved=resolved, as_json=as_json)
    book = _book()
    policy = book.read(_known(name, book.names))
    if resolved:
        return _show_values(name, book.hash, in_force(policy), as_json=as_json)
    return _show_document(name, book.hash, policy, as_json=as_json)


def _show_written(name: str, path: Path, *, resolved: bool, as_json: bool) -> int:
    from tidegate.ledger.policies import hash_of  # noqa: PLC0415 - after the checks of the command line
    from tidegate.policyfile import compile_policy  # noqa: PLC0415
    from tidegate.policyfile.resolved import resolved as values_of  # noqa: PLC0415

    policy = read_file(path)
    hashed = hash_of(*compile_policy(policy))
    instance = policy.instances[_known(name, policy.instances)]
    if resolved:
        values = values_of(instance, policy.sources[name], policy.profiles)
        return _show_values(name, hashed, values, as_json=as_json)
    return _show_document(name, hashed, instance, as_json=as_json)


def _show_document(name: str, hashed: str, policy: InstancePolicy, *, as_json: bool) -> int:
    import yaml  # noqa: PLC0415 - only here

    document = json.loads(policy.model_dump_json(by_alias=True))
    paper = Paper()
    if as_json:
        paper.json({"policy": hashed, "document": document})
        return 0
    paper.line(f"# {name}, policy {hashed}")
    paper.line(yaml.safe_dump(document, sort_keys=False, allow_unicode=True).rstrip())
    return 0


def _show_values(name: str, hashed: str, values: Sequence[Resolved], *, as_json: bool) -> int:
    from tidegate.cli.values import value_lines  # noqa: PLC0415 - only here

    paper = Paper()
    if as_json:
        rows = [
            {"key": each.key, "value": each.value, "file": each.file, "line": each.line, "from": each.origin}
            for each in values
        ]
        paper.json({"policy": hashed, "instance": name, "values": rows})
        return 0
    paper.line(f"# {name}, policy {hashed}")
    for line in value_lines(values):
        paper.line(plain(line))
    return 0


def _book() -> Any:
    from tidegate.app.report.facts import book_of  # noqa: PLC0415 - after the checks of the command line

    return book_of(surroundings(), None)


def _known(name: str, names: Iterable[str]) -> str:
    from tidegate.app.report.facts import NotKnown  # noqa: PLC0415 - after the checks of the command line

    if name not in (known := sorted(names)):
        raise NotKnown(f"the policy has no instance `{name}`; it has {', '.join(known)}")
    return name


def warned_of(policy: Policy) -> list[Problem]:
    """What is hardly meant."""
    from tidegate.policyfile.warnings import warnings_of  # noqa: PLC0415 - after the checks of the command line

    return warnings_of(policy, clock()().date())


def _told(
    problems: Iterable[Problem] = (),
    warnings: Iterable[Problem] = (),
    instances: Sequence[str] = (),
    hashed: str = "",
) -> dict[str, Any]:
    """The answer of `validate --json`."""
    return {
        "valid": bool(hashed),
        "problems": rows_of(problems),
        "warnings": rows_of(warnings),
        "instances": instances,
        "policy": hashed,
    }


def rows_of(problems: Iterable[Problem]) -> list[dict[str, Any]]:
    """Problems as JSON has them."""
    return [dict(vars(problem)) for problem in problems]


def warning_line(warning: Problem) -> str:
    """A warning as people see it."""
    return warning.line_as("warning")


def counted(number: int, what: str) -> str:
    """So many of something: `1 instance`, `2 instances`."""
    return f"{number} {what}{'s' * (number != 1)}"
