"""Packs the project as Function Compute takes it: one zip, the same bytes for the same files."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

FOLDERS = ("functions", "tidegate")
_EPOCH = (1980, 1, 1, 0, 0, 0)
_LEFT_OUT = ("__pycache__",)
_FILE_MODE = 0o644


def zip_project(base_dir: Path, folders: Iterable[str] = FOLDERS) -> bytes:
    """Give the zip of some folders. Compiled files, hidden files and empty folders are left out."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for path in _files(base_dir, folders):
            entry = zipfile.ZipInfo(path.relative_to(base_dir).as_posix(), _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = _FILE_MODE << 16
            archive.writestr(entry, path.read_bytes())
    return out.getvalue()


def zip_source(text: str) -> bytes:
    """Give the zip of a template's SourceCode, whose module is called `index`."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(zipfile.ZipInfo("index.py", _EPOCH), text)
    return out.getvalue()


def _files(base_dir: Path, folders: Iterable[str]) -> Iterator[Path]:
    for folder in sorted(folders):
        for path in sorted((base_dir / folder).rglob("*")):
            parts = path.relative_to(base_dir).parts
            if path.is_file() and not any(part in _LEFT_OUT or part.startswith(".") for part in parts):
                yield path


def missing_handlers(base_dir: Path, handlers: Iterable[str]) -> list[str]:
    """Give the handlers whose file is not in the project, or does not define the function."""
    return [handler for handler in handlers if not _is_there(base_dir, handler)]


def _is_there(base_dir: Path, handler: str) -> bool:
    module, _, function = handler.rpartition(".")
    path = base_dir / f"{module}.py"
    return path.is_file() and f"\ndef {function}(" in f"\n{path.read_text(encoding='utf-8')}"
