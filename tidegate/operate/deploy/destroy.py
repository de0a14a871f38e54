"""Taking a deployment back: what would go, what holds it, and doing it. The ledger stays unless it is named."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tidegate import names
from tidegate.aliyun.errors import Unanswered, VendorError
from tidegate.aliyun.stacks import GONE, Stack
from tidegate.app import codec
from tidegate.app.report import Unreadable, status
from tidegate.ledger.record import Corrupt, NewerSchema
from tidegate.ledger.shelf import ShelfUnavailable, Unsure
from tidegate.operate.deploy.account import Account
from tidegate.operate.deploy.act import PAUSE_S, ROUNDS, Voice
from tidegate.operate.deploy.faults import CannotDeploy, DeployFailed
from tidegate.operate.deploy.follow import follow, seen_steps, why
from tidegate.operate.deploy.second import clear_functions, left_over, services_in
from tidegate.operate.deploy.stilling import stilled
from tidegate.operate.deploy.template import BUCKET, LEDGER

if TYPE_CHECKING:
    from tidegate.app.surroundings import Surroundings


@dataclass(frozen=True)
class Open:
    """An operation that nobody would follow any more."""

    name: str
    number: int
    phase: str
    order_id: str


@dataclass(frozen=True)
class Unmaking:
    """What would go. `ledger` are the stack's resources that are its bucket: they stay with the stack's deletion."""

    stack: Stack | None
    resources: tuple[tuple[str, str, str], ...]
    """Name, type, and the vendor's name of each that goes."""
    services: tuple[str, ...]
    """Of Function Compute 2.0, made beside the stack."""
    ledger: tuple[str, ...]
    ledger_bucket: str
    ledger_stands: bool
    code_bucket: str
    operations: tuple[Open, ...]
    unreadable: tuple[str, ...]
    warning: str = ""
    """Why it is not known whether there is more that should go."""


def plan_destroy(account: Account, stack_name: str) -> Unmaking:
    """Look at what stands. Nothing is written."""
    stack = account.stack(stack_name)
    bucket = _bucket(account, stack)
    facts = account.buckets.find(bucket) if bucket else None
    stands = facts is not None
    # A ledger is kept by account: under a mistyped number hardly anything of it would be seen.
    if facts and facts.owner.isdecimal() and facts.owner != account.settings.account:
        raise CannotDeploy(
            f"oss://{bucket} belongs to account {facts.owner}, and TIDEGATE_ACCOUNT says {account.settings.account}"
        )
    every = account.stacks.resources(stack.id) if stack else {}
    ledger = {name for name, (kind, physical) in every.items() if kind == BUCKET and physical == bucket}
    unreadable: list[str] = []
    operations = tuple(_open(account, bucket, unreadable)) if stands else ()
    services, warning = services_in(stack.outputs) if stack else set(), ""
    if stack and not services:
        services, warning = left_over(account, stack)
    return Unmaking(
        stack=stack,
        resources=tuple((name, kind, physical) for name, (kind, physical) in every.items() if name not in ledger),
        services=tuple(sorted(services)),
        ledger=tuple(sorted(ledger)),
        ledger_bucket=bucket,
        ledger_stands=stands,
        code_bucket=stack.parameters.get("CodeBucket", "") if stack else "",
        operations=operations,
        unreadable=tuple(unreadable),
        warning=warning,
    )


def check(planned: Unmaking, with_ledger: str, *, despite: bool) -> None:
    """Raise CannotDeploy where something holds it."""
    if with_ledger and with_ledger != planned.ledger_bucket:
        raise CannotDeploy(
            f"--with-ledger {with_ledger}: the ledger of this deployment is in {planned.ledger_bucket or 'no bucket'}"
        )
    held = [*(f"{one.name}#{one.number} is {one.phase}" for one in planned.operations), *planned.unreadable]
    if held and not despite:
        raise CannotDeploy(
            "\n".join(
                [
                    *held,
                    (
                        "nobody would follow these any more, and an order in flight goes on all the same: "
                        "wait until they are settled, or destroy --despite-open-operations"
                    ),
                ]
            )
        )


