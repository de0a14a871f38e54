"""Which stack is meant, and what the names in it begin with: what stands says so, before anybody's environment does."""

from __future__ import annotations

from tidegate import names
from tidegate.aliyun.stacks import Stack
from tidegate.operate.deploy.account import Account
from tidegate.operate.deploy.faults import CannotDeploy

PREFIX = "Prefix"


def named(account: Account, stack: str, prefix: str) -> tuple[Account, str]:
    """Give the deployment that is meant: the account as its place, and its stack. Raises CannotDeploy.

    What is not said comes from the stack that stands, then from the environment.

    A stack keeps the prefix that it was made with: with another one everything in it would be made anew, and the
    executions under way would call functions that are gone.
    """
    asked = prefix or account.settings.prefix
    name = stack or asked or names.DEFAULT
    stands = account.stack(name)
    if stands is None:
        return account.of(asked or names.DEFAULT), name
    before = prefix_of(stands)
    if asked not in ("", before):
        raise CannotDeploy(
            f"the names of stack {name} begin with {before}, and cannot begin with {asked}: "
            f"say --prefix {before}, or name another stack with --stack"
        )
    return account.of(before), name


def prefix_of(stack: Stack) -> str:
    """Give what the names in a stack begin with; one of before there were prefixes does not say it."""
    return stack.parameters.get(PREFIX) or names.DEFAULT
