"""What people are told of what cannot be read: what, what it means, what to do, and what happens if nobody does."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta

from tidegate.domain.durations import write_duration
from tidegate.domain.unreadable import FLEET_KEY, POLICY_KEY, Trouble, Word

OSS_CONSOLE = "https://oss.console.aliyun.com"
MOST_NAMED, LONGEST_WHY, LONGEST_WHY_OF_MANY = 6, 250, 140
SAYS: Mapping[str, str] = {
    "damaged": "its ledger cannot be read",
    "newer": "its ledger cannot be read by this version",
    "policy": "its policy cannot be read",
    "failing": "looking after it fails",
}
MEANWHILE: Mapping[str, str] = {
    "fleet": "Alerts and requests are kept.",
    "policy": "Whoever sends an alert is told to send it again.",
}
COURSE = "An order that stands takes its course at the vendor."
UNFOLLOWED = "An order that stands takes its course at the vendor, and nobody follows it."
MOVE = f"keep a copy and move it away: {OSS_CONSOLE}"
PRESS: Mapping[str, str] = {
    "damaged": f"Look at what is named there in the bucket: if it is nothing that Tidegate wrote, {MOVE}.",
    "newer": "Deploy the later version again, everywhere: `tidegate deploy`.",
    "policy": "If a later version pushed it, deploy that version: `tidegate deploy`. If the object is damaged, "
    f"{MOVE}, and push the policy again: `tidegate policy push`.",
    "failing": "Look at the log of the function on-schedule: https://fcnext.console.aliyun.com.",
}


def message(word: Word) -> tuple[str, str]:
    """The title and the text for one channel."""
    if not word.standing:
        return _over(word.over.values())
    title, told = _standing(word.standing)
    over = [_again(list(word.over.values()))[1]] if word.over else []
    return title, " ".join([f"{title}.", *told, *over, "See `tidegate status`."])


def _standing(standing: Mapping[str, Trouble]) -> tuple[str, list[str]]:
    for key in (POLICY_KEY, FLEET_KEY):
        if key in standing:
            return "Tidegate needs you", [*_of_all(key, standing[key])]
    if len(standing) == 1:
        (each,) = standing.values()
        return f"{each.name} needs you", [*_of_one(each)]
    return f"{len(standing)} instances need you", [*_of_many(list(standing.values()))]


def _of_all(key: str, trouble: Trouble) -> Iterator[str]:
    which = "policy in force" if key == POLICY_KEY else "fleet's ledger"
    by_us = " by this version" if trouble.what == "newer" else ""
    yield f"The {which} cannot be read{by_us} since {_at(trouble)}: {_why(trouble, LONGEST_WHY)}."
    yield "Nothing is ordered for any instance meanwhile, and no tick is completed."
    yield MEANWHILE[key]
    yield UNFOLLOWED
    yield PRESS[trouble.what]
    yield "If nobody does, every instance stays as it is, and timetables, revivals and reminders stand still."


def _of_one(trouble: Trouble) -> Iterator[str]:
    yield f"{_capital(SAYS[trouble.what])} since {_at(trouble)}: {_why(trouble, LONGEST_WHY)}."
    kept = "alerts" if trouble.what == "policy" else "alerts and requests"
    yield f"Nothing is ordered for it meanwhile; {kept} for it are kept."
    # What else fails may not keep an execution from following.
    yield COURSE if trouble.what == "failing" else UNFOLLOWED
    yield PRESS[trouble.what]
    yield "If nobody does, it stays so. The other instances go on."


def _of_many(troubles: list[Trouble]) -> Iterator[str]:
    first = min(troubles, key=lambda each: each.since)
    named = [f"{each.name} ({SAYS[each.what]}: {_why(each, LONGEST_WHY_OF_MANY)})" for each in troubles[:MOST_NAMED]]
    left = len(troubles) - len(named)
    more = [f"and {left} more"] if left else []
    yield f"Since {_at(first)} they cannot be looked after: {'; '.join([*named, *more])}."
    yield "Nothing is ordered for them meanwhile; alerts for them are kept."
    yield UNFOLLOWED
    yield from (PRESS[what] for what in sorted({each.what for each in troubles}))
    yield "If nobody does, they stay so. The other instances go on."


def _over(over: Iterable[Trouble]) -> tuple[str, str]:
    title, text = _again(list(over))
    return title, f"{text} What came in meanwhile is answered now. See `tidegate status`."


def _again(over: list[Trouble]) -> tuple[str, str]:
    """That some are looked after again: in few words, and with how long they were not."""
    lasted = max(each.over_at or each.since for each in over) - min(each.since for each in over)
    minutes = write_duration(timedelta(minutes=lasted // timedelta(minutes=1)))
    if not all(each.name for each in over):
        title = "Tidegate looks after every instance again"
    elif len(over) == 1:
        title = f"{over[0].name} is looked after again"
    else:
        title = f"{len(over)} instances are looked after again"
    names = [each.name for each in over if each.name][:MOST_NAMED]
    left = len(over) - len(names)
    named = f": {', '.join(names)}{f' and {left} more' if left > 0 else ''}" if len(over) > 1 and names else ""
    return title, f"{title}, after {minutes}{named}."


def _why(trouble: Trouble, longest: int) -> str:
    why = trouble.why.rstrip(". ")
    return why if len(why) <= longest else f"{why[:longest]}..."


def _at(trouble: Trouble) -> str:
    return f"{trouble.since:%Y-%m-%d %H:%M}Z"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
