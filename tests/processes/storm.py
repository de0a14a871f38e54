"""A storm of callbacks, sent as CloudMonitor sends them: at their times, however slow the answers are."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import aiohttp

from tests.processes.sender import KIND, WAITS_S, Callback

AGAIN_AFTER_S = (5.0, 10.0, 20.0)
"""CloudMonitor sends three times more (fact fc 2.3). How soon is not written anywhere; this is a usual way."""
RULES = ("rabbit-tps-high", "rabbit-queues-high")
UNKNOWN_RULE = "nobody-knows"
DUPLICATES = 0.4
OKS = 0.15


@dataclass
class Weather:
    """What became of the deliveries."""

    latencies_s: list[float] = field(default_factory=list)
    """Of every try that was answered, whatever the answer."""
    answers: Counter[str] = field(default_factory=Counter)
    kept: Counter[int] = field(default_factory=Counter)
    """How many tries it took until a delivery was answered with a 2xx."""
    lost: list[Callback] = field(default_factory=list)
    took_s: float = 0.0
    others: float = 0.0
    """The share of the machine that was taken by processes that are none of ours."""

    def percentile(self, share: float) -> float:
        """The latency that so many of the tries stayed within, in seconds."""
        ordered = sorted(self.latencies_s)
        return ordered[min(int(len(ordered) * share), len(ordered) - 1)]

    def figures(self) -> dict[str, object]:
        """What is worth telling."""
        return {
            "took_s": round(self.took_s, 1),
            "answers": dict(self.answers),
            "tries": dict(sorted(self.kept.items())),
            "p50_s": round(self.percentile(0.5), 3),
            "p99_s": round(self.percentile(0.99), 3),
            "max_s": round(max(self.latencies_s), 3),
            "others": round(self.others, 2),
        }


def deliveries(
    names: Sequence[str], calm: set[str], count: int, began: datetime, chance: random.Random
) -> list[Callback]:
    """So many deliveries in their order, the same number for each instance: ringings, OKs, and the same bytes again.

    What rings last for an instance that is not calm is an alert; a calm one has none that its policy knows.
    """
    each = count // len(names)
    stories = [list(_story(name, each, began, chance, is_calm=name in calm)) for name in names]
    return [callback for together in zip(*stories, strict=True) for callback in chance.sample(together, len(together))]


def _story(name: str, count: int, began: datetime, chance: random.Random, *, is_calm: bool) -> Iterator[Callback]:
    sent: list[Callback] = []
    rings = dict.fromkeys(RULES, False)
    for number in range(count):
        is_last = number >= count - 2 * len(RULES)
        if sent and not is_last and chance.random() < DUPLICATES:
            yield chance.choice(sent)
            continue
        rule = RULES[number % len(RULES)] if is_last else chance.choice(RULES)
        state = "OK" if is_calm or (rings[rule] and not is_last and chance.random() < OKS) else "ALERT"
        rings[rule] = state == "ALERT"
        if is_calm and chance.random() < DUPLICATES:
            rule, state = UNKNOWN_RULE, "ALERT"
        at = began + timedelta(milliseconds=10 * number)
        sent.append(Callback(name, state, rule, f"amqp-cn-{name}", f"{name}-{number}", at))
        yield sent[-1]


async def blow(url: str, callbacks: Sequence[Callback], within_s: float) -> Weather:
    """Send all of them within a time, evenly."""
    weather = Weather()
    began = time.monotonic()
    gap = within_s / len(callbacks)
    patience = aiohttp.ClientTimeout(total=WAITS_S)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), timeout=patience) as session:

        async def deliver(number: int, callback: Callback) -> None:
            await asyncio.sleep(max(0.0, began + number * gap - time.monotonic()))
            for tries, rest_s in enumerate((0.0, *AGAIN_AFTER_S), 1):
                await asyncio.sleep(rest_s)
                if await _is_kept(session, url, callback, weather):
                    weather.kept[tries] += 1
                    return
            weather.lost.append(callback)

        await asyncio.gather(*(deliver(number, callback) for number, callback in enumerate(callbacks)))
    weather.took_s = time.monotonic() - began
    return weather


async def _is_kept(session: aiohttp.ClientSession, url: str, callback: Callback, weather: Weather) -> bool:
    began = time.monotonic()
    try:
        async with session.post(url, data=callback.body, headers={"Content-Type": KIND}) as answer:
            await answer.read()
            weather.answers[str(answer.status)] += 1
            return answer.status // 100 == 2
    except asyncio.TimeoutError:
        weather.answers["none in time"] += 1
        return False
    finally:
        weather.latencies_s.append(time.monotonic() - began)
