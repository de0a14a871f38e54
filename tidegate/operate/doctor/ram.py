"""What a role's policies allow, read as RAM reads them: default deny, and any Deny wins. Conditions are not weighed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tidegate.aliyun.answers import listed
from tidegate.aliyun.codes import RAM
from tidegate.aliyun.permission import Permission
from tidegate.operate.doctor.place import Place

ROLE, POLICY = "acs:ram:*:{account}:role/{role}", "acs:ram:*:{account}:policy/{policy}"
PERMISSIONS = (
    Permission("ram:GetRole", ROLE),
    Permission("ram:ListPoliciesForRole", ROLE),
    Permission("ram:GetPolicy", POLICY),
)
Document = Mapping[str, Any]
LONGEST = 65_536
"""Of a policy document: RAM keeps far shorter ones (6,144 signs of one's own)."""


def documents_of(place: Place, role: str) -> list[Document]:
    """Every policy document of a role. Raises VendorError where they cannot be read."""
    body = place.call(RAM, "ListPoliciesForRole", {"RoleName": role})
    found = []
    for policy in listed(body, "Policies", "Policy"):
        named = {"PolicyName": str(policy.get("PolicyName")), "PolicyType": str(policy.get("PolicyType") or "Custom")}
        found.append(_document(place.call(RAM, "GetPolicy", named)))
    return found


def trusted(role: Mapping[str, Any]) -> set[str]:
    """The services that may take a role, from what GetRole shows of it."""
    services: set[str] = set()
    for statement in _statements([_read(_part(role, "Role").get("AssumeRolePolicyDocument"))]):
        if statement.get("Effect") == "Allow":
            principal = statement.get("Principal")
            services.update(_many(principal.get("Service")) if isinstance(principal, dict) else ())
    return services


def allows(documents: Sequence[Document], action: str, resource: str) -> bool:
    """Whether these documents allow an action on a resource. Actions ignore case, resources do not."""
    return _effects(documents, action, resource) == {"Allow"}


def denies(documents: Sequence[Document], action: str, resource: str) -> bool:
    """Whether a statement of these documents denies it, whatever else allows it."""
    return "Deny" in _effects(documents, action, resource)


def _effects(documents: Sequence[Document], action: str, resource: str) -> set[str]:
    return {
        str(statement.get("Effect"))
        for statement in _statements(documents)
        if any(_matches(pattern.lower(), action.lower()) for pattern in _many(statement.get("Action")))
        and any(_matches(_anywhere(pattern), resource) for pattern in _many(statement.get("Resource")))
    }


def _document(body: Mapping[str, Any]) -> Document:
    return _read(_part(body, "DefaultPolicyVersion").get("PolicyDocument"))


def _part(body: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = body.get(name)
    return part if isinstance(part, dict) else {}


def _read(text: Any) -> Document:
    if len(str(text)) > LONGEST:
        return {}
    try:
        document = json.loads(text)
    except (ValueError, TypeError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _statements(documents: Sequence[Document]) -> Iterator[Mapping[str, Any]]:
    for document in documents:
        statements = document.get("Statement")
        for statement in statements if isinstance(statements, list) else [statements]:
            if isinstance(statement, dict):
                yield statement


def _many(value: Any) -> list[str]:
    return [str(each) for each in value] if isinstance(value, list) else [str(value)] if value else []


def _anywhere(pattern: str) -> str:
    """An empty region or account means any: the vendor itself writes so (fact flow 10)."""
    parts = pattern.split(":", 4)
    if len(parts) < 5:  # noqa: PLR2004 - acs, product, region, account, the rest
        return pattern
    return ":".join([*parts[:2], parts[2] or "*", parts[3] or "*", parts[4]])


def _matches(pattern: str, text: str) -> bool:
    """Match with `*` and `?`. Only the last `*` is ever widened, so many of them cost no time."""
    at, place, star, held = 0, 0, -1, 0
    while place < len(text):
        sign = pattern[at : at + 1]
        if sign == "*":
            star, held, at = at, place, at + 1
        elif sign and sign in ("?", text[place]):
            at, place = at + 1, place + 1
        elif star >= 0:
            held += 1
            at, place = star + 1, held
        else:
            return False
    return not pattern[at:].strip("*")
