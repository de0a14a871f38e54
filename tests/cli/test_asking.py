"""Requests of people, from the command line through Function Compute to the ledger, with everything really deployed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.cli.shop import LEDGER

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
