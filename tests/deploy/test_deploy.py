"""Deploying: planned first, done on request, the same again, resumed from wherever it ended, and no secret said."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest
import yaml

from localcloud.fc.function import Ref
from localcloud.template.package import zip_source
from tests.deploy.conftest import CHAT, OTHER, POLICY, ROOT, TOKEN, WORLD, Site
from tests.sampling import every
from tidegate.operate.deploy import account_of
from tidegate.settings import read_deploy_settings

FUNCTIONS = {"tidegate-on-alert", "tidegate-on-schedule", "tidegate-on-request"}


def test_without_yes_nothing_is_made(site: Site) -> None:
    said = site.deploy("--policy", str(site.policy))
    assert (said.code, said.err) == (0, "")
    assert "stack tidegate: create" in said.out
    assert "+ OnAlert" in said.out
    assert "HookTokens" in said.out
    assert "(hidden)" in said.out
    assert said.out.endswith("nothing was changed; --yes does this\n")
    assert not site.bucket(site.code)
    assert not site.bucket(site.ledger)
    assert site.calls("CreateStack") == 0


def test_a_deployment_stands_as_it_was_planned(site: Site) -> None:
    planned = site.deploy("--policy", str(site.policy), "--json").json
    assert (planned["deed"], planned["change"], planned["done"]) == ("create", True, False)
    done = site.deployed()
    assert done["status"] == "CREATE_COMPLETE"
    assert done["changed"] == ["code", "stack", "policy"]
    assert done["store"] == f"oss://{site.ledger}"
    assert {one["name"] for one in planned["resources"]} == {one["resource"] for one in done["steps"]}
    assert site.functions() >= FUNCTIONS
    assert done["policy"] == planned["policy"]["hash"]
    environment = site.whole.fc.host.registry.function(Ref("tidegate-on-alert")).environment
    assert environment["TIDEGATE_HOOK_TOKENS"] == TOKEN


def test_who_deploys_without_anybody_to_call_is_told_that_no_alarm_rings(site: Site) -> None:
    told = "no alarm rings if Tidegate itself dies: --parameter ContactGroup=GROUP, one of CloudMonitor's"
    assert told in site.deployed()["next"]
    assert told not in site.deployed("--parameter", "ContactGroup=people")["next"]


def test_who_lets_a_policy_act_where_orders_are_denied_is_told_so(site: Site) -> None:
    denied = "! Mode observe denies orders: each one for orders-mq ends refused; --mode act"
    assert denied in site.deploy("--policy", str(site.policy)).out.splitlines()
    assert denied not in site.deploy("--policy", str(site.policy), "--mode", "act").out
    site.policy.write_text(POLICY.replace("mode: act", "mode: observe"))
    assert denied not in site.deploy("--policy", str(site.policy)).out


def test_the_same_deployment_again_changes_nothing(site: Site) -> None:
    site.deployed()
    said = site.deploy("--policy", str(site.policy))
    assert said.out.endswith("no change\n")
    again = site.deploy("--policy", str(site.policy), "--yes")
    assert (again.code, again.err) == (0, "")
    assert "no change" in again.out
    assert site.calls("UpdateStack") == 0


def test_other_code_is_put_beside_the_old_and_only_functions_change(site: Site) -> None:
    site.deployed()
    site.zip.write_bytes(zip_source("def handler(event, context):\n    return 1\n"))
    planned = site.deploy("--json").json
    assert planned["deed"] == "update"
    assert {one["type"] for one in planned["resources"]} == {"ALIYUN::FC3::Function"}
    done = site.deployed()
    assert done["changed"] == ["code", "stack"]
    assert {one["type"] for one in done["steps"]} == {"ALIYUN::FC3::Function"}


def test_a_parameter_that_is_not_asked_for_keeps_its_value(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Secrets too, which are not in the environment of whoever deploys next."""
    site.deployed("--parameter", "Runtime=python3.12")
    monkeypatch.delenv("TIDEGATE_HOOK_TOKENS")
    monkeypatch.delenv("TIDEGATE_CHAT_URL")
    planned = site.deploy("--json").json
    assert planned["parameters"]["Runtime"] == "python3.12"
    assert planned["parameters"]["HookTokens"] == "as before"
    assert not planned["change"]


