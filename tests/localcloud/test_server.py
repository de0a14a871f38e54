from __future__ import annotations

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from localcloud.cloud import Cloud
from localcloud.identity import Keys
from localcloud.server import running
from localcloud.wire import Call, Dropped, Reply


class Echo:
    """Answers with what it was asked; `/drop` breaks the line."""

    def answer(self, call: Call) -> Reply:
        """Answer at once."""
        if call.path == "/drop":
            raise Dropped("drop")
        shown = {"path": call.path, "raw": call.raw_path, "query": call.query, "size": len(call.body)}
        return Reply.json(shown, headers={"x-kept": "yes"})


class LaterEcho:
    """The same, awaited."""

    async def answer(self, call: Call) -> Reply:
        """Answer when it is awaited."""
        return Echo().answer(call)


class Part:
    """Remembers when it was started and stopped."""

    def __init__(self, name: str, log: list[str]) -> None:
        self._name, self._log = name, log

    async def start(self) -> None:
        """Begin."""
        self._log.append(f"start {self._name}")

    async def stop(self) -> None:
        """End."""
        self._log.append(f"stop {self._name}")


def get(url: str, body: bytes | None = None) -> Any:
    """Read JSON over HTTP."""
    with urllib.request.urlopen(url, body, timeout=10) as reply:  # noqa: S310 - loopback
        return json.loads(reply.read())


def test_a_call_arrives_as_it_was_sent() -> None:
    with running(attach=lambda cloud: cloud.attach(oss=Echo())) as server:
        shown = get(f"http://{server.oss_endpoint}/bucket/a%2Fb%20c?x=1&y&z=%2B+")
    assert shown["path"] == "/bucket/a/b c"
    assert shown["raw"] == "/bucket/a%2Fb%20c?x=1&y&z=%2B+"
    assert shown["query"] == [["x", "1"], ["y", ""], ["z", "+ "]]


@pytest.mark.parametrize("path", ["/2023-03-30/functions", "/2016-08-15/services", "/_fc/on-alert/hook"])
def test_function_compute_has_its_own_paths(path: str) -> None:
    with running(attach=lambda cloud: cloud.attach(fc=LaterEcho())) as server:
        assert get(f"http://{server.endpoint}{path}")["path"] == path


@pytest.mark.parametrize("path", ["/2023-03-30/functions", "/_fc/f/"])
def test_a_service_that_is_not_there_says_so(path: str) -> None:
    with running() as server, pytest.raises(urllib.error.HTTPError) as caught:
        get(f"http://{server.endpoint}{path}")
    with caught.value as reply:
        assert reply.code == 503


def test_a_dropped_call_is_a_broken_line() -> None:
    with running(attach=lambda cloud: cloud.attach(oss=Echo())) as server:
        with pytest.raises(http.client.RemoteDisconnected):
            get(f"http://{server.oss_endpoint}/drop")
        assert get(f"http://{server.oss_endpoint}/next")["path"] == "/next"


def test_a_long_query_arrives_whole() -> None:
    with running(attach=lambda cloud: cloud.attach(oss=Echo())) as server:
        assert len(get(f"http://{server.oss_endpoint}/q?x={'a' * 500_000}")["query"][0][1]) == 500_000


def test_a_body_beyond_the_limit_is_refused() -> None:
    with running(attach=lambda cloud: cloud.attach(oss=Echo())) as server:
        with pytest.raises(urllib.error.HTTPError) as caught:
            get(f"http://{server.oss_endpoint}/big", bytes(64 * 1024 * 1024 + 1))
        with caught.value as reply:
            assert reply.code == 413


def test_a_large_body_arrives_whole() -> None:
    with running(attach=lambda cloud: cloud.attach(oss=Echo())) as server:
        assert get(f"http://{server.oss_endpoint}/big", bytes(5_000_000))["size"] == 5_000_000


