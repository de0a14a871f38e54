"""What goes into a package: Tidegate's own code as far as functions run it, and of each wheel what is loaded."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from tidegate.operate.package.faults import CannotPackage
from tidegate.operate.package.project import FUNCTIONS
from tidegate.operate.package.wheels import Wheel, content

Entry = tuple[str, bytes]
"""A file's place in the package, and what is in it."""
OWN = (FUNCTIONS, "tidegate")
NOT_OWN = ("tidegate/cli", "tidegate/operate", "tidegate/policyfile")
"""What a person's machine runs: no function imports it, which a test shows."""
OWN_SUFFIXES = frozenset({".py", ".json", ".yml", ".yaml"})
"""What pyproject.toml installs; an editor's or a person's other files stay where they are."""
_FOLDERS = frozenset({"__pycache__", "test", "tests", "SelfTest"})
_SUFFIXES = frozenset({".pyc", ".pyo", ".pyi", ".pyx", ".pxd", ".c", ".h", ".po", ".pot", ".pth", ".a", ".lib"})
"""What no Python loads: for type checkers, compilers and translators."""
_LICENCES = ("licen", "copying", "notice", "author", "copyright")


def of_project(root: Path) -> Iterator[Entry]:
    """Give the project's own files. Hidden files are left out, and what is neither code nor beside it on purpose."""
    for folder in OWN:
        for path in sorted((root / folder).rglob("*")):
            place = path.relative_to(root).as_posix()
            hidden = any(part.startswith(".") for part in PurePosixPath(place).parts)
            if hidden or path.suffix not in OWN_SUFFIXES or not path.is_file():
                continue
            if is_loaded(place) and not place.startswith(_as_folders(NOT_OWN)):
                yield place, path.read_bytes()


def of_wheel(wheel: Wheel) -> Iterator[Entry]:
    """Give what is loaded of a wheel, its licences, and who it is: of its METADATA no more than name and version.

    The rest of a wheel's papers differ with the tool that built or installed it, and nothing reads them.
    """
    with wheel.open() as archive:
        for name in sorted(archive.namelist()):
            if name.endswith("/"):
                continue
            folder, _, rest = name.partition("/")
            if folder.endswith(".dist-info"):
                if rest == "METADATA":
                    yield name, _identity(wheel)
                elif PurePosixPath(rest).name.lower().startswith(_LICENCES) or rest.startswith("licenses/"):
                    yield name, content(archive, name)
                continue
            place = _place(rest) if folder.endswith(".data") else name
            if place and is_loaded(place):
                yield place, content(archive, name)


def is_loaded(place: str) -> bool:
    """Whether a file might be loaded by a program that runs, going by its name."""
    path = PurePosixPath(place)
    return path.suffix not in _SUFFIXES and not _FOLDERS.intersection(path.parts[:-1])


def together(parts: Iterator[tuple[str, Iterator[Entry]]]) -> dict[str, bytes]:
    """Put the files of all parts into one folder; refuse two that want the same place with different contents."""
    found: dict[str, bytes] = {}
    owner: dict[str, str] = {}
    for part, entries in parts:
        for place, body in entries:
            if (before := found.setdefault(place, body)) != body:
                raise CannotPackage(
                    f"{owner[place]} and {part} both have {place}, and not the same ({len(before)} bytes)"
                )
            owner.setdefault(place, part)
    return found


def _place(rest: str) -> str:
    """Give where a file of a wheel's .data folder goes, or nothing: scripts and headers are for people's machines."""
    kind, _, place = rest.partition("/")
    return place if kind in ("purelib", "platlib") else ""


def _identity(wheel: Wheel) -> bytes:
    return f"Metadata-Version: 2.1\nName: {wheel.name}\nVersion: {wheel.version}\n".encode()


def _as_folders(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"{name}/" for name in names)
