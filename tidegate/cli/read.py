"""The commands that only read: plan, status, history, explain."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from tidegate.app import report
from tidegate.app.report import Receipt, to_json
from tidegate.app.surroundings import Book, Surroundings
from tidegate.cli import looks
from tidegate.cli.access import Absent
from tidegate.cli.accounts import make_sure_of_account
from tidegate.cli.paper import Paper
from tidegate.cli.plans import plan_lines
from tidegate.cli.reasons import explanation_lines
from tidegate.cli.receipts import receipt_lines
from tidegate.cli.roots import book_from, surroundings
from tidegate.cli.statuses import status_lines
from tidegate.cli.times import read_time


def plan(policy: Path | None, *, as_json: bool) -> int:
    """Show what would be ordered now."""
    around, book = _on(policy)
    planned = report.plan(around, book)
    if as_json:
        counts = {
            "orders": planned.orders,
            "orders_now": planned.orders_now,
            "orders_waiting": planned.orders - planned.orders_now,
            "holds": planned.holds,
            "unchanged": planned.unchanged,
            "hourly_cost_change": planned.hourly_cost_change,
        }
        Paper().json({**to_json(planned), **counts})
    else:
        looks.show(plan_lines(planned))
    return 0


def status(policy: Path | None, *, as_json: bool) -> int:
    """Show where every instance stands."""
    around, book = _on(policy)
    standing = report.status(around, book)
    if as_json:
        Paper().json({**to_json(standing), "needs_you": standing.needy})
    else:
        looks.show(status_lines(standing))
    return 0


def history(name: str, limit: int, *, as_json: bool) -> int:
    """Show an instance's last records."""
    around = surroundings()
    told = report.history(around, name, limit)
    if not told.records:
        _make_sure(around)
    if as_json:
        Paper().json(to_json(told))
    else:
        looks.show(looks.history_lines(told))
    return 0


def explain(what: str, at: str, *, as_json: bool) -> int:
    """Say why."""
    around = surroundings()
    told = report.explain(around, what, _moment(around, what, at) if at else None)
    if as_json:
        Paper().json(to_json(told))
    elif isinstance(told, Receipt):
        looks.show(receipt_lines(told))
    elif isinstance(told, report.Explanation):
        looks.show(explanation_lines(told))
    else:
        looks.show(looks.answer_lines(told))
    return 0


def _on(policy: Path | None) -> tuple[Surroundings, Book | None]:
    # A file that is wrong is told before anything is connected.
    book = book_from(policy) if policy else None
    around = surroundings(Absent.EMPTY if book else Absent.REFUSED)
    _make_sure(around)
    return around, book


def _make_sure(around: Surroundings) -> None:
    """See that a ledger in which no tick ever was is not only another account's. Raises Mistake."""
    if around.fleet.state().last_tick is None:
        make_sure_of_account(around.account)


def _moment(around: Surroundings, what: str, at: str) -> datetime:
    book = around.book()
    zone = book.read(what).timezone if book and what in book.names else "UTC"
    return read_time(at, zone, around.now())
