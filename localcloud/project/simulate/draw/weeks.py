"""Random weeks: what rings, who asks, who is at the console, and what stops running for a while."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from localcloud.project.simulate.draw.policies import Drawn
from localcloud.project.simulate.draw.sizes import Size
from localcloud.project.simulate.script import Deed, Said

HOUR = 3600.0
EARLY = 0.5
"""In so many weeks things happen from the first hour on."""
TOGETHER = 0.7
WORST = (
    *("claimed", "accepted", "unanswered", "doubt cleared", "doubt cleared", "found the order"),
    *("saw the switchover wait", "saw a change", *["saw an unpaid order"] * 4, *["saw the wanted values"] * 3),
)
"""After which events of an operation somebody else resizes its instance."""
UNSEEN = ("claimed", "accepted", "unanswered", "doubt cleared")
"""Those after which billing may not show our order yet."""
LATER = (180.0, 600.0, 1500.0)
FORMS = (
    "cloudmonitor",
    "cloudmonitor",
    "cloudmonitor",
    "cloudmonitor-smq",
    "eventbridge",
    "alertmanager",
    "arms",
    "sls",
)
"""Formats of alerts that name an instance as CloudMonitor does come more often."""


@dataclass(frozen=True)
class Within:
    """From when to when things happen, in seconds of the week."""

    chance: Random
    size: Size
    start_s: float
    end_s: float

    def moment(self, lasts_s: float = 0.0) -> float:
        """Draw a moment, such that something that begins then is over within the week's eventful part."""
        return self.chance.uniform(self.start_s, max(self.end_s - lasts_s, self.start_s))


def deeds_of(chance: Random, drawn: list[Drawn], week_s: float, size: Size) -> list[Deed]:
    """Draw what happens in a week."""
    deeds: list[Deed] = []
    start_s = 0.0 if chance.random() < EARLY else chance.uniform(0, week_s - size.span_s)
    when = Within(chance, size, start_s, start_s + size.span_s)
    first = drawn[0]
    for name in first.instances:
        for happen in (chance.choice(SINGLE),) if size.is_single else WHAT_HAPPENS:
            if size.happens == 1.0 or chance.random() < size.happens:
                deeds += happen(when, first, name)
        deeds += _load(when, name)
        deeds += _ambushes(when, first, name)
        if chance.random() < size.calming:
            deeds.append(_calm(when, name))
    deeds += _together(when, first)
    if chance.random() < size.stopped:
        deeds += _fleet_pause(when)
    if len(drawn) > 1:
        deeds.append(Deed(at_s=when.moment(), do="push", policy=1))
    if chance.random() < size.stopped:
        lasts = chance.choice((300.0, 3 * HOUR, 30 * HOUR))
        deeds.append(Deed(at_s=when.moment(lasts), do="lose-ticks", lasts_s=lasts))
    deeds += _duties(when)
    return [deed for deed in deeds if 0 <= deed.at_s < week_s]


def _duties(when: Within) -> Iterator[Deed]:
    """When somebody looks at what needs a person, and does it."""
    chance = when.chance
    diligent = chance.choice(when.size.diligent)
    for day in range(7):
        for hour in (9, 20):
            if chance.random() < diligent:
                what = "pay switch approve" if chance.random() < 0.85 else "cancel"
                what += " ack" if chance.random() < 0.4 else ""
                yield Deed(at_s=day * 24 * HOUR + hour * HOUR + chance.uniform(0, HOUR), do="duty", what=what)


def _episodes(when: Within, drawn: Drawn, name: str) -> list[Deed]:
    """Episodes of alert rules: ringing, ringing on, an OK; delivered late, twice, or in the wrong order."""
    chance = when.chance
    deeds: list[Deed] = []
    rules = [rule["rule"] for rule in drawn.instances[name]["alerts"]]
    for _ in range(chance.choice(when.size.episodes)):
        rule, began = chance.choice(rules), when.moment()
        lasts = chance.choice((120.0, 20 * 60.0, 20 * 60.0, 2 * HOUR, 2 * HOUR, 9 * HOUR))
        form = chance.choice(FORMS)
        if drawn.instances[name]["product"] == "apigateway" and form == "cloudmonitor-smq":
            form = "cloudmonitor"
        rings = [began, *(began + lasts * (n + 1) / 3 for n in range(chance.choice((0, 0, 2))))]
        ends = [] if chance.random() < 0.1 else [began + lasts]
        said: list[tuple[float, Said]] = [*((at, "firing") for at in rings), *((at, "ok") for at in ends)]
        if chance.random() < 0.1:
            said.append((began + lasts / 2, "no-data"))
        deeds += [_ringing(chance, (name, rule, form), began, at, state) for at, state in said]
    return deeds


