"""Where a function's code is kept: the zip in the drawer, unpacked once into a folder that workers run from.

Code is unpacked when it comes, so that a broken zip is refused. What this process has unpacked before is sound, and
waits until a worker needs it. Workers leave the bytecode of what they import beside it, as Python does: the next one
need not compile it, nor those of another cloud with the same code.
"""

from __future__ import annotations

import base64
import binascii
import io
import os
import re
import shutil
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterable, Mapping, MutableMapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from importlib.machinery import EXTENSION_SUFFIXES
from importlib.util import cache_from_source
from pathlib import Path
from typing import Any

from localcloud.fc.function import invalid
from localcloud.oss.crc64 import crc64

MOST_UNPACKED_BYTES = 500 * 1024 * 1024
HERE = f"{sys.version_info[0]}.{sys.version_info[1]}"
LOADED = (*EXTENSION_SUFFIXES, ".py")
_BUILT = re.compile(r"(?P<module>.+)\.cpython-3\d+-[\w-]+\.so")
"""A compiled module that one Python alone loads."""

CodeStore = Callable[[str, str], "bytes | None"]
"""Gives an object's bytes by bucket and key, or None where there is none: the cloud's OSS."""


@dataclass(frozen=True)
class Package:
    """A function's code: its CRC-64 as the vendor writes it, and its size in bytes."""

    checksum: str
    size: int


_checksum = lru_cache(maxsize=1)(crc64)
"""All functions of a deployment have the same code, which comes with each of them."""
_sound: dict[str, Path] = {}
"""Where code was unpacked last, by its checksum, by whatever cloud of this process."""


class CodeShelf:
    """Keeps code by its checksum."""

    def __init__(self, drawer: MutableMapping[str, Any], workdir: Path, code_store: CodeStore) -> None:
        self._drawer, self._workdir, self._code_store = drawer, workdir, code_store

    def keep(self, code: Mapping[str, Any] | None) -> Package:
        """Take the code that a Create or Update call brings or points to, and unpack it."""
        body = self._fetch(code or {})
        package = Package(_checksum(body), len(body))
        if (said := (code or {}).get("checksum")) and str(said) != package.checksum:
            raise invalid(f"code checksum is {package.checksum}, not {said}")
        if package.checksum not in _sound:
            self._unpack(body, package.checksum)
        if (key := f"code/{package.checksum}") not in self._drawer:
            self._drawer[key] = base64.b64encode(body).decode()
        return package

    def folder(self, checksum: str) -> Path:
        """Give the folder with the unpacked code; unpack it where it is not there yet, or was lost."""
        if not (folder := self._workdir / "code" / checksum).is_dir():
            self._unpack(base64.b64decode(self._drawer[f"code/{checksum}"]), checksum)
        return folder

    def _fetch(self, code: Mapping[str, Any]) -> bytes:
        if text := code.get("zipFile"):
            try:
                return base64.b64decode(text, validate=True)
            except (binascii.Error, ValueError) as error:
                raise invalid("code.zipFile is not base64") from error
        bucket, key = code.get("ossBucketName"), code.get("ossObjectName")
        if not bucket or not key:
            raise invalid("code needs zipFile, or ossBucketName and ossObjectName")
        body = self._code_store(bucket, key)
        if body is None:
            raise invalid(f"code object oss://{bucket}/{key} does not exist")
        return body

    def _unpack(self, body: bytes, checksum: str) -> None:
        folder = self._workdir / "code" / checksum
        if folder.is_dir():
            return
        draft = folder.with_suffix(".draft")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(parents=True)
        try:
            with zipfile.ZipFile(io.BytesIO(body)) as archive:
                if sum(each.file_size for each in archive.infolist()) > MOST_UNPACKED_BYTES:
                    raise invalid(f"code is over {MOST_UNPACKED_BYTES} bytes when it is unpacked")
                if stranger := built_for_another(archive.namelist()):
                    raise invalid(
                        f"localcloud runs functions in its own Python, {HERE}, and cannot load {stranger}: put the "
                        "code alone, without libraries, which functions take from here (see docs/localcloud.md)"
                    )
                archive.extractall(draft)
                if checksum in _sound:
                    with suppress(OSError):
                        _take_bytecode(_sound[checksum], draft, archive.namelist())
        except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, zlib.error) as error:
            raise invalid("code is not a zip file that can be read") from error
        except OSError as error:
            raise invalid(f"code cannot be unpacked: {error.strerror}") from error
        draft.rename(folder)
        _sound[checksum] = folder


def _take_bytecode(before: Path, now: Path, names: Sequence[str]) -> None:
    """Take over what Python compiled where the same code was unpacked before; it goes by a file's time and length."""
    for source in (Path(name) for name in names if name.endswith(".py")):
        compiled = Path(cache_from_source(str(source)))
        if (before / compiled).is_file() and (before / source).read_bytes() == (now / source).read_bytes():
            at = (before / source).stat().st_mtime
            os.utime(now / source, (at, at))
            (now / compiled).parent.mkdir(exist_ok=True)
            shutil.copyfile(before / compiled, now / compiled)


def built_for_another(names: Iterable[str]) -> str:
    """The first compiled module that was built for another Python, and for this one not as well; empty if none was.

    The vendor takes it, as it knows Python's versions, and here each call of the function would fail.
    """
    there = set(names)
    for name in sorted(there):
        built = _BUILT.fullmatch(name)
        if built and not any(built["module"] + suffix in there for suffix in LOADED):
            return name
    return ""
