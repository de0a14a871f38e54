"""Random weeks: what rings, who asks, who is at the console, and what stops running for a while."""

from __future__ import annotations

from random import Random
from typing import Any

from localcloud.project.simulate.draw.policies import Drawn
from localcloud.project.simulate.script import Deed, Said

HOUR = 3600.0
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


def deeds_of(chance: Random, drawn: list[Drawn], week_s: float) -> list[Deed]:
    """Draw what happens in a week."""
    deeds: list[Deed] = []
    first = drawn[0]
    for name in first.instances:
        deeds += _episodes(chance, first, name, week_s)
        deeds += _requests(chance, first, name, week_s)
        deeds += _colleagues(chance, first, name, week_s)
        deeds += _load(chance, name, week_s)
    if chance.random() < 0.12:
        deeds += _fleet_pause(chance, week_s)
    if len(drawn) > 1:
        deeds.append(Deed(at_s=chance.uniform(0.2, 0.8) * week_s, do="push", policy=1))
    if chance.random() < 0.3:
        lasts = chance.choice((300.0, 3 * HOUR, 30 * HOUR))
        deeds.append(Deed(at_s=chance.uniform(0, week_s - lasts), do="lose-ticks", lasts_s=lasts))
    diligent = chance.choice((0.0, 0.3, 0.9))
    for day in range(7):
        for hour in (9, 15, 21):
            if chance.random() < diligent:
                what = "pay switch ack approve" if chance.random() < 0.85 else "cancel ack"
                deeds.append(Deed(at_s=day * 24 * HOUR + hour * HOUR + chance.uniform(0, HOUR), do="duty", what=what))
    return [deed for deed in deeds if 0 <= deed.at_s < week_s]


def _episodes(chance: Random, drawn: Drawn, name: str, week_s: float) -> list[Deed]:
    """Episodes of alert rules: ringing, ringing on, an OK; delivered late, twice, or in the wrong order."""
    deeds: list[Deed] = []
    rules = [rule["rule"] for rule in drawn.instances[name]["alerts"]]
    for _ in range(chance.choice((1, 2, 3, 5))):
        rule, began = chance.choice(rules), chance.uniform(0, week_s)
        lasts = chance.choice((120.0, 20 * 60.0, 20 * 60.0, 2 * HOUR, 9 * HOUR))
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


def _requests(chance: Random, drawn: Drawn, name: str, week_s: float) -> list[Deed]:
    """What people ask for."""
    rungs = drawn.rungs(name)
    asked: list[dict[str, Any]] = []
    for _ in range(chance.choice((0, 1, 2, 4))):
        despite = [each for each in ("cooldown", "budget", "window", "drift", "fit") if chance.random() < 0.25]
        resize = {"verb": "resize", "to": chance.choice(rungs), "reason": "the sale", "despite": despite}
        ends = chance.choice(({"for": "2h"}, {"for": "20m"}, {"until_released": True}, {"for": "30h"}))
        asked.append(
            chance.choice(
                (
                    {**resize, **ends},
                    {**resize, **ends},
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
    times = sorted(chance.uniform(0, week_s) for _ in asked)
    if len(times) > 1 and chance.random() < 0.4:
        # Two at almost the same moment.
        times = [times[0], times[0] + chance.choice((0.05, 20.0, 600.0)), *times[2:]]
    return [
        Deed(at_s=round(at, 3), do="request", instance=name, request=form)
        for at, form in zip(times, asked, strict=True)
    ]


def _colleagues(chance: Random, drawn: Drawn, name: str, week_s: float) -> list[Deed]:
    """Who resizes in the console, past Tidegate."""
    deeds: list[Deed] = []
    if chance.random() < 0.3:
        text = drawn.instances[name]
        for _ in range(chance.choice((1, 1, 2))):
            rung = chance.choice(text["ladder"])
            spec = {key: value for key, value in rung.items() if key not in ("rung", "hourly_price")}
            if text["product"] == "apigateway":
                spec = {"InstanceSpec": rung["rung"]}
            elif chance.random() < 0.3:
                spec = chance.choice(({"MaxConnections": 2500}, {"SupportEip": True}, {**spec, "QueueCapacity": 600}))
            at = round(chance.uniform(0, week_s), 3)
            deeds.append(Deed(at_s=at, do="console", what="resize", instance=name, spec=spec))
    return deeds


def _load(chance: Random, name: str, week_s: float) -> list[Deed]:
    """How much the instance is used."""
    times = sorted(chance.uniform(0, week_s) for _ in range(chance.choice((0, 1, 3))))
    return [
        Deed(
            at_s=round(at, 3),
            do="use",
            instance=name,
            used={"queues": chance.choice((10, 150, 350)), "tps": chance.choice((100, 2600, 7000))},
        )
        for at in times
    ]


def _fleet_pause(chance: Random, week_s: float) -> list[Deed]:
    at = chance.uniform(0, week_s)
    pause = {"verb": "pause", "fleet": True, "reason": "a freeze", **({"for": "5h"} if chance.random() < 0.5 else {})}
    end = {"verb": "unpause", "fleet": True}
    deeds = [Deed(at_s=round(at, 3), do="request", request=pause)]
    return [*deeds, Deed(at_s=round(at + chance.choice((600.0, 20 * HOUR)), 3), do="request", request=end)]
