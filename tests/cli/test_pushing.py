"""What stands against a push: too many orders at once, an operation under way, somebody who was quicker."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.cli.conftest import POLICY
from tests.cli.shop import LEDGER
from tests.processes.place import until
from tidegate.app.wiring import shelf
from tidegate.cli.roots import read_file, surroundings
from tidegate.ledger.policies import Overtaken
from tidegate.operate.candidate import from_file
from tidegate.operate.push import enact, judge
from tidegate.settings import read_settings

if TYPE_CHECKING:
    from tests.cli.conftest import Office
    from tests.cli.shop import Shop
    from tests.said import Said

ROOT = Path(__file__).parents[2]
POLICIES = f"{LEDGER}/policy/*"
BOTH_UP: dict[str, Any] = {"edge": {"mode": "act", "base": "api.s1.medium"}, "base": "large"}


def written(office: Office, fleet: dict[str, int], edge: dict[str, object] | None = None, **orders: object) -> None:
    """Write a policy file, and push nothing."""
    policy = yaml.safe_load(POLICY)
    policy["instances"]["orders-mq"].update(orders)
    policy["instances"]["edge-gateway"].update(edge or {})
    office.file.write_text(yaml.safe_dump({**policy, "fleet": fleet}))


def pushed(office: Office, *options: str) -> Said:
    """Push the policy file."""
    return office.run("policy", "push", str(office.file), *options)


def in_force(office: Office) -> str:
    """The hash of the policy in force."""
    current = office.around.policies.current()
    assert current is not None
    return current.hash


def test_a_push_that_would_start_more_orders_than_the_fleet_may_have_at_once_must_be_accepted(office: Office) -> None:
    hashed = office.push()
    written(office, {"orders_at_once": 1}, **BOTH_UP)
    refused = pushed(office)
    assert (refused.code, refused.out) == (2, "")
    assert refused.err == (
        "tidegate: this would start 2 orders at once, and the fleet's limit is 1: "
        "edge-gateway up api.s1.small -> api.s1.medium, orders-mq up small -> large; `--accept 2` if that is meant\n"
    )
    assert pushed(office, "--accept", "1").code == 2
    assert in_force(office) == hashed
    assert pushed(office, "--accept", "2").code == 0
    assert in_force(office) != hashed


def test_orders_within_the_limit_need_no_word(office: Office) -> None:
    office.push()
    written(office, {"orders_at_once": 2}, **BOTH_UP)
    assert pushed(office).code == 0


def test_a_push_that_raises_the_limit_is_measured_by_the_limit_in_force(office: Office) -> None:
    """Otherwise whatever starts too much would only have to bring a larger limit along."""
    written(office, {"orders_at_once": 1})
    assert pushed(office).code == 0
    written(office, {"orders_at_once": 9}, **BOTH_UP)
    shown = office.run("policy", "diff", str(office.file), "--json").json
    assert (shown["to_accept"], shown["orders_at_once"]) == (2, 1)
    said = pushed(office)
    assert said.code == 2
    assert said.err.startswith("tidegate: this would start 2 orders at once, and the fleet's limit is 1: ")
    assert pushed(office, "--accept", "2").code == 0


def test_the_first_push_is_measured_by_its_own_limit(office: Office) -> None:
    """There is no other."""
    written(office, {"orders_at_once": 9}, **BOTH_UP)
    shown = office.run("policy", "diff", str(office.file), "--json").json
    assert (shown["orders_at_once"], shown["to_accept"]) == (9, 0)


def test_what_would_be_ordered_anyway_is_not_counted_against_a_push(office: Office) -> None:
    written(office, {"orders_at_once": 2}, **BOTH_UP)
    office.push()
    written(office, {"orders_at_once": 1}, **BOTH_UP, cooldown={"up": "7m"})
    assert pushed(office).code == 0


def test_orders_under_way_count_against_the_limit(office: Office) -> None:
    office.push()
    office.reconcile()
    office.rings()
    office.reconcile()
    written(office, {"orders_at_once": 1}, edge=BOTH_UP["edge"])
    said = pushed(office)
    assert said.err == (
        "tidegate: this would start 1 order at once beside 1 order under way, and the fleet's limit is 1: "
        "edge-gateway up api.s1.small -> api.s1.medium; `--accept 1` if that is meant\n"
    )


def test_an_instance_that_cannot_be_read_counts_as_an_order(office: Office) -> None:
    office.push()
    office.fault("GetInstance", "error-before", times=None, status=403, code="NoPermission")
    written(office, {"orders_at_once": 1}, **BOTH_UP)
    said = pushed(office)
    assert "edge-gateway up api.s1.small -> api.s1.medium, orders-mq perhaps (it could not be read)" in said.err


def test_a_push_that_only_observes_asks_the_vendor_nothing(office: Office) -> None:
    """Whoever must stop everything can, also while the vendor does not answer."""
    office.push()
    office.fault("*", "error-before", times=None, status=503, code="ServiceUnavailable")
    before = len(office.server.run(lambda: list(office.server.cloud.door.calls.listed(""))))
    written(office, {"orders_at_once": 1}, mode="observe")
    assert pushed(office).code == 0
    assert len(office.server.run(lambda: list(office.server.cloud.door.calls.listed("")))) == before


GONE = {
    "removed": lambda policy: policy["instances"].pop("orders-mq"),
    "in another region": lambda policy: policy["instances"]["orders-mq"].update(region="cn-beijing"),
    "another instance": lambda policy: policy["instances"]["orders-mq"].update(instance_id="amqp-cn-demo0002"),
}


@pytest.mark.parametrize("how", GONE)
def test_an_instance_with_an_open_operation_stays_in_the_policy(office: Office, how: str) -> None:
    hashed = office.push()
    office.reconcile()
    office.rings()
    office.reconcile()
    policy = yaml.safe_load(POLICY)
    GONE[how](policy)
    office.file.write_text(yaml.safe_dump(policy))
    said = pushed(office, "--accept", "9")
    assert (said.code, in_force(office)) == (2, hashed)
    assert said.err == (
        "tidegate: not while an operation is open: the policy would lose orders-mq, "
        "whose operation 1 is planned; push again once it is settled\n"
    )
    office.carry()
    assert pushed(office, "--accept", "9").code == 0


@pytest.mark.parametrize("what", ["_index", "orders-mq"])
@pytest.mark.parametrize("garbage", [b"", b"not a policy"])
def test_a_policy_of_which_a_part_is_damaged_is_put_right_by_pushing_it_again(
    office: Office, what: str, garbage: bytes
) -> None:
    """What is damaged must be moved away first, for nothing is ever written over."""
    hashed = office.push()
    place, key = shelf(read_settings()), f"policy/{hashed}/{what}.json"
    place.delete(key)
    if garbage:
        place.create(key, garbage)
        assert pushed(office, "--accept", "9").code == 1
        place.delete(key)
    assert pushed(office, "--accept", "9").code == 0
    assert office.run("status").code == 0
    assert office.reconcile().decision.code == "as-wanted"


def test_another_policy_can_be_pushed_where_the_one_in_force_is_damaged_but_loses_no_open_operation(
    office: Office,
) -> None:
    hashed = office.push()
    office.reconcile()
    office.rings()
    office.reconcile()
    shelf(read_settings()).delete(f"policy/{hashed}/_index.json")
    whole = yaml.safe_load(POLICY)
    office.file.write_text(yaml.safe_dump({**whole, "instances": {"edge-gateway": whole["instances"]["edge-gateway"]}}))
    said = pushed(office, "--accept", "9")
    assert said.code == 2
    assert "whose operation 1 is planned" in said.err
    whole["instances"]["orders-mq"]["release_after"] = "45m"
    office.file.write_text(yaml.safe_dump(whole))
    assert pushed(office, "--accept", "9").code == 0
    assert in_force(office) != hashed


def test_an_instance_with_an_open_operation_may_be_called_otherwise(office: Office) -> None:
    office.push()
    office.reconcile()
    office.rings()
    office.reconcile()
    office.file.write_text(POLICY.replace("orders-mq:", "bookings-mq:"))
    assert pushed(office).code == 0
    renamed = office.reconcile("bookings-mq").state.operation
    assert (renamed.number if renamed else 0) == 1


@pytest.mark.once
def test_of_two_people_who_push_at_once_the_slower_one_is_told(office: Office) -> None:
    """While one push waits for the vendor, another one, which reads nothing, is through."""
    office.push()
    office.fault("GetInstance", "hang", seconds=1)
    written(office, {"orders_at_once": 4}, base="large")
    words = [sys.executable, "-m", "tidegate.cli", "policy", "push", str(office.file)]
    slow = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    faults = office.server.cloud.faults
    until("the slow push reads", lambda: office.server.run(lambda: faults.listed()[0]["struck"]), 60)
    quick = office.folder / "quick.yaml"
    quick.write_text(POLICY.replace("mode: act", "mode: observe"))
    assert office.run("policy", "push", str(quick), "--as", "wang").code == 0
    theirs = in_force(office)
    out, err = slow.communicate(timeout=60)
    assert (slow.returncode, out, in_force(office)) == (1, "", theirs)
    assert err.startswith(f"tidegate: another policy came into force meanwhile ({theirs} by wang (")
    assert err.endswith("), and this one did not: diff and push again\n")


def test_a_policy_is_put_in_force_only_in_place_of_the_one_it_was_judged_by(office: Office) -> None:
    office.push()
    written(office, {"orders_at_once": 4})
    mine = judge(surroundings(), from_file(read_file(office.file)))
    written(office, {"orders_at_once": 5})
    assert pushed(office, "--as", "wang").code == 0
    theirs = in_force(office)
    with pytest.raises(Overtaken, match=f"policy {theirs} by wang"):
        enact(surroundings(), mine, "li")
    assert in_force(office) == theirs


def test_a_push_can_be_bound_to_the_policy_that_was_looked_at(office: Office) -> None:
    hashed = office.push()
    written(office, {"orders_at_once": 4})
    stale = pushed(office, "--base", "000000000000")
    assert (stale.code, in_force(office)) == (2, hashed)
    assert f"the policy in force is not 000000000000 but {hashed} by " in stale.err
    assert pushed(office, "--base", hashed).code == 0


def bucket_holds(shop: Shop) -> str:
    """The hash of the policy in force, read anew."""
    current = shop.around.policies.current()
    assert current is not None
    return current.hash


@pytest.mark.once
def test_a_bucket_that_refuses_half_way_leaves_the_last_good_policy_in_force(shop: Shop) -> None:
    """Two documents, the index and the pointer: whichever is refused, nothing changes, and a repeat completes it."""
    good = bucket_holds(shop)
    shop.file.write_text(shop.file.read_text() + "fleet: {orders_at_once: 7}\n")
    for nth in range(1, 5):
        shop.plan(call="oss.PutObject", do="error-before", instance=POLICIES, nth=nth, status=403, code="AccessDenied")
        said = shop.run("policy", "push", str(shop.file))
        assert (said.code, bucket_holds(shop)) == (1, good), nth
        assert "403 AccessDenied" in said.err
        shop.forget_faults()
    assert shop.run("policy", "push", str(shop.file)).code == 0
    assert bucket_holds(shop) != good


@pytest.mark.once
def test_a_lost_reply_of_the_pointer_is_no_lost_push(shop: Shop) -> None:
    good = bucket_holds(shop)
    shop.file.write_text(shop.file.read_text() + "fleet: {orders_at_once: 7}\n")
    shop.plan(call="oss.PutObject", do="lost-reply", instance=POLICIES.replace("*", "current/*"))
    assert shop.run("policy", "push", str(shop.file)).code == 0
    assert bucket_holds(shop) != good
    assert len(list(shop.around.policies.history())) == 2


@pytest.fixture
def mistyped(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> str:
    """The account's number with a slip, while an order is under way and a policy is at hand that drops its instance."""
    assert shop.run("resize", "orders-mq", "--to", "large", "--for", "2h").code == 0
    policy = yaml.safe_load(POLICY)
    del policy["instances"]["orders-mq"]
    shop.file.write_text(yaml.safe_dump(policy))
    stated = str(int(shop.server.cloud.world.account_id) + 1)
    monkeypatch.setenv("TIDEGATE_ACCOUNT", stated)
    return stated


