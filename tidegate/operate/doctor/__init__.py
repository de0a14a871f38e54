"""The check-up of a deployment: what is looked at, in which order, and what to do about what is found.

Every check stands alone: what one cannot do does not stop the others. Without `send_test` nothing is written anywhere.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping

from tidegate.aliyun.codes import GRANT
from tidegate.aliyun.errors import VendorError
from tidegate.aliyun.functions import InvokeFailed
from tidegate.app.report.facts import NothingPushed
from tidegate.ledger.shelf import ShelfRefused
from tidegate.operate.doctor.account import clock, credentials, endpoints
from tidegate.operate.doctor.alarms import alarm_rules, unknown_rules
from tidegate.operate.doctor.deployment import flow, functions, triggers
from tidegate.operate.doctor.finding import ALLOW, Finding, Level, Skipped, Verdict, fail, skip
from tidegate.operate.doctor.fleet import instances, ladder, policy, tick
from tidegate.operate.doctor.people import messages
from tidegate.operate.doctor.place import Place
from tidegate.operate.doctor.roles import roles
from tidegate.operate.doctor.storage import bucket

__all__ = ["CHECKS", "Finding", "Level", "Place", "examine"]

LIMIT_S = 60.0
"""How long one check may take. Each call in it is bounded too; this is for many of them that are slow."""

CHECKS: Mapping[str, Callable[[Place], Verdict]] = {
    "credentials": credentials,
    "clock": clock,
    "endpoints": endpoints,
    "functions": functions,
    "triggers": triggers,
    "flow": flow,
    "roles": roles,
    "bucket": bucket,
    "policy": policy,
    "instances": instances,
    "ladder": ladder,
    "alarm rules": alarm_rules,
    "unknown rules": unknown_rules,
    "messages": messages,
    "tick": tick,
}


def examine(
    place: Place, checks: Mapping[str, Callable[[Place], Verdict]] = CHECKS, *, limit_s: float = LIMIT_S
) -> Iterator[Finding]:
    """Make every check, and give what each found as soon as it is known."""
    for name, check in checks.items():
        verdict = _bounded(check, place, limit_s)
        yield Finding(name, verdict.level, verdict.found, verdict.do)


def _bounded(check: Callable[[Place], Verdict], place: Place, limit_s: float) -> Verdict:
    """One check, for as long as it may take. One that hangs is left behind: it only reads."""
    found: list[Verdict] = []
    made = threading.Thread(target=lambda: found.append(_one(check, place)), daemon=True)
    made.start()
    made.join(limit_s)
    if found:
        return found[0]
    return fail(f"no answer within {limit_s:.0f} s", "look at the network between here and the vendor, then again")


def _one(check: Callable[[Place], Verdict], place: Place) -> Verdict:
    try:
        return check(place)
    except Skipped as skipped:
        return skip(skipped.why, skipped.do)
    except NothingPushed as nothing:
        return skip(str(nothing))
    except (VendorError, InvokeFailed, ShelfRefused) as error:
        if _is_denied(error):
            return skip(f"may not be looked at: {_code(error)}", ALLOW)
        return fail(str(error), getattr(error, "advice", "") or "see endpoints and credentials")
    except Exception as error:  # noqa: BLE001 - whatever it is, the other checks are made
        return fail(f"{type(error).__name__}: {str(error)[:300]}", "see endpoints and credentials")


def _is_denied(error: Exception) -> bool:
    if isinstance(error, VendorError):
        return error.advice == GRANT
    return _code(error).startswith(("AccessDenied", "Forbidden"))


def _code(error: Exception) -> str:
    return str(getattr(error, "code", "")) or ("AccessDenied" if " AccessDenied" in str(error) else "")
