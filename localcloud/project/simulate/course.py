"""How a run goes: told on standard error, and kept so that it can be gone on with."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TextIO

from localcloud.project.simulate.resume import Progress, keep
from localcloud.project.simulate.run import Result, Watch

TOLD_EVERY_S, KEPT_EVERY_S = 15.0, 2.0


class Course:
    """Hears of the sum so far after each week."""

    def __init__(self, so_far: Progress, seeds: int, path: Path | None, telling: TextIO | None) -> None:
        """Keep it at a path, if any, and tell it, if anybody listens."""
        self.already = so_far.result.runs
        self._so_far, self._seeds, self._path, self._telling = so_far, seeds, path, telling
        self._watch = Watch()
        self._told_at = self._kept_at = 0.0
        self._broken = 0
        if self.already:
            self._tell(f"goes on after {self.already} weeks, played in {so_far.seconds / 60:.0f} min")

    def __call__(self, result: Result) -> None:
        """Tell what was broken at once, and the rest every now and then."""
        for one in result.broken[self._broken :]:
            self._tell(f"week {one.seed}: {one.invariant}: {one.why}")
        self._broken = len(result.broken)
        now_s = self._watch.seconds
        if now_s - self._kept_at >= KEPT_EVERY_S:
            self.keep(result)
        if now_s - self._told_at >= TOLD_EVERY_S:
            self._told_at = now_s
            left_s = (self._seeds - result.runs) * now_s / max(result.runs - self.already, 1)
            broken = f", {self._broken} violations" if self._broken else ""
            self._tell(f"{result.runs} of {self._seeds} weeks{broken}, about {left_s / 60:.0f} min left")

    def keep(self, result: Result) -> float:
        """Keep what came so far, and give for how many seconds the machine has been at it, earlier runs included.

        A run of hours goes on where that fails, as on a disk that is full, and tells it.
        """
        self._kept_at = self._watch.seconds
        seconds = self._so_far.seconds + self._kept_at
        if self._path is not None:
            try:
                keep(self._path, replace(self._so_far, seconds=seconds, result=result))
            except OSError as error:
                self._tell(f"{self._path}: what came so far is not kept: {error.strerror}")
        return seconds

    def _tell(self, line: str) -> None:
        if self._telling is not None:
            self._telling.write(line + "\n")