def test_a_push_for_another_account_than_the_keys_is_refused(shop: Shop, mistyped: str) -> None:
    """Policies are not kept by account as ledgers are: by an empty one nothing would stand against it."""
    before, account = bucket_holds(shop), shop.server.cloud.world.account_id
    for words in (("push", str(shop.file)), ("rollback", before)):
        said = shop.run("policy", *words, "--accept", "9")
        assert (said.code, said.out, bucket_holds(shop)) == (2, "", before)
        assert said.err == (
            f"tidegate: the key is of account {account}, TIDEGATE_ACCOUNT says {mistyped}, and the ledger is kept by "
            "account: correct TIDEGATE_ACCOUNT, or use a key of that account\n"
        )


@pytest.mark.parametrize("words", [("status",), ("plan",), ("history", "orders-mq")])
def test_a_ledger_that_seems_empty_by_another_account_s_number_is_not_told_as_the_truth(
    shop: Shop, mistyped: str, words: tuple[str, ...]
) -> None:
    said = shop.run(*words)
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith(f"tidegate: the key is of account {shop.server.cloud.world.account_id}, ")
    assert mistyped in said.err


@pytest.mark.parametrize("fault", [{"status": 403, "code": "NoPermission"}, {"answer": {"AccountId": None}}])
def test_where_nobody_can_tell_whose_the_key_is_a_push_says_so_and_goes_on(shop: Shop, fault: dict[str, Any]) -> None:
    do = "odd-answer" if "answer" in fault else "error-before"
    shop.plan(call="GetCallerIdentity", do=do, times=None, **fault)
    shop.file.write_text(shop.file.read_text() + "fleet: {orders_at_once: 7}\n")
    said = shop.run("policy", "push", str(shop.file))
    account = shop.server.cloud.world.account_id
    assert said.code == 0
    assert said.err.startswith(f"tidegate: warning: whether the key is of account {account} cannot be told: ")
    assert said.err.count("\n") == 1


