"""One line says of an instance what stands, until when, and what waits for a person."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from tests.cli.situations import MQ_LARGE, alerted, drift_unsure, fleet_in_hour, home_unknown, mixed

if TYPE_CHECKING:
    from tests.cli.conftest import Office

ZONE = ZoneInfo("Asia/Shanghai")
HOUR = r"\b(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) )?\d\d:\d\d\+08:00"


def line(office: Office, name: str = "orders-mq") -> str:
    """The line of one instance, its times blotted out."""
    said = office.run("status")
    assert (said.code, said.err) == (0, "")
    (found,) = [line for line in said.out.splitlines() if line.startswith(name)]
    return re.sub(r" {2,}", "  ", re.sub(HOUR, "HOUR", found))


def row(office: Office) -> dict[str, Any]:
    """What programs are told of orders-mq."""
    told = office.run("status", "--json").json
    found: dict[str, Any] = next(each for each in told["instances"] if each["instance"] == "orders-mq")
    return found


def at(office: Office, **span: float) -> str:
    """A time of day of the instance's zone, so long from now."""
    return f"{(office.clock.now() + timedelta(**span)).astimezone(ZONE):%H:%M}"


def test_an_override_is_shown_with_its_end(office: Office) -> None:
    office.push()
    office.reconcile()
    office.asks("resize", to="small", **{"for": "2h"})
    assert line(office) == "orders-mq  small  override by li until HOUR  ok"


def test_an_override_without_an_end_is_shown_with_its_age(office: Office) -> None:
    office.push()
    office.reconcile()
    office.asks("resize", to="small", until_released=True)
    office.server.advance(3 * 24 * 3600)
    assert line(office) == "orders-mq  small  override by li until released, 3d old  ok"
    assert row(office)["override"]["until"] is None


def test_an_instance_that_is_only_observed_shows_its_override_all_the_same(office: Office) -> None:
    office.rules(mode="observe")
    office.reconcile()
    office.asks("resize", to="small", **{"for": "2h"})
    assert line(office) == "orders-mq  small  observe; override by li until HOUR  ok"


def test_a_pause_is_shown_also_where_nothing_is_held_back_by_it(office: Office) -> None:
    office.push()
    office.reconcile()
    office.asks("pause", reason="migration", **{"for": "2h"})
    assert line(office) == "orders-mq  small  home  ok; paused by li until HOUR (migration)"
    office.server.advance(2 * 3600)
    assert line(office) == "orders-mq  small  home  ok"
    assert row(office)["pause"] is None


def test_a_pause_that_holds_something_back_is_shown_once(office: Office) -> None:
    alerted(office)
    office.asks("pause")
    assert line(office) == "orders-mq  small  mq-tps-high  held: paused by li, until `tidegate unpause orders-mq`"


def test_a_drift_is_shown_beside_another_verdict(office: Office) -> None:
    drift_unsure(office)
    office.rings()
    office.reconcile(force=True)
    assert line(office).endswith("  mq-tps-high  ok; drift to large since HOUR")
    assert row(office)["drift"]["sure"] is False


def test_what_asks_for_approval_needs_you_by_when_and_by_which_command(office: Office) -> None:
    alerted(office, approval={"when": ["up"]})
    office.reconcile()
    asked = row(office)["approval"]
    do = f"approve small -> large: `tidegate approve orders-mq --id {asked['id']}`"
    assert line(office) == f"orders-mq  small  mq-tps-high  ! {do} by HOUR"
    (need,) = row(office)["needs"]
    assert need["by"] == asked["expires_at"]
    assert "to say no, `tidegate cancel orders-mq`. If nobody does, nothing is ordered" in need["text"]
    assert "1 NEEDS YOU" in office.run("status").out


def test_what_asks_for_approval_needs_you_also_while_something_else_holds(office: Office) -> None:
    """It may be approved ahead; then the line says so."""
    alerted(office, approval={"when": ["up"]})
    office.reconcile()
    office.asks("pause")
    assert "! approve small -> large" in line(office)
    office.asks("approve")
    assert line(office).endswith("`tidegate unpause orders-mq`; small -> large is approved by li until HOUR")
    assert row(office)["needs"] == []


