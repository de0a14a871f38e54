"""Whatever lies in a folder of wheels is packed, or refused in one line: broken, misnamed, or a bomb."""

from __future__ import annotations

import io
import shutil
import struct
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st

from tests.hostile.words import ESCAPES, TRICKS, tried
from tests.operate.making import make_project, make_wheel
from tidegate.operate.package import CannotPackage, Package, build

NAME = "fast-1-py3-none-any.whl"
PAPERS = "fast-1.dist-info"
LINES = st.sampled_from(["Requires-Dist", "Requires-Python", "Name", "Metadata-Version", "", " "])
SAID = st.one_of(
    st.text(max_size=20),
    st.sampled_from(
        [
            *ESCAPES,
            *TRICKS,
            *(
                "fast[x]",
                "fast>=2",
                "x; python_version < 'abc'",
                "x; os_name ~= 'a'",
                "x; extra == 1",
                ">=3.8",
                "==3.*",
            ),
            *("x" * 50_000, "(" * 50_000, "x; " + "(" * 5_000, "x; " + "os_name == 'a' or " * 3_000, "x @ file:///etc"),
            *("~=3", ">=" + "9" * 5_000, "<4,>3.8,!=3.9.*", "fast; implementation_name > ''", "x===$"),
        ]
    ),
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project that needs one wheel."""
    return make_project(tmp_path / "p", ["fast"], "fast==1")


@pytest.fixture
def packed(root: Path, tmp_path: Path) -> Iterator[Callable[[bytes], Package | CannotPackage]]:
    """Pack with such a wheel; gives the package, or why there is none."""
    wheels = tmp_path / "wheels"
    wheels.mkdir()

    def pack(wheel: bytes, name: str = NAME) -> Any:
        (wheels / name).write_bytes(wheel)
        found = tried(lambda: build(root, "3.10", tmp_path / "dist", wheels), CannotPackage)
        assert isinstance(found, (Package, CannotPackage)), found
        assert len(str(found)) < 20_000
        assert isinstance(found, Package) or "\n" not in str(found)
        return found

    yield pack
    shutil.rmtree(wheels)


def wheel_of(files: dict[str, bytes], metadata: bytes = b"Name: fast\nVersion: 1\n") -> bytes:
    """A wheel with these files."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in {**files, f"{PAPERS}/METADATA": metadata}.items():
            archive.writestr(name, body)
    return out.getvalue()


def test_any_papers_of_a_wheel_are_read_or_refused(packed: Any, tries: Any, soon: Any) -> None:
    def check(lines: list[tuple[str, str]]) -> None:
        text = "Name: fast\nVersion: 1\n" + "".join(f"{name}: {said}\n" for name, said in lines)
        with soon():
            packed(wheel_of({"fast.py": b""}, text.encode("utf-8", "surrogatepass")))

    tries(150, check, lines=st.lists(st.tuples(LINES, SAID), max_size=3))
    packed(wheel_of({}, b"\xff\xfe\x00"))


@pytest.mark.parametrize("said", ["x" * 50_000, "fast" + ",".join([">=2"] * 10_000), "x" * 50_000 + "; extra ~= 'a'"])
def test_what_a_wheel_asks_for_at_length_is_told_in_short(packed: Any, said: str) -> None:
    refused = packed(wheel_of({"fast.py": b""}, f"Name: fast\nVersion: 1\nRequires-Dist: {said}\n".encode()))
    assert isinstance(refused, CannotPackage)
    assert len(str(refused)) < 500


def test_any_byte_of_a_wheel_may_be_another(packed: Any, tmp_path: Path, tries: Any) -> None:
    good = make_wheel(
        tmp_path / "good", "fast", files={"fast.py": b"x = 1\n" * 50, "fast.so": b"GLIBC_2.17"}
    ).read_bytes()
    assert isinstance(packed(good), Package)

    def check(at: int, byte: int, cut: int) -> None:
        changed = bytearray(good)
        changed[at % len(good)] = byte
        packed(bytes(changed[: len(good) - cut]))

    tries(250, check, at=st.integers(0, len(good)), byte=st.integers(0, 255), cut=st.sampled_from([0, 0, 0, 1, 30]))


@pytest.mark.parametrize(
    "name", ["../evil.py", "/etc/evil.py", "a/../../evil.py", "a\\..\\evil.py", "fast-1.data/purelib/../../e.py"]
)
def test_a_file_of_a_wheel_that_would_lie_elsewhere_is_refused(packed: Any, name: str) -> None:
    assert isinstance(packed(wheel_of({name: b"x"})), CannotPackage)


@pytest.mark.parametrize("name", ["fast.so", "fast.py", f"{PAPERS}/LICENSE"])
def test_a_wheel_that_is_a_bomb_is_refused_before_it_is_read(packed: Any, soon: Any, name: str) -> None:
    """It says itself how large its files are."""
    body = bytearray(wheel_of({name: b"\0" * 1_000_000}))
    for at in range(len(body) - 4):
        if body[at : at + 4] == b"PK\1\2" and struct.unpack("<I", body[at + 24 : at + 28])[0] == 1_000_000:
            body[at + 24 : at + 28] = struct.pack("<I", 3_000_000_000)
    with soon():
        refused = packed(bytes(body))
    assert isinstance(refused, CannotPackage)
    assert "MB" in str(refused)


def test_of_a_wheel_that_lies_about_its_size_no_more_is_unpacked_than_it_says(packed: Any) -> None:
    body = bytearray(wheel_of({"fast.so": b"\0" * 30_000_000}))
    for at in range(len(body) - 4):
        for sign, place in ((b"PK\1\2", 24), (b"PK\3\4", 22)):
            told = body[at + place : at + place + 4]
            if body[at : at + 4] == sign and struct.unpack("<I", told)[0] == 30_000_000:
                body[at + place : at + place + 4] = struct.pack("<I", 1_000)
    tracemalloc.start()
    try:
        assert isinstance(packed(bytes(body)), CannotPackage)
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("name", ["x.whl", "fast-1.whl", "fast-abc-py3-none-any.whl", "-.whl"])
def test_a_wheel_by_any_other_name_is_told(packed: Any, name: str) -> None:
    assert isinstance(packed(wheel_of({}), name), CannotPackage)


@pytest.mark.parametrize(
    "pins", ["fast==1.*", "fast==abc", "fast===x", "fast @ file:///x", "==1", "fast==1; x", "fast==1 \\"]
)
def test_a_pin_that_is_none_is_refused(tmp_path: Path, pins: str) -> None:
    root = make_project(tmp_path / "p", ["fast"], pins)
    make_wheel(tmp_path / "wheels", "fast")
    assert isinstance(tried(lambda: build(root, "3.10", tmp_path, tmp_path / "wheels"), CannotPackage), CannotPackage)
