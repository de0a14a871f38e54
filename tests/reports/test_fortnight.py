"""A fortnight of observing, against a count of the same fortnight that knows nothing of Tidegate."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest

from tests.reports.fortnight import ALERTS, Count, at, count_audit_mq, count_orders_mq

if TYPE_CHECKING:
    from tests.cli.conftest import Said
    from tests.reports.conftest import Fortnight

READS = (
    "GetInstance",
    "DescribeInstances",
    "DescribeMetricLast",
    "DescribeMetricList",
    "ListQueues",
    "ListVirtualHosts",
)

Run = Callable[..., "Said"]


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
    assert {each["code"]: each["minutes"] for each in told["held"]} == counted.held
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
    assert seen == {
        ("alert", "tps-high", "instances.orders-mq.alerts[1]"),
        ("timetable", "office", "instances.orders-mq.timetable[0]"),
        ("person", "li@example", ""),
    }


def test_nothing_was_written_at_the_vendor(fortnight: Fortnight, report: dict[str, Any]) -> None:
    assert sum(each["orders"] for each in report.values()) > 0
    actions = {call["action"] for call in fortnight.calls()}
    assert len(ALERTS) > 10
    assert actions - set(READS) == set()
    assert fortnight.performance.stage.server.run(fortnight.performance.stage.server.cloud.orders.orders) == []
