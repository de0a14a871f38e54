"""Prefixes: what every name begins with, remembered by the stack, so that two deployments stand side by side."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from localcloud.fc.function import Ref
from tests.deploy.conftest import OTHER, POLICY, RABBIT, Site
from tests.e2e.conftest import until
from tidegate.app import codec
from tidegate.operate.deploy import account_of
from tidegate.settings import read_deploy_settings

ACME = ("--prefix", "acme")
MESSAGE = Path(__file__).parents[1] / "events" / "cms_metric_to_mns_message.json"
SPEED, PATIENCE_S = 600, 60.0


def buckets_of(site: Site, prefix: str) -> tuple[str, str]:
    """Where a deployment has its ledger and its code."""
    return site.ledger.replace("tidegate-", f"{prefix}-", 1), site.code.replace("tidegate-", f"{prefix}-", 1)


def stacks(site: Site) -> dict[str, Any]:
    """Every stack that stands, by its name."""
    return {stack.name: stack for stack in site.cloud.run(lambda: list(site.whole.ros.stacks.all())) if stack.outputs}


def test_every_name_begins_with_the_prefix_and_none_with_another(site: Site) -> None:
    done = site.deployed(*ACME, "--parameter", "ContactGroup=ops")
    ledger, code = buckets_of(site, "acme")
    assert (done["stack"], done["store"]) == ("acme", f"oss://{ledger}")
    assert site.bucket(code)
    assert "export TIDEGATE_PREFIX=acme" in done["next"]
    assert {name.partition("-")[0] for name in site.functions()} == {"acme"}
    stack = stacks(site)["acme"]
    told = json.dumps([{name: made.properties for name, made in stack.resources.items()}, stack.outputs])
    assert "tidegate-" not in told
    assert "functions/acme-submit/LATEST" in told
    assert "acme-tick-dead" in told
    assert stack.resources["FunctionLogs"].properties["LogstoreName"] == "acme-functions"
    environment = site.whole.fc.host.registry.function(Ref("acme-look")).environment
    assert environment["TIDEGATE_PREFIX"] == "acme"


def test_the_default_prefix_gives_the_names_that_were_always_given(site: Site) -> None:
    done = site.deployed()
    assert not [line for line in done["next"] if "PREFIX" in line]
    made = {name: one.properties for name, one in stacks(site)["tidegate"].resources.items()}
    assert made["Resize"]["Name"] == "tidegate-resize"
    assert made["FunctionLogs"]["LogstoreName"] == "tidegate-functions"
    assert made["Logs"]["Name"] == f"tidegate-{site.cloud.cloud.world.account_id}"
    assert made["OnAlert"]["LogConfig"]["Logstore"] == "tidegate-functions"


@pytest.mark.parametrize("words", [("--prefix", "acme"), ("--stack", "acme"), ("TIDEGATE_PREFIX",)])
def test_a_later_deployment_finds_the_prefix_that_the_stack_was_made_with(
    site: Site, words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    site.deployed(*ACME)
    if words[0] == "TIDEGATE_PREFIX":
        monkeypatch.setenv(words[0], "acme")
        words = ()
    assert site.deployed(*words)["changed"] == []
    assert site.run("destroy", *words, "--yes").code == 0
    assert site.functions() == set()
    assert site.bucket(buckets_of(site, "acme")[0])


@pytest.mark.parametrize("command", ["deploy", "destroy"])
def test_a_stack_keeps_its_prefix(site: Site, command: str) -> None:
    """Under another one all would be made anew, and executions under way would call what is gone."""
    site.deployed(*ACME)
    package = ("--package", str(site.zip)) if command == "deploy" else ()
    said = site.run(command, *package, "--stack", "acme", "--prefix", "other", "--yes")
    assert said.code == 2
    assert said.err == (
        "tidegate: the names of stack acme begin with acme, and cannot begin with other: "
        "say --prefix acme, or name another stack with --stack\n"
    )
    assert site.functions()


@pytest.mark.parametrize("prefix", ["Acme", "a", "a" * 17, "9to5", "acme-", "ac_me", "ac.me"])
def test_what_cannot_begin_a_name_is_a_mistake(site: Site, prefix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for words in (("deploy",), ("destroy",), ("permissions", "--policy", str(site.policy))):
        said = site.run(*words, "--prefix", prefix)
        assert said.code == 2
        assert "2 to 16 small letters, digits and hyphens" in said.err.replace("\n", " ")
    monkeypatch.setenv("TIDEGATE_PREFIX", prefix)
    for line in ("deploy", "doctor", "invoke look"):
        said = site.run(*line.split())
        assert said.code == 2
        assert said.err.startswith("tidegate: TIDEGATE_PREFIX is 2 to 16 small letters")


def test_the_prefix_is_not_given_as_a_parameter(site: Site) -> None:
    said = site.deploy("--parameter", "Prefix=acme")
    assert said.err == "tidegate: Prefix follows from --prefix; give that instead\n"


def test_the_ledger_of_another_deployment_in_the_environment_is_noticed(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two deployments on one ledger would follow each other's operations."""
    monkeypatch.setenv("TIDEGATE_STORE", f"oss://{site.ledger}")
    said = site.deploy(*ACME)
    assert said.code == 2
    assert f"oss://{site.ledger}, which by its name is the ledger of another deployment than acme" in said.err
    assert site.run("destroy", *ACME, "--json").json["ledger"]["bucket"] == buckets_of(site, "acme")[0]
    granted = site.run("permissions", "--policy", str(site.policy), *ACME).out
    assert site.ledger not in granted
    assert buckets_of(site, "acme")[0] in granted
    monkeypatch.setenv("TIDEGATE_STORE", "oss://a-bucket-of-ours")
    assert site.deployed(*ACME)["store"] == "oss://a-bucket-of-ours"


