"""Workflow executions: one carries an operation at a time; when it dies or hands over, the next one goes on."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256

from tidegate.aliyun.errors import VendorError
from tidegate.app.logs import log
from tidegate.app.page import Page
from tidegate.app.past import AT
from tidegate.domain.facts import Carried
from tidegate.domain.follow import overdue_at
from tidegate.domain.operation import Operation

LONGEST_PAUSE_MIN = 30


def name_of(page: Page, operation: int, number: int) -> str:
    """The derived name: doubles of it collapse, and a ledger that was born anew uses other names (its epoch).

    So does another instance that the policy gives the same name: whose numbers begin again.
    """
    instance = sha256(page.key.encode()).hexdigest()[:6]
    return f"{page.around.ledger.epoch()}-{page.policy.name}-{instance}-{operation}-{number}"


def given(page: Page, operation: Operation) -> dict[str, object]:
    """The input of an execution, as small as can be: what is true is in the ledger."""
    name = f"{page.policy.name}{AT}{page.policy_hash}" if page.past else page.policy.name
    return {"instance": name, "operation": operation.number, "execution": operation.execution}


def start(page: Page) -> bool:
    """Start the execution that carries the open operation. False if its name is used up, or nobody answered."""
    operation = page.state.operation
    if operation is None:
        return False
    try:
        started = page.around.start(operation.execution, given(page, operation))
    except VendorError as error:
        # The intent is in the ledger: the tick finds it overdue and starts it then.
        log("start-failed", instance=page.policy.name, execution=operation.execution, code=error.code)
        return True
    log("started", instance=page.policy.name, execution=operation.execution, running=started)
    return started


def revive(page: Page) -> Page:
    """Carry on an operation whose execution has not looked for too long, ever rarer: after 1, 2, 4 ... 30 minutes.

    Gives the newest page. The first revival uses the same name again, in case the start was lost; a name that has ended
    gives way to the next.
    """
    operation = page.state.operation
    now = page.around.now()
    if operation is None or now < overdue_at(operation):
        return page
    same = operation.revivals == 0 and operation.looks == 0
    first = operation.executions if same else operation.executions + 1
    revivals = operation.revivals + (0 if operation.handed_over else 1)
    pause = timedelta(minutes=min(2 ** max(revivals - 1, 0), LONGEST_PAUSE_MIN))
    for number in (first, first + 1):
        name = name_of(page, operation.number, number)
        carried = page.write(Carried(operation.number, name, number, revivals, now + pause))
        if carried is None:
            return page.again()
        page = carried
        if start(page):
            break
    return page
