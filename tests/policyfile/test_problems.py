"""Whatever is wrong with a policy file is told with its line, its path, and what was expected."""

from __future__ import annotations

from collections.abc import Callable

import pytest

Wrong = Callable[[str], list[str]]
LADDER = "ladder: [api.s1.small, api.s1.medium]\n"


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("mode: acting", "8: instances.edge.mode: expected 'observe' or 'act', found `acting`"),
        ("cooldwn: {up: 5m}", "8: instances.edge.cooldwn: unknown key `cooldwn`; did you mean `cooldown`?"),
        ("cooldown: {upp: 5m}", "8: instances.edge.cooldown.upp: unknown key `upp`; did you mean `up`?"),
        (
            "cooldown:\n  up: 5x",
            "9: instances.edge.cooldown.up: expected a duration with its unit, such as 30m or 1h30m, found `5x`",
        ),
        ("cooldown: 5m", "8: instances.edge.cooldown: expected a map of keys and values, found `5m`"),
        ("auto_pay: perhaps", "8: instances.edge.auto_pay: expected true or false, found `perhaps`"),
        ('base: ""', "8: instances.edge.base: there is no rung ``; the ladder has api.s1.small, api.s1.medium"),
        (
            'alerts: [{rule: x, at_least: ""}]',
            "8: instances.edge.alerts[0].at_least: there is no rung ``; the ladder has api.s1.small, api.s1.medium",
        ),
        ("base: huge", "8: instances.edge.base: there is no rung `huge`; the ladder has api.s1.small, api.s1.medium"),
        (
            "min: api.s1.medium\nmax: api.s1.small",
            "8: instances.edge.min: `api.s1.medium` is above max: `api.s1.small`",
        ),
        (
            "timezone: Mars/Olympus",
            "8: instances.edge.timezone: `Mars/Olympus` is no time zone of the IANA database, such as Asia/Shanghai",
        ),
        (
            "calendars: {workdays: {country: ZZ}}",
            "8: instances.edge.calendars.workdays.country: expected a country whose holidays are known, found `ZZ`",
        ),
        (
            "calendars: {workdays: {land: CN}}",
            "8: instances.edge.calendars.workdays.land: unknown key `land`; there is country",
        ),
        (
            "expect: {billing: prepaid}",
            "8: instances.edge.expect.billing: expected 'subscription' or 'pay-as-you-go', ",
        ),
        ("alerts: [{rule: x}]", "8: instances.edge.alerts[0]: say what the rule demands, with either `raise: 1` or "),
        ("alerts: [{raise: 1}]", "8: instances.edge.alerts[0]: name the alert rule once, by `rule` (its name) or by "),
        ("alerts: [{rule: x, raise: one}]", "8: instances.edge.alerts[0].raise: expected a whole number, found `one`"),
        ("alerts: {rule: x}", "8: instances.edge.alerts: expected a list, found a map"),
        (
            "alerts: [{rule: x, at_least: huge}]",
            "8: instances.edge.alerts[0].at_least: there is no rung `huge`; the ladder has api.s1.small, api.s1.medium",
        ),
        (
            "alerts:\n  - {rule: x, raise: 1}\n  - {rule: x, raise: 2}",
            "10: instances.edge.alerts[1]: alert rule `x` is there already",
        ),
        (
            "notify: [{url_env: https://chat}]",
            "8: instances.edge.notify[0].url_env: expected the name of an environment variable, such as TIDEGATE_CHAT_",
        ),
        ("instance: x", "8: instances.edge.instance: unknown key `instance`; did you mean `instance_id`?"),
        ("name: x", "8: instances.edge.name: unknown key `name`; an instance's name is the key it stands under"),
    ],
)
def test_a_wrong_value_is_told_where_it_stands(edge_wrong: Wrong, body: str, told: str) -> None:
    (found,) = edge_wrong(LADDER + body)
    assert found.startswith(told)


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ('{from: 8:30, to: "20:00", rung: R}', '.from: expected a local wall-clock time such as "08:30", found `8:30`'),
        ('{from: 830, to: "20:00", rung: R}', '.from: expected a local wall-clock time such as "08:30", found `830`'),
        ('{from: "08:30Z", to: "20:00", rung: R}', ".from: expected a local wall-clock time"),
        ('{from: "08:30", to: "08:30", rung: R}', ": `from` and `to` are the same time; for a whole day write"),
        ('{from: "08:30", rung: R}', ".to: expected the key `to`, which is missing"),
        ('{from: "08:30", to: "20:00", rung: R, days: funday}', ".days: `funday` is not a day: write daily, workdays,"),
        ('{from: "08:30", to: "20:00", rung: R, days: []}', ".days: expected at least one day, such as daily"),
        ('{from: "08:30", to: "20:00", rung: R, days: 5}', ".days: expected text or a list, found `5`"),
        ('{from: "08:30", to: "20:00", rung: huge}', ".rung: there is no rung `huge`"),
        ('{from: "08:30", to: "20:00", rung: R, ready_by: soon}', ".ready_by: expected true or false, found `soon`"),
        ('{from: "08:30", to: "20:00", rung: R, gap: jump}', ".gap: expected 'shift' or 'skip', found `jump`"),
        (
            '{from: "08:30", to: "20:00", rung: R, valid_from: tomorrow}',
            ".valid_from: expected a date such as 2026-11-11, found `tomorrow`",
        ),
        (
            '{from: "08:30", to: "20:00", rung: R, valid_from: 2026-02-01, valid_until: 2026-01-01}',
            ": `valid_until` 2026-01-01 is before `valid_from` 2026-02-01",
        ),
    ],
)
def test_a_wrong_timetable_entry_is_told_where_it_stands(edge_wrong: Wrong, entry: str, told: str) -> None:
    (found,) = edge_wrong(f"{LADDER}timetable:\n  - {entry.replace('R', 'api.s1.small')}")
    assert found.startswith(f"9: instances.edge.timetable[0]{told}")


