"""The vendor's resource types, read from the wheels of its `ros-cdk-*` packages: names, types, ranges, attributes.

The wheels hold generated JavaScript, in which each property is checked by a line of its own. It is read, never run.
"""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

REQUIREMENTS = Path(__file__).with_name("requirements.txt")
SHELF = Path(__file__).parents[2] / "build" / "ros-types"
KINDS = {
    "String": "string",
    "Number": "number",
    "Boolean": "boolean",
    "Any": "any",
    "AnyDict": "map",
}


@dataclass
class Spec:
    """What is known of one property, or of a whole resource: then `properties` are all that it may have."""

    kind: str = "any"
    required: bool = False
    lowest: float | None = None
    highest: float | None = None
    """Of a number, or of the length of a text or a list."""
    allowed: tuple[str, ...] = ()
    pattern: str = ""
    items: Spec | None = None
    properties: dict[str, Spec] | None = None


@dataclass(frozen=True)
class Type:
    """One resource type."""

    properties: Mapping[str, Spec]
    attributes: frozenset[str] = field(default_factory=frozenset)


def wheels() -> list[Path]:
    """Give the wheels, downloaded once from the package index that pip knows, and checked by their hashes."""
    wanted = [line.split()[0] for line in REQUIREMENTS.read_text("utf-8").splitlines() if not line.startswith("#")]
    names = [f"{one.replace('-', '_').replace('==', '-')}-py3-none-any.whl" for one in wanted]
    if not all((SHELF / name).is_file() for name in names):
        SHELF.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=SHELF) as place:
            pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
            options = ["--require-hashes", "--only-binary", ":all:", "-d", place, "-r", str(REQUIREMENTS)]
            subprocess.run([*pip, *options], check=True)
            for name in names:
                os.replace(Path(place) / name, SHELF / name)  # noqa: PTH105 - another test runner may do the same
    return [SHELF / name for name in names]


@cache
def types() -> Mapping[str, Type]:
    """Give every resource type of every wheel."""
    found: dict[str, Type] = {}
    for wheel in wheels():
        for text in sources(wheel):
            found |= Source(text).types()
    return found


def sources(wheel: Path) -> Iterator[str]:
    """Give the generated sources in a wheel, data sources left out."""
    with zipfile.ZipFile(wheel) as outer:
        for name in outer.namelist():
            if not name.endswith(".tgz"):
                continue
            with tarfile.open(fileobj=io.BytesIO(outer.read(name))) as inner:
                for member in inner.getmembers():
                    if re.fullmatch(r"package/lib/[a-z0-9-]+\.generated\.js", member.name):
                        content = inner.extractfile(member)
                        assert content is not None
                        yield content.read().decode()


CLASS = re.compile(r"^class (Ros\w+) extends ros\.RosResource \{(.*?)^\}", re.MULTILINE | re.DOTALL)
NAME = re.compile(r'^(Ros\w+)\.ROS_RESOURCE_TYPE_NAME = "([\w:]+)";', re.MULTILINE)
FUNCTION = re.compile(r"^function (\w+)\([^)]*\) \{(.*?)^\}", re.MULTILINE | re.DOTALL)
CHECK = re.compile(r"propertyValidator\('(\w+)', (.+?)\)\((?:properties\.\w+\)|\{(.*?)\}\))", re.DOTALL)
WRITTEN = re.compile(r"'([^']+)': .*\(properties\.(\w+)\)")
LIST = re.compile(r"ros\.listValidator\((.*)\)")
MAP = re.compile(r"ros\.hashValidator\((.*)\)")
PLAIN = re.compile(r"ros\.validate(String|Number|Boolean|Any|AnyDict)")
BOUND = re.compile(r"(min|max): (-?[\d.]+)")


class Source:
    """One generated source."""

    def __init__(self, text: str) -> None:
        self._functions = {match[1]: match[2] for match in FUNCTION.finditer(text)}
        self._names = dict(NAME.findall(text))
        self._classes = dict(CLASS.findall(text))

    def types(self) -> dict[str, Type]:
        """Give the types that are described here."""
        return {name: self._type(key) for key, name in self._names.items()}

    def _type(self, key: str) -> Type:
        attributes = re.findall(r"this\.getAtt\('([\w.]+)'\)", self._classes[key])
        return Type(self._properties(f"{key}Props"), frozenset(attributes))

    def _properties(self, group: str) -> dict[str, Spec]:
        """Give the properties of a group, by the names that templates have for them."""
        lower = f"r{group[1:].replace('_', '')}ToRosTemplate"
        named = {inside: outside for outside, inside in WRITTEN.findall(self._functions[lower])}
        specs: dict[str, Spec] = {}
        for inside, check, said in CHECK.findall(self._functions[f"{group}Validator"]):
            self._add(specs.setdefault(named[inside], Spec()), check, said)
        assert set(specs) == set(named.values()), group
        return specs

    def _add(self, spec: Spec, check: str, said: str) -> None:
        if check == "ros.requiredValidator":
            spec.required = True
        elif check in ("ros.validateRange", "ros.validateLength"):
            bounds = {which: float(number) for which, number in BOUND.findall(said)}
            spec.lowest, spec.highest = bounds.get("min"), bounds.get("max")
        elif check == "ros.validateAllowedValues":
            spec.allowed = tuple(re.findall(r'"([^"]*)"', said.partition("allowedValues:")[2]))
        elif check == "ros.validateAllowedPattern":
            spec.pattern = said.partition("reg: /")[2].strip().rstrip(",").rstrip("/")
        else:
            kind = self._kind(check)
            spec.kind, spec.items, spec.properties = kind.kind, kind.items, kind.properties

    def _kind(self, check: str) -> Spec:
        if found := LIST.fullmatch(check):
            return Spec("list", items=self._kind(found[1]))
        if found := MAP.fullmatch(check):
            return Spec("map", items=self._kind(found[1]))
        if found := PLAIN.fullmatch(check):
            return Spec(KINDS[found[1]])
        return Spec("map", properties=self._properties(check.removesuffix("Validator")))