def test_a_question_that_nobody_answered_in_time_is_not_asked_any_more(office: Office) -> None:
    alerted(office, approval={"when": ["up"], "expires": "1h"})
    office.reconcile()
    office.server.advance(3600)
    assert row(office)["approval"] is None
    assert "--id" not in line(office)


def test_several_needs_are_counted_on_the_line(office: Office) -> None:
    """A question, and what a colleague did while it was open."""
    alerted(office, approval={"when": ["up"]})
    office.reconcile()
    office.by_hand(MaxPrivateTps=4000)
    office.reconcile(force=True)
    assert line(office).startswith("orders-mq  off ladder  mq-tps-high  ! approve small -> large: ")
    assert line(office).endswith(" by HOUR (and 1 more)")


def test_the_next_change_by_timetable_is_shown(office: Office) -> None:
    entry = {"name": "office", "days": "daily", "from": at(office, hours=1), "to": at(office, hours=3), "rung": "large"}
    office.rules(timetable=[entry])
    office.reconcile()
    assert line(office) == "orders-mq  small  home  ok; large at HOUR"
    change = row(office)["next_change"]
    begins = datetime.fromisoformat(change["at"]) - office.clock.now()
    assert timedelta(minutes=59) <= begins <= timedelta(hours=1)
    assert (change["rung"], change["why"]) == ("large", f"office to {entry['to']}")


def test_a_change_of_the_timetable_that_changes_nothing_is_no_next_change(office: Office) -> None:
    entry = {"days": "daily", "from": at(office, hours=1), "to": at(office, hours=3), "rung": "small"}
    office.rules(timetable=[entry], base="large", alerts=[])
    assert row(office)["next_change"] is None


def test_an_instance_whose_home_nobody_knows_has_no_next_change_to_it(office: Office) -> None:
    entry = {"days": "daily", "from": at(office, hours=-1), "to": at(office, hours=3), "rung": "large"}
    office.rules(timetable=[entry])
    assert row(office)["next_change"] is None


def test_the_fleets_pause_and_use_are_in_the_head(office: Office) -> None:
    fleet_in_hour(office)
    office.asks("pause", "", reason="stocktaking", **{"for": "2h"})
    head = re.sub(HOUR, "HOUR", office.run("status").out.splitlines()[0])
    assert head.endswith("orders 0 of 3, 1 of 1 this hour   FLEET PAUSED by li until HOUR (stocktaking)")
    fleet = office.run("status", "--json").json["fleet"]
    assert fleet["pause"]["by"] == "li"
    del fleet["pause"]
    assert fleet == {"orders_under_way": 0, "orders_at_once": 3, "orders_in_hour": 1, "orders_per_hour": 1}


def test_what_was_adopted_off_the_ladder_is_not_called_wrong(office: Office) -> None:
    mixed(office)
    assert line(office).startswith("orders-mq  off ladder  override by li until HOUR  ! from what was adopted")
    office.asks("release")
    assert line(office) == "orders-mq  as found  what was adopted  ok"


@pytest.mark.parametrize("signs", ["evil\x1b[2Jtext\nsecond line", "evil\u202etext\u2028second line"])
def test_what_people_write_cannot_rule_the_terminal(office: Office, signs: str) -> None:
    alerted(office)
    office.asks("pause", reason=signs)
    for command in (("status",), ("plan",), ("history", "orders-mq"), ("explain", "orders-mq")):
        out = office.run(*command).out
        assert "evil" in out
        assert all(text.isprintable() for text in out.splitlines())
        assert not [text for text in out.split("\n") if text.startswith("second")]


def test_a_home_that_is_unknown_says_what_to_press(office: Office) -> None:
    home_unknown(office)
    office.reconcile(force=True)
    (need,) = row(office)["needs"]
    assert need["text"].startswith("home is not known yet: the instance was never seen on a rung. Say `base: RUNG`")


def test_a_console_change_that_is_kept_for_a_while_is_an_override_by_the_console(office: Office) -> None:
    office.rules(on_drift={"keep_for": "12h"})
    office.reconcile()
    office.by_hand(**MQ_LARGE)
    office.reconcile(force=True)
    office.server.advance(90)
    office.reconcile(force=True)
    assert line(office) == "orders-mq  large  override by the console until HOUR  ok"
