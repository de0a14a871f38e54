"""What a call needs to be allowed, declared beside the call, so that what is deployed can be checked against it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Permission:
    """One RAM action on one resource. `{region}`, `{account}` and so on in the resource stand for what is deployed."""

    action: str
    resource: str = "*"
