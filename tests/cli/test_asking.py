"""Requests of people, from the command line through Function Compute to the ledger, with everything really deployed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from localcloud.faults import Fault
from localcloud.fc.function import Ref
from localcloud.project.compose import Whole, compose
from localcloud.server import Running, running
from localcloud.template.deploy import Targets, deploy
from tests.cli.conftest import POLICY, WORLD
from tidegate.app.surroundings import Surroundings
from tidegate.app.wiring import shelf, wire
from tidegate.ledger.record import Record
from tidegate.ledger.shelf import listed
from tidegate.settings import read_settings

if TYPE_CHECKING:
    from localcloud.cloud import Cloud
    from tests.cli.conftest import Said

SPEED = 60.0
TEMPLATE = Path(__file__).parents[2] / "template.yml"
LEDGER, CODE, CODE_OBJECT = "ledger-of-a-test", "code-of-a-test", "tidegate.zip"


@dataclass
class Shop:
    """One account with Tidegate deployed, and somebody at the command line."""

    server: Running
    whole: Whole
    run: Callable[..., Said]

    @property
    def around(self) -> Surroundings:
        """The ledger as its owner reads it."""
        return wire(read_settings(), now=self.server.cloud.clock.now)

    def records(self) -> list[Record]:
        """What the ledger has of orders-mq, oldest first."""
        around = self.around
        book = around.book()
        assert book is not None
        return list(around.ledger.records(around.key(book.read("orders-mq")), newest_first=False))

    def contents(self) -> dict[str, bytes | None]:
        """Everything in the store."""
        place = shelf(read_settings())
        return {key: place.get(key) for key in listed(place, "")}

    def plan(self, **fault: Any) -> None:
        """Plan a misfortune."""
        self.server.run(lambda: self.server.cloud.faults.add(Fault.model_validate(fault)))

    def deploy_2_0(self) -> None:
        """Deploy `on_request` once more, as a function of 2.0."""
        registry = self.whole.fc.host.registry

        def deploy() -> None:
            settings = dict(registry.entry(Ref("tidegate-on-request"))["settings"])
            registry.create_service("tidegate", {"role": settings.pop("role")})
            code = {"ossBucketName": CODE, "ossObjectName": CODE_OBJECT}
            registry.create_function(Ref("on-request", "tidegate"), settings, code)

        self.server.run(deploy)


async def deployed(whole: Whole) -> None:
    """Deploy the project as its template says."""
    cloud = whole.cloud
    parameters = {
        "LedgerBucket": LEDGER,
        "CodeBucket": CODE,
        "CodeObject": CODE_OBJECT,
        "HookTokens": "token-of-a-test",
        "RpcEndpoint": cloud.endpoint,
        "OssEndpoint": f"http://{cloud.oss_endpoint}",
    }
    await deploy(TEMPLATE, parameters, Targets(cloud.identity, whole.oss, whole.fc, whole.flow))


def stop_ticks(whole: Whole) -> None:
    """Let nothing happen but what is asked for."""
    registry = whole.fc.host.registry
    for trigger in registry.triggers("timer"):
        registry.delete_trigger(Ref.parse(trigger["function"]), trigger["name"])
    whole.fc.timers.reconsider()


@pytest.fixture
def shop(tmp_path: Path, run: Callable[..., Said], monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    """A shop with its policy in force; its clock runs fast."""
    made: list[Whole] = []

    def attach(cloud: Cloud) -> None:
        made.append(compose(cloud, tmp_path / "work"))

    with running(WORLD, attach=attach, speed=0) as server:
        server.submit(deployed(made[0]))
        server.run(lambda: stop_ticks(made[0]))
        server.run(lambda: server.cloud.clock.set_speed(SPEED))
        for key, value in {
            "TIDEGATE_ACCOUNT": server.cloud.world.account_id,
            "TIDEGATE_REGION": "cn-hangzhou",
            "TIDEGATE_STORE": f"oss://{LEDGER}",
            "TIDEGATE_OSS_ENDPOINT": f"http://{server.oss_endpoint}",
            "TIDEGATE_ENDPOINT": server.endpoint,
            "TIDEGATE_FC_ENDPOINT": server.endpoint,
            "TIDEGATE_CLOCK_URL": f"http://{server.endpoint}/_console/clock",
            "ALIBABA_CLOUD_ACCESS_KEY_ID": server.keys.access_key_id,
            "ALIBABA_CLOUD_ACCESS_KEY_SECRET": server.keys.access_key_secret,
        }.items():
            monkeypatch.setenv(key, value)
        policy = tmp_path / "policy.yaml"
        policy.write_text(POLICY)
        assert run("policy", "push", "--policy", str(policy)).code == 0
        yield Shop(server, made[0], run)


def test_a_person_resizes_an_instance_and_waits_for_the_proof(shop: Shop) -> None:
    """Through a 3.0 function, whose call is signed by hand."""
    said = shop.run("resize", "orders-mq", "--to", "large", "--for", "2h", "--as", "li", "--wait", "--json")
    assert (said.code, said.err) == (0, "")
    assert (said.json["decision"], said.json["operation"]) == ("resize", 1)
    receipt = said.json["receipt"]
    assert (receipt["outcome"], receipt["as_wanted"], receipt["to_rung"]) == ("resized", True, "large")
    assert receipt["reason"].startswith("large wanted by override by li (")
    status = shop.run("status")
    assert "orders-mq     large         override by li (" in status.out


def test_the_same_requests_go_through_a_2_0_function(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Through `fc2`: a dry run, mistakes, an override that nothing has to be ordered for, and its end."""
    shop.deploy_2_0()
    monkeypatch.setenv("TIDEGATE_FC_API", "2.0")
    monkeypatch.setenv("TIDEGATE_FC_FUNCTION", "on-request")
    before = shop.contents()
    dry = shop.run("resize", "orders-mq", "--to", "large", "--for", "2h", "--dry-run")
    assert (dry.code, dry.err) == (0, "")
    assert shop.contents() == before
    assert dry.out.startswith("orders-mq  resize: large wanted by override by ")
    assert dry.out.endswith("dry run: nothing was written\n")
    stays = shop.run("resize", "orders-mq", "--to", "small", "--for", "2h", "--wait")
    assert (stays.code, stays.err) == (0, "")
    assert stays.out.startswith("orders-mq  ok: small as wanted by override by ")
    assert "\noverride small until 20" in stays.out
    released = shop.run("release", "orders-mq")
    assert (released.code, released.out) == (0, "orders-mq  ok: small as wanted by home\n")
    acked = shop.run("ack", "orders-mq", "--json")
    assert (acked.code, acked.json["decision"]) == (0, "hold")
    again = shop.run("release", "orders-mq")
    assert (again.code, again.out, again.err) == (2, "", "tidegate: there is no override to release\n")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("release", "nobody"), "the policy has no instance `nobody`; it has edge-gateway, orders-mq"),
        (
            ("resize", "orders-mq", "--to", "huge", "--for", "2h"),
            "orders-mq has no rung `huge`; its ladder is small, large",
        ),
        (
            ("resize", "orders-mq", "--to", "large"),
            "an override ends by itself: say --for 2h or --until TIME, or --until-released if it must not",
        ),
        (
            ("resize", "orders-mq", "--to", "large", "--for", "2h", "--until", "2036-03-02T18:00Z"),
            "give either --for or --until, not both",
        ),
        (
            ("resize", "orders-mq", "--to", "large", "--for", "2h", "--despite", "cooldown"),
            "--despite needs a --reason",
        ),
    ],
)
def test_what_the_function_calls_a_mistake_is_ours_as_well(shop: Shop, arguments: tuple[str, ...], told: str) -> None:
    said = shop.run(*arguments)
    assert (said.code, said.out, said.err) == (2, "", f"tidegate: {told}\n")


