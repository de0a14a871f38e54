"""What a person is to do about an instance that is held, by the code of the Hold."""

from __future__ import annotations

from collections.abc import Mapping

HELD: Mapping[str, tuple[str, str]] = {
    "off-ladder": (
        "Give the policy a rung with these values and push it, or `tidegate adopt {name}`, or resize it: {console}",
        "it stays as it is, and no alert, timetable or request moves it",
    ),
    "gone": (
        "Start or restore the instance, or take it out of the policy: {console}",
        "nothing is ordered for it, and its alerts change nothing",
    ),
    "home-unknown": (
        "Say `base: RUNG` in the policy and push it",
        "it stays as it is, and no alert, timetable or request moves it",
    ),
    "unhealthy": (
        "Look at the instance: {console}",
        "it stays as it is until the vendor says that it is healthy",
    ),
    "expect": (
        "Correct `expect` in the policy and push it, or the instance: {console}",
        "it stays as it is, and no alert, timetable or request moves it",
    ),
    "drift": (
        "Take over what is there with `tidegate adopt {name}`, or put it back: {console}",
        "it is not resized, but for alerts that ring from now on and ask for more",
    ),
    "cost": (
        "Raise `cost.hard` in the policy and push it, or resize the instance by hand: {console}",
        "it stays as it is, however much it is asked for",
    ),
    "budget": (
        "Overrule it with `tidegate resize {name} --to RUNG --for 2h --despite budget --reason WHY`",
        "it stays as it is until the next day begins",
    ),
    "window": (
        "Give the policy a resize window that opens, and push it",
        "it stays as it is, unless somebody overrules it with `--despite window`",
    ),
    "unmeasured": (
        "See the log for what the vendor answers, and whether Tidegate's role may read the metric: {console}",
        "the alert moves nothing until its metric can be read",
    ),
    "fit-unread": (
        "See the log for what the vendor answers, or overrule it with `--despite fit`: {console}",
        "it stays on the larger rung, and is paid for as such",
    ),
    "unread": (
        "See the log for what the vendor answers, and whether Tidegate's role may read the instance: {console}",
        "nothing is decided until it can be read",
    ),
}
"""Why an instance is held, what to press, and what happens if nobody does."""
HELD_OTHERWISE = ("Look at the instance: {console}", "it stays as it is")


def what_to_do(code: str, console: str, name: str) -> str:
    """What to press and what happens if nobody does, in sentences; `console` is the product's address."""
    press, otherwise = HELD.get(code, HELD_OTHERWISE)
    return f"{press.format(console=console, name=name)}. If nobody does, {otherwise}."
