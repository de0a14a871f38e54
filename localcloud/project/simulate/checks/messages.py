"""Messages to people: whatever needs one is told, told again, and not too often."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta

from localcloud.project.simulate.checks.history import LATENCY, Chronicle, Entry, History
from localcloud.project.simulate.checks.needs import Need, needs_of
from localcloud.project.simulate.checks.violation import Violation
from localcloud.project.simulate.trace import Said
from tidegate.domain.facts import Telling
from tidegate.domain.state import Told

GRACE = timedelta(minutes=30)
"""Within this a person hears of something, where ticks and channels work."""
LATE = timedelta(hours=2)
"""So much later than said may a reminder come."""
SERVED, TURN = timedelta(minutes=3), timedelta(minutes=65)
"""A mark is shown for so long, and every instance is read for real once in so long."""
RESEND_AFTER = timedelta(minutes=5)
TRIES = 5
"""After so many that came to nothing a channel is left alone until the next reminder, which is one more."""
MOST_A_DAY = 40
MOST_SUMMARIES = 2
"""On a day of UTC, where a policy may come to live in another zone."""
SUMMARY = "Tidegate's day"
FLEET_TITLES = ("Tidegate's tick does not run", "Tidegate is paused", "channel ", SUMMARY, "Tidegate: ")


def check(history: History) -> Iterator[Violation]:
    """Check the messages of a week."""
    outages = _outages(history)
    for chronicle in history.chronicles.values():
        said = [each for each in history.said_of[chronicle.name] if each.kind != "resized"]
        for need in needs_of(history, chronicle):
            yield from _told(history, chronicle, need, said, outages)
        yield from _flood(history, chronicle)
    yield from _too_many(history)
    yield from _unclaimed(history)
    yield from _summaries(history)


def _summaries(history: History) -> Iterator[Violation]:
    """A day is summed up once, whoever fails: for each message there is a claim of its own that came before it."""
    claims: dict[str, list[datetime]] = {}
    for entry in history.fleet:
        if entry.fact.get("kind") == "summary-claimed":
            claims.setdefault(entry.fact["channel"], []).append(entry.created_at)
    for said in [each for each in history.trace.said if each.title.startswith(SUMMARY)]:
        mine = [at for at in claims.get(said.channel, []) if said.at - LATENCY <= at <= said.at]
        if not mine:
            yield Violation("summaries", "", said.at, f"{said.title!r} to {said.channel}: no record claims it")
            continue
        claims[said.channel].remove(mine[-1])
    told = Counter((said.channel, said.at.date()) for said in history.trace.said if said.title.startswith(SUMMARY))
    for (channel, day), count in told.items():
        if count > MOST_SUMMARIES:
            yield Violation("summaries", "", None, f"{count} of them on {day} to {channel}")


def _reminders(history: History, name: str, channel: str = "") -> list[timedelta]:
    """After how long an instance's channels, or one of them, are reminded, by every policy that there was."""
    policies = [pushed.policies[name] for pushed in history.trace.pushed if name in pushed.policies]
    return [each.remind for policy in policies for each in policy.notify if channel in ("", each.url_env)]


Outages = list[tuple[datetime, datetime]]


def _outages(history: History) -> Outages:
    """When ticks were lost, or nobody could be told: reminders wait for their end."""
    script = history.trace.script
    spans = [(deed.at_s, deed.at_s + deed.lasts_s) for deed in script.deeds if deed.do == "lose-ticks"]
    spans += [(storm.start_s, storm.end_s) for storm in script.faults.storms]
    return [(script.start + timedelta(seconds=start), script.start + timedelta(seconds=end)) for start, end in spans]


def _out(outages: Outages, since: datetime, until: datetime) -> timedelta:
    """For how long something was out between."""
    parts = (min(end, until) - max(start, since) for start, end in outages)
    return sum((part for part in parts if part > timedelta()), timedelta())


def _told(
    history: History, chronicle: Chronicle, need: Need, said: list[Said], outages: Outages
) -> Iterator[Violation]:
    """Walk from message to message of one need: none may come too late, and the first one before all."""
    times = [each.at for each in said if need.known_at - GRACE <= each.at <= need.ended_at]
    before = [at for at in times if at <= need.begun_at]
    inside = [at for at in times if at > need.begun_at]
    out = _out(outages, need.begun_at - GRACE, need.ended_at)
    grace = GRACE + 2 * out + history.slack
    if _was_late(chronicle, need) or _stood_still(history, need.begun_at, need.begun_at + TURN):
        grace += TURN
    first = before[0] if before else inside[0] if inside else None
    lasted = need.ended_at - need.begun_at
    if lasted > grace and (first is None or first - need.begun_at > grace):
        why = f"{need.what}: it began at {need.begun_at}, and " + (
            f"was told at {first}" if first else "nobody was told"
        )
        yield Violation("people are told", chronicle.name, need.begun_at, why)
        return
    last = before[-1] if before else need.begun_at
    for at in [*inside, need.ended_at]:
        since = max(last, need.begun_at)
        # A channel that took nothing for a while is left alone until the next reminder.
        out = _out(outages, since - GRACE, at)
        remind = max(_reminders(history, chronicle.name))
        least = 1 + int(bool(out) or _stood_still(history, since, at))
        spare = LATE + 2 * out + history.slack
        # Who was struck down is counted only where it matters: it is dear where much was told.
        if at - since > least * remind + spare and (
            at - since > max(least, 1 + _times_left_alone(history, chronicle, since, at)) * remind + spare
        ):
            yield Violation("reminders", chronicle.name, at, f"{need.what}: nobody was told from {since} to {at}")
            return
        last = at


