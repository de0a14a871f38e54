"""Checking a policy file, putting it in force, and showing what is."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from localcloud.clock import Clock
from tidegate.domain.policy import InstancePolicy

if TYPE_CHECKING:
    from tests.cli.conftest import Office

EXAMPLE = Path(__file__).parents[2] / "examples" / "policy.yaml"


@pytest.fixture
def clock() -> Clock:
    """A day of a year whose holidays are known; nothing here asks the vendor."""
    return Clock(datetime(2026, 3, 2, 12, tzinfo=timezone.utc), speed=0)


def test_a_good_file_is_called_good(office: Office) -> None:
    said = office.run("validate", "--policy", str(EXAMPLE))
    assert (said.code, said.err) == (0, "")
    assert said.out.startswith(f"{EXAMPLE}: good; 2 instances, 2 in mode act; policy ")
    as_json = office.run("validate", "--policy", str(EXAMPLE), "--json").json
    assert (as_json["valid"], as_json["problems"], as_json["warnings"]) == (True, [], [])
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
        "advice": "",
    }


def with_a_warning(office: Office) -> str:
    """Put something into the policy that is hardly meant, and give the warning's place."""
    entry = "    timetable: [{days: 2026-01-01, from: 08:00, to: 09:00, rung: large}]\n"
    text = office.file.read_text()
    office.file.write_text(text.replace("    subscription_down", f"{entry}    subscription_down"))
    line = office.file.read_text().splitlines().index(entry.rstrip()) + 1
    return f"{office.file}:{line}: warning: instances.orders-mq.timetable[0].days: never acts: "


def test_a_warning_is_told_and_the_file_is_good_all_the_same(office: Office) -> None:
    place = with_a_warning(office)
    said = office.run("validate", "--policy", str(office.file))
    assert (said.code, said.err) == (0, "")
    warning, summary = said.out.splitlines()
    assert warning.startswith(place)
    assert warning.endswith("; correct the days and their validity, or remove it")
    assert summary.startswith(f"{office.file}: good; 2 instances, 1 in mode act; policy ")
    assert summary.endswith("; 1 warning")


def test_a_warning_is_a_mistake_to_the_strict(office: Office) -> None:
    place = with_a_warning(office)
    said = office.run("validate", "--strict", "--policy", str(office.file))
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith(f"tidegate: {place}")
    as_json = office.run("validate", "--strict", "--policy", str(office.file), "--json")
    assert (as_json.code, as_json.json["valid"]) == (2, True)
    (row,) = as_json.json["warnings"]
    assert (row["path"], row["advice"]) == (
        "instances.orders-mq.timetable[0].days",
        "correct the days and their validity, or remove it",
    )


def test_a_push_tells_the_warnings_and_pushes(office: Office) -> None:
    place = with_a_warning(office)
    said = office.run("policy", "push", "--policy", str(office.file))
    assert (said.code, said.out.startswith(place)) == (0, True)
    again = office.run("policy", "push", "--policy", str(office.file), "--json").json
    assert (again["changed"], len(again["warnings"])) == (False, 1)


def test_every_command_takes_a_folder_of_files_for_a_policy(office: Office) -> None:
    folder = office.folder / "policies"
    folder.mkdir()
    head, _, gateway = office.file.read_text().partition("  edge-gateway:")
    (folder / "10-shop.yaml").write_text(head)
    (folder / "20-edge.yaml").write_text(f"version: 1\ninstances:\n  edge-gateway:{gateway}")
    single = office.run("validate", "--policy", str(office.file), "--json").json
    assert office.run("validate", "--policy", str(folder), "--json").json == single
    assert office.run("policy", "push", "--policy", str(folder), "--json").json["policy"] == single["policy"]
    shown = office.run("status", "--policy", str(folder), "--json").json
    assert {row["instance"] for row in shown["instances"]} == {"edge-gateway", "orders-mq"}


def test_the_limits_of_the_fleet_are_in_the_index(office: Office) -> None:
    office.file.write_text(office.file.read_text() + "fleet: {orders_at_once: 7}\n")
    hashed = office.push()
    assert office.around.policies.index(hashed)["fleet"] == {"orders_at_once": 7, "orders_per_hour": 12}


def test_every_value_is_shown_with_the_file_and_line_it_comes_from(office: Office) -> None:
    said = office.run("policy", "show", "orders-mq", "--resolved", "--policy", str(office.file))
    lines = said.out.splitlines()
    assert lines[0].startswith("# orders-mq, policy ")
    row = next(line for line in lines if line.startswith("ladder[1].MaxPrivateTps:"))
    assert row.split() == ["ladder[1].MaxPrivateTps:", "8000", "#", f"{office.file}:12", "(instance)"]
    default = next(line for line in lines if line.startswith("cooldown.down:"))
    assert default.split() == ["cooldown.down:", "55m", "#", "default"]
    assert len({line.index("  # ") for line in lines if "  # " in line}) == 1
    rows = office.run("policy", "show", "orders-mq", "--resolved", "--policy", str(office.file), "--json").json
    assert (rows["instance"], len(rows["values"])) == ("orders-mq", len(lines) - 1)
    assert {"key": "timezone", "value": "Asia/Shanghai", "file": str(office.file), "line": 3, "from": "file"} in rows[
        "values"
    ]


def test_of_a_policy_in_force_every_value_is_shown_without_lines(office: Office) -> None:
    hashed = office.push()
    said = office.run("policy", "show", "orders-mq", "--resolved")
    lines = said.out.splitlines()
    assert (lines[0], lines[-1]) == (
        f"# orders-mq, policy {hashed}",
        "# files and lines are known only with --policy",
    )
    assert "cooldown.down: 55m" in [" ".join(line.split()) for line in lines]


def test_a_file_that_is_not_in_force_can_be_shown_too(office: Office) -> None:
    shown = office.run("policy", "show", "edge-gateway", "--policy", str(office.file), "--json").json
    assert InstancePolicy.model_validate(shown["document"]).product == "apigateway"
    missing = office.run("policy", "show", "nobody", "--policy", str(office.file))
    assert (missing.code, missing.err) == (
        2,
        "tidegate: the policy has no instance `nobody`; it has edge-gateway, orders-mq\n",
    )


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
