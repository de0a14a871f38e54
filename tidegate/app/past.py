"""Instances that the policy does not name any more.

What was begun for them is followed to its end, and what was asked is answered, by the last policy that named them;
nothing new is begun.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tidegate.app import codec
from tidegate.app.surroundings import Book, Surroundings
from tidegate.domain.policy import InstancePolicy

AT = "@"
"""Between a name and the hash of the policy that last gave it; no name holds this sign."""


@dataclass(frozen=True)
class Rules:
    """By which policy an instance is looked after. `past` says that it is not the one in force."""

    policy: InstancePolicy
    hash: str
    past: bool = False


def rules_for(around: Surroundings, name: str) -> Rules:
    """The rules for the instance that an execution was given: `NAME`, or `NAME@HASH` where the policy is a past one.

    An instance that is in force under another name by now is looked after by that. Raises LookupError.
    """
    book = around.book()
    if book is None:
        raise LookupError("no policy was pushed yet")
    plain, _, hashed = name.partition(AT)
    if not hashed and plain in book.index["instances"]:
        return Rules(book.read(plain), book.hash)
    for known in [hashed] if hashed else (pointer.hash for pointer in around.policies.history()):
        entry = around.policies.index(known)["instances"].get(plain)
        if entry is not None:
            return _rules(around, book, known, plain, entry)
    raise LookupError(f"no policy has named an instance `{plain}`")


def rules_left_over(around: Surroundings, key: str) -> Rules | None:
    """The rules by which to end what is open for an instance that no policy in force names; None where nothing is.

    Open are an operation, and signals that nobody has answered: they came while the policy named the instance.
    """
    book, head = around.book(), around.ledger.head(key)
    if book is None:
        return None
    if not (head is not None and codec.state_in(head).operation is not None) and not around.ledger.inbox(key):
        return None
    for hashed in [head.policy] if head else (pointer.hash for pointer in around.policies.history()):
        for name, entry in around.policies.index(hashed)["instances"].items():
            if around.key_of(entry) == key:
                return _rules(around, book, hashed, name, entry)
    raise LookupError(f"no policy has named {key}")


def _rules(around: Surroundings, book: Book, hashed: str, name: str, entry: Mapping[str, Any]) -> Rules:
    key = around.key_of(entry)
    for current, other in book.index["instances"].items():
        if around.key_of(other) == key:
            return Rules(book.read(current), book.hash)
    policy = InstancePolicy.model_validate(around.policies.document(hashed, name))
    return Rules(policy.model_copy(update={"mode": "observe"}), hashed, past=True)
