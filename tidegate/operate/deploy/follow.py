"""Following a stack until nothing is done to it any more, and telling each step once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from tidegate.aliyun.errors import Missing, VendorError
from tidegate.aliyun.stacks import GONE, Stack, Step
from tidegate.operate.deploy.account import Account
from tidegate.operate.deploy.faults import DeployFailed

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.2, 5.0
LONGEST_S = 3600.0
"""ROS gives up by itself after 60 minutes, its default."""

Tell = Callable[[Step], None]


def follow(account: Account, stack: Stack, tell: Tell, seen: set[str]) -> Stack:
    """Wait until a stack is at rest, and give it as it is then. `seen` are the steps that are told already."""
    until, pause = account.monotonic() + LONGEST_S, FIRST_PAUSE_S
    while True:
        now = _now(account, stack)
        for step in account.stacks.steps(stack.id, seen):
            if step.id not in seen:
                seen.add(step.id)
                tell(step)
        if not now.goes_on:
            return now
        if account.monotonic() > until:
            raise DeployFailed(f"stack {stack.name} is still in {now.status}; run the same command again to go on")
        account.sleep(pause)
        pause = min(pause * 1.5, LONGEST_PAUSE_S)


def seen_steps(account: Account, stack: Stack | None) -> set[str]:
    """Give the steps of earlier work on a stack, which are not told again."""
    return {step.id for step in account.stacks.steps(stack.id)} if stack else set()


def why(account: Account, stack: Stack) -> str:
    """Say which resource failed last, and why, in the vendor's words."""
    failed = [step for step in account.stacks.steps(stack.id) if step.status.endswith("_FAILED")]
    of_resources = [step for step in failed if step.name != stack.name] or failed
    return f"{of_resources[-1].name}: {of_resources[-1].reason}" if of_resources else stack.reason


def _now(account: Account, stack: Stack) -> Stack:
    try:
        return account.stacks.get(stack.id)
    except Missing:
        return replace(stack, status=GONE)
    except VendorError as error:
        if error.code == "StackNotFound":
            return replace(stack, status=GONE)
        raise
