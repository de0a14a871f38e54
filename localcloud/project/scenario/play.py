"""Playing a scenario: time jumps from one thing that happens to the next, and the story is told on the way."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from rich.console import Console

from localcloud.project.demo.narrator import Narrator
from localcloud.project.scenario.deeds import Deeds, Impossible, Replied
from localcloud.project.scenario.folder import Folder, Timed
from localcloud.project.scenario.minutes import Lost, Minutes, none_lost
from localcloud.project.scenario.stage import Stage, open_stage
from localcloud.project.scenario.told import Chronicle, chronicle
from localcloud.project.scenario.verdict import differences, unlike

MOST_MOMENTS = 2_000_000


@dataclass(frozen=True)
class Options:
    """How a scenario is played."""

    every_minute: bool = False
    lost: Lost = none_lost
    ledger: Path | None = None


@dataclass(frozen=True)
class Performance:
    """A play that came to its end, on a stage that is still open."""

    story: Chronicle
    wrong: tuple[str, ...]
    """Answers that were not as expected, and steps that could not be done."""
    ticks: int
    lost_ticks: int
    stage: Stage


@dataclass(frozen=True)
class Played:
    """A play that is over, and in what its ending differs from what was expected."""

    folder: Folder
    performance: Performance
    differences: tuple[str, ...]
    seconds: float


def play(folder: Folder, console: Console, options: Options = Options()) -> Played:
    """Play a scenario from its beginning to its end, and judge it."""
    started = time.monotonic()
    with performed(folder, console, options) as performance:
        differing = (*performance.wrong, *differences(folder, performance.story))
        return Played(folder, performance, differing, time.monotonic() - started)


@contextmanager
def performed(folder: Folder, console: Console, options: Options = Options()) -> Iterator[Performance]:
    """Play a scenario to its end, and leave the stage as it is then."""
    with open_stage(folder, options.ledger) as stage:
        player = _Player.of(folder, stage, console, options)
        player.run()
        story = chronicle(stage, player.deeds.by_hand, player.replies)
        yield Performance(story, tuple(player.wrong), player.minutes.ran, player.minutes.missed, stage)


@dataclass
class _Player:
    """Moves the clock."""

    folder: Folder
    stage: Stage
    narrator: Narrator
    deeds: Deeds
    minutes: Minutes
    left: list[Timed]
    replies: list[Replied] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, folder: Folder, stage: Stage, console: Console, options: Options) -> _Player:
        scenario = folder.scenario
        narrator = Narrator(stage, console, ZoneInfo(scenario.timezone), days=True, holds=True)

        def say(text: str, style: str) -> None:
            narrator.say(text, style)

        deeds = Deeds(stage, folder.policies, scenario.timezone, say)

        def lost(minute: datetime) -> bool:
            return options.lost(minute) or (deeds.lost_until is not None and minute < deeds.lost_until)

        minutes = Minutes(stage, options.every_minute or scenario.every_minute, lost)
        return cls(folder, stage, narrator, deeds, minutes, list(folder.steps))

    def run(self) -> None:
        """Go from moment to moment until the end."""
        for _ in range(MOST_MOMENTS):
            at = self._next()
            if at is None or at > self.folder.until:
                self.stage.move_to(self.folder.until)
                return
            self.stage.move_to(at)
            self._moment()
        raise RuntimeError(f"{self.folder.path}: no end in sight at {self.stage.now()}")

    def _next(self) -> datetime | None:
        step_at = self.left[0].at if self.left else None
        times = [step_at, self.stage.executions.next_at(), self.minutes.next_at(step_at)]
        return min((at for at in times if at is not None), default=None)

    def _moment(self) -> None:
        """Whatever is due now: the tick, then what the scenario says, then the workflow."""
        now = self.stage.now()
        tick_at = self.minutes.next_at(self.left[0].at if self.left else None)
        if tick_at is not None and tick_at <= now:
            self.minutes.run()
            self._listen()
        while self.left and self.left[0].at <= now:
            self._step(self.left.pop(0))
            self._listen()
        while self.stage.executions.run_due():
            self._listen()

    def _step(self, timed: Timed) -> None:
        if timed.step.say:
            self.narrator.say(timed.step.say, "bold")
        try:
            replies = self.deeds.do(timed)
        except Impossible as error:
            self.wrong.append(f"step at {timed.at.isoformat()}: {error}")
            self.narrator.say(f"this step cannot be done: {error}", "bold red")
            return
        self.replies += replies
        if timed.step.answer and replies and (difference := unlike(timed.step.answer, replies[0])):
            self.wrong.append(difference)
        if timed.step.do.console or timed.step.do.fault or timed.step.do.push:
            self.minutes.watch()

    def _listen(self) -> None:
        for name in self.stage.names():
            self.narrator.listen(name)
