"""Roles: what they are granted is what the calls of their functions declare, to the action and to the resource."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from tests.template.reading import FLOW, FUNCTION, ROLE, TRIGGER, Template, references, resolved
from tidegate.aliyun.permission import Permission
from tidegate.operate.grants import PRODUCTS, ROLES, Role

NAMES = {
    "door": "DoorRole",
    "submit": "SubmitRole",
    "look": "LookRole",
    "approval": "ApprovalRole",
    "flow": "FlowRole",
    "trigger": "TriggerRole",
}
ROLE_OF = {"Submit": "SubmitRole", "Look": "LookRole", "OnApproval": "ApprovalRole"}
"""All other functions are doors' kin."""
ORDERS = {one.action for product in PRODUCTS.values() for one in product.orders}
OWN = "1234567890123456"
HERE = "cn-hangzhou"
Grant = tuple[str, str]


def declared(role: Role) -> set[Grant]:
    """What a role's functions declare, for every instance of the account; where parts of an ARN cannot be told: `*`."""
    needs = {*role.fixed, *(one for product in PRODUCTS.values() for one in role.of_product(product))}
    return {(one.action, general(one)) for one in needs}


def general(permission: Permission) -> str:
    """Write a declared resource as for everything here."""
    known = {"account": OWN, "bucket": "{LedgerBucket}", "prefix": "tidegate", "failures": "tidegate-failures"}
    return permission.resource.format_map({**known, "instance": "*", "region": "*", "project": "*", "logstore": "*"})


def granted(properties: Mapping[str, Any], template: Template, effect: str, *, acting: bool) -> set[Grant]:
    """What a role is granted, or denied, in one mode."""
    found = set()
    for policy in properties.get("Policies") or []:
        for statement in policy["PolicyDocument"]["Statement"]:
            if in_mode(statement["Effect"], acting=acting) == effect:
                held = [in_mode(one, acting=acting) for one in statement["Resource"]]
                resources = [text for one in held for text in resolved(one, template)]
                found |= {(action, shown(one)) for action in statement["Action"] for one in resources}
    return found


def in_mode(value: Any, *, acting: bool) -> Any:
    """An effect or a resource of a statement in mode act or observe."""
    if isinstance(value, dict) and value.get("Fn::If", [None])[0] == "Acts":
        return value["Fn::If"][1 if acting else 2]
    return value


def shown(arn: str) -> str:
    """Write a resource without the region it is in, and without the names of the log, which parameters give."""
    product = arn.split(":")
    if len(product) > 2 and product[2] == HERE:
        arn = arn.replace(f":{HERE}:", ":*:", 1)
    return re.sub(r"project/[^/]+/logstore/.+", "project/*/logstore/*", arn)


def role_problems(template: Template) -> Iterator[str]:
    """Grants that no call declares, calls without a grant, wildcards, who may take a role, who may order."""
    roles = template.of(ROLE)
    if set(roles) != set(NAMES.values()):
        yield f"there are the roles {sorted(roles)}"
    for kind, name in NAMES.items():
        one = roles.get(name, {})
        called = ROLES[kind].name.format(prefix=template.prefix)
        if one.get("RoleName") != called:
            yield f"{name}.RoleName: is {called}"
        trusted = json.dumps(one.get("AssumeRolePolicyDocument"))
        if re.findall(r'"([\w.]+\.aliyuncs\.com)"', trusted) != [ROLES[kind].service] or '"RAM"' in trusted:
            yield f"{name}: only {ROLES[kind].service} may take it"
        allowed = granted(one, template, "Allow", acting=True)
        for action, arn in sorted(allowed - declared(ROLES[kind])):
            yield f"{name}: {action} on {arn} is granted, and no call declares it"
        for action, arn in sorted(declared(ROLES[kind]) - allowed):
            yield f"{name}: {action} on {arn} is declared, and not granted"
        yield from (f"{name}: {action} grants more than one action" for action, _ in sorted(allowed) if "*" in action)
    yield from _takers(template)


def _takers(template: Template) -> Iterator[str]:
    for name, one in template.of(FUNCTION).items():
        if [owner for owner, _, _ in references(one.get("Role"))] != [ROLE_OF.get(name, "DoorRole")]:
            yield f"{name}.Role: is {ROLE_OF.get(name, 'DoorRole')}"
    for name, one in {**template.of(FLOW), **template.of(TRIGGER)}.items():
        said = one.get("RoleArn") or one.get("InvocationRole")
        if said and [owner for owner, _, _ in references(said)] not in (["FlowRole"], ["TriggerRole"]):
            yield f"{name}: takes a role of others"


def mode_problems(template: Template) -> Iterator[str]:
    """Anything that may change a product while the mode is observe, or anybody but Submit who may in mode act."""
    if template.parameters.get("Mode", {}).get("Default") != "observe":
        yield "Mode: nothing is to be resized unless that is asked for"
    for name, one in template.of(ROLE).items():
        for acting in (False, True):
            allowed = {action for action, _ in granted(one, template, "Allow", acting=acting)}
            if allowed & ORDERS and not (acting and name == "SubmitRole"):
                yield f"{name}: may {', '.join(sorted(allowed & ORDERS))} in mode {'act' if acting else 'observe'}"
    submit = template.of(ROLE).get("SubmitRole", {})
    if granted(submit, template, "Deny", acting=False) != {(action, "*") for action in ORDERS}:
        yield "SubmitRole: in mode observe, orders are to be denied, for whatever they name"
    if granted(submit, template, "Deny", acting=True):
        yield "SubmitRole: in mode act, nothing is denied"
