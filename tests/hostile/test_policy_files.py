"""A policy file is a policy or told what is wrong, within seconds and little memory; no name in it leads elsewhere."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import strategies as st

from tests.hostile.words import ESCAPES, TRICKS, mutated, tried
from tidegate.app.calendars import calendar_of
from tidegate.policyfile import BadPolicy, compile_policy, parse_policy, read_policy

MEGABYTES = 400
LONGEST_S = 6.0
"""For files of the largest size that is read at all."""
LAUGHS = "".join(f"{chr(98 + n)}: &{chr(98 + n)} [{','.join(['*' + chr(97 + n)] * 9)}]\n" for n in range(9))
HEAD = "version: 1\ninstances:\n  a:\n    product: apigateway\n    region: cn-hangzhou\n    instance_id: i\n"
LADDER = "    ladder: [api.s1.small, api.s1.medium]\n"
GOOD = yaml.safe_load(
    HEAD + LADDER + "    mode: act\n    base: api.s1.small\n    alerts: [{rule: a, raise: 1}]\n"
    "    timetable: [{name: n, days: daily, from: '08:30', to: '20:00', rung: api.s1.medium}]\n"
    "    freezes: [{name: f, between: ['2026-01-01', '2026-01-02']}]\n    cooldown: {up: 5m, down: 55m}\n"
    "    notify: [{url_env: A, on: [failed]}]\n    calendars: {workdays: {country: CN}}\n    timezone: Asia/Shanghai\n"
)
BOMBS = {
    "aliases": f"version: 1\na: &a [x,x,x,x,x,x,x,x,x]\n{LAUGHS}",
    "merges": "x: &x {a: 1}\n"
    + "".join(f"y{n}: &y{n} {{<<: [{','.join([f'*y{n - 1}' if n else '*x'] * 9)}]}}\n" for n in range(12)),
    "an alias of itself": "version: 1\ninstances: &a {b: *a}\n",
    "aliases in a row": f"version: 1\nx: &x {{a: 1}}\ninstances: [{'*x,' * 90_000}]\n",
    "flow lists": "[" * 3_000_000,
    "flow maps": "{a: " * 800_000,
    "both": "[{a: " * 500_000,
    "block lists": "- " * 900_000,
    "block maps": "".join(" " * depth + "a:\n" for depth in range(2000)),
    "question marks": "? " * 900_000,
    "a long word": HEAD + f"    {'k' * 1_000_000}: 1\n",
    "a long text": HEAD + LADDER + f"    timezone: '{'x' * 3_000_000}'\n",
    "many keys": "version: 1\n" + "".join(f"key{n}: 1\n" for n in range(20_000)),
    "many rungs": HEAD + f"    ladder: [{','.join(f'x{n}' for n in range(40_000))}]\n",
    "many alerts": HEAD + LADDER + f"    alerts: [{','.join(f'{{rule: r{n}, raise: 1}}' for n in range(15_000))}]\n",
    "many entries": HEAD
    + LADDER
    + "    timetable: ["
    + ",".join(f"{{name: n{n}, days: daily, from: '08:30', to: '20:00', rung: api.s1.small}}" for n in range(6_000))
    + "]\n",
    "many profiles": HEAD + LADDER + "profiles:\n" + "".join(f"  p{n}: {{like: p{n + 1}}}\n" for n in range(3_000)),
    "a comment": "#" * 3_900_000,
    "an anchor": "&" + "a" * 1_000_000 + " x",
    "a tag": "!<" + "a" * 1_000_000 + "> x",
    "escapes": '"' + "\\U0010ffff" * 300_000 + '"',
    "a number": HEAD + LADDER + f"    alerts: [{{rule: a, raise: {'9' * 1_000_000}}}]\n",
    "a duration": HEAD + LADDER + f"    forget_after: {'1d' * 500_000}\n",
    "python": "!!python/object/apply:os.system ['touch /nowhere']\n",
}
CALENDARS = {
    "a long line": b"BEGIN:VCALENDAR\r\nSUMMARY:" + b"x" * 900_000 + b"\r\nEND:VCALENDAR\r\n",
    "nested": b"BEGIN:VCALENDAR\r\n" * 30_000 + b"END:VCALENDAR\r\n" * 30_000,
    "folds": b"BEGIN:VCALENDAR\r\nX:" + b"\r\n x" * 200_000 + b"\r\nEND:VCALENDAR\r\n",
    "parameters": b"BEGIN:VCALENDAR\r\nX" + b";A=B" * 200_000 + b":1\r\nEND:VCALENDAR\r\n",
}
BOUNDED = f"""
import json, resource, sys, time
from pathlib import Path
from tidegate.policyfile import BadPolicy, read_policy
from tidegate.policyfile.ics import BadCalendar, read_ics

most = {MEGABYTES} * 1024 * 1024
resource.setrlimit(resource.RLIMIT_AS, (most, most))
for name in sys.argv[1:]:
    began, path = time.process_time(), Path(name)
    try:
        read_ics(path.read_bytes(), "UTC", "x") if path.suffix == ".ics" else read_policy(path)
        said = "good"
    except (BadPolicy, BadCalendar) as bad:
        said = str(bad).partition(chr(10))[0][:300]
    print(json.dumps([path.stem, said, time.process_time() - began]), flush=True)
