"""The orders of a month, against the vendor's own books."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from localcloud.faults import Fault
from tests.reports.conftest import Fortnight, played
from tests.reports.fortnight import PRICES, RABBIT, ladder
from tidegate.cli.orders import COLUMNS, safe

if TYPE_CHECKING:
    from tests.said import Said

Run = Callable[..., "Said"]
pytestmark = pytest.mark.once
FORMULA = "=HYPERLINK(A1)"
POLICY: dict[str, Any] = {
    "version": 1,
    "timezone": "Asia/Shanghai",
    "instances": {
        "orders-mq": {
            **RABBIT,
            "mode": "act",
            "instance_id": "amqp-cn-orders0001",
            "ladder": ladder(priced=True),
            "timetable": [
                {"name": "month-end", "days": "2026-03-31", "from": "23:40", "to": "24:00", "rung": "medium"}
            ],
            "alerts": [{"rule": "tps-high", "at_least": "large"}],
            "release_after": "30m",
            "cooldown": {"up": "5m", "down": "5m"},
        },
        "edge": {
            "product": "apigateway",
            "region": "cn-hangzhou",
            "instance_id": "apigateway-cn-edge0001",
            "mode": "act",
            "base": "api.s1.small",
            "ladder": ["api.s1.small", "api.s1.medium"],
            "subscription_down": "allow",
            "switchover": "skip",
        },
    },
}
WORLD: dict[str, Any] = {
    "start": "2026-03-28T00:00:00+08:00",
    "instances": [
        {
            "product": "rabbitmq",
            "instance_id": "amqp-cn-orders0001",
            "edition": "enterprise",
            "spec": {"MaxPrivateTps": 3000, "QueueCapacity": 200, "MaxConnections": 2000},
            "usage": {"queues": 40, "connections": 100, "tps": 300},
        },
        {"product": "apigateway", "instance_id": "apigateway-cn-edge0001"},
    ],
    "behaviour": {"apply_takes": "3m"},
}
ALERT = {"rule": "tps-high", "instance": "orders-mq", "value": 97}
ASKED = {"verb": "resize", "instance": "edge", "to": "api.s1.medium", "for": "2h", "by": FORMULA}
APRIL = datetime.fromisoformat("2026-04-01T00:00+08:00")
STORY: dict[str, Any] = {
    "title": "The end of a month",
    "story": "An alert, a person and a timetable; the last order down is of the next month.",
    "steps": [
        {"at": "2026-03-29 10:00", "do": {"alert": ALERT}},
        {"at": "2026-03-29 12:00", "do": {"alert": {**ALERT, "state": "ok"}}},
        {"at": "2026-03-30 09:00", "do": {"request": ASKED}},
    ],
    "until": "2026-04-02 00:00",
    "expect": {"orders": [], "rungs": {"orders-mq": "small", "edge": "api.s1.small"}},
}


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fortnight]:
    """The month's end, over and still open."""
    with played(tmp_path_factory.mktemp("month"), POLICY, WORLD, STORY) as told:
        yield told


@pytest.fixture
def march(month: Fortnight, run: Run) -> dict[str, Any]:
    """The orders of March."""
    said = run(month, "orders", "--month", "2026-03", "--json")
    assert said.code == 0, said.err
    told: dict[str, Any] = said.json
    return told


def booked(month: Fortnight) -> dict[str, Any]:
    """The vendor's orders by their ids."""
    server = month.performance.stage.server
    return {order.order_id: order for order in server.run(server.cloud.orders.orders)}


def test_every_order_of_the_month_is_told_with_what_the_vendor_booked_for_it(
    march: dict[str, Any], month: Fortnight
) -> None:
    books = booked(month)
    told = {each["order_id"]: each for each in march["orders"]}
    in_march = [one for one in books.values() if datetime.fromisoformat(one.created_at) < APRIL]
    assert set(told) == {one.order_id for one in in_march}
    assert len(books) == len(told) + 1 == 6
    for order_id, each in told.items():
        assert each["amount"] == books[order_id].amount
        assert (each["payment"], each["outcome"], each["currency"]) == ("paid", "resized", "CNY")
    (total,) = march["sums"]
    assert Decimal(total["paid"]) == sum(Decimal(one.amount) for one in in_march)
    assert (march["unknown"], march["trouble"]) == (0, "")


def test_every_order_says_who_or_what_caused_it(march: dict[str, Any]) -> None:
    told = [
        (each["instance"], each["to_rung"], each["cause"]["kind"], each["cause"]["name"]) for each in march["orders"]
    ]
    assert told == [
        ("orders-mq", "large", "alert", "tps-high"),
        ("orders-mq", "small", "home", "alert tps-high"),
        ("edge", "api.s1.medium", "person", FORMULA),
        ("edge", "api.s1.small", "home", f"the override by {FORMULA}"),
        ("orders-mq", "medium", "timetable", "month-end"),
    ]


def test_an_order_is_of_the_month_of_its_instances_zone(month: Fortnight, run: Run) -> None:
    (order,) = run(month, "orders", "--month", "2026-04", "--json").json["orders"]
    assert order["to_rung"] == "small"
    assert order["ordered_at"].startswith("2026-03-31T16:0")


