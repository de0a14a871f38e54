"""Profiles, the file's defaults, and what is published."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from tidegate.domain.policy import InstancePolicy
from tidegate.policyfile import Policy, compile_policy, read_policy

Wrong = Callable[[str], list[str]]
Parse = Callable[[str], Policy]
EXAMPLE = Path(__file__).parents[2] / "examples" / "policy.yaml"


def test_maps_merge_and_lists_replace(parse: Parse) -> None:
    text = """\
        version: 1
        profiles:
          base: {product: apigateway, region: r, cooldown: {up: 1m, down: 2m}, alerts: [{rule: a, raise: 1}]}
          gate: {like: base, ladder: [x, y], cooldown: {down: 3m}}
        instances:
          edge: {like: gate, instance_id: i, cooldown: {up: 4m}, alerts: [{rule: b, raise: 1}]}
        """
    edge = parse(text).instances["edge"]
    assert (edge.cooldown.up, edge.cooldown.down) == (timedelta(minutes=4), timedelta(minutes=3))
    assert [rule.rule for rule in edge.alerts] == ["b"]


def test_the_files_defaults_are_under_every_instance(parse: Parse) -> None:
    text = """\
        version: 1
        timezone: Asia/Shanghai
        calendars: {workdays: {country: CN}}
        notify: [{url_env: CHAT}]
        profiles:
          quiet: {notify: []}
        instances:
          a: {product: apigateway, region: r, instance_id: i, ladder: [x]}
          b: {like: quiet, product: apigateway, region: r, instance_id: j, ladder: [x], timezone: UTC}
        """
    policy = parse(text).instances
    assert (policy["a"].timezone, policy["b"].timezone) == ("Asia/Shanghai", "UTC")
    assert policy["a"].calendars.workdays == policy["b"].calendars.workdays == {"country": "CN"}
    assert ([channel.url_env for channel in policy["a"].notify], policy["b"].notify) == (["CHAT"], [])


def test_a_like_that_leads_nowhere_is_told(wrong: Wrong) -> None:
    text = """\
        version: 1
        profiles: {gate: {product: apigateway}}
        instances:
          a: {like: gait, region: r, instance_id: i, ladder: [x], product: apigateway}
          b: {like: [gate], region: r, instance_id: j, ladder: [x], product: apigateway}
        """
    assert wrong(text) == [
        "4: instances.a.like: expected the name of a profile: there is no `gait`; did you mean `gate`?",
        "5: instances.b.like: expected the name of one profile",
    ]


def test_profiles_in_a_circle_are_told(wrong: Wrong) -> None:
    text = """\
        version: 1
        profiles:
          a: {like: b}
          b: {like: a}
        instances:
          i: {like: a, product: apigateway, region: r, instance_id: i, ladder: [x]}
        """
    assert wrong(text) == [
        "3: profiles.a.like: expected profiles that end somewhere: b -> a -> b",
        "4: profiles.b.like: expected profiles that end somewhere: a -> b -> a",
    ]


def test_a_mistake_in_a_profile_is_told_once_and_where_it_stands(wrong: Wrong) -> None:
    """However many instances are like it, and also where none is."""
    text = """\
        version: 1
        profiles:
          used: {product: apigateway, region: r, ladder: [x], cooldown: {up: 5x}}
          spare: {modes: act}
        instances:
          a: {like: used, instance_id: i}
          b: {like: used, instance_id: j}
        """
    assert wrong(text) == [
        "3: profiles.used.cooldown.up: expected a duration with its unit, such as 30m or 1h30m, found `5x`",
        "4: profiles.spare.modes: unknown key `modes`; did you mean `mode`?",
    ]


def test_a_profile_may_leave_out_what_its_instances_say(parse: Parse) -> None:
    text = """\
        version: 1
        profiles: {gate: {base: x}}
        instances:
          a: {like: gate, product: apigateway, region: r, instance_id: i, ladder: [x]}
        """
    assert parse(text).instances["a"].base == "x"


def test_what_is_published_reads_back_as_the_same_policy() -> None:
    policy = read_policy(EXAMPLE)
    documents, index = compile_policy(policy)
    published = json.loads(json.dumps(documents))
    assert {name: InstancePolicy.model_validate(document) for name, document in published.items()} == policy.instances
    assert set(json.loads(json.dumps(index))["instances"]) == set(documents) == {"orders-mq", "edge-gateway"}


def test_a_whole_day_survives_being_published(parse: Parse) -> None:
    text = """\
        version: 1
        instances:
          a:
            {product: apigateway, region: r, instance_id: i, ladder: [x],
             timetable: [{days: sat, from: "00:00", to: "24:00", rung: x}]}
        """
    policy = parse(text)
    documents, _ = compile_policy(policy)
    assert InstancePolicy.model_validate(documents["a"]) == policy.instances["a"]
