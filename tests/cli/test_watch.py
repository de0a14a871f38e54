"""Watching an operation: a line for every change, the end's exit code, and nothing asked but the ledger."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, Any

import pytest

from tidegate.app.steps import Which, look, settle, submit
from tidegate.domain.operation import Outcome, Phase


@contextmanager
def watching(*words: str, out: int = subprocess.PIPE) -> Iterator[subprocess.Popen[str]]:
    """Somebody watches in a process of their own."""
    command = [sys.executable, "-m", "tidegate.cli", "watch", *words]
    with subprocess.Popen(command, stdout=out, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def next_line(stream: IO[str] | None) -> Any:
    assert stream is not None
    return json.loads(stream.readline())


@pytest.fixture
def planned(office: Any) -> Any:
    """An office with one operation that is planned."""
    office.push()
    office.reconcile()
    office.rings()
    office.reconcile()
    return office


def test_every_change_is_one_json_object_and_the_end_is_the_exit_code(planned: Any) -> None:
    operation = planned.operation()
    which = Which("orders-mq", operation.number, operation.execution)
    with watching("orders-mq", "--json", "--timeout", "1m") as process:
        first = next_line(process.stdout)
        assert (first["operation"], first["phase"], first["to_rung"]) == ("orders-mq#1", "planned", "large")
        submit(planned.around, which)
        second = next_line(process.stdout)
        assert second["phase"] == "ordered"
        assert second["order_id"] != ""
        assert second["next_look_at"]
        following = "look15"
        while following != "settle":
            planned.server.advance(int(following.removeprefix("look")))
            following = look(planned.around, which)
        settle(planned.around, which)
        rest, _ = process.communicate(timeout=20)
    last = json.loads(rest.splitlines()[-1])
    assert (last["phase"], last["outcome"], last["good"]) == ("settled", "resized", True)
    assert process.returncode == 0


def test_one_that_went_wrong_ends_with_1(planned: Any) -> None:
    planned.fault("UpdateInstance", "error-before", code="InvalidParameter", status=400)
    planned.carry()
    said = planned.run("watch", "orders-mq#1")
    assert said.code == 1
    assert said.out.startswith("orders-mq#1  UP small -> large  refused: ")


def test_one_that_is_settled_is_told_in_one_line_and_what_is_wanted_next_is_not_waited_for(planned: Any) -> None:
    planned.carry()
    said = planned.run("watch", "orders-mq")
    assert said.code == 0
    assert said.out.count("\n") == 1
    assert "UP small -> large  resized" in said.out


def test_what_a_person_must_do_is_told_with_the_phase(planned: Any) -> None:
    planned.behaves(wait_for_payment=True)
    operation = planned.operation()
    which = Which("orders-mq", operation.number, operation.execution)
    submit(planned.around, which)
    planned.server.advance(60)
    look(planned.around, which)
    said = planned.run("watch", "orders-mq", "--timeout", "0s")
    assert "unpaid for" in said.out
    assert "! pay order" in said.out
    assert said.code == 1
    assert "still unpaid after 0s; it goes on without us" in said.err


def test_on_a_terminal_one_line_is_drawn_again(planned: Any) -> None:
    ours, theirs = pty.openpty()
    with watching("orders-mq", "--timeout", "2s", out=theirs) as process:
        os.close(theirs)
        process.wait(20)
        drawn = b""
        while chunk := _read(ours):
            drawn += chunk
    os.close(ours)
    assert drawn.count(b"planned for") >= 2
    assert b"\x1b[" in drawn
    assert process.returncode == 1


def _read(end: int) -> bytes:
    try:
        return os.read(end, 4096)
    except OSError:
        return b""


@pytest.mark.usefixtures("heeding")
def test_an_interrupt_ends_with_130(planned: Any) -> None:
    with watching("orders-mq", "--json") as process:
        next_line(process.stdout)
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 130


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["orders-mq"], "orders-mq has had no operation yet"),
        (["orders-mq#x"], "`orders-mq#x` is no operation"),
        (["orders-mq#7"], "orders-mq has no operation 7"),
        (["nobody"], "the policy has no instance `nobody`"),
        (["orders-mq", "--timeout", "soon"], "--timeout is a duration with its unit"),
    ],
)
def test_a_mistake_is_one_line(office: Any, words: list[str], why: str) -> None:
    office.push()
    said = office.run("watch", *words)
    assert said.code == 2
    assert why in said.err
    assert said.err.count("\n") == 1


def test_only_the_ledger_is_asked(planned: Any) -> None:
    planned.carry()
    before = planned.rows()
    calls: Callable[[], list[Any]] = planned.server.cloud.door.calls.listed
    asked = len(planned.server.run(calls))
    planned.run("watch", "orders-mq#1", "--json")
    assert planned.rows() == before
    assert len(planned.server.run(calls)) == asked


def test_every_outcome_and_phase_has_a_say_in_the_exit_code() -> None:
    """One that is added later has to be thought of."""
    assert len(Outcome) == 9
    assert len(Phase) == 10