def test_always_at_the_top_is_reckoned_from_prices_and_hours(march: dict[str, Any]) -> None:
    against = {each["instance"]: each for each in march["against_top"]}
    up, down, medium = (
        datetime.fromisoformat(each["settled_at"]) for each in march["orders"] if each["instance"] == "orders-mq"
    )
    begin, end = datetime.fromisoformat("2026-03-28T00:00+08:00"), APRIL
    hour, mine = timedelta(hours=1), against["orders-mq"]
    large, on_medium = (down - up) / hour, (end - medium) / hour
    small = (end - begin) / hour - large - on_medium
    cost = large * PRICES["large"] + on_medium * PRICES["medium"] + small * PRICES["small"]
    assert mine["hours"] == 96
    assert mine["cost"] == pytest.approx(cost, abs=0.01)
    assert mine["cost_at_top"] == pytest.approx(96 * PRICES["large"], abs=0.01)
    assert mine["saved"] == pytest.approx(96 * PRICES["large"] - cost, abs=0.01)
    assert (against["edge"]["cost"], against["edge"]["saved"]) == (None, None)


def test_the_csv_has_its_columns_and_no_cell_is_a_formula(month: Fortnight, run: Run, march: dict[str, Any]) -> None:
    said = run(month, "orders", "--month", "2026-03", "--csv")
    rows = list(csv.reader(io.StringIO(said.out)))
    assert said.err.splitlines()[0].startswith("2026-03: 5 orders; ")
    assert "; always large " in said.err.splitlines()[2]
    assert tuple(rows[0]) == COLUMNS
    assert [row[COLUMNS.index("amount")] for row in rows[1:]] == [each["amount"] for each in march["orders"]]
    assert [row[COLUMNS.index("caused_by")] for row in rows[1:]].count(f"'{FORMULA}") == 1
    assert not any(cell.startswith(("=", "+", "@")) for row in rows for cell in row)


@pytest.mark.parametrize("cell", ["=1+1", "+1", "@A1", "-1+1", " =1", "\t=1", "\uff1d1", "-cmd"])
def test_a_cell_that_a_spreadsheet_would_reckon_out_is_made_text(cell: str) -> None:
    assert safe(cell).startswith("'")


@pytest.mark.parametrize("cell", ["-12.50", "0", "orders-mq", "", "2026-03"])
def test_amounts_and_names_stay_as_they_are(cell: str) -> None:
    assert safe(cell) == cell


def test_what_billing_does_not_show_stays_unknown_and_is_in_no_sum(month: Fortnight, run: Run) -> None:
    server = month.performance.stage.server
    fault = Fault.model_validate(
        {"call": "GetOrderDetail", "do": "error-before", "code": "NotAuthorized", "status": 403, "times": 99}
    )
    server.run(lambda: server.cloud.faults.add(fault))
    try:
        told = run(month, "orders", "--month", "2026-03", "--json").json
        text = run(month, "orders", "--month", "2026-03").out
    finally:
        server.run(server.cloud.faults.clear)
    assert {each["amount"] for each in told["orders"]} == {"unknown"}
    assert (told["sums"], told["unknown"]) == ([], 5)
    assert "NotAuthorized" in told["trouble"]
    assert "5 of unknown amount" in text
    assert "billing could not be asked: NotAuthorized" in text


def test_a_month_is_told_to_people_with_its_sum_and_against_the_top(month: Fortnight, run: Run) -> None:
    said = run(month, "orders", "--month", "2026-03", "--policy", str(month.policy))
    assert said.code == 0, said.err
    rows = said.out.splitlines()
    assert rows[0].startswith("2026-03-29 10:00:00+08:00  orders-mq#1  UP small -> large ")
    assert rows[0].endswith(f"alert tps-high ({month.policy}:34): large wanted by tps-high")
    assert rows[5].startswith("2026-03: 5 orders; ")
    assert rows[6] == "edge  96 h  against always api.s1.medium: unknown, no price in the policy"
    assert rows[7].startswith("orders-mq  96 h  cost ")


def test_a_mistake_is_one_clear_line(month: Fortnight, run: Run) -> None:
    for arguments in (("--month", "2026-13"), ("--csv", "--json")):
        said = run(month, "orders", *arguments)
        assert (said.code, said.out, said.err.count("\n")) == (2, "", 1)


def test_the_report_on_what_is_acted_on_tells_what_was_done(month: Fortnight, run: Run) -> None:
    told = run(month, "report", "orders-mq", "--observed", "5d", "--json").json["instances"][0]
    lines = run(month, "report", "orders-mq", "--observed", "5d").out.splitlines()
    assert lines[1].startswith("  on small; 4 resizes; below need ")
    assert "#3  2026-03-31 23:40:00+08:00  UP small -> medium  timetable month-end (policy " in lines[4]
    assert (told["mode"], told["orders"], told["would_be"]) == ("act", 0, [])
    assert [(each["to_rung"], each["outcome"]) for each in told["done"]] == [
        ("large", "resized"),
        ("small", "resized"),
        ("medium", "resized"),
        ("small", "resized"),
    ]
    assert 0 < told["minutes_below_need"] < 30


def test_of_a_month_that_lies_ahead_no_cost_is_told(month: Fortnight, run: Run) -> None:
    """Nothing is known of it, which is not that it costs nothing."""
    told = run(month, "orders", "--month", "2099-12", "--json").json
    assert told["orders"] == []
    assert [(each["hours"], each["cost"], each["cost_at_top"], each["saved"]) for each in told["against_top"]] == [
        (0, None, None, None)
    ] * 2
    text = run(month, "orders", "--month", "2099-12").out
    assert "cost 0" not in text
    assert "less" not in text
