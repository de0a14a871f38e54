"""What a deployment would do, from what stands: buckets, code, stack and policy. Nothing is written here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum

from tidegate import names
from tidegate.aliyun.stacks import Changed, Stack
from tidegate.ledger.buckets import BucketFacts
from tidegate.operate.candidate import Candidate
from tidegate.operate.deploy.account import Account
from tidegate.operate.deploy.code import Code
from tidegate.operate.deploy.faults import CannotDeploy
from tidegate.operate.deploy.naming import PREFIX
from tidegate.operate.deploy.parameters import Given, parameters_of
from tidegate.operate.deploy.second import differences
from tidegate.operate.deploy.template import LEDGER, Template
from tidegate.operate.push import Judged, judge

PRIVATE = "private"
WHOLE = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "ROLLBACK_COMPLETE")
LEFTOVERS = (
    "CREATE_FAILED",
    "CREATE_ROLLBACK_COMPLETE",
    "CREATE_ROLLBACK_FAILED",
    "CREATE_ROLLBACK_IN_PROGRESS",
    "DELETE_FAILED",
)
"""A stack that was never whole, or was to go, cannot be updated (the vendor's page of change sets)."""


class Deed(str, Enum):
    """What is to be done to the stack."""

    CREATE = "create"
    UPDATE = "update"
    RECREATE = "delete what a failed creation left, and create"
    FOLLOW = "follow what is being done to it already, and go on"
    NOTHING = "no change"


@dataclass(frozen=True)
class Wish:
    """What somebody wants deployed; without a policy the one in force stays. `refuses` says what stands against it."""

    stack: str
    template: Template
    code: Code
    asked: Mapping[str, str] = field(default_factory=dict)
    policy: Candidate | None = None
    refuses: Callable[[Judged], str] = lambda _judged: ""
    caller: str = ""
    second: bool = False
    """Whether the functions are of Function Compute 2.0."""


@dataclass(frozen=True)
class PolicyPlan:
    """A policy that is to be in force."""

    hash: str
    instances: tuple[str, ...]
    acting: tuple[str, ...]
    judged: Judged | None
    """What it decides otherwise; None where no ledger stands to judge it by."""

    @property
    def in_force(self) -> bool:
        """Whether there is nothing to push."""
        return self.judged is not None and self.judged.is_in_force


@dataclass(frozen=True)
class Plan:
    """What would be done. `template` is the one that is sent: without the ledger's bucket where that stands alone."""

    deed: Deed
    stack: Stack | None
    template: Template
    given: Given
    changes: tuple[Changed, ...]
    ledger_bucket: str
    ledger_stands: bool
    code_bucket_stands: bool
    code_stands: bool
    policy: PolicyPlan | None
    functions: tuple[str, ...] = ()
    """Of Function Compute 2.0, what would be otherwise; known only where the stack stands."""

    @property
    def is_change(self) -> bool:
        """Whether anything would be otherwise."""
        pushes = self.policy is not None and not self.policy.in_force
        return self.deed is not Deed.NOTHING or not self.code_stands or pushes or bool(self.functions)


def plan(account: Account, wish: Wish) -> Plan:
    """Look at what stands and say what is to be done. Raises CannotDeploy."""
    stack = account.stack(wish.stack)
    leftover = stack is not None and stack.status in LEFTOVERS
    before = None if stack is None or leftover else stack.parameters
    # Also where little else is left of the stack: its ledger is, with all that was ordered.
    bucket_name = _ledger_bucket(account, wish, stack.parameters if stack else None)
    ledger = account.buckets.find(bucket_name)
    _check(account, ledger)
    owned = set() if stack is None or leftover else set(account.stacks.resources(stack.id))
    template = wish.template
    if ledger is not None and not owned & set(template.ledgers()):
        template = template.without_ledger()
    code = {"CodeBucket": wish.code.bucket, "CodeObject": wish.code.key}
    own = {PREFIX: account.prefix, LEDGER: bucket_name, **code}
    given = parameters_of(account, template, wish.asked, own, before)
    deed, changes = _stack(account, wish, stack, template, given)
    code_bucket = account.buckets.find(wish.code.bucket)
    _check(account, code_bucket, what="code")
    return Plan(
        deed=deed,
        stack=stack,
        template=template,
        given=given,
        changes=tuple(changes),
        ledger_bucket=bucket_name,
        ledger_stands=ledger is not None,
        code_bucket_stands=code_bucket is not None,
        code_stands=code_bucket is not None and account.buckets.has(wish.code.bucket, wish.code.key),
        policy=_policy(account, wish, bucket_name if ledger else ""),
        functions=_functions(account, wish, stack, deed, given),
    )


def _ledger_bucket(account: Account, wish: Wish, before: Mapping[str, str] | None) -> str:
    if LEDGER in wish.asked:
        return wish.asked[LEDGER]
    kind, _, named = account.settings.store.partition("://")
    if account.settings.store and kind != "oss":
        raise CannotDeploy("TIDEGATE_STORE must be oss://BUCKET: functions keep their ledger in a bucket")
    here = (before or {}).get(LEDGER)
    place = account.settings.account, account.settings.region
    if named and named != here and names.prefix_of_ledger(named, *place) not in ("", account.prefix):
        raise CannotDeploy(
            f"TIDEGATE_STORE names oss://{named}, which by its name is the ledger of another deployment than "
            f"{account.prefix}; unset it, or say --parameter {LEDGER}={named} if it is meant"
        )
    return named or here or names.ledger_bucket(account.prefix, *place)


def _check(account: Account, bucket: BucketFacts | None, what: str = "ledger") -> None:
    if bucket is None:
        return
    # Names of buckets are the whole world's, and ours can be guessed: somebody else may have taken one, and let us in.
    if bucket.owner.isdecimal() and bucket.owner != account.settings.account:
        raise CannotDeploy(
            f"oss://{bucket.name} belongs to account {bucket.owner}: who owns the bucket of the {what} decides what "
            "runs and what is ordered here"
        )
    if bucket.acl not in ("", PRIVATE):
        raise CannotDeploy(f"oss://{bucket.name} is {bucket.acl}: the {what} must be in a private bucket")
    if what == "ledger" and bucket.versioning:
        raise CannotDeploy(
            f"oss://{bucket.name} has versioning ({bucket.versioning}), under which two writers may both win; "
            "the ledger needs a bucket that never had any"
        )


def _stack(
    account: Account, wish: Wish, stack: Stack | None, template: Template, given: Given
) -> tuple[Deed, list[Changed]]:
    if stack is not None and stack.goes_on:
        return Deed.FOLLOW, []
    if stack is not None and stack.status in LEFTOVERS:
        account.stacks.validate(template.text)
        return Deed.RECREATE, [Changed(name, kind, "Add", replaced=False) for name, kind in template.resources.items()]
    changes = account.stacks.preview(wish.stack, stack.id if stack else "", template.text, given.values)
    if stack is None:
        return Deed.CREATE, changes
    if any(change.is_some for change in changes) or stack.status not in WHOLE:
        return Deed.UPDATE, changes
    if any(stack.parameters.get(name) != value for name, value in given.plain(template).items()):
        return Deed.UPDATE, changes
    # What a stack puts out may be otherwise though none of its resources is.
    if account.stacks.template(stack.id) == template.body:
        return Deed.NOTHING, changes
    return Deed.UPDATE, changes


def _functions(account: Account, wish: Wish, stack: Stack | None, deed: Deed, given: Given) -> tuple[str, ...]:
    if not wish.second or stack is None or deed is not Deed.NOTHING:
        return ()
    return differences(account, stack.outputs, given.values)


def _policy(account: Account, wish: Wish, ledger_bucket: str) -> PolicyPlan | None:
    if wish.policy is None:
        return None
    candidate = wish.policy
    acting = sorted(name for name, instance in candidate.instances.items() if instance.mode == "act")
    judged = None
    if ledger_bucket:
        # Whatever stands against it is told before anything is made, where that can be known.
        judged = judge(account.around(ledger_bucket), candidate)
        if not judged.is_in_force and (refused := wish.refuses(judged)):
            raise CannotDeploy(refused)
    return PolicyPlan(candidate.hash, tuple(sorted(candidate.instances)), tuple(acting), judged)
