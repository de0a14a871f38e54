"""The package: the same files give the same bytes, nothing is in it that no function runs, and all that is runs."""

from __future__ import annotations

import ast
import hashlib
import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath

import pytest

from localcloud.oss.crc64 import crc64 as crc64_of_localcloud
from tests.operate.making import make_project, make_wheel
from tidegate.cli import main
from tidegate.operate.package import CannotPackage, Package, build, project_root
from tidegate.operate.package.build import MB, MOST_BYTES, check_size, crc64
from tidegate.operate.package.contents import NOT_OWN, of_project, of_wheel
from tidegate.operate.package.runtimes import RUNTIMES
from tidegate.operate.package.wheels import Wheel

ROOT = project_root()
PYTHONS = sorted(RUNTIMES)
IMPORTS = """
import importlib, json, pathlib, sys
folder = sys.argv[1]
sys.path.insert(0, folder)
names = [path.stem for path in sorted(pathlib.Path(folder, "functions").glob("*.py")) if path.stem != "__init__"]
doors = [name for name in names if callable(importlib.import_module("functions." + name).handler)]
for path in sorted(pathlib.Path(folder, "tidegate").rglob("*.py")):
    importlib.import_module(".".join(path.relative_to(folder).with_suffix("").parts).removesuffix(".__init__"))

# What functions load only once they need it.
import aliyunsdkcore.client, alibabacloud_oss_v2, apprise, dateutil.rrule, holidays, zoneinfo
zoneinfo.reset_tzpath(())
zoneinfo.ZoneInfo("Asia/Shanghai")
calendar = len(holidays.country_holidays("CN", years=2026))
channels = apprise.Apprise()
added = channels.add(["json://localhost", "dingtalk://abcd1234/", "feishu://abcd1234abcd", "wecombot://abcd1234abcd"])
places = [getattr(module, "__file__", None) or folder for name, module in sys.modules.items() if name != "__main__"]
outside = [place for place in places if not place.startswith((folder, sys.base_prefix, sys.base_exec_prefix))]
print(json.dumps({"doors": doors, "calendar": calendar, "channels": added, "outside": outside}))
"""