def test_a_function_that_is_not_there_is_a_failure(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIDEGATE_FC_FUNCTION", "nothing")
    said = shop.run("ack", "orders-mq")
    assert (said.code, said.out) == (1, "")
    assert said.err.startswith("tidegate: FunctionNotFound: ")


def test_waiting_for_what_is_held_is_a_failure(shop: Shop) -> None:
    said = shop.run("resize", "edge-gateway", "--to", "api.s1.medium", "--for", "2h", "--wait")
    assert said.code == 1
    assert "edge-gateway is held, so there is nothing to wait for: observe only" in said.err


def test_a_request_whose_answer_is_lost_is_one_request_all_the_same(shop: Shop) -> None:
    shop.plan(do="lost-reply", call="fc.Invoke", instance="tidegate-on-request")
    said = shop.run("resize", "orders-mq", "--to", "large", "--for", "2h", "--json")
    assert (said.code, said.json["duplicate"]) == (0, True)
    assert said.json["override"]["to"] == "large"
    answers = [answer["key"] for record in shop.records() for answer in record.fact.get("answers", ())]
    assert len(answers) == 1
    assert [record.fact["kind"] for record in shop.records()].count("planned") == 1


def test_a_function_killed_at_work_makes_no_second_request(shop: Shop) -> None:
    """The platform says that it died; the same key is asked with again."""
    shop.plan(do="kill-caller", call="oss.PutObject", instance=f"{LEDGER}/inbox/*")
    said = shop.run("resize", "orders-mq", "--to", "large", "--for", "2h", "--json")
    assert said.code == 0, said.err
    (fault,) = shop.server.run(shop.server.cloud.faults.listed)
    assert len(fault["struck"]) == 1
    assert [record.fact["kind"] for record in shop.records()].count("planned") == 1