def test_the_command_line_reaches_the_deployment_that_the_environment_names(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.deployed(*ACME, "--mode", "act")
    site.deployed()
    monkeypatch.setenv("TIDEGATE_PREFIX", "acme")
    monkeypatch.setenv("TIDEGATE_STORE", f"oss://{buckets_of(site, 'acme')[0]}")
    said = site.run("invoke", "on-schedule", "--json")
    # 429 where its timer has it at work already: there is one of it.
    assert (said.json["function"], said.json["status"] in (200, 429)) == ("acme-on-schedule", True)
    seen = site.folder / "seen.md"
    checks = {one["check"]: one for one in site.run("doctor", "--report", str(seen), "--json").json["checks"]}
    # A prefix may be somebody's name.
    assert "acme" not in seen.read_text()
    assert checks["flow"]["found"] == "acme-resize is workflows/resize.yml"
    assert {checks[name]["level"] for name in ("functions", "triggers", "flow", "roles", "bucket")} == {"ok"}, checks
    monkeypatch.setenv("TIDEGATE_STORE", f"oss://{site.ledger}")
    checks = {one["check"]: one for one in site.run("doctor", "--json").json["checks"]}
    assert checks["functions"]["level"] == "FAIL"
    assert "acme-look keeps its ledger in oss://acme-ledger-" in checks["functions"]["found"]
    assert "set TIDEGATE_STORE and TIDEGATE_PREFIX of one deployment" in checks["functions"]["do"]


def test_the_doctor_that_looks_a_deployment_over_looks_at_that_one(site: Site) -> None:
    words = ("deploy", "--package", str(site.zip), "--policy", str(site.policy), "--mode", "act", "--yes", "--json")
    found = site.run(*words, *ACME).json["doctor"]
    assert {one["check"] for one in found if one["level"] == "FAIL"} <= {"tick", "messages", "alarm rules"}, found


def test_functions_of_2_0_have_services_with_the_prefix(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    two = ("--generation", "2", "--mode", "act")
    assert "acme-look/acme-look" in site.deploy(*ACME, *two).out
    done = site.deployed(*ACME, *two)
    registry = site.whole.fc.host.registry
    services = {one["name"] for one in registry.services()}
    assert services == {"acme-approval", "acme-door", "acme-submit", "acme-look"}
    assert {ref.name for ref in registry.functions("acme-submit")} == {"acme-submit"}
    assert "export TIDEGATE_FC_FUNCTION=acme-on-request" in done["next"]
    assert site.deployed(*ACME, *two)["changed"] == []
    for line in done["next"]:
        if line.startswith("export "):
            monkeypatch.setenv(*line.removeprefix("export ").split("=", 1))
    checks = {one["check"]: one for one in site.run("doctor", "--json").json["checks"]}
    assert {checks[name]["level"] for name in ("functions", "flow", "roles")} == {"ok"}, checks
    assert site.run("destroy", *ACME, "--yes").code == 0
    assert registry.services() == []


@pytest.mark.once
def test_of_two_deployments_one_is_destroyed_and_the_other_still_resizes(site: Site) -> None:
    """Each has an instance of its own in its policy, as two must never have the same one."""
    site.deployed("--mode", "act")
    site.policy.write_text(POLICY.replace("orders-mq", "audit-mq").replace(RABBIT, OTHER))
    assert site.deployed("--mode", "act", *ACME)["changed"] == ["code", "stack", "policy"]
    assert set(stacks(site)) == {"tidegate", "acme"}
    assert site.run("destroy", "--yes").code == 0
    assert {name.partition("-")[0] for name in site.functions()} == {"acme"}
    identity = site.cloud.cloud.identity
    assert (identity.has_role("tidegate-door"), identity.has_role("acme-door")) == (False, True)
    site.cloud.run(lambda: site.cloud.cloud.clock.set_speed(SPEED))
    now = round(site.cloud.cloud.clock.now().timestamp() * 1000)
    text = MESSAGE.read_text().replace(RABBIT, OTHER)
    message = {**json.loads(text), "time": now}
    assert site.cloud.submit(site.whole.fc.smq.publish_topic("acme-alerts", json.dumps(message))) == 1

    settings = read_deploy_settings()
    around = account_of(settings, site.cloud.cloud.clock.now).around(buckets_of(site, "acme")[0])
    policy = around.book().read("audit-mq")  # type: ignore[union-attr]

    def outcome() -> str:
        head = around.ledger.head(around.key(policy))
        recent = codec.state_in(head).recent if head else ()
        return recent[-1].outcome.value if recent else ""

    assert until("the end of the resize", outcome, PATIENCE_S) == "resized"
    assert site.calls("UpdateInstance") == 1
