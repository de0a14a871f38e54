"""What the summary of a day says: what was resized, what is held, what needs somebody, and what would be ordered."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from tidegate.app.page import Page
from tidegate.app.report.needs import needs
from tidegate.app.surroundings import Book, Surroundings
from tidegate.domain.operation import Outcome
from tidegate.domain.policy import InstancePolicy
from tidegate.domain.state import Settled, State
from tidegate.ledger.policies import NoSuchPolicy
from tidegate.ledger.record import Corrupt, NewerSchema

LONGEST_PART, MOST_IN_PART = 350, 8
ROUTINE = ("as-wanted", "operation", "observe", "approval")
"""Holds that are as they should be, or are told of otherwise."""
RESIZED = (Outcome.RESIZED, Outcome.RESIZED_ELSEWHERE)


@dataclass
class Day:
    """What was found of all instances, by what is to be said of it."""

    needs: list[str] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)
    resized: list[str] = field(default_factory=list)
    under_way: list[str] = field(default_factory=list)
    held: list[str] = field(default_factory=list)
    would: list[str] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    instances: int = 0
    cost: float = 0.0
    before: float = 0.0
    priced: int = 0


def summary_of(
    around: Surroundings, book: Book, channel: str, since: datetime, has_time: Callable[[], bool]
) -> tuple[str, str]:
    """The title and the text for one channel: of the instances whose policy tells it summaries, by the ledger alone."""
    day = Day()
    for name in book.names:
        if channel not in book.index["instances"][name].get("summaries", ()):
            continue
        day.instances += 1
        if not has_time():
            day.unread.append(f"{name}: no time")
            continue
        try:
            policy = book.read(name)
            state = Page.open(around, policy, book.hash).state
        except (NewerSchema, Corrupt) as error:
            day.unread.append(f"{name}: {error}")
            continue
        except (ValueError, NoSuchPolicy):
            day.unread.append(f"{name}: its policy cannot be read: a later version may have written it")
            continue
        _add(day, policy, state, since, around.now())
    return written(day, since)


def _add(day: Day, policy: InstancePolicy, state: State, since: datetime, now: datetime) -> None:
    name, stance = policy.name, state.stance
    day.needs += [f"{name}: {need.do}" for need in list(needs(policy, state, now))[:1]]
    for settled in state.recent:
        if settled.at >= since:
            (day.resized if settled.outcome in RESIZED else day.ended).append(_ended(policy, settled))
    if state.operation:
        one = state.operation
        day.under_way.append(f"{name} {one.from_rung} -> {one.to_rung} ({one.phase.value})")
    elif stance and stance.code == "observe":
        day.would.append(f"{name}: {stance.reason.removeprefix('observe only: ')}")
    elif stance and stance.kind == "hold" and stance.code not in ROUTINE:
        day.held.append(f"{name}: {stance.reason}")
    _add_cost(day, policy, state, since)


def _ended(policy: InstancePolicy, settled: Settled) -> str:
    at = settled.at.astimezone(ZoneInfo(policy.timezone))
    before, after = _price(policy, settled.from_rung), _price(policy, settled.to_rung)
    is_priced = settled.outcome in RESIZED and before is not None and after is not None
    more = f", {after - before:+.4g} an hour" if is_priced and before is not None and after is not None else ""
    how = "" if settled.outcome is Outcome.RESIZED else f": {settled.outcome.value}"
    return f"{policy.name} {settled.from_rung} -> {settled.to_rung}{how} ({at:%H:%M}{more})"


def _add_cost(day: Day, policy: InstancePolicy, state: State, since: datetime) -> None:
    """Add what the instance costs now, and what it cost when the day began, where the policy has prices for both."""
    first = next((one for one in state.recent if one.at >= since and one.outcome in RESIZED), None)
    now, before = _price(policy, state.rung), _price(policy, first.from_rung if first else state.rung)
    if now is not None and before is not None:
        day.cost, day.before, day.priced = day.cost + now, day.before + before, day.priced + 1


def _price(policy: InstancePolicy, rung: str) -> float | None:
    return policy.rungs.rung(rung).hourly_price if rung in policy.rungs else None


def written(day: Day, since: datetime) -> tuple[str, str]:
    """The title and the text of what was found; `since` is told in its own zone."""
    counts = ((len(day.resized), "resized"), (len(day.ended), "ended otherwise"), (len(day.held), "held"))
    told = [f"{count} {what}" for count, what in counts if count]
    told += [f"{len(day.needs)} need{'s' * (len(day.needs) == 1)} you"] if day.needs else []
    title = f"Tidegate's day: {', '.join(told) or 'nothing happened'}"
    parts = [
        *_part("Needs you", day.needs),
        *_part("Resized", day.resized),
        *_part("Ended otherwise", day.ended),
        *_part("Under way", day.under_way),
        *_part("Held", day.held),
        *_part("Observed only", day.would),
        *_part("Not read", day.unread),
    ]
    if day.priced:
        change = f", {day.cost - day.before:+.4g} since then" if day.cost != day.before else ""
        parts.append(f"{day.priced} of {day.instances} instances cost {day.cost:.6g} an hour by the policy{change}")
    tail = "Quiet this: take `summary` out of the channel's `on` in the policy."
    what = ". ".join([f"{day.instances} instances since {since:%a %d %b %H:%M}", *parts])
    return title, f"{title}. {what}. {tail}"


def _part(title: str, lines: Iterable[str]) -> list[str]:
    """One part, no longer than can be read; empty where there is nothing to say."""
    told = [line.rstrip(". ") for line in lines]
    shown: list[str] = []
    for line in told[:MOST_IN_PART]:
        if shown and sum(map(len, shown)) + len(line) > LONGEST_PART:
            break
        shown.append(line[:LONGEST_PART])
    left = len(told) - len(shown)
    return [f"{title}: {'; '.join([*shown, *([f'and {left} more'] if left else [])])}"] if told else []