def test_a_ledger_in_a_file_needs_no_key_to_tell_whose_it_is(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIDEGATE_ACCOUNT", "1")
    said = pushed(office)
    assert (said.code, said.err) == (0, "")


def test_who_pushes_needs_no_more_permissions_to_be_asked_whose_the_key_is(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With what `tidegate permissions` prints for whoever pushes, and nothing else."""
    role = shop.run("permissions", "--policy", str(shop.file), "--json").json["people"]["push"]["document"]
    identity = shop.server.cloud.identity
    keys = shop.server.run(lambda: identity.issue(identity.create_role("pusher", [role]), "li"))
    monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_ID", keys.access_key_id)
    monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", keys.access_key_secret)
    monkeypatch.setenv("ALIBABA_CLOUD_SECURITY_TOKEN", keys.security_token)
    shop.file.write_text(shop.file.read_text() + "fleet: {orders_at_once: 7}\n")
    said = shop.run("policy", "push", str(shop.file))
    assert (said.code, said.err) == (0, "")


def test_a_push_and_a_rollback_say_what_they_start_as_a_diff_does(office: Office) -> None:
    first = office.push()
    written(office, {}, **BOTH_UP)
    diff = office.run("policy", "diff", str(office.file)).out.splitlines()
    orders = [line for line in diff if line.startswith("> ORDER ")]
    assert len(orders) == 2
    starts = [*orders, "this starts 2 orders now"]
    assert pushed(office).out.splitlines()[-3:] == starts
    office.run("policy", "rollback", first)
    said = office.run("policy", "rollback")
    assert said.out.splitlines()[-3:] == starts
    assert "order" not in pushed(office).out.splitlines()[-1].replace("orders-mq", "")


def test_the_json_of_a_push_and_of_a_rollback_has_what_they_start(office: Office) -> None:
    first = office.push()
    written(office, {}, **BOTH_UP)
    diff = office.run("policy", "diff", str(office.file), "--json").json
    put = pushed(office, "--json").json
    office.run("policy", "rollback", first)
    back = office.run("policy", "rollback", "--json").json
    for said in (put, back):
        assert said["orders"] == diff["orders"] == 2
        starts = [(one["instance"], one["starts"]) for one in said["decisions"]]
        assert starts == [("edge-gateway", True), ("orders-mq", True)]
    assert set(put) == {"policy", "changed", "instances", "warnings", "orders", "decisions"}
