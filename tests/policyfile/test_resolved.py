"""Every value of an instance is shown with the place it comes from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tidegate.domain.policy import InstancePolicy
from tidegate.policyfile import Policy, compile_policy
from tidegate.policyfile.resolved import Resolved, in_force, resolved

Parse = Callable[[str], Policy]
Look = Callable[[str], tuple[Any, int, str]]
TEXT = """\
    version: 1
    timezone: Asia/Shanghai
    notify: [{url_env: CHAT}]
    profiles:
      gate:
        product: apigateway
        cooldown: {up: 1m, down: 2m}
        on_drift: {keep_for: 12h}
      gate.large:
        like: gate
        ladder: [api.s1.small, {rung: top, InstanceSpec: api.s2.large}]
        timetable:
          - {days: mon-fri, from: 08:30, to: "24:00", rung: top}
    instances:
      edge:
        like: gate.large
        region: cn-hangzhou
        instance_id: i
        cooldown: {down: 9m}
    """


@pytest.fixture
def rows(parse: Parse) -> list[Resolved]:
    """Every value of the one instance."""
    policy = parse(TEXT)
    return resolved(policy.instances["edge"], policy.sources["edge"], policy.profiles)


@pytest.fixture
def look(rows: list[Resolved]) -> Look:
    """Value, line and origin of a key."""

    def of(key: str) -> tuple[Any, int, str]:
        (found,) = [row for row in rows if row.key == key]
        assert found.file == ("shop/policy.yaml" if found.line else "")
        return found.value, found.line, found.origin

    return of


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("product", ("apigateway", 6, "profile gate")),
        ("cooldown.up", ("1m", 7, "profile gate")),
        ("cooldown.down", ("9m", 19, "instance")),
        ("on_drift.keep_for", ("12h", 8, "profile gate")),
        ("ladder[0]", ("api.s1.small", 11, "profile gate.large")),
        ("ladder[1].InstanceSpec", ("api.s2.large", 11, "profile gate.large")),
        ("ladder[1].hourly_price", (None, 0, "default")),
        ("timetable[0].days", ("mon-fri", 13, "profile gate.large")),
        ("timetable[0].to", ("24:00", 13, "profile gate.large")),
        ("timetable[0].gap", ("shift", 0, "default")),
        ("instance_id", ("i", 18, "instance")),
        ("timezone", ("Asia/Shanghai", 2, "file")),
        ("notify[0].url_env", ("CHAT", 3, "file")),
        ("notify[0].remind", ("4h", 0, "default")),
        ("min", ("api.s1.small", 0, "default")),
        ("max", ("top", 0, "default")),
        ("forget_after", ("1d1h", 0, "default")),
        ("fit.headroom", (0, 0, "default")),
        ("blackouts", ([], 0, "default")),
        ("mode", ("observe", 0, "default")),
    ],
)
def test_a_value_is_told_as_it_is_written_and_where(look: Look, key: str, expected: tuple[Any, int, str]) -> None:
    assert look(key) == expected


def test_every_key_of_the_policy_is_there(rows: list[Resolved]) -> None:
    shown = {row.key.partition(".")[0].partition("[")[0] for row in rows}
    assert shown == set(InstancePolicy.model_fields) - {"name"}


def test_a_published_policy_shows_the_same_values_without_places(parse: Parse, rows: list[Resolved]) -> None:
    documents, _ = compile_policy(parse(TEXT))
    published = in_force(InstancePolicy.model_validate(documents["edge"]))
    assert [row.key for row in published] == [row.key for row in rows]
    assert {(row.file, row.line, row.origin) for row in published} == {("", 0, "")}
    values = {row.key: row.value for row in published}
    assert (values["cooldown.down"], values["on_drift.keep_for"], values["ladder[0]"]) == ("9m", "12h", "api.s1.small")
    assert values["timetable[0].days"] == ["mon", "tue", "wed", "thu", "fri"]