def _was_late(chronicle: Chronicle, need: Need) -> bool:
    """Whether a record came in after its mark was served, so that only the instance's turn finds what it asks for."""
    near = [entry for entry in chronicle.entries if need.begun_at - GRACE <= entry.created_at <= need.ended_at]
    return any(entry.created_at - entry.at > SERVED for entry in near)


def _stood_still(history: History, since: datetime, until: datetime) -> bool:
    """Whether a process stood still meanwhile, perhaps with the claim to tell of something."""
    return any(since - GRACE <= at <= until for at in history.stalls)


def _times_left_alone(history: History, chronicle: Chronicle, since: datetime, until: datetime) -> int:
    """For how many reminders more a channel is left alone, as processes were struck down with their claim to tell."""
    struck = [*history.deaths, *history.stalls]
    lost = [
        entry.created_at for entry, _, noted in _claims(chronicle) if not noted and since <= entry.created_at <= until
    ]
    return max(sum(1 for at in lost if any(abs(at - other) <= LATENCY for other in struck)) - TRIES + 1, 0)


def _claims(chronicle: Chronicle) -> list[tuple[Entry, Told, bool]]:
    """Every claim to say something, and whether it was noted afterwards that it went out."""
    found: list[tuple[Entry, Told, bool]] = []
    for entry in chronicle.entries:
        if not isinstance(entry.fact, Telling):
            continue
        told = entry.fact.told
        if told.sent_at is not None and told.sent_at >= told.claimed_at:
            for place, (claim, mine, _) in enumerate(found):
                if (mine.notice, mine.channel, mine.claimed_at) == (told.notice, told.channel, told.claimed_at):
                    found[place] = (claim, mine, True)
        else:
            found.append((entry, told, False))
    return found


def _of_claims(history: History, chronicle: Chronicle) -> list[tuple[Said, tuple[Entry, Told, bool] | None]]:
    """Every message about an instance, with the claim by which it was sent: each has one, where there are enough."""
    claims = _claims(chronicle)
    paired: list[tuple[Said, tuple[Entry, Told, bool] | None]] = []
    for said in history.said_of[chronicle.name]:
        mine = [
            each
            for each in claims
            if each[1].channel == said.channel and each[0].created_at <= said.at <= each[0].created_at + LATENCY
        ]
        free = [each for each in mine if not any(each is other for _, other in paired)]
        fitting = free or mine
        paired.append((said, fitting[-1] if fitting else None))
    return paired


def _flood(history: History, chronicle: Chronicle) -> Iterator[Violation]:
    last: dict[tuple[str, str], tuple[Said, Told, bool]] = {}
    slack = history.slack + timedelta(minutes=1)
    for said, claim in _of_claims(history, chronicle):
        if claim is None:
            yield Violation(
                "no flood", chronicle.name, said.at, f"{said.title!r} to {said.channel}: no record claims it"
            )
            continue
        _, told, noted = claim
        key = (told.notice, told.channel)
        if key in last:
            before, known, was_noted = last[key]
            gap = told.claimed_at - known.claimed_at
            least = min(_reminders(history, chronicle.name, said.channel)) if was_noted else RESEND_AFTER
            is_last_call = told.last_call and not known.last_call
            if gap < least - slack and not is_last_call:
                why = f"{told.notice} to {told.channel} was said at {before.at}, and again {gap} later"
                yield Violation("no flood", chronicle.name, said.at, why)
        last[key] = (said, told, noted)


def _too_many(history: History) -> Iterator[Violation]:
    for name, messages in history.said_of.items():
        for day, count in Counter(said.at.date() for said in messages).items():
            if count > MOST_A_DAY:
                at = next(said.at for said in messages if said.at.date() == day)
                yield Violation("no flood", name, at, f"{count} messages on {day}")


def _unclaimed(history: History) -> Iterator[Violation]:
    """Messages about no instance are about the fleet, and few."""
    named = {id(said) for messages in history.said_of.values() for said in messages}
    others = [said for said in history.trace.said if id(said) not in named]
    for said in others:
        if not said.title.startswith(FLEET_TITLES):
            yield Violation("no flood", "", said.at, f"nobody knows what {said.title!r} is about")
    for (day, channel), count in Counter((said.at.date(), said.channel) for said in others).items():
        if count > MOST_A_DAY:
            yield Violation("no flood", "", None, f"{count} messages about the fleet on {day} to {channel}")
