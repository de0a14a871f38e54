"""Why a deployment does not begin, or did not come about."""

from __future__ import annotations


class CannotDeploy(Exception):  # noqa: N818 - reads as what it is
    """What was asked for makes no sense here; the message says how to put that right. Nothing was changed."""


class DeployFailed(Exception):  # noqa: N818 - reads as what it is
    """Something on the way failed; the message says what stands, and how to go on."""
