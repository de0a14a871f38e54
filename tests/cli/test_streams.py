"""Whatever standard output and standard error are, a command ends in clear words: each in a process of its own."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Office

TIDEGATE = shlex.join([sys.executable, "-m", "tidegate.cli"])
PLAYED = shlex.quote(str(Path(__file__).parents[2] / "examples" / "alert-only"))
FULL = "tidegate: standard output cannot be written, so not all was told: No space left on device\n"


def shell(line: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a line of a shell."""
    words = ["env", *(f"{name}={value}" for name, value in variables.items()), "bash", "-c", line]
    return subprocess.run(words, capture_output=True, text=True, check=False, timeout=120)


@pytest.fixture
def named(office: Office) -> Office:
    """An office whose push was made by somebody whose name is in no small alphabet."""
    assert office.run("policy", "push", str(office.file), "--as", "李雷 🙂").code == 0
    return office


@pytest.mark.parametrize("command", ["--help", "policy show", "policy show --json", "policy show orders-mq"])
@pytest.mark.parametrize("buffered", ["", "1"])
def test_an_output_that_takes_nothing_is_told_in_one_line(office: Office, command: str, buffered: str) -> None:
    """A full disk."""
    office.push()
    done = shell(f"{TIDEGATE} {command} >/dev/full", PYTHONUNBUFFERED=buffered)
    assert (done.returncode, done.stderr) == (1, FULL)


@pytest.mark.parametrize(
    "command",
    ["demo", "demo --help", "local up", "local up --empty --quiet", "local up --help", f"local play {PLAYED}"],
)
@pytest.mark.parametrize("buffered", ["", "1"])
def test_a_cloud_on_this_machine_tells_it_in_one_line_as_well(command: str, buffered: str) -> None:
    done = shell(f"{TIDEGATE} {command} >/dev/full", PYTHONUNBUFFERED=buffered)
    assert (done.returncode, done.stderr.splitlines(keepends=True)[-1:]) == (1, [FULL.removeprefix("tidegate: ")])
    assert "Traceback" not in done.stderr


def test_a_mistake_stays_one_where_standard_output_takes_nothing() -> None:
    done = shell(f"{TIDEGATE} local up --speed never >/dev/full")
    assert done.returncode == 2
    assert done.stderr.endswith("argument --speed: 'never' is no number\n")


def test_a_cloud_without_a_standard_output_is_not_begun() -> None:
    done = shell(f"{shlex.join([sys.executable, '-m', 'localcloud', 'up'])} >&-")
    told = "standard output is closed, so nothing could be told, and nothing was done\n"
    assert (done.returncode, done.stdout, done.stderr) == (1, "", told)


@pytest.mark.parametrize("kind", ["", "--json"])
def test_much_that_cannot_be_written_is_told_in_one_line(office: Office, kind: str) -> None:
    """More than a buffer holds: it is written at once, and nothing is left to be written at the end."""
    one = {"product": "apigateway", "region": "cn-hangzhou", "ladder": ["api.s1.small", "api.s1.medium"]}
    many = {f"edge-gateway-{n:04}": {**one, "instance_id": f"apigateway-cn-{n:08}"} for n in range(600)}
    office.file.write_text(json.dumps({"version": 1, "timezone": "UTC", "instances": many}))
    assert len(shell(f"{TIDEGATE} permissions --policy {office.file} {kind}").stdout) > 1 << 15
    done = shell(f"{TIDEGATE} permissions --policy {office.file} {kind} >/dev/full")
    assert (done.returncode, done.stderr) == (1, FULL)


def test_without_a_standard_output_nothing_is_done(office: Office) -> None:
    done = shell(f"{TIDEGATE} policy push {office.file} >&-")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "tidegate: standard output is closed, so nothing could be told, and nothing was done\n"
    assert not office.db.exists()


@pytest.mark.parametrize("where", ["2>&-", "2>/dev/full"])
def test_a_mistake_that_cannot_be_told_is_one_all_the_same(office: Office, where: str) -> None:
    done = shell(f"{TIDEGATE} history nobody {where}")
    assert (done.returncode, done.stdout, done.stderr) == (2, "", "")


@pytest.mark.parametrize("reader", ["head -c 1", "true"])
@pytest.mark.parametrize("buffered", ["", "1"])
def test_a_reader_who_has_had_enough_is_told_nothing(named: Office, reader: str, buffered: str) -> None:
    done = shell(f"{TIDEGATE} policy show --json | {reader}", PYTHONUNBUFFERED=buffered)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_a_terminal_of_another_alphabet_shows_what_it_can(named: Office, encoding: str) -> None:
    done = shell(f"{TIDEGATE} policy show; {TIDEGATE} history 李雷", PYTHONIOENCODING=encoding)
    assert done.returncode == 2
    assert done.stderr.startswith("tidegate: the policy has no instance `\\u674e\\u96f7`; it has ")
    assert "\\u674e\\u96f7 \\U0001f642 (" in done.stdout


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_json_is_json_in_every_encoding(named: Office, encoding: str) -> None:
    done = shell(f"{TIDEGATE} policy show --json", PYTHONIOENCODING=encoding)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["by"].startswith("李雷 🙂 (")
