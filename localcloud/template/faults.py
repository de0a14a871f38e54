"""What is wrong with a template, and where."""

from __future__ import annotations


class TemplateError(Exception):
    """A template that would not deploy. `path` is like `OnAlert.Properties.Timeout`."""

    def __init__(self, path: str, why: str) -> None:
        super().__init__(f"{path}: {why}" if path else why)
        self.path, self.why = path, why
