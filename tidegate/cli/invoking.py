"""`tidegate invoke`: one function of ours, called directly."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from time import monotonic

from tidegate.aliyun.functions import GONE, Function
from tidegate.app.wiring import utc_now
from tidegate.cli.access import credentials_of, endpoint_of
from tidegate.cli.errors import Failed, Mistake
from tidegate.cli.paper import Paper, plain
from tidegate.operate.doctor.expected import expected, services_of
from tidegate.operate.invoking import Invoked, invoke
from tidegate.operate.ours import ROOT, deployed_name, functions, short_name
from tidegate.settings import CliSettings, read_cli_settings

MAY_ORDER = ("submit",)
"""Functions that may buy something. Every step is safe twice, but nobody buys by mistyping."""


def run(given: str, event: str, *, yes: bool, as_json: bool) -> int:
    """Invoke a function and show how it went: 0 if it ran to its end, 1 if it failed."""
    settings = read_cli_settings()
    short = short_name(given, settings.fc_function)
    if not short:
        raise Mistake(f"`{given}` is no function of ours: {', '.join(functions())}")
    if short in MAY_ORDER and not yes:
        raise Mistake(f"{short} may place an order; say --yes if that is meant")
    body = _event(event)
    endpoint, credentials = endpoint_of(settings), credentials_of(settings)
    name = deployed_name(short, settings.fc_function)
    services = _services(short, settings) if settings.fc_api == "2.0" else [""]
    for service in services:
        invoked = invoke(Function(endpoint, name, service), credentials, body, at=utc_now(), clock=monotonic)
        if invoked.error not in GONE:
            break
    if as_json:
        Paper().json({**asdict(invoked), "api": settings.fc_api})
    else:
        _show(invoked)
    if not invoked.succeeded:
        raise Failed(f"{name} failed: {invoked.error}: {invoked.message}")
    return 0


def _services(short: str, settings: CliSettings) -> list[str]:
    return services_of(short, settings.fc_service, expected(ROOT, settings.prefix))


def _event(given: str) -> bytes:
    """What the function gets: a file's content, standard input for `-`, an empty object where nothing is given."""
    if not given:
        return b"{}"
    if given == "-":
        return _standard_input()
    if given.lstrip()[:1] in ("{", "["):
        raise Mistake("--event names a file with the event, or `-` for standard input: echo '{...}' | ... --event -")
    try:
        return Path(given).read_bytes()
    except OSError as error:
        raise Mistake(f"{given}: {error.strerror or error}") from error


def _standard_input() -> bytes:
    if sys.stdin is None:
        raise Mistake("standard input is closed: --event - reads the event from there, --event FILE from a file")
    try:
        return sys.stdin.buffer.read()
    except OSError as error:
        raise Mistake(f"standard input cannot be read: {error.strerror or error}") from error


def _show(invoked: Invoked) -> None:
    paper = Paper()
    how = invoked.error or "ok"
    request = f"  request {invoked.request_id}" if invoked.request_id else ""
    paper.line(plain(f"{invoked.function}  {invoked.status} {how}  {invoked.seconds:.2f} s{request}"))
    for line in invoked.log.splitlines():
        paper.line(plain(f"log   {line}"))
    for line in invoked.body.splitlines() or [""]:
        paper.line(plain(f"body  {line}"))
