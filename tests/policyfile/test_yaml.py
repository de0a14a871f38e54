"""YAML as a policy uses it, and YAML that a policy has no use for."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from tests.sampling import draws
from tidegate.domain.alertrule import AlertRule
from tidegate.domain.policy import InstancePolicy
from tidegate.domain.when import TimetableEntry
from tidegate.policyfile import KEYS, BadPolicy, Policy, Problem, parse_policy
from tidegate.policyfile.resolved import resolved
from tidegate.policyfile.warnings import warnings_of
from tidegate.policyfile.written import fields_of

FILE = "policy.yaml"

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


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? "])
def test_what_goes_too_deep_is_refused_before_it_is_read(opening: str) -> None:
    """The quicker loader would fall over without a word, and take the process with it."""
    with pytest.raises(BadPolicy, match="expected lists and maps at most 50 deep"):
        parse_policy(opening.encode() * 200_000)


def test_aliases_that_go_too_deep_are_refused() -> None:
    lines = ["a0: &a0 [x]", *(f"a{n}: &a{n} [*a{n - 1}]" for n in range(1, 400))]
    with pytest.raises(BadPolicy, match="expected lists and maps at most 50 deep"):
        parse_policy("\n".join(lines).encode())


def test_a_flood_of_values_is_refused_before_it_is_kept() -> None:
    with pytest.raises(BadPolicy, match="at most 100000 values a file"):
        parse_policy(b"a: [" + b"x," * 1_000_000 + b"]")


def test_a_large_profile_times_many_instances_is_refused() -> None:
    days = ", ".join(["mon"] * 30_000)
    profile = f"big: {{timetable: [{{days: [{days}], from: 08:00, to: 09:00, rung: x}}]}}"
    instances = "".join(f"  i{n}: {{like: big}}\n" for n in range(70))
    with pytest.raises(BadPolicy, match="its instances have over 2,000,000 values"):
        parse_policy(f"version: 1\nprofiles: {{{profile}}}\ninstances:\n{instances}".encode())


def test_a_long_row_of_profiles_is_told(wrong: Wrong) -> None:
    rows = "".join(f"  p{n}: {{like: p{n + 1}}}\n" for n in range(2_000))
    told = wrong(f"version: 1\nprofiles:\n{rows}  p2000: {{}}\ninstances:\n  a: {{like: p0}}\n")
    assert any("expected at most 20 profiles that are like each other in a row" in line for line in told)


def test_a_figure_of_ten_thousand_digits_is_no_figure(edge_wrong: Wrong) -> None:
    (told,) = edge_wrong(f"ladder: [x]\nalerts: [{{rule: a, raise: {'9' * 10_000}}}]")
    assert told == f"8: instances.edge.alerts[0].raise: expected a whole number, found `{'9' * 60}`"


def test_what_would_move_the_cursor_of_a_terminal_is_told_as_text(wrong: Wrong) -> None:
    told = wrong('version: 1\n"a\\e[2J\\nb": 1\ninstances: {}')
    assert "2: a\\x1b[2J\\nb: unknown key `a\\x1b[2J\\nb`; there is" in told[0]


WORDS = st.sampled_from(
    [*KEYS, *fields_of(InstancePolicy), *fields_of(AlertRule), *fields_of(TimetableEntry), "like", "p", "i", "", "up"]
)
VALUES = st.one_of(
    *(WORDS, st.none(), st.booleans(), st.integers(-3, 10**9), st.floats(allow_nan=False), st.text(max_size=8)),
    st.sampled_from(["30m", "08:30", "2026-11-11", "api.s1.small", "rabbitmq", "apigateway", "mon-fri", "CN", "x.ics"]),
)
ANYTHING = st.recursive(VALUES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=5))


@draws(60, suppress_health_check=[HealthCheck.too_slow])
@given(profile=st.dictionaries(WORDS, ANYTHING, max_size=6), instance=st.dictionaries(WORDS, ANYTHING, max_size=6))
def test_whatever_a_file_says_it_is_a_policy_or_told_what_is_wrong(
    profile: dict[str, Any], instance: dict[str, Any]
) -> None:
    good = {"product": "apigateway", "region": "r", "instance_id": "i", "ladder": ["api.s1.small", "api.s1.medium"]}
    written = {"version": 1, "profiles": {"p": profile}, "instances": {"i": {"like": "p", **good, **instance}}}
    assert all(problem.file == FILE and problem.line >= 1 for problem in problems_of(written))


def problems_of(written: object) -> tuple[Problem, ...]:
    """What is wrong with it, or hardly meant. JSON is YAML."""
    try:
        policy = parse_policy(json.dumps(written).encode(), FILE)
    except BadPolicy as bad:
        return bad.problems
    assert resolved(policy.instances["i"], policy.sources["i"], policy.profiles)
    return tuple(warnings_of(policy, date(2026, 3, 2)))


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
