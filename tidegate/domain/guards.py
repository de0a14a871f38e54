"""The guards, in the order of their weight, and who may overrule which (DESIGN 4).

What a person overrules holds for the resize that he asked for, until the instance is where he wanted it: whatever
undoes that later is news to him too.

A guard answers with a Hold or lets pass. Pauses stop orders, never the following of one. Bounds are no guard: the
arbiter clamps to them, so that no decision can lie outside.

| guard | alert | rule marked `urgent` | person with `--despite` |
|---|---|---|---|
| mode, pause, operation, health, expect, cost, circuit, fleet | no | no | no |
| cooldown, budget | no | no | yes |
| window | no | yes | yes |
| blackout | no | no | yes, by `window` |
| drift | no | no | yes, and adopts |
| fit | no | no | yes |
| approval | no | no | no: `tidegate approve` is its own act |
"""

from __future__ import annotations

from datetime import datetime, timedelta

from tidegate.domain.arbiter import MOMENT
from tidegate.domain.judging import Guard, judged
from tidegate.domain.reading import Billing, Direction, Health
from tidegate.domain.rhythm import next_beat
from tidegate.domain.state import REVERSAL_WITHIN, Question, Spent, Would
from tidegate.domain.verdict import Case, Hold

AGAIN, SELDOM = timedelta(minutes=2), timedelta(hours=1)


def _mode(case: Case) -> Hold | None:
    """Nothing is ordered where the policy only observes; what the other guards say is told, and changes nothing."""
    if case.policy.mode == "act":
        return None
    case, held = judged(case, GUARDS[1:])
    reason = f"observe only: would go {case.direction.value} to {case.end.name} for {case.want.why}"
    code, why = (held.code, held.reason) if held else ("resize", "")
    would = Would(code, why, case.start.name, case.end.name, case.direction)
    if held is None:
        return Hold("observe", reason, would=would)
    return Hold("observe", f"{reason}, but would be held: {held.reason}", until=held.until, would=would)


def _pause(case: Case) -> Hold | None:
    mine, fleet = case.state.pause, case.observed.fleet.pause if case.observed.fleet else None
    for pause, which in ((fleet, "the fleet is"), (mine, "")):
        if pause is not None and pause.holds(case.now):
            until = (
                f" until {pause.until:{MOMENT}}" if pause.until else f", until `tidegate unpause {_whom(case, which)}`"
            )
            why = f": {pause.reason}" if pause.reason else ""
            return Hold("pause", f"{which} paused by {pause.by}{until}{why}".strip(), until=pause.until)
    return None


def _whom(case: Case, which: str) -> str:
    return "--fleet" if which else case.policy.name


def _operation(case: Case) -> Hold | None:
    operation = case.state.operation
    if operation is None:
        return None
    return Hold("operation", f"operation {operation.number} to {operation.to_rung} is {operation.phase.value}")


def _health(case: Case) -> Hold | None:
    if case.reading.health is Health.HEALTHY:
        return None
    return Hold("unhealthy", f"the instance is {case.reading.status}, so it is left alone", needs_person=True)


def _expect(case: Case) -> Hold | None:
    expect, found = case.policy.expect, case.reading
    if expect.billing and expect.billing is not found.billing:
        why = f"expected billing {expect.billing.value}, found {found.billing.value}"
        return Hold("expect", why, needs_person=True)
    if expect.edition and expect.edition.lower() != found.edition.lower():
        return Hold("expect", f"expected edition {expect.edition}, found {found.edition}", needs_person=True)
    return None


def _cost(case: Case) -> Hold | None:
    hard, price, before = case.policy.cost.hard, case.end.hourly_price, case.start.hourly_price
    saves = case.direction is Direction.DOWN and (before is None or price is None or price <= before)
    if hard is None or price is None or price <= hard or saves:
        return None
    return Hold("cost", f"{case.end.name} costs {price:g} an hour, above the hard limit of {hard:g}", needs_person=True)


