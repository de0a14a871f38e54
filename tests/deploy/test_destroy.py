"""Taking a deployment back: planned first, held by open operations, and without the ledger unless it is named."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
import requests

from tests.deploy.conftest import TOKEN, Site
from tests.e2e.conftest import callback
from tidegate.aliyun.stacks import Step
from tidegate.app.requests import receive_request
from tidegate.app.wiring import wire
from tidegate.domain.state import Pause, Word
from tidegate.operate.deploy import Account, CannotDeploy, account_of, destroy
from tidegate.operate.deploy.stilling import REASON
from tidegate.settings import read_deploy_settings, read_settings

WORDS = (("destroy",), ("destroy", "--yes"), ("destroy", "--yes", "--despite-open-operations"))
NOW = datetime(2026, 1, 1, tzinfo=timezone.utc)


def account(site: Site) -> Account:
    """The account as who deploys has it."""
    return account_of(read_deploy_settings(), site.cloud.cloud.clock.now)


def opens(site: Site) -> None:
    """Let somebody ask for a resize; its execution does not run."""
    around = replace(account(site).around(site.ledger), start=lambda _name, _given: True)
    form = {"verb": "resize", "instance": "orders-mq", "to": "medium", "for": "2h", "caller": "me", "key": "k" * 8}
    said = receive_request(around, json.dumps(form).encode())
    assert said["decision"] == "resize", said


@pytest.fixture
def opened(site: Site, monkeypatch: pytest.MonkeyPatch) -> Site:
    """A deployment with an operation that was planned, and whose execution does not run."""
    monkeypatch.setenv("TIDEGATE_STORE", site.deployed("--mode", "act")["store"])
    opens(site)
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


def test_whoever_deploys_on_a_ledger_whose_fleet_was_left_paused_is_told(site: Site) -> None:
    site.deployed()
    said = site.run("destroy", "--yes")
    assert said.out.endswith("the fleet of that ledger stays paused: after deploying again, tidegate unpause --fleet\n")
    again = site.run("deploy", "--package", str(site.zip), "--policy", str(site.policy), "--yes", "--json").json
    assert any("the fleet is paused by " in line and "unpause --fleet" in line for line in again["next"])
    (found,) = [one for one in again["doctor"] if one["check"] == "policy"]
    assert (found["level"], found["do"]) == ("WARN", "`tidegate unpause --fleet` when that is over")


def test_the_ledger_goes_only_by_its_name(site: Site) -> None:
    site.deployed()
    for yes in ((), ("--yes",)):
        wrong = site.run("destroy", *yes, "--with-ledger", "another-bucket")
        assert wrong.code == 2
        assert f"the ledger of this deployment is in {site.ledger}" in wrong.err
        assert "--yes does this" not in wrong.out
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
        assert "--yes does this" not in said.out
    assert opened.functions()
    assert opened.calls("DeleteStack") == 0
    done = opened.run("destroy", "--yes", "--despite-open-operations")
    assert (done.code, done.err) == (0, "")
    assert opened.functions() == set()


def test_nothing_goes_under_another_account_than_the_keys(opened: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """The ledger is kept by account: under a mistyped number hardly anything of it is seen."""
    monkeypatch.setenv("TIDEGATE_ACCOUNT", "9999999999999999")
    for words in WORDS:
        said = opened.run(*words)
        assert (said.code, said.out) == (2, "")
        assert "the key is of account 1234567890123456, TIDEGATE_ACCOUNT says 9999999999999999" in said.err
    assert opened.functions()


def test_nothing_goes_under_another_account_than_the_ledger_is_of(
    opened: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where nobody can tell whose the key is."""
    opened.fault("GetCallerIdentity", times=None)
    account_id = opened.cloud.cloud.world.account_id
    opened.cloud.run(lambda: opened.whole.oss.give_bucket(opened.ledger, account_id))
    monkeypatch.setenv("TIDEGATE_ACCOUNT", "9999999999999999")
    for words in WORDS:
        said = opened.run(*words)
        assert said.code == 2, said
        assert "belongs to account 1234567890123456, and TIDEGATE_ACCOUNT says 9999999999999999" in said.err
    assert opened.functions()


