"""Printing what RAM must allow: for the instances of a policy, and no more."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.cli.conftest import POLICY

if TYPE_CHECKING:
    from tests.cli.conftest import Office

RABBIT_ARN = "acs:amqp:cn-hangzhou:1234567890123456:/instances/amqp-cn-demo0001"


@pytest.fixture(autouse=True)
def _deployed_somewhere(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIDEGATE_ACCOUNT", "1234567890123456")
    monkeypatch.setenv("TIDEGATE_REGION", "cn-hangzhou")
    monkeypatch.setenv("TIDEGATE_STORE", "oss://the-ledger")


def told(office: Office, **changes: dict[str, Any]) -> dict[str, Any]:
    """What is printed for the policy, with its instances changed."""
    policy = yaml.safe_load(POLICY)
    for name, fields in changes.items():
        policy["instances"][name.replace("_", "-")].update(fields)
    office.file.write_text(yaml.safe_dump(policy))
    said = office.run("permissions", "--policy", str(office.file), "--json")
    assert (said.code, said.err) == (0, "")
    return dict(said.json)


def grants(granted: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Every action with every resource of a document."""
    for statement in granted["document"]["Statement"]:
        assert statement["Effect"] == "Allow"
        yield from ((action, arn) for action in statement["Action"] for arn in statement["Resource"])


def test_an_instance_is_named_by_its_arn_and_only_submit_may_resize_it(office: Office) -> None:
    roles = told(office)["roles"]
    assert set(roles) == {"door", "submit", "look", "approval", "flow", "trigger"}
    resizing = {name for name, one in roles.items() if ("amqp:UpdateInstance", RABBIT_ARN) in grants(one)}
    assert resizing == {"submit"}
    assert {arn for one in roles.values() for action, arn in grants(one) if action.startswith("amqp:")} == {RABBIT_ARN}


def test_an_instance_that_is_only_observed_cannot_be_resized(office: Office) -> None:
    """edge-gateway says nothing of a mode, so it is observed."""
    submit = dict(grants(told(office)["roles"]["submit"]))
    assert "apigateway:DescribeInstances" in submit
    assert "apigateway:ModifyInstanceSpec" not in submit
    watched = told(office, orders_mq={"mode": "observe"})
    assert "amqp:UpdateInstance" not in json.dumps(watched)
    assert watched["notes"][0] == "No instance is in mode act, so nobody may resize anything."


def test_the_gateway_cannot_be_scoped_and_that_is_said(office: Office) -> None:
    found = told(office, edge_gateway={"mode": "act"})
    assert ("apigateway:ModifyInstanceSpec", "*") in set(grants(found["roles"]["submit"]))
    (note,) = [note for note in found["notes"] if "API Gateway cannot be scoped" in note]
    assert "ModifyInstanceSpec and DescribeInstances for all gateways of the account or for none" in note


def test_a_product_or_a_region_that_the_policy_does_not_name_is_not_granted(office: Office) -> None:
    policy = yaml.safe_load(POLICY)
    del policy["instances"]["edge-gateway"]
    policy["instances"]["orders-mq"]["region"] = "cn-beijing"
    office.file.write_text(yaml.safe_dump(policy))
    found = office.run("permissions", "--policy", str(office.file), "--json").json
    assert "apigateway" not in json.dumps([found["roles"], found["people"]])
    assert ("amqp:GetInstance", RABBIT_ARN.replace("hangzhou", "beijing")) in set(grants(found["roles"]["look"]))
    assert "cn-hangzhou:1234567890123456:/instances" not in json.dumps(found)


def test_functions_write_the_ledger_and_people_the_policy(office: Office) -> None:
    found = told(office)
    writes = {
        key: {arn for action, arn in grants(one) if action == "oss:PutObject"}
        for key, one in {**found["roles"], **found["people"]}.items()
    }
    store = "acs:oss:*:*:the-ledger"
    assert writes["door"] == {f"{store}/{key}" for key in ("epoch", "inbox/*", "ledger/*", "probe/*", "wake/*")}
    assert writes["push"] == {f"{store}/policy/*", f"{store}/probe/*"}
    assert writes["watch"] == writes["ask"] == writes["flow"] == set()
    invoked = {arn for action, arn in grants(found["people"]["ask"]) if action == "fc:InvokeFunction"}
    assert invoked == {"acs:fc:cn-hangzhou:1234567890123456:functions/tidegate-on-request/*"}


def test_what_is_not_known_stands_for_any_and_that_is_said(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TIDEGATE_ACCOUNT", "TIDEGATE_REGION"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("TIDEGATE_STORE", "sqlite:///x.db")
    found = told(office)
    assert ("amqp:UpdateInstance", RABBIT_ARN.replace("1234567890123456", "*")) in set(grants(found["roles"]["submit"]))
    assert "acs:oss:*:*:LEDGER-BUCKET/ledger/*" in json.dumps(found["roles"]["door"])
    assert "Set TIDEGATE_ACCOUNT and TIDEGATE_REGION to have them in place of `*`." in found["notes"]
    assert any("LEDGER-BUCKET" in note for note in found["notes"])


def test_people_read_the_same_with_the_notes_at_the_end(office: Office) -> None:
    said = office.run("permissions", "--policy", str(office.file))
    assert (said.code, said.err) == (0, "")
    assert said.out.startswith("# tidegate-door  on_alert, on_schedule, on_request and settle: ")
    documents = [block for block in said.out.split("\n\n") if "{" in block]
    assert len(documents) == 12
    assert all(json.loads(block[block.index("{") :])["Version"] == "1" for block in documents)
    assert "# Whoever deploys needs as much of AliyunROSFullAccess," in said.out.splitlines()[-1]


def test_a_fleet_too_large_for_one_document_is_told(office: Office) -> None:
    policy = yaml.safe_load(POLICY)
    one = policy["instances"]["orders-mq"]
    policy["instances"] |= {f"mq-{n}": {**one, "instance_id": f"amqp-cn-{n:08}"} for n in range(80)}
    office.file.write_text(yaml.safe_dump(policy))
    notes = office.run("permissions", "--policy", str(office.file), "--json").json["notes"]
    assert any("tidegate-submit is longer than RAM takes (6144)" in note for note in notes)


def test_names_begin_with_the_prefix_of_the_deployment(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    by_option = office.run("permissions", "--policy", str(office.file), "--prefix", "acme", "--json").json
    assert {one["name"] for one in by_option["roles"].values()} == {
        f"acme-{role}" for role in ("door", "submit", "look", "approval", "flow", "trigger")
    }
    text = json.dumps(by_option)
    assert "tidegate-" not in text
    assert ":functions/acme-on-request/*" in text
    assert "project/acme-1234567890123456/logstore/acme-functions" in text
    assert "/queues/acme-failures/messages" in text
    monkeypatch.setenv("TIDEGATE_PREFIX", "acme")
    assert office.run("permissions", "--policy", str(office.file), "--json").json == by_option
