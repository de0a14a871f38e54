"""A fortnight of observing, against a count of the same fortnight that knows nothing of Tidegate."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest

from localcloud.rpc.calls import KEEPS
from tests.reports.fortnight import ALERTS, START, Count, at, count_audit_mq, count_orders_mq, rang_at

if TYPE_CHECKING:
    from tests.reports.conftest import Fortnight
    from tests.said import Said

READS = ("Get", "Describe", "List", "Query")
"""How the vendor's calls begin that change nothing."""

Run = Callable[..., "Said"]
pytestmark = pytest.mark.once


@pytest.fixture
def report(fortnight: Fortnight, run: Run) -> dict[str, Any]:
    """The report's instances by their names."""
    assert fortnight.performance.wrong == ()
    said = run(fortnight, "report", "--observed", "14d", "--policy", str(fortnight.policy), "--json")
    assert said.code == 0, said.err
    return {each["instance"]: each for each in said.json["instances"]}


@pytest.mark.parametrize(("name", "count"), [("orders-mq", count_orders_mq), ("audit-mq", count_audit_mq)])
def test_the_figures_are_those_of_an_independent_count(
    report: dict[str, Any], name: str, count: Callable[[], Count]
) -> None:
    told, counted = report[name], count()
    orders = [(datetime.fromisoformat(each["at"]), each["to_rung"], each["cause"]["name"]) for each in told["would_be"]]
    assert orders == [(at(minute), rung, whom) for minute, rung, whom in counted.orders]
    assert told["orders"] == len(counted.orders) > 2
    held = {(each["code"], each["to_rung"], each["cause"]["name"]): each["minutes"] for each in told["held"]}
    assert held == counted.held
    assert len(held) == len(told["held"]) > 1
    assert told["minutes_below_need"] == counted.below
    assert told["minutes_above_need"] == counted.above
    assert told["minutes_unknown"] == 0


def test_what_it_would_have_cost_more_is_that_of_the_count_or_unknown(report: dict[str, Any]) -> None:
    assert report["orders-mq"]["cost_difference"] == pytest.approx(count_orders_mq().cost, abs=0.01)
    assert report["audit-mq"]["cost_difference"] is None
    assert report["audit-mq"]["unpriced"] == ["large", "small"]


def test_every_would_be_order_names_who_caused_it_and_the_line_of_the_policy(
    report: dict[str, Any], fortnight: Fortnight
) -> None:
    lines = fortnight.policy.read_text("utf-8").splitlines()
    seen = set()
    for each in report["orders-mq"]["would_be"]:
        cause = each["cause"]
        seen.add((cause["kind"], cause["name"], cause["key"]))
        assert each["from_rung"] == "small"
        if cause["kind"] != "person":
            assert cause["file"] == str(fortnight.policy)
            assert cause["name"] in lines[cause["line"] - 1]
        if cause["kind"] == "alert":
            placed = round((datetime.fromisoformat(each["at"]) - START).total_seconds() / 60)
            assert datetime.fromisoformat(cause["alert_at"]) == at(rang_at(placed))
            assert cause["alert"] == "alert tps-high firing (97)"
    assert seen == {
        ("alert", "tps-high", "instances.orders-mq.alerts[1]"),
        ("timetable", "office", "instances.orders-mq.timetable[0]"),
        ("person", "li@example", ""),
    }


def test_every_hold_names_who_was_held_and_the_line_of_the_policy_too(
    report: dict[str, Any], fortnight: Fortnight
) -> None:
    lines = fortnight.policy.read_text("utf-8").splitlines()
    causes = [each["cause"] for each in report["orders-mq"]["held"]]
    assert {"alert", "timetable"} == {cause["kind"] for cause in causes}
    assert all(cause["name"] in lines[cause["line"] - 1] for cause in causes)


def test_an_alert_that_is_named_can_be_asked_about(fortnight: Fortnight, run: Run, report: dict[str, Any]) -> None:
    key = next(each["cause"]["alert_key"] for each in report["orders-mq"]["would_be"] if each["cause"]["alert_key"])
    told = run(fortnight, "explain", key, "--json").json
    assert (told["instance"], told["what"], told["verdict"]) == ("orders-mq", "alert tps-high firing (97)", "hold")


def test_nothing_was_written_at_the_vendor(fortnight: Fortnight, report: dict[str, Any]) -> None:
    assert sum(each["orders"] for each in report.values()) > 0
    assert len(ALERTS) > 10
    calls, server = fortnight.calls(), fortnight.performance.stage.server
    assert 100 < len(calls) < KEEPS, "all calls there were"
    assert [call["action"] for call in calls if not call["action"].startswith(READS)] == []
    assert server.run(server.cloud.orders.orders) == []
    assert fortnight.performance.stage.executions.next_at() is None


def test_the_report_is_read_by_people_too(fortnight: Fortnight, run: Run) -> None:
    lines = run(fortnight, "report", "--observed", "14d", "--policy", str(fortnight.policy)).out.splitlines()
    audit, orders = count_audit_mq(), count_orders_mq()
    assert lines[0] == "audit-mq  observe  2026-03-02 00:00:00+08:00 to 2026-03-16 00:00:00+08:00"
    assert lines[1].startswith(f"  on large; {len(audit.orders)} would-be orders; below need 0s; above need 13d")
    assert lines[1].endswith("; cost difference unknown, no price in the policy for large, small")
    assert "would    2026-03-02 01:00:00+08:00  DOWN large -> small  base (" in lines[2]
    text = "\n".join(lines)
    assert f"{len(orders.orders)} would-be orders" in text
    assert "UP small -> medium  timetable office (" in text
    assert "UP small -> large  alert tps-high (" in text
    assert re.search(r"alert tps-high \(\S+:\d+\), rang 2026-03-\d\d \S+ \(97\); until ", text)
    assert re.search(r"held   blackout, \d+ times?, \S+, medium for timetable office \(\S+:\d+\): ", text)
    assert "UP small -> large  asked by li@example; until 2026-03-07 13:00:00+08:00" in text


def test_a_day_that_begins_under_a_would_be_order_does_not_count_it_again(fortnight: Fortnight, run: Run) -> None:
    (told,) = run(fortnight, "report", "audit-mq", "--observed", "2d", "--json").json["instances"]
    (stood,) = told["would_be"]
    assert (told["orders"], stood["before"], stood["minutes"]) == (0, True, 2 * 24 * 60)


def test_a_report_over_no_time_and_of_no_instance_is_a_mistake(fortnight: Fortnight, run: Run) -> None:
    for arguments in (("--observed", "soon"), ("--observed", "0d"), ("nobody",)):
        said = run(fortnight, "report", *arguments)
        assert (said.code, said.out, said.err.count("\n")) == (2, "", 1)
