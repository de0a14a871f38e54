"""What Function Compute runs Python on, and so which wheels it can load."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from packaging.tags import Tag, compatible_tags, cpython_tags

from tidegate.operate.package.faults import CannotPackage

COMMON_GLIBC = 17
"""manylinux2014: built for so old a glibc, a wheel runs anywhere. Preferred where there is a choice."""
OLDEST_GLIBC = 5
_OLD_NAMES = {17: "manylinux2014", 12: "manylinux2010", 5: "manylinux1"}


@dataclass(frozen=True)
class Runtime:
    """One of Function Compute's built-in Pythons; `glibc` is the minor version of its glibc 2."""

    python: str
    glibc: int

    @property
    def name(self) -> str:
        """What a function's Runtime is called."""
        return f"python{self.python}"

    @property
    def version(self) -> tuple[int, int]:
        """The version in numbers."""
        major, minor = self.python.split(".")
        return int(major), int(minor)

    @property
    def abis(self) -> list[str]:
        """The ABIs that its extensions may be built for."""
        return [f"cp{self.python.replace('.', '')}", "abi3", "none"]

    @property
    def platforms(self) -> list[str]:
        """The platform tags that it can load, the one to take first comes first."""
        versions = [*range(COMMON_GLIBC, OLDEST_GLIBC - 1, -1), *range(COMMON_GLIBC + 1, self.glibc + 1)]
        names = [name for minor in versions for name in (f"manylinux_2_{minor}", _OLD_NAMES.get(minor)) if name]
        return [f"{name}_x86_64" for name in names]

    def tags(self) -> Iterator[Tag]:
        """Every tag of a wheel that it can load, the one to take first comes first."""
        yield from cpython_tags(self.version, self.abis, self.platforms)
        yield from compatible_tags(self.version, f"cp{self.python.replace('.', '')}", self.platforms)

    def environment(self, extra: str = "") -> Mapping[str, str]:
        """What a requirement's marker is asked about; the machine that packs is another one."""
        full = f"{self.python}.0"
        return {
            "extra": extra,
            "implementation_name": "cpython",
            "implementation_version": full,
            "os_name": "posix",
            "platform_machine": "x86_64",
            "platform_python_implementation": "CPython",
            "platform_release": "",
            "platform_system": "Linux",
            "platform_version": "",
            "python_full_version": full,
            "python_version": self.python,
            "sys_platform": "linux",
        }


# Fact fc 1.2: python3.10 is on Debian 10, whose glibc is 2.28; python3.12 on Debian 11, with 2.31. Both are x86_64.
RUNTIMES = {each.python: each for each in (Runtime("3.10", 28), Runtime("3.12", 31))}


def runtime_of(python: str) -> Runtime:
    """Give the runtime of a Python, named as `3.10`."""
    if python not in RUNTIMES:
        raise CannotPackage(f"Function Compute runs Python {' and '.join(RUNTIMES)}; it has no {python}")
    return RUNTIMES[python]
