"""Calendar files that freezes name: read when the policy is compiled, so that nothing is fetched when deciding."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from tidegate.domain.policy import InstancePolicy
from tidegate.domain.when import Freeze, FreezeEvent
from tidegate.policyfile.files import read_bytes
from tidegate.policyfile.problems import BadPolicy, Problem
from tidegate.policyfile.tree import Tree

MOST_BYTES = 1_000_000
URL = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]+:")


class CalendarFiles:
    """Reads each file once for a zone, however many instances name it."""

    def __init__(self) -> None:
        self._known: dict[tuple[Path, str], tuple[FreezeEvent, ...] | str] = {}

    def embed(self, policy: InstancePolicy | None, tree: Tree) -> tuple[InstancePolicy | None, list[Problem]]:
        """The policy with the events of its calendar files, and whatever is wrong with those.

        Of a policy that is wrong in itself, the files are looked at all the same.
        """
        zone = policy.timezone if policy else "UTC"
        written = tree.keys["freezes"].items if "freezes" in tree.keys else []
        read = [self._events(item, zone) for item in written]
        problems = [one for one in read if isinstance(one, Problem)]
        if policy is None or problems or not policy.freezes:
            return policy, problems
        return policy.model_copy(update={"freezes": list(_with_events(policy.freezes, read))}), []

    def _events(self, freeze: Tree, zone: str) -> tuple[FreezeEvent, ...] | Problem:
        ics = freeze.keys.get("ics")
        if ics is None or not isinstance(ics.value, str):
            # The model tells that.
            return ()
        why, advice = _no_path(ics.value), ""
        if why:
            advice = "fetch it before, for example in the job that pushes the policy: nothing is fetched when deciding"
            advice = advice if URL.match(ics.value) else "keep the calendar beside the policy"
            return Problem.at(ics.spot, why, advice)
        path = Path(ics.spot.file).parent / ics.value
        key = (path, zone)
        if key not in self._known:
            self._known[key] = _read(path, zone)
        read = self._known[key]
        return Problem.at(ics.spot, read) if isinstance(read, str) else read


def _no_path(text: str) -> str:
    if URL.match(text):
        return f"expected the path of a calendar file, found the address `{text[:60]}`"
    if not text or Path(text).is_absolute() or "\0" in text:
        return f"expected a path that begins at the folder of this file, found `{text[:60]}`"
    return ""


def _read(path: Path, zone: str) -> tuple[FreezeEvent, ...] | str:
    """The events, or what was expected instead."""
    from tidegate.policyfile.ics import BadCalendar, read_ics  # noqa: PLC0415 - few policies name a calendar file

    try:
        if not path.is_file():
            return f"expected a calendar file (ICS); there is no file {path}"
        events = tuple(read_ics(read_bytes(path, MOST_BYTES), zone, str(path)))
    except OSError as error:
        return f"expected a calendar file (ICS) that can be read; {path}: {error.strerror or error}"
    except BadPolicy as large:
        return f"expected a calendar file of ordinary size; {large}"
    except BadCalendar as bad:
        return f"expected a calendar file (ICS); {bad}"
    return events or f"expected a calendar file with at least one event; {path} has none"


def _with_events(freezes: list[Freeze], read: list[tuple[FreezeEvent, ...] | Problem]) -> Iterator[Freeze]:
    for freeze, events in zip(freezes, read, strict=True):
        yield freeze.model_copy(update={"events": events})