def test_a_secret_that_is_changed_reaches_the_functions(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.deployed()
    monkeypatch.setenv("TIDEGATE_HOOK_TOKENS", f"another-token-as-good,{TOKEN}")
    said = site.deploy("--yes")
    assert (said.code, said.err) == (0, "")
    assert "another-token-as-good" not in said.out
    assert "OnAlert" in said.out
    environment = site.whole.fc.host.registry.function(Ref("tidegate-on-alert")).environment
    assert environment["TIDEGATE_HOOK_TOKENS"] == f"another-token-as-good,{TOKEN}"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--parameter", "Size=1"), "the template has no parameter Size; it has "),
        (("--parameter", "HookTokens=x"), "HookTokens is a secret: set TIDEGATE_HOOK_TOKENS in the environment"),
        (("--parameter", "CodeObject=x"), "CodeObject follows from the package"),
        (("--parameter", "Runtime"), "--parameter is NAME=VALUE, not `Runtime`"),
        (("--parameter", "="), "--parameter is NAME=VALUE, and this one has no name"),
        (("--mode", "watch"), "--mode is observe or act"),
        (("--parameter", "Runtime=python3.9"), "Runtime=python3.9: must be python3.10 or python3.12"),
        (("--parameter", "LogDays=ever"), "LogDays=ever: must be a number from 1 to 3650"),
        (("--parameter", "LogDays=9999"), "LogDays=9999: must be a number from 1 to 3650"),
        (("--parameter", "LogStore=X"), "LogStore=X: does not have the form ^$|^[a-z0-9]"),
        (("--parameter", "ApprovalUrl=example.com"), "ApprovalUrl=example.com: does not have the form ^$|^https?://"),
        (("--stack", "a stack"), "`a stack` is no name for a stack: letters, digits, `-` and `_`"),
    ],
)
def test_what_makes_no_sense_is_a_mistake(site: Site, words: tuple[str, ...], said: str) -> None:
    answer = site.deploy(*words)
    assert answer.code == 2
    assert said in answer.err
    assert site.calls("CreateStack") == 0


