# ruff: noqa: N818 - an error is named by what to do next
"""Vendor errors by what to do next. What the vendor or its SDK raised stays as the cause."""

from __future__ import annotations


class VendorError(Exception):
    """A call to the vendor that brought no usable success: the vendor's code, words, request id and HTTP status.

    `advice` is a phrase for people, empty where nothing better can be said than the vendor's message.
    `status` is 0 where no HTTP answer came.
    """

    def __init__(self, code: str, message: str, request_id: str = "", status: int = 0, advice: str = "") -> None:
        super().__init__(code, message, request_id, status, advice)
        self.code, self.message, self.request_id, self.status, self.advice = code, message, request_id, status, advice

    def __str__(self) -> str:
        request = f" (request {self.request_id})" if self.request_id else ""
        return f"{self.code}: {self.message}{request}"


class Throttled(VendorError):
    """Too many calls. Nothing was ordered; the same call may succeed a little later."""


class Busy(VendorError):
    """Refused for now, because the instance is still busy with something else. Nothing was ordered; try in minutes."""


class Refused(VendorError):
    """Refused for good. Nothing was ordered, and the same call would be refused again."""


class NeedsPerson(Refused):
    """Refused, and only a person can mend it: money, permission, quota or account. `advice` says what to do."""


class Missing(Refused):
    """Refused, because there is no such thing in this account and region."""


class Unanswered(VendorError):
    """An order may or may not stand: no answer, an unreadable one, or one that says neither yes nor no."""


class Unreadable(VendorError):
    """A read that brought no usable answer. Nothing changed; read again later."""
