"""What docs/observability.md says of the log is so: lines, fields and queries, against what the functions logged."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from tidegate.policyfile import compile_policy, parse_policy

NAMES = ("resized", "refused", "paused", "watched")
FUNCTIONS = ("on-alert", "on-request", "on-schedule", "submit", "look", "settle")
LINE = re.compile(r"(?P<at>\S+Z) \S+ \[INFO\] (?P<fact>\{.*\})")
FAILED = "Failed operations", "Holds by reason", "Orders today", "Dead tick", "Would-be orders", "How long resizes take"
ALERTS = "Alerts that nobody answers"
FINDS = (*FAILED, ALERTS)
FINDS_NOTHING = ("Ticks that fail", "Messages that nobody got")
"""Where all goes well these have nothing to show; that they run is tried all the same."""
COMMON = {"what", "instance", "policy", "record"}

pytestmark = pytest.mark.once


@pytest.fixture(scope="module")
def page(project_page: Path) -> str:
    """The page."""
    return project_page.read_text("utf-8")


@pytest.fixture(scope="module")
def project_page(project: Path) -> Path:
    """Where it is."""
    return project / "docs" / "observability.md"


@pytest.fixture(scope="module")
def lines(opens_for_all: Callable[..., Any], waits: Callable[..., Any]) -> list[str]:
    """Every line that the functions logged while four instances went their ways."""
    ticked = '"ticked"'
    place = opens_for_all(*NAMES, speed=120)
    policy = yaml.safe_load(place_policy(place))
    place.around.policies.publish(*compile_policy(parse_policy(yaml.safe_dump(policy).encode())), "test")
    place.fault("UpdateInstance", "error-before", instance="amqp-cn-refused", code="InvalidParameter", status=400)
    form = {"verb": "pause", "caller": "li", "key": "key-of-a-test-01", "instance": "paused", "reason": "a test"}
    place.invoke("tidegate-on-request", json.dumps(form).encode())
    for name in NAMES:
        place.ring(name)
    place.ring("nobody")
    assert place.settled("resized").outcome.value == "resized"
    assert place.settled("refused").outcome.value == "refused"
    # A record can be read before the function that wrote it has logged it.
    for name in ("resized", "refused"):
        waits(
            f"the outcome of {name} in a log",
            lambda name=name: [
                fact for fact in told_in(everything_of(place)) if fact["what"] == "settled" and fact["instance"] == name
            ],
        )
    waits("a tick after all that", lambda: place.logged("tidegate-on-schedule", ticked)[1:])
    return everything_of(place)


def everything_of(place: Any) -> list[str]:
    """Every line that the functions have logged so far."""
    return [line for name in FUNCTIONS for line in place.host.logs(f"tidegate-{name}")]


def told_in(lines: list[str]) -> list[dict[str, Any]]:
    """The facts of these lines."""
    return [json.loads(found["fact"]) for line in lines if (found := LINE.fullmatch(line))]


def place_policy(place: Any) -> bytes:
    """The policy that the place has, with one instance only observed."""
    book = place.around.book()
    rows = {}
    for name in book.names:
        policy = json.loads(book.read(name).model_dump_json(by_alias=True, exclude_defaults=True))
        policy["ladder"] = [{"rung": each["rung"], **each["spec"]} for each in policy["ladder"]]
        rows[name] = {**{key: value for key, value in policy.items() if key != "name"}}
    rows["watched"]["mode"] = "observe"
    return yaml.safe_dump({"version": 1, "instances": rows}).encode()


@pytest.fixture(scope="module")
def facts(lines: list[str]) -> list[dict[str, Any]]:
    """What they say."""
    return told_in(lines)


def documented(page: str) -> Iterator[tuple[str, set[str]]]:
    """The lines that the page names, with their fields: what stands outside of brackets."""
    for row in re.findall(r"^\| (`[^|]+) \| [^|]+ \| ([^|]+) \|$", page, re.MULTILINE):
        names, fields = row
        told = set(re.findall(r"`([a-z_]+)`", re.sub(r"\([^()]*(\([^()]*\)[^()]*)*\)", "", fields)))
        yield from ((name, told) for name in re.findall(r"`([a-z-]+)`", names))


def queries(page: str) -> dict[str, tuple[str, str]]:
    """Every query by its heading: the words to search for, and the SQL."""
    found = re.findall(r"^### ([^\n]+)\n.*?^```sql\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    return {heading: tuple(body.split(" | ", 1)) for heading, body in found}


def test_every_decision_and_outcome_has_the_fields_that_the_page_says(page: str, facts: list[dict[str, Any]]) -> None:
    told = dict(documented(page))
    for what in ("decided", "planned", "claimed", "verdict", "concluded", "settled"):
        seen = [fact for fact in facts if fact["what"] == what]
        assert seen, what
        for fact in seen:
            assert set(fact) == told[what] | COMMON, what
            assert fact["instance"] in NAMES
            assert (len(fact["policy"]), fact["record"] > 0) == (12, True)


def test_every_other_line_that_was_logged_is_on_the_page_with_its_fields(
    page: str, facts: list[dict[str, Any]]
) -> None:
    told = dict(documented(page))
    others = [fact for fact in facts if fact["what"] in told and not set(fact) >= COMMON]
    assert {fact["what"] for fact in others} >= {"ticked", "alert", "started", "request"}
    for fact in others:
        assert told[fact["what"]] <= set(fact) | {"kind", "channel", "instance", "reason"}, fact


def test_one_resize_leaves_one_line_for_each_of_its_stages(facts: list[dict[str, Any]]) -> None:
    mine = [fact for fact in facts if fact.get("instance") == "resized"]
    stages = {
        what: [fact for fact in mine if fact["what"] == what] for what in ("planned", "claimed", "verdict", "settled")
    }
    assert {what: len(found) for what, found in stages.items()} == {
        "planned": 1,
        "claimed": 1,
        "verdict": 1,
        "settled": 1,
    }
    (settled,), (verdict,) = stages["settled"], stages["verdict"]
    assert (settled["outcome"], settled["failed"], settled["rung"]) == ("resized", False, "medium")
    assert settled["order"] == verdict["order"] != ""
    assert settled["seconds"] > 0
    (first,) = [fact for fact in mine if fact["what"] == "decided" and fact["decision"] == "resize"]
    assert (first["trigger"], len(first["keys"]), first["wanted"]) == ("alert", 1, "medium")


def test_a_person_and_time_are_told_apart_from_an_alert(facts: list[dict[str, Any]]) -> None:
    triggers = {(fact["instance"], fact["trigger"]) for fact in facts if fact["what"] == "decided"}
    assert {("paused", "request"), ("paused", "alert"), ("resized", "time")} <= triggers


@pytest.mark.parametrize("heading", [*FINDS, *FINDS_NOTHING])
def test_a_query_of_the_page_runs_and_finds_what_it_is_for(page: str, lines: list[str], heading: str) -> None:
    words, sql = queries(page)[heading]
    rows = found_by(words, sql, lines)
    assert bool(rows) == (heading in FINDS), rows
    if heading == "Failed operations":
        assert [row["instance"] for row in rows] == ["refused"]
    if heading == "Holds by reason":
        assert {"code": "pause", "times": 1, "instances": 1} in rows
    if heading == "Orders today":
        assert [(row["instance"], row["to_rung"]) for row in rows] == [("resized", "medium")]
    if heading == "Would-be orders":
        assert [(row["instance"], row["from_rung"], row["to_rung"]) for row in rows] == [("watched", "small", "medium")]
    if heading == "Dead tick":
        assert rows[0]["ticks"] > 0


def test_the_alert_of_the_template_rings_for_the_operation_that_failed(lines: list[str], project: Path) -> None:
    alert = yaml.safe_load((project / "template.yml").read_text("utf-8"))["Resources"]["OperationFailed"]
    said = alert["Properties"]["Detail"]["Configuration"]
    words, sql = said["QueryList"][0]["Query"].split(" | ", 1)
    assert found_by(words, sql, lines) == [{"failed": 1}]
    assert found_by(words, sql, [line for line in lines if '"refused"' not in line]) == [{"failed": 0}]
    assert said["SeverityConfigurations"][0]["EvalCondition"]["Condition"] == "failed > 0"


def test_every_query_of_the_page_is_tried(page: str) -> None:
    assert set(queries(page)) == {*FINDS, *FINDS_NOTHING}


def test_a_query_asks_only_for_fields_that_its_line_has(page: str) -> None:
    told = dict(documented(page))
    for words, sql in queries(page).values():
        (what,) = re.findall(r"'\$\.what'\) = '([a-z-]+)'", sql)
        assert words.strip('"') in (what, "rejected")
        assert set(re.findall(r"'\$\.(\w+)'", sql)) <= told[what] | COMMON, sql


def found_by(words: str, sql: str, lines: list[str]) -> list[dict[str, Any]]:
    """Run a query as the Log Service would: lines with the words, then SQL over a table called `log`."""
    store = sqlite3.connect(":memory:")
    store.row_factory = sqlite3.Row
    for name, arguments, function in (
        ("json_extract_scalar", 2, scalar),
        ("json_extract", 2, as_json),
        ("regexp_extract", 2, extracted),
        ("from_unixtime", 1, lambda seconds: seconds),
    ):
        store.create_function(name, arguments, function, deterministic=True)
    store.execute("CREATE TABLE log (__time__ INTEGER, message TEXT)")
    word = re.compile(rf"(?<![\w-]){re.escape(words.strip(chr(34)))}(?![\w-])")
    stamped = [(line, LINE.fullmatch(line)) for line in lines if word.search(line)]
    rows = [
        (round(datetime.fromisoformat(m["at"].replace("Z", "+00:00")).timestamp()) if m else 0, line)
        for line, m in stamped
    ]
    store.executemany("INSERT INTO log VALUES (?, ?)", rows)
    found = [dict(row) for row in store.execute(sql).fetchall()]
    store.close()
    return found


def _at(fact: str | None, path: str) -> Any:
    try:
        return json.loads(fact or "null").get(path.removeprefix("$."))
    except (ValueError, AttributeError):
        return None


def scalar(fact: str | None, path: str) -> str | None:
    """`json_extract_scalar`: a text for what is one value, nothing for the rest."""
    value = _at(fact, path)
    if isinstance(value, bool):
        return str(value).lower()
    return None if value is None or isinstance(value, (list, dict)) else str(value)


def as_json(fact: str | None, path: str) -> str | None:
    """`json_extract`: the value as JSON."""
    value = _at(fact, path)
    return None if value is None else json.dumps(value)


def extracted(text: str, pattern: str) -> str | None:
    """`regexp_extract`: the first match."""
    found = re.search(pattern, text)
    return found[0] if found else None