def test_a_summary_is_a_message_of_a_channel_and_no_key_of_an_instance(edge_wrong: Wrong) -> None:
    (found,) = edge_wrong(f"{LADDER}notify: [{{url_env: X, on: [summary, sumary]}}]")
    assert found.startswith("8: instances.edge.notify[0].on[1]: expected ")
    (found,) = edge_wrong(f"{LADDER}summary: daily")
    assert found.startswith("8: instances.edge.summary: unknown key `summary`")


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("timetable: [{start: 08:30, from: 08:30, to: 20:00, rung: api.s1.small}]", "timetable[0].start: unknown key"),
        ("alerts: [{rule: x, steps: 1, raise: 1}]", "alerts[0].steps: unknown key `steps`"),
        ("freezes: [{ics: a.ics, events: []}]", "freezes[0].events: unknown key `events`"),
        ("on_drift: {action: hold}", "on_drift.action: unknown key `action`; there is keep_for"),
    ],
)
def test_names_that_only_code_and_compiled_documents_have_are_unknown(edge_wrong: Wrong, body: str, told: str) -> None:
    assert edge_wrong(LADDER + body)[0].startswith(f"8: instances.edge.{told}")


def test_a_rung_as_it_is_compiled_is_no_rung_of_a_file(edge_wrong: Wrong) -> None:
    told = edge_wrong("ladder: [{rung: a, spec: {InstanceSpec: api.s1.small}}]")
    assert "7: instances.edge.ladder[0].spec: unknown key `spec`; there is hourly_price, rung" in told


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("budget: {ups_per_day: 49}", "budget.ups_per_day: expected a number at most 48, found `49`"),
        ("budget: {downs_per_day: -1}", "budget.downs_per_day: expected a number at least 0, found `-1`"),
        ("cost: {soft: cheap}", "cost.soft: expected a number, found `cheap`"),
        ("cost: {soft: 0}", "cost.soft: expected a number above 0, found `0`"),
        ("approval: {when: sideways}", "approval.when: expected 'up' or 'down', found `sideways`"),
        ("fit: {peak_over: 1m}", "fit.peak_over: expected a duration of 5m to 24h, found `1m`"),
        ("resize_takes: 25h", "resize_takes: expected a duration of at most 24h, found `25h`"),
        ("on_drift: fight", "on_drift: expected `hold`, `adopt` or a map {keep_for: 12h}, found `fight`"),
        ("on_drift: keep", "on_drift: write `hold`, `adopt` or `{keep_for: 12h}`"),
        ("on_drift: {keep_for: long}", "on_drift.keep_for: expected a duration with its unit, such as 30m or 1h30m"),
        ("blackouts: [{from: 08:00}]", "blackouts[0].to: expected the key `to`, which is missing"),
        ("blackouts: {from: 08:00}", "blackouts: expected a list, found a map"),
        ("blackouts: [{from: 08:00, to: 09:00, directions: down}]", "blackouts[0].directions: expected a list, found"),
        ("resize_windows: {up: []}", "resize_windows.up: expected at least one window; without the key, "),
        ("resize_windows: {ups: []}", "resize_windows.ups: unknown key `ups`; did you mean `up`?"),
        ("freezes: [x.ics]", "freezes[0]: expected a map of keys and values, found `x.ics`"),
        ("alerts: [{rule: x, raise: 1, repeat: on}]", "alerts[0].repeat: expected 'hold' or 'climb', found `on`"),
        ("alerts: [{rule: x, raise: 21}]", "alerts[0].raise: expected a number at most 20, found `21`"),
        ("alerts: [{rule: x, at_least: api.s1.small, repeat: climb}]", "alerts[0]: `repeat: climb` goes with `raise`"),
        (
            "alerts: [{rule: x, raise: 1, confirm: {metric: q-p-s, above: 1}}]",
            "alerts[0].confirm.metric: expected the name of a metric, such as InstanceConnections, found `q-p-s`",
        ),
        (
            "alerts: [{rule: x, raise: 1, confirm: {metric: rps, above: 1}}]",
            "alerts[0].confirm.metric: expected a metric of apigateway: there is no `rps`; did you mean `qps`?",
        ),
        (
            "alerts: [{rule: x, raise: 1, confirm: {metric: qps, above: 1, period: 2m}}]",
            "alerts[0].confirm.period: expected a duration of 15s, 1m or 5m, found `2m`",
        ),
    ],
)
def test_a_wrong_limit_is_told_where_it_stands(edge_wrong: Wrong, body: str, told: str) -> None:
    found = edge_wrong(LADDER + body)
    assert found[0].startswith(f"8: instances.edge.{told}"), found


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (
            "cost: {soft: 2}",
            "7: instances.edge.ladder[0]: rung `api.s1.small` has no hourly_price, so `cost: soft` could",
        ),
        ("cost: {soft: 3, hard: 2}", "8: instances.edge.cost: `soft` 3 is above `hard` 2, so it would never ask"),
        (
            "base: api.s1.small\non_drift: adopt",
            "9: instances.edge.on_drift: `adopt` makes what it finds the home, and base: `api.s1.small` says another; ",
        ),
        ("on_drift: {keep_for: 0s}", "8: instances.edge.on_drift.keep_for: expected a duration above 0s"),
        ("approval: {when: up, expires: 0s}", "8: instances.edge.approval.expires: expected a duration above 0s"),
        (
            "alerts: [{rule: x, raise: 1, confirm: {metric: qps, above: 1, within: 0s}}]",
            "8: instances.edge.alerts[0].confirm.within: expected a duration above 0s",
        ),
        (
            "blackouts: [{from: 08:00, to: 09:00, directions: []}]",
            "8: instances.edge.blackouts[0].directions: expected at least one of up and down",
        ),
        (
            "resize_windows: {down: [{days: [sat, holidays], from: 01:00, to: 06:00}]}",
            "8: instances.edge.resize_windows.down[0].days: `holidays` of which country? Say it once with calendars: ",
        ),
    ],
)
def test_what_contradicts_something_else_is_told(edge_wrong: Wrong, body: str, told: str) -> None:
    found = edge_wrong(LADDER + body)
    assert found[0].startswith(told), found


