"""Which wheels a package is made of: those that the runtime loads, whatever machine packs them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.operate.making import PURE, make_project, make_wheel
from tidegate.operate.package import CannotPackage, build
from tidegate.operate.package.gather import gather
from tidegate.operate.package.runtimes import runtime_of

MANY = "cp310-cp310-manylinux_2_{}_x86_64"


@pytest.fixture
def wheels(tmp_path: Path) -> Path:
    """A folder for wheels."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    return folder


def taken(root: Path, wheels: Path, python: str = "3.10") -> list[str]:
    """The files of the wheels that are taken."""
    return [each.path.name for each in gather(root, runtime_of(python), wheels, None)]


def refusal(root: Path, wheels: Path, python: str = "3.10") -> str:
    """What is said of a package that cannot be built: one line."""
    with pytest.raises(CannotPackage) as caught:
        build(root, python, root / "dist", wheels)
    assert "\n" not in str(caught.value)
    assert not (root / "dist").exists()
    return str(caught.value)


@pytest.mark.parametrize("said", ["cp310-cp310-manylinux_2_{}_x86_64", "cp39-abi3-manylinux_2_{}_x86_64"])
@pytest.mark.parametrize(("python", "glibc"), [("3.10", 28), ("3.12", 31)])
def test_a_wheel_for_a_newer_glibc_than_the_runtime_has_is_refused(
    tmp_path: Path, wheels: Path, python: str, glibc: int, said: str
) -> None:
    tag = said.replace("310", python.replace(".", ""))
    root = make_project(tmp_path / "p", ["fast"], "fast==1")
    newer = make_wheel(wheels, "fast", tag=tag.format(glibc + 1))
    assert refusal(root, wheels, python) == (
        f"{newer.name} does not fit python{python}: it needs glibc 2.{glibc + 1}, and there is 2.{glibc}; "
        "`tidegate package --fetch` fetches what is missing"
    )
    fits = make_wheel(wheels, "fast", tag=tag.format(glibc))
    assert taken(root, wheels, python) == [fits.name]


@pytest.mark.parametrize(
    "tag",
    [
        "cp311-cp311-manylinux_2_17_x86_64",
        "cp311-abi3-manylinux_2_17_x86_64",
        "cp310-cp310-manylinux_2_17_aarch64",
        "cp310-cp310-musllinux_1_2_x86_64",
        "cp310-cp310-macosx_11_0_arm64",
        "cp310-cp310-win_amd64",
        "cp310-cp310-linux_x86_64",
        "py2-none-any",
    ],
)
def test_a_wheel_for_another_python_or_machine_is_refused(tmp_path: Path, wheels: Path, tag: str) -> None:
    root = make_project(tmp_path / "p", ["fast"], "fast==1")
    make_wheel(wheels, "fast", tag=tag)
    python, _, platform = tag.split("-")
    assert f"fast-1-{tag}.whl does not fit python3.10: it is for {python} on {platform}" in refusal(root, wheels)


def test_of_several_wheels_the_one_for_the_oldest_usual_glibc_is_taken(tmp_path: Path, wheels: Path) -> None:
    root = make_project(tmp_path / "p", ["fast"], "fast==1")
    for tag in (MANY.format(28), MANY.format(17), MANY.format(34), "cp312-cp312-manylinux_2_17_x86_64", PURE):
        make_wheel(wheels, "fast", tag=tag)
    assert taken(root, wheels) == [f"fast-1-{MANY.format(17)}.whl"]


def test_a_wheel_that_needs_more_than_its_name_says_is_refused(tmp_path: Path, wheels: Path) -> None:
    root = make_project(tmp_path / "p", ["fast"], "fast==1")
    make_wheel(wheels, "fast", tag=MANY.format(17), files={"fast.abi3.so": b"\x7fELF GLIBC_2.2.5 GLIBC_2.34\0"})
    assert "whatever its name says: fast.abi3.so needs glibc 2.34, and there is 2.28" in refusal(root, wheels)


def test_a_missing_wheel_is_told_in_one_line(tmp_path: Path, wheels: Path) -> None:
    root = make_project(tmp_path / "p", ["fast"], "fast==1")
    make_wheel(wheels, "fast", "2")
    assert refusal(root, wheels) == (
        f"{wheels} has no wheel of fast 1 for python3.10; `tidegate package --fetch` fetches what is missing"
    )


def test_a_wheel_that_was_cut_off_is_named(tmp_path: Path, wheels: Path) -> None:
    root = make_project(tmp_path / "p", ["fast"], "fast==1")
    path = make_wheel(wheels, "fast")
    path.write_bytes(path.read_bytes()[:-30])
    assert refusal(root, wheels).endswith(
        "fast-1-py3-none-any.whl cannot be read (File is not a zip file); delete it and fetch it again"
    )


def test_a_wheel_that_wants_another_python_is_refused(tmp_path: Path, wheels: Path) -> None:
    root = make_project(tmp_path / "p", ["fast"], "fast==1")
    make_wheel(wheels, "fast", headers="Requires-Python: >=3.11\n")
    assert "does not fit python3.10: it needs Python >=3.11" in refusal(root, wheels)
    assert taken(root, wheels, "3.12") == ["fast-1-py3-none-any.whl"]


def test_what_a_wheel_needs_is_asked_about_the_runtime_and_not_about_this_machine(tmp_path: Path, wheels: Path) -> None:
    root = make_project(
        tmp_path / "p",
        ["Top[more]>=1", "other; sys_platform == 'win32'"],
        "top==1\nold==1 ; python_version < '3.11'\nold==2 ; python_version >= '3.11'\nback==1\nextra_one==1  # why\n",
    )
    needs = ["old", "back; python_version < '3.11'", "extra-one; extra == 'more'", "never; extra == 'less'"]
    make_wheel(wheels, "top", needs=needs)
    for name, version in (("old", "1"), ("old", "2"), ("back", "1"), ("extra_one", "1")):
        make_wheel(wheels, name, version)
    assert taken(root, wheels) == [f"{each}-{PURE}.whl" for each in ("back-1", "extra_one-1", "old-1", "top-1")]
    assert taken(root, wheels, "3.12") == [f"{each}-{PURE}.whl" for each in ("extra_one-1", "old-2", "top-1")]


@pytest.mark.parametrize(
    ("pins", "said"),
    [
        ("top==1", "top needs under, which constraints.txt has no version for"),
        ("top==1\nunder==1", "top needs under>=2, and constraints.txt says under==1"),
        ("under==2", "pyproject.toml needs top, which constraints.txt has no version for"),
        ("top==1\nunder=2", "constraints.txt:2: 'under=2' is no pin"),
        ("top>=1", "constraints.txt:1: 'top>=1' is no pin such as `name==1.2`"),
    ],
)
def test_what_is_not_pinned_or_pinned_wrongly_is_refused(tmp_path: Path, wheels: Path, pins: str, said: str) -> None:
    root = make_project(tmp_path / "p", ["top"], pins)
    make_wheel(wheels, "top", needs=["under>=2"])
    make_wheel(wheels, "under")
    assert said in refusal(root, wheels)


def test_function_compute_runs_two_pythons(tmp_path: Path, wheels: Path) -> None:
    assert refusal(tmp_path, wheels, "3.11") == "Function Compute runs Python 3.10 and 3.12; it has no 3.11"
