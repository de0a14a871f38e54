"""Wheels in a folder: the one that fits a runtime, and what it needs in turn."""

from __future__ import annotations

import re
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import Message
from email.parser import HeaderParser
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.tags import Tag
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename
from packaging.version import Version

from tidegate.operate.package.faults import CannotPackage
from tidegate.operate.package.runtimes import Runtime

MB = 1024 * 1024
MOST_BYTES = 500 * MB
"""Of all files of one wheel, unpacked: the largest that a function's code may be, packed."""
BROKEN = (OSError, zipfile.BadZipFile, zlib.error, struct.error, EOFError, ValueError, RuntimeError, OverflowError)
"""What zipfile raises for a damaged archive, or one that is encrypted or packed in a way it does not know."""
_GLIBC_TAG = re.compile(r"manylinux_2_(\d+)_x86_64")
_GLIBC_SYMBOL = re.compile(rb"GLIBC_2\.(\d+)")


@dataclass(frozen=True)
class Wheel:
    """One wheel. Its name is the canonical one."""

    path: Path
    name: str
    version: str

    def headers(self) -> Message:
        """Give what its METADATA says."""
        with self.open() as archive:
            place = next((name for name in archive.namelist() if _is_metadata(name)), None)
            if place is None:
                raise CannotPackage(f"{self.path.name} is no wheel: it has no METADATA")
            return HeaderParser().parsestr(content(archive, place).decode("utf-8"))

    @contextmanager
    def open(self) -> Iterator[zipfile.ZipFile]:
        """Open it; refuse one that was cut off, is damaged, or would unpack to too much or to somewhere else."""
        try:
            with zipfile.ZipFile(self.path) as archive:
                _weigh(self.path.name, archive)
                yield archive
        except BROKEN as error:
            why = " ".join(str(error).split())[:200]
            raise CannotPackage(f"{self.path} cannot be read ({why}); delete it and fetch it again") from error

    def requirements(self) -> list[Requirement]:
        """Give what it needs, whether it applies or not."""
        return [self._requirement(str(said)) for said in self.headers().get_all("Requires-Dist") or []]

    def _requirement(self, said: str) -> Requirement:
        try:
            return Requirement(said)
        except (InvalidRequirement, RecursionError) as error:
            raise CannotPackage(f"{self.path.name} needs {said[:100]!r}, which names no distribution") from error


def find(folder: Path, name: str, version: str, runtime: Runtime) -> Wheel | None:
    """Give the wheel of a version that fits a runtime best, or None. Raises CannotPackage for one that is misnamed."""
    rank = {tag: place for place, tag in enumerate(runtime.tags())}
    fitting = [
        (min(rank[tag] for tag in tags & rank.keys()), path)
        for path, tags in _of_version(folder, name, version)
        if tags & rank.keys()
    ]
    if not fitting:
        return None
    wheel = Wheel(min(fitting)[1], name, version)
    _check(wheel, runtime)
    return wheel


def why_none(folder: Path, name: str, version: str, runtime: Runtime) -> str:
    """Say why none of a version's wheels fits: there is none, or what the likeliest one is for."""
    abis = set(runtime.abis)
    there = [
        (not any(tag.abi in abis for tag in tags), path, tags) for path, tags in _of_version(folder, name, version)
    ]
    if not there:
        return f"{folder} has no wheel of {name} {version} for {runtime.name}"
    _, path, tags = min(there)
    return f"{path.name} does not fit {runtime.name}: {_why(tags, runtime)}"


def _of_version(folder: Path, name: str, version: str) -> Iterator[tuple[Path, frozenset[Tag]]]:
    for path in sorted(folder.glob("*.whl")):
        try:
            of, its_version, _, tags = parse_wheel_filename(path.name)
        except InvalidWheelFilename as error:
            raise CannotPackage(f"{path}: {error}") from error
        if of == canonicalize_name(name) and its_version == Version(version):
            yield path, tags


def _why(tags: Iterable[Tag], runtime: Runtime) -> str:
    """Say why none of a wheel's tags will do."""
    pythons = {tag.interpreter for tag in tags}
    platforms = sorted({tag.platform for tag in tags})
    glibc = [int(found.group(1)) for each in platforms if (found := _GLIBC_TAG.fullmatch(each))]
    if glibc and min(glibc) > runtime.glibc:
        return f"it needs glibc 2.{min(glibc)}, and there is 2.{runtime.glibc}"
    return f"it is for {', '.join(sorted(pythons))} on {', '.join(platforms)}"


def _check(wheel: Wheel, runtime: Runtime) -> None:
    """Look into a wheel: its tags are only what somebody says of it."""
    python = " ".join(str(wheel.headers().get("Requires-Python", "")).split())
    try:
        fits = SpecifierSet(python).contains(runtime.environment()["python_full_version"])
    except ValueError:
        fits = False
    if not fits:
        raise CannotPackage(f"{wheel.path.name} does not fit {runtime.name}: it needs Python {python[:100]}")
    with wheel.open() as archive:
        for entry in archive.infolist():
            if not re.search(r"\.so(\.\d+)*$", entry.filename):
                continue
            newest = max((int(minor) for minor in _GLIBC_SYMBOL.findall(content(archive, entry.filename))), default=0)
            if newest > runtime.glibc:
                raise CannotPackage(
                    f"{wheel.path.name} does not fit {runtime.name}, whatever its name says: "
                    f"{entry.filename} needs glibc 2.{newest}, and there is 2.{runtime.glibc}"
                )


def content(archive: zipfile.ZipFile, name: str) -> bytes:
    """Give a file of an open wheel. No more than the wheel says of its size is ever unpacked."""
    with archive.open(name) as file:
        return file.read(archive.getinfo(name).file_size)


def _weigh(name: str, archive: zipfile.ZipFile) -> None:
    """Look at what a wheel says of its files, before any is read."""
    size = sum(entry.file_size for entry in archive.infolist())
    if size > MOST_BYTES:
        raise CannotPackage(f"{name} unpacks to {size / MB:.0f} MB, and no function may have so much code")
    for entry in archive.infolist():
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise CannotPackage(f"{name} is packed in a way that not every Python knows: {entry.filename[:100]!r}")
        if entry.filename.startswith("/") or ".." in re.split(r"[/\\]", entry.filename):
            raise CannotPackage(f"{name} has a file that would lie elsewhere: {entry.filename[:100]!r}")


def _is_metadata(name: str) -> bool:
    folder, _, rest = name.partition("/")
    return folder.endswith(".dist-info") and rest == "METADATA"