def _ringing(chance: Random, which: tuple[str, str, str], began: float, at: float, state: Said) -> Deed:
    late = chance.choice((0.0, 0.0, 0.0, 5.0, 90.0, 1500.0))
    again = tuple(at + late + chance.choice((0.01, 0.2, 30.0, 900.0)) for _ in range(chance.choice((0, 0, 0, 1, 3))))
    name, rule, form = which
    return Deed(
        at_s=round(at + late, 3),
        do="alert",
        instance=name,
        rule=rule,
        state=state,
        form=form,
        began_s=round(began, 3),
        rang_s=round(at, 3),
        again_s=tuple(round(each, 3) for each in again),
    )


def _requests(when: Within, drawn: Drawn, name: str) -> list[Deed]:
    """What people ask for."""
    chance = when.chance
    rungs = drawn.rungs(name)
    asked: list[dict[str, Any]] = []
    for _ in range(chance.choice(when.size.requests)):
        despite = [each for each in ("cooldown", "budget", "window", "drift", "fit") if chance.random() < 0.25]
        resize = {"verb": "resize", "to": chance.choice(rungs), "reason": "the sale", "despite": despite}
        ends = chance.choice(({"for": "2h"}, {"for": "20m"}, {"until_released": True}, {"for": "30h"}))
        asked.append(
            chance.choice(
                (
                    *[{**resize, **ends}] * 5,
                    {**resize, **ends, "dry_run": True},
                    {"verb": "release"},
                    {"verb": "pause", "for": "3h", "reason": "a rehearsal"},
                    {"verb": "unpause"},
                    {"verb": "adopt", "reason": "as it is"},
                    {"verb": "cancel", "reason": "not now"},
                    {"verb": "ack"},
                    {"verb": "approve"},
                )
            )
        )
    times = sorted(when.moment() for _ in asked)
    if len(times) > 1 and chance.random() < 0.4:
        # Two at almost the same moment.
        times = [times[0], times[0] + chance.choice((0.05, 20.0, 600.0)), *times[2:]]
    return [
        Deed(at_s=round(at, 3), do="request", instance=name, request=form)
        for at, form in zip(times, asked, strict=True)
    ]


def _colleagues(when: Within, drawn: Drawn, name: str) -> list[Deed]:
    """Who resizes in the console, past Tidegate."""
    chance = when.chance
    deeds: list[Deed] = []
    if chance.random() < when.size.colleagues:
        text = drawn.instances[name]
        for _ in range(chance.choice((1, 1, 2))):
            rung = chance.choice(text["ladder"])
            spec = {key: value for key, value in rung.items() if key not in ("rung", "hourly_price")}
            if text["product"] == "apigateway":
                spec = {"InstanceSpec": rung["rung"]}
            elif chance.random() < 0.3:
                spec = chance.choice(({"MaxConnections": 2500}, {"SupportEip": True}, {**spec, "QueueCapacity": 600}))
            at = round(when.moment(), 3)
            deeds.append(Deed(at_s=at, do="console", what="resize", instance=name, spec=spec))
    return deeds


