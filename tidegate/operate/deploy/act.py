"""Doing what was planned: code, stack, policy, each looked at before it is touched, so that it may end anywhere.

Nothing here remembers: what stands in the account says how far an earlier run came.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from tidegate.aliyun.errors import Refused, Unanswered, VendorError
from tidegate.aliyun.stacks import GONE, Stack, Step
from tidegate.ledger.policies import Overtaken
from tidegate.ledger.shelf import ShelfUnavailable, Unsure
from tidegate.operate.deploy.account import Account
from tidegate.operate.deploy.code import put
from tidegate.operate.deploy.faults import CannotDeploy, DeployFailed
from tidegate.operate.deploy.follow import follow, seen_steps, why
from tidegate.operate.deploy.plan import Deed, Plan, Wish, plan
from tidegate.operate.deploy.second import clear_functions, left_over, raise_functions, services_in
from tidegate.operate.deploy.template import LEDGER
from tidegate.operate.push import Judged, enact, judge

ROUNDS = 6
"""Following what somebody else began, deleting, creating, and one doubt or two on the way."""
PAUSE_S = 3.0
WHOLE = ("CREATE_COMPLETE", "UPDATE_COMPLETE")
RACED = ("StackExists", "ActionInProgress")
"""Somebody else was quicker, or our own earlier call was, whose answer was lost."""


class Voice(Protocol):
    """Tells a person what happens. No secret is ever said."""

    def line(self, text: str) -> None:
        """Say one line."""

    def step(self, step: Step) -> None:
        """Say what became of one resource."""


@dataclass(frozen=True)
class Deployed:
    """What stands at the end. `changed` says what was otherwise before: `code`, `stack`, `functions`, `policy`."""

    stack: Stack
    ledger_bucket: str
    policy: str
    changed: tuple[str, ...]
    judged: Judged | None
    """What the policy that was wished for decides otherwise; None where none was."""

    @property
    def outputs(self) -> Mapping[str, Any]:
        """What the template puts out."""
        return self.stack.outputs


def deploy(account: Account, wish: Wish, planned: Plan, voice: Voice) -> Deployed:
    """Carry a plan out, or go on from wherever an earlier run ended. Raises CannotDeploy, DeployFailed.

    What is planned was found good: whatever would be refused is refused before anything is made.
    """
    stands: list[str] = []
    # Later looks may find no stack that says which ledger it had.
    wish = replace(wish, asked={**wish.asked, LEDGER: planned.ledger_bucket})
    try:
        changed = []
        if put(account, wish.code):
            changed.append("code")
            voice.line(f"code is in oss://{wish.code.bucket}/{wish.code.key}")
        stands.append(f"the code is in oss://{wish.code.bucket}/{wish.code.key}")
        stack, stack_changed = _raise_stack(account, wish, planned, voice)
        stands.append(f"stack {wish.stack} is {stack.status}")
        if stack_changed:
            changed.append("stack")
        if _raise_functions(account, wish, planned, stack, voice):
            changed.append("functions")
        judged = _push(account, wish, planned.ledger_bucket)
        hashed = judged.candidate.hash if judged else _in_force(account, planned.ledger_bucket)
        if judged and not judged.is_in_force:
            changed.append("policy")
            voice.line(f"policy {hashed} is in force")
    except (VendorError, DeployFailed, ShelfUnavailable, Unsure) as error:
        raise DeployFailed(_told(error, stands)) from error
    return Deployed(stack, planned.ledger_bucket, hashed, tuple(changed), judged)


def _told(error: Exception, stands: list[str]) -> str:
    advice = getattr(error, "advice", "")
    lines = [f"{error}{f'; {advice}' if advice else ''}"]
    lines += [f"what stands: {'; '.join(stands)}"] if stands else ["nothing was changed"]
    return "\n".join([*lines, "run the same command again to go on from there"])


def _raise_stack(account: Account, wish: Wish, planned: Plan, voice: Voice) -> tuple[Stack, bool]:
    """Bring the stack to where it shall be, in as many rounds as that takes; each but the first looks again."""
    changed = False
    for number in range(ROUNDS):
        planned = plan(account, wish) if number else planned
        stack = planned.stack
        seen = seen_steps(account, stack)
        if planned.deed is Deed.NOTHING and stack is not None:
            return stack, changed
        try:
            begun = _begin(account, wish, planned, voice)
        except (Unanswered, Refused) as error:
            if isinstance(error, Refused) and error.code not in RACED:
                raise
            voice.line(f"{error.code}: the answer is not known, looking again")
            account.sleep(PAUSE_S)
            continue
        if begun is None and stack is not None:
            # The vendor knows better than the plan that nothing is otherwise.
            return stack, changed
        if begun is None:
            continue
        ended = follow(account, begun, voice.step, seen)
        changed = changed or planned.deed is not Deed.FOLLOW
        if planned.deed in (Deed.CREATE, Deed.UPDATE):
            if ended.status not in WHOLE:
                raise DeployFailed(f"stack {wish.stack} is {ended.status}: {why(account, ended)}")
            return ended, changed
        if planned.deed is Deed.RECREATE and ended.status != GONE:
            raise DeployFailed(f"stack {wish.stack} is {ended.status}: {why(account, ended)}")
    raise DeployFailed(f"stack {wish.stack} does not come to rest; look at it in the vendor's console")


def _begin(account: Account, wish: Wish, planned: Plan, voice: Voice) -> Stack | None:
    """Begin what is planned, and give the stack to follow; None where the vendor says that nothing is otherwise."""
    stack, text, values = planned.stack, planned.template.text, planned.given.values
    if stack is None:
        voice.line(f"stack {wish.stack} is being created")
        return account.stacks.get(account.stacks.create(wish.stack, text, values))
    if planned.deed is Deed.FOLLOW:
        voice.line(f"stack {wish.stack} is {stack.status}; following that")
        return stack
    if planned.deed is Deed.RECREATE:
        voice.line(f"stack {wish.stack} is {stack.status}: what is left of it is deleted first, its ledger is kept")
        owned = account.stacks.resources(stack.id)
        account.stacks.delete(stack.id, [name for name in wish.template.ledgers() if name in owned])
        return replace(stack, status="DELETE_IN_PROGRESS")
    if not account.stacks.update(stack.id, text, values):
        return None
    voice.line(f"stack {wish.stack} is being updated")
    return replace(stack, status="UPDATE_IN_PROGRESS")


def _raise_functions(account: Account, wish: Wish, planned: Plan, stack: Stack, voice: Voice) -> bool:
    """Make the functions that no stack makes, and end those of before, and say whether there was anything to do."""
    changed = wish.second and raise_functions(account, stack.outputs, planned.given.values, voice.line)
    # Two generations of functions at once would tick twice.
    now = services_in(stack.outputs)
    before = services_in(planned.stack.outputs) if planned.stack else set()
    if not now and not before:
        before, unknown = left_over(account, stack)
        if unknown:
            voice.line(f"warning: {unknown}")
    gone = clear_functions(account, sorted(before - now), voice.line)
    return changed or gone


def _in_force(account: Account, ledger_bucket: str) -> str:
    pointer = account.around(ledger_bucket).policies.current()
    return pointer.hash if pointer else ""


def _push(account: Account, wish: Wish, ledger_bucket: str) -> Judged | None:
    """Put the policy in force, where one is wished for, and say what it was found to decide otherwise."""
    if wish.policy is None:
        return None
    around = account.around(ledger_bucket)
    # A bucket that lets two writers both win must never come into use.
    around.ledger.check()
    judged = judge(around, wish.policy)
    if not judged.is_in_force and (refused := wish.refuses(judged)):
        raise CannotDeploy(f"{refused}\nall else stands; run the same command again to go on from there")
    try:
        enact(around, judged, wish.caller)
    except Overtaken as lost:
        raise DeployFailed(f"another policy came into force meanwhile: {lost.current.hash}") from lost
    return judged
