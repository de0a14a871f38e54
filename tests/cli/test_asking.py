"""Requests of people, from the command line through Function Compute to the ledger, with everything really deployed."""

from __future__ import annotations

import getpass
import re
import signal
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.cli.shop import LEDGER
from tests.processes.place import until

if TYPE_CHECKING:
    from tests.cli.shop import Shop


def test_a_person_resizes_an_instance_and_waits_for_the_proof(shop: Shop) -> None:
    """Through a 3.0 function, whose call is signed by hand."""
    said = shop.run("resize", "orders-mq", "--to", "large", "--for", "2h", "--as", "li", "--wait", "--json")
    assert (said.code, said.err) == (0, "")
    assert (said.json["decision"], said.json["operation"]) == ("resize", 1)
    receipt = said.json["receipt"]
    assert (receipt["outcome"], receipt["as_wanted"], receipt["to_rung"]) == ("resized", True, "large")
    assert receipt["reason"].startswith("large wanted by override by li (")
    status = shop.run("status")
    assert "orders-mq     large         override by li (" in status.out


def test_the_same_requests_go_through_a_2_0_function(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Through `fc2`: a dry run, mistakes, an override that nothing has to be ordered for, and its end."""
    shop.deploy_2_0()
    monkeypatch.setenv("TIDEGATE_FC_API", "2.0")
    monkeypatch.setenv("TIDEGATE_FC_FUNCTION", "on-request")
    before = shop.contents()
    dry = shop.run("resize", "orders-mq", "--to", "large", "--for", "2h", "--dry-run")
    assert (dry.code, dry.err) == (0, "")
    assert shop.contents() == before
    assert dry.out.startswith("orders-mq  resize: large wanted by override by ")
    assert dry.out.endswith("dry run: nothing was written\n")
    stays = shop.run("resize", "orders-mq", "--to", "small", "--for", "2h", "--wait")
    assert (stays.code, stays.err) == (0, "")
    assert stays.out.startswith("orders-mq  ok: small as wanted by override by ")
    assert "\noverride small until 20" in stays.out
    released = shop.run("release", "orders-mq")
    assert (released.code, released.out) == (0, "orders-mq  ok: small as wanted by home\n")
    acked = shop.run("ack", "orders-mq", "--json")
    assert (acked.code, acked.json["decision"]) == (0, "hold")
    again = shop.run("release", "orders-mq")
    assert (again.code, again.out, again.err) == (2, "", "tidegate: there is no override to release\n")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("release", "nobody"), "the policy has no instance `nobody`; it has edge-gateway, orders-mq"),
        (
            ("resize", "orders-mq", "--to", "huge", "--for", "2h"),
            "orders-mq has no rung `huge`; its ladder is small, large",
        ),
        (
            ("resize", "orders-mq", "--to", "large"),
            "an override ends by itself: say --for 2h or --until TIME, or --until-released if it must not",
        ),
        (
            ("resize", "orders-mq", "--to", "large", "--for", "2h", "--until", "2036-03-02T18:00Z"),
            "give either --for or --until, not both",
        ),
        (
            ("resize", "orders-mq", "--to", "large", "--for", "2h", "--despite", "cooldown"),
            "--despite needs a --reason",
        ),
    ],
)
def test_what_the_function_calls_a_mistake_is_ours_as_well(shop: Shop, arguments: tuple[str, ...], told: str) -> None:
    said = shop.run(*arguments)
    assert (said.code, said.out, said.err) == (2, "", f"tidegate: {told}\n")


def test_a_function_that_is_not_there_is_a_failure(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIDEGATE_FC_FUNCTION", "nothing")
    said = shop.run("ack", "orders-mq")
    assert (said.code, said.out) == (1, "")
    assert said.err.startswith("tidegate: FunctionNotFound: ")


def test_waiting_for_what_is_held_is_a_failure(shop: Shop) -> None:
    said = shop.run("resize", "edge-gateway", "--to", "api.s1.medium", "--for", "2h", "--wait")
    assert said.code == 1
    assert "edge-gateway is held, so there is nothing to wait for: observe only" in said.err


def test_a_request_whose_answer_is_lost_is_one_request_all_the_same(shop: Shop) -> None:
    shop.plan(do="lost-reply", call="fc.Invoke", instance="tidegate-on-request")
    said = shop.run("resize", "orders-mq", "--to", "large", "--for", "2h", "--json")
    assert (said.code, said.json["duplicate"]) == (0, True)
    assert said.json["override"]["to"] == "large"
    answers = [answer["key"] for record in shop.records() for answer in record.fact.get("answers", ())]
    assert len(answers) == 1
    assert [record.fact["kind"] for record in shop.records()].count("planned") == 1


def test_a_function_killed_at_work_makes_no_second_request(shop: Shop) -> None:
    """The platform says that it died; the same key is asked with again."""
    shop.plan(do="kill-caller", call="oss.PutObject", instance=f"{LEDGER}/inbox/*")
    said = shop.run("resize", "orders-mq", "--to", "large", "--for", "2h", "--json")
    assert said.code == 0, said.err
    (fault,) = shop.server.run(shop.server.cloud.faults.listed)
    assert len(fault["struck"]) == 1
    assert [record.fact["kind"] for record in shop.records()].count("planned") == 1


DOUBT = re.compile(
    r"tidegate: the request may have been taken: look with `tidegate explain ([0-9a-f]{32})` "
    r"or `tidegate (history orders-mq|status)` before asking again\n"
)


def lose_answers(shop: Shop, **which: int | None) -> None:
    shop.plan(do="lost-reply", call="fc.Invoke", instance="tidegate-on-request", **which)


@pytest.mark.parametrize(("about", "where"), [("orders-mq", "history orders-mq"), ("--fleet", "status")])
def test_who_gets_no_answer_is_told_how_to_see_whether_the_request_was_taken(
    shop: Shop, about: str, where: str
) -> None:
    lose_answers(shop, times=None)
    said = shop.run("pause", about, "--json")
    assert (said.code, said.out) == (1, "")
    first, doubt = said.err.splitlines(keepends=True)
    assert first.startswith("tidegate: NoAnswer: ")
    told = DOUBT.fullmatch(doubt)
    assert told is not None
    assert told[2] == where
    assert re.search(" paused? by ", shop.run("explain", told[1]).out)
    assert shop.run(*where.split()).code == 0


def test_a_refusal_of_a_request_that_was_sent_before_is_told_as_no_answer_is(shop: Shop) -> None:
    lose_answers(shop)
    shop.plan(do="error-before", call="fc.Invoke", instance="tidegate-on-request", nth=2, status=403, code="Denied")
    said = shop.run("pause", "orders-mq")
    assert (said.code, said.out) == (1, "")
    assert DOUBT.search(said.err)


def test_a_refusal_and_a_dry_run_leave_no_doubt(shop: Shop) -> None:
    shop.plan(do="error-before", call="fc.Invoke", instance="tidegate-on-request", status=403, code="Denied")
    refused = shop.run("pause", "orders-mq")
    lose_answers(shop, times=None)
    dry = shop.run("pause", "orders-mq", "--dry-run")
    assert [(said.code, said.err.count("\n")) for said in (refused, dry)] == [(1, 1), (1, 1)]


@pytest.mark.parametrize("version", ["2.0", "3.0"])
def test_a_request_that_reached_nobody_leaves_no_doubt_and_names_the_variable(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    """No host has such a name (RFC 6761), and nobody listens at the other address."""
    monkeypatch.setenv("TIDEGATE_FC_API", version)
    for nowhere in ("http://nonsense.invalid", f"http://127.0.0.1:{unused()}"):
        monkeypatch.setenv("TIDEGATE_FC_ENDPOINT", nowhere)
        said = shop.run("pause", "orders-mq")
        assert (said.code, said.out, said.err.count("\n")) == (1, "", 1)
        assert "gave no answer (ConnectionError); nothing was asked. TIDEGATE_FC_ENDPOINT, or " in said.err


def unused() -> int:
    """A port at which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        return int(nobody.getsockname()[1])


@pytest.mark.usefixtures("heeding")
def test_who_interrupts_a_request_is_told_how_to_see_whether_it_was_taken(shop: Shop) -> None:
    shop.plan(do="hang", call="fc.Invoke", instance="tidegate-on-request", seconds=60)
    words = [sys.executable, "-m", "tidegate.cli", "pause", "orders-mq", "--json"]
    asking = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    faults = shop.server.cloud.faults
    until("the answer is awaited", lambda: shop.server.run(lambda: faults.listed()[0]["struck"]), 60)
    asking.send_signal(signal.SIGINT)
    out, err = asking.communicate(timeout=60)
    assert (asking.returncode, out) == (130, "")
    told = DOUBT.fullmatch(err)
    assert told is not None, err
    assert " pause by " in shop.run("explain", told[1]).out


@pytest.mark.usefixtures("heeding")
def test_who_ends_waiting_is_told_that_the_request_stands(shop: Shop) -> None:
    shop.plan(do="error-before", call="UpdateInstance", times=None, status=503, code="ServiceUnavailable")
    words = [sys.executable, "-m", "tidegate.cli", "resize", "orders-mq", "--to", "large", "--for", "2h", "--wait"]
    waiting = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert waiting.stdout is not None
    assert any(line.startswith("orders-mq#1  ") for line in iter(waiting.stdout.readline, ""))
    waiting.send_signal(signal.SIGINT)
    out, err = waiting.communicate(timeout=60)
    told = re.fullmatch(r"tidegate: nobody waits any more, and the request stands: `tidegate explain (\w+)`\n", err)
    assert waiting.returncode == 130, out + err
    assert told is not None, err
    assert "large" in shop.run("explain", told[1]).out


def test_however_long_a_name_is_given_who_is_logged_in_here_is_recorded(shop: Shop) -> None:
    """A name that fills the record would else stand there alone."""
    here = f" ({getpass.getuser()}@{socket.gethostname()})"
    given = "somebody else " * 30
    assert shop.run("pause", "orders-mq", "--as", given).code == 0
    by = shop.run("status", "--json").json["instances"][1]["pause"]["by"]
    assert by.endswith(here)
    assert by.startswith("somebody else somebody else ")
    assert shop.run("policy", "rollback", "--as", given).code == 2
    shop.rules(cooldown={"up": "7m"})
    assert shop.run("policy", "rollback", "--as", given).code == 0
    assert shop.run("policy", "show", "--json").json["by"] == by


@pytest.mark.parametrize("option", ["--as", "--reason"])
def test_an_option_that_is_no_text_is_named(shop: Shop, option: str) -> None:
    said = shop.run("pause", "orders-mq", option, "caf\udce9")
    assert (said.code, said.out) == (2, "")
    assert said.err == f"tidegate: Invalid value for '{option}': it has bytes that are no text in utf-8\n"
