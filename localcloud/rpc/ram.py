"""Who is asking, and what a role may do: STS 2015-04-01 and RAM 2015-05-01, the calls that only read.

The shapes are those of the vendor's pages of GetCallerIdentity, GetRole, ListPoliciesForRole and GetPolicy. Roles keep
their documents with themselves here, so a policy's name is its role's with a number: `tidegate-look-1`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from localcloud.identity import Identity
from localcloud.rpc.operation import ApiError, Caller, Operation, Parameter, Parameters, RpcProduct

CREATED = "2026-01-01T00:00:00Z"
NAME = Parameter(required=True)
KIND = Parameter(required=True, enum=("Custom", "System"))


class Ram:
    """The roles of the account, by the vendor's API."""

    def __init__(self, identity: Identity) -> None:
        self._identity = identity

    def product(self) -> RpcProduct:
        """Give RAM for the front door. It takes no region: the account has one RAM."""
        operations = {
            "GetRole": self._operation(self.role, "GetRole", "role", RoleName=NAME),
            "ListPoliciesForRole": self._operation(self.policies, "ListPoliciesForRole", "role", RoleName=NAME),
            "GetPolicy": self._operation(self.policy, "GetPolicy", "policy", PolicyName=NAME, PolicyType=KIND),
        }
        return RpcProduct("Ram", "2015-05-01", operations)

    def sts(self) -> RpcProduct:
        """Give STS for the front door. Who one is may be asked by everybody."""
        who = Operation(lambda _, caller: self.caller(caller), lambda _: ("", ""))
        return RpcProduct("Sts", "2015-04-01", {"GetCallerIdentity": who})

    def caller(self, caller: Caller) -> Mapping[str, Any]:
        """Say who calls."""
        _, _, kind = caller.principal.rpartition(":")
        kinds = {"root": "Account", "user": "RAMUser", "assumed-role": "AssumedRoleUser"}
        return {
            "AccountId": caller.account_id,
            "Arn": caller.principal,
            "IdentityType": kinds[kind.partition("/")[0]],
            "PrincipalId": caller.access_key_id,
            "UserId": caller.account_id if caller.is_root else kind.rpartition("/")[2],
        }

    def role(self, parameters: Parameters, _caller: Caller) -> Mapping[str, Any]:
        """Show a role and whom it trusts."""
        name = parameters["RoleName"]
        role = self._identity.role(name)
        return {
            "Role": {
                "RoleId": "300000000000000001",
                "RoleName": name,
                "Arn": f"acs:ram::{self._identity.account_id}:role/{name}",
                "Description": "",
                "AssumeRolePolicyDocument": json.dumps(role["trust"]),
                "CreateDate": CREATED,
                "UpdateDate": CREATED,
                "MaxSessionDuration": 3600,
            }
        }

    def policies(self, parameters: Parameters, _caller: Caller) -> Mapping[str, Any]:
        """Name the policies of a role."""
        name = parameters["RoleName"]
        listed = [
            {
                "PolicyName": f"{name}-{number}",
                "PolicyType": "Custom",
                "Description": "",
                "DefaultVersion": "v1",
                "AttachDate": CREATED,
            }
            for number, _ in enumerate(self._identity.role(name)["policies"], 1)
        ]
        return {"Policies": {"Policy": listed}}

    def policy(self, parameters: Parameters, _caller: Caller) -> Mapping[str, Any]:
        """Show what a policy says."""
        name = parameters["PolicyName"]
        role, _, number = name.rpartition("-")
        known = number.isdecimal() and self._identity.has_role(role) and parameters["PolicyType"] == "Custom"
        kept = self._identity.role(role)["policies"] if known else []
        if not known or not 1 <= int(number) <= len(kept):
            raise ApiError("EntityNotExist.Policy", f"The policy does not exist: {name}", 404)
        document = json.dumps(kept[int(number) - 1])
        return {
            "Policy": {"PolicyName": name, "PolicyType": "Custom", "Description": "", "DefaultVersion": "v1"},
            "DefaultPolicyVersion": {
                "VersionId": "v1",
                "IsDefaultVersion": True,
                "PolicyDocument": document,
                "CreateDate": CREATED,
            },
        }

    def _operation(
        self, run: Callable[[Parameters, Caller], Mapping[str, Any]], action: str, kind: str, **parameters: Parameter
    ) -> Operation:
        first = next(iter(parameters))

        def permission(given: Parameters) -> tuple[str, str]:
            return f"ram:{action}", f"acs:ram::{self._identity.account_id}:{kind}/{given[first]}"

        return Operation(run, permission, parameters)
