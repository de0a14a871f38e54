"""Checking a policy file, putting it in force, and showing what is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tidegate.domain.policy import InstancePolicy

if TYPE_CHECKING:
    from tests.cli.conftest import Office

EXAMPLE = Path(__file__).parents[2] / "examples" / "policy.yaml"


def test_a_good_file_is_called_good(office: Office) -> None:
    said = office.run("validate", "--policy", str(EXAMPLE))
    assert (said.code, said.err) == (0, "")
    assert said.out.startswith(f"{EXAMPLE}: good; 2 instances, 2 in mode act; policy ")
    as_json = office.run("validate", "--policy", str(EXAMPLE), "--json").json
    assert (as_json["valid"], as_json["problems"]) == (True, [])
    assert as_json["instances"] == ["edge-gateway", "orders-mq"]


def test_a_bad_file_is_a_mistake_with_a_line_for_each_problem(office: Office) -> None:
    office.file.write_text("version: 1\ninstances:\n  a: {mode: acting, ladders: []}\n")
    said = office.run("validate", "--policy", str(office.file))
    assert (said.code, said.out) == (2, "")
    first = f"tidegate: {office.file}:3: instances.a.instance_id: expected the key `instance_id`, which is missing"
    assert said.err.splitlines()[0] == first
    assert len(said.err.splitlines()) == 6
    as_json = office.run("validate", "--policy", str(office.file), "--json")
    assert (as_json.code, as_json.err) == (2, "")
    assert as_json.json["problems"][0] == {
        "file": str(office.file),
        "line": 3,
        "path": "instances.a.instance_id",
        "expected": "expected the key `instance_id`, which is missing",
    }


def test_a_file_that_is_not_there_is_a_mistake(office: Office) -> None:
    said = office.run("validate", "--policy", "nowhere.yaml")
    assert (said.code, said.out, said.err) == (2, "", "tidegate: nowhere.yaml: No such file or directory\n")


def test_a_push_puts_a_file_in_force_and_says_so_once(office: Office) -> None:
    first = office.run("policy", "push", "--policy", str(office.file), "--as", "li", "--json").json
    again = office.run("policy", "push", "--policy", str(office.file))
    current = office.around.policies.current()
    assert current is not None
    assert (first["changed"], first["policy"]) == (True, current.hash)
    assert current.by.startswith("li (")
    assert "was in force already" in again.out


def test_a_bad_push_leaves_the_last_good_policy_in_force(office: Office) -> None:
    hashed = office.push()
    office.file.write_text("version: 1\ninstances: {}\n")
    said = office.run("policy", "push", "--policy", str(office.file))
    assert said.code == 2
    assert office.run("status", "--json").json["policy"] == hashed


def test_what_is_in_force_is_shown_with_everything_merged_in(office: Office) -> None:
    office.push()
    shown = office.run("policy", "show", "orders-mq", "--json").json
    policy = InstancePolicy.model_validate(shown["document"])
    assert (policy.name, policy.timezone, policy.mode) == ("orders-mq", "Asia/Shanghai", "act")
    assert "instance_id: amqp-cn-demo0001\n" in office.run("policy", "show", "orders-mq").out
    missing = office.run("policy", "show", "nobody")
    assert (missing.code, missing.err) == (
        2,
        "tidegate: the policy has no instance `nobody`; it has edge-gateway, orders-mq\n",
    )