def test_a_first_deployment_needs_its_token_and_says_how_to_make_one(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """None is made up here: it would have to be shown, and would be lost with a deployment that fails."""
    monkeypatch.delenv("TIDEGATE_HOOK_TOKENS")
    said = site.deploy()
    assert said.code == 2
    assert said.err.startswith("tidegate: HookTokens is needed: set TIDEGATE_HOOK_TOKENS in the environment, and keep")


@pytest.mark.parametrize("token", ["too-short", "with a blank in it, and long"])
def test_a_secret_of_the_wrong_form_is_a_mistake_that_is_told_without_it(
    site: Site, monkeypatch: pytest.MonkeyPatch, token: str
) -> None:
    monkeypatch.setenv("TIDEGATE_HOOK_TOKENS", token)
    said = site.deploy("--yes")
    assert said.code == 2
    assert said.err.startswith("tidegate: TIDEGATE_HOOK_TOKENS (HookTokens): ")
    assert said.err.count("\n") == 1
    assert token not in said.out + said.err
    assert site.calls("PreviewStack") == 0


def test_a_file_that_is_no_zip_is_a_mistake(site: Site) -> None:
    site.zip.write_text("no zip")
    said = site.deploy()
    assert (said.code, said.err) == (2, f"tidegate: {site.zip} is no zip; `tidegate package` makes one\n")


def test_a_bad_policy_stops_everything_before_it_begins(site: Site) -> None:
    site.policy.write_text(POLICY.replace("rabbitmq", "teapot"))
    said = site.deploy("--policy", str(site.policy), "--yes")
    assert said.code == 2
    assert "instances.orders-mq.product" in said.err
    assert not site.bucket(site.code)


@pytest.mark.parametrize("versioning", ["Enabled", "Suspended"])
def test_a_ledger_bucket_that_ever_had_versioning_is_refused(site: Site, versioning: str) -> None:
    site.cloud.run(lambda: site.whole.oss.create_bucket(site.ledger, versioning))
    said = site.deploy("--yes")
    assert said.code == 2
    assert f"has versioning ({versioning})" in said.err
    assert not site.bucket(site.code)


@pytest.mark.parametrize("which", ["ledger", "code"])
def test_a_bucket_of_another_account_is_refused_though_it_lets_us_in(site: Site, which: str) -> None:
    """Its owner could change the code that runs with our roles, or the policy."""
    bucket = getattr(site, which)
    site.cloud.run(lambda: site.whole.oss.create_bucket(bucket))
    site.cloud.run(lambda: site.whole.oss.give_bucket(bucket, "5555555555555555"))
    said = site.deploy("--yes")
    assert said.code == 2
    assert f"oss://{bucket} belongs to account 5555555555555555" in said.err
    assert site.calls("CreateStack") == 0
    assert site.calls("PutObject") == 0


def test_a_ledger_that_stands_already_is_used_and_belongs_to_no_stack(site: Site) -> None:
    site.cloud.run(lambda: site.whole.oss.create_bucket(site.ledger))
    done = site.deployed()
    assert done["status"] == "CREATE_COMPLETE"
    assert "Ledger" not in [step["resource"] for step in done["steps"]]
    assert site.deployed()["changed"] == []


def test_the_ledger_cannot_be_moved(site: Site) -> None:
    site.deployed()
    said = site.deploy("--parameter", "LedgerBucket=elsewhere")
    assert said.code == 2
    assert f"the ledger is in oss://{site.ledger}; a deployment cannot move it to oss://elsewhere" in said.err


HALFWAY: dict[str, dict[str, Any]] = {
    "no bucket for the code": {"call": "oss.PutBucket"},
    "the bucket is made, and its answer lost": {"call": "oss.PutBucket", "do": "lost-reply"},
    "the code is not taken": {"call": "oss.PutObject", "instance": "*/tidegate/*"},
    "the stack is not begun": {"call": "CreateStack", "code": "Broken"},
    "the stack is begun, and its answer lost": {"call": "CreateStack", "do": "lost-reply"},
    "the call for the stack is lost": {"call": "CreateStack", "do": "lost-request"},
    "the first resource fails": {"call": "ros.CreateResource", "nth": 1},
    "a resource in the middle fails": {"call": "ros.CreateResource", "nth": 9},
    "the last resource fails": {"call": "ros.CreateResource", "nth": 32},
    "the stack is watched no more": {"call": "ListStackEvents", "nth": 2, "times": 30},
    "the policy is not taken": {"call": "oss.PutObject", "instance": "*/policy/*"},
    "the policy is taken, and its answer lost": {"call": "oss.PutObject", "instance": "*/policy/*", "do": "lost-reply"},
}


@pytest.mark.once
@pytest.mark.parametrize("where", every(2, HALFWAY))
def test_a_deployment_that_ended_half_way_goes_on_when_it_is_run_again(site: Site, where: str) -> None:
    site.fault(**HALFWAY[where])
    first = site.deploy("--policy", str(site.policy), "--yes")
    assert all(one["struck"] for one in site.cloud.run(site.cloud.cloud.faults.listed)), "nothing went wrong"
    assert first.code in (0, 1)
    if first.code:
        assert "run the same command again to go on from there" in first.err
    site.cloud.run(site.cloud.cloud.faults.clear)
    done = site.deployed()
    assert done["status"] in ("CREATE_COMPLETE", "UPDATE_COMPLETE")
    assert site.functions() >= FUNCTIONS
    assert site.deployed()["changed"] == []


UPDATE_HALFWAY: dict[str, dict[str, Any]] = {
    "the new code is not taken": {"call": "oss.PutObject", "instance": "*/tidegate/*"},
    "the update is begun, and its answer lost": {"call": "UpdateStack", "do": "lost-reply"},
    "the last function fails": {"call": "ros.UpdateResource", "nth": 7},
    "the update is watched no more": {"call": "ListStackEvents", "nth": 2, "times": 30},
    "the new policy is not taken": {"call": "oss.PutObject", "instance": "*/policy/*"},
}


@pytest.mark.once
@pytest.mark.parametrize("where", every(2, UPDATE_HALFWAY))
def test_an_update_that_ended_half_way_goes_on_when_it_is_run_again(site: Site, where: str) -> None:
    before = site.deployed()
    site.zip.write_bytes(zip_source("def handler(event, context):\n    return 1\n"))
    site.policy.write_text(POLICY.replace("raise: 1", "at_least: medium"))
    site.fault(**UPDATE_HALFWAY[where])
    first = site.deploy("--policy", str(site.policy), "--yes")
    struck = [one["struck"] for one in site.cloud.run(site.cloud.cloud.faults.listed)]
    assert all(struck), "nothing went wrong"
    assert first.code in (0, 1)
    site.cloud.run(site.cloud.cloud.faults.clear)
    done = site.deployed()
    assert (done["status"], done["policy"] != before["policy"]) == ("UPDATE_COMPLETE", True)
    registry = site.whole.fc.host.registry
    assert len({registry.function(ref).code for ref in registry.functions()}) == 1
    assert site.deployed()["changed"] == []


def test_a_failure_says_which_resource_and_what_stands(site: Site) -> None:
    site.fault("ros.CreateResource", instance="tidegate/OnAlert", code="ResourceExhausted")
    said = site.deploy("--yes")
    assert said.code == 1
    told, stands, again = said.err.splitlines()
    assert told.startswith("tidegate: stack tidegate is CREATE_ROLLBACK_COMPLETE: OnAlert: ResourceExhausted")
    assert "the code is in oss://" in stands
    assert again == "tidegate: run the same command again to go on from there"


def test_an_update_that_fails_leaves_what_stood(site: Site) -> None:
    site.deployed()
    before = site.functions()
    site.fault("ros.UpdateResource", instance="tidegate/OnAlert")
    said = site.deploy("--parameter", "Runtime=python3.12", "--yes")
    assert said.code == 1
    assert "stack tidegate is ROLLBACK_COMPLETE" in said.err
    assert site.functions() == before
    registry = site.whole.fc.host.registry
    assert {registry.function(Ref(name)).runtime for name in before} == {"python3.10"}
    assert site.deployed("--parameter", "Runtime=python3.12")["changed"] == ["stack"]


def test_a_deployment_follows_one_that_is_under_way(site: Site, world: dict[str, Any]) -> None:
    """Somebody else began it, or an earlier run that was ended."""
    site.fault("CreateStack", "lost-reply")
    site.fault("ListStackEvents", nth=1, times=30)
    assert site.deploy("--yes").code == 1
    site.cloud.run(site.cloud.cloud.faults.clear)
    assert site.deployed()["status"] == "CREATE_COMPLETE"
    assert site.calls("CreateStack") == 1


def test_who_may_not_is_told_so(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = site.cloud.run(lambda: site.cloud.cloud.identity.create_user("nobody"))
    monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_ID", keys.access_key_id)
    monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", keys.access_key_secret)
    said = site.deploy("--yes")
    assert said.code == 1
    assert "ros:ListStacks" in said.err


def test_the_template_that_is_sent_is_the_project_s(site: Site) -> None:
    site.deployed()
    (stack,) = site.cloud.run(lambda: list(site.whole.ros.stacks.all()))
    assert "workflows/resize.yml" not in stack.template
    assert set(json.loads(stack.template)["Resources"]) >= {"OnAlert", "Resize"}
    assert (ROOT / "template.yml").is_file()


def test_a_push_that_would_start_more_orders_than_the_fleet_may_is_refused_before_anything_is_made(site: Site) -> None:
    """Also where it is part of a deployment, until somebody accepts the number."""
    site.deployed()
    policy = yaml.safe_load(POLICY)
    policy["instances"]["orders-mq"]["base"] = "medium"
    policy["instances"]["audit-mq"] = {**policy["instances"]["orders-mq"], "instance_id": OTHER}
    site.policy.write_text(yaml.safe_dump({**policy, "fleet": {"orders_at_once": 1}}))
    words = ("--policy", str(site.policy), "--parameter", "Runtime=python3.12", "--yes")
    refused = site.deploy(*words)
    assert refused.code == 2
    assert "this would start 2 orders at once, and the fleet's limit is 1" in refused.err
    assert site.calls("UpdateStack") == 0
    assert site.deploy(*words, "--accept", "2").code == 0
    assert site.calls("UpdateStack") == 1


def test_what_a_policy_orders_at_once_is_told_before_it_is_deployed_and_after(site: Site) -> None:
    first = site.deploy("--policy", str(site.policy), "--json").json["policy"]
    assert (first["decisions"], first["orders"]) == (None, None)
    told = "what it would order at once cannot be told before its ledger stands"
    assert told in site.deploy("--policy", str(site.policy), "--mode", "act").out
    done = site.deployed()
    assert ([one["starts"] for one in done["decisions"]], done["orders"]) == ([False], 0)

    policy = yaml.safe_load(POLICY)
    policy["instances"]["orders-mq"]["base"] = "medium"
    site.policy.write_text(yaml.safe_dump(policy))
    denied = site.deploy("--policy", str(site.policy)).out
    assert "! Mode observe denies orders" in denied
    assert "this would start" not in denied
    words, order = ("--policy", str(site.policy), "--mode", "act"), "> ORDER orders-mq up small -> medium"
    lines = site.deploy(*words).out.splitlines()
    assert [line for line in lines if line.startswith(order)]
    assert "this would start 1 order at once" in lines
    planned = site.deploy(*words, "--json").json["policy"]
    assert (planned["orders"], [one["instance"] for one in planned["decisions"]]) == (1, ["orders-mq"])
    lines = site.deploy(*words, "--yes").out.splitlines()
    assert [line for line in lines if line.startswith(order)]
    assert "this starts 1 order now" in lines
    assert "this starts" not in site.deploy(*words, "--yes").out


def test_nothing_is_deployed_under_another_account_than_the_keys(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """By its number buckets are named and the ledger is kept."""
    monkeypatch.setenv("TIDEGATE_ACCOUNT", "9999999999999999")
    for words in ((), ("--yes",), ("--policy", str(site.policy), "--yes")):
        said = site.deploy(*words)
        assert (said.code, said.out) == (2, "")
        assert "the key is of account 1234567890123456, TIDEGATE_ACCOUNT says 9999999999999999" in said.err
    assert site.calls("CreateStack") == 0


@pytest.mark.parametrize("words", [("deploy",), ("deploy", "--yes"), ("destroy",), ("destroy", "--yes")])
@pytest.mark.parametrize(
    ("variable", "value"),
    [("ACCESS_KEY_ID", "cl\u00e9"), ("ACCESS_KEY_SECRET", "a b"), ("SECURITY_TOKEN", "a\n")],
)
def test_what_cannot_be_a_key_is_a_mistake_before_anybody_is_asked(
    site: Site, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], variable: str, value: str
) -> None:
    monkeypatch.setenv(f"ALIBABA_CLOUD_{variable}", value)
    said = site.run(*words)
    told = f"ALIBABA_CLOUD_{variable} has signs that no key has, such as blanks or accents: copy the key once more"
    assert (said.code, said.out, said.err) == (2, "", f"tidegate: {told}\n")
    assert site.calls("GetCallerIdentity") == 0


def test_the_doctor_looks_a_deployment_over(site: Site) -> None:
    words = ("deploy", "--package", str(site.zip), "--policy", str(site.policy), "--mode", "act", "--yes")
    said = site.run(*words)
    assert said.code == 0, said.err
    assert [line for line in said.out.splitlines() if line.startswith("doctor: ")], said.out
    found = site.run(*words, "--json").json["doctor"]
    assert {one["check"] for one in found if one["level"] == "FAIL"} <= {"tick", "messages", "alarm rules"}, found


@pytest.mark.once
@pytest.mark.parametrize("world", [{**WORLD, "stack_resource_takes": "0.3s"}])
def test_a_deployment_that_is_killed_goes_on_without_us_and_is_followed_by_the_next(site: Site) -> None:
    command = [sys.executable, "-m", "tidegate.cli", "deploy", "--package", str(site.zip), "--no-doctor", "--yes"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if "DoorRole" in line and "made" in line:
                process.kill()
                break
    (stack,) = site.cloud.run(lambda: list(site.whole.ros.stacks.all()))
    assert stack.status == "CREATE_IN_PROGRESS"
    assert site.deployed()["status"] == "CREATE_COMPLETE"
    assert site.calls("CreateStack") == 1


@pytest.mark.parametrize(
    ("call", "words"),
    [
        ("PreviewStack", ()),
        ("CreateStack", ("--yes",)),
        ("ros.CreateResource", ("--yes",)),
        ("fc.CreateFunction", ("--yes", "--generation", "2")),
    ],
)
def test_a_vendor_that_repeats_a_secret_does_not_make_us_say_it(site: Site, call: str, words: tuple[str, ...]) -> None:
    """In a refusal, or in what it says of a resource: as lines and as JSON."""
    site.fault(call, message=f"what is {TOKEN} or {CHAT}?", times=2)
    for more in ((), ("--json",)):
        said = site.deploy(*words, *more)
        assert said.code == 1
        assert "what is (hidden) or (hidden)?" in said.err


def test_a_stack_of_somebody_else_is_neither_changed_nor_deleted(site: Site) -> None:
    """Our template in its place would delete all that it made."""
    stacks = account_of(read_deploy_settings(), site.cloud.cloud.clock.now).stacks
    queue = {"Type": "ALIYUN::MNS::Queue", "Properties": {"QueueName": "shop-orders"}}
    body = {"ROSTemplateFormatVersion": "2015-09-01", "Resources": {"Shop": queue}}
    shop = stacks.create("shop", json.dumps(body), {})
    for words in (("deploy", "--package", str(site.zip), "--no-doctor", "--yes"), ("destroy", "--yes"), ("destroy",)):
        said = site.run(*words, "--stack", "shop")
        assert said.code == 2
        assert "stack shop is none of Tidegate's" in said.err
    assert list(stacks.resources(shop)) == ["Shop"]


def test_a_parameter_that_is_none_is_refused_before_anything_is_packed_or_asked(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(site.folder)
    for given in ("Nope=1", "LogDays=ever"):
        said = site.run("deploy", "--no-doctor", "--parameter", given)
        assert (said.code, said.out, said.err.count("\n")) == (2, "", 1)
        assert "packing" not in said.err
    assert not (site.folder / "dist").exists()
    assert site.calls("GetCallerIdentity") == 0
