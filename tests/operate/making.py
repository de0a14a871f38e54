"""Small projects and wheels, made by hand, so that nothing has to be fetched."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path

PURE = "py3-none-any"


def make_project(folder: Path, dependencies: Iterable[str], pins: str) -> Path:
    """A project with some runtime dependencies and pins, and one function."""
    folder.mkdir(parents=True, exist_ok=True)
    listed = ", ".join(f'"{each}"' for each in dependencies)
    (folder / "pyproject.toml").write_text(f"[project]\nname = 'p'\ndependencies = [{listed}]\n")
    (folder / "constraints.txt").write_text(pins)
    (folder / "functions").mkdir(exist_ok=True)
    (folder / "functions" / "__init__.py").write_text("")
    return folder


def make_wheel(
    folder: Path,
    name: str,
    version: str = "1",
    tag: str = PURE,
    *,
    needs: Iterable[str] = (),
    files: Mapping[str, bytes] | None = None,
    headers: str = "",
) -> Path:
    """A wheel with one module, unless other files are given."""
    folder.mkdir(parents=True, exist_ok=True)
    papers = f"{name}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{headers}"
    metadata += "".join(f"Requires-Dist: {each}\n" for each in needs)
    path = folder / f"{name}-{version}-{tag}.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for place, body in (files or {f"{name}.py": b"x = 1\n"}).items():
            archive.writestr(place, body)
        archive.writestr(f"{papers}/METADATA", f"{metadata}\nA long description.\n")
        archive.writestr(f"{papers}/WHEEL", f"Wheel-Version: 1.0\nGenerator: hand\nRoot-Is-Purelib: true\nTag: {tag}\n")
        archive.writestr(f"{papers}/RECORD", "")
    return path
