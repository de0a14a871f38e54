"""Bucket, policy, instances, ladder, rules, messages, tick: each is broken in turn, and named with what to do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode

import pytest
import requests
import yaml

from localcloud.project.up import DEMO

RABBIT, GATEWAY = "amqp-cn-demo0001", "apigateway-cn-demo0001"
CALLBACK = DEMO / "cms_metric_callback_alert.form.txt"


@pytest.fixture
def buckets(clinic: Any, ledger: str) -> Any:
    """What OSS keeps; the ledger's bucket is as before afterwards."""
    kept = clinic.whole.oss._buckets
    yield kept
    clinic.edit(lambda: kept.set_acl(ledger, "private"))
    clinic.edit(lambda: kept.set_lifecycle(ledger, []))
    clinic.edit(lambda: kept.create(ledger, ""))


def test_versioning_makes_a_bucket_useless_for_good(clinic: Any, buckets: Any, ledger: str) -> None:
    clinic.edit(lambda: buckets.create(ledger, "Suspended"))
    found = clinic.finds("bucket")
    assert found.level == "FAIL"
    assert found.found == f"versioning of {ledger} is Suspended, so two writers could both win"
    assert found.do == "use a new bucket that never had versioning: it cannot be taken back"
    tried = clinic.finds("bucket", send_test=True)
    assert "the store overwrote an object that was to be created only once" in tried.found


def test_a_bucket_that_others_may_read_is_named(clinic: Any, buckets: Any, ledger: str) -> None:
    clinic.edit(lambda: buckets.set_acl(ledger, "public-read"))
    found = clinic.finds("bucket")
    assert (found.level, found.found) == ("FAIL", f"{ledger} is public-read")
    assert found.do == "make it private: it holds the ledger and the policy"


def test_only_signals_and_marks_may_expire(clinic: Any, buckets: Any, ledger: str) -> None:
    def expires(*prefixes: str, status: str = "Enabled") -> None:
        rules = [{"id": str(n), "prefix": prefix, "status": status, "days": 1} for n, prefix in enumerate(prefixes)]
        clinic.edit(lambda: buckets.set_lifecycle(ledger, rules))

    expires("inbox/", "wake/")
    assert clinic.finds("bucket").level == "ok"
    expires("inbox/", "ledger/", "")
    found = clinic.finds("bucket")
    assert (found.level, found.found) == ("FAIL", f"a lifecycle rule of {ledger} removes ledger/, everything")
    assert found.do == "remove that rule: only inbox/ and wake/ may expire"
    expires("ledger/", status="Disabled")
    assert clinic.finds("bucket").level == "ok"


