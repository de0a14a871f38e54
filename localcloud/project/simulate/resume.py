"""A long run that is broken off goes on where it was: what came of its weeks so far, in a file."""

from __future__ import annotations

import hashlib
import platform
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from localcloud.project.simulate.run import Result
from localcloud.project.up import ROOT

PLAYED = ("functions", "localcloud", "template.yml", "tidegate", "workflows")
"""What a week is made of."""


class NotResumableError(Exception):
    """The file is of another run, or none at all."""


@dataclass(frozen=True)
class Progress:
    """What came of the weeks from a first seed on, in their order, and of which source that is."""

    first: int
    source: str
    """By its digest."""
    seconds: float = 0.0
    """For how long the machine was at it."""
    result: Result = field(default_factory=Result)


FILE = TypeAdapter(Progress)


def progress_in(path: Path, seeds: range) -> Progress:
    """What the file has of a run of these seeds; where there is no file it is begun, with nothing yet.

    Raises:
        NotResumableError: it is of other seeds, of another source or Python, or cannot be read or written.
    """
    source = source_now()
    try:
        found = FILE.validate_json(path.read_bytes()) if path.exists() else Progress(seeds.start, source)
        if found.source != source:
            raise NotResumableError(f"{path}: it was played by another source or Python; remove it to begin anew")
        if found.first != seeds.start:
            raise NotResumableError(f"{path}: it begins with seed {found.first}, not {seeds.start}; name another")
        if found.result.runs > len(seeds):
            raise NotResumableError(f"{path}: it has {found.result.runs} weeks already, more than {len(seeds)}")
        keep(path, found)
    except OSError as error:
        raise NotResumableError(f"{path}: {error.strerror}") from error
    except ValidationError as error:
        raise NotResumableError(f"{path}: is no file of an earlier run; name another") from error
    return found


def keep(path: Path, progress: Progress) -> None:
    """Write it so that whoever is killed meanwhile leaves what was there before. Raises OSError where it cannot."""
    beside = path.with_name(f".{path.name}.new")
    beside.write_bytes(FILE.dump_json(progress) + b"\n")
    beside.replace(path)


def source_now() -> str:
    """A digest of all that a week is made of, and of the Python that plays it."""
    digest = hashlib.sha256(platform.python_version().encode())
    for part in PLAYED:
        for path in sorted([ROOT / part, *(ROOT / part).rglob("*")]):
            if path.is_file() and "__pycache__" not in path.parts:
                digest.update(f"\0{path.relative_to(ROOT).as_posix()}\0".encode() + path.read_bytes())
    return digest.hexdigest()
