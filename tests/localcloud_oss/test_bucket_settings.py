"""Who may reach a bucket and what expires in it, by the newer SDK."""

from __future__ import annotations

from typing import Any

import alibabacloud_oss_v2 as v2
import pytest


def rule(prefix: str, days: int | None = 1, **more: Any) -> v2.LifecycleRule:
    expiry = v2.LifecycleRuleExpiration(days=days)
    return v2.LifecycleRule(id=f"on-{prefix[:-1]}", prefix=prefix, status="Enabled", expiration=expiry, **more)


def put(place: Any, *rules: v2.LifecycleRule) -> None:
    configuration = v2.LifecycleConfiguration(rules=list(rules))
    request = v2.PutBucketLifecycleRequest(bucket=place.bucket, lifecycle_configuration=configuration)
    place.client().put_bucket_lifecycle(request)


def code_of(error: pytest.ExceptionInfo[v2.exceptions.OperationError]) -> str:
    return str(error.value.unwrap().code)


def test_a_bucket_is_private_until_it_is_opened(place: Any) -> None:
    def acl() -> str:
        return str(place.client().get_bucket_info(v2.GetBucketInfoRequest(bucket=place.bucket)).bucket_info.acl)

    assert acl() == "private"
    place.client().put_bucket_acl(v2.PutBucketAclRequest(bucket=place.bucket, acl="public-read"))
    assert acl() == "public-read"
    with pytest.raises(v2.exceptions.OperationError) as refused:
        place.client().put_bucket_acl(v2.PutBucketAclRequest(bucket=place.bucket, acl="everybody"))
    assert code_of(refused) == "InvalidArgument"


def test_lifecycle_rules_are_kept_replaced_and_removed(place: Any) -> None:
    asked = v2.GetBucketLifecycleRequest(bucket=place.bucket)
    with pytest.raises(v2.exceptions.OperationError) as none:
        place.client().get_bucket_lifecycle(asked)
    assert code_of(none) == "NoSuchLifecycle"
    put(place, rule("ledger/"))
    put(place, rule("inbox/"), rule("wake/", 3))
    shown = place.client().get_bucket_lifecycle(asked).lifecycle_configuration.rules
    assert [(one.prefix, one.expiration.days) for one in shown] == [("inbox/", 1), ("wake/", 3)]
    place.client().delete_bucket_lifecycle(v2.DeleteBucketLifecycleRequest(bucket=place.bucket))
    with pytest.raises(v2.exceptions.OperationError):
        place.client().get_bucket_lifecycle(asked)


def test_a_rule_that_is_not_understood_is_refused(place: Any) -> None:
    moving = [v2.LifecycleRuleTransition(days=30, storage_class="IA")]
    with pytest.raises(v2.exceptions.OperationError) as refused:
        put(place, rule("ledger/", transitions=moving))
    assert code_of(refused) == "NotImplemented"
    with pytest.raises(v2.exceptions.OperationError) as wrong:
        put(place, rule("ledger/", None))
    assert code_of(wrong) == "MalformedXML"