def test_a_metric_of_a_queue_is_no_metric_of_the_instance(wrong: Wrong) -> None:
    rule = "{rule: x, raise: 1, confirm: {metric: InstanceVhostQueueMessageAccum, above: 9}}"
    text = (
        "version: 1\ninstances:\n  mq: {product: rabbitmq, region: r, instance_id: i, "
        f"ladder: [{{rung: a, MaxPrivateTps: 3000}}], alerts: [{rule}]}}"
    )
    (found,) = wrong(text)
    told = "expected a metric of the instance; `InstanceVhostQueueMessageAccum` is one of its vhosts or queues"
    assert found.startswith(f"3: instances.mq.alerts[0].confirm.metric: {told}")


@pytest.mark.parametrize(
    ("fleet", "told"),
    [
        ("{orders_at_once: 0}", "orders_at_once: expected a number at least 1, found `0`"),
        ("{orders_per_day: 9}", "orders_per_day: unknown key `orders_per_day`; did you mean `orders_per_hour`?"),
    ],
)
def test_a_wrong_limit_of_the_fleet_is_told(wrong: Wrong, fleet: str, told: str) -> None:
    instance = "edge: {product: apigateway, region: r, instance_id: i, ladder: [x]}"
    assert wrong(f"version: 1\nfleet: {fleet}\ninstances: {{{instance}}}") == [f"2: fleet.{told}"]


