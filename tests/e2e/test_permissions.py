"""What `tidegate permissions` prints is enough for the whole way of an alert; what mode observe denies stays denied."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from localcloud.project.demo.stage import customer
from localcloud.project.up import settle_in
from tests.e2e.conftest import policy_of
from tidegate.aliyun.client import Aliyun
from tidegate.aliyun.codes import AMQP
from tidegate.aliyun.credentials import Credentials
from tidegate.aliyun.errors import VendorError
from tidegate.aliyun.patience import Patience
from tidegate.app.surroundings import Surroundings
from tidegate.app.wiring import nap
from tidegate.ledger.shelf import ShelfUnavailable, Unsure
from tidegate.operate.permissions import Permissions, Place, permissions
from tidegate.policyfile import compile_policy, parse_policy

NAMES = ("orders-mq",)


@pytest.fixture(scope="module")
def place(opens_for_all: Callable[..., Any]) -> Any:
    """One cloud for all of them."""
    return opens_for_all(*NAMES)


def printed(place: Any, *names: str) -> Permissions:
    """What is printed for a policy with these instances."""
    instances = parse_policy(policy_of(names)).instances.values()
    address = place.address
    return permissions(instances, Place(address["account_id"], address["region"], address["ledger"]))


def give(place: Any, found: Permissions) -> None:
    """Give every role what is printed, and nothing else."""
    identity = place.cloud.cloud.identity
    for one in found.roles.values():
        trust = {"Service": [one.role.service]}
        statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": trust}
        place.cloud.run(
            lambda name=one.role.name, given=[one.document], said=statement: identity.create_role(
                name, given, {"Version": "1", "Statement": [said]}
            )
        )


def deploy_again(place: Any, **parameters: str) -> None:
    """Bring everything up to date with the template."""
    documents, index = compile_policy(parse_policy(policy_of(NAMES)))
    token = place.address["alert_url"].rpartition("/")[2]
    place.cloud.submit(settle_in(place.whole, documents, index, HookTokens=token, **parameters), 60)


@pytest.fixture
def as_deployed(place: Any) -> Iterator[None]:
    """Leave the roles as the template has them."""
    yield
    deploy_again(place)


@pytest.mark.once
@pytest.mark.usefixtures("as_deployed")
def test_a_resize_is_proven_with_what_is_printed_and_no_more(place: Any) -> None:
    give(place, printed(place, *NAMES))
    place.ring("orders-mq")
    place.assert_bought_once("orders-mq")


def ordering(place: Any, *more: Mapping[str, Any]) -> str:
    """Order as Submit's role may, with more policies than the template's, and give the vendor's code or nothing."""
    identity, account = place.cloud.cloud.identity, place.address["account_id"]

    def keys() -> Any:
        role = identity._drawer["role/tidegate-submit"]
        identity.create_role("tidegate-submit", [*role["policies"], *more], role["trust"])
        return identity.issue(f"acs:ram::{account}:role/tidegate-submit", "c-1")

    issued = place.cloud.run(keys)
    patience = Patience(nap, time.monotonic, random.random)
    credentials = Credentials(issued.access_key_id, issued.access_key_secret, issued.security_token)
    aliyun = Aliyun(credentials, place.address["region"], patience, endpoints={"*": place.address["endpoint"]})
    try:
        aliyun.call(AMQP, "UpdateInstance", {"InstanceId": "amqp-cn-orders-mq", "ModifyType": "UPGRADE"}, read=False)
    except VendorError as error:
        return error.code
    finally:
        aliyun.close()
    return ""


ANYTHING = {"Version": "1", "Statement": [{"Effect": "Allow", "Action": ["amqp:*"], "Resource": ["*"]}]}


@pytest.mark.usefixtures("as_deployed")
def test_in_mode_observe_the_template_denies_orders_whatever_else_is_granted(place: Any) -> None:
    deploy_again(place, Mode="observe")
    assert ordering(place) == "UnauthorizedOperation"
    assert ordering(place, ANYTHING) == "UnauthorizedOperation"
    deploy_again(place)
    assert ordering(place) != "UnauthorizedOperation"


def person(place: Any, which: str) -> Surroundings:
    """The surroundings of somebody who has been given what is printed for them."""
    document = printed(place, *NAMES).people[which].document
    keys = place.cloud.run(lambda: place.cloud.cloud.identity.create_user(which, [document]))
    secret = {"access_key_id": keys.access_key_id, "access_key_secret": keys.access_key_secret}
    return customer({**place.address, **secret})


def test_who_watches_reads_the_ledger_and_the_instances_and_writes_nothing(place: Any) -> None:
    around = person(place, "watch")
    book = around.book()
    assert book is not None
    policy = book.read("orders-mq")
    around.ledger.head(around.key(policy))
    assert around.product(policy).read(policy.instance_id).spec["MaxPrivateTps"] in (3000, 5000)
    with pytest.raises((ShelfUnavailable, Unsure)):
        around.ledger.check()


def test_who_pushes_puts_a_policy_in_force_and_cannot_touch_the_ledger(place: Any) -> None:
    around = person(place, "push")
    around.ledger.check()
    documents, index = compile_policy(parse_policy(policy_of(NAMES, release_after="45m")))
    hashed = around.policies.publish(documents, index, "li")
    book = around.book()
    assert book is not None
    assert book.hash == hashed
    with pytest.raises((ShelfUnavailable, Unsure)):
        around.ledger.post("anybody", {"a": 1}, due=around.now())
    # What a push would start is told from what stands there.
    assert around.product(book.read("orders-mq")).read("amqp-cn-orders-mq").spec
