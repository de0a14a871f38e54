"""What a person is to do about an instance that is held, by the code of the Hold."""

from __future__ import annotations

from collections.abc import Mapping

HELD: Mapping[str, tuple[str, str]] = {
    "off-ladder": (
        "Give the policy a rung with these values and push it, or resize the instance to a rung: {console}",
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
    "approval": (
        "Allow it with `subscription_down: allow` in the policy, or resize the instance by hand: {console}",
        "it stays on the larger rung, and is paid for as such",
    ),
    "unread": (
        "See the log for what the vendor answers, and whether Tidegate's role may read the instance: {console}",
        "nothing is decided until it can be read",
    ),
}
"""Why an instance is held, what to press, and what happens if nobody does."""
HELD_OTHERWISE = ("Look at the instance: {console}", "it stays as it is")


def what_to_do(code: str, console: str) -> str:
    """What to press and what happens if nobody does, in sentences; `console` is the product's address."""
    press, otherwise = HELD.get(code, HELD_OTHERWISE)
    return f"{press.format(console=console)}. If nobody does, {otherwise}."