def test_a_fleet_that_is_no_map_is_told(wrong: Wrong) -> None:
    instance = "edge: {product: apigateway, region: r, instance_id: i, ladder: [x]}"
    assert wrong(f"version: 1\nfleet: 3\ninstances: {{{instance}}}") == [
        "2: fleet: expected a map of keys and values, found `3`"
    ]


def test_a_wrong_default_is_told_also_where_every_instance_says_otherwise(wrong: Wrong) -> None:
    text = """\
        version: 1
        budget: {upz_per_day: 3}
        blackouts: [{days: funday, from: "08:00", to: "09:00"}]
        instances:
          edge: {product: apigateway, region: r, instance_id: i, ladder: [x], blackouts: []}
        """
    assert [found.partition(": ")[2].partition(": ")[0] for found in wrong(text)] == [
        "budget.upz_per_day",
        "blackouts[0].days",
    ]


@pytest.mark.parametrize(
    ("ladder", "told"),
    [
        ("[api.s1.medium, api.s1.small]", "[1]: the ladder does not rise: `api.s1.small` is not larger than the rung"),
        ("[{rung: a, InstanceSpecs: x}]", "[0].InstanceSpecs: `InstanceSpecs` is no field of apigateway"),
        (
            "[{rung: a, InstanceSpec: 5}]",
            "[0].InstanceSpec: expected the name of a spec, such as api.s1.small, found `5`",
        ),
        ("[{rung: a, InstanceSpec: x, hourly_price: 0}]", "[0].hourly_price: expected a number above 0, found `0`"),
        ("[{rung: a}]", "[0]: a rung names at least one field of the spec, such as MaxPrivateTps: 3000"),
        ("[{InstanceSpec: api.s1.small}]", "[0].rung: expected the key `rung`, which is missing"),
        ("[{rung: 5, InstanceSpec: x}]", "[0].rung: expected text, found `5`; put it in quotes"),
        ("[]", ": expected at least one entry"),
        ("small", ": expected a list, found `small`"),
    ],
)
def test_a_wrong_ladder_is_told_where_it_stands(edge_wrong: Wrong, ladder: str, told: str) -> None:
    found = edge_wrong(f"ladder: {ladder}")
    assert found[0].startswith(f"7: instances.edge.ladder{told}"), found


@pytest.mark.parametrize(
    ("ladder", "told"),
    [
        (
            "[{rung: a, MaxPrivateTsp: 1}]",
            "[0].MaxPrivateTsp: `MaxPrivateTsp` is no field of rabbitmq; did you mean `MaxPrivateTps`?",
        ),
        ("[{rung: a, MaxPrivateTps: many}]", "[0].MaxPrivateTps: expected a whole number above 0, found `many`"),
        ("[{rung: a, MaxPrivateTps: -1}]", "[0].MaxPrivateTps: expected a whole number above 0, found `-1`"),
        (
            "[{rung: a, hourly_price: 1.5}]",
            "[0]: a rung names at least one field of the spec, such as MaxPrivateTps: 3000",
        ),
        ("[{rung: a, SupportEip: yes}]", "[0].SupportEip: expected true or false, found `yes`"),
        ("[a]", "[0]: expected a map such as {rung: a, MaxPrivateTps: 3000}, found `a`"),
        (
            "[{rung: a, MaxPrivateTps: 2}, {rung: b, MaxPrivateTps: 1}]",
            "[1]: the ladder does not rise from `a` to `b`: MaxPrivateTps",
        ),
        (
            "[{rung: a, MaxPrivateTps: 2}, {rung: b, QueueCapacity: 1}]",
            "[1]: rungs `a` and `b` name different fields: MaxPrivateTps, QueueCapacity",
        ),
        ("[{rung: a, MaxPrivateTps: 2}, {rung: b, MaxPrivateTps: 2}]", "[1]: rungs `a` and `b` are the same spec"),
        ("[{rung: a, MaxPrivateTps: 2}, {rung: a, MaxPrivateTps: 3}]", "[1]: rung `a` is there already"),
    ],
)
def test_a_rung_that_the_product_does_not_sell_is_told(wrong: Wrong, ladder: str, told: str) -> None:
    text = f"version: 1\ninstances:\n  mq: {{product: rabbitmq, region: r, instance_id: i, ladder: {ladder}}}"
    assert wrong(text) == [f"3: instances.mq.ladder{told}"]


