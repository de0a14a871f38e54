"""The commands of `docs/deploy.md` for a try on this machine do what the page says, on a cloud that was empty."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.processes.place import until

WITHIN_S = 240.0


@pytest.fixture
def exports(tmp_path: Path) -> Iterator[str]:
    """What `tidegate local up --empty` prints for another shell, while it runs."""
    words = [sys.executable, "-m", "tidegate.cli", "local", "up", "--empty"]
    said = tmp_path / "said"
    with said.open("w") as stderr:
        up = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=stderr, text=True)
    late = threading.Timer(WITHIN_S, up.kill)
    late.start()
    try:
        assert up.stdout is not None
        assert '"ready": true' in up.stdout.readline()
        until("what to export", lambda: re.search("ACCESS_KEY_SECRET=.*\n", said.read_text()), WITHIN_S)
        yield said.read_text()
    finally:
        late.cancel()
        up.terminate()
        up.wait(60)
        assert up.stdout is not None
        up.stdout.close()


@pytest.mark.once
def test_the_commands_for_a_try_on_this_machine_end_in_a_tick(root: Path, tmp_path: Path, exports: str) -> None:
    """In a folder with the clone's own parts, so that nothing is left in the clone."""
    page = (root / "docs" / "deploy.md").read_text("utf-8")
    block = re.findall(r"`tidegate local up --empty` .*?\n```sh\n(.*?)```", page, re.DOTALL)[0]
    clone = tmp_path / "clone"
    # Without bytecode, which others write and rename meanwhile.
    shutil.copytree(root, clone, ignore=shutil.ignore_patterns(".*", "__pycache__", "tests", "*.zip", "*.egg-info"))
    programs = tmp_path / "bin"
    programs.mkdir()
    python = shlex.quote(sys.executable)
    for name, call in (("tidegate", f"{python} -m tidegate.cli"), ("python", python)):
        (programs / name).write_text(f'#!/bin/sh\nexec {call} "$@"\n')
        (programs / name).chmod(0o755)
    lines = ["unset ${!TIDEGATE_@} ${!ALIBABA_CLOUD_@}", f"export PATH={shlex.quote(str(programs))}:$PATH", exports]
    done = subprocess.run(
        ["bash", "-e", "-c", "\n".join([*lines, block])],
        cwd=clone,
        capture_output=True,
        text=True,
        check=False,
        timeout=WITHIN_S,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "stack tidegate is CREATE_COMPLETE" in done.stdout
    assert "tidegate-on-schedule  200 ok" in done.stdout
    assert re.search(r"\npolicy [0-9a-f]{12} by .* last tick \d+[sm] ", done.stdout)
