"""Everything a person may ask for, through Function Compute: what is answered, what is a mistake, twice and late."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.shop import Shop
    from tests.said import Said

TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d)?\+08:00")
ME = re.compile(r"li \([^)]*\)")
NAME = "orders-mq"
MISTAKES: list[tuple[tuple[str, ...], str]] = [
    (("resize", NAME, "--to", "small", "--for", "1h", "--until-released"), "say either when it ends, or"),
    (("resize", NAME, "--to", "small", "--for", "60d"), "an override lasts 31 days at most; one without"),
    (
        ("resize", NAME, "--to", "small", "--for", "1h", "--despite", "cooldown,mode", "--reason", "x"),
        "--despite knows cooldown, budget, window, drift, fit, not mode",
    ),
    (("pause", NAME, "--for", "1h", "--until", "2099-01-01T00:00Z"), "give either --for or --until, not both"),
    (("pause", NAME, "--until", "2020-01-01T08:00+08:00"), "it would have ended already, at 2020-01-01 00:00Z"),
    (("pause", "--fleet", "--until", "2020-01-01T08:00+08:00"), "it would have ended already, at 2020-01-01"),
    (("pause", NAME, "--until", "0001-01-01T00:00+14:00"), "--until is beyond the calendar"),
    (("cancel", NAME), "orders-mq has nothing to cancel; `tidegate pause orders-mq` keeps it from beginning"),
    (("approve", NAME), "orders-mq asks for no approval"),
    (("approve", NAME, "--id", "ab12cd34"), "nothing of orders-mq is to be approved"),
    (("approve", "nobody"), "the policy has no instance `nobody`; it has edge-gateway, orders-mq"),
    (("adopt", "nobody"), "the policy has no instance `nobody`; it has edge-gateway, orders-mq"),
    (("pause", NAME, "--reason", "x" * 501), "reason: String should have at most 500 characters"),
]


def told(said: Said) -> list[str]:
    """The lines of an answer, its times and the login blotted out."""
    assert (said.code, said.err) == (0, "")
    return ME.sub("LI", TIME.sub("TIME", said.out)).splitlines()


def mistake(said: Said) -> str:
    """The one line of a mistake."""
    assert (said.code, said.out) == (2, "")
    assert said.err.count("\n") == 1
    return ME.sub("LI", TIME.sub("TIME", said.err.strip().removeprefix("tidegate: ")))


def by_li(shop: Shop, *arguments: str) -> Said:
    """Li asks for something."""
    return shop.run(*arguments, "--as", "li")


def test_a_pause_holds_orders_back_until_it_is_ended(shop: Shop) -> None:
    assert told(by_li(shop, "pause", NAME, "--for", "2h", "--reason", "migration")) == [
        "orders-mq  paused until TIME",
        "orders-mq  ok: small as wanted by home",
        "paused until TIME",
    ]
    held, override, *_ = told(by_li(shop, "resize", NAME, "--to", "large", "--for", "1h"))
    assert held == "orders-mq  held: paused by LI until TIME: migration"
    assert override == "override large until TIME"
    after = told(by_li(shop, "unpause", NAME))
    assert after[0] == "orders-mq  orders may be placed again"
    assert after[1].endswith("(operation orders-mq#1)")
    assert mistake(by_li(shop, "unpause", NAME)) == "orders-mq is not paused"


def test_a_pause_without_an_end_says_how_it_is_ended(shop: Shop) -> None:
    assert told(by_li(shop, "pause", NAME)) == [
        "orders-mq  paused until `tidegate unpause orders-mq`",
        "orders-mq  ok: small as wanted by home",
        "paused until `tidegate unpause orders-mq`",
    ]


def test_the_whole_fleet_is_paused_and_goes_on(shop: Shop) -> None:
    assert told(by_li(shop, "pause", "--fleet")) == [
        "fleet  the fleet is paused by LI until `tidegate unpause --fleet`"
    ]
    held = told(by_li(shop, "resize", NAME, "--to", "large", "--for", "1h"))[0]
    assert held == "orders-mq  held: the fleet is paused by LI, until `tidegate unpause --fleet`"
    assert told(by_li(shop, "unpause", "--fleet")) == ["fleet  orders may be placed again"]
    assert mistake(by_li(shop, "unpause", "--fleet")) == "the fleet is not paused"
    assert "FLEET PAUSED" not in shop.run("status").out


def test_an_override_without_an_end_is_asked_for_by_name_and_released(shop: Shop) -> None:
    asked = told(by_li(shop, "resize", NAME, "--to", "small", "--until-released"))
    assert asked == [
        "orders-mq  ok: small as wanted by override by LI until it is released",
        "override small until `tidegate release orders-mq`",
    ]
    assert told(by_li(shop, "release", NAME)) == ["orders-mq  ok: small as wanted by home"]


def test_a_time_with_another_offset_is_told_in_the_instances_zone(shop: Shop) -> None:
    said = by_li(shop, "pause", NAME, "--until", "2035-03-02T10:00+00:00")
    assert "orders-mq  paused until 2035-03-02 18:00+08:00\n" in said.out
    said = by_li(shop, "pause", NAME, "--until", "2035-03-02T20:00+02:00")
    assert "orders-mq  paused until 2035-03-03 02:00+08:00\n" in said.out


def test_what_a_colleague_did_is_adopted(shop: Shop) -> None:
    estate = shop.server.cloud.estate
    by_li(shop, "ack", NAME)
    shop.server.run(lambda: estate.resize_by_hand("amqp-cn-demo0001", {"MaxPrivateTps": 4000}, "somebody"))
    shop.server.advance(300)
    assert told(by_li(shop, "adopt", NAME)) == [
        "orders-mq  adopted as it was found, off the ladder",
        "orders-mq  ok: as found as wanted by what was adopted",
    ]
    assert "orders-mq     as found" in shop.run("status").out


def test_a_question_is_approved_once_and_what_was_approved_is_shown(shop: Shop) -> None:
    shop.rules(approval={"when": ["up"]})
    asked = told(by_li(shop, "resize", NAME, "--to", "large", "--for", "4h"))
    which = asked[-1].split()[1]
    assert asked[-1] == f"approval {which} is asked: `tidegate approve orders-mq --id {which}`"
    approved = told(by_li(shop, "approve", NAME))
    assert approved[0] == f"orders-mq  approved small -> large ({which}), good until TIME"
    assert approved[1].startswith("orders-mq  resize: large wanted by override by LI until TIME")
    assert approved[-2:] == [
        "small -> large   asked TIME: the policy asks before every up",
        "good until TIME, for one order, and only while just this is wanted",
    ]
    again = mistake(by_li(shop, "approve", NAME))
    assert again.startswith(f"small -> large ({which}) was approved")
    assert " by LI" in again


def test_an_approval_beside_a_pause_is_kept_and_a_second_one_says_who_was_first(shop: Shop) -> None:
    shop.rules(approval={"when": ["up"]})
    by_li(shop, "resize", NAME, "--to", "large", "--for", "4h")
    by_li(shop, "pause", NAME)
    said = by_li(shop, "approve", NAME, "--json")
    assert (said.json["code"], said.json["approved"]["to_rung"]) == ("pause", "large")
    assert said.json["told"].startswith(f"approved small -> large ({said.json['approved']['id']})")
    twice = mistake(shop.run("approve", NAME, "--as", "wang"))
    assert twice == f"small -> large ({said.json['approved']['id']}) was approved already, by LI at {twice[-17:]}"


def test_a_late_approval_is_a_mistake(shop: Shop) -> None:
    shop.rules(approval={"when": ["up"], "expires": "1h"})
    by_li(shop, "resize", NAME, "--to", "large", "--for", "4h")
    shop.server.advance(3600)
    assert mistake(by_li(shop, "approve", NAME)).endswith(": too late")


def test_an_approval_of_what_is_asked_no_more_approves_nothing(shop: Shop) -> None:
    """The price has changed, so the question is another one."""
    small = {"rung": "small", "MaxPrivateTps": 3000, "hourly_price": 1}
    large = {"rung": "large", "MaxPrivateTps": 8000, "hourly_price": 4}
    shop.rules(approval={"when": ["up"]}, ladder=[small, large])
    first = by_li(shop, "resize", NAME, "--to", "large", "--for", "4h", "--json").json["approval"]
    shop.rules(ladder=[small, {**large, "hourly_price": 5}])
    second = by_li(shop, "resize", NAME, "--to", "large", "--for", "5h", "--json").json["approval"]
    assert first != second
    late = mistake(by_li(shop, "approve", NAME, "--id", first))
    assert late == f"`{first}` is no longer asked; what is asked now is small -> large ({second})"
    assert [record.fact["kind"] for record in shop.records()].count("planned") == 0
    good = told(by_li(shop, "approve", NAME, "--id", second))
    assert good[-2].startswith("small -> large   5 an hour   asked TIME: ")


def test_without_a_store_to_read_from_what_is_asked_is_approved_and_named(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.rules(approval={"when": ["up"]})
    which = by_li(shop, "resize", NAME, "--to", "large", "--for", "4h", "--json").json["approval"]
    monkeypatch.delenv("TIDEGATE_STORE")
    approved = told(by_li(shop, "approve", NAME))
    assert approved[0] == f"orders-mq  approved small -> large ({which}), good until TIME"
    assert len(approved) == 3


def test_a_store_that_cannot_be_read_approves_nothing_unseen(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.rules(approval={"when": ["up"]})
    which = by_li(shop, "resize", NAME, "--to", "large", "--for", "4h", "--json").json["approval"]
    monkeypatch.setenv("TIDEGATE_STORE", "oss://no-such-bucket")
    blind = by_li(shop, "approve", NAME)
    assert (blind.code, blind.out) == (1, "")
    assert blind.err.startswith("tidegate: what is asked cannot be read, so name it with --id: ")
    assert told(by_li(shop, "approve", NAME, "--id", which))[0].startswith("orders-mq  approved small -> large")


def test_a_no_stops_what_asks_and_nothing_is_asked_for_a_while(shop: Shop) -> None:
    shop.rules(approval={"when": ["up"]})
    by_li(shop, "resize", NAME, "--to", "large", "--for", "4h")
    cancelled = told(by_li(shop, "cancel", NAME, "--for", "3h", "--reason", "not today"))
    assert cancelled[:2] == [
        "orders-mq  cancelled; nothing is ordered until TIME",
        "orders-mq  held: paused by LI until TIME: not today",
    ]
    assert mistake(by_li(shop, "approve", NAME)) == "orders-mq asks for no approval"


def test_what_went_wrong_is_acknowledged(shop: Shop) -> None:
    assert told(by_li(shop, "ack", NAME)) == [
        "orders-mq  acknowledged: what was told is quiet, and orders may go on",
        "orders-mq  ok: small as wanted by home",
    ]


def test_a_request_is_found_again_by_the_key_of_its_answer(shop: Shop) -> None:
    key = by_li(shop, "pause", NAME, "--json").json["key"]
    assert shop.run("explain", key, "--json").json["what"].startswith("pause by li")
    key = by_li(shop, "pause", "--fleet", "--json").json["key"]
    assert shop.run("explain", key, "--json").json["what"].startswith("the fleet is paused by li")


def test_a_mistake_is_one_clear_line_and_nothing_is_changed(shop: Shop) -> None:
    by_li(shop, "ack", NAME)
    before = shop.records()
    for arguments, says in MISTAKES:
        assert mistake(by_li(shop, *arguments)).startswith(says), arguments
    facts = [record.fact for record in shop.records()[len(before) :]]
    assert [fact for fact in facts if fact.get("override") or fact.get("pause") or fact["kind"] != "decided"] == []
    assert all(answer["refused"] for fact in facts for answer in fact.get("answers", ()))


def test_a_dry_run_of_whatever_is_asked_writes_nothing_and_orders_nothing(shop: Shop) -> None:
    """Each of the verbs where it would change something."""
    shop.rules(approval={"when": ["up"]})
    by_li(shop, "resize", NAME, "--to", "large", "--for", "4h")
    by_li(shop, "pause", NAME, "--for", "1h")
    before = shop.contents()
    for verb in (
        ("resize", NAME, "--to", "small", "--for", "2h"),
        ("resize", NAME, "--to", "small", "--until-released"),
        ("release", NAME),
        ("pause", NAME),
        ("pause", "--fleet", "--for", "2h"),
        ("unpause", NAME),
        ("adopt", NAME),
        ("approve", NAME),
        ("cancel", NAME),
        ("ack", NAME),
    ):
        said = by_li(shop, *verb, "--dry-run")
        assert (said.code, said.err) == (0, ""), verb
        assert said.out.endswith("dry run: nothing was written\n"), verb
        assert by_li(shop, *verb, "--dry-run", "--json").json["dry_run"] is True, verb
        assert shop.contents() == before, verb
    assert shop.orders() == []
    assert mistake(by_li(shop, "unpause", "--fleet", "--dry-run")) == "the fleet is not paused"


def test_a_dry_run_and_a_real_one_say_the_same(shop: Shop) -> None:
    by_li(shop, "ack", NAME)
    dry = told(by_li(shop, "pause", NAME, "--until", "2035-03-02T18:00+08:00", "--dry-run"))
    real = told(by_li(shop, "pause", NAME, "--until", "2035-03-02T18:00+08:00"))
    assert dry[:2] == real[:2]


def test_an_operation_that_is_under_way_to_the_same_rung_is_waited_for(shop: Shop) -> None:
    by_li(shop, "resize", NAME, "--to", "large", "--for", "4h")
    said = by_li(shop, "resize", NAME, "--to", "large", "--for", "5h", "--wait", "--json")
    assert (said.code, said.json["code"]) == (0, "operation")
    assert said.json["receipt"]["as_wanted"] is True


def test_an_operation_that_is_under_way_to_another_rung_is_no_proof(shop: Shop) -> None:
    by_li(shop, "resize", NAME, "--to", "large", "--for", "4h")
    said = by_li(shop, "resize", NAME, "--to", "small", "--for", "5h", "--wait")
    assert said.code == 1
    assert said.err == "tidegate: orders-mq#1 went to large; small is decided on after it\n"
