"""What a plan looks like on paper: what would be ordered, what is held, and how many are left alone."""

from __future__ import annotations

from collections.abc import Iterator

from tidegate.app.report import Intent, Plan, Unreadable
from tidegate.cli.looks import BAD, CALM, GOOD, NEEDS, Line, in_zone


def plan_lines(plan: Plan) -> Iterator[Line]:
    """An order in two lines, a hold in one, and a summary."""
    for each in plan.instances:
        if isinstance(each, Unreadable):
            yield ("! ", each.instance, "  ", (each.trouble, BAD))
        elif each.decision == "resize":
            yield from _order_lines(each)
        elif each.code != "as-wanted":
            yield (f"{'!' if each.needs_person else ' '} {each.instance}  ", (f"HOLD {_held(each)}", NEEDS))
    yield (_summary(plan), ("   nothing was written", CALM))


def _held(each: Intent) -> str:
    """Why it is held; and what is asked already where time holds it and a person has to approve it after that."""
    ahead = each.asks if each.code != "approval" else None
    asks = f"; {ahead.from_rung} -> {ahead.to_rung} is to be approved meanwhile" if ahead else ""
    return f"{in_zone(each.reason, each.timezone)}{asks}"


def _summary(plan: Plan) -> str:
    waits = plan.orders - plan.orders_now
    fleet = f" ({plan.orders_now} now, {waits} wait{'s' * (waits == 1)} for the fleet's limit)" if waits else ""
    orders = f"{plan.orders} order{'s' * (plan.orders != 1)}{fleet}, {plan.holds} hold{'s' * (plan.holds != 1)}"
    cost = plan.hourly_cost_change
    return f"{orders}, {plan.unchanged} unchanged" + (f"   {cost:+g} an hour" if cost is not None else "")


def _order_lines(each: Intent) -> Iterator[Line]:
    change = f"{each.direction.upper()} {each.rung} -> {each.wanted}"
    fields = ", ".join(f"{one.field} {_value(one.before)} -> {_value(one.after)}" for one in each.changes)
    why = in_zone(f"{each.ended}: {each.reason}" if each.ended else each.reason, each.timezone)
    yield (f"~ {each.instance}  ", (change, GOOD), f"   {why}; {fields}")
    if beside := "; ".join(_beside(each)):
        yield (f"    {beside}",)


def _beside(each: Intent) -> Iterator[str]:
    """What stays, what is in use, and what it costs."""
    if each.unchanged:
        yield "unchanged " + " ".join(f"{name}={_value(value)}" for name, value in each.unchanged.items())
    if each.in_use:
        yield ", ".join(f"{use.what} {use.used} of {use.remains}" for use in each.in_use) + " fit"
    if each.hourly_cost_change is not None:
        before, after = each.hourly_price_before, each.hourly_price_after
        yield f"{before:g} -> {after:g} an hour"


def _value(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
