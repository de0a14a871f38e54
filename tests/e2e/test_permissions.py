"""What `tidegate permissions` prints is enough for the whole way of an alert, and each part of it is needed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from localcloud.project.demo.stage import customer
from localcloud.project.up import settle_in
from tests.e2e.conftest import policy_of
from tidegate.aliyun.errors import VendorError
from tidegate.app.surroundings import Surroundings
from tidegate.ledger.shelf import ShelfUnavailable, Unsure
from tidegate.operate.permissions import Permissions, Place, permissions
from tidegate.policyfile import compile_policy, parse_policy

NAMES = ("orders-mq", "observed-mq", "billing-mq")


@pytest.fixture(scope="module")
def place(opens_for_all: Callable[..., Any]) -> Any:
    """One cloud for all of them."""
    return opens_for_all(*NAMES)


def printed(place: Any, *names: str) -> Permissions:
    """What is printed for a policy with these instances."""
    instances = parse_policy(policy_of(names)).instances.values()
    address = place.address
    return permissions(instances, Place(address["account_id"], address["region"], address["ledger"]))


def without(document: Mapping[str, Any], action: str) -> dict[str, Any]:
    """A document less one action."""
    statements = [
        {**one, "Action": [each for each in one["Action"] if each != action]} for one in document["Statement"]
    ]
    return {"Version": "1", "Statement": [one for one in statements if one["Action"]]}


def give(place: Any, found: Permissions, lacking: str = "") -> None:
    """Give every role what is printed, and nothing else, less one action."""
    identity = place.cloud.cloud.identity
    for one in found.roles.values():
        trust = {"Service": [one.role.service]}
        statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": trust}
        documents = [without(one.document, lacking)]
        assert (lacking in json.dumps(one.document)) >= (documents != [dict(one.document)])
        place.cloud.run(
            lambda name=one.role.name, given=documents, said=statement: identity.create_role(
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


@pytest.mark.usefixtures("as_deployed")
def test_a_resize_is_proven_with_what_is_printed_and_no_more(place: Any) -> None:
    give(place, printed(place, *NAMES))
    place.ring("orders-mq")
    place.assert_bought_once("orders-mq")


@pytest.mark.once
@pytest.mark.usefixtures("as_deployed")
def test_without_the_right_to_order_nothing_is_ordered_and_a_person_is_told_why(place: Any) -> None:
    give(place, printed(place, *NAMES), lacking="amqp:UpdateInstance")
    place.ring("billing-mq")
    settled = place.settled("billing-mq")
    assert settled.outcome.value == "refused"
    assert "grant the missing permission" in settled.why
    assert place.orders("billing-mq") == []


@pytest.mark.once
@pytest.mark.usefixtures("as_deployed")
def test_in_mode_observe_nothing_is_ordered_even_if_policy_and_another_grant_say_so(place: Any) -> None:
    """The template denies: a grant from elsewhere on the same role changes nothing."""
    deploy_again(place, Mode="observe")
    place.ring("observed-mq")
    settled = place.settled("observed-mq")
    assert settled.outcome.value == "refused"
    assert "grant the missing permission" in settled.why
    assert place.orders("observed-mq") == []


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
    assert around.product(policy).read(policy.instance_id).spec["MaxPrivateTps"] >= 3000
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
    with pytest.raises(VendorError):
        around.product(book.read("orders-mq")).read("amqp-cn-orders-mq")
