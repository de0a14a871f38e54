"""YAML as a policy uses it, and YAML that a policy has no use for."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tidegate.domain.policy import InstancePolicy
from tidegate.policyfile import BadPolicy, Policy, parse_policy

Wrong = Callable[[str], list[str]]
Edge = Callable[[str], InstancePolicy]
Parse = Callable[[str], Policy]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: [1, 2\nb: 3", "2: expected YAML: "),
        ("a: b: c", "1: expected YAML: mapping values are not allowed"),
        ("version: 1\n\tinstances: {}", "2: expected YAML: "),
        ("a: 1\n---\nb: 2", "2: expected YAML: but found another document"),
        ("a: *nobody", "1: expected YAML: found undefined alias"),
        ("a: 1\nb: 2\na: 3", "3: a: expected each key once; line 1 has `a` already"),
        ("a: !!python/object:os.system {}", "1: a: expected a value without the tag !!python/object:os.system"),
        ("a: !secret x", "1: a: expected a value without the tag !secret"),
        ("? [1, 2]\n: 3", "1: expected a word as the key"),
        ("a: &loop [*loop]", "1: a[0]: expected an end: this alias stands inside of what it refers to"),
        ("<<: 5", "1: expected a map, or a list of maps, to merge"),
    ],
)
def test_yaml_that_cannot_be_used_is_told_with_its_line(wrong: Wrong, text: str, told: str) -> None:
    assert wrong(text)[0].startswith(told)


def test_bytes_that_are_no_text_are_told_with_their_line() -> None:
    with pytest.raises(BadPolicy, match=r"p\.yaml:2: expected text in UTF-8"):
        parse_policy(b"version: 1\nx: \xff", "p.yaml")


def test_a_flood_of_aliases_is_refused() -> None:
    """Nine lines of ten aliases each would be a billion values."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    with pytest.raises(BadPolicy, match="expected a policy of ordinary size"):
        parse_policy("\n".join(lines).encode())


def test_a_word_that_older_yaml_takes_for_a_truth_is_a_word(edge: Edge) -> None:
    """`on` is a key of a channel, and NO is Norway."""
    policy = edge("ladder: [x]\ncalendars: {workdays: {country: NO}}\nnotify: [{url_env: CHAT, on: [held]}]")
    assert policy.calendars.workdays == {"country": "NO"}
    assert policy.notify[0].on == ["held"]


def test_a_time_needs_no_quotes(edge: Edge) -> None:
    (entry,) = edge("ladder: [x]\ntimetable: [{from: 08:30, to: 24:00, rung: x}]").timetable
    assert (entry.start.isoformat(), entry.end.isoformat()) == ("08:30:00", "00:00:00")


def test_anchors_and_merge_keys_are_plain_yaml(parse: Parse) -> None:
    text = """\
        version: 1
        instances:
          a: &a {product: apigateway, region: r, instance_id: i, ladder: &steps [x, y], mode: act}
          b: {<<: *a, instance_id: j, mode: observe}
          c: {product: apigateway, region: r, instance_id: k, ladder: *steps}
        """
    policy = parse(text)
    assert policy.instances["b"].mode == "observe"
    assert policy.instances["b"].region == "r"
    assert policy.instances["c"].ladder == policy.instances["a"].ladder


def test_an_error_inside_of_an_alias_is_told_where_it_is_written(wrong: Wrong) -> None:
    text = """\
        version: 1
        profiles:
          a: &a
            cooldown: {up: 5x}
        instances:
          b: {<<: *a, product: apigateway, region: r, instance_id: i, ladder: [x]}
        """
    expected = "expected a duration with its unit, such as 30m or 1h30m, found `5x`"
    assert wrong(text) == [
        f"4: instances.b.cooldown.up: {expected}",
        f"4: profiles.a.cooldown.up: {expected}",
    ]
