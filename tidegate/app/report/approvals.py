"""What an instance asks a person to approve, by its ledger."""

from __future__ import annotations

from dataclasses import dataclass

from tidegate.app.page import Page
from tidegate.app.report.facts import NotKnown, book_of
from tidegate.app.surroundings import Surroundings
from tidegate.domain.state import Approved


@dataclass(frozen=True)
class Asked:
    """What is asked, or was answered last, and in which zone its times are told."""

    timezone: str
    approval: Approved


def asked(around: Surroundings, name: str) -> Asked | None:
    """The newest question to a person; None where none is kept. Raises NothingPushed, NotKnown."""
    book = book_of(around, None)
    if name not in book.names:
        raise NotKnown(f"the policy has no instance `{name}`; it has {', '.join(book.names)}")
    policy = book.read(name)
    approval = Page.open(around, policy, book.hash).state.approval
    return Asked(policy.timezone, approval) if approval else None
