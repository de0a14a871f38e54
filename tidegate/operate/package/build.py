"""One zip for each Python that Function Compute runs: the same files give the same bytes."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tidegate.operate.package.contents import Entry, of_project, of_wheel, together
from tidegate.operate.package.faults import CannotPackage
from tidegate.operate.package.fetch import Pip
from tidegate.operate.package.gather import gather
from tidegate.operate.package.project import FUNCTIONS
from tidegate.operate.package.runtimes import runtime_of
from tidegate.operate.package.wheels import Wheel

WHEELHOUSE = ".wheels"
MB = 1024 * 1024
MOST_BYTES = 500 * MB
"""The largest zip that a function's code may be in OSS (the vendor's page of limits of Function Compute 3.0)."""
MOST_IN_A_CALL = 100 * MB
"""The largest that an API call takes, in Base64, which makes four bytes of three (the same page)."""
ITSELF = "tidegate"
_TIME = (1980, 1, 1, 0, 0, 0)
"""The earliest that a zip can say; a file's own time would differ from one checkout to the next."""
_UNIX, _FILE, _LEVEL = 3, 0o100644, 6


@dataclass(frozen=True)
class Distribution:
    """One part of a package: a wheel, or Tidegate itself. `size` is in bytes, unpacked."""

    name: str
    version: str
    size: int
    wheel: str


@dataclass(frozen=True)
class Package:
    """A package that was built. Sizes are in bytes; `crc64` is what a function's Code.Checksum is compared with."""

    path: Path
    python: str
    sha256: str
    crc64: str
    size: int
    unpacked: int
    distributions: tuple[Distribution, ...]
    warnings: tuple[str, ...] = ()

    @property
    def runtime(self) -> str:
        """What a function's Runtime must be for it."""
        return runtime_of(self.python).name


def build(
    root: Path,
    python: str,
    out: Path,
    wheelhouse: Path | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> Package:
    """Build the package of a project for one Python (`3.10`, `3.12`) and put it into the folder `out`.

    Wheels come from `wheelhouse`, and from nowhere else. Unless one is given they come from `.wheels` in the project,
    where those that are missing are fetched to. Raises CannotPackage, and CannotFetch.
    """
    runtime = runtime_of(python)
    wheels = gather(root, runtime, wheelhouse, None) if wheelhouse else fetch_wheels(root, python, say=say)
    say(f"packing {len(wheels)} distributions")
    parts: dict[str, list[Entry]] = {
        ITSELF: list(of_project(root)),
        **{each.name: list(of_wheel(each)) for each in wheels},
    }
    files = together((name, iter(entries)) for name, entries in parts.items())
    _check_doors(files)
    body = zipped(files)
    warnings = check_size(len(body))
    sizes = {name: sum(len(content) for _, content in entries) for name, entries in parts.items()}
    path = _put(out / f"tidegate-{runtime.name}.zip", body)
    return Package(
        path=path,
        python=python,
        sha256=hashlib.sha256(body).hexdigest(),
        crc64=crc64(body),
        size=len(body),
        unpacked=sum(map(len, files.values())),
        distributions=tuple(_described(wheels, sizes)),
        warnings=warnings,
    )


def fetch_wheels(
    root: Path, python: str, wheelhouse: Path | None = None, say: Callable[[str], None] = lambda _: None
) -> list[Wheel]:
    """Put every wheel that a package is made of into a folder, `.wheels` unless given. Those that are there stay."""
    runtime, folder = runtime_of(python), wheelhouse or root / WHEELHOUSE
    return gather(root, runtime, folder, Pip(runtime, folder, say))


def zipped(files: Mapping[str, bytes]) -> bytes:
    """Give a zip of some files that depends on nothing but them: sorted, at one time, for everybody to read."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for place in sorted(files):
            entry = zipfile.ZipInfo(place, _TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = _UNIX
            entry.external_attr = _FILE << 16
            archive.writestr(entry, files[place], compresslevel=_LEVEL)
    return out.getvalue()


def check_size(size: int) -> tuple[str, ...]:
    """Refuse a zip that Function Compute does not take; give what is worth knowing of one that it does."""
    if size > MOST_BYTES:
        raise CannotPackage(
            f"the package has {size / MB:.0f} MB, and Function Compute takes {MOST_BYTES // MB} at most"
        )
    if size * 4 / 3 > MOST_IN_A_CALL:
        return (f"{size / MB:.0f} MB are too much for one call of the API; the package can only be given in a bucket",)
    return ()


def crc64(body: bytes) -> str:
    """Give the checksum that OSS and Function Compute compare with: CRC-64/ECMA-182, as a decimal number."""
    import crcmod  # noqa: PLC0415 - only here

    return str(crcmod.mkCrcFun(0x142F0E1EBA9EA3693, initCrc=0, xorOut=0xFFFFFFFFFFFFFFFF, rev=True)(body))


def _check_doors(files: Mapping[str, bytes]) -> None:
    if f"{FUNCTIONS}/__init__.py" not in files:
        raise CannotPackage(f"there are no {FUNCTIONS} here to pack")


def _described(wheels: list[Wheel], sizes: Mapping[str, int]) -> Iterator[Distribution]:
    from tidegate import __version__  # noqa: PLC0415 - only here

    yield Distribution(ITSELF, __version__, sizes[ITSELF], "")
    for wheel in wheels:
        yield Distribution(wheel.name, wheel.version, sizes[wheel.name], wheel.path.name)


def _put(path: Path, body: bytes) -> Path:
    """Write the zip, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_suffix(".half")
    half.write_bytes(body)
    return half.replace(path)
