"""Function Compute 2.0: functions by the vendor's fc2, all else by the same stack."""

from __future__ import annotations

import json
from typing import Any

import pytest

from localcloud.fc.function import Ref
from tests.deploy.conftest import ROOT, TOKEN, Site
from tests.sampling import every
from tidegate.operate.deploy.second import second
from tidegate.operate.deploy.template import Template
from tidegate.operate.package import rendered

TWO = ("--generation", "2")
DOORS = {"tidegate-on-alert", "tidegate-on-schedule", "tidegate-on-request", "tidegate-settle"}


def made(site: Site) -> dict[str, set[str]]:
    """The functions of every 2.0 service."""
    registry = site.whole.fc.host.registry
    return {one["name"]: {ref.name for ref in registry.functions(one["name"])} for one in registry.services()}


def test_the_functions_are_of_2_0_and_in_a_service_for_each_role(site: Site) -> None:
    done = site.deployed(*TWO)
    assert done["changed"] == ["code", "stack", "functions", "policy"]
    assert site.functions() == set()
    services = made(site)
    assert set(services) == {"tidegate-approval", "tidegate-door", "tidegate-submit", "tidegate-look"}
    assert services["tidegate-door"] >= DOORS
    function = site.whole.fc.host.registry.function(Ref("tidegate-on-alert", "tidegate-door"))
    assert function.role.endswith(":role/tidegate-door")
    assert function.environment["TIDEGATE_HOOK_TOKENS"] == TOKEN
    assert "export TIDEGATE_FC_API=2.0" in done["next"]
    assert "export TIDEGATE_FC_SERVICE=tidegate-door" in done["next"]


def test_no_secret_is_put_out_by_the_stack(site: Site) -> None:
    site.deployed(*TWO)
    (stack,) = site.cloud.run(lambda: list(site.whole.ros.stacks.all()))
    assert "TIDEGATE_CHAT_URL" in json.dumps(stack.outputs)
    assert TOKEN not in json.dumps(stack.outputs)


def test_the_same_again_changes_nothing(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor does somebody who does not have the secrets."""
    site.deployed(*TWO)
    assert site.deployed(*TWO)["changed"] == []
    monkeypatch.delenv("TIDEGATE_HOOK_TOKENS")
    said = site.deploy(*TWO)
    assert said.out.endswith("no change\n"), said.out
    assert site.deployed(*TWO)["changed"] == []


def test_a_function_that_is_not_as_it_was_deployed_is_told_and_mended(site: Site) -> None:
    site.deployed(*TWO)
    registry = site.whole.fc.host.registry
    site.cloud.run(lambda: registry.delete_function(Ref("tidegate-look", "tidegate-look")))
    site.cloud.run(lambda: registry.update_function(Ref("tidegate-settle", "tidegate-door"), {"timeout": 3}, None))
    said = site.deploy(*TWO)
    assert "tidegate-look/tidegate-look" in said.out
    assert "tidegate-door/tidegate-settle" in said.out
    assert "tidegate-door/tidegate-on-alert" not in said.out
    assert site.deployed(*TWO)["changed"] == ["functions"]
    assert site.deployed(*TWO)["changed"] == []


def test_what_cannot_be_done_there_is_said_in_a_line_each(site: Site) -> None:
    said = site.deploy(*TWO)
    told = [line for line in said.out.splitlines() if line.startswith("not in 2.0: ")]
    assert any(line.startswith("not in 2.0: OnAlertHttp: an HTTP function of 2.0 is a WSGI") for line in told)
    assert set(site.deploy(*TWO, "--json").json["left_out"]) == {line.split()[3].rstrip(":") for line in told}


def test_one_generation_takes_the_place_of_the_other(site: Site) -> None:
    site.deployed()
    assert site.functions() >= DOORS
    site.deployed(*TWO)
    assert site.functions() == set()
    assert made(site)["tidegate-door"] >= DOORS
    site.deployed()
    assert site.functions() >= DOORS
    assert made(site) == {}


HALFWAY: dict[str, dict[str, Any]] = {
    "a service is not made": {"call": "fc.CreateService", "nth": 2},
    "a function is not made": {"call": "fc.CreateFunction", "nth": 3},
    "a function is made, and its answer lost": {"call": "fc.CreateFunction", "nth": 2, "do": "lost-reply"},
    "a trigger is not made": {"call": "fc.CreateTrigger"},
}


@pytest.mark.once
@pytest.mark.parametrize("where", every(2, HALFWAY))
def test_what_ended_half_way_goes_on_when_it_is_run_again(site: Site, where: str) -> None:
    site.fault(**HALFWAY[where])
    first = site.deploy(*TWO, "--policy", str(site.policy), "--yes")
    assert first.code == 1
    assert "run the same command again to go on from there" in first.err
    site.cloud.run(site.cloud.cloud.faults.clear)
    assert "functions" in site.deployed(*TWO)["changed"]
    assert site.deployed(*TWO)["changed"] == []


@pytest.mark.once
def test_functions_of_before_that_could_not_be_cleared_are_found_by_the_next_deployment_and_by_destroy(
    site: Site,
) -> None:
    """The stack says nothing of them any more, and they would tick on with old code."""
    site.deployed(*TWO)
    site.fault("fc.DeleteFunction")
    site.fault("fc.DeleteService")
    first = site.deploy("--policy", str(site.policy), "--yes")
    assert first.code == 1
    assert made(site)
    site.cloud.run(site.cloud.cloud.faults.clear)
    assert "tidegate-door" in site.run("destroy", "--json").json["services"]
    assert site.deployed()["changed"] == ["functions"]
    assert made(site) == {}
    assert site.deployed()["changed"] == []


def test_where_2_0_does_not_say_what_is_left_over_whoever_deploys_or_destroys_is_told(site: Site) -> None:
    """It is no reason to stop: nobody knows what an account without it answers."""
    site.fault("fc.GetService", times=None)
    said = site.deploy("--policy", str(site.policy), "--yes")
    assert said.code == 0, said.err
    warning = "warning: it is not known whether services of Function Compute 2.0 are left over (Broken"
    assert warning in said.out
    assert "look for tidegate-" in said.out
    assert warning in site.run("destroy").out
    assert "left over" in site.run("destroy", "--json").json["warning"]
    site.cloud.run(site.cloud.cloud.faults.clear)
    assert "left over" not in site.run("destroy").out
    assert site.run("destroy", "--json").json["warning"] == ""


def test_destroying_takes_the_functions_too(site: Site) -> None:
    site.deployed(*TWO)
    said = site.run("destroy", "--yes")
    assert (said.code, said.err) == (0, "")
    assert made(site) == {}
    assert site.bucket(site.ledger)


def test_the_workflow_calls_functions_of_2_0_which_its_role_may_call() -> None:
    template = second(Template.parse(rendered(ROOT))).template
    text = template.text
    assert ":functions/" not in text
    assert "services/${Prefix}-submit.LATEST/functions/${Prefix}-submit" in text
    assert "services/${Prefix}-submit*/functions/${Prefix}-submit" in text
    assert "ALIYUN::FC3::" not in text
