"""Which line of a policy's files says something, where the files are those of the policy that is asked about."""

from __future__ import annotations

from pathlib import Path

from tidegate.app.report.causes import Place, Places, nowhere
from tidegate.cli.roots import read_file


def places_in(path: Path | None) -> Places:
    """Find places in these files, and nowhere in those of another policy. Raises Mistake, BadPolicy."""
    if path is None:
        return nowhere
    from tidegate.ledger.policies import hash_of  # noqa: PLC0415 - only for files
    from tidegate.policyfile import compile_policy  # noqa: PLC0415
    from tidegate.policyfile.resolved import resolved  # noqa: PLC0415

    policy = read_file(path)
    mine = hash_of(*compile_policy(policy))

    def place(hashed: str, name: str, key: str) -> Place:
        if hashed != mine or name not in policy.instances:
            return "", 0
        for value in resolved(policy.instances[name], policy.sources[name], policy.profiles):
            if value.line and (value.key == key or value.key.startswith((f"{key}.", f"{key}["))):
                return value.file, value.line
        return "", 0

    return place
