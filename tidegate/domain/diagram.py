"""The phases of an operation as a picture, drawn from the table itself."""

from __future__ import annotations

from tidegate.domain.operation import TRANSITIONS, Event, Phase


def mermaid() -> str:
    """Draw the table as a Mermaid state diagram: an arrow from phase to phase, with all events that lead along it.

    Events that change no phase are left out of the picture.
    """
    arrows: dict[tuple[Phase, Phase], list[Event]] = {}
    for (before, event), after in TRANSITIONS.items():
        if after is not before:
            arrows.setdefault((before, after), []).append(event)
    lines = [f"    [*] --> {Phase.PLANNED.value}"]
    for before in Phase:
        for after in Phase:
            events = [event.value for event in Event if event in arrows.get((before, after), ())]
            lines += [f"    {before.value} --> {after.value}: {', '.join(events)}"] if events else []
    return "\n".join(["stateDiagram-v2", *lines, f"    {Phase.CONCLUDED.value} --> [*]", ""])