def test_a_bucket_that_is_not_there_is_a_failure(clinic: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIDEGATE_STORE", "oss://somebody-elses")
    found = clinic.finds("bucket")
    assert found.level == "FAIL"
    assert "NoSuchBucket" in found.found


def test_a_file_as_ledger_is_skipped(clinic: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TIDEGATE_STORE", f"sqlite:///{tmp_path / 'ledger.db'}")
    found = clinic.finds("bucket")
    assert (found.level, found.found) == ("skip", "the ledger is a file on this machine")
    nothing = clinic.finds("policy")
    assert (nothing.level, nothing.found) == ("FAIL", "no policy was pushed yet")
    assert "tidegate policy push" in nothing.do
    assert [clinic.finds(check).level for check in ("instances", "ladder", "messages", "alarm rules")] == ["skip"] * 4
    assert clinic.finds("tick").level == "FAIL"
    assert clinic.finds("tick").found == "there never was a tick"


def test_a_policy_file_that_is_not_in_force_is_named(clinic: Any, run: Callable[..., Any], tmp_path: Path) -> None:
    same = run("doctor", "--policy", str(DEMO / "policy.yml"), "--json")
    assert {one["check"]: one["level"] for one in same.json["checks"]}["policy"] == "ok"
    other = tmp_path / "policy.yaml"
    other.write_text((DEMO / "policy.yml").read_text().replace("mode: act", "mode: observe"))
    said = run("doctor", "--policy", str(other), "--json")
    [finding] = [one for one in said.json["checks"] if one["check"] == "policy"]
    assert (said.code, finding["level"]) == (0, "WARN")
    assert "; the file is " in finding["found"]
    assert finding["do"] == "put the file in force: `tidegate policy push --policy FILE`"


def test_an_instance_that_is_gone_is_named(clinic: Any) -> None:
    with clinic.kept(clinic.cloud.estate._drawer) as drawer:
        clinic.edit(lambda: drawer.pop(RABBIT))
        found = clinic.finds("instances")
    assert found.level == "FAIL"
    assert found.found == f"orders-mq: no {RABBIT} in cn-hangzhou of this account"
    assert found.do == "correct instance_id and region in the policy, or take the instance out of it"


def test_an_instance_that_is_not_well_is_a_warning(clinic: Any) -> None:
    with clinic.kept(clinic.cloud.estate._drawer) as drawer:
        entry = clinic.edit(lambda: drawer[RABBIT])
        clinic.edit(lambda: drawer.update({RABBIT: {**entry, "began": {**entry["began"], "status": "DEPLOYING"}}}))
        found = clinic.finds("instances")
        assert (found.level, found.found) == ("WARN", "orders-mq is DEPLOYING")
        clinic.edit(lambda: drawer.update({RABBIT: {**entry, "began": {**entry["began"], "status": "RELEASED"}}}))
        gone = clinic.finds("instances")
    assert (gone.level, gone.found, gone.do) == ("FAIL", "orders-mq is RELEASED", "take it out of the policy")


def test_an_instance_that_is_not_as_expected_is_a_warning(clinic: Any) -> None:
    def otherwise(written: dict[str, Any]) -> None:
        written["instances"]["orders-mq"]["expect"] = {"billing": "pay-as-you-go", "edition": "vip"}

    with clinic.policy(otherwise):
        found = clinic.finds("instances")
    assert found.level == "WARN"
    assert "orders-mq is subscription, expected pay-as-you-go" in found.found
    assert "orders-mq is enterprise, expected vip" in found.found


def test_an_instance_off_its_ladder_is_named_with_the_nearest_rung(clinic: Any) -> None:
    with clinic.kept(clinic.cloud.estate._drawer) as drawer:
        entry = clinic.edit(lambda: drawer[RABBIT])
        spec = {**entry["began"]["spec"], "MaxConnections": 4000}
        clinic.edit(lambda: drawer.update({RABBIT: {**entry, "began": {**entry["began"], "spec": spec}}}))
        found = clinic.finds("ladder")
    assert found.level == "WARN"
    assert found.found == "orders-mq is on no rung; nearest small: MaxConnections 4000 != 2000"
    assert found.do == "add its spec as a rung, or `tidegate adopt orders-mq`; it is held until then"


def test_a_higher_rung_that_costs_less_is_named(clinic: Any) -> None:
    def cheaper(written: dict[str, Any]) -> None:
        for rung, price in zip(written["instances"]["orders-mq"]["ladder"], (2.0, 3.0, 1.5), strict=True):
            rung["hourly_price"] = price

    with clinic.policy(cheaper):
        found = clinic.finds("ladder")
    assert (found.level, found.found) == ("WARN", "orders-mq: large costs less than medium")
    assert found.do.startswith("correct hourly_price, or the order of the rungs")


@pytest.fixture
def rules(clinic: Any, rule: Callable[..., Any]) -> Any:
    """Puts CloudMonitor's rule in another way; it is as before afterwards."""
    kept = clinic.cloud.rules
    yield lambda **over: clinic.edit(lambda: kept.put(rule(**over)))
    clinic.edit(lambda: kept.put(rule()))


def test_a_rule_that_is_not_there_is_a_warning_as_others_may_ring_by_that_name(clinic: Any, rules: Any) -> None:
    rules(name="renamed")
    found = clinic.finds("alarm rules")
    assert (found.level, found.found) == ("WARN", "CloudMonitor has no rule rabbit-tps-high (orders-mq)")
    assert found.do.startswith("make it as docs/alerts.md says")


def test_a_rule_that_rings_elsewhere_is_named(clinic: Any, rules: Any) -> None:
    rules(targets=[], webhook="https://chat.example/hook")
    found = clinic.finds("alarm rules")
    assert (found.level, found.found) == ("FAIL", "rule rabbit-tps-high does not ring here")
    assert found.do.startswith("give it the callback address of the deployment")


def test_a_rule_may_ring_by_other_ways_that_the_vendor_offers(clinic: Any, rules: Any) -> None:
    """A queue is read by EventBridge, which is not looked at; a function can be called directly (fact fc 2.4)."""
    rules(targets=["acs:mns:cn-hangzhou:1234567890123456:/queues/alerts/messages"])
    found = clinic.finds("alarm rules")
    assert (found.level, found.found) == (
        "WARN",
        "rule rabbit-tps-high rings at /queues/alerts/messages, not our topic",
    )
    assert found.do == "see that it leads to on-alert, through EventBridge"
    rules(targets=["acs:fc:cn-hangzhou:1234567890123456:services/tidegate/functions/tidegate-on-alert"])
    assert clinic.finds("alarm rules").level == "ok"


def test_a_rule_with_our_callback_is_well_and_one_with_an_old_token_is_not(clinic: Any, rules: Any) -> None:
    rules(targets=[], webhook=clinic.address["alert_url"])
    assert clinic.finds("alarm rules").level == "ok"
    address, _, token = clinic.address["alert_url"].rpartition("/")
    rules(targets=[], webhook=f"{address}/an-old-token")
    found = clinic.finds("alarm rules")
    assert (found.level, found.found) == ("FAIL", "rule rabbit-tps-high rings here with a token that is none")
    assert found.do == "copy the callback address of the deployment"
    rules(targets=[], webhook=f"https://alerts.example/hook/cms/{token}")
    proxied = clinic.finds("alarm rules")
    assert (proxied.level, proxied.found) == ("WARN", "rule rabbit-tps-high rings at alerts.example with our token")
    assert token not in f"{found}{proxied}"


def test_a_rule_that_is_off_or_watches_others_is_a_warning(clinic: Any, rules: Any) -> None:
    rules(enabled=False, instances=["amqp-cn-another"])
    found = clinic.finds("alarm rules")
    assert found.level == "WARN"
    assert found.found == "rule rabbit-tps-high is off; rule rabbit-tps-high does not watch orders-mq"
    assert "switch it on in CloudMonitor" in found.do
    assert f"add {RABBIT} to it in CloudMonitor" in found.do
    rules(instances=[])
    assert clinic.finds("alarm rules").level == "ok"


def test_a_rule_that_rang_and_that_the_policy_does_not_know_is_named(clinic: Any) -> None:
    form = {key: values[0] for key, values in parse_qs(CALLBACK.read_text().strip()).items()}
    at = clinic.edit(clinic.cloud.clock.now)
    rang = {**form, "alertName": "somebody-elses-rule", "timestamp": str(int(at.timestamp() * 1000))}
    kind = {"Content-Type": "application/x-www-form-urlencoded; charset=UTF-8"}
    assert requests.post(clinic.address["alert_url"], urlencode(rang), headers=kind, timeout=30).status_code == 200
    found = clinic.finds("unknown rules")
    assert (found.level, found.found) == ("WARN", "orders-mq was rung by somebody-elses-rule")
    assert found.do == "name the rule under `alerts`, or take us out of the rule's callbacks"

    def known(written: dict[str, Any]) -> None:
        written["instances"]["orders-mq"]["alerts"].append({"rule": "somebody-elses-rule", "raise": 1})

    with clinic.policy(known):
        assert clinic.finds("unknown rules").level == "ok"


def test_a_channel_that_is_not_set_up_is_named(clinic: Any) -> None:
    with clinic.variables("look", TIDEGATE_CHAT_URL=""):
        found = clinic.finds("messages")
    assert (found.level, found.found) == ("FAIL", "TIDEGATE_CHAT_URL is not set on tidegate-look")
    assert found.do == "deploy again with its address as a parameter"


def test_a_channel_of_a_name_that_no_function_knows_is_named(clinic: Any) -> None:
    def another(written: dict[str, Any]) -> None:
        written["notify"].append({"url_env": "TIDEGATE_NIGHT_URL", "on": ["failed"]})

    with clinic.policy(another):
        found = clinic.finds("messages")
    assert (found.level, found.found) == ("FAIL", "TIDEGATE_NIGHT_URL is set on no function")


def test_a_channel_that_takes_no_test_message_is_named_without_its_address(clinic: Any) -> None:
    everywhere = [f"function/tidegate-{short}" for short in ("look", "submit", "settle")]
    everywhere += [f"function/tidegate-on-{short}" for short in ("alert", "schedule", "request")]
    with clinic.functions() as registry:

        def break_all() -> None:
            for key in everywhere:
                entry = registry._drawer[key]
                variables = {
                    **entry["settings"]["environmentVariables"],
                    "TIDEGATE_CHAT_URL": "json://127.0.0.1:1/s3cret",
                }
                registry._drawer[key] = {**entry, "settings": {**entry["settings"], "environmentVariables": variables}}

        clinic.edit(break_all)
        assert clinic.finds("messages").level == "ok"
        found = clinic.finds("messages", send_test=True)
    assert (found.level, found.found) == ("FAIL", "TIDEGATE_CHAT_URL did not take a test message")
    assert found.do.startswith("correct its address")
    assert "s3cret" not in str(found)


def test_a_policy_that_tells_nobody_is_a_warning(clinic: Any) -> None:
    with clinic.policy(lambda written: written.pop("notify")):
        found = clinic.finds("messages")
    assert (found.level, found.do) == ("WARN", "add `notify` to the policy")


def test_the_policy_of_the_demo_is_what_these_tests_take_it_for() -> None:
    assert yaml.safe_load((DEMO / "policy.yml").read_text())["instances"]["orders-mq"]["instance_id"] == RABBIT
