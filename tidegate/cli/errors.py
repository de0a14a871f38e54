"""Whose fault an error is: 2 says the user's, 1 says nobody's who could have known. Any other is a bug of ours."""

from __future__ import annotations

INTERRUPTED = 130


class Mistake(Exception):  # noqa: N818 - reads as what it is
    """Something a user can put right; the message says how."""


class Failed(Exception):  # noqa: N818 - reads as what it is
    """What was asked for did not come about."""


def exit_code_of(error: Exception) -> int | None:
    """Give the exit code of an error that a user may see; None for one that nobody foresaw."""
    if type(error).__name__ == "Abort":
        return INTERRUPTED
    if hasattr(error, "format_message"):
        # The command line itself is wrong: an unknown option, a missing argument.
        return 2
    if isinstance(error, _mistakes()):
        return 2
    return 1 if isinstance(error, _failures()) else None


def _mistakes() -> tuple[type[Exception], ...]:
    from tidegate.app.report.facts import NothingPushed, NotKnown  # noqa: PLC0415 - only when something went wrong
    from tidegate.ledger.policies import NoSuchPolicy  # noqa: PLC0415
    from tidegate.operate.deploy.faults import CannotDeploy  # noqa: PLC0415
    from tidegate.operate.package.faults import CannotPackage  # noqa: PLC0415
    from tidegate.policyfile import BadPolicy  # noqa: PLC0415
    from tidegate.settings import BadSettings  # noqa: PLC0415

    operating = (CannotDeploy, CannotPackage)
    return (Mistake, NothingPushed, NotKnown, NoSuchPolicy, BadPolicy, BadSettings, *operating)


def _failures() -> tuple[type[Exception], ...]:
    from tidegate.aliyun.errors import VendorError  # noqa: PLC0415 - only when something went wrong
    from tidegate.aliyun.functions import InvokeFailed  # noqa: PLC0415
    from tidegate.app.page import LostRaces  # noqa: PLC0415
    from tidegate.ledger.record import Corrupt, NewerSchema  # noqa: PLC0415
    from tidegate.ledger.shelf import ShelfUnavailable, Unprotected, Unsure  # noqa: PLC0415
    from tidegate.operate.deploy.faults import DeployFailed  # noqa: PLC0415
    from tidegate.operate.package.faults import CannotFetch  # noqa: PLC0415

    ledger = (Corrupt, NewerSchema, ShelfUnavailable, Unprotected, Unsure)
    return (Failed, VendorError, InvokeFailed, LostRaces, *ledger, DeployFailed, CannotFetch)