def _circuit(case: Case) -> Hold | None:
    circuit = case.state.circuit
    if circuit is None:
        return None
    # The outcome that opened it was told already.
    return Hold("circuit", f"nothing is ordered until `tidegate ack {case.policy.name}`: {circuit.why}")


def _fleet(case: Case) -> Hold | None:
    fleet = case.observed.fleet
    if fleet is None:
        return None
    limits = fleet.limits
    if fleet.at_once >= limits.orders_at_once:
        why = f"{fleet.at_once} orders of other instances are under way, and {limits.orders_at_once} may be at once"
        return Hold("fleet", why, until=_again(case, "fleet", longest=5 * AGAIN))
    if fleet.in_hour >= limits.orders_per_hour:
        free = f"; the next one may begin at {fleet.frees_at:{MOMENT}}" if fleet.frees_at else ""
        return Hold("fleet", f"all {limits.orders_per_hour} orders of this hour are used{free}", until=fleet.frees_at)
    return None


def _cooldown(case: Case) -> Hold | None:
    last = case.state.last_resize()
    if last is None or case.despite("cooldown"):
        return None
    cooldown = case.policy.cooldown
    ready_at = last.at + (cooldown.up if case.direction is Direction.UP else cooldown.down)
    if case.now >= ready_at:
        return None
    why = f"cooling down until {ready_at:%Y-%m-%d %H:%M:%S}Z before {case.end.name}"
    return Hold("cooldown", why, until=ready_at)


def _budget(case: Case) -> Hold | None:
    """Ups have a budget of their own; reversals hold downs only, so that an instance that flaps stays up."""
    if case.despite("budget"):
        return None
    placing, direction, budget = case.placing, case.direction, case.policy.budget
    spent = [one for one in case.state.spent if one.operation != placing]
    is_up = direction is Direction.UP
    most = budget.ups_per_day if is_up else budget.downs_per_day
    used = _of_today(case, [one for one in spent if one.direction is direction], most)
    if used >= most:
        again = case.terms.next_day(case.now)
        why = f"{used} of {most} {direction.value}s of today are used; the next day begins at {again:{MOMENT}}"
        return Hold("budget", why, needs_person=is_up, until=again)
    reverses = bool(spent) and spent[-1].direction is Direction.UP and case.now - spent[-1].at < REVERSAL_WITHIN
    if is_up or not reverses:
        return None
    most = budget.reversals_per_day
    reversals = _of_today(case, [one for one in spent if one.is_reversal], most)
    if reversals < most:
        return None
    again = case.terms.next_day(case.now)
    why = f"{reversals} of {most} reversals of today are used, so it stays up"
    return Hold("budget", f"{why}; the next day begins at {again:{MOMENT}}", until=again)


def _of_today(case: Case, spent: list[Spent], most: int) -> int:
    """How many of these are of today. Where not even all of them are so many, their days are not reckoned: 0."""
    if len(spent) < most:
        return 0
    today = case.terms.day(case.now)
    return sum(1 for one in spent if case.terms.day(one.at) == today)


def _window(case: Case) -> Hold | None:
    windows = case.terms.windows[case.direction]
    if windows is None or case.despite("window") or windows.at(case.now) is not None:
        return None
    if case.direction is Direction.UP and case.urgent >= case.terms.ladder.index(case.end.name):
        return None
    opens = windows.next_after(case.now)
    when = f"the next one opens at {opens:{MOMENT}}" if opens else "none opens any more"
    return Hold("window", f"{case.direction.value}s have windows; {when}", needs_person=opens is None, until=opens)


def _blackout(case: Case) -> Hold | None:
    if case.despite("window"):
        return None
    blackouts = case.terms.blackouts[case.direction]
    closed = blackouts.at(case.now) if blackouts else None
    if closed is None:
        return None
    name = f"blackout {closed.name}".strip()
    return Hold("blackout", f"{name} until {closed.until:{MOMENT}}", until=closed.until)


