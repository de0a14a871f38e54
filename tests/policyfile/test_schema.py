"""The published JSON Schema is the models' own, and never lets pass a key that the reader refuses."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from tests.sampling import draws
from tidegate.domain.limits import FleetLimits
from tidegate.domain.policy import InstancePolicy
from tidegate.policyfile import KEYS, BadPolicy, parse_policy, read_policy
from tidegate.policyfile.schema import policy_schema
from tidegate.policyfile.tree import read_tree
from tidegate.policyfile.written import LIKE, fields_of, models_of

EVERY = models_of(InstancePolicy, FleetLimits)
ROOT = Path(__file__).parents[2]
EVERYTHING = Path(__file__).with_name("everything.yaml")
EVENT = "BEGIN:VEVENT\r\nUID:1\r\nDTSTAMP:20260101T000000Z\r\nDTSTART;VALUE=DATE:20260210\r\nEND:VEVENT\r\n"
CALENDAR = f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n{EVENT}END:VCALENDAR\r\n"
SCHEMA = Draft202012Validator(json.loads((ROOT / "docs" / "policy.schema.json").read_text("utf-8")))
INSTANCE = {"product": "apigateway", "region": "r", "instance_id": "i", "ladder": ["api.s1.small"]}
EXAMPLES = sorted(path for path in (ROOT / "examples").rglob("*.y*ml") if "policy" in str(path.relative_to(ROOT)))


def plain(path: Path) -> Any:
    """A file as values."""
    return read_tree(path.read_bytes(), str(path)).plain()


def test_the_published_schema_is_the_one_that_the_models_give() -> None:
    """If not: `python -m tidegate.policyfile.schema > docs/policy.schema.json`."""
    assert SCHEMA.schema == policy_schema()
    Draft202012Validator.check_schema(SCHEMA.schema)


@pytest.mark.parametrize("path", [*EXAMPLES, EVERYTHING], ids=lambda path: str(path.relative_to(ROOT)))
def test_every_example_fits(path: Path) -> None:
    assert [error.message for error in SCHEMA.iter_errors(plain(path))] == []


def test_the_policy_with_every_key_has_every_key_and_is_one(tmp_path: Path) -> None:
    shutil.copy(EVERYTHING, tmp_path)
    (tmp_path / "freeze.ics").write_text(CALENDAR, newline="")
    assert set(read_policy(tmp_path / EVERYTHING.name).instances) == {"orders-mq", "edge-gateway"}
    text = EVERYTHING.read_text("utf-8")
    keys = {*KEYS, LIKE, *(key for model in EVERY for key in fields_of(model))}
    assert [key for key in sorted(keys) if f"{key}:" not in text] == []


@pytest.mark.parametrize(
    "over",
    [
        {"mode": "acting"},
        {"modes": "act"},
        {"release_after": 30},
        {"release_after": "30"},
        {"cooldown": {"up": "5x"}},
        {"cooldown": {"upp": "5m"}},
        {"on_drift": "keep"},
        {"on_drift": {"action": "hold"}},
        {"approval": {"when": "sideways"}},
        {"ladder": []},
        {"ladder": [{"rung": "a"}]},
        {"ladder": [{"rung": "a", "MaxPrivateTps": 3000}]},
        {"product": "rabbitmq"},
        {"product": "redis"},
        {"name": "edge"},
        {"timetable": [{"from": "8:30", "to": "09:00", "rung": "api.s1.small"}]},
        {"timetable": [{"from": "24:00", "to": "09:00", "rung": "api.s1.small"}]},
        {"timetable": [{"from": "08:30", "to": "09:00"}]},
        {"timetable": [{"start": "08:30", "end": "09:00", "rung": "api.s1.small"}]},
        {"timetable": [{"from": "08:30", "to": "09:00", "rung": "api.s1.small", "days": "funday"}]},
        {"timetable": [{"from": "08:30", "to": "09:00", "rung": "api.s1.small", "days": []}]},
        {"timetable": [{"from": "08:30", "to": "09:00", "rung": "api.s1.small", "days": "13-01"}]},
        {"timetable": [{"from": "08:30", "to": "09:00", "rung": "x", "valid_from": "tomorrow"}]},
        {"alerts": [{"rule": "a"}]},
        {"alerts": [{"rule": "a", "rule_id": "b", "raise": 1}]},
        {"alerts": [{"rule": "a", "raise": 1, "at_least": "b"}]},
        {"alerts": [{"rule": "a", "raise": 0}]},
        {"alerts": [{"rule": "a", "raise": 1, "confirm": {"metric": "qps"}}]},
        {"freezes": [{"ics": "https://intra/freeze.ics"}]},
        {"freezes": [{"ics": "a.ics", "events": []}]},
        {"blackouts": [{"from": "08:00", "to": "09:00", "directions": []}]},
        {"resize_windows": {"up": []}},
        {"resize_windows": [{"from": "08:00", "to": "09:00"}]},
        {"budget": {"ups_per_day": 49}},
        {"cost": {"soft": 0}},
        {"fit": {"headroom": -1}},
        {"notify": [{"url_env": "https://chat"}]},
        {"notify": [{"url_env": "CHAT", "on": ["summaries"]}]},
    ],
    ids=str,
)
def test_what_the_reader_refuses_in_itself_does_not_fit(over: dict[str, Any]) -> None:
    written = {"version": 1, "instances": {"edge": {**INSTANCE, **over}}}
    assert not SCHEMA.is_valid(written)
    with pytest.raises(BadPolicy):
        parse_policy(json.dumps(written).encode())


@pytest.mark.parametrize(
    "written",
    [
        {"instances": {"edge": INSTANCE}},
        {"version": 2, "instances": {"edge": INSTANCE}},
        {"version": 1, "instances": {}},
        {"version": 1, "instances": {"Edge": INSTANCE}},
        {"version": 1, "instances": {"edge": {"mode": "act"}}},
        {"version": 1, "instances": {"edge": INSTANCE}, "mode": "act"},
        {"version": 1, "instances": {"edge": INSTANCE}, "fleet": {"orders_at_once": 0}},
        {"version": 1, "instances": {"edge": INSTANCE}, "profiles": {"gate": {"modes": "act"}}},
        {"version": 1, "instances": {"edge": INSTANCE}, "profiles": ["gate"]},
        [],
        "version: 1",
    ],
    ids=str,
)
def test_a_wrong_frame_does_not_fit(written: Any) -> None:
    assert not SCHEMA.is_valid(written)
    with pytest.raises(BadPolicy):
        parse_policy(json.dumps(written).encode())


def test_an_instance_that_is_like_a_profile_need_not_say_everything() -> None:
    assert SCHEMA.is_valid({"version": 1, "instances": {"edge": {"like": "gate", "instance_id": "i"}}})


WHOLE = plain(EVERYTHING)
UNKNOWN = ("unknown key", "is no field of", "is not supported yet")


def maps(value: Any, where: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Where in a value the maps are."""
    if isinstance(value, dict):
        yield where
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from maps(inner, (*where, key))


