"""The plan of a deployment, on paper and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from tidegate.cli.effects import as_value, effect_line
from tidegate.cli.looks import in_words
from tidegate.cli.paper import Paper, columns, plain
from tidegate.cli.publish import counted

if TYPE_CHECKING:
    from tidegate.operate.deploy.plan import Plan, PolicyPlan, Wish
    from tidegate.operate.deploy.second import Second
    from tidegate.operate.push import Judged

SIGNS = {"Add": "+", "Modify": "~", "Remove": "-"}


def show_plan(planned: Plan, wish: Wish, said: Second | None, *, as_json: bool) -> None:
    """Show what would be done, and that nothing was."""
    paper = Paper()
    if as_json:
        left_out = dict(said.left_out) if said else {}
        paper.json({**_facts(planned, wish), "left_out": left_out, "done": False})
        return
    for line in plan_lines(planned, wish, said):
        paper.line(plain(line))
    paper.line("nothing was changed; --yes does this" if planned.is_change else "no change")


def _lines(planned: Plan, wish: Wish) -> Iterator[str]:
    status = f", now {planned.stack.status}" if planned.stack else ""
    yield f"stack {wish.stack}{status}: {planned.deed.value}"
    yield f"code oss://{wish.code.bucket}/{wish.code.key}: {_code_words(planned, wish)}"
    ledger = "stands, and is left as it is" if planned.ledger_stands else "to be created, private"
    yield f"ledger oss://{planned.ledger_bucket}: {ledger}"
    yield "parameters:"
    for name, value in columns([(f"  {name}", value) for name, value in planned.given.shown.items()]):
        yield f"{name}{value}".rstrip()
    changes = [change for change in planned.changes if change.is_some]
    if changes:
        yield "resources:"
        rows = [
            (f"  {SIGNS.get(change.action, '?')} {change.name}", change.kind, "made anew" if change.replaced else "")
            for change in changes
        ]
        for row in columns(rows):
            yield "".join(row).rstrip()
    if (policy := planned.policy) is not None:
        state = "is in force already" if policy.in_force else "to be put in force"
        many = counted(len(policy.instances), "instance")
        yield f"policy {policy.hash}: {state}; {many}, {len(policy.acting)} in mode act"
        if policy.acting and planned.given.shown.get("Mode") == "observe":
            yield f"! Mode observe denies orders: each one for {', '.join(policy.acting)} ends refused; --mode act"
        else:
            yield from _starts(policy)


def _starts(policy: PolicyPlan) -> Iterator[str]:
    """The orders that the policy would start."""
    if policy.judged is None:
        if policy.acting:
            yield (
                "what it would order at once cannot be told before its ledger stands: "
                "deploy without it, then `tidegate policy diff`"
            )
        return
    for effect in policy.judged.starts:
        yield in_words(effect_line(effect))
    if policy.judged.starts:
        yield f"this would start {counted(len(policy.judged.starts), 'order')} at once"


def _second_lines(planned: Plan, said: Second | None) -> Iterator[str]:
    """What is said of Function Compute 2.0: its functions, and what cannot be done there."""
    if said is None:
        return
    yield "functions of 2.0:"
    if planned.is_change:
        rows = sorted(f"{service}/{name}" for name, service in said.services.items())
        yield from planned.functions or [f"  {row}" for row in rows]
    for name, why in sorted(said.left_out.items()):
        yield f"not in 2.0: {name}: {why}"


def _code_words(planned: Plan, wish: Wish) -> str:
    if planned.code_stands:
        return "is there"
    bucket = "" if planned.code_bucket_stands else " into a new, private bucket"
    return f"{len(wish.code.body) / 1e6:.1f} MB to be uploaded{bucket}"


def _facts(planned: Plan, wish: Wish) -> dict[str, Any]:
    policy = planned.policy
    return {
        "stack": wish.stack,
        "status": planned.stack.status if planned.stack else "",
        "deed": planned.deed.name.lower(),
        "change": planned.is_change,
        "code": {"bucket": wish.code.bucket, "key": wish.code.key, "stands": planned.code_stands},
        "ledger": {"bucket": planned.ledger_bucket, "stands": planned.ledger_stands},
        "parameters": dict(planned.given.shown),
        "resources": [
            {"name": each.name, "type": each.kind, "action": each.action.lower(), "anew": each.replaced}
            for each in planned.changes
            if each.is_some
        ],
        "policy": None
        if policy is None
        else {
            "hash": policy.hash,
            "in_force": policy.in_force,
            "instances": list(policy.instances),
            "acting": list(policy.acting),
            **decided(policy.judged),
        },
    }


def plan_lines(planned: Plan, wish: Wish, said: Second | None) -> list[str]:
    """What would be done, a line each."""
    return [*_lines(planned, wish), *_second_lines(planned, said)]


def decided(judged: Judged | None) -> dict[str, Any]:
    """What a policy decides otherwise; null where nothing can be told, or no policy was given."""
    return as_value(judged) if judged else {"decisions": None, "orders": None}
