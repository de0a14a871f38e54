"""Whatever happened to an instance is a phrase on one line of its history."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from tests.cli.conftest import RABBIT
from tests.cli.situations import CONFIRMED, MQ_LARGE, alerted, drift, unread
from tidegate.domain.signal import AlertState

if TYPE_CHECKING:
    from tests.cli.conftest import Office

Plain = Callable[[str], str]


@pytest.fixture
def newest(office: Office, plain: Plain) -> Callable[..., str]:
    """The newest record in words, or one before it."""

    def told(back: int = 0) -> str:
        said = office.run("history", "orders-mq", "--limit", "100", "--json")
        assert (said.code, said.err) == (0, "")
        text: str = said.json["records"][back]["what"]
        lines = office.run("history", "orders-mq", "--limit", "100").out.splitlines()
        assert len(lines) == len(said.json["records"])
        return plain(text.replace("Z", "+08:00"))

    return told


def test_a_pause_and_its_end_by_a_person(office: Office, newest: Callable[..., str]) -> None:
    office.push()
    office.reconcile()
    office.asks("pause", **{"for": "2h"})
    assert newest() == "pause until TIME by li -> hold: paused until TIME; small as wanted by home"
    office.asks("unpause")
    assert newest() == "unpause by li -> hold: orders may be placed again; small as wanted by home"


def test_a_pause_that_ends_by_itself(office: Office, newest: Callable[..., str]) -> None:
    office.push()
    office.reconcile()
    office.asks("pause", **{"for": "2h"})
    office.server.advance(7200)
    office.reconcile()
    assert newest() == "the pause by li ended; hold: small as wanted by home"


def test_an_override_and_its_end(office: Office, newest: Callable[..., str]) -> None:
    office.push()
    office.reconcile()
    office.asks("resize", to="small", **{"for": "2h"})
    assert newest() == "resize to small until TIME by li -> hold: small as wanted by override by li until TIME"
    office.server.advance(7200)
    office.reconcile()
    assert newest() == "the override by li to small ended; hold: small as wanted by home"


def test_an_override_that_somebody_releases_is_told_once(office: Office, newest: Callable[..., str]) -> None:
    office.push()
    office.reconcile()
    office.asks("resize", to="small", until_released=True)
    office.asks("release")
    assert newest() == "release by li -> hold: small as wanted by home"


def test_what_was_turned_down_is_told_beside_the_verdict(office: Office, newest: Callable[..., str]) -> None:
    office.push()
    office.reconcile()
    office.asks("release")
    assert newest() == "release by li -> hold: there is no override to release; hold: small as wanted by home"


def test_an_approval_is_asked_given_and_used(office: Office, newest: Callable[..., str]) -> None:
    alerted(office, approval={"when": ["up"]})
    state = office.reconcile().state
    assert state.approval is not None
    which = state.approval.id
    assert newest().endswith(f"; approval {which} is asked, until TIME")
    office.asks("approve")
    planned, decided = newest(), newest(1)
    assert decided == (
        f"approve by li -> resize: approved small -> large ({which}), good until TIME; large wanted by mq-tps-high"
    )
    assert planned == "up small -> large: large wanted by mq-tps-high"
    office.carry()
    (claimed,) = [newest(back) for back in range(14) if "is claimed" in newest(back)]
    assert claimed == f"attempt 1 is claimed; approval {which} by li is used"


def test_an_approval_that_nothing_asks_for_any_more_is_void(office: Office, newest: Callable[..., str]) -> None:
    alerted(office, approval={"when": ["up"]})
    state = office.reconcile().state
    assert state.approval is not None
    office.asks("resize", to="small", **{"for": "2h"})
    assert newest().endswith(f"; approval {state.approval.id} is void")


def test_a_no_is_told_with_what_it_stops(office: Office, newest: Callable[..., str]) -> None:
    alerted(office, approval={"when": ["up"]})
    office.reconcile()
    office.asks("cancel")
    assert newest() == (
        "cancel by li -> hold: cancelled; nothing is ordered until TIME; paused by li until TIME: cancelled"
    )


def test_a_drift_is_seen_is_sure_and_is_adopted(office: Office, newest: Callable[..., str]) -> None:
    drift(office)
    office.reconcile(force=True)
    assert newest(1).startswith("drift is seen: somebody else resized it to large; hold: somebody else resized it")
    assert newest().startswith("the drift is sure: it was read again; found on large; hold: somebody else resized it")
    office.asks("adopt")
    assert newest() == "adopt by li -> hold: adopted on large; large as wanted by home"


def test_a_drift_that_is_undone_is_over(office: Office, newest: Callable[..., str]) -> None:
    drift(office)
    office.reconcile(force=True)
    office.by_hand(MaxPrivateTps=3000, QueueCapacity=200, MaxConnections=2000)
    office.reconcile(force=True)
    assert newest() == "the drift is over; found on small; hold: small as wanted by home"


def test_a_drift_that_the_policy_adopts_is_the_new_home(office: Office, newest: Callable[..., str]) -> None:
    office.rules(on_drift="adopt")
    office.reconcile()
    office.by_hand(**MQ_LARGE)
    office.reconcile(force=True)
    office.server.advance(90)
    office.reconcile(force=True)
    assert newest() == "the drift is over; home is large now; found on large; hold: large as wanted by home"


def test_a_drift_that_the_policy_keeps_is_an_override_by_the_console(
    office: Office, newest: Callable[..., str]
) -> None:
    office.rules(on_drift={"keep_for": "12h"})
    office.reconcile()
    office.by_hand(**MQ_LARGE)
    office.reconcile(force=True)
    office.server.advance(90)
    office.reconcile(force=True)
    assert newest().startswith("override to large by the console until TIME; the drift is over; found on large; hold: ")


def test_an_alert_that_is_borne_out_later_and_one_that_is_over(office: Office, newest: Callable[..., str]) -> None:
    alerted(office, alerts=[CONFIRMED], mode="observe")
    office.reconcile()
    cloud = office.server.cloud
    office.server.run(lambda: cloud.load.change(cloud.estate.known(RABBIT), {"tps": 2900}))
    office.server.advance(180)
    office.reconcile()
    assert newest() == "alert mq-tps-high is borne out; hold: observe only: would go up to large for mq-tps-high"
    office.server.run(lambda: cloud.load.change(cloud.estate.known(RABBIT), {"tps": 100}))
    office.server.advance(180)
    office.rings("ring-0002", AlertState.OK)
    office.reconcile()
    office.server.advance(1800)
    office.reconcile()
    assert newest() == "alert mq-tps-high ended; hold: small as wanted by home"


def test_an_alert_that_climbs_says_to_where(office: Office, newest: Callable[..., str]) -> None:
    rungs = [
        {"rung": "small", "MaxPrivateTps": 3000},
        {"rung": "medium", "MaxPrivateTps": 5000},
        {"rung": "large", "MaxPrivateTps": 8000},
    ]
    alerted(office, ladder=rungs, alerts=[{"rule": "mq-tps-high", "raise": 1, "repeat": "climb"}], mode="act")
    office.reconcile()
    office.carry()
    office.server.advance(60)
    office.rings("ring-0002")
    office.reconcile()
    climbed = [newest(back) for back in range(2) if "climbs" in newest(back)]
    assert len(climbed) == 1
    assert "; alert mq-tps-high climbs to large" in climbed[0]


def test_a_refused_order_settles_on_nothing_that_was_read(office: Office, newest: Callable[..., str]) -> None:
    alerted(office)
    office.fault("UpdateInstance", "error-before", status=400, code="Refused", message="not for sale")
    office.reconcile()
    office.carry()
    assert newest(1) == "settled; nothing more is ordered until somebody looks"
    office.asks("ack")
    told = [newest(back) for back in range(3)]
    assert any(text.startswith("ack by li -> ") for text in told)


def test_a_limit_leaves_out_the_older_ones_but_not_what_the_oldest_shown_changed(office: Office) -> None:
    office.push()
    office.reconcile()
    office.asks("pause", **{"for": "2h"})
    office.server.advance(7200)
    office.reconcile()
    (entry,) = office.run("history", "orders-mq", "-n", "1", "--json").json["records"]
    assert (entry["record"], entry["what"]) == (4, "the pause by li ended; hold: small as wanted by home")
    assert entry["at"].endswith("+00:00")


def test_moments_are_told_in_the_instances_zone(office: Office) -> None:
    unread(office)
    office.asks("pause", **{"for": "2h"})
    ends = (office.clock.now() + timedelta(hours=2)).astimezone(ZoneInfo("Asia/Shanghai"))
    assert f"paused until {ends:%Y-%m-%d %H:%M}+08:00" in office.run("history", "orders-mq").out
