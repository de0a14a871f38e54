"""The verdict: in what the ending differs from what was expected. No difference, and the scenario is good."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, time
from itertools import zip_longest
from zoneinfo import ZoneInfo

from localcloud.project.scenario.deeds import Replied
from localcloud.project.scenario.ending import Expect, HoldExpected, MessageExpected, Never, OrderExpected
from localcloud.project.scenario.folder import Folder
from localcloud.project.scenario.model import Answer
from localcloud.project.scenario.promises import broken
from localcloud.project.scenario.times import moment
from localcloud.project.scenario.told import Bought, Chronicle, Held, Told
from tidegate.domain.durations import write_duration


def differences(folder: Folder, story: Chronicle) -> list[str]:
    """Everything that came otherwise than expected, promises first."""
    return [*broken(story, folder.scenario.expect.unsettled), *_Judge(folder, story).differences()]


def unlike(answer: Answer, reply: Replied) -> str:
    """How a reply differs from the answer that was expected; empty where it does not."""
    found = f"{reply.what} was answered {reply.answer} ({reply.reason})"
    if reply.answer != answer.answer:
        return f"{found}, expected {answer.answer}"
    if answer.code and reply.code != answer.code:
        return f"{found} with code {reply.code or 'none'}, expected {answer.code}"
    return "" if answer.saying in reply.reason else f"{found}, expected it to say `{answer.saying}`"


class _Judge:
    """Compares one ending."""

    def __init__(self, folder: Folder, story: Chronicle) -> None:
        self._folder, self._story = folder, story
        self._expect: Expect = folder.scenario.expect
        self._zone = ZoneInfo(folder.scenario.timezone)

    def differences(self) -> Iterator[str]:
        yield from self._rungs()
        for number, (expected, came) in enumerate(zip_longest(self._expect.orders, self._story.orders), 1):
            yield from self._order(number, expected, came)
        for hold in self._expect.holds:
            yield from self._hold(hold)
        for message in self._expect.messages:
            count = sum(_is_message(message, told) for told in self._story.messages)
            if count < message.times:
                times = f" {message.times} times, came {count}" if message.times > 1 else ""
                yield f"expected {_message_in_words(message)}{times}"
        for never in self._expect.never:
            yield from self._never(never)

    def _rungs(self) -> Iterator[str]:
        for name, rung in self._expect.rungs.items():
            found = self._story.rungs.get(name, "nothing")
            if found != rung:
                yield f"{name} ends on {found}, expected {rung}"

    def _order(self, number: int, expected: OrderExpected | None, came: Bought | None) -> Iterator[str]:
        if expected is None or came is None:
            there = f"came {self._in_words(came)}" if came else "came none"
            wanted = f"expected {_order_in_words(expected)}" if expected else "expected none"
            yield f"order {number}: {wanted}, {there}"
            return
        same = (expected.instance, expected.start, expected.end) == (came.instance, came.start, came.end)
        if not same or not self._in_time(expected, came):
            yield f"order {number}: expected {_order_in_words(expected)}, came {self._in_words(came)}"
        elif came.outcome is not expected.outcome:
            outcome = came.outcome.value if came.outcome else "open"
            yield f"order {number}: {self._in_words(came)} ended {outcome}, expected {expected.outcome.value}"

    def _in_time(self, expected: OrderExpected, came: Bought) -> bool:
        if not expected.at:
            return True
        return abs(came.at - self._instant(expected.at)) <= expected.within

    def _hold(self, hold: HoldExpected) -> Iterator[str]:
        """A hold must have been, and `tidegate explain NAME --at` that moment must say so."""
        held = next((held for held in self._story.holds if _is_hold(hold, held)), None)
        if held is None:
            yield f"expected {_hold_in_words(hold)}; {self._held_instead(hold)}"
        elif (said := self._story.explained(held)) != held.code:
            when = self._local(held.at)
            yield f"{held.instance} was held by {held.code} at {when}, and `tidegate explain` says {said}"

    def _held_instead(self, hold: HoldExpected) -> str:
        codes = {held.code for held in self._story.holds if hold.instance in ("", held.instance)}
        return f"held were {', '.join(sorted(codes))}" if codes else "nothing was held"

    def _never(self, never: Never) -> Iterator[str]:
        """The first time that it happened after all."""
        for at, what in self._happened(never):
            if self._applies(never, at):
                yield f"never was {what} to be: it was at {self._local(at)}"
                return

    def _happened(self, never: Never) -> Iterator[tuple[datetime, str]]:
        story, whose = self._story, never.instance
        if never.ordered:
            for order in story.orders:
                if whose in ("", order.instance) and never.ordered in ("any", order.direction.value):
                    yield order.at, f"{order.instance} {order.start} -> {order.end}"
        if never.held:
            yield from ((h.at, f"{h.instance} held by {h.code}") for h in story.holds if _is_held(never, h))
        if never.told:
            words = (told for told in story.messages if never.told in f"{told.title} {told.text}")
            yield from ((told.at, f"a message with `{never.told}`") for told in words)
        if never.below or never.above:
            yield from self._seen(never)

    def _seen(self, never: Never) -> Iterator[tuple[datetime, str]]:
        """What the instance reported, minute by minute."""
        names = self._story.policies[never.instance].rungs.names
        bound = names.index(never.below or never.above)
        start, end = self._folder.start, self._folder.until
        since = max(start, self._instant(never.since)) if never.since else start
        until = min(end, self._instant(never.until)) if never.until else end
        for at, rung in self._story.seen(never.instance, since, until):
            place = names.index(rung) if rung in names else bound
            if (place < bound) if never.below else (place > bound):
                yield at, f"{never.instance} on {rung}"

    def _applies(self, never: Never, at: datetime) -> bool:
        if never.since and at < self._instant(never.since):
            return False
        if never.until and at >= self._instant(never.until):
            return False
        clock = at.astimezone(self._zone).time()
        if never.between and not _within(never.between, clock):
            return False
        return not (never.outside and _within(never.outside, clock))

    def _instant(self, text: str) -> datetime:
        return moment(text, self._folder.start, self._folder.scenario.timezone)

    def _local(self, at: datetime) -> str:
        return f"{at.astimezone(self._zone):%a %Y-%m-%d %H:%M:%S}"

    def _in_words(self, order: Bought) -> str:
        return f"{order.instance} {order.start} -> {order.end} at {self._local(order.at)}"


def _within(span: Sequence[time], clock: time) -> bool:
    """Whether a wall-clock time lies in a span, which may cross midnight; its end is not in it."""
    start, end = span
    return start <= clock < end if start < end else clock >= start or clock < end


def _order_in_words(expected: OrderExpected) -> str:
    at = f" at {expected.at} (give or take {write_duration(expected.within)})" if expected.at else ""
    return f"{expected.instance} {expected.start} -> {expected.end}{at}"


def _is_hold(hold: HoldExpected, held: Held) -> bool:
    return hold.instance in ("", held.instance) and hold.code == held.code and hold.saying in held.reason


def _is_held(never: Never, held: Held) -> bool:
    return never.instance in ("", held.instance) and never.held == held.code


def _hold_in_words(hold: HoldExpected) -> str:
    saying = f" that says `{hold.saying}`" if hold.saying else ""
    return f"a hold {hold.code}{saying}{f' of {hold.instance}' if hold.instance else ''}"


def _is_message(message: MessageExpected, told: Told) -> bool:
    words = f"{told.title} {told.text}"
    return (
        message.kind in (None, told.kind)
        and message.channel in ("", told.channel)
        and message.saying in words
        and message.instance in words
    )


def _message_in_words(message: MessageExpected) -> str:
    about = f" about {message.instance}" if message.instance else ""
    saying = f" that says `{message.saying}`" if message.saying else ""
    return f"a message{f' of kind {message.kind}' if message.kind else ''}{about}{saying}"
