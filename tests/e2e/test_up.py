"""`python -m localcloud up` as a customer starts it: a process of its own, and one line that says where it is."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from select import select
from typing import Any

import pytest
import requests

from localcloud.project.demo import main as demo
from localcloud.project.up import command_environment, main
from localcloud.serve import main as serve
from localcloud.template.package import zip_project

KEYS = {
    "ready",
    "endpoint",
    "access_key_id",
    "access_key_secret",
    "alert_url",
    "region",
    "account_id",
    "oss_endpoint",
}
READY_WITHIN_S = 10.0
IDLE_MB = 200
LINE_LIMIT_S = 30.0

COMMANDS: dict[str, Callable[[list[str]], int]] = {"up": main, "serve": serve, "demo": demo}

Ups = Callable[..., Any]


class Up:
    """One running process."""

    def __init__(self, process: subprocess.Popen[str], began: float) -> None:
        self.process = process
        assert process.stdout is not None
        readable, _, _ = select([process.stdout], [], [], LINE_LIMIT_S)
        assert readable, "no line within the limit"
        self.line = process.stdout.readline()
        self.took_s = time.monotonic() - began
        self.address: dict[str, Any] = json.loads(self.line)

    def console(self, method: str, path: str, body: Any = None) -> Any:
        """Do what only the owner of the cloud can do."""
        answer = requests.request(method, f"http://{self.address['endpoint']}/_console/{path}", json=body, timeout=10)
        answer.raise_for_status()
        return answer.json()

    def resident_mb(self) -> float:
        """The memory of the process itself, without its workers."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS"))) / 1024

    def workers(self) -> list[int]:
        """The processes that this one has started, and theirs."""
        found, parents = [], [self.process.pid]
        while parents:
            children = children_of(parents.pop())
            found += children
            parents += children
        return found


def children_of(parent: int) -> list[int]:
    """The processes whose parent is this one."""
    found = []
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            told = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(told[1]) == parent:
            found.append(int(folder.name))
    return found


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that is dead and not yet buried does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.fixture
def ups(project: Path, small_files: Callable[..., tuple[Path, Path]]) -> Iterator[Ups]:
    """Start clouds as a customer does, for one test."""
    with ExitStack() as stack:

        def start(*words: str, **settings: Any) -> Up:
            world, policy = small_files("orders-mq", **settings)
            given = ["--world", str(world), "--policy", str(policy), *words]
            began = time.monotonic()
            process = subprocess.Popen(
                [sys.executable, "-m", "localcloud", "up", *given], stdout=subprocess.PIPE, text=True, cwd=project
            )
            stack.enter_context(process)
            stack.callback(process.kill)
            return Up(process, began)

        yield start


