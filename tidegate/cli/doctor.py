"""`tidegate doctor`: the check-up on paper."""

from __future__ import annotations

import os
from dataclasses import asdict, replace
from pathlib import Path

from tidegate.app.machine import machine
from tidegate.cli.access import NOWHERE, is_absent
from tidegate.cli.errors import Failed, Mistake
from tidegate.cli.looks import BAD, CALM, GOOD, NEEDS
from tidegate.cli.paper import Paper, plain
from tidegate.cli.roots import book_from, clock, wired_to
from tidegate.operate.doctor import CHECKS, Finding, Level, Place, examine
from tidegate.operate.doctor.reporting import look_further, report_of
from tidegate.settings import read_cli_settings, read_settings

LOOKS = {Level.OK: GOOD, Level.SKIP: CALM, Level.WARN: NEEDS, Level.FAIL: BAD}
WIDTH = max(map(len, CHECKS)) + 2


def run(policy: Path | None, report: Path | None, *, send_test: bool, as_json: bool) -> int:
    """Make every check: 0 if none failed, 1 otherwise."""
    if report is not None:
        _make_sure_of(report)
    wanted = book_from(policy).hash if policy else ""
    place = place_of(wanted, send_test=send_test)
    found: list[Finding] = []
    paper = Paper()
    try:
        for finding in examine(place):
            found.append(finding)
            if not as_json:
                _line(paper, finding)
        if report is not None:
            look_further(place)
    finally:
        place.close()
    failed = sum(1 for each in found if each.level is Level.FAIL)
    if as_json:
        paper.json({"healthy": not failed, "checks": [{**asdict(each), "level": each.level.value} for each in found]})
    if report is not None:
        _write(report, report_of(place, found))
    return 1 if failed else 0


def place_of(policy_hash: str, *, send_test: bool) -> Place:
    """What the environment names. Raises BadSettings where it does not say which account, region and store."""
    settings, now = read_settings(), clock()
    # Also what has no ledger yet is looked over, and gets none by that.
    around = wired_to(replace(settings, store=NOWHERE) if is_absent(settings) else settings, now)
    return Place(settings, read_cli_settings(), around, machine(), policy_hash, send_test)


def _make_sure_of(report: Path) -> None:
    """Raise Mistake where a report cannot be written, which is better known before a minute of checks."""
    folder = report.absolute().parent
    try:
        if report.is_dir():
            raise Mistake(f"{report} is a folder: --report names a file")
        if not folder.is_dir():
            raise Mistake(f"{report}: there is no such folder")
        exists = report.exists()
    except OSError as error:
        raise Mistake(f"{report}: {error.strerror or error}") from error
    if not os.access(report if exists else folder, os.W_OK):
        raise Mistake(f"{report} may not be written here: --report names another file")


def _write(report: Path, text: str) -> None:
    try:
        report.write_text(text, "utf-8")
    except OSError as error:
        raise Failed(f"the report could not be written: {report}: {error.strerror or error}") from error


def _line(paper: Paper, finding: Finding) -> None:
    level = (f"{finding.level.value:<6}", LOOKS[finding.level])
    do = f" -> {finding.do}" if finding.do else ""
    paper.line(level, f"{finding.check:<{WIDTH}}", plain(finding.found), plain(do))
