"""The first policy file of an account is written from what is there, and orders nothing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.cli.conftest import SMALL
from tidegate.app.tick import tick
from tidegate.policyfile import parse_policy, read_policy

if TYPE_CHECKING:
    from tests.cli.conftest import Office
    from tests.said import Said

WRITES = ("UpdateInstance", "ModifyInstanceSpec", "StartExecution")
VIP = {"MaxPrivateTps": 8000, "QueueCapacity": 10000, "MaxConnections": 50000, "StorageSize": 700}
SHOP, TEAM = {"app": "shop", "env": "prod"}, "rg-team0001"
INSTANCES: list[dict[str, Any]] = [
    {"product": "rabbitmq", "instance_id": "amqp-cn-1", "name": "Orders MQ", "spec": SMALL, "tags": SHOP},
    {"product": "rabbitmq", "instance_id": "amqp-cn-2", "name": "orders_mq", "spec": VIP, "edition": "vip"},
    {"product": "rabbitmq", "instance_id": "amqp-cn-3", "name": "订单", "spec": SMALL, "resource_group": TEAM},
    {"product": "rabbitmq", "instance_id": "amqp-cn-4", "name": "burst", "billing": "POST_PAID"},
    {"product": "rabbitmq", "instance_id": "amqp-cn-5", "spec": SMALL, "status": "EXPIRED"},
    {"product": "rabbitmq", "instance_id": "amqp-cn-6", "spec": SMALL, "edition": "trial"},
    {"product": "rabbitmq", "instance_id": "amqp-cn-7", "spec": SMALL, "region": "cn-beijing"},
    {"product": "apigateway", "instance_id": "apigateway-cn-1", "name": "# edge\n- x: y", "tags": SHOP},
    {
        "product": "apigateway",
        "instance_id": "apigateway-cn-2",
        "billing": "POST_PAID",
        "spec": {"InstanceSpec": "api.s2.large"},
    },
    {"product": "apigateway", "instance_id": "apigateway-cn-3", "edition": "VPC_SHARED"},
]


@pytest.fixture
def world() -> dict[str, Any]:
    """An account with instances of every kind."""
    return {"instances": INSTANCES}


def init(office: Office, *options: str) -> Said:
    """Write the file."""
    return office.run("init", "--region", "cn-hangzhou", "--out", str(office.folder / "new.yaml"), *options)


def found(office: Office, *options: str) -> set[str]:
    """The instances that were chosen, by the ends of their ids."""
    told = init(office, "--force", "--json", *options)
    assert told.code == 0, told.err
    return {
        row["instance_id"].replace("amqp-cn", "mq").replace("apigateway-cn", "gw") for row in told.json["instances"]
    }


def test_every_instance_that_can_be_resized_stands_in_the_file_as_it_is(office: Office) -> None:
    said = init(office)
    assert (said.code, said.err) == (0, "")
    file = office.folder / "new.yaml"
    instances = read_policy(file).instances
    assert set(instances) == {"orders-mq", "orders-mq-2", "amqp-cn-3", "edge-x-y", "apigateway-cn-2"}
    assert {policy.mode for policy in instances.values()} == {"observe"}
    written = yaml.safe_load(file.read_text())["instances"]
    assert written["orders-mq"] == {
        "product": "rabbitmq",
        "region": "cn-hangzhou",
        "instance_id": "amqp-cn-1",
        "mode": "observe",
        "expect": {"billing": "subscription", "edition": "enterprise"},
        "ladder": [{"rung": "tps-3000", **SMALL}],
    }
    assert written["orders-mq-2"]["ladder"] == [{"rung": "tps-8000", **VIP}]
    assert written["apigateway-cn-2"]["expect"] == {"billing": "pay-as-you-go"}
    assert written["apigateway-cn-2"]["ladder"] == ["api.s2.large"]


def test_what_cannot_be_resized_is_named_with_the_reason(office: Office) -> None:
    out = init(office).out
    left = [line for line in out.splitlines() if line.startswith("- ")]
    assert [line.split(":")[0] for line in left] == [
        "- amqp-cn-4 (burst)",
        "- amqp-cn-5",
        "- amqp-cn-6",
        "- apigateway-cn-3",
    ]
    serverless, expired, trial, shared = (line.partition(": ")[2] for line in left)
    assert serverless == "serverless: a serverless instance follows its use by itself"
    assert expired == "its status is EXPIRED: run `tidegate init` again once it is well"
    assert trial == "the edition `trial` is none that is sold: professional, enterprise, vip"
    assert shared == "vpc_shared: only dedicated instances have a size to order"
    assert "# left out: amqp-cn-5 (rabbitmq): its status is EXPIRED" in (office.folder / "new.yaml").read_text()


def test_the_next_rungs_are_hints_that_make_a_ladder_when_taken(office: Office) -> None:
    init(office)
    file = office.folder / "new.yaml"
    text = file.read_text().replace("      # - ", "      - ")
    instances = parse_policy(text.encode()).instances
    assert [rung.rung for rung in instances["orders-mq"].ladder] == ["tps-3000", "tps-4000", "tps-5000", "tps-8000"]
    assert [rung.rung for rung in instances["apigateway-cn-2"].ladder][1:] == [
        "api.s2.large.x2",
        "api.s2.large.x3",
        "api.s2.large.x4",
    ]


def test_the_file_is_valid_and_a_tick_only_observes(office: Office) -> None:
    init(office)
    file = str(office.folder / "new.yaml")
    assert office.run("validate", "--strict", "--policy", file).code == 0
    assert office.run("policy", "push", file).code == 0
    tick(office.around, lambda: True)
    office.server.advance(60)
    tick(office.around, lambda: True)
    rows = office.run("status", "--json").json["instances"]
    assert {(row["mode"], row["code"]) for row in rows} == {("observe", "as-wanted")}
    calls = office.server.run(lambda: list(office.server.cloud.door.calls.listed("")))
    assert [call["action"] for call in calls if call["action"] in WRITES] == []


def test_instances_are_chosen_by_id_tag_and_resource_group(office: Office) -> None:
    assert found(office, "--instance", "amqp-cn-1", "--instance", "apigateway-cn-2") == {"mq-1", "gw-2"}
    assert found(office, "--tag", "app=shop") == {"mq-1", "gw-1"}
    told = init(office, "--force", "--json", "--resource-group", TEAM).json
    assert [row["instance_id"] for row in told["instances"]] == ["amqp-cn-3"]
    assert told["notes"] == ["the gateway's API knows no resource groups: choose its instances by --tag or --instance"]


def test_a_file_that_is_there_is_replaced_only_by_force(office: Office) -> None:
    file = office.folder / "new.yaml"
    file.write_text("mine\n")
    said = init(office)
    assert (said.code, file.read_text()) == (2, "mine\n")
    assert said.err == f"tidegate: {file} is there already; --out names another file, --force replaces it\n"
    assert init(office, "--force").code == 0
    assert file.read_text().startswith("# Written by `tidegate init` for cn-hangzhou on ")


@pytest.mark.parametrize(
    ("options", "code", "why"),
    [
        (("--tag", "app"), 2, "`app` is no tag; write --tag KEY=VALUE"),
        (("--region", "no region"), 2, "`no region` is the name of no region"),
        (("--instance", "amqp-cn-1", "--tag", "a=b"), 2, "leave out --tag and --resource-group"),
        (("--tag", "app=nobody"), 1, "nothing in cn-hangzhou that a policy can be about"),
        (("--instance", "amqp-cn-99"), 1, "amqp-cn-99: it could not be read: "),
    ],
)
def test_what_leads_nowhere_is_told_and_writes_no_file(
    office: Office, options: tuple[str, ...], code: int, why: str
) -> None:
    said = init(office, *options)
    assert (said.code, said.out) == (code, "")
    assert why in said.err
    assert list(Path(office.folder).glob("new.*")) == []


def test_a_product_that_may_not_be_listed_is_told_and_the_other_is_written(office: Office) -> None:
    office.fault("ListInstances", "error-before", times=None, status=403, code="NoPermission")
    said = init(office)
    assert said.code == 0
    assert "! rabbitmq could not be listed: " in said.out
    assert set(read_policy(office.folder / "new.yaml").instances) == {"edge-x-y", "apigateway-cn-2"}


def test_init_needs_neither_an_account_nor_a_store(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("TIDEGATE_ACCOUNT", "TIDEGATE_STORE", "TIDEGATE_REGION"):
        monkeypatch.delenv(variable)
    assert init(office).code == 0
    said = office.run("init", "--out", str(office.folder / "other.yaml"))
    assert (said.code, "say which region" in said.err) == (2, True)


def test_without_a_key_nobody_is_asked(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET")
    said = office.run("init", "--region", "cn-hangzhou", "--out", str(office.folder / "new.yaml"))
    key = "ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET"
    assert (said.code, said.err) == (2, f"tidegate: set {key} in the environment\n")
