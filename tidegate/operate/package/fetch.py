"""Fetching wheels for a runtime with pip, from wherever pip is set up to fetch."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from packaging.utils import parse_wheel_filename

from tidegate.operate.package.faults import CannotFetch, CannotPackage
from tidegate.operate.package.gather import Version
from tidegate.operate.package.runtimes import Runtime

_NOT_FOUND = re.compile(r"No matching distribution found for ([A-Za-z0-9._-]+)==")
QUIET = ("--quiet", "--disable-pip-version-check", "--no-deps", "--no-input")


@dataclass(frozen=True)
class Pip:
    """Fetches into a folder. `options` are passed on to pip; `say` hears what goes on."""

    runtime: Runtime
    wheelhouse: Path
    say: Callable[[str], None] = lambda _: None
    options: Sequence[str] = ()

    def __call__(self, wanted: Sequence[Version]) -> None:
        """Fetch the wheels of some versions; build those that only come as pure Python source."""
        self.wheelhouse.mkdir(parents=True, exist_ok=True)
        self.say(f"fetching {', '.join(f'{name} {version}' for name, version in sorted(wanted))}")
        waiting = dict(wanted)
        while waiting:
            said = self._download(waiting)
            if said is None:
                return
            # pip fetches all or nothing, and names the first that has no wheel.
            missing = _NOT_FOUND.search(said)
            name = missing.group(1) if missing else ""
            if name not in waiting:
                raise CannotFetch(f"pip could not fetch {', '.join(waiting)}: {_last_line(said)}")
            self._build(name, waiting.pop(name), _last_line(said))

    def _download(self, wanted: dict[str, str]) -> str | None:
        """Give None, or what pip says if it cannot fetch all of them."""
        target = ["--only-binary=:all:", "--implementation=cp", f"--python-version={self.runtime.python}"]
        target += [f"--abi={abi}" for abi in self.runtime.abis]
        target += [f"--platform={platform}" for platform in self.runtime.platforms]
        return self._pip("download", *target, f"--dest={self.wheelhouse}", *map("==".join, wanted.items()))

    def _build(self, name: str, version: str, why: str) -> None:
        """Build a wheel from source; only one of pure Python is the same everywhere."""
        self.say(f"building {name} {version}, which has no wheel that fits")
        with tempfile.TemporaryDirectory() as folder:
            said = self._pip("wheel", f"--no-binary={name}", f"--wheel-dir={folder}", f"{name}=={version}")
            built = next(Path(folder).glob("*.whl"), None)
            if said is not None or built is None:
                raise CannotPackage(f"no wheel of {name} {version} fits {self.runtime.name}, and none was built: {why}")
            tags = parse_wheel_filename(built.name)[3]
            if not any(tag.abi == "none" and tag.platform == "any" for tag in tags):
                raise CannotPackage(
                    f"no wheel of {name} {version} fits {self.runtime.name}, and it is not pure Python, so it cannot "
                    f"be built here; put a wheel of it into {self.wheelhouse}"
                )
            (self.wheelhouse / built.name).write_bytes(built.read_bytes())

    def _pip(self, verb: str, *arguments: str) -> str | None:
        command = [sys.executable, "-m", "pip", verb, *QUIET, *self.options, *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own arguments
        return None if done.returncode == 0 else done.stderr


def _last_line(said: str) -> str:
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("ERROR")]
    return (errors or lines or ["pip said nothing"])[-1]
