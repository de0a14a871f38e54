"""What people see of the fleet, and what programs do: the same facts."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tidegate.app.requests import receive_request
from tidegate.app.wiring import shelf
from tidegate.domain.signal import AlertState
from tidegate.ledger.record import encode
from tidegate.settings import read_settings

if TYPE_CHECKING:
    from tests.cli.conftest import Office
    from tests.said import Said

Plain = Callable[[str], str]
READS = (
    ("status",),
    ("plan",),
    ("history", "orders-mq"),
    ("explain", "orders-mq"),
    ("explain", "orders-mq#1"),
    ("explain", "ring-0001"),
    ("policy", "show", "orders-mq"),
)


def lines(said: Said, plain: Plain) -> list[str]:
    assert (said.code, said.err) == (0, "")
    return plain(said.out).splitlines()


def test_before_first_contact_nothing_is_claimed(office: Office, plain: Plain) -> None:
    office.push()
    header, *rows = lines(office.run("status"), plain)
    assert header.startswith("policy HASH by ")
    assert header.endswith("   last tick never   orders 0 of 3")
    assert rows == [
        "edge-gateway  not seen yet  observe  waits for its first tick",
        "orders-mq     not seen yet           waits for its first tick",
    ]
    assert lines(office.run("history", "orders-mq"), plain) == ["nothing is recorded of orders-mq yet"]


def test_a_plan_shows_the_order_that_a_waiting_alert_asks_for(office: Office, plain: Plain) -> None:
    office.push()
    office.reconcile()
    office.rings()
    changes = "MaxConnections 2000 -> 5000, MaxPrivateTps 3000 -> 8000, QueueCapacity 200 -> 1000"
    assert lines(office.run("plan"), plain) == [
        f"~ orders-mq  UP small -> large   large wanted by mq-tps-high; {changes}",
        "    unchanged MaxEipTps=128 TracingStorageTime=3 SupportEip=false SupportTracing=false",
        "1 order, 0 holds, 1 unchanged   nothing was written",
    ]


def test_a_resize_is_shown_while_it_goes_on_and_after_it(office: Office, plain: Plain) -> None:
    office.push()
    office.reconcile()
    office.reconcile("edge-gateway")
    office.rings()
    office.reconcile()
    assert lines(office.run("status"), plain)[1:] == [
        "edge-gateway  api.s1.small    observe      ok",
        "orders-mq     small -> large  mq-tps-high  planned for 0s",
    ]
    office.carry()
    assert lines(office.run("status"), plain)[1:] == [
        "edge-gateway  api.s1.small  observe      ok",
        "orders-mq     large         mq-tps-high  ok",
    ]


def test_a_receipt_tells_the_whole_operation(office: Office, plain: Plain) -> None:
    office.resized()
    receipt = office.run("explain", "orders-mq#1", "--json").json
    told = lines(office.run("explain", "orders-mq#1"), plain)
    assert told == [
        "orders-mq#1  UP small -> large  resized: read back twice",
        "wanted     large wanted by mq-tps-high",
        f"order      {receipt['order_id']}",
        "attempt 1  TIME  accepted",
        "phases     planned 0s, claimed 0s, ordered 2m, proving 1m, concluded 0s",
        f"execution  {receipt['executions'][0]}; {receipt['looks']} looks",
        "reads      MaxConnections=5000 MaxPrivateTps=8000 QueueCapacity=1000, as wanted",
        f"planned    TIME   policy HASH  records {receipt['records'][0]} to {receipt['records'][1]}",
    ]
    assert receipt["order_id"]
    assert receipt["as_wanted"] is True
    assert receipt["spec"] == receipt["to_spec"]
    assert sum(stay["seconds"] for stay in receipt["phases"]) == 180
    assert [attempt["verdict"] for attempt in receipt["attempts"]] == ["accepted"]


def test_a_history_is_newest_first_and_every_record_is_a_phrase(office: Office, plain: Plain) -> None:
    office.resized()
    told = lines(office.run("history", "orders-mq", "--limit", "100"), plain)
    assert told[-1] == "1   TIME  adopted       first contact: found on small"
    assert told[-3] == "3   TIME  decided       alert mq-tps-high firing (97.39) -> resize: large wanted by mq-tps-high"
    assert told[-4] == "4   TIME  planned #1    up small -> large: large wanted by mq-tps-high"
    assert "closed #1     settled on large" in told[1]
    newest = office.run("history", "orders-mq", "-n", "2", "--json").json["records"]
    assert [entry["record"] for entry in newest] == [len(told), len(told) - 1]


def test_an_explanation_names_every_claim_and_every_guard(office: Office, plain: Plain) -> None:
    office.resized()
    office.rings("ring-0002", AlertState.OK)
    office.server.advance(31 * 60)
    wanted, passed, held, figures, rest = lines(office.run("explain", "orders-mq"), plain)
    assert wanted == "wanted small = home small; timetable none; alerts none; override none"
    assert passed == "ok    mode, pause, operation, health, expect, cost, circuit, fleet"
    assert held == "HOLD  cooldown: cooling down until TIME before small"
    assert figures == "figures  today ups 1 of 12; fleet orders in an hour 1 of 12"
    assert rest.startswith("not reached: budget, window, blackout, drift, fit, approval         policy HASH  record ")


def test_a_demand_and_an_override_are_explained_in_the_instances_zone(office: Office, plain: Plain) -> None:
    office.resized()
    form = {"verb": "resize", "instance": "orders-mq", "caller": "li", "key": "key-0001", "to": "small", "for": "2h"}
    receive_request(office.around, json.dumps(form).encode())
    claims = [
        "home small",
        "timetable none",
        "alerts large (mq-tps-high since TIME)",
        "override small (by li until TIME)",
    ]
    assert lines(office.run("explain", "orders-mq"), plain)[0] == f"wanted small = {'; '.join(claims)}"
    assert "orders-mq     large         override by li until " in office.run("status").out


def test_the_past_is_explained_as_it_was(office: Office, plain: Plain) -> None:
    office.push()
    office.reconcile()
    before = office.clock.now()
    office.server.advance(60)
    office.rings()
    office.reconcile()
    began = office.clock.now()
    office.carry()
    then = office.run("explain", "orders-mq", "--at", before.isoformat())
    assert lines(then, plain)[:2] == [
        "wanted small at TIME = home small; timetable none; alerts none; override none",
        "ok    small as wanted by home",
    ]
    during = office.run("explain", "orders-mq", "--at", (began + timedelta(minutes=1)).isoformat(), "--json").json
    assert (during["past"], during["code"], during["wanted"]) == (True, "operation", "large")
    too_early = office.run("explain", "orders-mq", "--at", "2020-01-01T00:00")
    assert (too_early.code, too_early.out) == (2, "")
    assert too_early.err.startswith("tidegate: nothing is kept of orders-mq from before 2020-01-01T00:00:00+08:00")


def test_a_time_ahead_is_explained_as_if_nothing_happened_until_then(office: Office) -> None:
    office.resized()
    later = office.clock.now() + timedelta(hours=25)
    ahead = office.run("explain", "orders-mq", "--at", later.isoformat(), "--json").json
    assert (ahead["past"], ahead["wanted"], ahead["decision"]) == (False, "small", "resize")


def test_an_alert_is_explained_before_and_after_it_is_answered(office: Office, plain: Plain) -> None:
    office.push()
    office.reconcile()
    office.rings()
    assert lines(office.run("explain", "ring-0001"), plain) == [
        "orders-mq  alert mq-tps-high firing (97.39)",
        "WAITS  the next tick answers it",
    ]
    office.reconcile()
    assert lines(office.run("explain", "ring-0001"), plain) == [
        "orders-mq  alert mq-tps-high firing (97.39)",
        "RESIZE  large wanted by mq-tps-high",
        "TIME   policy HASH  record 3",
    ]


@pytest.mark.parametrize(
    ("what", "told"),
    [
        ("orders-mg", "no instance, operation or alert is known as `orders-mg`; did you mean `orders-mq`?"),
        ("orders-mq#7", "orders-mq has no operation 7 in the records that are kept"),
        ("nothing", "no instance, operation or alert is known as `nothing`; the policy has edge-gateway, orders-mq"),
    ],
)
def test_what_nobody_knows_is_a_mistake(office: Office, what: str, told: str) -> None:
    office.push()
    said = office.run("explain", what)
    assert (said.code, said.out, said.err) == (2, "", f"tidegate: {told}\n")


@pytest.mark.parametrize(
    ("to", "mistake"), [("huge", "orders-mq has no rung `huge`; its ladder is small, large"), ("large", "")]
)
def test_a_request_that_a_tick_took_in_first_is_answered_all_the_same(office: Office, to: str, mistake: str) -> None:
    """Also one whose first answer was lost, and that is made again under its key."""
    office.push()
    office.reconcile()
    form = {"verb": "resize", "instance": "orders-mq", "caller": "li", "key": "key-0001", "to": to, "for": "2h"}
    first = receive_request(office.around, json.dumps(form).encode())
    again = receive_request(office.around, json.dumps(form).encode())
    if mistake:
        assert first == again == {"mistake": mistake}
    else:
        assert (first["duplicate"], again["duplicate"]) == (False, True)
        assert first["override"] == again["override"]


def test_an_instance_that_needs_a_person_is_marked(office: Office, plain: Plain) -> None:
    office.push()
    estate = office.server.cloud.estate
    office.server.run(lambda: estate.resize_by_hand("amqp-cn-demo0001", {"MaxPrivateTps": 4000}, "somebody"))
    office.server.advance(600)
    office.reconcile()
    header, _, row = lines(office.run("status"), plain)
    assert header.endswith("1 NEEDS YOU")
    assert row == "orders-mq     off ladder             ! matches no rung; nearest small: MaxPrivateTps 4000 != 3000"
    assert lines(office.run("plan"), plain)[0] == (
        "! orders-mq  HOLD matches no rung; nearest small: MaxPrivateTps 4000 != 3000"
    )
    assert office.run("status", "--json").json["needs_you"] == 1


def test_an_unpaid_order_says_what_to_do_and_by_when(office: Office) -> None:
    office.push()
    office.reconcile()
    office.server.run(lambda: setattr(office.server.cloud.world.behaviour, "wait_for_payment", True))
    office.rings()
    office.reconcile()
    with pytest.raises(AssertionError, match="still look"):
        office.carry(most=4)
    status = office.run("status", "--json").json
    orders = next(each for each in status["instances"] if each["instance"] == "orders-mq")
    assert orders["operation"]["phase"] == "unpaid"
    (need,) = orders["needs"]
    assert need["do"] == f"pay order {orders['operation']['order_id']}"
    assert f"! {need['do']} by " in office.run("status").out


def test_every_read_is_json_as_well_and_leaves_the_store_as_it_was(office: Office) -> None:
    office.resized()
    before = office.rows()
    for command in READS:
        said = office.run(*command)
        assert (said.code, said.err) == (0, ""), command
        as_json = office.run(*command, "--json")
        assert isinstance(as_json.json, dict), command
    assert office.rows() == before


def test_a_file_is_read_as_if_it_were_in_force(office: Office, plain: Plain) -> None:
    office.push()
    office.reconcile()
    draft = office.folder / "draft.yaml"
    draft.write_text(office.file.read_text().replace("mode: act", "mode: act\n    base: large"))
    before = office.rows()
    assert lines(office.run("plan", "--policy", str(draft)), plain)[0].startswith(
        "~ orders-mq  UP small -> large   large wanted by base; "
    )
    header = lines(office.run("status", "--policy", str(draft)), plain)[0]
    assert header.startswith("policy HASH, not in force")
    assert office.rows() == before


def test_an_instance_whose_ledger_is_of_a_later_version_does_not_hide_the_others(office: Office) -> None:
    office.push()
    office.reconcile()
    office.reconcile("edge-gateway")
    around = office.around
    book = around.book()
    assert book is not None
    key = around.key(book.read("orders-mq"))
    head = around.ledger.head(key)
    assert head is not None
    newer: dict[str, Any] = {**vars(head), "seq": head.seq + 1, "schema": 99, "at": head.at.isoformat()}
    office.put(key, head.seq + 1, encode(newer))
    status = office.run("status")
    assert status.code == 0
    assert "orders-mq     ?" in status.out
    assert "schema 99" in status.out
    assert "edge-gateway  api.s1.small" in status.out
    assert office.run("plan").out.endswith("0 orders, 1 hold, 1 unchanged   nothing was written\n")
    assert office.run("history", "orders-mq").code == 1


@pytest.mark.parametrize("body", [b'{"name": "orders-mq", "a_key_of_a_later_version": 1}', b"not a policy", b""])
def test_an_instance_whose_policy_cannot_be_read_does_not_hide_the_others(office: Office, body: bytes) -> None:
    hashed = office.push()
    office.reconcile()
    office.reconcile("edge-gateway")
    place, key = shelf(read_settings()), f"policy/{hashed}/orders-mq.json"
    place.delete(key)
    if body:
        place.create(key, body)
    # What this process remembers of the policy is forgotten, as by another one.
    office.around.cache.clear()
    status = office.run("status")
    assert status.code == 0
    assert "orders-mq     ?" in status.out
    assert "edge-gateway  api.s1.small" in status.out
    for words in (("plan",), ("report", "--observed", "1d"), ("orders", "--month", "2026-03")):
        said = office.run(*words, "--json")
        assert said.code == 0, said.err
        assert key in said.out or "its policy cannot be read" in said.out
