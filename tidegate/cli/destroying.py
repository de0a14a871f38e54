"""Taking a deployment back from the command line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tidegate.cli.access import deployer
from tidegate.cli.accounts import make_sure_whose
from tidegate.cli.deploying import Talker
from tidegate.cli.paper import Paper, columns, plain
from tidegate.cli.roots import clock
from tidegate.cli.who import caller_named
from tidegate.operate.deploy import Account, account_of, check, destroy, plan_destroy
from tidegate.operate.deploy.destroy import Unmaking
from tidegate.operate.deploy.naming import named


def run(prefix: str, stack: str, with_ledger: str, *, despite: bool, yes: bool, as_json: bool) -> int:
    """Plan what would go, and delete it if that is wished."""
    account, stack = named(account_of(deployer(), clock()), stack, prefix)
    make_sure_whose(account.aliyun, account.settings.account)
    planned = plan_destroy(account, stack)
    paper = Paper()
    if yes:
        check(planned, with_ledger, despite=despite)
    if not as_json:
        for line in _lines(planned, stack, with_ledger):
            paper.line(plain(line))
    if not yes:
        if as_json:
            paper.json({**_facts(planned, stack, with_ledger), "done": False})
        check(planned, with_ledger, despite=despite)
        # Only of what --yes would not refuse.
        if not as_json and (planned.stack or with_ledger):
            paper.line("nothing was changed; --yes does this")
        return 0
    talker = Talker((), quiet=as_json)
    changed = destroy(account, stack, talker, by=caller_named(), with_ledger=with_ledger, despite=despite)
    if as_json:
        told = {"steps": talker.steps, "changed": changed, "fleet_paused": _is_paused(account, planned, with_ledger)}
        paper.json({**_facts(planned, stack, with_ledger), **told, "done": True})
    elif not changed:
        paper.line("no change")
    elif _is_paused(account, planned, with_ledger):
        paper.line("the fleet of that ledger stays paused: after deploying again, tidegate unpause --fleet")
    return 0


def _is_paused(account: Account, planned: Unmaking, with_ledger: str) -> bool:
    """Whether whoever deploys on the same ledger will find the fleet paused."""
    if not planned.ledger_stands or with_ledger:
        return False
    around = account.around(planned.ledger_bucket)
    return around.book() is not None and around.fleet.state().pause is not None


def _lines(planned: Unmaking, stack: str, with_ledger: str) -> Iterator[str]:
    yield f"stack {stack}: {'to be deleted' if planned.stack else 'there is none'}"
    rows = [(f"  - {name}", kind, physical) for name, kind, physical in planned.resources]
    rows += [("  - ", "service of Function Compute 2.0, with its functions", service) for service in planned.services]
    for row in columns(rows):
        yield "".join(row).rstrip()
    if planned.ledger_stands:
        goes = "to be deleted, with every record in it" if with_ledger == planned.ledger_bucket else "stays"
        yield f"ledger oss://{planned.ledger_bucket}: {goes}"
    if planned.stack and planned.ledger_stands:
        yield "fleet: to be paused before anything goes, and left so"
    if planned.code_bucket:
        yield f"code oss://{planned.code_bucket}: stays"
    for one in planned.operations:
        order = f", order {one.order_id}" if one.order_id else ""
        yield f"! {one.name}#{one.number} is open: {one.phase}{order}"
    if planned.warning:
        yield f"warning: {planned.warning}"


def _facts(planned: Unmaking, stack: str, with_ledger: str) -> dict[str, Any]:
    return {
        "stack": stack,
        "status": planned.stack.status if planned.stack else "",
        "resources": [{"name": name, "type": kind, "id": physical} for name, kind, physical in planned.resources],
        "services": list(planned.services),
        "ledger": {"bucket": planned.ledger_bucket, "stands": planned.ledger_stands, "goes": bool(with_ledger)},
        "code": {"bucket": planned.code_bucket},
        "open_operations": [
            {"instance": one.name, "number": one.number, "phase": one.phase, "order_id": one.order_id}
            for one in planned.operations
        ],
        "unreadable": list(planned.unreadable),
        "warning": planned.warning,
    }