def interpreter(python: str) -> str | None:
    """An interpreter of a version: this one, one on the path, or one that pyenv keeps."""
    kept = sorted(Path("~/.pyenv/versions").expanduser().glob(f"{python}.*/bin/python"))
    on_path = shutil.which(f"python{python}")
    for each in (sys.executable, on_path, *map(str, kept)):
        asked = [str(each), "-I", "-S", "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
        if each and subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip() == python:
            return each
    return None


@pytest.mark.once
@pytest.mark.parametrize("python", PYTHONS)
def test_every_handler_is_imported_by_a_clean_interpreter_from_the_unpacked_package(
    built: Callable[[str], Package], tmp_path: Path, python: str
) -> None:
    """And all that they import later. Nothing is loaded from anywhere else, and nothing is written into the package."""
    found = interpreter(python)
    if found is None:
        pytest.skip(f"there is no Python {python} here")
    with zipfile.ZipFile(built(python).path) as archive:
        archive.extractall(tmp_path)
    # Isolated, without site-packages: there is this folder and the standard library.
    command = [found, "-I", "-S", "-B", "-c", IMPORTS, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    doors = sorted(path.stem for path in (ROOT / "functions").glob("*.py") if path.stem != "__init__")
    assert said["doors"] == doors
    assert said["calendar"] > 5
    assert said["channels"] is True
    assert said["outside"] == []


@pytest.mark.once
@pytest.mark.parametrize("python", PYTHONS)
def test_a_package_holds_nothing_that_no_function_runs(built: Callable[[str], Package], python: str) -> None:
    package = built(python)
    with zipfile.ZipFile(package.path) as archive:
        entries = archive.infolist()
        names = [entry.filename for entry in entries]
        assert sum(entry.file_size for entry in entries) == package.unpacked
    assert names == sorted(set(names))
    tops = {PurePosixPath(name).parts[0] for name in names}
    assert {"functions", "tidegate", "pydantic", "aliyunsdkcore", "alibabacloud_oss_v2", "tzdata"} <= tops
    assert not {"localcloud", "tests", "benchmarks", "docs", "typer", "rich", "pytest", "fc2", "icalendar"} & tops
    parts = {part for name in names for part in PurePosixPath(name).parts}
    assert not parts & {"tests", "test", "SelfTest", "__pycache__", "RECORD", "INSTALLER", "WHEEL", "direct_url.json"}
    assert not [name for name in names if name.endswith((".pyc", ".pyi", ".c", ".h", ".pth"))]
    assert not [name for name in names if name.startswith(NOT_OWN)]
    assert {(entry.date_time, entry.external_attr >> 16, entry.create_system) for entry in entries} == {
        ((1980, 1, 1, 0, 0, 0), 0o100644, 3)
    }


@pytest.mark.once
def test_a_package_is_described_as_it_is(built: Callable[[str], Package]) -> None:
    package = built("3.12")
    body = package.path.read_bytes()
    assert (package.path.name, package.runtime) == ("tidegate-python3.12.zip", "python3.12")
    assert package.sha256 == hashlib.sha256(body).hexdigest()
    assert (package.size, package.warnings) == (len(body), ())
    assert package.size < 30 * MB
    assert sum(each.size for each in package.distributions) == package.unpacked
    assert package.distributions[0].name == "tidegate"
    assert {"pydantic", "holidays", "cryptography"} <= {each.name for each in package.distributions}


@pytest.mark.once
def test_the_same_files_give_the_same_bytes(
    wheelhouse: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Once by the command line, once by another copy whose files have other times, modes and neighbours."""
    copy = tmp_path / "copy"
    before = os.umask(0o077)
    try:
        for name in ("functions", "tidegate"):
            shutil.copytree(ROOT / name, copy / name, copy_function=shutil.copyfile)
        for name in ("pyproject.toml", "constraints.txt"):
            shutil.copyfile(ROOT / name, copy / name)
        (copy / "tidegate" / ".hidden.py").write_text("x")
        (copy / "functions" / "notes.txt").write_text("x")
        (copy / "functions" / "look.py~").write_text("x")
        (copy / "tidegate" / "cli" / "more.py").write_text("x = 1\n")
        (copy / "functions" / "__pycache__").mkdir(exist_ok=True)
        (copy / "functions" / "__pycache__" / "x.pyc").write_bytes(b"x")
        for path in copy.rglob("*"):
            os.utime(path, (1_000_000_000, 1_000_000_000))
        other = build(copy, "3.10", tmp_path / "other", wheelhouse)
    finally:
        os.umask(before)
    arguments = ["package", "--python", "3.10", "--out", str(tmp_path), "--wheelhouse", str(wheelhouse), "--json"]
    assert main(arguments) == 0
    said = json.loads(capsys.readouterr().out)
    assert [each["sha256"] for each in said] == [other.sha256]
    assert (tmp_path / "tidegate-python3.10.zip").read_bytes() == other.path.read_bytes()
    assert {"runtime", "path", "crc64", "size", "unpacked", "distributions", "warnings"} <= said[0].keys()


def imported(place: str, source: bytes) -> Iterator[str]:
    """The modules that a file imports, at once or later."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, place
            yield from (node.module or "", *(f"{node.module}.{each.name}" for each in node.names))


def test_what_is_packed_imports_nothing_that_is_left_out() -> None:
    """Neither at once nor later, so that it cannot be missed in a function."""
    left_out = tuple(name.replace("/", ".") for name in NOT_OWN)
    found = []
    for place, source in of_project(ROOT):
        if place.endswith(".py"):
            names = set(imported(place, source))
            found += [(place, name) for name in names if any(f"{name}.".startswith(f"{each}.") for each in left_out)]
            found += [(place, name) for name in names if name.partition(".")[0] in {"localcloud", "tests"}]
    assert found == []


def test_of_a_wheel_goes_in_what_is_loaded_and_its_licence(tmp_path: Path) -> None:
    """Of its papers only name and version are kept: the rest differs with the tool that built it."""
    files = {
        "fast/__init__.py": b"x = 1\n",
        "fast/words.json": b"{}",
        "fast/fast.abi3.so": b"\x7fELF",
        "fast/fast.pyi": b"x: int\n",
        "fast/fast.c": b"",
        "fast/tests/test_fast.py": b"",
        "fast/__pycache__/x.cpython-310.pyc": b"",
        "fast-1.data/purelib/more.py": b"y = 2\n",
        "fast-1.data/scripts/fast": b"#!python\n",
        "fast-1.dist-info/licenses/LICENSE": b"MIT",
        "fast-1.dist-info/COPYING.txt": b"MIT",
        "fast-1.dist-info/entry_points.txt": b"[console_scripts]\n",
    }
    path = make_wheel(tmp_path, "fast", files=files)
    packed = dict(of_wheel(Wheel(path, "fast", "1")))
    kept = ["fast/__init__.py", "fast/words.json", "fast/fast.abi3.so"]
    papers = ["fast-1.dist-info/licenses/LICENSE", "fast-1.dist-info/COPYING.txt"]
    assert packed == {
        **{name: files[name] for name in kept + papers},
        "more.py": b"y = 2\n",
        "fast-1.dist-info/METADATA": b"Metadata-Version: 2.1\nName: fast\nVersion: 1\n",
    }


def test_two_wheels_that_want_the_same_place_are_refused(tmp_path: Path) -> None:
    root = make_project(tmp_path / "p", ["one", "two"], "one==1\ntwo==1\n")
    wheels = tmp_path / "wheels"
    make_wheel(wheels, "one", files={"shared.py": b"x = 1\n", "same.py": b""})
    make_wheel(wheels, "two", files={"shared.py": b"x = 2\n", "same.py": b""})
    with pytest.raises(CannotPackage, match=r"one and two both have shared\.py, and not the same"):
        build(root, "3.10", tmp_path / "dist", wheels)


def test_a_package_is_refused_over_the_limit_and_warned_of_below_it() -> None:
    assert check_size(17 * MB) == ()
    assert check_size(80 * MB) == (
        "80 MB are too much for one call of the API; the package can only be given in a bucket",
    )
    assert check_size(MOST_BYTES) != ()
    with pytest.raises(CannotPackage, match="the package has 501 MB, and Function Compute takes 500 at most"):
        check_size(501 * MB)


def test_the_checksum_is_the_one_that_oss_gives() -> None:
    assert crc64(b"123456789") == crc64_of_localcloud(b"123456789") == str(0x995DC9BBDF1939FA)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--python", "3.11"], "Function Compute runs Python 3.10 and 3.12; it has no 3.11"),
        (["--wheelhouse", "nowhere"], "nowhere has no wheel of "),
    ],
)
def test_a_mistake_on_the_command_line_is_told_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], told: str
) -> None:
    assert main(["package", "--out", str(tmp_path / "dist"), *arguments]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith(f"tidegate: {told}")
    assert said.err.count("\n") == 1


def test_only_fetching_says_what_is_there(wheelhouse: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is missing after the set-up, so nothing is fetched."""
    assert main(["package", "--fetch", "--json"]) == 0
    assert set(json.loads(capsys.readouterr().out)) == set(PYTHONS)
