"""Checking a policy file, putting it in force, showing what is in force."""

from __future__ import annotations

import json
from pathlib import Path

from tidegate.cli.paper import Paper
from tidegate.cli.roots import read_file, surroundings
from tidegate.cli.who import caller_named


def validate(path: Path, *, as_json: bool) -> int:
    """Check a file: 0 if it is good, 2 if it is not."""
    from tidegate.ledger.policies import hash_of  # noqa: PLC0415 - after the checks of the command line
    from tidegate.policyfile import BadPolicy, compile_policy  # noqa: PLC0415

    try:
        policy = read_file(path)
    except BadPolicy as bad:
        if not as_json:
            raise
        problems = [{**vars(problem), "file": problem.file} for problem in bad.problems]
        Paper().json({"valid": False, "problems": problems, "instances": [], "policy": ""})
        return 2
    hashed = hash_of(*compile_policy(policy))
    paper = Paper()
    if as_json:
        paper.json({"valid": True, "problems": [], "instances": sorted(policy.instances), "policy": hashed})
        return 0
    acting = [name for name, instance in policy.instances.items() if instance.mode == "act"]
    count = len(policy.instances)
    paper.line(f"{path}: good; {count} instance{'s' * (count != 1)}, {len(acting)} in mode act; policy {hashed}")
    return 0


def push(path: Path, caller: str, *, as_json: bool) -> int:
    """Put a file in force."""
    from tidegate.policyfile import compile_policy  # noqa: PLC0415 - after the checks of the command line

    policy = read_file(path)
    documents, index = compile_policy(policy)
    around = surroundings()
    # A bucket that lets two writers both win must never come into use.
    around.ledger.check()
    before = around.policies.current()
    hashed = around.policies.publish(documents, index, caller_named(caller))
    changed = before is None or before.hash != hashed
    paper = Paper()
    if as_json:
        paper.json({"policy": hashed, "changed": changed, "instances": sorted(policy.instances)})
        return 0
    paper.line(f"policy {hashed} {'is in force' if changed else 'was in force already'}: {', '.join(documents)}")
    return 0


def show(name: str, *, as_json: bool) -> int:
    """Show one instance's part of the policy in force."""
    import yaml  # noqa: PLC0415 - only here

    from tidegate.app.report.facts import NotKnown, book_of  # noqa: PLC0415 - after the checks of the command line

    around = surroundings()
    book = book_of(around, None)
    if name not in book.names:
        raise NotKnown(f"the policy has no instance `{name}`; it has {', '.join(book.names)}")
    document = json.loads(book.read(name).model_dump_json(by_alias=True))
    paper = Paper()
    if as_json:
        paper.json({"policy": book.hash, "document": document})
        return 0
    paper.line(f"# {name}, policy {book.hash}")
    paper.line(yaml.safe_dump(document, sort_keys=False, allow_unicode=True).rstrip())
    return 0
