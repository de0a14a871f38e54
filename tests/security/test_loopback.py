"""localcloud as a person starts it: nobody else's machine reaches it, and it gets nothing that is worth having."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from select import select
from typing import Any

import pytest
import requests

from localcloud.fc.environment import BASE

pytestmark = [
    pytest.mark.once,
    pytest.mark.skipif(not Path("/proc/self/net/tcp").exists(), reason="what listens is read from /proc"),
]
ROOT = Path(__file__).parents[2]
CALLBACK = ROOT / "examples" / "demo" / "cms_metric_callback_alert.form.txt"
LISTENS = "0A"
WITHIN_S, BEGINS_WITHIN_S = 180.0, 10.0


@dataclass
class Running:
    """One running localcloud."""

    pid: int
    address: Mapping[str, Any]
    state: Path

    def family(self) -> list[int]:
        """Its processes: itself, and the workers of its functions."""
        tree = [self.pid]
        for parent in tree:
            for task in Path(f"/proc/{parent}/task").glob("*/children"):
                tree += [int(child) for child in task.read_text().split()]
        return tree


def environment(pid: int) -> str:
    """What a process was given; nothing where it has ended. One that is just beginning shows nothing for a moment."""
    ends = time.monotonic() + BEGINS_WITHIN_S
    while time.monotonic() < ends:
        try:
            given = Path(f"/proc/{pid}/environ").read_bytes().decode()
        except (FileNotFoundError, ProcessLookupError):
            return ""
        if given:
            return given
        time.sleep(0.05)  # noqa: TID251 - it is a process of the system that is waited for
    return ""


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory, canaries: Mapping[str, str]) -> Iterator[Running]:
    """A cloud of somebody whose shell holds the keys of a real account, and who is careless with the umask."""
    state = tmp_path_factory.mktemp("cloud") / "state"
    known = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG")}  # noqa: TID251
    environ = {
        **known,
        "PYTHONPATH": str(ROOT),
        "ALIBABA_CLOUD_ACCESS_KEY_ID": "LTAIcanary0301",
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": canaries["access key secret"],
        "ALIBABA_CLOUD_SECURITY_TOKEN": canaries["security token"],
        "TIDEGATE_HOOK_TOKENS": canaries["hook token"],
        "TIDEGATE_CHAT_URL": f"json://127.0.0.1:1/{canaries['channel']}",
    }
    command = [sys.executable, "-m", "localcloud", "up", "--speed", "60", "--state", str(state)]
    with subprocess.Popen(
        command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, umask=0
    ) as process:
        assert process.stdout is not None
        assert select([process.stdout], [], [], WITHIN_S)[0], "not ready in time"
        yield Running(process.pid, json.loads(process.stdout.readline()), state)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=WITHIN_S)


def listening(pids: list[int]) -> set[str]:
    """The addresses on which these processes listen, as the kernel tells them."""
    inodes = set()
    for pid in pids:
        for link in Path(f"/proc/{pid}/fd").iterdir():
            target = str(link.readlink()) if link.is_symlink() else ""
            inodes |= {target[8:-1]} if target.startswith("socket:[") else set()
    found = set()
    for table in ("tcp", "tcp6", "udp", "udp6"):
        for row in Path(f"/proc/{pids[0]}/net/{table}").read_text().splitlines()[1:]:
            _, local, remote, status, *rest = row.split()
            idle = status == LISTENS if table.startswith("tcp") else int(remote.split(":")[0], 16) == 0
            if rest[5] in inodes and idle:
                found.add(local.split(":")[0])
    return found


def test_it_listens_on_this_machine_alone(up: Running) -> None:
    """And has no option to listen elsewhere."""
    assert listening(up.family()) == {"0100007F"}
    shown = subprocess.run(
        [sys.executable, "-m", "localcloud", "up", "--help"], capture_output=True, text=True, check=True, cwd=ROOT
    ).stdout
    assert "--port" in shown
    assert not [word for word in ("--host", "--bind", "--address") if word in shown]


def test_the_keys_of_a_real_account_do_not_reach_its_functions(up: Running, canaries: Mapping[str, str]) -> None:
    """What they sign with is what it gave them itself."""
    kind = {"Content-Type": "application/x-www-form-urlencoded; charset=UTF-8"}
    answer = requests.post(up.address["alert_url"], data=CALLBACK.read_bytes().strip(), headers=kind, timeout=WITHIN_S)
    assert answer.status_code == 200, answer.text
    given = [environ for pid in up.family()[1:] if (environ := environment(pid))]
    assert given
    for environ in given:
        assert "FC_FUNCTION_NAME" in environ or set(environ.rstrip("\0").split("\0")) == {*map("=".join, BASE.items())}
        assert not [name for name, canary in canaries.items() if canary in environ]


def test_what_it_keeps_is_its_owners(up: Running, canaries: Mapping[str, str]) -> None:
    """Its own keys and its hook token are in that folder, and a umask of 0 does not open it."""
    assert stat.S_IMODE(up.state.stat().st_mode) == 0o700
    kept = b"".join(path.read_bytes() for path in up.state.glob("localcloud.db*"))
    assert str(up.address["access_key_secret"]).encode() in kept
    assert not [name for name, canary in canaries.items() if canary.encode() in kept]


def test_it_answers_nobody_who_does_not_sign(up: Running) -> None:
    """The console aside, which stands for what a person does at the vendor's."""
    for url in (f"http://{up.address['endpoint']}/?Action=GetInstance", f"http://{up.address['oss_endpoint']}/"):
        assert requests.get(url, timeout=WITHIN_S).status_code in (400, 403, 404)