"""
"""Reads each file in turn, with so many megabytes of addresses and no more; says what of it and in what time."""


@pytest.fixture(scope="module")
def read_in_bounds(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[str, float]]:
    """What came of each bomb, and the seconds of the processor that it cost."""
    folder = tmp_path_factory.mktemp("bombs")
    written = {f"{name}.yaml": text.encode() for name, text in BOMBS.items()}
    written |= {f"{name}.ics": body for name, body in CALENDARS.items()}
    for name, body in written.items():
        (folder / name).write_bytes(body)
    call = [sys.executable, "-c", BOUNDED, *(str(folder / name) for name in written)]
    done = subprocess.run(call, capture_output=True, text=True, check=False, timeout=500)
    assert done.returncode == 0, (done.stdout[-500:], done.stderr[-1500:])
    return {name: (said, seconds) for name, said, seconds in map(json.loads, done.stdout.splitlines())}


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_of_a_policy_is_refused_within_little_time_and_memory(read_in_bounds: Any, bomb: str) -> None:
    said, seconds = read_in_bounds[bomb]
    assert (said == "good") is (bomb in ("many rungs", "many alerts", "many entries")), said
    assert seconds < LONGEST_S


def test_a_policy_changed_at_will_is_a_policy_or_told_what_is_wrong(tries: Callable[..., None]) -> None:
    def check(written: object) -> None:
        body = yaml.safe_dump(written, allow_unicode=True).encode("utf-8", "replace")
        policy = tried(lambda: parse_policy(body), BadPolicy)
        if isinstance(policy, BadPolicy):
            assert all(line.isprintable() for line in str(policy).splitlines())
            return
        documents, index = compile_policy(policy)
        assert set(documents) == set(index["instances"])
        assert all(name.isascii() and "/" not in name for name in documents)

    tries(120, check, written=mutated(GOOD))
    tries(50, check, written=mutated(GOOD, st.sampled_from([*TRICKS, *ESCAPES])))


@pytest.mark.parametrize("trick", [trick for trick in TRICKS if trick not in ("fleet", "epoch")])
@pytest.mark.parametrize("key", ["name", "region", "timezone", "country", "url_env"])
def test_a_trick_in_a_name_is_told_and_names_nothing(key: str, trick: str) -> None:
    quoted = yaml.safe_dump(trick, default_style='"').strip()
    if key == "country" and not trick:
        # Of no country, it says.
        return
    over = {
        "name": (HEAD + LADDER).replace("  a:", f"  {quoted}:"),
        "region": (HEAD + LADDER).replace("cn-hangzhou", quoted),
        "timezone": HEAD + LADDER + f"    timezone: {quoted}\n",
        "country": HEAD + LADDER + f"    calendars: {{workdays: {{country: {quoted}}}}}\n",
        "url_env": HEAD + LADDER + f"    notify: [{{url_env: {quoted}, on: [held]}}]\n",
    }
    with pytest.raises(BadPolicy) as caught:
        parse_policy(over[key].encode())
    assert all(problem.line for problem in caught.value.problems)


@pytest.mark.parametrize(
    "country", ["date", "__class__", "HolidayBase", "country_holidays", "JAN", "MON", "os", "x" * 99]
)
def test_a_country_is_looked_up_among_countries_alone(country: str) -> None:
    """The library would call whatever of its module has the name."""
    with pytest.raises(NotImplementedError):
        calendar_of(country)


SOURCE = HEAD + LADDER + "    freezes: [{ics: PATH}]\n"


@pytest.mark.parametrize(
    "path",
    [
        "/etc/passwd",
        "../secret.txt",
        "link.ics",
        "folder/link.ics",
        "folder",
        ".",
        "..",
        "/dev/zero",
        "pipe",
        "~/x",
        "$HOME/x",
    ],
)
def test_a_calendar_path_that_leads_elsewhere_shows_nothing_of_what_is_there(path: str, tmp_path: Path) -> None:
    """No line of another file is quoted, nothing without an end is read, and nobody waits for a pipe."""
    home = tmp_path / "policies"
    (home / "folder").mkdir(parents=True)
    secret = tmp_path / "secret.txt"
    secret.write_text("BEGIN:VCALENDAR\nroot:s3cret-line:0\nEND:VCALENDAR\n")
    (home / "link.ics").symlink_to(secret)
    (home / "folder" / "link.ics").symlink_to("/etc/passwd")
    os.mkfifo(home / "pipe")
    (home / "policy.yaml").write_text(SOURCE.replace("PATH", path))
    with pytest.raises(BadPolicy) as caught:
        read_policy(home / "policy.yaml")
    assert "s3cret-line" not in str(caught.value)
    assert "root:x" not in str(caught.value)


@pytest.mark.parametrize("name", CALENDARS)
def test_a_bomb_of_a_calendar_is_refused_or_read_in_time(read_in_bounds: Any, name: str) -> None:
    said, seconds = read_in_bounds[name]
    assert said
    assert seconds < LONGEST_S
