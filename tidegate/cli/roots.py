"""The command line's composition root: by whose clock it goes, and on which policy it looks."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import datetime
from http.client import HTTPException
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import ProxyHandler, build_opener

from tidegate.cli.access import Absent, file_of, store_of
from tidegate.cli.errors import Failed, Mistake
from tidegate.settings import is_address, read_cli_settings

if TYPE_CHECKING:
    from tidegate.app.surroundings import Book, Surroundings
    from tidegate.policyfile import Policy
    from tidegate.settings import Settings

CLOCK_LIMIT_S = 5.0
FIRST = Path("policy.yaml")
"""The file that is meant where none is named."""
HERE = ("127.0.0.1", "localhost")
WAIT_S = 1.0


def surroundings(absent: Absent = Absent.REFUSED) -> Surroundings:
    """The surroundings that the environment names, at one moment: a command sees one time.

    `absent` is what becomes of a ledger in a file that is not there. Raises BadSettings.
    """
    moment = clock()()
    return wired(lambda: moment, absent)


def wired(now: Callable[[], datetime], absent: Absent = Absent.REFUSED) -> Surroundings:
    """The same, while time goes on."""
    from tidegate.app.machine import machine  # noqa: PLC0415 - it loads much

    return wired_to(store_of(machine().settings(), absent), now)


def wired_to(settings: Settings, now: Callable[[], datetime]) -> Surroundings:
    """Build the surroundings. Raises Failed, with its name, where a file cannot be opened as a ledger."""
    from tidegate.app.wiring import wire  # noqa: PLC0415 - it loads much
    from tidegate.ledger.shelf import ShelfUnavailable  # noqa: PLC0415

    try:
        return wire(settings, now=now)
    except ShelfUnavailable as error:
        file = file_of(settings)
        if file is None:
            raise
        hint = "correct TIDEGATE_STORE, or see to the file and to who may read and write it"
        raise Failed(f"{file} cannot be opened as a ledger ({error}): {hint}") from error


def clock() -> Callable[[], datetime]:
    """Tell the time: the machine's, or that of a cloud on this machine."""
    from tidegate.app.wiring import utc_now  # noqa: PLC0415 - as above

    url = read_cli_settings().clock_url
    if not url:
        return utc_now
    if not is_address(url) or urlsplit(url).scheme != "http" or urlsplit(url).hostname not in HERE:
        raise Mistake("TIDEGATE_CLOCK_URL is for a simulated cloud on this machine: http://127.0.0.1:PORT/...")
    return lambda: _ask(url)


def _ask(url: str) -> datetime:
    try:
        with build_opener(ProxyHandler({})).open(url, timeout=CLOCK_LIMIT_S) as answer:
            told = json.load(answer)
        return datetime.fromisoformat(told["now"])
    except (URLError, HTTPException, OSError, ValueError, KeyError, TypeError) as error:
        raise Failed(f"the clock at {urlsplit(url).netloc} does not tell the time: {error}") from error


def read_file(path: Path) -> Policy:
    """Read a policy file. Raises Mistake where there is none, BadPolicy where it is wrong."""
    from tidegate.policyfile import read_policy  # noqa: PLC0415 - only for files

    try:
        return read_policy(path)
    except OSError as error:
        first = isinstance(error, FileNotFoundError) and path == FIRST
        hint = "; name another with --policy, or `tidegate init --region REGION` writes a first one" if first else ""
        raise Mistake(f"{path}: {error.strerror or error}{hint}") from error


def book_from(path: Path) -> Book:
    """A policy file as if it were in force."""
    from tidegate.app.surroundings import Book  # noqa: PLC0415 - only for files
    from tidegate.ledger.policies import hash_of  # noqa: PLC0415
    from tidegate.policyfile import compile_policy  # noqa: PLC0415

    policy = read_file(path)
    documents, index = compile_policy(policy)
    return Book(hash_of(documents, index), index, policy.instances.__getitem__)


def wait_for(name: str, number: int, *, quiet: bool) -> dict[str, Any]:
    """Wait until an operation is settled, telling its phases, and give its receipt. Only the ledger is asked."""
    from tidegate.app.report import receipt, to_json  # noqa: PLC0415 - only with `--wait`
    from tidegate.app.wiring import nap  # noqa: PLC0415

    around, phase = wired(clock()), ""
    while True:
        told = receipt(around, name, number)
        if told.phase != phase and not quiet:
            sys.stdout.write(f"{name}#{number}  {told.phase}\n")
            sys.stdout.flush()
        phase = told.phase
        if phase == "settled":
            settled: dict[str, Any] = to_json(told)
            return settled
        nap(WAIT_S)
