"""Printing what RAM must allow for a policy."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tidegate import names
from tidegate.cli.paper import Paper
from tidegate.cli.roots import read_file
from tidegate.settings import read_cli_settings

if TYPE_CHECKING:
    from tidegate.operate.permissions import Granted

OSS = "oss://"


def run(path: Path, prefix: str, *, as_json: bool) -> int:
    """Print one document a role and a person, and what cannot be had any narrower. Nobody is asked anything."""
    from tidegate.operate.permissions import Place, permissions  # noqa: PLC0415 - after the checks of the command line

    known = read_cli_settings()
    prefix = prefix or known.prefix
    bucket = known.store.removeprefix(OSS) if known.store.startswith(OSS) else ""
    if names.prefix_of_ledger(bucket, known.account, known.region) not in ("", prefix):
        # The environment is of another deployment.
        bucket = names.ledger_bucket(prefix, known.account, known.region)
    place = Place(known.account, known.region, bucket, prefix)
    found = permissions(read_file(path).instances.values(), place)
    paper = Paper()
    if as_json:
        paper.json({"roles": _told(found.roles), "people": _told(found.people), "notes": list(found.notes)})
        return 0
    for one in [*found.roles.values(), *found.people.values()]:
        paper.line((f"# {one.name}", "bold"), f"  {one.role.purpose}")
        if one.role.service:
            paper.line(("# taken by ", "dim"), (one.role.service, "dim"))
        paper.line(json.dumps(one.document, indent=2))
        paper.line("")
    for note in found.notes:
        paper.line(f"# {note}")
    return 0


def _told(granted: Mapping[str, Granted]) -> dict[str, Any]:
    return {
        key: {
            "name": one.name,
            "purpose": one.role.purpose,
            **({"service": one.role.service} if one.role.service else {}),
            "document": one.document,
        }
        for key, one in granted.items()
    }