def test_all_that_is_wrong_is_told_at_once(edge_wrong: Wrong) -> None:
    """Also what contradicts something else, as far as the rest of the instance can be read."""
    body = """\
        ladder: [api.s1.small]
        mode: acting
        cooldown: {up: 5x}
        base: huge
        timetable:
          - {days: funday, from: "08:00", to: "09:00", rung: api.s1.small}
          - {from: "08:00", to: "09:00", rung: tiny}
        """
    assert [found.partition(" ")[0] + found.split(":")[1] for found in edge_wrong(body)] == [
        "8: instances.edge.mode",
        "9: instances.edge.cooldown.up",
        "10: instances.edge.base",
        "12: instances.edge.timetable[0].days",
        "13: instances.edge.timetable[1].rung",
    ]


def test_what_an_instance_must_say_is_missing_where_the_instance_stands(wrong: Wrong) -> None:
    assert wrong("version: 1\ninstances:\n  edge:\n    mode: act\n") == [
        f"3: instances.edge.{key}: expected the key `{key}`, which is missing"
        for key in ("instance_id", "ladder", "product", "region")
    ]


def test_a_name_that_cannot_be_an_instances_is_told(wrong: Wrong) -> None:
    found = wrong("version: 1\ninstances:\n  Edge_1: {product: apigateway, region: r, instance_id: i, ladder: [a]}")
    told = "expected a name of at most 48 lower-case letters, digits and dashes, a letter first, found `Edge_1`"
    assert found == [f"3: instances.Edge_1: {told}"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "1: expected a policy, and the file is empty"),
        ("- 1", "1: expected a map with `version` and `instances`"),
        ("version: 1", "1: instances: expected the key `instances`, which is missing"),
        ("instances: {a: 1}\nversion: 1", "1: instances.a: expected a map that describes the instance"),
        ("version: 1\ninstances: {}", "2: instances: expected at least one instance"),
        ("version: 1\ninstances: [a]", "2: instances: expected a map from names to instances"),
        ("version: 1\nprofils: {}\ninstances: {}", "2: profils: unknown key `profils`; did you mean `profiles`?"),
        ("version: 2\ninstances: {}", "1: version: expected 1, found `2`"),
        ("version: true\ninstances: {}", "1: version: expected 1, found `True`"),
    ],
)
def test_a_wrong_frame_is_told(wrong: Wrong, text: str, told: str) -> None:
    assert told in wrong(text)


def test_the_same_instance_under_two_names_is_told(wrong: Wrong) -> None:
    text = """\
        version: 1
        instances:
          a: {product: apigateway, region: r, instance_id: i, ladder: [x]}
          b: {product: apigateway, region: r, instance_id: i, ladder: [x]}
          c: {product: apigateway, region: s, instance_id: i, ladder: [x]}
        """
    assert wrong(text) == ["4: instances.b.instance_id: expected another instance than that of `a`: i in r"]


def test_a_rule_of_a_gateway_serves_no_other_instance(wrong: Wrong) -> None:
    text = """\
        version: 1
        profiles:
          gate: {product: apigateway, region: r, ladder: [x], alerts: [{rule: busy, raise: 1}]}
        instances:
          a: {like: gate, instance_id: i}
          b: {like: gate, instance_id: j}
        """
    told = "expected a rule that serves one instance, as alerts of apigateway name none; `busy` serves a, b"
    assert wrong(text) == [f"3: profiles.gate.alerts[0].rule: {told}"]
