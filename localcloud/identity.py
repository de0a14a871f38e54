"""Who may call what: access keys, RAM users, roles and the temporary keys that functions get.

Permission is decided as RAM decides it: denied unless some statement allows, and a Deny beats every Allow.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from localcloud.clock import Clock
from localcloud.rpc.operation import ApiError, Caller

LIFETIME = timedelta(hours=36)
FUNCTION_COMPUTE = "fc.aliyuncs.com"
CLOUDFLOW = "fnf.aliyuncs.com"

Policy = Mapping[str, Any]
"""A RAM policy document: `{"Version": "1", "Statement": [{"Effect", "Action", "Resource"}]}`."""

STATEMENT_KEYS = {"Effect", "Action", "Resource"}


@dataclass(frozen=True)
class Keys:
    """What signs a call. A temporary key also has a security token and an end."""

    access_key_id: str
    access_key_secret: str
    security_token: str = ""
    expires_at: datetime | None = None

    def __repr__(self) -> str:
        return f"Keys({self.access_key_id})"


class Identity:
    """Knows every access key of one account. Keys, users and roles survive a restart with their drawer."""

    def __init__(self, drawer: MutableMapping[str, Any], clock: Clock, account_id: str) -> None:
        self._drawer, self._clock, self._account_id = drawer, clock, account_id
        if "root" not in drawer:
            drawer["root"] = self._new_key({"kind": "root"}).access_key_id

    @property
    def account_id(self) -> str:
        """Give the account that all this belongs to."""
        return self._account_id

    @property
    def root(self) -> Keys:
        """Give the account's own key, which may do everything."""
        key_id = self._drawer["root"]
        return Keys(key_id, self._drawer[f"key/{key_id}"]["secret"])

    def create_user(self, name: str, policies: Sequence[Policy] = ()) -> Keys:
        """Create a RAM user, or replace one's policies, and give a new key of theirs."""
        self._drawer[f"user/{name}"] = {"policies": [checked(policy) for policy in policies]}
        return self._new_key({"kind": "user", "name": name})

    def create_role(self, name: str, policies: Sequence[Policy] = (), trust: Policy | None = None) -> str:
        """Create or replace a role and give its ARN. By default Function Compute and CloudFlow may take it."""
        trust = trust if trust is not None else trusting(FUNCTION_COMPUTE, CLOUDFLOW)
        policies = [checked(policy) for policy in policies]
        self._drawer[f"role/{name}"] = {"policies": policies, "trust": dict(trust)}
        return f"acs:ram::{self._account_id}:role/{name}"

    def has_role(self, name: str) -> bool:
        """Say whether there is a role of this name."""
        return f"role/{name}" in self._drawer

    def delete_role(self, name: str) -> None:
        """Delete a role; keys that were taken with it open nothing any more."""
        self._drawer.pop(f"role/{name}", None)
        for key in [key for key in self._drawer if key.startswith("key/STS.") and self._drawer[key]["name"] == name]:
            del self._drawer[key]

    def role(self, name: str) -> Mapping[str, Any]:
        """Give a role's `policies` and whom it trusts (`trust`); raise 404 where there is none of this name."""
        if not self.has_role(name):
            raise ApiError("EntityNotExist.Role", f"The role not exists: {name}", 404)
        found: Mapping[str, Any] = self._drawer[f"role/{name}"]
        return found

    def issue(
        self, role_arn: str, instance_id: str, lifetime: timedelta = LIFETIME, service: str = FUNCTION_COMPUTE
    ) -> Keys:
        """Let `service` take a role for one of its instances; raise 403 where the role does not trust it."""
        name = self._role_name(role_arn)
        if service not in trusted_services(self._drawer[f"role/{name}"]["trust"]):
            raise ApiError("NoPermission", f"the role {name} does not trust {service}", 403)
        self._forget_expired()
        expires_at = self._clock.now() + lifetime
        token = "CAIS" + secrets.token_urlsafe(48)
        entry = {"kind": "role", "name": name, "instance": instance_id, "token": token, "until": expires_at.isoformat()}
        keys = self._new_key(entry, prefix="STS.")
        return Keys(keys.access_key_id, keys.access_key_secret, token, expires_at)

    def secret(self, access_key_id: str) -> str | None:
        """Give the secret that signs for this key, or None where there is no such key."""
        entry = self._drawer.get(f"key/{access_key_id}")
        return None if entry is None else str(entry["secret"])

    def caller(self, access_key_id: str, security_token: str = "") -> Caller:
        """Give whom the key stands for; raise where the key is unknown, or its token is wrong or over."""
        entry = self._drawer.get(f"key/{access_key_id}")
        if entry is None:
            raise ApiError("InvalidAccessKeyId.NotFound", "Specified access key is not found.")
        if entry["kind"] == "role":
            self._check_token(entry, security_token)
        return self._as_caller(access_key_id, entry)

    def act_as(self, role_arn: str, session: str = "") -> Caller:
        """Give the caller that a service is when it acts with a role, without a key: CloudFlow invoking a function."""
        return self._as_caller("", {"kind": "role", "name": self._role_name(role_arn), "instance": session})

    def allowed(self, caller: Caller, action: str, resource: str) -> bool:
        """Say whether the caller's policies allow this; the account's own key is always allowed."""
        return caller.is_root or allows(caller.policies, action, resource)

    def _role_name(self, role_arn: str) -> str:
        name = role_arn.rpartition("/")[2]
        if role_arn != f"acs:ram::{self._account_id}:role/{name}" or f"role/{name}" not in self._drawer:
            raise ApiError("EntityNotExist.Role", f"The role not exists: {role_arn}", 404)
        return name

    def _check_token(self, entry: Mapping[str, Any], security_token: str) -> None:
        if not secrets.compare_digest(entry["token"].encode(), security_token.encode()):
            raise ApiError("InvalidSecurityToken.Malformed", "Specified SecurityToken is malformed.")
        if self._clock.now() >= datetime.fromisoformat(entry["until"]):
            raise ApiError("InvalidSecurityToken.Expired", "Specified SecurityToken is expired.")

    def _as_caller(self, key_id: str, entry: Mapping[str, Any]) -> Caller:
        account = self._account_id
        if entry["kind"] == "root":
            return Caller(key_id, f"acs:ram::{account}:root", account, is_root=True)
        name = entry["name"]
        policies = tuple(self._drawer[f"{entry['kind']}/{name}"]["policies"])
        if entry["kind"] == "user":
            return Caller(key_id, f"acs:ram::{account}:user/{name}", account, policies)
        instance = entry["instance"]
        return Caller(
            key_id, f"acs:ram::{account}:assumed-role/{name}/{instance}", account, policies, instance=instance
        )

    def _new_key(self, entry: dict[str, Any], prefix: str = "LTAI5t") -> Keys:
        keys = Keys(prefix + secrets.token_hex(9), secrets.token_hex(15))
        self._drawer[f"key/{keys.access_key_id}"] = {**entry, "secret": keys.access_key_secret}
        return keys

    def _forget_expired(self) -> None:
        now = self._clock.now()
        for key in [key for key in self._drawer if key.startswith("key/STS.")]:
            if datetime.fromisoformat(self._drawer[key]["until"]) <= now:
                del self._drawer[key]