def _drift(case: Case) -> Hold | None:
    """A colleague's change is not fought: no down, and no up that anybody wanted before it already."""
    drift = case.state.drift
    if drift is None or case.despite("drift"):
        return None
    what, last = f"somebody else resized it to {drift.rung or 'no rung'}", case.state.last_resize()
    if last is not None and last.from_rung == drift.rung != last.to_rung:
        what = f"it is {drift.rung} again: after operation {last.number} somebody else, or the vendor, took it back"
    what += f", seen {drift.at:{MOMENT}}"
    if not drift.sure:
        return Hold("drift", f"{what}; it is read again before that counts", until=case.now + AGAIN)
    is_news = case.want.since is not None and case.want.since > drift.at
    if case.direction is Direction.UP and is_news:
        return None
    return Hold("drift", f"{what}; `tidegate adopt {case.policy.name}` to go on", needs_person=True)


def _fit(case: Case) -> Hold | None:
    """What is in use, with room to spare, against what would remain."""
    if case.direction is Direction.UP or case.despite("fit"):
        return None
    usage = case.observed.usage
    if usage is None or usage.trouble:
        trouble = usage.trouble if usage else "it was not looked at"
        return Hold("fit-unread", f"what is in use cannot be read: {trouble}", until=_again(case, "fit-unread"))
    headroom = case.policy.fit.headroom
    tight = [use for use in usage.uses if use.used * (100 + headroom) > use.remains * 100]
    if not tight:
        return None
    spare = f" with {headroom}% to spare" if headroom else ""
    figures = ", ".join(f"{use.what} {use.used} of {use.remains}" for use in tight)
    why = f"{case.end.name} does not fit what is in use{spare}: {figures}"
    return Hold("fit", why, until=_again(case, "fit", 5 * AGAIN))


def _again(case: Case, code: str, soonest: timedelta = AGAIN, longest: timedelta = SELDOM) -> datetime:
    """When to look again at what may change at any time."""
    stance = case.state.stance
    since = stance.at if stance is not None and stance.barrier == code else None
    return next_beat(case.now, since, case.policy.name, soonest, longest)


def approval_of(case: Case) -> Hold | None:
    """Hold what a person must approve and has not."""
    why = _to_approve(case)
    if not why:
        return None
    figures = ", ".join(f"{name} {value}" for name, value in sorted(case.end.spec.items()))
    question = Question(case.start.name, case.end.name, why, case.end.hourly_price, figures)
    approval = case.state.approval
    if approval is not None and approval.allows(question, case.now, case.placing):
        return None
    cost = f", {question.cost:g} an hour" if question.cost is not None else ""
    asks = f"{case.start.name} -> {case.end.name}{cost} is to be approved ({why})"
    return Hold("approval", f"{asks}: `tidegate approve {case.policy.name}`", needs_person=True, question=question)


def _to_approve(case: Case) -> str:
    """Why a person must say yes, empty where nobody has to."""
    is_down = case.direction is Direction.DOWN
    if case.direction.value in case.policy.approval.when:
        return f"the policy asks before every {case.direction.value}"
    if is_down and case.reading.billing is Billing.SUBSCRIPTION and case.policy.subscription_down == "ask":
        return "a downgrade of a subscription does not return vouchers"
    soft, price = case.policy.cost.soft, case.end.hourly_price
    if not is_down and soft is not None and price is not None and price > soft:
        return f"above the soft limit of {soft:g} an hour"
    return ""


GUARDS: tuple[tuple[str, Guard], ...] = (
    ("mode", _mode),
    ("pause", _pause),
    ("operation", _operation),
    ("health", _health),
    ("expect", _expect),
    ("cost", _cost),
    ("circuit", _circuit),
    ("fleet", _fleet),
    ("cooldown", _cooldown),
    ("budget", _budget),
    ("window", _window),
    ("blackout", _blackout),
    ("drift", _drift),
    ("fit", _fit),
    ("approval", approval_of),
)
PASSING = ("fleet", "cooldown", "budget", "window", "blackout")
"""Holds that time alone ends."""
DESPITE = ("cooldown", "budget", "window", "drift", "fit")
"""The guards a person may overrule; `window` stands for blackouts too."""
