"""Taking a deployment back: planned first, held by open operations, and without the ledger unless it is named."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from tests.deploy.conftest import Site
from tidegate.app.requests import receive_request
from tidegate.app.wiring import wire
from tidegate.settings import read_settings


@pytest.fixture
def opened(site: Site, monkeypatch: pytest.MonkeyPatch) -> Site:
    """A deployment with an operation that was planned, and whose execution does not run."""
    done = site.deployed("--mode", "act")
    monkeypatch.setenv("TIDEGATE_STORE", done["store"])
    around = replace(wire(read_settings(), now=site.cloud.cloud.clock.now), start=lambda _name, _given: True)
    form = {"verb": "resize", "instance": "orders-mq", "to": "medium", "for": "2h", "caller": "me", "key": "k" * 8}
    said = receive_request(around, json.dumps(form).encode())
    assert said["decision"] == "resize", said
    return site


def test_without_yes_nothing_goes(site: Site) -> None:
    site.deployed()
    said = site.run("destroy")
    assert (said.code, said.err) == (0, "")
    assert "stack tidegate: to be deleted" in said.out
    assert f"ledger oss://{site.ledger}: stays" in said.out
    assert said.out.endswith("nothing was changed; --yes does this\n")
    assert site.calls("DeleteStack") == 0


def test_everything_goes_but_the_ledger_and_the_code(site: Site) -> None:
    site.deployed()
    said = site.run("destroy", "--yes", "--json")
    assert (said.code, said.json["changed"]) == (0, True)
    assert site.functions() == set()
    assert site.bucket(site.ledger)
    assert site.bucket(site.code)
    assert not site.cloud.cloud.identity.has_role("tidegate-door")
    assert site.run("destroy", "--yes", "--json").json["changed"] is False


def test_what_was_destroyed_can_be_deployed_again_on_the_same_ledger(site: Site) -> None:
    first = site.deployed()
    site.run("destroy", "--yes")
    again = site.deployed()
    assert again["status"] == "CREATE_COMPLETE"
    assert again["policy"] == first["policy"]
    assert "policy" not in again["changed"]


def test_the_ledger_goes_only_by_its_name(site: Site) -> None:
    site.deployed()
    wrong = site.run("destroy", "--yes", "--with-ledger", "another-bucket")
    assert wrong.code == 2
    assert f"the ledger of this deployment is in {site.ledger}" in wrong.err
    assert site.functions()
    said = site.run("destroy", "--yes", "--with-ledger", site.ledger)
    assert (said.code, said.err) == (0, "")
    assert f"oss://{site.ledger} is deleted, with" in said.out
    assert not site.bucket(site.ledger)


def test_an_open_operation_is_named_and_refuses_it(opened: Site) -> None:
    for words in (("destroy",), ("destroy", "--yes")):
        said = opened.run(*words)
        assert said.code == 2
        assert "orders-mq#1 is " in said.err
        assert "--despite-open-operations" in said.err
    assert opened.functions()
    assert opened.calls("DeleteStack") == 0
    done = opened.run("destroy", "--yes", "--despite-open-operations")
    assert (done.code, done.err) == (0, "")
    assert opened.functions() == set()


@pytest.mark.parametrize(
    "fault",
    [
        {"call": "DeleteStack"},
        {"call": "DeleteStack", "do": "lost-reply"},
        {"call": "ros.DeleteResource", "nth": 5},
        {"call": "ListStackEvents", "nth": 2, "times": 30},
    ],
    ids=["the call", "its answer", "a resource", "the watching"],
)
def test_what_was_destroyed_half_way_goes_when_it_is_run_again(site: Site, fault: dict[str, Any]) -> None:
    site.deployed()
    site.fault(**fault)
    first = site.run("destroy", "--yes")
    if first.code:
        assert "run the same command again to go on" in first.err
    site.cloud.run(site.cloud.cloud.faults.clear)
    assert site.run("destroy", "--yes").code == 0
    assert site.functions() == set()
    assert site.bucket(site.ledger)


def test_an_open_operation_of_an_instance_that_left_the_policy_refuses_it_too(opened: Site) -> None:
    """No push takes such an instance out of the policy; what an operation begun meanwhile, or older code, left does."""
    around = wire(read_settings(), now=opened.cloud.cloud.clock.now)
    book = around.book()
    assert book is not None
    key = around.key(book.read("orders-mq"))
    around.policies.publish({}, {"instances": {}}, "test")
    said = opened.run("destroy", "--yes")
    assert said.code == 2
    assert f"{key}#1 is " in said.err
    assert opened.functions()


@pytest.mark.once
def test_what_was_destroyed_half_way_is_deployed_again_on_the_ledger_that_it_had(site: Site) -> None:
    """Another ledger would know of no order that was placed."""
    site.deployed("--parameter", "LedgerBucket=a-ledger-of-another-name")
    site.fault("ros.DeleteResource", nth=5)
    assert site.run("destroy", "--yes").code == 1
    site.cloud.run(site.cloud.cloud.faults.clear)
    again = site.deployed()
    assert again["store"] == "oss://a-ledger-of-another-name"
    assert not site.bucket(site.ledger)
