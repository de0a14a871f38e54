"""Calling deployed functions by hand: what the platform says is shown, and nobody buys by mistyping."""

from __future__ import annotations

import io
import re
import shlex
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from localcloud.fc.function import Ref
from tests.cli.shop import CODE, CODE_OBJECT, TEMPLATE
from tidegate.operate import invoking

if TYPE_CHECKING:
    from tests.cli.shop import Shop


def test_a_function_is_called_and_status_log_and_result_are_shown(shop: Shop, tmp_path: Path) -> None:
    event = tmp_path / "event.json"
    event.write_text('{"triggerTime": "2026-03-02T12:00:00Z", "triggerName": "by-hand", "payload": "{}"}')
    said = shop.run("invoke", "on-schedule", "--event", str(event))
    assert (said.code, said.err) == (0, "")
    first, *rest = said.out.splitlines()
    assert first.startswith("tidegate-on-schedule  200 ok  ")
    assert "request " in first
    assert any(line.startswith("log   ") for line in rest)
    assert any(line.startswith("body  ") for line in rest)


def test_the_facts_are_one_json_object(shop: Shop) -> None:
    said = shop.run("invoke", "tidegate-on-schedule", "--json")
    assert said.code == 0
    assert (said.json["function"], said.json["api"], said.json["status"]) == ("tidegate-on-schedule", "3.0", 200)
    assert said.json["error"] == ""
    assert said.json["seconds"] > 0
    assert '"what": ' in said.json["log"]


def test_a_function_that_fails_is_a_failure_with_its_own_words(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """`look` needs to be told, in JSON, which operation it is about."""
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"no JSON")))
    said = shop.run("invoke", "look", "--event", "-", "--json")
    assert (said.code, said.json["error"]) == (1, "JSONDecodeError")
    assert said.json["log"] != ""
    assert said.err.startswith("tidegate: tidegate-look failed: JSONDecodeError: ")


@pytest.mark.parametrize(("given", "told"), [("<&-", "is closed: --event - reads"), ("0>/dev/null", "cannot be read")])
def test_a_standard_input_that_gives_nothing_is_a_mistake(given: str, told: str) -> None:
    line = f"{shlex.quote(sys.executable)} -m tidegate.cli invoke look --event - {given}"
    done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert done.stderr.startswith(f"tidegate: standard input {told}")


def test_a_function_of_2_0_is_called_through_its_own_api(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.deploy_2_0()
    monkeypatch.setenv("TIDEGATE_FC_API", "2.0")
    monkeypatch.setenv("TIDEGATE_FC_FUNCTION", "on-request")
    said = shop.run("invoke", "on-request", "--json")
    assert (said.code, said.json["api"], said.json["function"]) == (0, "2.0", "on-request")
    assert "mistake" in said.json["body"]
    assert said.json["log"] != ""
    registry = shop.whole.fc.host.registry

    def of_its_role() -> None:
        """Where each role has a service of its own, a function is found there."""
        settings = {k: v for k, v in registry.entry(Ref("tidegate-look"))["settings"].items() if k != "role"}
        registry.create_service("tidegate-look", {})
        code = {"ossBucketName": CODE, "ossObjectName": CODE_OBJECT}
        registry.create_function(Ref("look", "tidegate-look"), settings, code)

    assert (lost := shop.run("invoke", "look")).code == 1
    assert re.search("look failed: (Function|Service)NotFound", lost.err)
    shop.server.run(of_its_role)
    assert "look failed: ValueError: an execution's input names" in shop.run("invoke", "look").err


def test_a_function_that_is_not_deployed_is_a_failure(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIDEGATE_FC_FUNCTION", "other-on-request")
    said = shop.run("invoke", "on-schedule")
    assert said.code == 1
    assert "other-on-schedule failed: FunctionNotFound" in said.err


MISTAKES: dict[str, tuple[list[str], str]] = {
    "another's function": (["somebody-elses"], "`somebody-elses` is no function of ours: look, on-alert, "),
    "one that may order": (["submit"], "submit may place an order; say --yes if that is meant"),
    "the same by its whole name": (["tidegate-submit"], "submit may place an order"),
    "an event instead of its file": (["look", "--event", '{"a": 1}'], "--event names a file with the event, or `-`"),
    "a file that is not there": (["look", "--event", "no/such/file"], "no/such/file: No such file"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_calls_nobody(office: Any, monkeypatch: pytest.MonkeyPatch, mistake: str) -> None:
    words, told = MISTAKES[mistake]
    monkeypatch.setenv("TIDEGATE_FC_ENDPOINT", "127.0.0.1:1")
    said = office.run("invoke", *words)
    assert said.code == 2
    assert told in said.err


def test_submit_by_hand_without_an_operation_orders_nothing(shop: Shop) -> None:
    said = shop.run("invoke", "submit", "--yes", "--json")
    assert said.code == 1
    assert shop.orders() == []


def test_a_call_is_waited_for_as_long_as_any_function_may_take(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tick may work for minutes; what is cut off before its end would have failed at nothing."""
    resources = yaml.safe_load(TEMPLATE.read_text("utf-8"))["Resources"].values()
    timeouts = [each["Properties"]["Timeout"] for each in resources if each["Type"] == "ALIYUN::FC3::Function"]
    assert max(timeouts) == 300
    assert max(timeouts) < invoking.LONGEST_S
    monkeypatch.setattr(invoking, "LONGEST_S", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("TIDEGATE_FC_ENDPOINT", f"127.0.0.1:{silent.getsockname()[1]}")
        began = time.monotonic()
        said = shop.run("invoke", "on-schedule")
    assert (said.code, time.monotonic() - began < 20) == (1, True)
    assert "gave no answer (ReadTimeout)" in said.err