class Hearer:
    """Somebody whom the progress is told, and at one line of it something happens."""

    def __init__(self, at: str, happens: Callable[[], Any]) -> None:
        self._at, self._happens = at, happens
        self.lines: list[str] = []
        self.came_of_it: Any = None

    def line(self, text: str) -> None:
        """Hear one line."""
        self.lines.append(text)
        if text.startswith(self._at):
            self.came_of_it = self._happens()

    def step(self, step: Step) -> None:
        """Hear what became of one resource."""


def ringing(site: Site) -> Callable[[], Any]:
    """Deploy what acts, and give the ringing of an alert, which gives what was answered."""
    url = f"{site.deployed('--mode', 'act')['outputs']['AlertUrl'].rstrip('/')}/hook/cms/{TOKEN}"

    def ring() -> Any:
        at_ms = round(site.cloud.cloud.clock.now().timestamp() * 1000)
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = requests.post(url, data=callback("demo0001", at_ms), headers=kind, timeout=30)
        assert answer.status_code == 200, answer.text
        (said,) = answer.json()["alerts"]
        return said

    return ring


def destroyed(site: Site, voice: Hearer) -> bool:
    """Destroy it for good."""
    return destroy(account(site), "tidegate", voice, by="li")


def pause_of(site: Site) -> Pause | None:
    """The fleet's pause as the ledger has it."""
    return account(site).around(site.ledger).fleet.state().pause


def test_an_alert_that_comes_while_it_goes_orders_nothing(site: Site) -> None:
    """The functions still stand when nothing is open any more; the pause stands before that."""
    voice = Hearer("the fleet is paused by li", ringing(site))
    assert destroyed(site, voice)
    assert voice.came_of_it["answer"] == "hold"
    assert voice.came_of_it["reason"].startswith("the fleet is paused by li")
    assert site.calls("UpdateInstance") == 0
    assert site.functions() == set()
    pause = pause_of(site)
    assert pause is not None
    assert (pause.by, pause.until) == ("li", None)


def test_what_an_alert_began_just_before_the_pause_is_seen_and_nothing_goes(site: Site) -> None:
    voice = Hearer("pausing the fleet", ringing(site))
    with pytest.raises(CannotDeploy, match="orders-mq#1 is "):
        destroyed(site, voice)
    assert voice.came_of_it["answer"] == "resize", voice.came_of_it
    assert site.functions()
    assert site.calls("DeleteStack") == 0
    assert pause_of(site) is None
    assert voice.lines[-1] == "the fleet is as it was, nothing was removed"


@pytest.mark.parametrize(
    "pause",
    [
        Pause("wang", NOW, NOW + timedelta(days=9000), "a long sale"),
        Pause("wang", NOW, None, "a longer one"),
        Pause("a run that was killed", NOW, None, REASON),
    ],
    ids=["one that ends", "one that does not", "one of a destroy that was killed"],
)
def test_a_pause_that_was_there_is_there_again_where_nothing_goes(site: Site, pause: Pause) -> None:
    """But for one that an earlier destroy left behind, which counts as its own."""
    site.deployed("--mode", "act")

    def happens() -> None:
        opens(site)
        assert not account(site).around(site.ledger).fleet.ask_pause(pause, Word(NOW, "k"))

    with pytest.raises(CannotDeploy, match="orders-mq#1 is "):
        destroyed(site, Hearer("pausing the fleet", happens))
    assert pause_of(site) == (None if pause.reason == REASON else pause)


def test_a_fleet_that_cannot_be_paused_keeps_its_functions(site: Site) -> None:
    site.deployed()
    site.fault("oss.PutObject", instance="*/ledger/*", times=None)
    said = site.run("destroy", "--yes")
    assert said.code == 1
    assert said.err.startswith("tidegate: the fleet could not be paused: ")
    assert site.functions()
    assert site.calls("DeleteStack") == 0
    site.cloud.run(site.cloud.cloud.faults.clear)
    assert site.run("destroy", "--yes").code == 0


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
