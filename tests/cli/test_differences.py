"""A policy file against what is in force; the way back to an earlier policy; and what is in force as a whole."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.cli.conftest import POLICY
from tidegate.app.wiring import shelf
from tidegate.ledger.policies import Policies
from tidegate.settings import read_settings

if TYPE_CHECKING:
    from tests.cli.conftest import Office
    from tests.said import Said

THIRD = """
  audit-mq:
    product: rabbitmq
    region: cn-hangzhou
    instance_id: amqp-cn-demo0009
    mode: act
    ladder: [{rung: small, MaxPrivateTps: 3000}]
"""


def edited(office: Office, *changes: tuple[str, str]) -> None:
    """Change the policy file, word for word."""
    text = office.file.read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    office.file.write_text(text)


def diff(office: Office) -> Said:
    """The file against what is in force, which stays as it is."""
    before = office.rows()
    said = office.run("policy", "diff", str(office.file))
    assert (said.code, said.err, office.rows()) == (0, "", before)
    return said


def line(office: Office, text: str) -> int:
    """The line of the policy file that holds a text."""
    return next(number for number, each in enumerate(office.file.read_text().splitlines(), 1) if text in each)


def test_every_value_that_changes_is_told_with_the_place_of_the_new_one(office: Office) -> None:
    hashed = office.push()
    edited(office, ("MaxPrivateTps: 8000", "MaxPrivateTps: 10000"), ("raise: 1}]", "raise: 1, urgent: true}]"))
    office.file.write_text(office.file.read_text() + "fleet: {orders_at_once: 7}\n")
    head, *lines = diff(office).out.splitlines()
    assert head.endswith(f" instead of {hashed}")
    rung, rule = (line(office, text) for text in ("rung: large", "mq-tps-high"))
    assert lines == [
        f"~ orders-mq  ladder[large].MaxPrivateTps  8000 -> 10000   {office.file}:{rung}",
        f"~ orders-mq  alerts[mq-tps-high].urgent  false -> true   {office.file}:{rule}",
        f"~ fleet.orders_at_once  3 -> 7   {office.file}:{line(office, 'fleet:')}",
        "a push would start no order now   nothing was written",
    ]


def test_instances_that_come_and_go_and_modes_are_told_before_all_else(office: Office) -> None:
    office.push()
    _, _, gateway = POLICY.partition("  edge-gateway:")
    office.file.write_text(
        POLICY.replace(f"  edge-gateway:{gateway}", THIRD).replace("mode: act\n    ladder:\n", "ladder:\n")
    )
    lines = diff(office).out.splitlines()[1:]
    assert lines[0].split() == ["!", "orders-mq", "MODE", "act", "->", "OBSERVE"]
    assert lines[1].startswith("! audit-mq  MODE new, ACT   ")
    assert lines[2:4] == ["+ audit-mq", "- edge-gateway  not in the policy any more"]


def test_an_item_more_at_the_top_of_a_list_is_no_change_of_the_others(office: Office) -> None:
    office.push()
    edited(office, ("alerts: [{rule:", "alerts: [{rule: mq-new, raise: 1}, {rule:"))
    (row,) = office.run("policy", "diff", str(office.file), "--json").json["changes"]
    assert (row["key"], row["before"], row["after"]) == ("alerts[mq-new]", None, {"rule": "mq-new", "raise": 1})
    assert row["line"] == line(office, "mq-new")
    office.push()
    office.file.write_text(POLICY)
    assert "~ orders-mq  alerts[mq-new]  {rule: mq-new, raise: 1} -> nothing\n" in diff(office).out


def test_a_span_that_is_new_is_told_on_one_line(office: Office) -> None:
    office.push()
    window = 'resize_windows: {down: [{days: [sat, sun], from: "01:00", to: "06:00"}]}'
    edited(office, ("subscription_down", f"{window}\n    subscription_down"))
    (told,) = [each for each in diff(office).out.splitlines() if each.startswith("~")]
    place = f"{office.file}:{line(office, 'resize_windows')}"
    value = '{days: [sat, sun], from: "01:00", to: "06:00"}'
    assert told == f"~ orders-mq  resize_windows.down[0]  nothing -> {value}   {place}"


def test_an_instance_that_is_only_called_otherwise_is_told_so(office: Office) -> None:
    office.push()
    edited(office, ("orders-mq:", "bookings-mq:"))
    told = office.run("policy", "diff", str(office.file), "--json").json
    assert (told["renamed"], told["added"], told["removed"]) == ({"bookings-mq": "orders-mq"}, [], [])


def test_the_same_in_other_words_is_no_difference(office: Office) -> None:
    hashed = office.push()
    edited(office, ("subscription_down", "release_after: 30m\n    cooldown: {up: 300s}\n    subscription_down"))
    assert diff(office).out.splitlines()[0] == f"policy {hashed} is in force"


def test_a_rung_that_is_only_called_otherwise_changes_no_decision(office: Office) -> None:
    edited(office, ("mode: act", "mode: act\n    base: small"))
    office.push()
    office.reconcile()
    edited(office, ("rung: small", "rung: tiny"), ("base: small", "base: tiny"))
    out = diff(office).out
    assert "orders-mq  ladder[tiny]" in out
    assert "as wanted ->" not in out
    assert out.endswith("a push would start no order now   nothing was written\n")


def test_the_orders_that_a_push_would_start_are_named(office: Office) -> None:
    office.push()
    edited(office, ("mode: act", "mode: act\n    base: large"))
    office.file.write_text(office.file.read_text() + "fleet: {orders_at_once: 1}\n")
    out = diff(office).out
    assert "> ORDER orders-mq up small -> large   large wanted by base; " in out
    assert out.endswith("a push would start 1 order now   nothing was written\n")
    told = office.run("policy", "diff", str(office.file), "--json").json
    (row,) = told["decisions"]
    assert (row["instance"], row["starts"], row["before"]["code"]) == ("orders-mq", True, "as-wanted")
    assert (told["orders"], told["to_accept"], told["orders_at_once"]) == (1, 0, 1)


def test_what_would_stand_against_a_push_is_told_by_the_diff(office: Office) -> None:
    office.push()
    office.reconcile()
    office.rings()
    office.reconcile()
    text = POLICY[: POLICY.index("  orders-mq:")] + POLICY[POLICY.index("  edge-gateway:") :]
    office.file.write_text(f"{text}    mode: act\n    base: api.s1.medium\nfleet: {{orders_at_once: 1}}\n")
    out = diff(office).out
    assert "! a push is refused while an operation is open: orders-mq, whose operation 1 is planned\n" in out
    assert "! a push is refused without `--accept 1`: the fleet's limit is 1 at once, and 1 order under way\n" in out


def test_before_the_first_push_everything_is_new(office: Office) -> None:
    said = office.run("policy", "diff", str(office.file))
    assert said.out.splitlines()[0].endswith(" would be the first one")
    assert "! orders-mq  MODE new, ACT" in said.out


def test_a_rollback_brings_back_the_policy_before_and_decisions_carry_its_hash(office: Office) -> None:
    first = office.push()
    second = office.rules(base="large")
    said = office.run("policy", "rollback", "--as", "wang")
    assert said.code == 0
    head, change = said.out.splitlines()
    assert head.startswith(f"policy {first}, ")
    assert head.endswith(f", is in force again instead of {second}")
    assert change == "~ orders-mq  base  large -> keep"
    office.reconcile()
    assert office.run("history", "orders-mq", "--json").json["records"][0]["policy"] == first
    newest, *_ = office.around.policies.history()
    assert (newest.hash, newest.by.startswith("wang ("), newest.number) == (first, True, 3)


def test_a_rollback_to_an_earlier_one_names_it_by_its_hash_or_the_beginning_of_it(office: Office) -> None:
    first, _, _ = office.push(), office.rules(base="large"), office.rules(cooldown={"up": "9m"})
    told = office.run("policy", "rollback", first[:6], "--json").json
    assert (told["policy"], told["changed"]) == (first, True)
    again = office.run("policy", "rollback", first)
    assert (again.code, "was in force already" in again.out) == (0, True)


def test_a_rollback_passes_the_guards_of_a_push(office: Office) -> None:
    edited(office, ("mode: act", "mode: act\n    base: large"))
    office.file.write_text(
        f"{office.file.read_text()}    mode: act\n    base: api.s1.medium\nfleet: {{orders_at_once: 1}}\n"
    )
    upward = office.run("policy", "push", str(office.file), "--accept", "2", "--json").json["policy"]
    calm = office.rules()
    refused = office.run("policy", "rollback")
    assert (refused.code, "this would start 2 orders at once" in refused.err) == (2, True)
    assert office.around.policies.current().hash == calm  # type: ignore[union-attr]
    assert office.run("policy", "rollback", "--accept", "2", "--json").json["policy"] == upward


def test_a_rollback_that_would_lose_an_operation_under_way_is_refused(office: Office) -> None:
    office.file.write_text(POLICY[: POLICY.index("  orders-mq:")] + POLICY[POLICY.index("  edge-gateway:") :])
    office.push()
    office.file.write_text(POLICY)
    office.push()
    office.reconcile()
    office.rings()
    office.reconcile()
    said = office.run("policy", "rollback")
    assert (said.code, "orders-mq, whose operation 1 is planned" in said.err) == (2, True)


@pytest.mark.parametrize(("given", "why"), [("", "no other policy"), ("0000", "no policy 0000 was ever in force")])
def test_a_policy_that_never_was_cannot_be_brought_back(office: Office, given: str, why: str) -> None:
    office.push()
    said = office.run("policy", "rollback", *([given] if given else []))
    assert (said.code, why in said.err) == (2, True)


def test_a_policy_of_another_version_is_not_brought_back(office: Office) -> None:
    office.push()
    around = office.around
    book = around.book()
    assert book is not None
    document = {**json.loads(book.read("orders-mq").model_dump_json(by_alias=True)), "surge": True}
    index = {**book.index, "instances": {"orders-mq": book.index["instances"]["orders-mq"]}}
    later = Policies(shelf(read_settings()), office.clock.now).publish({"orders-mq": document}, index, "later")
    office.push()
    said = office.run("policy", "rollback", later)
    assert (said.code, said.out) == (2, "")
    assert said.err == (
        f"tidegate: policy {later} is none by the rules of today: orders-mq.surge: Extra inputs are not permitted; "
        "push its file instead\n"
    )


def test_a_push_replaces_a_policy_that_nobody_can_read_today(office: Office) -> None:
    office.push()
    Policies(shelf(read_settings()), office.clock.now).publish({"a": {}}, {"instances": {}, "fleet": {"x": 1}}, "later")
    assert "which cannot be read by the rules of today" in diff(office).out
    assert office.run("policy", "push", str(office.file)).code == 0


def test_the_policy_in_force_is_shown_as_a_whole(office: Office) -> None:
    assert office.run("policy", "show").code == 2
    hashed = office.push()
    head, edge, orders = office.run("policy", "show").out.splitlines()
    assert head.startswith(f"policy {hashed} by ")
    assert head.endswith("   2 instances, 1 in mode act")
    assert edge.split()[:5] == ["edge-gateway", "observe", "apigateway", "cn-hangzhou", "apigateway-cn-demo0001"]
    assert orders.split()[1:] == ["act", "rabbitmq", "cn-hangzhou", "amqp-cn-demo0001", "small", "<", "large"]
    told = office.run("policy", "show", "--json").json
    assert (told["policy"], told["fleet"], told["instances"][1]["mode"]) == (
        hashed,
        {"orders_at_once": 3, "orders_per_hour": 12},
        "act",
    )


def test_the_history_says_who_put_which_policy_in_force_and_when(office: Office) -> None:
    first, second = office.push(), office.rules(base="large")
    office.run("policy", "rollback", "--as", "wang")
    rows = office.run("policy", "show", "--history", "--json").json
    assert [(row["number"], row["policy"]) for row in rows] == [(3, first), (2, second), (1, first)]
    newest, *_ = office.run("policy", "show", "--history", "--limit", "1").out.splitlines()
    assert newest.split()[:2] == ["3", first]
    assert "in force" in newest
    assert " wang (" in newest
    assert office.run("policy", "show", "orders-mq", "--history").code == 2
