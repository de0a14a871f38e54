"""Reads a ROS template and refuses whatever would not deploy, with the place in the message."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from localcloud.nesting import check_nesting
from localcloud.template.check import check
from localcloud.template.faults import TemplateError
from localcloud.template.model import Parameter, Resource, Template
from localcloud.template.yaml_loader import TemplateLoader

WRONG_SHAPE = (TypeError, ValueError, AttributeError, KeyError, ArithmeticError, RecursionError, OSError)
"""What is raised by a list where a map belongs, by a file's name that no file can have, and the like."""
FORMAT = "2015-09-01"
SECTIONS = {"ROSTemplateFormatVersion", "Description", "Metadata", "Parameters", "Conditions", "Resources", "Outputs"}
RESOURCE_KEYS = {"Type", "Properties", "DependsOn", "Metadata", "DeletionPolicy", "Description", "Condition"}
OUTPUT_KEYS = {"Value", "Description", "Label"}


@dataclass(frozen=True)
class _Reader:
    """Turns the text of a template into its parts; texts included from files lie below `base`."""

    base: Path

    def template(self, said: Any) -> Template:
        if not isinstance(said, Mapping):
            raise TemplateError("", "the template is not a map")
        if unknown := sorted(set(said) - SECTIONS):
            raise TemplateError(str(unknown[0]), f"is not understood here; known are {', '.join(sorted(SECTIONS))}")
        if str(said.get("ROSTemplateFormatVersion")) != FORMAT:
            raise TemplateError("ROSTemplateFormatVersion", f"must be '{FORMAT}'")
        if not said.get("Resources"):
            raise TemplateError("Resources", "is required")
        return Template(
            {name: Parameter.read(name, body) for name, body in _items(said, "Parameters")},
            {name: self.resource(name, body) for name, body in _items(said, "Resources")},
            {name: _output(name, body) for name, body in _items(said, "Outputs")},
            dict(_items(said, "Conditions")),
        )

    def resource(self, name: str, body: Any) -> Resource:
        _check_keys(body, RESOURCE_KEYS, name)
        if "Type" not in body:
            raise TemplateError(f"{name}.Type", "is required")
        depends_on = body.get("DependsOn") or []
        metadata = body.get("Metadata") or {}
        properties = {**(body.get("Properties") or {}), **self.included(metadata, name)}
        policy = body.get("DeletionPolicy") or "Delete"
        if policy not in ("Delete", "Retain"):
            raise TemplateError(f"{name}.DeletionPolicy", f"{policy!r} is neither Delete nor Retain")
        after = [depends_on] if isinstance(depends_on, str) else depends_on
        return Resource(name, body["Type"], properties, after, body.get("Condition") or "", policy)

    def included(self, metadata: Mapping[str, Any], name: str) -> dict[str, Any]:
        """Give the properties whose text is in a file: `Metadata: {Tidegate: {Definition: workflows/resize.yml}}`."""
        found = {}
        for key, place in (metadata.get("Tidegate") or {}).items():
            path = self.base / str(place)
            if not path.resolve().is_relative_to(self.base.resolve()) or not path.is_file():
                raise TemplateError(f"{name}.Metadata.Tidegate.{key}", f"there is no file {place}")
            found[key] = {"Fn::Sub": path.read_text(encoding="utf-8")}
        return found


def read(path: Path, base_dir: Path | None = None) -> Template:
    """Read and check a template file. Included files lie below `base_dir`, the template's own folder unless given."""
    return parse(path.read_text(encoding="utf-8"), base_dir or path.parent)


def parse(text: str, base_dir: Path) -> Template:
    """Read and check a template's text."""
    try:
        check_nesting(text)
        said = yaml.load(text, Loader=TemplateLoader)  # noqa: S506 - a safe loader with four tags more
    except yaml.YAMLError as error:
        raise TemplateError("", f"not YAML: {error}") from error
    except WRONG_SHAPE as error:
        raise TemplateError("", f"a value cannot be read: {error}") from error
    try:
        template = _Reader(base_dir).template(said)
        check(template)
    except WRONG_SHAPE as error:
        raise TemplateError("", f"a part has the wrong shape: {str(error)[:200]}") from error
    return template


def _items(said: Mapping[str, Any], section: str) -> list[tuple[str, Any]]:
    body = said.get(section) or {}
    if not isinstance(body, Mapping):
        raise TemplateError(section, "is not a map")
    return list(body.items())


def _output(name: str, body: Any) -> Any:
    _check_keys(body, OUTPUT_KEYS, f"Outputs.{name}")
    if "Value" not in body:
        raise TemplateError(f"Outputs.{name}.Value", "is required")
    return body["Value"]


def _check_keys(body: Any, known: set[str], path: str) -> None:
    if not isinstance(body, Mapping):
        raise TemplateError(path, "is not a map")
    if unknown := sorted(set(body) - known):
        raise TemplateError(f"{path}.{unknown[0]}", f"is not understood here; known are {', '.join(sorted(known))}")