def _ambushes(when: Within, drawn: Drawn, name: str) -> list[Deed]:
    """Somebody asks for a resize, and somebody else resizes in the console at the worst moment of it."""
    chance = when.chance
    if chance.random() >= when.size.ambushed:
        return []
    text, what = drawn.instances[name], chance.choice(WORST)
    to = chance.choice(drawn.rungs(name)[1:])
    # While ours waits to be paid the old spec stands, and a colleague may order the same.
    others = text["ladder"][1:] if what == "saw an unpaid order" else [r for r in text["ladder"] if r["rung"] != to]
    rung = chance.choice(others)
    spec = {key: value for key, value in rung.items() if key not in ("rung", "hourly_price")}
    if text["product"] == "apigateway":
        spec = {"InstanceSpec": rung["rung"]}
    at, soon = round(when.moment(), 3), chance.choice((0.05, 1.0, 20.0))
    if when.size.hidden and what in UNSEEN:
        soon = chance.choice((soon, soon, *LATER))
    despite = ["cooldown", "budget", "window", "drift", "fit"]
    resize = {"verb": "resize", "to": to, "reason": "the sale", "despite": despite, "for": "30h"}
    return [
        Deed(at_s=at, do="ambush", instance=name, what=what, spec=spec, lasts_s=soon),
        Deed(at_s=at, do="request", instance=name, request=resize),
    ]


def _together(when: Within, drawn: Drawn) -> Iterator[Deed]:
    """Where there are two, somebody asks for more of both at once, which the limits of the fleet may not allow."""
    at = when.moment()
    if len(drawn.instances) == 1 or when.chance.random() >= TOGETHER:
        return
    for name in drawn.instances:
        resize = {"verb": "resize", "to": drawn.rungs(name)[-1], "reason": "the sale", "for": "8h"}
        moment = round(at + when.chance.choice((0.0, 0.3, 30.0)), 3)
        yield Deed(at_s=moment, do="request", instance=name, request=resize)


def closing(chance: Random, drawn: Drawn, world: dict[str, Any], start: datetime) -> Deed:
    """Somebody asks for a resize shortly before its window closes, and the vendor refuses it for a while."""
    name = chance.choice(list(drawn.instances))
    text, at_s = drawn.instances[name], chance.uniform(0, 5 * 24 * HOUR)
    there = (start + timedelta(seconds=at_s)).astimezone(ZoneInfo(text["timezone"]))
    ends = there + timedelta(minutes=chance.choice((4, 12, 30)))
    window = {"days": "daily", "from": f"{there - timedelta(hours=5):%H:%M}", "to": f"{ends:%H:%M}"}
    text["resize_windows"] = {"up": [window], "down": [window]}
    world["behaviour"] |= {"topic_migrating_refusals": 12, "migrating_for": "12m"}
    resize = {"verb": "resize", "to": drawn.rungs(name)[-1], "reason": "the sale", "for": "30h"}
    return Deed(at_s=round(at_s, 3), do="request", instance=name, request=resize)


WHAT_HAPPENS = (_episodes, _requests, _colleagues)
SINGLE = (*[_episodes] * 6, *[_requests] * 4, _colleagues)


def _load(when: Within, name: str) -> list[Deed]:
    """How much the instance is used."""
    chance = when.chance
    times = sorted(when.moment() for _ in range(chance.choice(when.size.loads)))
    return [
        Deed(
            at_s=round(at, 3),
            do="use",
            instance=name,
            used={"queues": used(chance, when.size), "tps": chance.choice((100, 2600, 7000))},
        )
        for at in times
    ]


def _calm(when: Within, name: str) -> Deed:
    """Soon after all that, less is in use than any rung allows, so that nothing is held for that any more."""
    at = when.end_s + when.chance.uniform(0, 4 * HOUR)
    return Deed(at_s=round(at, 3), do="use", instance=name, used={"queues": 10, "tps": 100})


def used(chance: Random, size: Size) -> int:
    """How many queues there are: seldom more than a smaller rung allows."""
    return chance.choice((150, 350)) if chance.random() < size.crowded else 10


def _fleet_pause(when: Within) -> list[Deed]:
    chance, at = when.chance, when.moment()
    pause = {"verb": "pause", "fleet": True, "reason": "a freeze", **({"for": "5h"} if chance.random() < 0.5 else {})}
    end = {"verb": "unpause", "fleet": True}
    deeds = [Deed(at_s=round(at, 3), do="request", request=pause)]
    return [*deeds, Deed(at_s=round(at + chance.choice((600.0, 20 * HOUR)), 3), do="request", request=end)]
