"""The template as ROS is given it: one JSON text that needs no other file."""

from __future__ import annotations

import json
import re
from collections.abc import Container
from pathlib import Path
from typing import Any

import yaml

from tidegate.operate.package.faults import CannotPackage
from tidegate.operate.package.project import TEMPLATE
from tidegate.policyfile.tree import LOADER

MOST_BYTES = 524_288
"""The longest TemplateBody that ROS takes (the vendor's pages of CreateStack and CreateTemplate)."""
PSEUDO = frozenset(
    f"ALIYUN::{name}" for name in ("StackName", "StackId", "Region", "AccountId", "TenantId", "ResourceGroupId")
)
"""The pseudo parameters that can stand in a text (the vendor's page of pseudo parameters, 2024-07)."""
_HOLE = re.compile(r"\$\{([^}]*)\}")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*(::[A-Za-z]+)?(\.[A-Za-z0-9_.-]+)?")


def rendered(root: Path) -> str:
    """Give `template.yml` as JSON, with the text of each file it includes in that file's place, under `Fn::Sub`.

    Anchors are written out, comments are gone, and what only packaging reads (`Metadata: {Tidegate: ...}`) is left out.
    The same files give the same text. Raises CannotPackage.
    """
    template = _read(root / TEMPLATE)
    known = {*PSEUDO, *(template.get("Parameters") or {}), *template["Resources"]}
    for name, body in template["Resources"].items():
        _include(root, name, body, known)
    text = json.dumps(template, ensure_ascii=False, indent=1) + "\n"
    if (size := len(text.encode())) > MOST_BYTES:
        raise CannotPackage(f"{TEMPLATE}: {size} bytes with what it includes; ROS takes {MOST_BYTES} at most")
    return text


def _read(path: Path) -> dict[str, Any]:
    try:
        said = yaml.load(path.read_text(encoding="utf-8"), LOADER)  # noqa: S506 - a safe one
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise CannotPackage(f"{path.name} cannot be read: {' '.join(str(error).split())}") from error
    resources = said.get("Resources") if isinstance(said, dict) else None
    if not isinstance(resources, dict) or not all(isinstance(body, dict) for body in resources.values()):
        raise CannotPackage(f"{path.name} has no map of Resources")
    # JSON and back: what an anchor shares is written out, so that filling one place in leaves the others alone.
    return dict(json.loads(json.dumps(said, default=_refuse)))


def _refuse(value: Any) -> Any:
    # YAML reads an unquoted day as a date, and JSON knows none.
    raise CannotPackage(f"{TEMPLATE}: {value!s} must stand in quotes")


def _include(root: Path, name: str, body: dict[str, Any], known: Container[str]) -> None:
    """Put the texts of included files where they belong."""
    metadata = body.get("Metadata") or {}
    for key, place in (metadata.pop("Tidegate", None) or {}).items():
        path = root / str(place)
        if not path.resolve().is_relative_to(root.resolve()) or not path.is_file():
            raise CannotPackage(f"{TEMPLATE}: {name} includes {place}, which is no file of the project")
        text = path.read_text(encoding="utf-8")
        body.setdefault("Properties", {})[key] = {"Fn::Sub": as_sub(text, known, str(place))}
    if not metadata:
        body.pop("Metadata", None)


def as_sub(text: str, known: Container[str], place: str) -> str:
    """Give a text so that Fn::Sub fills in the names that it knows, and gives everything else back as it was.

    `${!name}` is ROS's way of writing `${name}` (the vendor's page of Fn::Sub, 2024-03), in these files too. What could
    not be a name is written so. What looks like a name and is none is refused: it is a slip.
    """

    def written(found: re.Match[str]) -> str:
        said = found.group(1)
        if said.startswith("!"):
            return found.group()
        if not _NAME.fullmatch(said):
            return f"${{!{said}}}"
        if said not in known and said.partition(".")[0] not in known:
            raise CannotPackage(
                f"{place}: ${{{said}}} is neither a parameter nor a resource of {TEMPLATE}; "
                f"if it is meant as it stands, write ${{!{said}}}"
            )
        return found.group()

    return _HOLE.sub(written, text)
