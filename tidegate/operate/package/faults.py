"""What keeps a package or a template from being made, in one line that says what to do."""

from __future__ import annotations


class CannotPackage(Exception):  # noqa: N818 - reads as what it is
    """The project, or what it needs, cannot be packed as it is; the message says how to put that right."""


class CannotFetch(Exception):  # noqa: N818 - as above
    """A wheel could not be fetched, for a reason that may pass; the message is pip's own."""
