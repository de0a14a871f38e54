"""Freezes: the calendar files that a policy names are read when it is compiled, and published with it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tidegate.cli.values import value_lines
from tidegate.domain.policy import InstancePolicy
from tidegate.policyfile import BadPolicy, Policy, compile_policy, read_policy
from tidegate.policyfile.resolved import resolved

Read = Callable[[str], Policy]
EVENT = """\
BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//shop//freezes//EN
BEGIN:VEVENT
UID:1
DTSTAMP:20260101T000000Z
DTSTART:20260210T000000
DTEND:20260224T000000
SUMMARY:Spring Festival
END:VEVENT
END:VCALENDAR
"""
HEAD = "version: 1\ntimezone: Asia/Shanghai\n"
EDGE = "{product: apigateway, region: r, instance_id: i, ladder: [x]}"


@pytest.fixture
def calendar(tmp_path: Path) -> Path:
    """A calendar file beside the policy, in a folder of its own."""
    path = tmp_path / "calendars" / "freeze.ics"
    path.parent.mkdir()
    path.write_bytes(EVENT.replace("\n", "\r\n").encode())
    return path


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Read a policy whose freezes are these."""

    def policy(freezes: str) -> Policy:
        (tmp_path / "policy.yaml").write_text(f"{HEAD}freezes: {freezes}\ninstances:\n  edge: {EDGE}\n")
        return read_policy(tmp_path / "policy.yaml")

    return policy


def told(read: Read, freezes: str, tmp_path: Path) -> str:
    """The one thing that is wrong with these freezes."""
    with pytest.raises(BadPolicy) as bad:
        read(freezes)
    (line,) = str(bad.value).splitlines()
    return line.replace(str(tmp_path), "DIR")


@pytest.mark.usefixtures("calendar")
def test_a_calendar_beside_the_policy_is_read_and_published(read: Read) -> None:
    policy = read("[{ics: calendars/freeze.ics, directions: [down]}]")
    (freeze,) = policy.instances["edge"].freezes
    (event,) = freeze.events
    assert (event.name, event.start, event.lasts) == ("Spring Festival", datetime(2026, 2, 10), timedelta(days=14))  # noqa: DTZ001 - a wall's time
    documents, _ = compile_policy(policy)
    assert InstancePolicy.model_validate(documents["edge"]) == policy.instances["edge"]


def test_a_path_begins_at_the_file_that_names_it(calendar: Path, tmp_path: Path) -> None:
    """Also in a folder of policies, and wherever the command is run."""
    folder = tmp_path / "policies"
    folder.mkdir()
    (folder / "a.yaml").write_text(f"{HEAD}freezes: [{{ics: ../calendars/{calendar.name}}}]\n")
    (folder / "b.yaml").write_text(f"version: 1\ninstances: {{edge: {EDGE}}}\n")
    assert len(read_policy(folder).instances["edge"].freezes[0].events) == 1


@pytest.mark.parametrize("address", ["https://intra/freeze.ics", "webcal://intra/freeze.ics", "file:///etc/x.ics"])
def test_an_address_is_refused_with_what_to_do_instead(read: Read, tmp_path: Path, address: str) -> None:
    assert told(read, f"[{{ics: '{address}'}}]", tmp_path) == (
        f"DIR/policy.yaml:3: freezes[0].ics: expected the path of a calendar file, found the address `{address}`; "
        "fetch it before, for example in the job that pushes the policy: nothing is fetched when deciding"
    )


@pytest.mark.parametrize("path", ["/etc/passwd", ""])
def test_a_path_that_begins_elsewhere_is_refused(read: Read, tmp_path: Path, path: str) -> None:
    why = f"expected a path that begins at the folder of this file, found `{path}`; keep the calendar beside the policy"
    assert told(read, f"[{{ics: '{path}'}}]", tmp_path) == f"DIR/policy.yaml:3: freezes[0].ics: {why}"


def test_a_calendar_that_is_not_there_is_told(read: Read, tmp_path: Path) -> None:
    why = "expected a calendar file (ICS); there is no file DIR/gone.ics"
    assert told(read, "[{ics: gone.ics}]", tmp_path) == f"DIR/policy.yaml:3: freezes[0].ics: {why}"
    (tmp_path / "gone.ics").mkdir()
    assert told(read, "[{ics: gone.ics}]", tmp_path) == f"DIR/policy.yaml:3: freezes[0].ics: {why}"


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"\x00\xff" * 20, "expected a calendar file (ICS); "),
        (b"version: 1\n", "expected a calendar file (ICS); "),
        (EVENT.replace("END:VEVENT\n", "").encode(), "expected a calendar file (ICS); "),
        (b"x" * 1_000_001, "expected a calendar file of ordinary size; "),
        (b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nEND:VCALENDAR\r\n", "expected a calendar file with at least"),
    ],
)
def test_a_calendar_that_says_nothing_of_use_is_told(
    read: Read, calendar: Path, tmp_path: Path, body: bytes, why: str
) -> None:
    calendar.write_bytes(body)
    line = told(read, "[{ics: calendars/freeze.ics}]", tmp_path)
    assert line.startswith(f"DIR/policy.yaml:3: freezes[0].ics: {why}")
    assert "freeze.ics" in line


def test_a_bad_calendar_is_told_beside_what_else_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "policy.yaml").write_text(
        f"{HEAD}instances:\n  edge: {{like: gone, product: apigateway, freezes: [{{ics: gone.ics}}, {{ics: 5}}]}}\n"
    )
    with pytest.raises(BadPolicy) as bad:
        read_policy(tmp_path / "policy.yaml")
    paths = [problem.path for problem in bad.value.problems]
    assert {"instances.edge.freezes[0].ics", "instances.edge.freezes[1].ics", "instances.edge.like"} <= set(paths)


def test_the_events_of_a_calendar_are_shown_as_its_own(calendar: Path, read: Read) -> None:
    policy = read("[{ics: calendars/freeze.ics}]")
    rows = {row.key: row for row in resolved(policy.instances["edge"], policy.sources["edge"], policy.profiles)}
    event, path = rows["freezes[0].events[0]"], rows["freezes[0].ics"]
    assert (event.value["name"], event.value["start"], event.value["lasts"]) == (
        "Spring Festival",
        "2026-02-10T00:00:00",
        "14d",
    )
    assert (event.file, event.line, event.origin) == (str(calendar), 0, "calendar")
    assert (path.value, path.line, path.origin) == ("calendars/freeze.ics", 3, "file")
    assert any(line.endswith(f"# {calendar}") for line in value_lines([event]))
