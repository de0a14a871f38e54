"""Why: what `explain` says beyond holds, and that it is what the records say."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.conftest import RABBIT
from tests.cli.situations import CONFIRMED, LARGE, SMALL, alerted, lowered, unread, window
from tidegate.domain.signal import AlertState

if TYPE_CHECKING:
    from tests.cli.conftest import Office

Plain = Callable[[str], str]
PRICED = [{**SMALL, "hourly_price": 1.9}, {**LARGE, "hourly_price": 4.2}]


def told(office: Office, plain: Plain, what: str = "orders-mq") -> list[str]:
    """The lines of an explanation, its moments blotted out."""
    said = office.run("explain", what)
    assert (said.code, said.err) == (0, "")
    return plain(said.out).splitlines()


def used(office: Office, **figures: int) -> None:
    """The queue is in use, for long enough to be measured."""
    cloud = office.server.cloud
    office.server.run(lambda: cloud.load.change(cloud.estate.known(RABBIT), figures))
    office.server.advance(180)


def alerts(office: Office) -> list[str]:
    """What is said of every alert that has a claim."""
    claims = office.run("explain", "orders-mq", "--json").json["claims"]
    return [claim["why"] for claim in claims if claim["who"] == "alerts"]


def test_a_claim_of_an_alert_says_whether_its_metric_bears_it_out(office: Office, plain: Plain) -> None:
    alerted(office, alerts=[CONFIRMED], mode="observe")
    used(office, tps=2900)
    office.reconcile()
    assert "alerts large (mq-tps-high since TIME, borne out since TIME);" in told(office, plain)[0]
    used(office, tps=100)
    assert alerts(office)[0].endswith(", not borne out: InstanceMaxTpsInMiunte 100 is not above 2700")
    assert "figures  mq-tps-high InstanceMaxTpsInMiunte 100" in told(office, plain)


def test_of_the_past_only_what_was_recorded_is_said_of_a_metric(office: Office) -> None:
    alerted(office, alerts=[CONFIRMED])
    office.reconcile()
    at = office.clock.now().isoformat()
    office.server.advance(1)
    past = office.run("explain", "orders-mq", "--at", at, "--json").json
    (claim,) = [claim for claim in past["claims"] if claim["who"] == "alerts"]
    assert claim["why"].endswith(", not borne out yet")
    assert past["figures"]["measures"] == {}


def test_a_claim_of_an_alert_that_is_over_says_since_when(office: Office, plain: Plain) -> None:
    alerted(office)
    office.reconcile()
    office.carry()
    office.server.advance(60)
    office.rings("ring-0002", AlertState.OK)
    assert "alerts large (mq-tps-high since TIME, OK since TIME);" in told(office, plain)[0]


def test_a_claim_of_a_person_says_what_it_overrules_and_why(office: Office, plain: Plain) -> None:
    window(office)
    office.asks("resize", to="large", despite=["window"], reason="sale", **{"for": "2h"})
    claim = "override large (by li until TIME, despite window: sale)"
    assert told(office, plain)[0].endswith(claim)


def test_the_figures_a_downgrade_went_by_are_shown(office: Office, plain: Plain) -> None:
    lowered(office, ladder=PRICED)
    used(office, queues=141, connections=700, tps=1500)
    figures = "in use queues 141 of 200, connections 700 of 2000, peak TPS 1500 of 3000; today ups 1 of 12; 4.2 -> 1.9"
    assert f"figures  {figures} an hour" in told(office, plain)
    shown = office.run("explain", "orders-mq", "--json").json["figures"]
    assert shown["budget"][0] == {"what": "ups", "used": 1, "most": 12}
    assert [share["most"] for share in shown["fleet"]] == [3, 12]


def test_where_only_a_part_of_the_way_is_urgent_the_guards_judge_that_part(office: Office) -> None:
    """Otherwise the window would be shown to hold what is ordered all the same."""
    rungs = [
        {"rung": "small", "MaxPrivateTps": 3000},
        {"rung": "medium", "MaxPrivateTps": 5000},
        {"rung": "large", "MaxPrivateTps": 8000},
    ]
    urgent = {"rule": "mq-tps-high", "raise": 1, "urgent": True}
    opens = (office.clock.now() + timedelta(days=2)).date().isoformat()
    never = {"up": [{"days": opens, "from": "01:00", "to": "05:00"}]}
    alerted(office, ladder=rungs, alerts=[urgent], resize_windows=never, base="large")
    now = office.run("explain", "orders-mq", "--json").json
    assert (now["decision"], now["reason"]) == ("resize", "medium wanted by base")
    assert {guard["passage"] for guard in now["guards"]} == {"ok"}


def test_a_hold_of_the_past_says_what_could_be_pressed(office: Office) -> None:
    unread(office)
    office.reconcile()
    at = office.clock.now().isoformat()
    office.server.advance(1)
    past = office.run("explain", "orders-mq", "--at", at)
    assert "\ndo    See the log for what the vendor answers, and whether Tidegate's role may read" in past.out


def test_what_only_time_ends_asks_nobody_to_press_anything(office: Office, plain: Plain) -> None:
    window(office)
    assert not [line for line in told(office, plain) if line.startswith("do ")]
    ends = office.run("explain", "orders-mq", "--json").json["until"]
    assert ends is not None


def test_a_receipt_says_what_had_held_it_who_approved_it_and_what_it_costs(office: Office, plain: Plain) -> None:
    alerted(office, approval={"when": ["up"]}, ladder=PRICED)
    office.asks("pause", **{"for": "1h"})
    office.server.advance(3600)
    state = office.reconcile().state
    assert state.approval is not None
    office.server.advance(600)
    office.asks("approve")
    office.carry()
    lines = told(office, plain, "orders-mq#1")
    paused, asked = [line for line in lines if line.startswith("held ")]
    assert paused == "held       TIME  pause: paused by li until TIME"
    assert asked.startswith("held       TIME  approval: small -> large, 4.2 an hour is to be approved (the policy asks")
    assert f"approved   by li, TIME ({state.approval.id}: the policy asks before every up)" in lines
    assert "cost       1.9 -> 4.2 an hour" in lines
    receipt = office.run("explain", "orders-mq#1", "--json").json
    assert [one["code"] for one in receipt["held_before"]] == ["pause", "approval"]
    assert (receipt["approved"]["by"], receipt["approved"]["cost"]) == ("li", 4.2)
    assert (receipt["hourly_price_before"], receipt["hourly_price_after"]) == (1.9, 4.2)


def test_a_receipt_tells_of_no_hold_of_another_wish(office: Office) -> None:
    """What had held the way up before has nothing to do with the way down."""
    lowered(office, approval={"when": ["down"]}, cooldown={"up": "0s", "down": "2h"})
    office.reconcile()
    office.server.advance(3600)
    office.reconcile()
    office.asks("approve")
    down = office.run("explain", "orders-mq#2", "--json").json
    assert [one["code"] for one in down["held_before"]] == ["cooldown", "approval"]
    up = office.run("explain", "orders-mq#1", "--json").json
    assert (up["held_before"], up["approved"]) == ([], None)


def test_a_request_is_found_by_its_key(office: Office, plain: Plain) -> None:
    office.push()
    office.reconcile()
    office.asks("pause", key="key-of-a-pause", **{"for": "2h"})
    office.asks("release", key="key-of-a-release")
    assert told(office, plain, "key-of-a-pause") == [
        "orders-mq  pause until TIME by li",
        "HOLD  paused until TIME; small as wanted by home",
        "TIME   policy HASH  record 3",
    ]
    refused = office.run("explain", "key-of-a-release", "--json").json
    assert (refused["refused"], refused["reason"]) == (True, "there is no override to release")


def test_a_pause_of_the_fleet_is_found_by_its_key(office: Office) -> None:
    office.push()
    office.asks("pause", "", key="key-of-a-pause", reason="stocktaking")
    office.asks("unpause", "", key="key-of-an-end")
    began = office.run("explain", "key-of-a-pause", "--json").json
    assert (began["instance"], began["what"], began["reason"]) == ("", "the fleet is paused by li", "stocktaking")
    ended = office.run("explain", "key-of-an-end")
    assert ended.out.startswith("fleet  the fleet is unpaused\nHOLD  orders may be placed again\n")


@pytest.mark.parametrize("command", [("explain", "orders-mq"), ("explain", "orders-mq#1"), ("status",), ("plan",)])
def test_every_time_that_programs_are_told_has_its_offset(office: Office, command: tuple[str, ...]) -> None:
    alerted(office, approval={"when": ["up"]})
    office.reconcile()
    office.asks("approve")
    times = list(moments(office.run(*command, "--json").json))
    assert times
    assert [text for text in times if text[-6:] not in ("+00:00", "+08:00")] == []


def moments(value: Any) -> list[str]:
    """Everything in a report that begins like a date."""
    if isinstance(value, dict):
        return [text for item in value.values() for text in moments(item)]
    if isinstance(value, list):
        return [text for item in value for text in moments(item)]
    return [value] if isinstance(value, str) and value[:2] == "20" and value[4:5] == "-" and "T" in value[:11] else []
