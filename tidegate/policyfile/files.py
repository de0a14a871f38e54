"""The files that a path means: one file, or a folder of them. Nothing is read that is larger than a policy can be."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tidegate.policyfile.problems import BadPolicy, Problem

SUFFIXES = (".yaml", ".yml")
MOST_FILES = 1_000
MOST_BYTES = 4_000_000
MOST_BYTES_TOGETHER = 16_000_000


@dataclass(frozen=True)
class Source:
    """One file: what the errors call it, and what is in it."""

    file: str
    body: bytes


def sources_of(path: Path) -> list[Source]:
    """Read the file, or every YAML file of the folder in the order of their names; hidden ones and folders inside not.

    Raises BadPolicy for a folder without files, or too much of them; OSError for what cannot be read.
    """
    if not path.is_dir():
        return [Source(str(path), read_bytes(path))]
    files = sorted(each for each in path.iterdir() if each.suffix.lower() in SUFFIXES and each.name[0] != ".")
    if not files:
        raise _bad(path, f"expected at least one file *{' or *'.join(SUFFIXES)}", "folders inside are not looked into")
    if len(files) > MOST_FILES:
        raise _bad(path, f"expected at most {MOST_FILES} files, found {len(files)}")
    if odd := [each for each in files if not each.is_file()]:
        raise BadPolicy([Problem(str(each), 0, "", "expected a file", "rename what is none") for each in odd])
    return list(_within(path, files))


def read_bytes(path: Path, most: int = MOST_BYTES) -> bytes:
    """Read a file. Raises BadPolicy for one that is too large, OSError for one that cannot be read."""
    with path.open("rb") as file:
        body = file.read(most + 1)
    if len(body) > most:
        raise _bad(path, f"expected at most {most:,} bytes")
    return body


def _within(folder: Path, files: list[Path]) -> Iterator[Source]:
    left = MOST_BYTES_TOGETHER
    for file in files:
        body = read_bytes(file)
        left -= len(body)
        if left < 0:
            raise _bad(folder, f"expected files of at most {MOST_BYTES_TOGETHER:,} bytes together")
        yield Source(str(file), body)


def _bad(path: Path, expected: str, advice: str = "") -> BadPolicy:
    return BadPolicy([Problem(str(path), 0, "", expected, advice)])
