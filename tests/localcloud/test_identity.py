from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from localcloud.drawer import Cabinet
from localcloud.identity import Identity, allows, checked, matches, trusting
from localcloud.rpc.operation import ApiError


def allow(action: Any, resource: Any = "*", effect: str = "Allow") -> dict[str, Any]:
    """Write a policy of one statement."""
    return {"Version": "1", "Statement": [{"Effect": effect, "Action": action, "Resource": resource}]}


@pytest.mark.parametrize(
    ("policies", "verdict"),
    [
        ([], False),
        ([allow("oss:GetObject")], True),
        ([allow("OSS:getobject")], True),
        ([allow("oss:Get*")], True),
        ([allow("oss:G?tObject")], True),
        ([allow(["oss:PutObject", "oss:GetObject"])], True),
        ([allow("oss:Put*")], False),
        ([allow("*", "acs:oss:*:*:ledger/*")], True),
        ([allow("*", "acs:oss:::ledger/*")], True),
        ([allow("*", "acs:oss:*:*:Ledger/*")], False),
        ([allow("*", "acs:oss:*:*:ledger")], False),
        ([allow("*"), allow("oss:GetObject", effect="Deny")], False),
        ([allow("*", effect="Deny")], False),
    ],
)
def test_permission_is_denied_unless_allowed_and_a_deny_wins(policies: list[Any], verdict: object) -> None:
    assert allows(policies, "oss:GetObject", "acs:oss:cn-hangzhou:1:ledger/a/b") is verdict


def test_only_stars_and_question_marks_are_wild() -> None:
    assert matches("a.c", "a.c")
    assert not matches("a.c", "abc")
    assert not matches("[ab]", "a")


@pytest.mark.parametrize(
    "policy",
    [
        {},
        {"Version": "1"},
        {"Version": "2", "Statement": allow("*")["Statement"]},
        {"Version": "1", "Statement": [{"Effect": "Allow", "Action": "*"}]},
        {"Version": "1", "Statement": [{"Effect": "Maybe", "Action": "*", "Resource": "*"}]},
        {"Version": "1", "Statement": [{**allow("*")["Statement"][0], "Condition": {}}]},
    ],
)
def test_a_policy_that_says_what_nobody_understands_is_refused(policy: dict[str, Any]) -> None:
    with pytest.raises(ApiError, match="MalformedPolicy"):
        checked(policy)


def test_a_role_is_given_only_to_services_it_trusts(sim: Any) -> None:
    identity: Identity = sim.cloud.identity
    role = identity.create_role("flow", [allow("*")], trusting("fnf.aliyuncs.com"))
    with pytest.raises(ApiError, match="does not trust"):
        identity.issue(role, "worker-1")
    assert identity.issue(role, "worker-1", service="fnf.aliyuncs.com").security_token


def test_an_unknown_role_cannot_be_taken(sim: Any) -> None:
    with pytest.raises(ApiError, match=r"EntityNotExist\.Role"):
        sim.cloud.identity.issue("acs:ram::1234567890123456:role/nobody", "worker-1")


def test_a_temporary_key_names_its_worker_and_ends(sim: Any) -> None:
    identity: Identity = sim.cloud.identity
    role = identity.create_role("fn", [allow("*")])
    keys = identity.issue(role, "worker-7", timedelta(hours=2))
    caller = identity.caller(keys.access_key_id, keys.security_token)
    assert (caller.instance, caller.is_root) == ("worker-7", False)
    assert caller.principal == "acs:ram::1234567890123456:assumed-role/fn/worker-7"
    sim.advance(hours=2)
    identity.issue(role, "worker-8")
    assert identity.secret(keys.access_key_id) is None


def test_a_changed_role_changes_what_its_keys_may_do(sim: Any) -> None:
    identity: Identity = sim.cloud.identity
    keys = identity.issue(identity.create_role("fn", [allow("oss:*")]), "worker-1")
    identity.create_role("fn", [allow("amqp:*")])
    caller = identity.caller(keys.access_key_id, keys.security_token)
    assert identity.allowed(caller, "amqp:GetInstance", "*")
    assert not identity.allowed(caller, "oss:GetObject", "*")


def test_keys_survive_a_restart(tmp_path: Path, simulate: Callable[..., Any]) -> None:
    clock = simulate().cloud.clock
    cabinet = Cabinet(tmp_path)
    first = Identity(cabinet.drawer("identity"), clock, "1")
    user = first.create_user("ci", [allow("*")])
    cabinet.close()
    cabinet = Cabinet(tmp_path)
    again = Identity(cabinet.drawer("identity"), clock, "1")
    cabinet.close()
    assert again.root == first.root
    assert again.caller(user.access_key_id).principal == "acs:ram::1:user/ci"


def test_keys_do_not_print_their_secret(sim: Any) -> None:
    assert sim.cloud.keys.access_key_secret not in repr(sim.cloud.keys)
