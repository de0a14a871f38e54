"""`tidegate doctor`: the check-up on paper."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path

from tidegate.app.machine import machine
from tidegate.app.wiring import wire
from tidegate.cli.access import NOWHERE, is_absent
from tidegate.cli.errors import Mistake
from tidegate.cli.looks import BAD, CALM, GOOD, NEEDS
from tidegate.cli.paper import Paper, plain
from tidegate.cli.roots import book_from, clock
from tidegate.operate.doctor import CHECKS, Finding, Level, Place, examine
from tidegate.operate.doctor.reporting import look_further, report_of
from tidegate.settings import read_cli_settings, read_settings

LOOKS = {Level.OK: GOOD, Level.SKIP: CALM, Level.WARN: NEEDS, Level.FAIL: BAD}
WIDTH = max(map(len, CHECKS)) + 2


def run(policy: Path | None, report: Path | None, *, send_test: bool, as_json: bool) -> int:
    """Make every check: 0 if none failed, 1 otherwise."""
    if report is not None and not report.absolute().parent.is_dir():
        raise Mistake(f"{report}: there is no such folder")
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
        report.write_text(report_of(place, found), "utf-8")
    return 1 if failed else 0


def place_of(policy_hash: str, *, send_test: bool) -> Place:
    """What the environment names. Raises BadSettings where it does not say which account, region and store."""
    settings, now = read_settings(), clock()
    # Also what has no ledger yet is looked over, and gets none by that.
    around = wire(replace(settings, store=NOWHERE) if is_absent(settings) else settings, now=now)
    return Place(settings, read_cli_settings(), around, machine(), policy_hash, send_test)


def _line(paper: Paper, finding: Finding) -> None:
    level = (f"{finding.level.value:<6}", LOOKS[finding.level])
    do = f" -> {finding.do}" if finding.do else ""
    paper.line(level, f"{finding.check:<{WIDTH}}", plain(finding.found), plain(do))