BROKEN = (
    b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: \x1b[2Jabc\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 100_000 + b"\r\n\r\n",
    b"\x1b[2J HTTP/1.1\r\n\r\n",
)


def test_a_request_that_is_none_is_refused_and_noted_in_a_line_without_what_it_said(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with running() as server:
        for address in (server.endpoint, server.oss_endpoint):
            for broken in BROKEN:
                host, _, port = address.partition(":")
                with socket.create_connection((host, int(port)), 10) as line:
                    line.sendall(broken)
                    assert b" 400 Bad Request\r\n" in line.recv(100)
    noted = [record for record in caplog.records if record.name == "localcloud.server"]
    assert len(noted) >= 2 * 2
    for record in noted:
        assert record.exc_info is None
        assert re.fullmatch(r"a request was turned away with 400: \w+", record.getMessage())


def test_parts_start_in_order_and_stop_the_other_way_round() -> None:
    log: list[str] = []

    def attach(cloud: Cloud) -> None:
        cloud.attach(parts=(Part("flow", log), Part("functions", log)))

    with running(attach=attach):
        assert log == ["start flow", "start functions"]
    assert log[2:] == ["stop functions", "stop flow"]


def test_the_console_answers_over_http() -> None:
    with running() as server:
        assert get(f"http://{server.endpoint}/_console/instances") == {"instances": []}


def test_the_server_listens_on_loopback_only() -> None:
    with running() as server:
        assert server.endpoint.startswith("127.0.0.1:")
        assert server.oss_endpoint.startswith("127.0.0.1:")


@pytest.fixture
def serve(tmp_path: Path) -> Any:
    """Start `python -m localcloud serve` and give what it prints when it is ready."""
    started: list[subprocess.Popen[str]] = []
    world = tmp_path / "world.yml"
    world.write_text("instances: [{product: rabbitmq, instance_id: amqp-cn-1}]")
    root = Path(__file__).parents[2]

    def start() -> tuple[subprocess.Popen[str], dict[str, Any]]:
        command = [
            sys.executable,
            "-m",
            "localcloud",
            "serve",
            "--world",
            str(world),
            "--state",
            str(tmp_path / "state"),
        ]
        process = subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True)
        started.append(process)
        assert process.stdout is not None
        return process, json.loads(process.stdout.readline())

    yield start
    for process in started:
        process.kill()
        process.wait(10)
        assert process.stdout is not None
        process.stdout.close()


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_a_served_world_survives_a_restart(serve: Callable[[], Any], how: int) -> None:
    process, ready = serve()
    assert ready["ready"] is True
    body = json.dumps({"spec": {"MaxPrivateTps": 8000}}).encode()
    get(f"http://{ready['endpoint']}/_console/instances/amqp-cn-1/resize", body)
    before = get(f"http://{ready['endpoint']}/_console/clock")["now"]
    os.kill(process.pid, how)
    assert process.wait(10) == (0 if how == signal.SIGTERM else -how)

    _, again = serve()
    keys = {"access_key_id", "access_key_secret"}
    assert {name: again[name] for name in keys} == {name: ready[name] for name in keys}
    assert get(f"http://{again['endpoint']}/_console/instances")["instances"][0]["changes"] == 1
    assert get(f"http://{again['endpoint']}/_console/clock")["now"] >= before


@pytest.mark.parametrize("command", ["serve", "up"])
def test_a_state_folder_in_use_is_a_clear_line(serve: Callable[[], Any], tmp_path: Path, command: str) -> None:
    serve()
    words = [sys.executable, "-m", "localcloud", command, "--state", str(tmp_path / "state")]
    root = Path(__file__).parents[2]
    done = subprocess.run(words, cwd=root, capture_output=True, text=True, check=False, timeout=60)
    line = f"{tmp_path / 'state'}: another localcloud keeps its state there; stop that one, or name another folder\n"
    assert (done.returncode, done.stderr, done.stdout) == (2, line, "")


def test_an_unknown_command_is_a_usage_error() -> None:
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-m", "localcloud", "fly"], cwd=root, capture_output=True, check=False)
    assert done.returncode == 2
    assert b"usage" in done.stderr


def test_a_running_cloud_shows_no_secret_when_it_is_printed() -> None:
    with running() as server:
        assert isinstance(server.keys, Keys)
        assert server.keys.access_key_secret not in repr(server)