def at(value: Any, where: tuple[str | int, ...]) -> Any:
    """The value at a place."""
    for key in where:
        value = value[key]
    return value


WORDS = sorted({*KEYS, LIKE, "summary", "zzz", "spec", "events", "action", "start", "steps", "InstanceSpec"})
WORDS += sorted({key for model in EVERY for key in fields_of(model)})
NAMED = {("instances",), ("profiles",)}
"""Any key is a name there."""


@draws(80)
@given(where=st.sampled_from([each for each in maps(WHOLE) if each not in NAMED]), word=st.sampled_from(WORDS))
def test_a_key_that_the_reader_does_not_know_never_fits(where: tuple[str | int, ...], word: str) -> None:
    written = deepcopy(WHOLE)
    at(written, where).setdefault(word, "x")
    if any(term in problem for problem in problems_of(written) for term in UNKNOWN):
        assert not SCHEMA.is_valid(written)


@pytest.mark.parametrize("where", [each for each in maps(WHOLE) if each not in NAMED], ids=str)
def test_a_key_that_nobody_knows_fits_nowhere(where: tuple[str | int, ...]) -> None:
    written = deepcopy(WHOLE)
    at(written, where)["zzz"] = 1
    assert any(term in problem for problem in problems_of(written) for term in UNKNOWN)
    assert not SCHEMA.is_valid(written)


def problems_of(written: Any) -> list[str]:
    """What the reader says is wrong, nothing where it takes it."""
    try:
        parse_policy(json.dumps(written).encode())
    except BadPolicy as bad:
        return [problem.expected for problem in bad.problems]
    return []
