"""What a policy decides otherwise than the one in force, at this moment: on paper and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tidegate.app.report import Intent, Unreadable, to_json
from tidegate.cli.looks import BAD, GOOD, NEEDS, Line, in_zone
from tidegate.cli.publish import counted
from tidegate.cli.values import flow
from tidegate.operate.effects import Effect
from tidegate.operate.push import Judged


def as_value(judged: Judged) -> dict[str, Any]:
    """Every decision that is another one, and how many orders they start."""
    return {
        "decisions": [
            {
                "instance": each.instance,
                "before": to_json(each.before),
                "after": to_json(each.after),
                "starts": each.starts,
                "may_start": each.may_start,
            }
            for each in judged.effects
        ],
        "orders": len(judged.starts),
    }


def start_lines(judged: Judged) -> Iterator[Line]:
    """The orders that a push has started, and nothing where there are none."""
    for effect in judged.starts:
        yield effect_line(effect)
    if judged.starts:
        yield (f"this starts {counted(len(judged.starts), 'order')} now",)


def start(effect: Effect) -> str:
    """An order that a push would start, in a few words."""
    after: Any = effect.after
    if effect.may_start:
        return f"{effect.instance} perhaps (it could not be read)"
    return f"{effect.instance} {after.direction} {after.rung} -> {after.wanted}"


def effect_line(effect: Effect) -> Line:
    """What is decided otherwise of one instance."""
    after = effect.after
    if isinstance(after, Unreadable):
        return ("! ", effect.instance, "  ", (after.trouble, BAD))
    if effect.may_start:
        return ("> ", (start(effect), NEEDS), f"   {after.reason}")
    if effect.starts:
        fields = ", ".join(f"{one.field} {flow(one.before)} -> {flow(one.after)}" for one in after.changes)
        return ("> ", (f"ORDER {start(effect)}", GOOD), f"   {in_zone(after.reason, after.timezone)}; {fields}")
    return (f"> {effect.instance}  {_decided(effect.before)} -> {_decided(after)}",)


def _decided(intent: Intent | Unreadable | None) -> str:
    if intent is None:
        return "not in the policy"
    if isinstance(intent, Unreadable):
        return intent.trouble
    if intent.decision == "resize":
        return f"ORDER {intent.direction} {intent.rung} -> {intent.wanted}"
    return "as wanted" if intent.code == "as-wanted" else f"HOLD {in_zone(intent.reason, intent.timezone)}"