def trusting(*services: str) -> Policy:
    """Give the trust policy that lets these services take a role (fact flow 10)."""
    principal = {"Service": list(services)}
    return {"Version": "1", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal}]}


def trusted_services(trust: Policy) -> set[str]:
    """Give the services that a trust policy lets in."""
    services: set[str] = set()
    for statement in listed(trust["Statement"]):
        if statement["Effect"] == "Allow" and "sts:AssumeRole" in listed(statement["Action"]):
            services.update(listed(statement["Principal"].get("Service", [])))
    return services


def checked(policy: Policy) -> dict[str, Any]:
    """Give the policy back; raise `ApiError` where it says something that is not understood here."""
    for statement in listed(policy.get("Statement", [])):
        if set(statement) != STATEMENT_KEYS or statement["Effect"] not in {"Allow", "Deny"}:
            raise ApiError("MalformedPolicy", f"a statement needs exactly {sorted(STATEMENT_KEYS)}: {statement}")
    if policy.get("Version") != "1" or not policy.get("Statement"):
        raise ApiError("MalformedPolicy", "a policy needs Version 1 and at least one Statement")
    return dict(policy)


def allows(policies: Sequence[Policy], action: str, resource: str) -> bool:
    """Evaluate RAM policies: default deny, and any Deny wins. Actions ignore case, resources do not."""
    effects = {
        statement["Effect"]
        for statement in statements(policies)
        if any(matches(pattern.lower(), action.lower()) for pattern in listed(statement["Action"]))
        and any(matches(anywhere(pattern), resource) for pattern in listed(statement["Resource"]))
    }
    return effects == {"Allow"}


def statements(policies: Sequence[Policy]) -> Iterator[Mapping[str, Any]]:
    """Give the statements of all policies."""
    for policy in policies:
        yield from listed(policy["Statement"])


def listed(value: Any) -> list[Any]:
    """Give a list: RAM takes one value where a list of one is meant."""
    return value if isinstance(value, list) else [value]


def anywhere(pattern: str) -> str:
    """Read an empty region or account in a policy as any: the vendor writes `acs:fc:::services/...` (fact flow 10)."""
    parts = pattern.split(":", 4)
    if len(parts) < 5:  # noqa: PLR2004 - acs, product, region, account, the rest
        return pattern
    return ":".join([*parts[:2], parts[2] or "*", parts[3] or "*", parts[4]])


def matches(pattern: str, text: str) -> bool:
    """Match with RAM's two wildcards, `*` and `?`; nothing else is special."""
    return wildcard(pattern).fullmatch(text) is not None


@lru_cache(maxsize=1024)
def wildcard(pattern: str) -> re.Pattern[str]:
    """Turn a wildcard pattern into a regular expression."""
    parts = {"*": ".*", "?": "."}
    return re.compile("".join(parts.get(char, re.escape(char)) for char in pattern), re.DOTALL)
