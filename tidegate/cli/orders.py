"""The command `orders`: the orders of a month on paper, as JSON, or as CSV for a spreadsheet."""

from __future__ import annotations

import csv
import re
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from tidegate.app.report.against import AgainstTop
from tidegate.app.report.facts import Unreadable, book_of, to_json, zone_of_all
from tidegate.app.report.orders import UNKNOWN, Month, Ordered, Orders, orders
from tidegate.app.surroundings import Surroundings
from tidegate.cli.errors import Mistake
from tidegate.cli.lines import places_in
from tidegate.cli.looks import BAD, Line, in_zone, show
from tidegate.cli.observed import cause_in_words
from tidegate.cli.paper import Paper, columns, plain
from tidegate.cli.roots import surroundings
from tidegate.cli.times import show_time

MONTH = re.compile(r"(20[0-9]{2})-(0[1-9]|1[0-2])")
COLUMNS = (
    "month", "instance", "operation", "order_id", "direction", "from_rung", "to_rung", "cause", "caused_by", "why",
    "approved_by", "ordered_at", "settled_at", "outcome", "payment", "amount", "currency", "policy", "policy_key",
)  # fmt: skip
"""The columns of the CSV. Later versions may add some at the end, and change none."""
NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
FORMULA = ("=", "+", "-", "@", "\t", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""How a cell begins that a spreadsheet would reckon out; the last four are the wide forms of the first."""


def run(month: str, policy: Path | None, *, as_csv: bool, as_json: bool) -> int:
    """Show the orders of a month."""
    if as_csv and as_json:
        raise Mistake("--csv or --json, not both")
    known = MONTH.fullmatch(month)
    if month and known is None:
        raise Mistake(f"--month is a month such as 2026-11, not `{month}`")
    places = places_in(policy)
    around = surroundings()
    which = Month(int(known[1]), int(known[2])) if known else _now(around)
    told = orders(around, which, places=places)
    if as_json:
        Paper().json(as_value(told))
    elif as_csv:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows([safe(cell) for cell in row_of(told.month, each)] for each in told.orders)
        # Not in a row of the table: a spreadsheet would add them up with the orders.
        for text, _ in summing_up(told):
            sys.stderr.write(plain(text) + "\n")
    else:
        show(order_lines(told))
    return 0


def _now(around: Surroundings) -> Month:
    """The month it is where the instances are; in UTC, where they are of several zones."""
    entries = book_of(around, None).index["instances"].values()
    zone = zone_of_all(str(entry.get("timezone") or "UTC") for entry in entries)
    here = around.now().astimezone(ZoneInfo(zone))
    return Month(here.year, here.month)


def as_value(told: Orders) -> Any:
    """The report as JSON, with what was saved against the top."""
    value = to_json(told)
    rows = zip(value["against_top"], told.against_top, strict=True)
    value["against_top"] = [{**row, "saved": one.saved} if isinstance(one, AgainstTop) else row for row, one in rows]
    return value


def row_of(month: str, each: Ordered) -> list[str]:
    """An order by the columns of the CSV; times are in the instance's zone."""
    at, settled = _iso(each.ordered_at, each), _iso(each.settled_at, each)
    cause = each.cause
    return [
        month, each.instance, str(each.operation), each.order_id, each.direction, each.from_rung, each.to_rung,
        cause.kind, cause.name, each.reason, each.approved_by, at, settled, each.outcome, each.payment, each.amount,
        each.currency, cause.policy, cause.key,
    ]  # fmt: skip


def safe(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula: people name rungs, rules and reasons as they like."""
    text = plain(cell)
    return f"'{text}" if text.lstrip().startswith(FORMULA) and not NUMBER.fullmatch(text) else text


def _iso(at: datetime | None, each: Ordered) -> str:
    return show_time(at, each.timezone).replace(" ", "T") if at else ""


def order_lines(told: Orders) -> Iterator[Line]:
    """An order a line, then the sums, then every instance against its top rung."""
    for row in columns([list(_cells(each)) for each in told.orders]):
        yield tuple(row)
    for text, look in summing_up(told):
        yield ((text, look) if look else text,)


def summing_up(told: Orders) -> Iterator[tuple[str, str]]:
    """What the orders came to, and every instance against its top rung: texts, each with its look."""
    sums = [f"{one.paid} {one.currency} paid{_unpaid(one.unpaid)}" for one in told.sums]
    unknown = [f"{told.unknown} of unknown amount"] if told.unknown else []
    count = len(told.orders)
    yield f"{told.month}: {count} order{'s' * (count != 1)}; {', '.join([*sums, *unknown]) or 'nothing to pay'}", ""
    if told.trouble:
        yield f"billing could not be asked: {told.trouble}", BAD
    for against in told.against_top:
        yield _against(against), ""


def _unpaid(amount: str) -> str:
    return "" if float(amount) == 0 else f" and {amount} unpaid"


def _cells(each: Ordered) -> Iterator[str]:
    yield show_time(each.ordered_at, each.timezone)
    yield f"{each.instance}#{each.operation}"
    yield f"{each.direction.upper()} {each.from_rung} -> {each.to_rung}"
    yield each.order_id or "no id is known"
    yield each.amount if each.amount == UNKNOWN else f"{each.amount} {each.currency}".strip()
    yield f"{each.outcome or 'under way'}, {each.payment}"
    approved = f"; approved by {each.approved_by}" if each.approved_by else ""
    yield f"{cause_in_words(each.cause, each.timezone)}: {in_zone(each.reason, each.timezone)}{approved}"


def _against(against: AgainstTop | Unreadable) -> str:
    if isinstance(against, Unreadable):
        return f"{against.instance}  ! {against.trouble}"
    where = f"{against.instance}  {against.hours:g} h"
    where += f" ({against.hours_unknown:g} h more on no known rung)" if against.hours_unknown else ""
    if against.cost is None or against.cost_at_top is None:
        return f"{where}  against always {against.top}: unknown, no price in the policy"
    saved = f"{against.saved:g} less" if (against.saved or 0) >= 0 else f"{-(against.saved or 0):g} more"
    return f"{where}  cost {against.cost:g}; always {against.top} {against.cost_at_top:g}: {saved}"
