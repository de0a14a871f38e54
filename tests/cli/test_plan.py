"""A plan says what would be ordered, why now, whether it fits, what it costs, and what waits for whom."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from tests.cli.conftest import RABBIT
from tests.cli.situations import LARGE, SMALL, alerted, approval_soft, fleet_paused, window
from tidegate.domain.limits import FleetLimits

if TYPE_CHECKING:
    from tests.cli.conftest import Office

Plain = Callable[[str], str]
DOWN = "~ orders-mq  DOWN large -> small   "
FIELDS = "MaxConnections 5000 -> 2000, MaxPrivateTps 8000 -> 3000, QueueCapacity 1000 -> 200"
KEPT = "unchanged MaxEipTps=128 TracingStorageTime=3 SupportEip=false SupportTracing=false"
SOFT = "above the soft limit of 4 an hour): `tidegate approve orders-mq`"
FITS = "queues 141 of 200, connections 700 of 2000, peak TPS 1500 of 3000 fit"
PRICED = [{**SMALL, "hourly_price": 1.9}, {**LARGE, "hourly_price": 4.2}]


def planned(office: Office, plain: Plain) -> list[str]:
    """The lines of a plan, its moments blotted out."""
    said = office.run("plan")
    assert (said.code, said.err) == (0, "")
    return plain(said.out).splitlines()


def used(office: Office) -> None:
    """The queue is in use."""
    cloud = office.server.cloud
    figures = {"queues": 141, "connections": 700, "tps": 1500}
    office.server.run(lambda: cloud.load.change(cloud.estate.known(RABBIT), figures))


def test_a_downgrade_says_which_hours_ended_what_fits_and_what_it_saves(office: Office, plain: Plain) -> None:
    begin, end = ((office.clock.now() + timedelta(hours=h)).astimezone(ZoneInfo("Asia/Shanghai")) for h in (-1, 1))
    hours = {"name": "office", "days": "daily", "from": f"{begin:%H:%M}", "to": f"{end:%H:%M}", "rung": "large"}
    office.rules(timetable=[hours], ladder=PRICED)
    used(office)
    office.reconcile()
    office.reconcile()
    office.carry()
    office.server.advance(3600)
    assert planned(office, plain) == [
        f"{DOWN}office ended: small wanted by home; {FIELDS}",
        f"    {KEPT}; {FITS}; 4.2 -> 1.9 an hour",
        "1 order, 0 holds, 1 unchanged   -2.3 an hour   nothing was written",
    ]
    told = office.run("plan", "--json").json
    orders = next(each for each in told["instances"] if each["instance"] == "orders-mq")
    assert orders["in_use"][0] == {"what": "queues", "used": 141, "remains": 200}
    assert (orders["hourly_price_before"], orders["hourly_price_after"], orders["ended"]) == (4.2, 1.9, "office ended")
    assert (told["orders"], told["orders_now"], told["orders_waiting"]) == (1, 1, 0)
    assert told["hourly_cost_change"] == -2.3


def test_a_downgrade_says_which_alert_ended(office: Office, plain: Plain) -> None:
    alerted(office)
    office.reconcile()
    office.carry()
    office.server.advance(26 * 3600)
    assert planned(office, plain)[0].startswith(
        "~ orders-mq  DOWN large -> small   alert mq-tps-high ended: small wanted"
    )


def test_a_downgrade_says_which_override_ended(office: Office, plain: Plain) -> None:
    office.push()
    office.reconcile()
    office.asks("resize", to="large", **{"for": "2h"})
    office.carry()
    office.server.advance(3 * 3600)
    assert planned(office, plain)[0].startswith(
        "~ orders-mq  DOWN large -> small   the override by li ended: small wanted"
    )


def test_an_upgrade_has_no_end_to_tell_of_and_nothing_in_use(office: Office, plain: Plain) -> None:
    alerted(office, ladder=PRICED)
    first, second, summary = planned(office, plain)
    assert first.startswith("~ orders-mq  UP small -> large   large wanted by mq-tps-high; MaxConnections 2000 -> 5000")
    assert second == f"    {KEPT}; 1.9 -> 4.2 an hour"
    assert summary == "1 order, 0 holds, 1 unchanged   +2.3 an hour   nothing was written"


def test_of_more_orders_than_the_fleet_may_have_at_once_the_plan_says_how_many_wait(
    office: Office, plain: Plain
) -> None:
    office.rules({"orders_at_once": 1}, edge={"mode": "act", "base": "api.s1.medium"}, base="large")
    told = planned(office, plain)
    assert [line[:14] for line in told if line.startswith("~")] == ["~ edge-gateway", "~ orders-mq  U"]
    assert told[-1] == "2 orders (1 now, 1 waits for the fleet's limit), 0 holds, 0 unchanged   nothing was written"
    counts = office.run("plan", "--json").json
    assert (counts["orders"], counts["orders_now"], counts["orders_waiting"]) == (2, 1, 1)


def test_what_others_have_ordered_within_the_hour_leaves_room_for_the_rest(office: Office, plain: Plain) -> None:
    office.rules({"orders_per_hour": 2}, edge={"mode": "act", "base": "api.s1.medium"}, base="large")
    around, now = office.around, office.clock.now()
    assert around.fleet.reserve(FleetLimits(), "another", 1, now)
    around.fleet.release("another", 1, now, used=True)
    assert "2 orders (1 now, 1 waits for the fleet's limit)" in planned(office, plain)[-1]


@pytest.mark.parametrize(
    ("situation", "told", "needs_person"),
    [
        (window, "  orders-mq  HOLD ups have windows; the next one opens at TIME", False),
        (fleet_paused, "  orders-mq  HOLD the fleet is paused by li, until `tidegate unpause --fleet`", False),
        (approval_soft, f"! orders-mq  HOLD small -> large, 4.2 an hour is to be approved ({SOFT}", True),
    ],
)
def test_a_hold_is_told_with_its_reason(
    office: Office, plain: Plain, situation: Callable[[Office], None], told: str, *, needs_person: bool
) -> None:
    situation(office)
    hold, summary = planned(office, plain)
    assert hold.startswith(told)
    assert summary == "0 orders, 1 hold, 1 unchanged   nothing was written"
    orders = office.run("plan", "--json").json["instances"][1]
    assert (orders["decision"], orders["needs_person"]) == ("hold", needs_person)
    assert (orders["until"] is not None) == (situation is window)
    assert (orders["asks"] is not None) == (situation is approval_soft)


def test_what_is_to_be_approved_while_time_holds_it_is_told_beside(office: Office, plain: Plain) -> None:
    window(office, approval={"when": ["up"]})
    opens = "ups have windows; the next one opens at TIME"
    held = f"  orders-mq  HOLD {opens}; small -> large is to be approved meanwhile"
    assert planned(office, plain)[0] == held
    asks = office.run("plan", "--json").json["instances"][1]["asks"]
    assert (asks["from_rung"], asks["to_rung"]) == ("small", "large")


def test_a_draft_is_planned_within_its_own_fleet_limits(office: Office, plain: Plain) -> None:
    office.rules(edge={"mode": "act", "base": "api.s1.medium"}, base="large")
    draft = office.folder / "draft.yaml"
    draft.write_text(office.file.read_text() + "fleet: {orders_at_once: 1}\n")
    assert planned(office, plain)[-1].startswith("2 orders, 0 holds")
    said = office.run("plan", "--policy", str(draft))
    assert "2 orders (1 now, 1 waits for the fleet's limit)" in said.out