def destroy(
    account: Account, stack_name: str, voice: Voice, *, by: str, with_ledger: str = "", despite: bool = False
) -> bool:
    """Delete the stack, then the ledger if its bucket is named, and say whether there was anything to delete.

    The fleet is paused first, and stays so; if an operation was begun before that, nothing is deleted and the pause is
    lifted. May be run again from wherever it ended. Raises CannotDeploy, DeployFailed.
    """
    planned = plan_destroy(account, stack_name)
    check(planned, with_ledger, despite=despite)
    if planned.stack and planned.ledger_stands:
        around = account.around(planned.ledger_bucket)
        if around.book() is not None:
            with stilled(around, by, voice.line):
                planned = plan_destroy(account, stack_name)
                check(planned, with_ledger, despite=despite)
    try:
        # Before the stack goes, which says what there is.
        if planned.stack:
            clear_functions(account, planned.services, voice.line)
        _delete_stack(account, stack_name, voice)
        if with_ledger and planned.ledger_stands:
            count = account.buckets.delete(with_ledger)
            voice.line(f"oss://{with_ledger} is deleted, with {count} objects")
    except (VendorError, ShelfUnavailable, Unsure) as error:
        raise DeployFailed(f"{error}\nrun the same command again to go on from there") from error
    return planned.stack is not None or (bool(with_ledger) and planned.ledger_stands)


def _delete_stack(account: Account, stack_name: str, voice: Voice) -> None:
    for _ in range(ROUNDS):
        planned = plan_destroy(account, stack_name)
        stack = planned.stack
        if stack is None:
            return
        seen = seen_steps(account, stack)
        if not stack.goes_on:
            try:
                account.stacks.delete(stack.id, planned.ledger)
            except Unanswered as error:
                voice.line(f"{error.code}: the answer is not known, looking again")
                account.sleep(PAUSE_S)
                continue
            voice.line(f"stack {stack_name} is being deleted")
            stack = replace(stack, status="DELETE_IN_PROGRESS")
        ended = follow(account, stack, voice.step, seen)
        if ended.status == GONE:
            voice.line(f"stack {stack_name} is deleted")
            return
        if ended.status == "DELETE_FAILED":
            raise DeployFailed(
                f"stack {stack_name} is {ended.status}: {why(account, ended)}\nwhat was deleted is gone; mend that, "
                "and run the same command again to go on"
            )
    raise DeployFailed(f"stack {stack_name} does not come to rest; look at it in the vendor's console")


def _bucket(account: Account, stack: Stack | None) -> str:
    if stack and stack.parameters.get(LEDGER):
        return stack.parameters[LEDGER]
    _, _, named = account.settings.store.partition("://")
    known = account.settings
    if names.prefix_of_ledger(named, known.account, known.region) not in ("", account.prefix):
        # The environment is of another deployment.
        named = ""
    return named or names.ledger_bucket(account.prefix, known.account, known.region)


def _open(account: Account, bucket: str, unreadable: list[str]) -> Iterator[Open]:
    around = account.around(bucket)
    if around.book() is None:
        return
    for standing in status(around).instances:
        if isinstance(standing, Unreadable):
            unreadable.append(f"{standing.instance} cannot be read: {standing.trouble}")
        elif standing.operation is not None:
            yield Open(
                standing.instance, standing.operation.number, standing.operation.phase, standing.operation.order_id
            )
    yield from _left_over(around, unreadable)


def _left_over(around: Surroundings, unreadable: list[str]) -> Iterator[Open]:
    """Operations of instances that the policy does not name any more: they are followed all the same."""
    book = around.book()
    named = {around.key_of(entry) for entry in book.index["instances"].values()} if book else set()
    for slot in around.fleet.state().slots:
        if slot.released_at is not None or slot.key in named:
            continue
        try:
            head = around.ledger.head(slot.key)
            operation = codec.state_in(head).operation if head else None
        except (NewerSchema, Corrupt) as error:
            unreadable.append(f"{slot.key} cannot be read: {error}")
            continue
        if operation is not None:
            yield Open(slot.key, operation.number, operation.phase.value, operation.order_id)
