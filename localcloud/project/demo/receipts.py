"""The receipts at the end: what each operation was, and that the instance reports it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.markup import escape

from localcloud.project.demo.stage import Stage
from tidegate.app.report import receipt, to_json
from tidegate.domain.durations import write_duration
from tidegate.domain.operation import Outcome

ZONE = ZoneInfo("Asia/Shanghai")
FLOW, EVENTS_A_PAGE = "tidegate-resize", 999
Receipt = dict[str, Any]


def receipts(stage: Stage) -> list[Receipt]:
    """The receipt of every operation, with what the vendor says of it."""
    book = stage.around.book()
    made: list[Receipt] = []
    for name in book.names if book else []:
        policy = book.read(name) if book else None
        head = stage.around.ledger.head(stage.around.key(policy)) if policy else None
        count = int(head.state.get("operations", 0)) if head else 0
        made += [_receipt(stage, name, number, newest=number == count) for number in range(1, count + 1)]
    return sorted(made, key=lambda one: one["planned_at"])


def _receipt(stage: Stage, name: str, number: int, *, newest: bool) -> Receipt:
    known: Receipt = to_json(receipt(stage.around, name, number))
    orders = _orders(stage, known)
    reports = _reported(stage, name) if newest else known["spec"]
    agrees = all(reports.get(field) == value for field, value in known["to_spec"].items())
    transitions = {execution: _transitions(stage, execution) for execution in known["executions"]}
    good = known["outcome"] == Outcome.RESIZED.value and agrees and len(orders) == 1
    return {
        **known,
        "vendor_orders": orders,
        "transitions": transitions,
        "reports": reports,
        "reports_wanted": agrees,
        "ok": good,
    }


def _orders(stage: Stage, known: Receipt) -> list[str]:
    """The orders the vendor has booked for this instance while the operation was open."""
    begun, ended = datetime.fromisoformat(known["planned_at"]), known["settled_at"]
    booked = [one for one in stage.console("GET", "orders")["orders"] if one["instance_id"] == known["instance_id"]]
    return [
        one["order_id"]
        for one in booked
        if begun <= datetime.fromisoformat(one["created_at"])
        and (not ended or datetime.fromisoformat(one["created_at"]) <= datetime.fromisoformat(ended))
    ]


def _reported(stage: Stage, name: str) -> dict[str, Any]:
    """What the instance itself reports now, read through the vendor's API."""
    book = stage.around.book()
    if book is None:
        return {}
    policy = book.read(name)
    return dict(stage.around.product(policy).read(policy.instance_id).spec)


def _transitions(stage: Stage, execution: str) -> list[str]:
    """The states an execution entered, in order."""
    entered: list[str] = []
    token = ""
    while True:
        given: dict[str, str | int] = {"FlowName": FLOW, "ExecutionName": execution, "Limit": EVENTS_A_PAGE}
        if token:
            given["NextToken"] = token
        body = stage.aliyun.call("fnf", "GetExecutionHistory", given, read=True)
        entered += [event["StepName"] for event in body["Events"] if event["Type"] == "StepEntered"]
        token = str(body.get("NextToken") or "")
        if not token:
            return entered


def print_receipts(console: Console, made: list[Receipt], *, good: bool, seconds: float) -> None:
    """Print the receipts for people."""
    console.print()
    for one in made:
        mark = "[green]ok[/green]" if one["ok"] else "[bold red]NOT OK[/bold red]"
        title = f"{one['instance']}#{one['number']}  {one['direction'].upper()} {one['from_rung']} -> {one['to_rung']}"
        console.print(f"[bold]{escape(title)}[/bold]  {mark}")
        for label, text in _lines(one):
            console.print(f"   [dim]{label:<9}[/dim] {escape(text)}", highlight=False)
    orders = sum(len(one["vendor_orders"]) for one in made)
    word = "[bold green]Done[/bold green]" if good else "[bold red]Failed[/bold red]"
    console.print(f"\n{word}: {len(made)} operations, {orders} vendor orders, {seconds:.0f} s")


def _lines(one: Receipt) -> Iterator[tuple[str, str]]:
    yield "wanted", one["reason"]
    yield "order", ", ".join(one["vendor_orders"]) or "none"
    yield "phases", ", ".join(f"{stay['phase']} {_long(stay['seconds'])}" for stay in one["phases"] if stay["seconds"])
    for execution, states in one["transitions"].items():
        counted = ", ".join(f"{state} x{times}" if times > 1 else state for state, times in Counter(states).items())
        yield "execution", f"{execution}: {len(states)} transitions: {counted}"
    changed = [f"{key}={value}" for key, value in one["reports"].items() if one["from_spec"].get(key) != value]
    word = "as wanted" if one["reports_wanted"] else "NOT as wanted"
    when = datetime.fromisoformat(one["settled_at"]).astimezone(ZONE) if one["settled_at"] else None
    settled = f"; settled {when:%H:%M:%S}" if when else ""
    yield "reports", f"{', '.join(changed) or 'unchanged'}: {word}{settled}"


def _long(seconds: float) -> str:
    return write_duration(timedelta(seconds=seconds))