def refused(project: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Start one that is given nonsense."""
    command = [sys.executable, "-m", "localcloud", "up", *words]
    return subprocess.run(command, cwd=project, capture_output=True, text=True, timeout=60, check=False)


def orders(up: Up) -> list[Any]:
    """Every order that the vendor has booked."""
    found: list[Any] = up.console("GET", "orders")["orders"]
    return found


def test_it_says_in_one_line_where_it_is_and_is_soon_ready_and_small(
    ups: Ups, record_property: Callable[[str, object], None]
) -> None:
    up = ups()
    assert up.address.keys() >= KEYS
    assert up.address["ready"] is True
    assert all(up.address[key] for key in KEYS)
    assert up.took_s < READY_WITHIN_S
    # The first tick comes after a minute: nobody has worked yet.
    # All that it has begun is to be forked from.
    told = [Path(f"/proc/{pid}/cmdline").read_bytes() for pid in up.workers()]
    assert [one for one in told if b"localcloud.fc.forkserver" not in one] == []
    assert up.resident_mb() < IDLE_MB
    record_property("ready_s", round(up.took_s, 2))
    record_property("resident_mb", round(up.resident_mb()))
    sys.stdout.write(f"ready after {up.took_s:.2f} s with {up.resident_mb():.0f} MB\n")


def test_sigterm_ends_it_with_all_its_workers(ups: Ups, waits: Any) -> None:
    up = ups("--speed", "600")
    workers = waits("a worker", up.workers)
    up.process.terminate()
    assert up.process.wait(20) == 0
    waits("the end of the workers", lambda: not any(is_alive(pid) for pid in workers), 10)


def test_what_was_kept_survives_a_sudden_end_and_the_resize_goes_on_with_one_order(
    ups: Ups, ringing: Callable[[str], bytes], waits: Any, tmp_path: Path
) -> None:
    state = ("--state", str(tmp_path / "state"), "--speed", "600")
    first = ups(*state, behaviour={"apply_takes": "2m"})
    kind = {"Content-Type": "application/x-www-form-urlencoded; charset=UTF-8"}
    now = first.console("GET", "clock")["now"]
    answer = requests.post(first.address["alert_url"], data=ringing(now), headers=kind, timeout=30)
    assert answer.status_code == 200, answer.text
    waits("the order", lambda: orders(first))
    workers = first.workers()
    first.process.send_signal(signal.SIGKILL)
    first.process.wait(10)
    # Who was just asking the vendor tries again for 12 s, and then learns that nobody waits for an answer.
    waits("the end of the workers", lambda: not any(is_alive(pid) for pid in workers), 40)

    second = ups(*state, behaviour={"apply_takes": "2m"})
    # Behind the machine's back the clock has gone ahead a little, so the tick may be missed as well.
    waits("the message", lambda: "-> medium: resized" in json.dumps(second.console("GET", "messages/oncall")) or None)
    assert len(orders(second)) == 1
    (instance,) = second.console("GET", "instances")["instances"]
    assert instance["spec"]["MaxPrivateTps"] == 5000
    assert second.address["alert_url"].rpartition("/")[2] == first.address["alert_url"].rpartition("/")[2]


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("world", "instances: [{product: teapot, instance_id: t}]\n", "world.yml: instances.0.product: "),
        ("world", "instances: [{product: rabbitmq,\n", "world.yml:2: this is no YAML"),
        ("world", "- a list\n", "world.yml: the file: "),
        ("policy", "version: 1\ninstances: {a: {product: teapot}}\n", "policy.yml:2: instances.a.product: "),
        ("policy", "version: [unclosed\n", "policy.yml:"),
    ],
)
def test_every_mistake_in_a_file_is_one_clear_line_and_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], file: str, text: str, said: str
) -> None:
    path = tmp_path / f"{file}.yml"
    path.write_text(text)
    assert main([f"--{file}", str(path)]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert said in printed.err
    assert all(line.startswith(str(path)) for line in printed.err.splitlines())


def test_serve_says_it_likewise(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The cloud without the project on it."""
    path = tmp_path / "world.yml"
    path.write_text("regions: [cn-hangzhou]\n")
    assert serve(["--world", str(path)]) == 2
    assert capsys.readouterr().err == f"{path}: regions: Extra inputs are not permitted\n"


@pytest.mark.parametrize("file", ["world", "policy"])
def test_a_file_that_is_not_there_is_named(project: Path, tmp_path: Path, file: str) -> None:
    done = refused(project, f"--{file}", str(tmp_path / "nowhere.yml"))
    assert (done.returncode, done.stdout) == (2, "")
    assert "nowhere.yml" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_template_that_would_not_deploy_is_one_clear_line_and_2(project: Path, tmp_path: Path) -> None:
    """The template cannot be chosen, so this is somebody who has edited their copy of the project."""
    for folder in ("localcloud", "tidegate", "functions", "workflows", "examples"):
        shutil.copytree(project / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    template = (project / "template.yml").read_text("utf-8")
    (tmp_path / "template.yml").write_text(template.replace("functions/look.handler", "functions/gaze.handler"))
    done = refused(tmp_path)
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    assert done.stderr.strip() == "no file defines the handler functions/gaze.handler"


def test_a_port_that_is_taken_is_one_clear_line_and_2(ups: Ups, project: Path) -> None:
    port = ups().address["endpoint"].rpartition(":")[2]
    done = refused(project, "--port", port)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"cannot listen on port {port}: ")
    assert len(done.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize("command", ["up", "serve"])
@pytest.mark.parametrize("option", ["--port", "--oss-port"])
@pytest.mark.parametrize("given", ["99999", "-1", "web"])
def test_a_port_that_is_none_is_named(
    command: str, option: str, given: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        COMMANDS[command]([option, given])
    assert ended.value.code == 2
    assert f"argument {option}: '{given}' is no port: 1 to 65535, or 0 for any free one" in capsys.readouterr().err


def test_a_bare_cloud_says_which_port_is_taken(ups: Ups, capsys: pytest.CaptureFixture[str]) -> None:
    port = ups().address["endpoint"].rpartition(":")[2]
    assert serve(["--port", port]) == 2
    assert capsys.readouterr().err.startswith(f"cannot listen on port {port}: ")


def test_an_empty_one_has_nothing_on_it_until_somebody_deploys(ups: Ups, project: Path, tmp_path: Path) -> None:
    """With the package, in processes of their own, as a person would."""
    up = ups("--empty")
    assert "ledger" not in up.address
    package = tmp_path / "tidegate.zip"
    package.write_bytes(zip_project(project))
    variables = {**command_environment(up.address), "TIDEGATE_HOOK_TOKENS": "t" * 24}
    shell = {name: value for name, value in os.environ.items() if name != "TIDEGATE_STORE"}  # noqa: TID251 - a person's
    environment = {**shell, **variables}
    command = [sys.executable, "-m", "tidegate.cli", "deploy", "--package", str(package), "--yes", "--json"]
    done = subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["status"] == "CREATE_COMPLETE"


@pytest.mark.parametrize("command", ["up", "serve", "demo"])
@pytest.mark.parametrize(
    ("pace", "why"),
    [
        ("-1", "does not go back"),
        ("nan", "does not go back"),
        ("inf", "times as fast"),
        ("fast", "'fast' is no number"),
    ],
)
def test_a_clock_that_would_go_back_or_out_of_all_bounds_is_a_mistake(
    capsys: pytest.CaptureFixture[str], command: str, pace: str, why: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        COMMANDS[command](["--speed", pace])
    assert ended.value.code == 2
    assert why in capsys.readouterr().err


def test_a_demo_in_which_no_time_passes_is_a_mistake(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        demo(["--speed", "0"])
    assert ended.value.code == 2
    assert "above 0, or nothing ever happens" in capsys.readouterr().err
