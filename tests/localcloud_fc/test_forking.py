"""A worker that was forked is what one that was started is, only sooner; where it would not be, it is started."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from localcloud.fc import process
from localcloud.fc.environment import BASE

ABOUT = """
import os, signal, sys
seen = []
def handler(event, context):
    import tenacity
    seen.append(event)
    return {
        "parent": os.getppid(), "seen": len(seen), "library": tenacity.__file__,
        "environment": {name: value for name, value in os.environ.items() if name != "FC_INSTANCE_ID"},
        "argv": sys.argv, "path": sys.path, "cwd": os.getcwd(), "optimize": sys.flags.optimize,
        "leads": os.getpgid(0) == os.getpid(), "nice": os.nice(0),
        "signals": {name: str(signal.getsignal(getattr(signal, name))).split(" at ")[0]
                    for name in ("SIGINT", "SIGCHLD", "SIGPIPE", "SIGTERM")},
        "files": sorted(os.readlink(f"/proc/self/fd/{fd}").partition(":")[0] for fd in (0, 1, 2)),
        "open": len(os.listdir("/proc/self/fd")),
        "ours": [name for name in sys.modules if name.startswith("localcloud")],
        "comm": open("/proc/self/comm").read().strip(),
        "encoding": (sys.stdout.encoding, sys.getfilesystemencoding()),
    }
def leave(event, context):
    sys.exit(int(event))
"""
BRINGS = {"tenacity.py": "its = 'own'\n"}


def server(stage: Any) -> int:
    """The process number of the fork server."""
    return int(process._SERVERS[stage.settings["libraries"]]._process.pid)


def about(stage: Any, extra: dict[str, str] | None = None, **settings: Any) -> dict[str, Any]:
    """What a function finds."""
    invocation = stage.tries("about.handler", extra={"about.py": ABOUT, **(extra or {})}, **settings)
    assert invocation.succeeded, invocation.body
    seen = json.loads(invocation.body)
    return dict(json.loads(invocation.body.replace(seen["cwd"].encode(), b"CODE")))


def test_it_finds_what_one_that_was_started_finds(either: Any, stage: Any) -> None:
    forked, other = about(stage, name="the-function"), about(either, name="the-function")
    is_forked = bool(either.settings["libraries"])
    assert forked.pop("parent") == server(stage)
    assert (other.pop("parent") == os.getpid()) is not is_forked
    assert forked["ours"] == []
    assert forked == other


def test_its_own_code_is_loaded_anew_each_time(stage: Any) -> None:
    async def story() -> list[Any]:
        ref = stage.add("about.handler", extra={"about.py": ABOUT})
        first = await stage.host.invoke(ref, b"")
        stage.host.kill("f")
        return [json.loads(one.body)["seen"] for one in (first, await stage.host.invoke(ref, b""))]

    assert stage.play(story) == [1, 1]


def test_a_function_with_a_copy_of_its_own_of_a_library_gets_that(stage: Any) -> None:
    seen = about(stage, BRINGS)
    assert seen["parent"] == os.getpid()
    assert seen["library"] == "CODE/tenacity.py"


def test_also_where_the_copy_lies_in_the_folder_of_its_handler(stage: Any) -> None:
    extra = {"inner/about.py": ABOUT, "inner/tenacity.py": BRINGS["tenacity.py"]}
    invocation = stage.tries("inner/about.handler", extra=extra)
    assert json.loads(invocation.body)["library"].startswith(str(stage.folder))


def test_a_module_that_is_named_as_a_standard_one_goes_first_too(stage: Any) -> None:
    assert about(stage, {"decimal.py": ""})["parent"] == os.getpid()


@pytest.mark.parametrize(("name", "parent"), [("PYTHONOPTIMIZE", "ours"), ("RUNG", "the server's")])
def test_what_an_interpreter_reads_as_it_begins_counts(stage: Any, name: str, parent: str) -> None:
    seen = about(stage, environmentVariables={name: "1"})
    assert seen["environment"][name] == "1"
    assert seen["optimize"] == (1 if parent == "ours" else 0)
    assert seen["parent"] == (os.getpid() if parent == "ours" else server(stage))


@pytest.mark.parametrize("status", [b"0", b"3"])
def test_a_function_that_ends_its_process_is_a_crash(either: Any, status: bytes) -> None:
    invocation = either.tries("about.leave", status, extra={"about.py": ABOUT})
    assert "Process exited unexpectedly" in json.loads(invocation.body)["errorMessage"]
    assert "SystemExit" not in invocation.log


def test_without_its_server_a_worker_is_started_and_later_ones_are_forked_again(stage: Any) -> None:
    async def story() -> list[int]:
        gone = server(stage)
        os.kill(gone, signal.SIGKILL)
        parents: list[int] = []
        ref = stage.add("about.handler", extra={"about.py": ABOUT})
        deadline = asyncio.get_running_loop().time() + 15
        while not parents or (parents[-1] == os.getpid() and asyncio.get_running_loop().time() < deadline):
            parents.append(json.loads((await stage.host.invoke(ref, b"")).body)["parent"])
            stage.host.kill("f")
            await asyncio.sleep(0.1)
        assert gone not in parents
        return parents

    parents = stage.play(story)
    assert parents[0] == os.getpid()
    assert parents[-1] == server(stage)


def test_it_has_nothing_of_this_machines_environment(stage: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    given = Path(f"/proc/{server(stage)}/environ").read_text("utf-8")
    assert {line.partition("=")[0] for line in given.rstrip("\0").split("\0")} == {*BASE}
    monkeypatch.setenv("SECRET_OF_THIS_MACHINE", "x")
    assert "SECRET_OF_THIS_MACHINE" not in about(stage)["environment"]
